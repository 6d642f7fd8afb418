# shellcheck shell=bash
# The first screen (layer 4): all screens that declare a place in it, and the way out.
# Offers menus_main.

menus_screen_define main "Main menu" "" <<'HELP'
Quick Load           this month, last month, another, one file
Snowflake Operations several months, checks, reports, dropping
File Tools           files before they are loaded
Recovery             what was interrupted or failed, and why
Jobs & Logs          what runs, what ended, how, and its log
Settings             the configuration and how the menu behaves

Arrows or a first letter choose, Enter goes on, Tab changes to the
buttons. ESC, Back and Ctrl-C are one screen back; nothing is
started or lost by it. Every screen has this Help.
HELP

menus_main() { # runs the menu from the first screen to the last
  ui_init menus_screen_head || return
  actions_config_environment_load
  menus_screen_colours
  _menus_main_entries
  UI_BACK=Quit menus_screen_open main
  ui_end
  jobs_running_count
  ((REPLY > 0)) || return 0
  local -i running=$REPLY
  core_program
  printf '%d running; they go on. See them with: %s jobs\n' "$running" "$REPLY"
}

_menus_main_entries() { # orders the screens by their places, once all files have been read
  local place screen
  for place in "${!MENUS_PLACES[@]}"; do
    screen=${MENUS_PLACES[place]%%$'\t'*}
    menus_screen_entries main "$screen" '' "${MENUS_TITLES[$screen]}" "${MENUS_PLACES[place]#*$'\t'}"
  done
  menus_screen_entries main quit '' "Quit" "jobs keep running"
}

menus_main_quit() {
  return "$MENUS_LEAVE"
}
