# shellcheck shell=bash
# Settings (layer 4): the configuration and whether it works, how the menu behaves, and what may be removed.
# Offers the screen settings and menus_settings_use.

menus_screen_define settings "Settings" "" 80 "configuration, connection, preferences" <<'HELP'
The configuration says where the files are, which tables they go to
and how to sign in. Your choice is yours alone and is remembered.

Environment chooses one of the configuration's environments; it is
shown before anything is changed, and is remembered.

Check it reads it strictly: keys, types, patterns.
Show it lists every value and where it comes from, secrets masked.
Test connection tries all that a load needs: this host, signing in,
every privilege, a small part to the stage and into a table. Nothing
is left behind.
Configuration tools create, edit and update configurations and store
secrets.
HELP

menus_screen_entries settings \
  choose '' "Configuration" "choose from the files in config/" \
  path '' "Other configuration" "by its path" \
  environment config "Environment" "dev, staging, prod, if there are any" \
  validate config "Check it" "keys, types, patterns" \
  show config "Show it" "every value and where it comes from" \
  doctor doctor "Test connection" "all that a load needs" \
  files config "Configuration tools" "a new one, old ones, secrets, SQL for a DBA" \
  preferences '' "Preferences" "checks, base path, workers, colours ..." \
  notices notify "Notices" "who is notified, a test, silence, retries" \
  schedule schedule "Schedule" "lines for cron, units for systemd" \
  local local "Embedded warehouse" "status, start, stop, reset" \
  cleanup '' "Clean up" "old jobs, logs, history, answers"

menus_screen_define settings_preferences "Preferences" "What do you want to change? This applies to you, on this host." <<'HELP'
Base path, Workers and Checks of a load are what the menu proposes
or adds to a command; the command that is shown contains them. What
is not set here is decided by the configuration.

They are lines in the file "settings" in the state folder.
HELP

_menus_settings_entries() { # makes an entry for each setting, from the table of settings
  local name
  settings_names
  for name in "${SETTINGS_NAMES[@]}"; do
    settings_label "$name"
    menus_screen_entries settings_preferences "$name" '' "$REPLY" ""
  done
}
_menus_settings_entries

menus_screen_define settings_notices "Notices" "What do you want to do with notices?" <<'HELP'
Failures, problems, recoveries and long silence are reported by
mail, chat or webhook to the targets in notify.targets of the
configuration; docs/configuration.md says how.

A run reports its end itself. Of jobs is about those that cannot:
jobs that were killed, or lost with their host.

Silence and Send again do what cron should do once a day: report
tables without a load for long, and send what could not be sent.
Metrics are for monitoring, which runs the same command.
HELP

menus_screen_entries settings_notices \
  show notify "Show" "targets, and notices not sent yet" \
  test notify "Send a test" "to every target, now" \
  silence notify "Silence" "reports tables without a load for long" \
  retry notify "Send again" "notices not sent yet, and lost jobs" \
  jobs '' "Of jobs" "that were killed or lost: off, problems, all" \
  metrics metrics "Metrics" "last loads, jobs and runs, for monitoring"

menus_screen_define settings_schedule "Schedule" "What should run a command regularly?" <<'HELP'
Shows what to install and how; it installs nothing. The proposed
command loads last month as soon as its files have arrived, and
does nothing when there is nothing to do.

docs/scheduling.md has the rest: heartbeats, monitoring, overlaps.
HELP

menus_screen_entries settings_schedule \
  cron schedule "cron" "a line for your crontab" \
  systemd schedule "systemd" "a service and a timer of your own"

menus_screen_define settings_cleanup "Clean up" "What do you want to remove?" <<'HELP'
Old jobs are jobs that ended more than 30 days ago, with their logs.
Jobs & Logs cleans by other ages and by state.

Beyond limits are logs, jobs and history that are older or larger
than the section logs of the configuration allows; runs remove them
once a day automatically.

Remembered answers are the defaults of questions: tables, days,
files, forms. The configuration and the preferences stay.
HELP

menus_screen_entries settings_cleanup \
  answers '' "Remembered answers" "defaults of questions" \
  jobs '' "Old jobs" "ended more than 30 days ago, with logs" \
  limits prune "Beyond limits" "old logs, jobs and history"

