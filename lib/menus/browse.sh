# shellcheck shell=bash disable=SC2034 # MENUS_ASK_ABOUT is read by the questions
# Files chosen in the file browser (layer 4) and what is done with them: check, load, compare, sample.
# Offers menus_browse for File Tools and Snowflake Operations.

menus_browse() { # [--action <action>]: runs until something was started or nothing was chosen; Back returns to the browser
  local -a where=()
  while true; do
    ui_leave
    if ! actions_browse "${where[@]}" "$@"; then
      # The error is still on the screen.
      ui_pause
      return 0
    fi
    ((${#ACTIONS_CHOSEN[@]} > 0)) || return 0
    where=(--base-path "${ACTIONS_CHOSEN[1]%/*}/")
    _menus_browse_do "${ACTIONS_CHOSEN[@]}" && return 0
  done
}

_menus_browse_do() { # <action> <file...>: 1 to go back to the browser
  local action=$1 about=${2##*/} path
  local -a words=()
  shift
  (($# == 1)) || about="$# files"
  for path in "$@"; do
    words+=(--file "$path")
  done
  case $action in
    load) _menus_browse_load "Load $about" "${words[@]}" ;;
    check) actions_flags check-file && menus_screen_start "Check $about" check-file "${ACTIONS_FLAGS[@]}" "${words[@]}" ;;
    compare) _menus_browse_compare "$1" "$2" ;;
    sample)
      actions_flags sample
      menus_screen_show "Sample $about" sample "${ACTIONS_FLAGS[@]}" "${words[@]}"
      return 1
      ;;
  esac
}

_menus_browse_load() { # <title> <arguments...>: 1 to go back to the browser
  local qc
  while menus_ask_qc "$1"; do
    qc=$REPLY
    actions_flags load
    menus_screen_load "$1" "${ACTIONS_FLAGS[@]}" "${@:2}" --qc "$qc"
    (($? == 1)) || return 0
  done
  return 1
}

_menus_browse_compare() { # <file> <other>: 1 to go back to the browser
  MENUS_ASK_ABOUT=${1##*/}
  menus_ask_key "Compare ${1##*/}" || return 1
  actions_flags compare
  menus_screen_start "Compare ${1##*/}" compare "${ACTIONS_FLAGS[@]}" --file "$1" --with "$2" "${MENUS_ASK_KEY[@]}"
}
