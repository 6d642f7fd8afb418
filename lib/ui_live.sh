# shellcheck shell=bash disable=SC2034 # UI_KEY and so on are read by others
# A list that refreshes itself while somebody looks at it (part of ui.sh, layer 1): dialog and whiptail cannot do that
# without losing the place in the list.  Only changed lines are sent to the terminal, and only ASCII.
# Offers ui_live.  In plain text, or where the terminal is too small, it is a ui_menu.

UI_LIVE_SECONDS=2 # between two refreshes while something changes
UI_LIVE_SELDOM=6  # and while, as far as we know, nothing changes

# <function> sets UI_LIVE_TEXT, UI_LIVE_HEADING and UI_LIVE_PAIRS (tag, item, ...), and is called again for each refresh; 1: nothing is left
# to show.  The function may set UI_LIVE_FAST to any text while something changes; a caller may set UI_LIVE_KEYS (letter,
# word: keys for the chosen item) and UI_LIVE_ACTIONS (letter, tag, word: keys of the screen; entries of the menu in plain text, "refresh" its default).
ui_live() { # <title> <function> -> REPLY: a tag, UI_KEY: the letter if one was pressed; 1 means Back, 2 that the function returned 1
  local title=$1 function=$2 refresh=''
  local -a items=()
  local -i index
  UI_KEY='' UI_LIVE_FAST=''
  "$function" || return 2
  _ui_measure
  if _ui_fits && [[ -t 0 && -t 1 ]]; then
    _ui_live_run "$title" "$function"
    return
  fi
  for ((index = 0; index + 2 < ${#UI_LIVE_ACTIONS[@]}; index += 3)); do
    items+=("${UI_LIVE_ACTIONS[@]:index+1:2}")
    [[ ${UI_LIVE_ACTIONS[index + 1]} != refresh || -n ${UI_DEFAULT:-} ]] || refresh=refresh
  done
  # Plain text does not refresh by itself, only on Enter.
  [[ -z $refresh ]] || UI_LIVE_TEXT+=$'\n''Enter looks again.'
  UI_DEFAULT=${UI_DEFAULT:-$refresh} UI_HEADING=$UI_LIVE_HEADING UI_TAIL=$((${#items[@]} / 2)) \
    ui_menu "$title" "$UI_LIVE_TEXT" "${UI_LIVE_PAIRS[@]}" "${items[@]}"
}

_ui_live_run() { # <title> <function>: runs the list and restores the terminal's settings afterwards
  local UI_TITLE UI_TEXT UI_HEAD saved filter='' typing='' key=''
  local -i looked now
  local -i place=0 top=0 height=0 status=-1
  local -a UI_TAGS=() UI_ITEMS=() shown=() painted=()
  saved=$(stty -g 2>/dev/null)
  UI_LIVE_DIRTY=1 UI_LIVE_TYPED='' UI_INTERRUPTED=''
  trap 'UI_LIVE_DIRTY=1' WINCH CONT
  trap _ui_live_stop TSTP
  _ui_live_take "$1" "${UI_DEFAULT:-}"
  core_now
  looked=$REPLY
  while ((status < 0)); do
    _ui_live_paint
    _ui_live_key
    case $key in
      again) ;;
      interrupt | end) status=1 ;;
      *) _ui_live_act ;;
    esac
    ((status < 0)) || break
    core_now
    now=$REPLY
    if ((now - looked >= (${#UI_LIVE_FAST} > 0 ? UI_LIVE_SECONDS : UI_LIVE_SELDOM))); then
      looked=$now
      "$2" || status=2
      ((status == 2)) || _ui_live_take "$1" "${UI_TAGS[${shown[place]:-0}]:-}"
    fi
  done
  trap - WINCH CONT TSTP
  [[ -z $saved ]] || stty "$saved" 2>/dev/null
  ui_leave
  UI_INTERRUPTED=''
  REPLY=${UI_LIVE_ANSWER:-}
  return "$status"
}

_ui_live_stop() { # Ctrl-Z: gives the shell its terminal as it was, and repaints when we continue
  [[ -z $saved ]] || stty "$saved" 2>/dev/null
  ui_leave
  trap - TSTP
  kill -TSTP "$BASHPID"
  trap _ui_live_stop TSTP
  UI_LIVE_DIRTY=1
}

_ui_live_take() { # <title> <tag to select>: puts what the function has set into the arrays of _ui_live_run
  local UI_VALUE
  _ui_prepare "$1" "$UI_LIVE_TEXT"
  _ui_pairs "${UI_LIVE_PAIRS[@]}"
  _ui_head
  UI_HEAD=$REPLY
  _ui_live_filter "$2"
}

_ui_live_filter() { # <tag to select>: sets shown to the items that contain the filter's text, and place and top
  local -i index
  local wanted=${filter,,}
  shown=()
  place=0
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    [[ -z $wanted || ${UI_ITEMS[index],,} == *"$wanted"* ]] || continue
    [[ -z $1 || ${UI_TAGS[index]} != "$1" ]] || place=${#shown[@]}
    shown+=("$index")
  done
}

_ui_live_key() { # sets key to the key pressed: a letter, or a word for other keys; "again" if there was none
  local -
  local rest=''
  local -i status=0
  # Only in POSIX mode does Ctrl-C end "read".  A resize does not end it, so the time-out is short.
  set -o posix
  if [[ -n $UI_LIVE_TYPED ]]; then
    key=$UI_LIVE_TYPED UI_LIVE_TYPED=''
  else
    IFS= read -r -s -N 1 -t 1 key || status=$?
  fi
  if [[ -n $UI_INTERRUPTED ]]; then
    key=interrupt
  elif ((status > 128)); then
    key=again
  elif ((status > 0)); then
    key=end
  elif [[ $key == $'\e' ]]; then
    IFS= read -r -s -N 1 -t 0.15 rest || :
    [[ $rest != [O\[] ]] || IFS= read -r -s -N 1 -t 0.15 key || :
    case $rest$key in
      [O\[]A) key=up ;;
      [O\[]B) key=down ;;
      [O\[]H) key=home ;;
      [O\[]F) key=last ;;
      [O\[][0-9]) _ui_live_key_number ;;
      $'\e') key=escape ;;
      [O\[]*) key=again ;;
      *) key=escape UI_LIVE_TYPED=$rest ;; # typed so fast that both arrived together
    esac
  else
    case $key in
      $'\n' | $'\r') key=enter ;;
      $'\x7f' | $'\b') key=erase ;;
      $'\x04' | $'\x03') key=end ;;
      $'\f') key=again UI_LIVE_DIRTY=1 ;;
      [[:cntrl:]]) key=again ;;
    esac
  fi
}

_ui_live_key_number() { # the rest of "ESC [ 5 ~", whose digit is in key
  local rest='' digit=$key
  while IFS= read -r -s -N 1 -t 0.15 rest && [[ $rest == [0-9\;] ]]; do
    digit+=$rest
  done
  case $digit in
    1 | 7) key=home ;;
    4 | 8) key=last ;;
    5) key=page_up ;;
    6) key=page_down ;;
    *) key=again ;;
  esac
}

