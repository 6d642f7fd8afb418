# shellcheck shell=bash
# File Tools (layer 4): files looked at before they are loaded.  Nothing here needs the warehouse or changes a file.
# Offers the screen files.

menus_screen_define files "File Tools" "What is to be done with files?" 30 "check files before they are loaded" <<'HELP'
Checks read a file and never change it: every day there, no row of
another month, no ragged row, no duplicate key. They run as jobs;
the log says what they found.
HELP

menus_screen_entries files \
  check check-file "Check" "days, layout, types, keys"

menus_screen_define files_check "Check" "Which files are to be checked?" <<'HELP'
Files of a month are found by the patterns of the configuration.
One file is named by its path; its name has to fit a pattern, too.
HELP

menus_screen_entries files_check \
  month '' "Files of a month" "found by the configuration's patterns" \
  file '' "One file" "by its path"

menus_files_check_month() {
  menus_ask "Files of a month" table months || return 0
  _menus_files_start "Check the files of $MENUS_ASK_ABOUT" check-file "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}"
}

menus_files_check_file() {
  menus_ask "One file" file || return 0
  _menus_files_start "Check $MENUS_ASK_ABOUT" check-file "${MENUS_ASK_FILE[@]}"
}

_menus_files_start() { # <title> <verb> <arguments...>: with the configuration in use
  local title=$1 verb=$2
  shift 2
  actions_config_current
  menus_screen_start "$title" "$verb" --config "$REPLY" "$@"
}
