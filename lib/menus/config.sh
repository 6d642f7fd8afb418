# shellcheck shell=bash
# Configuration (layer 4): which file is used, and whether it works.
# Offers menus_config.

menus_config() {
  local status=0
  while ((status == 0)); do
    actions_config_current
    menus_screen_run "Configuration" "In use: $REPLY" menus_config \
      choose "Choose" "from the files in config/" \
      path "Other file" "by its path" \
      validate "Check the file" "keys, types, patterns" \
      doctor "Test connection" "sign-in, objects, tables"
    # An entry that changed the configuration leaves, so that the text above is made anew.
    status=${MENUS_CONFIG_CHANGED:-1}
    MENUS_CONFIG_CHANGED=''
  done
}

menus_config_choose() {
  local path current
  local -a items=()
  actions_config_list
  actions_config_current
  current=$REPLY
  for path in "${ACTIONS_CONFIGS[@]}"; do
    actions_config_short "$path"
    [[ $path != "$current" ]] || REPLY+='  (in use)'
    items+=("$path" "$REPLY")
  done
  if ((${#items[@]} == 0)); then
    ui_message "Configuration" "There is no configuration in $ETL_ROOT/config."
    return 0
  fi
  UI_DEFAULT=$current ui_menu "Configuration" "Which one is to be used from now on?" "${items[@]}" || return 0
  _menus_config_use "$REPLY"
}

menus_config_path() {
  local typed='' text='Path of a JSON or YAML file:'
  while ui_input "Other file" "$text" "$typed"; do
    typed=$REPLY
    if menus_screen_path "$typed"; then
      _menus_config_use "$REPLY"
      return
    fi
    text="There is no readable file $typed. Path of a JSON or YAML file:"
  done
}

menus_config_validate() {
  _menus_config_tell "Check the file" config validate
}

menus_config_doctor() {
  _menus_config_tell "Test connection" doctor
}

_menus_config_use() { # <path>: saves the choice and leaves the menu, which then shows it
  if ! actions_config_choose "$1"; then
    ui_message "Configuration" "The choice could not be saved: $1"
    return 0
  fi
  MENUS_CONFIG_CHANGED=0
  menus_screen_find_target again
  return "$MENUS_LEAVE"
}

_menus_config_tell() { # <title> <verb> [arguments...]: what the verb says about the configuration in use
  local title=$1
  shift
  actions_config_current
  set -- "$@" --config "$REPLY" --quiet
  ui_busy "$title" "One moment ..."
  actions_capture "$@"
  ui_message "$title" "$REPLY"
}