_ui_live_act() { # acts on the key: moves, filters, or sets status and UI_LIVE_ANSWER
  local -i last=$((${#shown[@]} - 1))
  if [[ -n $typing ]]; then
    _ui_live_type && return
  fi
  case $key in
    up) ((place == 0)) || ((--place)) ;;
    down) ((place >= last)) || ((++place)) ;;
    page_up) place=$((place > height ? place - height : 0)) ;;
    page_down) place=$((place + height < last ? place + height : (last < 0 ? 0 : last))) ;;
    home) place=0 ;;
    last) place=$((last < 0 ? 0 : last)) ;;
    enter) ((last < 0)) || { UI_LIVE_ANSWER=${UI_TAGS[shown[place]]} && status=0; } ;;
    escape | q | b)
      # The first ESC clears the filter, the next leaves the screen.
      if [[ -n $filter && $key == escape ]]; then
        filter=''
        _ui_live_filter "${UI_TAGS[${shown[place]:-0}]:-}"
      else
        status=1
      fi
      ;;
    /) typing=1 ;;
    '?') _ui_live_help ;;
    ?) _ui_live_letter ;;
  esac
  return 0
}

_ui_live_type() { # handles a key while the filter is being typed; 1 when the key is not for the filter
  case $key in
    enter) typing='' ;;
    escape) typing='' filter='' ;;
    erase) filter=${filter%?} ;;
    ?) filter+=$key ;;
    *) typing='' && return 1 ;;
  esac
  _ui_live_filter ''
}

