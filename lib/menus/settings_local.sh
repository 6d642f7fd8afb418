# shellcheck shell=bash
# Settings, Embedded warehouse (layer 4): whether it runs, starting, stopping, resetting it.  Offers the screen settings_local.

menus_screen_define settings_local "Embedded warehouse" "What do you want to do with the embedded warehouse?" <<'HELP'
Configurations whose connection is "local" load into a warehouse of
this host: to try the tools, and files, without an account.

It starts by itself when it is needed and ends when it was idle for
long. Stop ends it now; its data stay. Reset deletes every table and
every staged file in it, which nothing brings back.

SQL is for the command line: local sql "SELECT ...".
HELP

menus_screen_entries settings_local \
  status local "Status" "does it run, how big it is" \
  start local "Start" "it also starts when it is needed" \
  stop local "Stop" "its data stay" \
  reset '!local' "Reset" "deletes all its data"

menus_settings_local_entry() { # <status, start or stop>
  menus_screen_tell "${1^}" local "$1"
}

menus_settings_local_reset() { # shows what is there, asks, wants a word typed
  local now
  menus_screen_busy "Reset" "One moment" local status
  if ! actions_capture local status --quiet; then
    ui_message "Reset: not possible" "$REPLY"
    return 0
  fi
  now=$REPLY
  menus_screen_typed local reset --yes
  UI_OK="Go on" UI_BACK=Back UI_DEFAULT=no ui_yesno "Reset" "$REPLY"$'\n\n'"This deletes every table and every staged file:"$'\n'"$now" \
    || return 0
  menus_screen_words "Reset" "To delete all data of the embedded warehouse, type:" RESET || return 0
  menus_screen_tell "Reset" local reset --yes
}
