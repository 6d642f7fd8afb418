# shellcheck shell=bash
# Widgets by dialog or whiptail (part of ui.sh, layer 1): one file, since the options they share are enough.
# Offers ui_curses_menu _checklist _yesno _input _form _message _busy, called by ui.sh with UI_TITLE, UI_TEXT and so on set.
# Items are passed with numbers and come back as numbers, so no name can be mistaken for an option or split an answer.

UI_CURSES_BROKEN=99  # the program did not show the question
UI_CURSES_ERROR=''   # what it said instead
UI_CURSES_RESIZED=97 # the terminal's size has changed: the question has to be asked again

ui_curses_menu() { # -> REPLY: index of the chosen item
  local -a items=() options=(--notags)
  local -i index
  local -a UI_ITEMS=("${UI_ITEMS[@]}")
  # whiptail has no Help button: there it is an entry, reached by "?".
  [[ $UI_BACKEND != whiptail || -z ${UI_HELP:-} ]] || UI_ITEMS+=('? explain this screen')
  _ui_curses_box "${#UI_ITEMS[@]}"
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    [[ $index -ge ${#UI_TAGS[@]} || ${UI_TAGS[index]} != "${UI_DEFAULT:-}" ]] || options+=(--default-item "$index")
    _ui_curses_item "${UI_ITEMS[index]}"
    items+=("$index" "$REPLY")
  done
  _ui_curses_run "${options[@]}" --ok-button "${UI_OK:-Choose}" --cancel-button "${UI_BACK:-Back}" \
    --menu -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH" "$UI_LIST" "${items[@]}" || return
  ((REPLY < ${#UI_TAGS[@]})) || { REPLY='' && return "$UI_HELP_ASKED"; }
}

ui_curses_checklist() { # -> REPLY: indexes of the chosen items, separated by blanks
  local UI_CURSES_TYPED=1
  local -a items=()
  local -i index
  _ui_curses_box "${#UI_ITEMS[@]}"
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    _ui_curses_item "${UI_ITEMS[index]}" 4
    items+=("$index" "$REPLY" "${UI_STATES[index]}")
  done
  _ui_curses_run --notags --separate-output --ok-button "${UI_OK:-Choose}" --cancel-button "${UI_BACK:-Back}" \
    --checklist -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH" "$UI_LIST" "${items[@]}" || return
  REPLY=${REPLY//$'\n'/ }
}

ui_curses_yesno() {
  local -a options=()
  [[ ${UI_DEFAULT:-} != no ]] || options=(--defaultno)
  _ui_curses_box 0
  if [[ ${UI_SCROLL[*]} == list ]]; then
    _ui_curses_list --ok-button "${UI_OK:-Yes}" --cancel-button "${UI_BACK:-No}"
    return
  fi
  _ui_curses_run "${options[@]}" "${UI_SCROLL[@]}" --yes-button "${UI_OK:-Yes}" --no-button "${UI_BACK:-No}" \
    --yesno -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH"
}

ui_curses_input() { # -> REPLY
  local UI_CURSES_TYPED=1
  _ui_curses_box 1
  _ui_curses_run --ok-button "${UI_OK:-OK}" --cancel-button "${UI_BACK:-Back}" \
    --inputbox -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH" "$UI_VALUE" || return
  [[ $REPLY != '?' || -z ${UI_HELP:-} ]] || { REPLY='' && return "$UI_HELP_ASKED"; }
}

ui_curses_form() { # sets UI_ANSWERS
  if [[ $UI_BACKEND == dialog ]]; then
    _ui_curses_form_dialog
    return
  fi
  # whiptail has no forms: ask for one field after the other.
  local -i index
  local UI_VALUE text=$UI_TEXT
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    UI_VALUE=${UI_TAGS[index]}
    UI_TEXT=${text:+$text$'\n\n'}${UI_ITEMS[index]}
    ui_curses_input || return
    UI_ANSWERS+=("$REPLY")
  done
}

ui_curses_message() {
  _ui_curses_box 0
  if [[ ${UI_SCROLL[*]} == list ]]; then
    _ui_curses_list --ok-button "${UI_OK:-OK}" --nocancel
    return
  fi
  _ui_curses_run "${UI_SCROLL[@]}" --ok-button "${UI_OK:-OK}" --msgbox -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH"
}

_ui_curses_list() { # <options of the buttons>: shows a long text as a list of its lines, so that the keys scroll and Enter presses the button
  local UI_TEXT=$UI_TEXT UI_HEADING=''
  local -a UI_ITEMS items=()
  local -i index
  _ui_curses_text 10
  UI_ITEMS=("${UI_LINES[@]}") UI_TEXT=''
  _ui_curses_box "${#UI_ITEMS[@]}"
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    _ui_curses_backslash "${UI_ITEMS[index]}"
    _ui_curses_item "$REPLY"
    items+=("$index" "$REPLY")
  done
  _ui_curses_run --notags "$@" --menu -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH" "$UI_LIST" "${items[@]}"
}

ui_curses_busy() {
  if [[ $UI_BACKEND == whiptail ]]; then
    # whiptail's infobox disappears before it can be read.
    ui_wrap "$UI_TEXT" "$((COLUMNS - 4))"
    printf '\e[0m\e[H\e[2J%s\n\n\n  %s\n\n' "$UI_HEAD" "$UI_TITLE"
    printf '  %s\n' "${UI_LINES[@]}"
    return
  fi
  _ui_curses_box 0
  _ui_curses_run --infobox -- "$UI_CURSES_TEXT" "$((UI_HEIGHT - 2))" "$UI_WIDTH"
}

_ui_curses_form_dialog() { # all fields on one screen
  local -a fields=() answers=()
  local -i index status label=0
  for REPLY in "${UI_ITEMS[@]}"; do
    ((${#REPLY} <= label)) || label=${#REPLY}
  done
  ((label <= 30)) || label=30
  _ui_curses_box "${#UI_ITEMS[@]}"
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    fields+=("${UI_ITEMS[index]:0:label}" $((index + 1)) 1 "${UI_TAGS[index]}" $((index + 1)) $((label + 3))
      $((UI_WIDTH - label - 12)) 1000)
  done
  _ui_curses_run --ok-button "${UI_OK:-OK}" --cancel-button "${UI_BACK:-Back}" \
    --form -- "$UI_CURSES_TEXT" "$UI_HEIGHT" "$UI_WIDTH" "$UI_LIST" "${fields[@]}"
  status=$?
  ((status == 0 || status == UI_HELP_ASKED)) || return "$status"
  mapfile -t answers <<<"$REPLY"
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    UI_ANSWERS+=("${answers[index]:-}")
  done
  return "$status"
}

_ui_curses_run() { # <options and data...> -> REPLY; 0, 1 for Cancel, ESC and Ctrl-C, UI_CURSES_BROKEN when it was not shown
  local -a options=(--title "$UI_TITLE" --backtitle "$UI_HEAD" --output-fd 3)
  local -i status
  # With these, dialog takes backslashes and blanks in data literally, and draws its boxes with - and |,
  # which every terminal shows; whiptail lacks them.
  [[ $UI_BACKEND != dialog ]] || options+=(--no-nl-expand --no-collapse --cr-wrap --ascii-lines)
  [[ $UI_BACKEND != dialog || -z ${UI_HELP:-} ]] || options+=(--help-button --help-status)
  # In the C locale boxes are drawn with the terminal's own line characters, so that only ASCII is sent.
  { REPLY=$(_ui_curses_program "${options[@]}" "$@" 3>&1 2>&1 1>&5); } 5>&1
  status=$?
  _ui_curses_judge "$status"
}

_ui_curses_program() { # <options and data...>: runs the program; its answer goes to descriptor 3, its complaints to 2
  local -x LC_ALL=C DIALOG_ERROR=254 ESCDELAY="${ESCDELAY:-200}"
  if [[ $UI_BACKEND == whiptail ]]; then
    _ui_curses_whiptail "$@"
    return
  fi
  # After Ctrl-Z and "fg" dialog has its terminal back, but not the mode in which an arrow is one key: the next arrow would
  # be taken for ESC.  Only if we wait do we notice that it continues; a program in the background would not get Ctrl-C by itself.
  trap 'tput smkx 2>/dev/null' CONT
  trap : INT
  (
    trap - INT
    exec dialog "$@"
  ) <&0 &
  core_wait "$!"
}

_ui_curses_whiptail() { # <options and data...>: whiptail; UI_CURSES_RESIZED when the terminal's size changed, or another program used it meanwhile
  local modes resized=''
  local -i status
  # whiptail never repaints.  Unless something typed or ticked would be lost, we end it and ask again.
  if [[ -n ${UI_CURSES_TYPED:-} ]] || ! modes=$(stty -g 2>/dev/null); then
    whiptail "$@"
    return
  fi
  whiptail "$@" <&0 &
  trap 'resized=1; kill -TERM "$!" 2>/dev/null' WINCH CONT
  core_wait "$!"
  status=$?
  [[ -n $resized ]] || return "$status"
  stty "$modes"
  return "$UI_CURSES_RESIZED"
}

_ui_curses_judge() { # <status of the program>: tells Cancel from an error, which whiptail's status does not
  case $1 in
    0) return 0 ;;
    2) _ui_curses_help && return "$UI_HELP_ASKED" ;;
    1 | 255) # Cancel or ESC, which print nothing; or a wrong option or no room, which print a message
      _ui_measure
      [[ -n $REPLY ]] || ((LINES < UI_MIN_ROWS || COLUMNS < UI_MIN_COLUMNS)) || return 1
      ;;
    130) return 1 ;;
    "$UI_CURSES_RESIZED") return "$1" ;;
  esac
  UI_CURSES_ERROR=${REPLY//$'\n'/ }
  UI_CURSES_ERROR="exit code $1. ${UI_CURSES_ERROR:0:200}"
  return "$UI_CURSES_BROKEN"
}

_ui_curses_help() { # -> REPLY: what dialog prints for its Help button, without the word HELP and the item's name
  [[ $UI_BACKEND == dialog && -n ${UI_HELP:-} ]] || return 1
  case $REPLY in
    'HELP '*$'\n'*) REPLY=${REPLY#*$'\n'} ;; # a form: the first field's name, then the fields
    *) REPLY=${REPLY#HELP } ;;
  esac
}

_ui_curses_text() { # <columns of the frame>: sets UI_LINES to the text in lines that fit, and the column heads aligned with the items
  local -i columns
  _ui_curses_columns "$1"
  columns=REPLY
  UI_LINES=()
  [[ -z $UI_TEXT ]] || ui_wrap "$UI_TEXT" "$columns"
  [[ -z ${UI_HEADING:-} ]] || UI_LINES+=("  ${UI_HEADING:0:columns}")
}

_ui_curses_columns() { # <columns of the frame> -> REPLY: how many characters fit into a line
  ui_columns
  # A text without a list has a narrower frame.
  (($1 >= 10 || REPLY != COLUMNS - 12)) || REPLY=$((REPLY + 4))
}

_ui_curses_backslash() { # <text> -> REPLY: the text with every \n broken up, which whiptail would turn into a new line
  REPLY=$1
  [[ $UI_BACKEND != whiptail ]] || REPLY=${REPLY//\\n/\\ n}
}

_ui_curses_item() { # <item> [columns to subtract] -> REPLY: cut or padded to the width, since items would be centred otherwise
  local -i width=$((UI_WIDTH - 10 - ${2:-0}))
  REPLY=$1
  ((${#REPLY} <= width)) || REPLY="${REPLY:0:width-3}..."
  printf -v REPLY '%-*s' "$width" "$REPLY"
}

_ui_curses_box() {                   # <lines of the list, 0 for none>: sets UI_CURSES_TEXT UI_HEIGHT UI_WIDTH UI_LIST UI_SCROLL
  local -i room=$((LINES - 5)) frame # below the head line and dialog's line under it
  [[ $UI_BACKEND == dialog ]] || room=$((LINES - 3))
  _ui_curses_text "$(($1 > 0 ? 10 : 6))"
  # Lines that are neither text nor list: borders, buttons and gaps.
  frame=$(($1 > 0 ? 6 : 4))
  [[ $UI_BACKEND == dialog ]] || frame=$(($1 > 0 ? 7 : 6))
  UI_LIST=$1
  UI_SCROLL=()
  if (($1 > 0)); then
    _ui_curses_share $((room - frame))
  elif ((${#UI_LINES[@]} + frame > room)); then
    _ui_curses_scroll
  fi
  UI_HEIGHT=$((${#UI_LINES[@]} + frame + UI_LIST))
  ((UI_HEIGHT <= room)) || UI_HEIGHT=$room
  _ui_curses_width "$(($1 > 0 ? 10 : 6))"
  printf -v UI_CURSES_TEXT '%s\n' "${UI_LINES[@]}"
  _ui_curses_backslash "${UI_CURSES_TEXT%$'\n'}"
  UI_CURSES_TEXT=$REPLY
}

_ui_curses_share() { # <lines>: divides them between text and list; the list scrolls, a text above a list cannot
  local -i list=$((UI_LIST < 5 ? UI_LIST : 5))
  if ((${#UI_LINES[@]} > $1 - list)); then
    UI_LINES=("${UI_LINES[@]:0:$1-list-1}" ...)
  fi
  ((${#UI_LINES[@]} + UI_LIST <= $1)) || UI_LIST=$(($1 - ${#UI_LINES[@]}))
}

_ui_curses_width() { # <columns of the frame>: sets UI_WIDTH to fit the widest of title, text and items
  local -i widest=$((${#UI_TITLE} + 4))
  for REPLY in "${UI_LINES[@]}" "${UI_ITEMS[@]}"; do
    ((${#REPLY} <= widest)) || widest=${#REPLY}
  done
  _ui_curses_columns "$1"
  ((widest <= REPLY)) || widest=$REPLY
  ((widest >= 46)) || widest=46
  UI_WIDTH=$((widest + $1))
}

_ui_curses_scroll() { # sets UI_SCROLL to the options for a long text, and says how to read on
  _ui_tail "$UI_TITLE" $((COLUMNS - 44))
  UI_TITLE=$REPLY
  UI_SCROLL=()
  if [[ $UI_BACKEND == whiptail && ${UI_DEFAULT:-} == no ]]; then
    # Here the keys start at the button No; in a list of lines Enter would mean Yes.
    UI_TITLE+=' (Tab, Down: more)'
    UI_SCROLL=(--scrolltext)
  else
    UI_TITLE+=' (Down: more)'
    [[ $UI_BACKEND == dialog ]] || UI_SCROLL=(list)
  fi
}
