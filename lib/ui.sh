# shellcheck shell=bash
# Questions and messages on the terminal (layer 1): dialog, whiptail or plain text, chosen once by ui_init.
# Offers ui_init ui_colours ui_menu ui_yesno ui_input ui_checklist ui_form ui_has_forms ui_message ui_textfile ui_busy ui_pause ui_leave ui_end
# ui_live.
# Answers come in REPLY (several in UI_ANSWERS); 0 means an answer, 1 means Cancel, ESC or the end of input: one screen back.
# For a single call, a caller may set: UI_DEFAULT (tag, or "no" for ui_yesno), UI_OK and UI_BACK (the buttons' labels),
# UI_HEADING (column heads above a menu's items), UI_TAIL (how many of its last items a long list in plain text always shows),
# UI_TRAIL (the way to the question: "Load > Other month"), UI_HELP (the text behind Help, ? or the last entry).

# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/ui_plain.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/ui_curses.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/ui_live.sh"

UI_BACKEND=plain  # dialog, whiptail or plain
UI_NOTICE=''      # a sentence that the next plain screen shows once
UI_HEAD_FUNCTION= # sets REPLY to the head line; asked before every screen, so that it is never stale
UI_MIN_ROWS=22    # 24, less room for a status line
UI_MIN_COLUMNS=78
UI_MAX_TEXT_LINES=3000
UI_LONG=20       # lists with more items than this can be filtered
UI_HELP_ASKED=98 # a back end returns this when Help is wanted; REPLY and UI_ANSWERS hold what was typed so far

ui_init() { # [function that sets REPLY to the head line]: chooses the back end; 2 with a sentence for an invalid ETL_UI
  UI_HEAD_FUNCTION=${1:-}
  UI_BACKEND=plain
  UI_NOTICE=''
  # With inherited sizes, dialog and whiptail would not notice a resize.
  export -n LINES COLUMNS
  shopt -s checkwinsize
  case ${ETL_UI:-} in
    '' | dialog | whiptail | plain) ;;
    *)
      core_error "ETL_UI is '$ETL_UI'. Set it to dialog, whiptail or plain, or unset it."
      return "$ETL_EXIT_USAGE"
      ;;
  esac
  [[ ${ETL_UI:-} != plain && -t 0 && -t 1 && ${TERM:-dumb} != dumb ]] || return 0
  _ui_choose_program
}

