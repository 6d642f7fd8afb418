# shellcheck shell=bash
# Plain text widgets (part of ui.sh, layer 1): lines on standard error, answers by number from standard input.
# Offers ui_plain_menu _checklist _yesno _input _form _message _busy, called by ui.sh with UI_TITLE, UI_TEXT and so on set.
# The end of input goes one screen back, like Cancel, so that a script that runs out of answers ends instead of looping.

ui_plain_menu() { # -> REPLY: index of the chosen item
  local -i index default=-1 next=0 last=$((${#UI_ITEMS[@]} - ${UI_TAIL:-0}))
  _ui_plain_screen
  [[ -z ${UI_HEADING:-} ]] || printf '%7s%s\n' '' "${UI_HEADING:0:COLUMNS-7}" >&2
  for ((index = 0; index < ${#UI_TAGS[@]}; ++index)); do
    [[ ${UI_TAGS[index]} != "${UI_DEFAULT:-}" ]] || default=index
  done
  _ui_plain_page
  ((${#UI_ITEMS[@]} <= UI_LONG)) || printf 'A text shows those that have it.\n' >&2
  while _ui_plain_ask "Number${UI_HELP:+, ? for help}, or b for ${UI_BACK:-back}"; do
    _ui_plain_is_back && return 1
    _ui_plain_is_help && return "$UI_HELP_ASKED"
    [[ $REPLY != m ]] || ((next == last)) || { _ui_plain_page && continue; }
    _ui_plain_index "$default" && return 0
    _ui_plain_narrow "$REPLY" || printf 'Type a number from 1 to %d, or b.\n' "${#UI_ITEMS[@]}" >&2
  done
  return 1
}

_ui_plain_page() { # shows the items from "next" to "last", of a long list only as many as fit, and those after "last"
  local -i end
  _ui_plain_room $((11 + ${#UI_ITEMS[@]} - last))
  end=$((next + REPLY < last ? next + REPLY : last))
  for (( ; next < end; ++next)); do
    _ui_plain_item "$next"
  done
  ((next == last)) || printf '       ... %d more: m shows them\n' $((last - next)) >&2
  # The choice that Enter alone makes must be visible.
  ((default < next || default >= last)) || _ui_plain_item "$default"
  for ((index = last; index < ${#UI_ITEMS[@]}; ++index)); do
    _ui_plain_item "$index"
  done
}

_ui_plain_room() { # <lines for other things> -> REPLY: how many items of the list are shown at once; all of them off a terminal
  REPLY=${#UI_ITEMS[@]}
  ((REPLY > UI_LONG)) && [[ -t 0 && -t 2 ]] || return 0
  REPLY=$((LINES - $1 > 8 ? LINES - $1 : 8))
}

_ui_plain_item() { # <index>: prints its line, with a mark if Enter alone chooses it
  local mark=''
  (($1 != default)) || mark='>'
  printf '%-2s%3d  %s\n' "$mark" $(($1 + 1)) "${UI_ITEMS[$1]:0:COLUMNS-7}" >&2
}

ui_plain_checklist() { # -> REPLY: indexes of the chosen items, separated by blanks
  local -i index
  _ui_plain_screen
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    _ui_plain_mark "$index"
    printf '  %3d  [%s] %s\n' $((index + 1)) "$REPLY" "${UI_ITEMS[index]:0:COLUMNS-11}" >&2
  done
  while _ui_plain_ask "Numbers parted by blanks, Enter for those marked${UI_HELP:+, ? for help}, b for ${UI_BACK:-back}"; do
    _ui_plain_is_back && return 1
    _ui_plain_is_help && return "$UI_HELP_ASKED"
    _ui_plain_indexes && return 0
    printf 'Type numbers from 1 to %d, or b.\n' "${#UI_ITEMS[@]}" >&2
  done
  return 1
}

ui_plain_yesno() {
  local hint="y or n${UI_HELP:+, ? for help}"
  _ui_plain_screen
  while _ui_plain_ask "${UI_OK:-Yes}? $hint"; do
    case ${REPLY,,} in
      y | yes) return 0 ;;
      n | no) return 1 ;;
    esac
    _ui_plain_is_back && return 1
    _ui_plain_is_help && return "$UI_HELP_ASKED"
    printf 'Type y or n.\n' >&2
  done
  return 1
}

ui_plain_input() { # -> REPLY
  _ui_plain_screen
  printf '(a dot alone goes back%s)\n' "${UI_HELP:+, ? explains}" >&2
  _ui_plain_line "$UI_VALUE" || return
  ! _ui_plain_is_help || return "$UI_HELP_ASKED"
}

ui_plain_form() { # sets UI_ANSWERS
  local -i index
  _ui_plain_screen
  printf '(Enter keeps what stands there, a dot alone goes back%s)\n' "${UI_HELP:+, ? explains}" >&2
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    printf '%s\n' "${UI_ITEMS[index]}" >&2
    _ui_plain_line "${UI_TAGS[index]}" || return
    ! _ui_plain_is_help || return "$UI_HELP_ASKED"
    UI_ANSWERS+=("$REPLY")
  done
}

ui_plain_message() {
  _ui_plain_screen
  # Only somebody at a terminal needs time to read.
  [[ ! -t 0 || ! -t 2 ]] || ui_plain_pause
}

ui_plain_pause() {
  _ui_plain_ask "Enter to go on"
}

ui_plain_busy() {
  _ui_plain_screen
}

_ui_plain_screen() { # prints head line, title and text
  local width=$((COLUMNS < 100 ? COLUMNS : 100))
  printf '\n%s\n' "$UI_HEAD" >&2
  printf -v REPLY '%*s' "$((${#UI_HEAD} < width ? ${#UI_HEAD} : width))" ''
  printf '%s\n' "${REPLY// /-}" >&2
  if [[ -n $UI_NOTICE ]]; then
    ui_wrap "$UI_NOTICE" "$((width - 1))"
    printf '%s\n' "${UI_LINES[@]}" >&2
    UI_NOTICE=''
  fi
  printf '%s\n' "$UI_TITLE" >&2
  [[ -n $UI_TEXT ]] || return 0
  ui_wrap "$UI_TEXT" "$((width - 1))"
  printf '%s\n' "${UI_LINES[@]}" '' >&2
}

_ui_plain_ask() { # <prompt> -> REPLY; 1 at the end of input or Ctrl-C
  local UI_CONTINUED=1
  while [[ -n $UI_CONTINUED ]]; do
    printf '%s: ' "$1" >&2
    _ui_plain_read && return 0
  done
  printf '\n' >&2
  return 1
}

_ui_plain_read() { # -> REPLY: one line without blanks around it; 1 at the end of input, Ctrl-C, or with UI_CONTINUED after Ctrl-Z
  # Only in POSIX mode does a signal end "read"; otherwise it would be lost.
  local -
  set -o posix
  local -i status
  REPLY='' UI_CONTINUED=''
  trap 'UI_CONTINUED=1' CONT
  IFS=$' \t' read -r REPLY
  status=$?
  trap - CONT
  # A last line without a newline counts; what was typed before Ctrl-C does not.
  ((status == 0)) || { ((status < 128)) && [[ -n $REPLY ]]; }
}

_ui_plain_line() { # <default> -> REPLY: a typed line with all its blanks; 1 for a single dot
  local default=$1
  if [[ -t 0 && -t 2 && ${TERM:-dumb} != dumb ]]; then
    _ui_plain_edit "$default" || { printf '\n' >&2 && return 1; }
  else
    printf '%s> ' "${default:+[$default] }" >&2
    IFS= read -r REPLY || [[ -n $REPLY ]] || { printf '\n' >&2 && return 1; }
    REPLY=${REPLY:-$default}
  fi
  [[ $REPLY != *$'\e'* && $REPLY != . ]]
}

_ui_plain_edit() { # <default> -> REPLY: a line edited with readline; 1 for Ctrl-D and Ctrl-C
  local saved
  local -i status
  UI_INTERRUPTED=''
  saved=$(stty -g)
  # readline would swallow Ctrl-C, and notices Ctrl-D only in an empty line: bind both to enter a single dot.
  bind '"\C-c": "\C-a\C-k.\C-m"' 2>/dev/null
  bind '"\C-d": "\C-a\C-k.\C-m"' 2>/dev/null
  stty intr undef
  # After Ctrl-Z the shell has made Ctrl-C a signal again, and readline shows its line only at the next key.
  trap 'stty intr undef; printf "(a key shows what was typed)\n" >&2' CONT
  IFS= read -r -e -p '> ' -i "$1" REPLY
  status=$?
  trap - CONT
  stty "$saved"
  ((status == 0)) && [[ -z $UI_INTERRUPTED ]]
}

_ui_plain_is_back() { # whether REPLY asks for the previous screen
  case ${REPLY,,} in
    b | back | q | quit | $'\e'*) return 0 ;;
  esac
  return 1
}

_ui_plain_is_help() { # whether REPLY asks what the screen is about
  [[ $REPLY == '?' && -n ${UI_HELP:-} ]] || return 1
  REPLY=''
}

_ui_plain_narrow() { # <text>: shows the items of a long list that contain it, with their numbers; 1 when there are none
  local -i index found=0 room
  [[ -n $1 ]] && ((${#UI_ITEMS[@]} > UI_LONG)) || return 1
  _ui_plain_room 4
  room=REPLY
  for ((index = 0; index < ${#UI_ITEMS[@]}; ++index)); do
    [[ ${UI_ITEMS[index],,} == *"${1,,}"* ]] || continue
    ((++found > room)) || _ui_plain_item "$index"
  done
  ((found <= room)) || printf '       ... %d more: a longer text shows fewer\n' $((found - room)) >&2
  ((found > 0))
}

_ui_plain_index() { # <default index or -1>: turns REPLY (a number, a tag or nothing) into an index
  local -i index
  if [[ -z $REPLY ]] && (($1 >= 0)); then
    REPLY=$1
    return 0
  fi
  for ((index = 0; index < ${#UI_TAGS[@]}; ++index)); do
    if [[ $REPLY == "$((index + 1))" || $REPLY == "${UI_TAGS[index]}" ]]; then
      REPLY=$index
      return 0
    fi
  done
  return 1
}

_ui_plain_indexes() { # turns REPLY (numbers, or empty for the marked ones) into indexes
  local word chosen=''
  local -i index
  if [[ -z $REPLY ]]; then
    for ((index = 0; index < ${#UI_STATES[@]}; ++index)); do
      [[ ${UI_STATES[index]} != on ]] || chosen+=" $index"
    done
  fi
  for word in ${REPLY//,/ }; do
    core_number "$word" 0
    ((REPLY >= 1 && REPLY <= ${#UI_ITEMS[@]})) || return 1
    chosen+=" $((REPLY - 1))"
  done
  REPLY=${chosen# }
}

_ui_plain_mark() { # <index> -> REPLY: x or blank
  REPLY=' '
  [[ ${UI_STATES[$1]} != on ]] || REPLY=x
}
