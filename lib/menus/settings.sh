# shellcheck shell=bash
# Settings (layer 4): which configuration is used, and whether it works.
# Offers the screen settings.

menus_screen_define settings "Settings" "" 80 "configuration, connection" <<'HELP'
The configuration says where files are found, which tables they go to
and how to sign in. It is chosen here for you alone and stays chosen.

Environment is which of the configuration's own environments is meant;
it is named before anything is changed, and stays chosen.

Check the file reads it strictly: keys, types, patterns.
Test connection tries all that a load needs: this host, the sign-in,
every privilege, a small part to the stage and into a table. Each line
is ok, warning or FAILED, and says what to do. Nothing is left behind.
HELP

menus_screen_entries settings \
  choose '' "Choose configuration" "from the files in config/" \
  path '' "Other configuration" "by its path" \
  environment config "Environment" "dev, staging, prod, where there are" \
  validate config "Check the file" "keys, types, patterns" \
  doctor doctor "Test connection" "all that a load needs, from Python to COPY"

menus_settings_look() {
  actions_config_current
  menus_screen_question "Configuration in use: $REPLY${ETL_ENVIRONMENT:+, environment ${ETL_ENVIRONMENT^^}}"
}

menus_settings_choose() {
  menus_ask_config "Choose configuration" "Which one is to be used from now on?" || return 0
  _menus_settings_use "$REPLY"
}

menus_settings_path() {
  local typed='' text='Path of a JSON or YAML file:'
  while ui_input "Other configuration" "$text" "$typed"; do
    typed=$REPLY
    if menus_screen_path "$typed"; then
      _menus_settings_use "$REPLY"
      return
    fi
    text="There is no readable file $typed. Path of a JSON or YAML file:"
  done
}

menus_settings_environment() {
  local name
  local -a items=()
  ui_busy "Environment" "Reading the configuration ..."
  if ! actions_config_environments; then
    ui_message "Environment" "The configuration cannot be used:"$'\n\n'"$REPLY"
    return 0
  fi
  if ((${#ACTIONS_ENVIRONMENTS[@]} == 0)); then
    ui_message "Environment" "This configuration has no environments. docs/configuration.md says how to give it some."
    return 0
  fi
  for name in "${ACTIONS_ENVIRONMENTS[@]}"; do
    items+=("$name" "${name^^}")
  done
  UI_DEFAULT=${ETL_ENVIRONMENT:-} ui_menu "Environment" "Which one is to be used from now on?" "${items[@]}" || return 0
  actions_config_environment_choose "$REPLY" || ui_message "Environment" "The choice could not be saved: $REPLY"
  menus_screen_find_target again
}

menus_settings_validate() {
  actions_config_current
  menus_screen_tell "Check the file" config validate --config "$REPLY"
}

menus_settings_doctor() {
  actions_config_current
  menus_screen_tell "Test connection" doctor --config "$REPLY"
}

_menus_settings_use() { # <path>
  if ! actions_config_choose "$1"; then
    ui_message "Configuration" "The choice could not be saved: $1"
    return 0
  fi
  menus_screen_find_target again
}