_ui_live_letter() { # a key of the screen, or for the item
  local -i index
  for ((index = 0; index + 2 < ${#UI_LIVE_ACTIONS[@]}; index += 3)); do
    [[ ${UI_LIVE_ACTIONS[index]} != "$key" ]] || { UI_LIVE_ANSWER=${UI_LIVE_ACTIONS[index + 1]} && status=0 && return; }
  done
  for ((index = 0; index + 1 < ${#UI_LIVE_KEYS[@]}; index += 2)); do
    [[ ${UI_LIVE_KEYS[index]} == "$key" && ${#shown[@]} -gt 0 ]] || continue
    UI_LIVE_ANSWER=${UI_TAGS[shown[place]]} UI_KEY=$key status=0
  done
}

_ui_live_help() { # shows the screen's explanation, if there is one, as a message
  [[ -n ${UI_HELP:-} ]] || return 0
  stty "$saved" 2>/dev/null
  local help=$UI_HELP
  UI_HELP='' UI_DEFAULT='' UI_HEADING='' UI_TRAIL='' ui_message "Help: $UI_TITLE" "$help"
  UI_LIVE_DIRTY=1
}

_ui_live_paint() { # paints the lines that are not on the screen yet
  local -a lines=()
  local out='' line
  local -i index
  if [[ -n $UI_LIVE_DIRTY ]]; then
    # Typed keys are not echoed, and arrive one by one.
    stty -echo -icanon min 1 time 0 2>/dev/null
    _ui_measure
    UI_LIVE_DIRTY='' painted=() out=$'\e[0m\e[H\e[2J'
  fi
  _ui_live_lines
  for ((index = 0; index < LINES; ++index)); do
    line=${lines[index]:-}
    [[ $line != "${painted[index]:-}" ]] || continue
    printf -v line '\e[%d;1H%s\e[K' $((index + 1)) "$line"
    out+=$line
  done
  painted=("${lines[@]}")
  printf '%s\e[%d;1H' "$out" "$UI_LIVE_CURSOR"
}

_ui_live_lines() { # sets lines to the whole screen, and UI_LIVE_CURSOR
  local line
  local -i index width=$((COLUMNS - 1)) used
  printf -v line '%*s' "${#UI_HEAD}" ''
  _ui_tail "$UI_TITLE" "$width"
  lines=("${UI_HEAD:0:width}" "${line// /-}" "$REPLY" '')
  if [[ -n $UI_TEXT ]]; then
    ui_wrap "$UI_TEXT" "$width"
    # The list and its heads get at least eight lines, or as many as they need.
    used=$((${#UI_ITEMS[@]} + (${#UI_LIVE_HEADING} > 0)))
    used=$((LINES - 7 - (used < 8 ? used : 8)))
    ((${#UI_LINES[@]} <= used)) || UI_LINES=("${UI_LINES[@]:0:used-1}" ...)
    lines+=("${UI_LINES[@]}" '')
  fi
  [[ -z $UI_LIVE_HEADING ]] || lines+=("  ${UI_LIVE_HEADING:0:width-2}")
  height=$((LINES - ${#lines[@]} - 2))
  ((place < ${#shown[@]})) || place=$((${#shown[@]} > 0 ? ${#shown[@]} - 1 : 0))
  ((top <= place)) || top=$place
  ((place < top + height)) || top=$((place - height + 1))
  ((top + height <= ${#shown[@]})) || top=$((${#shown[@]} > height ? ${#shown[@]} - height : 0))
  UI_LIVE_CURSOR=$((${#lines[@]} + place - top + 1))
  for ((index = top; index < top + height; ++index)); do
    line=''
    if ((index < ${#shown[@]})); then
      line="  ${UI_ITEMS[shown[index]]}"
      line=${line:0:width}
      ((index != place)) || printf -v line '\e[7m> %-*s\e[0m' $((width - 2)) "${line:2}"
    fi
    lines+=("$line")
  done
  _ui_live_foot
  lines+=("${UI_LIVE_FOOT[0]:0:width}" "${UI_LIVE_FOOT[1]:0:width}")
}

_ui_live_foot() { # sets UI_LIVE_FOOT: which part of the list is visible, and the keys
  local keys='Enter opens' where=''
  local -i index
  if ((${#shown[@]} > height)); then
    where="  $((top + 1)) to $((top + height)) of ${#shown[@]}"
  elif ((${#shown[@]} == 0 && ${#UI_ITEMS[@]} > 0)); then
    where="  nothing has '$filter' in it"
  fi
  [[ -z $filter ]] || where+="  (only with '$filter'; ESC shows all ${#UI_ITEMS[@]})"
  for ((index = 0; index + 1 < ${#UI_LIVE_KEYS[@]}; index += 2)); do
    keys+="  ${UI_LIVE_KEYS[index]} ${UI_LIVE_KEYS[index + 1]}"
  done
  for ((index = 0; index + 2 < ${#UI_LIVE_ACTIONS[@]}; index += 3)); do
    keys+="  ${UI_LIVE_ACTIONS[index]} ${UI_LIVE_ACTIONS[index + 2]}"
  done
  ((${#UI_ITEMS[@]} < 8)) || keys+='  / filter'
  keys+="${UI_HELP:+  ? help}  q ${UI_BACK:-back}"
  # On a narrow terminal, drop the key that everybody knows.
  ((${#keys} < COLUMNS)) || keys=${keys#Enter opens  }
  [[ -z $typing ]] || keys="Only those with: ${filter}_   (Enter keeps, ESC shows all)"
  core_printable "$where"
  where=$REPLY
  core_printable "$keys"
  UI_LIVE_FOOT=("$where" "$REPLY")
}