ui_colours() { # <off, or anything else>: off: dialog and whiptail without colours and shadows; the user's own DIALOGRC stays
  local files=${BASH_SOURCE[0]%/*}/ui_colours
  [[ -z ${DIALOGRC:-} || $DIALOGRC == "$files"_* ]] || return 0
  unset NEWT_MONO
  export DIALOGRC=${files}_auto.dialogrc
  [[ $1 != off ]] || export NEWT_MONO=1 DIALOGRC=${files}_off.dialogrc
}

ui_menu() { # <title> <text> <tag> <item>... -> REPLY: the tag of the chosen item
  local UI_TITLE UI_TEXT UI_DEFAULT=${UI_DEFAULT:-}
  local -a UI_TAGS UI_ITEMS
  _ui_prepare "$1" "$2"
  _ui_pairs "${@:3}"
  if ((${#UI_TAGS[@]} > UI_LONG)) && [[ -t 0 && -t 1 ]] && _ui_fits; then
    _ui_menu_long "$@"
    return
  fi
  _ui_paint menu || return
  REPLY=${UI_TAGS[REPLY]}
}

_ui_menu_long() { # <title> <text> <tag> <item>...: a list that / filters as you type
  local UI_LIVE_TEXT=$2 UI_LIVE_HEADING=${UI_HEADING:-} UI_LIVE_FAST=''
  local -a UI_LIVE_PAIRS=("${@:3}") UI_LIVE_KEYS=() UI_LIVE_ACTIONS=()
  ui_live "$1" _ui_menu_same
}

_ui_menu_same() { # a list that does not change while it is looked at
  return 0
}

ui_checklist() { # <title> <text> <tag> <item> <on|off>... -> UI_ANSWERS: the chosen tags; REPLY: how many
  local UI_TITLE UI_TEXT
  local -a UI_TAGS UI_ITEMS UI_STATES
  _ui_prepare "$1" "$2"
  _ui_triples "${@:3}"
  UI_ANSWERS=()
  _ui_paint checklist || return
  local index
  for index in $REPLY; do
    UI_ANSWERS+=("${UI_TAGS[index]}")
  done
  REPLY=${#UI_ANSWERS[@]}
}

ui_yesno() { # <title> <text>: 0 for yes; a long text scrolls
  local UI_TITLE UI_TEXT
  _ui_prepare "$1" "$2"
  _ui_paint yesno
}

ui_input() { # <title> <text> <default> -> REPLY: one line, exactly as typed
  local UI_TITLE UI_TEXT UI_VALUE
  _ui_prepare "$1" "$2"
  _ui_value "${3:-}"
  _ui_paint input
}

ui_has_forms() { # whether several fields fit on one screen; otherwise ui_form asks for one after the other
  _ui_measure
  [[ $UI_BACKEND == dialog ]] && _ui_fits
}

ui_form() { # <title> <text> <label> <default>... -> UI_ANSWERS: one line per field, in order
  local UI_TITLE UI_TEXT
  local -a UI_TAGS UI_ITEMS
  _ui_prepare "$1" "$2"
  _ui_fields "${@:3}"
  UI_ANSWERS=()
  _ui_paint form
}

ui_message() { # <title> <text>: shows it until it is dismissed; a long text scrolls
  local UI_TITLE UI_TEXT
  _ui_prepare "$1" "$2"
  UI_HELP='' _ui_paint message || (($? == 1)) # ESC is as good as OK here
}

ui_textfile() { # <title> <path>: shows a text file as a message; for logs use log_viewer_show
  local -a lines=()
  local text
  { mapfile -t -n "$UI_MAX_TEXT_LINES" lines <"$2"; } 2>/dev/null || lines=("The file $2 cannot be read.")
  printf -v text '%s\n' "${lines[@]}"
  ui_message "$1" "${text:-(empty)}"
}

ui_busy() { # <title> <text>: stays on the screen while something runs, without asking anything
  local UI_TITLE UI_TEXT
  _ui_prepare "$1" "$2"
  UI_HELP='' _ui_paint busy
}

ui_pause() { # after another program's output: waits until it has been read, if somebody is there to read it
  [[ -t 0 && -t 2 ]] || return 0
  ui_plain_pause
}

ui_interrupt() { # the handler of Ctrl-C while a menu is open: the question on the screen counts as cancelled
  # shellcheck disable=SC2034 # read by ui_plain.sh
  UI_INTERRUPTED=1
}

ui_leave() { # clears the screen before another program takes the terminal
  [[ $UI_BACKEND == plain ]] || printf '\e[0m\e[H\e[2J'
}

ui_end() { # clears up when the menu ends, so that no half screen is left
  ui_leave
  UI_BACKEND=plain
}

ui_columns() { # -> REPLY: how many characters fit into a list item
  _ui_measure
  REPLY=$((COLUMNS - 12))
  ((REPLY <= 110)) || REPLY=110
  ((REPLY >= 40)) || REPLY=40
}

ui_wrap() { # <text> <columns> -> UI_LINES: printable lines of at most that width, broken at blanks, with their indentation
  local -a raw=()
  local line
  UI_LINES=()
  mapfile -t raw <<<"$1"
  for line in "${raw[@]}"; do
    line=${line//$'\t'/    }
    core_printable "$line"
    if ((${#REPLY} <= $2)); then
      UI_LINES+=("$REPLY")
    else
      _ui_wrap_line "$REPLY" "$2"
    fi
  done
}

_ui_wrap_line() { # <printable line> <columns>: appends to UI_LINES
  local rest=$1 indent head
  indent=${rest%%[! ]*}
  ((${#indent} <= $2 / 2)) || indent=''
  while ((${#rest} > $2)); do
    head=${rest:0:$2+1}
    if [[ ${head:${#indent}} == *' '* ]]; then
      head=${head% *}
      rest=${rest:${#head}+1}
    else
      head=${rest:0:$2}
      rest=${rest:$2}
    fi
    UI_LINES+=("$head")
    rest=$indent$rest
  done
  [[ -z ${rest// /} ]] || UI_LINES+=("$rest")
}

_ui_choose_program() { # sets UI_BACKEND for a terminal that can do more than lines; if it stays plain, UI_NOTICE says why
  local program
  for program in ${ETL_UI:-dialog whiptail}; do
    if command -v "$program" >/dev/null; then
      UI_BACKEND=$program
      return 0
    fi
  done
  UI_NOTICE="Plain text, because ${ETL_UI:-neither dialog nor whiptail} is ${ETL_UI:+not }installed."
}

_ui_measure() { # sets LINES and COLUMNS to the terminal's current size, 24 x 80 without a terminal
  # bash updates the size when a child has ended; with a single command, the subshell would not count as one.
  (
    :
    :
  )
  if [[ -z ${LINES:-} || -z ${COLUMNS:-} ]] && [[ -t 1 && ! -t 2 ]]; then
    # bash asks standard error; if that is redirected we have to ask ourselves.
    local size
    size=$(stty size <&1 2>/dev/null) && LINES=${size% *} COLUMNS=${size#* }
  fi
  ((${LINES:-0} > 0)) || LINES=24
  ((${COLUMNS:-0} > 0)) || COLUMNS=80
}

_ui_prepare() { # <title> <text>: sets UI_TITLE (after the way to it), UI_TEXT and the size
  _ui_measure
  core_printable "${UI_TRAIL:+$UI_TRAIL > }$1"
  # The last step of the way is the screen itself.
  [[ -z ${UI_TRAIL:-} || ($UI_TRAIL != "$1" && $UI_TRAIL != *" > $1") ]] || core_printable "$UI_TRAIL"
  UI_TITLE=$REPLY
  UI_TEXT=$2
}

_ui_pairs() { # <tag> <item>...: sets UI_TAGS and UI_ITEMS
  UI_TAGS=() UI_ITEMS=()
  while (($# > 1)); do
    UI_TAGS+=("$1")
    core_printable "$2"
    UI_ITEMS+=("$REPLY")
    shift 2
  done
}

_ui_triples() { # <tag> <item> <on|off>...: sets UI_TAGS, UI_ITEMS and UI_STATES
  UI_TAGS=() UI_ITEMS=() UI_STATES=()
  while (($# > 2)); do
    UI_TAGS+=("$1")
    core_printable "$2"
    UI_ITEMS+=("$REPLY")
    UI_STATES+=("$3")
    shift 3
  done
}

_ui_fields() { # <label> <default>...: sets UI_ITEMS (labels) and UI_TAGS (defaults)
  UI_TAGS=() UI_ITEMS=()
  while (($# > 1)); do
    core_printable "$1"
    UI_ITEMS+=("$REPLY")
    _ui_value "$2"
    UI_TAGS+=("$UI_VALUE")
    shift 2
  done
}

_ui_value() { # <text>: sets UI_VALUE; text that cannot be shown unchanged cannot be edited either
  core_printable "$1"
  UI_VALUE=$REPLY
  [[ $UI_VALUE == "$1" ]] || UI_VALUE=''
}

_ui_head() { # -> REPLY: the head line, at most as wide as the terminal
  REPLY='Snowflake ETL'
  [[ -z $UI_HEAD_FUNCTION ]] || "$UI_HEAD_FUNCTION"
  core_printable "$REPLY"
  REPLY=${REPLY:0:COLUMNS-2}
}

_ui_paint() { # <widget>: asks until it is answered; after Help the question is asked again
  local -i status
  while true; do
    _ui_paint_once "$1"
    status=$?
    ((status == UI_HELP_ASKED)) || return "$status"
    _ui_keep "$1"
    _ui_explain
    _ui_measure
  done
}

_ui_keep() { # <widget>: makes what was typed or chosen before Help the default afterwards
  local -i index
  case $1 in
    menu) [[ -z $REPLY ]] || UI_DEFAULT=${UI_TAGS[REPLY]:-} ;;
    input) [[ -z $REPLY ]] || UI_VALUE=$REPLY ;;
    form)
      for ((index = 0; index < ${#UI_ANSWERS[@]}; ++index)); do
        UI_TAGS[index]=${UI_ANSWERS[index]}
      done
      UI_ANSWERS=()
      ;;
  esac
}

_ui_explain() { # shows UI_HELP
  local title=$UI_TITLE help=$UI_HELP
  local UI_TITLE="Help: $title" UI_TEXT=$help UI_HELP='' UI_OK='' UI_DEFAULT='' UI_HEADING=''
  local -a UI_ITEMS=()
  _ui_paint_once message
}

_ui_paint_once() { # <widget>: with the back end, or as plain text if the terminal is too small for it
  local title=$UI_TITLE size=''
  local UI_HEAD UI_TITLE
  local -i status
  _ui_measured "$title"
  while _ui_fits && [[ $size != "${COLUMNS}x$LINES" ]]; do
    size=${COLUMNS}x$LINES
    "ui_curses_$1"
    status=$?
    ((status == UI_CURSES_BROKEN || status == UI_CURSES_RESIZED)) || return "$status"
    ((status == UI_CURSES_BROKEN)) || size=''
    # The size has changed: ask the same question again, laid out for the new one.
    _ui_measure
    _ui_measured "$title"
  done
  # The terminal became too small meanwhile, or the program failed: ask the same question as text.
  if [[ -n $size ]] && _ui_fits; then
    UI_NOTICE="Plain text, because $UI_BACKEND failed: $UI_CURSES_ERROR"
    UI_BACKEND=plain
  fi
  ui_leave
  "ui_plain_$1"
}

_ui_measured() { # <title>: sets UI_HEAD and UI_TITLE to what fits on the terminal
  _ui_head
  UI_HEAD=$REPLY
  _ui_tail "$1" $((COLUMNS - 24))
  UI_TITLE=$REPLY
}

_ui_tail() { # <text> <columns> -> REPLY: the text, or only its end if it is too long
  REPLY=$1
  ((${#REPLY} <= $2)) || REPLY="...${REPLY:${#REPLY}-$2+3}"
}

_ui_fits() { # whether there is room for a dialog; leaves a word why not
  [[ $UI_BACKEND != plain ]] || return 1
  ((LINES < UI_MIN_ROWS || COLUMNS < UI_MIN_COLUMNS)) || return 0
  UI_NOTICE="Plain text, because the terminal is ${COLUMNS}x$LINES and dialogs need 80x24."
  return 1
}
