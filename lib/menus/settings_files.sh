# shellcheck shell=bash
# Settings, Configuration tools (layer 4): create configurations, check them against tables, update their shape; secrets; SQL for a DBA.
# Offers the screen settings_files.

menus_screen_define settings_files "Configuration tools" "What do you want to do with configurations?" <<'HELP'
Edit opens the configuration in use in your editor ($VISUAL, $EDITOR,
or vi), and checks it afterwards: if it is not valid you can edit it
again or put the old one back.

New writes a commented configuration to start from, into a new file.
File Tools, Generate configuration, makes entries for files.

Check with tables signs in and compares the columns with the tables.
Older shape brings the configuration in use up to date; it shows the
difference before it asks, and keeps a copy.

The tool itself asks for a secret and does not show it. A
configuration refers to it as ${secret:NAME}.

SQL for a DBA is shown, for objects and grants; it is not run.
HELP

menus_screen_entries settings_files \
  edit config "Edit" "in your editor, and checked afterwards" \
  new config "New" "local, key pair, connection, environments" \
  connect config "Check with tables" "compare its columns with the tables" \
  keys config "Every key" "everything a configuration can contain" \
  migrate config "Older shape" "bring it up to date; shows the difference" \
  secret config "Keep a secret" "a password, a passphrase, a token" \
  sql doctor "SQL for a DBA" "objects and grants that a load needs" \
  forget '!config' "Forget a secret" "by its name"

MENUS_SETTINGS_TEMPLATES=( # the tool's word and its meaning
  local "Local          on this host, to try without an account"
  key-pair "Key pair       an account, signed in to with a key"
  connection "Connection     one of connections.toml, by its name"
  environments "Environments   dev, staging and prod with the same files"
)

menus_settings_files_edit() { # edits until it is valid, put back, or left as it is
  local config kept written
  actions_config_current
  config=$REPLY
  if [[ ! -w $config ]]; then
    ui_message "Edit" "$config is not yours to write. Copy it, and choose the copy with Settings, Other configuration."
    return 0
  fi
  if ! { kept=$(mktemp) && cat -- "$config" >"$kept"; } 2>/dev/null; then
    ui_message "Edit" "Of $config no copy could be kept in ${TMPDIR:-/tmp}, so that it could not be put back. Free disk space."
    return 0
  fi
  while _menus_settings_files_editor "$config"; do
    written=$(cksum <"$config" 2>/dev/null)
    if cmp -s -- "$config" "$kept"; then
      ui_message "Edit" "Nothing was changed."
      break
    fi
    if actions_capture config validate --config "$config"; then
      ui_message "Edit" "$REPLY"
      break
    fi
    ui_message "Not valid: ${config##*/}" "$REPLY"
    ui_menu "Edit" "${config##*/} is not valid." again "Edit it again" restore "Put back what was there" leave "Leave it as it is" \
      || REPLY=leave
    case $REPLY in
      restore)
        if [[ $(cksum <"$config" 2>/dev/null) != "$written" ]]; then
          ui_message "Edit" "$config was written by somebody else meanwhile, and stays as it is. What was there is kept in $kept."
          kept=''
        elif ! cat -- "$kept" >"$config"; then
          ui_message "Edit" "$config could not be written. What was there is kept in $kept: free disk space, and copy it back."
          kept=''
        fi
        ;;
      leave) ;;
      *) continue ;;
    esac
    break
  done
  [[ -z $kept ]] || rm -f -- "$kept"
  menus_screen_find_target
}

_menus_settings_files_editor() { # <file>: 1 when there is no editor; the editor's exit code says nothing about the file
  local -a editor
  read -ra editor <<<"${VISUAL:-${EDITOR:-vi}}"
  if ! command -v -- "${editor[0]}" >/dev/null; then
    ui_message "Edit" "There is no editor '${editor[0]}' here: set EDITOR to one that is installed, such as nano, and start the menu again."
    return 1
  fi
  ui_leave
  "${editor[@]}" "$1" || :
}

menus_settings_files_new() {
  local name path text="Write it to which new file?"
  ui_menu "New" "What do you want to start from?" "${MENUS_SETTINGS_TEMPLATES[@]}" || return 0
  name=$REPLY
  path=$PWD/$name.yaml
  while ui_input "New" "$text" "$path"; do
    menus_ask_absolute "$REPLY"
    path=$REPLY
    menus_screen_busy "New" "One moment" config template "$name" --to "$path"
    if actions_capture config template "$name" --to "$path" --quiet; then
      _menus_settings_files_use "$path" "$REPLY"
      return
    fi
    text=$REPLY
  done
}

_menus_settings_files_use() { # <path> <what the tool said>
  UI_OK="Use it" UI_BACK=Back UI_DEFAULT=no ui_yesno "New" "$2"$'\n\n'"Use it from now on?" || return 0
  menus_settings_use "$1"
}

menus_settings_files_connect() {
  menus_screen_configured show "Check with tables" config validate --connect
}

menus_settings_files_keys() {
  menus_screen_show "Every key" config schema --format markdown
}

menus_settings_files_migrate() {
  local config
  actions_config_current
  config=$REPLY
  menus_screen_plan "Older shape" config migrate --config "$config" || return 0
  if [[ $REPLY != *'would be written'* ]]; then
    ui_message "Older shape" "$REPLY"
    return 0
  fi
  menus_screen_command config migrate --config "$config" "$REPLY"
  UI_OK=Write UI_BACK=Back UI_DEFAULT=no ui_yesno "Write ${config##*/}" "$REPLY" || return 0
  menus_screen_tell "Older shape" config migrate --config "$config" --yes
  menus_screen_find_target
}

menus_settings_files_secret() { # asks for its name here; the secret itself goes only from the terminal to the tool
  _menus_settings_files_name "Keep a secret" || return 0
  if [[ ! -t 0 || ! -t 1 ]]; then
    ui_message "Keep a secret" "It has to be typed at a terminal, and this is not one."
    return 0
  fi
  set -- config set-secret "$REPLY"
  actions_words "$@"
  ui_leave
  printf '$ %s\n\n' "$REPLY"
  actions_on_terminal "$@"
  ui_pause
}

menus_settings_files_forget() {
  local name
  _menus_settings_files_name "Forget a secret" || return 0
  name=$REPLY
  menus_screen_command config set-secret "$name" --remove "Forget the secret $name? Whatever uses it will not be able to sign in any more."
  UI_OK=Forget UI_BACK=Back UI_DEFAULT=no ui_yesno "Forget a secret" "$REPLY" || return 0
  menus_screen_tell "Forget a secret" config set-secret "$name" --remove
}

_menus_settings_files_name() { # <title> -> REPLY
  # shellcheck disable=SC2016 # written as in a configuration
  local text='What is its name? A configuration refers to it as ${secret:NAME}.' typed=''
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    [[ ! $typed =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || return 0
    text="The name: letters, digits, '.', '-' and '_', not '$typed'."
  done
  return 1
}

menus_settings_files_sql() {
  menus_screen_configured show "SQL for a DBA" doctor --setup-sql
}