menus_settings_look() {
  local more=${ETL_ENVIRONMENT:+, environment ${ETL_ENVIRONMENT^^}}
  local -i room=$((COLUMNS - 36 - ${#more}))
  actions_config_current
  # One line, so that every entry is visible on 80x24; the end of a long path says the most.
  ((${#REPLY} <= room)) || REPLY="...${REPLY:${#REPLY}-room+3}"
  menus_screen_question "Configuration in use: $REPLY$more"
}

menus_settings_choose() {
  menus_ask_config "Configuration" "Which one do you want to use from now on?" || return 0
  menus_settings_use "$REPLY"
}

menus_settings_path() {
  local typed='' text='Path of a JSON or YAML file:'
  while ui_input "Other configuration" "$text" "$typed"; do
    typed=$REPLY
    if menus_screen_path "$typed"; then
      menus_settings_use "$REPLY"
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
  UI_DEFAULT=${ETL_ENVIRONMENT:-} ui_menu "Environment" "Which one do you want to use from now on?" "${items[@]}" || return 0
  actions_config_environment_choose "$REPLY" 2>/dev/null || _menus_settings_unsaved "Environment" "The environment ${ETL_ENVIRONMENT^^}"
  menus_screen_find_target
}

menus_settings_validate() {
  menus_screen_configured tell "Check it" config validate
}

menus_settings_show() {
  menus_screen_configured show "Show it" config show
}

menus_settings_doctor() {
  menus_screen_configured tell "Test connection" doctor
}

menus_settings_notices_show() {
  menus_screen_configured tell "Show" notify list
}

menus_settings_notices_test() {
  menus_screen_configured tell "Send a test" notify test
}

menus_settings_notices_silence() {
  menus_screen_configured tell "Silence" notify silence
}

menus_settings_notices_retry() {
  menus_screen_configured tell "Send again" notify retry
}

menus_settings_notices_metrics() {
  menus_screen_show "Metrics" metrics
}

menus_settings_notices_jobs() {
  menus_settings_preferences_entry jobs_notice
}

menus_settings_schedule_entry() { # <cron or systemd>: shows the form again for another try until Back
  local config command='load --month last --if-missing' every=hour at=''
  local text='Every: hour, day, weekday or month. At: HH:MM, or the minute if every hour; empty: 6:17, or 17 past the hour.'
  actions_config_current
  config=$REPLY
  while ui_form "Schedule: $1" "$text" Command "$command" Every "$every" At "$at"; do
    command=${UI_ANSWERS[0]} every=${UI_ANSWERS[1]} at=${UI_ANSWERS[2]}
    menus_screen_show "Schedule: $1" schedule "$1" --command "$command" --every "${every,,}" ${at:+--at "$at"} --config "$config"
  done
}

menus_settings_cleanup_limits() {
  actions_config_current
  local config=$REPLY
  menus_screen_plan "Beyond limits" prune --config "$config" || return 0
  menus_screen_command prune --config "$config" "$REPLY"
  UI_DEFAULT=no UI_OK=Remove UI_BACK=Back ui_yesno "Beyond limits" "$REPLY"$'\n\n'"Remove that now?" || return 0
  menus_screen_tell "Beyond limits" prune --config "$config"
}

menus_settings_preferences_look() {
  local name
  for name in "${SETTINGS_NAMES[@]}"; do
    settings_get "$name"
    menus_screen_say "$name" "${REPLY:-(as the configuration says)}"
  done
}

menus_settings_preferences_entry() { # <name>
  local name=$1 title about current text word
  local -a items=()
  settings_label "$name"
  title=$REPLY
  settings_about "$name"
  about=${REPLY^}
  settings_get "$name"
  current=$REPLY
  settings_words "$name"
  if ((${#SETTINGS_WORDS[@]} > 0)); then
    for word in "${SETTINGS_WORDS[@]}"; do
      items+=("$word" "$word")
    done
    UI_DEFAULT=$current ui_menu "$title" "$about." "${items[@]}" || return 0
    _menus_settings_set "$title" "$name" "$REPLY"
    return
  fi
  text="$about."
  while ui_input "$title" "$text" "$current"; do
    current=${REPLY%/}
    if settings_check "$name" "$current"; then
      _menus_settings_set "$title" "$name" "$current"
      return
    fi
    text="$REPLY"$'\n\n'"$about."
  done
}

_menus_settings_set() { # <title> <name> <value>
  local said
  said=$(settings_set "$2" "$3" 2>&1) || ui_message "$1" "$said"
  [[ $2 != colours ]] || menus_screen_colours
}

menus_settings_cleanup_answers() {
  UI_DEFAULT=no UI_OK=Forget UI_BACK=Back ui_yesno "Remembered answers" \
    "Forget the answers to questions? Configuration and preferences stay." || return 0
  if actions_settings_forget; then
    ui_message "Remembered answers" "They are forgotten."
  else
    ui_message "Remembered answers" "They could not be removed from $ETL_STATE_DIR/preferences. Make it writable."
  fi
}

menus_settings_cleanup_jobs() {
  menus_screen_command jobs prune --older-than 30 "Remove jobs that ended more than 30 days ago, with their logs? Running jobs stay."
  UI_DEFAULT=no UI_OK=Remove UI_BACK=Back ui_yesno "Old jobs" "$REPLY" || return 0
  actions_jobs_clean 30
  ui_message "Old jobs" "$REPLY"
}

menus_settings_use() { # <path>
  local -i status=0
  actions_config_choose "$1" 2>/dev/null || status=$?
  case $status in
    0) ;;
    "$ETL_EXIT_CONFIGURATION")
      ui_message "Configuration" "It cannot be read, or its name holds a line break: $1"
      return 0
      ;;
    *) _menus_settings_unsaved "Configuration" "$1" ;;
  esac
  menus_screen_find_target
}

_menus_settings_unsaved() { # <title> <what was chosen>
  ui_message "$1" "$2 is in use until you leave the menu, but could not be saved in $ETL_STATE_DIR/preferences. Make it writable or free disk space."
}
