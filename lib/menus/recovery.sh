# shellcheck shell=bash
# Recovery (layer 4): loads that failed or were interrupted, why, and how to go on; leftovers; the stage.
# Offers the screen recovery and menus_recovery_diagnose.

menus_screen_define recovery "Recovery" "What do you want to recover?" 40 "failed loads, why, the stage" <<'HELP'
Failed loads lists loads that were interrupted or failed and have not
been repeated since. Enter says why, with file, line, column and value,
and what to do; one more Enter does what is best: Resume carries on
where the load stopped, Retry tries again, Widen widens a column first.
Widen VARCHAR column goes there directly, for the newest load that
failed because a value was too long: it shows what it would run first.

Nothing is lost by an interruption: a month is in its table as a whole,
or not at all. Parts that were sent are not sent again.

What was left shows work tables, parts, leases, locks and running COPYs
of dead runs; Clean up removes them, never those of a running load.
HELP

menus_screen_entries recovery \
  loads recover "Failed loads" "interrupted or failed: why, retry, widen" \
  varchar recover "Widen VARCHAR column" "of the newest load with a value too long" \
  job diagnose "Diagnose a job" "any job that did not end well" \
  table diagnose "Diagnose a table" "its last load" \
  log diagnose "Diagnose a log" "any log file with an error in it" \
  left recover "What was left" "work tables, parts, locks, queries" \
  stage stage "Stage" "what is there, how fast COPYs were" \
  clean '!recover' "Clean up" "removes what dead runs left behind"

menus_screen_define recovery_stage "Stage" "What do you want to do with the stage?" <<'HELP'
Files are sent to the stage in parts. List shows whose they are, how
old, and what they are waiting for. Past COPYs shows rows and bytes per
second, and what would have been faster.

Stage months sends files now, at night for example, and loads nothing.
Load what is staged does the rest, without the files. Load, keep parts
loads like Load months and leaves the parts on the stage.

Clean shows what it would remove before it asks, never what a load still
needs.
HELP

menus_screen_entries recovery_stage \
  list '' "List" "what is there and who it belongs to" \
  performance '' "Past COPYs" "how fast, and what would have been faster" \
  only load "Stage months" "send now, load later" \
  load load "Load what is staged" "without the files" \
  keep load "Load, keep parts" "they stay on the stage" \
  clean '!stage' "Clean" "removes what nobody needs"

MENUS_RECOVERY_JOBS=50 # how many failed jobs the list shows
MENUS_RECOVERY_RUN='[0-9]{8}-[0-9]{6}-[0-9a-f]{8}'

menus_recovery_loads() { # shows the list until Back or until one of its loads was started
  local line label chosen=''
  local -a items fields
  while true; do
    _menus_recovery_capture "Failed loads" recover --loads || return 0
    items=()
    while IFS= read -r line; do
      IFS=$'\t' read -ra fields <<<"$line"
      ((${#fields[@]} == 8)) || continue
      printf -v label '%-11s %-7s %-14.14s %s' "${fields[1]}" "${fields[4]}" "${fields[5]}" "${fields[7]}"
      items+=("${fields[0]}" "$label")
    done <<<"$REPLY"
    if ((${#items[@]} == 0)); then
      ui_message "Failed loads" "No load is interrupted, and no failed load is waiting to be repeated."
      return 0
    fi
    UI_DEFAULT=$chosen UI_HEADING="$(printf '%-11s %-7s %-14s %s' STATE MONTH TABLE WHY)" \
      ui_menu "Failed loads" "Which load do you want to recover?" "${items[@]}" || return 0
    chosen=$REPLY
    menus_recovery_diagnose "$chosen"
  done
}

menus_recovery_varchar() { # widens the column of the newest load that failed because a value was too long
  local run way month table
  _menus_recovery_capture "Widen VARCHAR column" recover --loads || return 0
  while IFS=$'\t' read -r run _ way _ month table _; do
    [[ $way != widen ]] || break
  done <<<"$REPLY"
  if [[ -n $run ]]; then
    _menus_recovery_widen "$run" "$table $month"
    return
  fi
  ui_message "Widen VARCHAR column" "No load into this target failed because a value was too long for its column."
}

menus_recovery_diagnose() { # <job or run id, or log; or flags>: says why it failed; the best remedy is one key away
  local text run
  _menus_recovery_capture "Diagnosis" diagnose "$@" || return 0
  text=$REPLY
  if [[ $text =~ recover\ --widen\ ($MENUS_RECOVERY_RUN) ]]; then
    run=${BASH_REMATCH[1]}
    UI_OK=Widen UI_BACK=Back ui_yesno "Diagnosis" "$text" || return 0
    _menus_recovery_about "$text"
    _menus_recovery_widen "$run" "$REPLY"
  elif [[ $text =~ recover\ --retry\ ($MENUS_RECOVERY_RUN) ]]; then
    run=${BASH_REMATCH[1]}
    _menus_recovery_ask_retry "$text" || return 0
    _menus_recovery_about "$text"
    menus_screen_begin "Load ${REPLY:+$REPLY }again" recover --retry "$run"
  else
    ui_message "Diagnosis" "$text"
  fi
}

_menus_recovery_ask_retry() { # <diagnosis>: Back is the default if something else has to be done first
  local word=Retry default=''
  [[ $1 != *'Carry on with it'* ]] || word=Resume
  [[ $1 != *' clean-file '* && $1 != *' check-file '* && $1 != *'Do what the message says'* ]] || default=no
  UI_OK=$word UI_BACK=Back UI_DEFAULT=$default ui_yesno "Diagnosis" "$1"
}

_menus_recovery_about() { # <diagnosis> -> REPLY: table and month of the load, as in a job's title, or nothing
  REPLY=''
  [[ ! $1 =~ $'\n  load of '([^$'\n']+)' (run ' ]] || REPLY=${BASH_REMATCH[1]}
}

_menus_recovery_widen() { # <run> [table and month]: measures, shows, asks
  local plan
  ui_busy "Widen" "Measuring the files of the load ... (Ctrl-C stops)"
  if ! actions_plan recover --widen "$1"; then
    ui_message "Widen: not possible" "${REPLY:-It ended and said nothing.}"
    return 0
  fi
  plan=$REPLY
  menus_screen_typed recover --widen "$1" --yes --background
  UI_OK=Widen UI_BACK=Back ui_yesno "Widen and load again" "$plan"$'\n\n'"$REPLY" || return 0
  menus_screen_begin "Widen and load ${2:+$2 }again" recover --widen "$1" --yes
}

menus_recovery_job() { # lists the jobs that failed, newest first
  local id label
  local -a items=()
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    jobs_read_brief "$id" 2>/dev/null || continue
    case $JOB_STATE in
      failed | problems | lost | stopped | refused) ;;
      *) continue ;;
    esac
    core_age "$JOB_STARTED_AT"
    printf -v label '%-8s %-8s %s' "$JOB_STATE" "$REPLY" "${JOB_TITLE:-$JOB_ID}"
    items+=("$id" "$label")
    ((${#items[@]} < 2 * MENUS_RECOVERY_JOBS)) || break
  done
  if ((${#items[@]} == 0)); then
    ui_message "Diagnose a job" "Every job ended well."
    return 0
  fi
  UI_HEADING="$(printf '%-8s %-8s %s' STATE AGE TITLE)" ui_menu "Diagnose a job" "Which job?" "${items[@]}" || return 0
  menus_recovery_diagnose "$REPLY"
}

menus_recovery_table() {
  menus_ask "Diagnose a table" one_table || return 0
  actions_config_current
  menus_recovery_diagnose --config "$REPLY" "${MENUS_ASK_TABLE[@]}"
}

menus_recovery_log() {
  menus_ask_path "Diagnose a log" "The path of the log?" log || return 0
  menus_recovery_diagnose "$REPLY"
}

menus_recovery_left() {
  menus_screen_configured show "What was left" recover
}

menus_recovery_clean() {
  local left
  local -a words
  _menus_recovery_capture "Clean up" recover || return 0
  if [[ $REPLY != *' --clean'* ]]; then
    ui_message "Clean up" "$REPLY"
    return 0
  fi
  left=$REPLY
  actions_config_current
  words=(--config "$REPLY" --clean --yes)
  menus_screen_command recover "${words[@]}" "What is in use, and what is staged for a later load, stays."$'\n\n'"$left"
  UI_OK=Remove UI_BACK=Back UI_DEFAULT=no ui_yesno "Remove what dead runs left behind?" "$REPLY" || return 0
  menus_screen_begin "Clean up" recover "${words[@]}"
}

menus_recovery_stage_list() {
  menus_screen_configured show "Stage" stage list
}

menus_recovery_stage_performance() {
  menus_screen_configured show "Past COPYs" stage performance
}

menus_recovery_stage_only() {
  _menus_recovery_stage_months "Stage months" --stage-only
}

menus_recovery_stage_load() {
  _menus_recovery_stage_months "Load what is staged" --from-stage
}

menus_recovery_stage_keep() {
  _menus_recovery_stage_months "Load, keep parts" --keep-staged
}

_menus_recovery_stage_months() { # <title> <the load's flag>: asks until Back or until the load was started
  local kind=months
  # Staged files no longer depend on a base path.
  [[ $2 != --from-stage ]] || kind=''
  while menus_ask "$1" table months; do
    actions_flags load "$kind"
    menus_screen_load "$1: $MENUS_ASK_ABOUT ${MENUS_ASK_DAYS[1]}" "${ACTIONS_FLAGS[@]}" "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" "$2" \
      && return 0
  done
}

menus_recovery_stage_clean() {
  local -a words
  ui_menu "Clean the stage" "What do you want to remove? It is shown first." \
    orphans "Orphans            left by failed runs, or incomplete" \
    7d "Older than 7 days" \
    30d "Older than 30 days" || return 0
  words=(--older-than "$REPLY")
  [[ $REPLY != orphans ]] || words=(--orphans)
  actions_config_current
  words=(clean --config "$REPLY" "${words[@]}")
  menus_screen_busy "Clean the stage" "One moment" stage "${words[@]}" --dry-run
  if ! actions_plan stage "${words[@]}"; then
    ui_message "Clean the stage: not possible" "${REPLY:-It ended and said nothing.}"
    return 0
  fi
  menus_screen_command stage "${words[@]}" --yes "$REPLY"
  UI_OK=Remove UI_BACK=Back UI_DEFAULT=no ui_yesno "Remove this from the stage?" "$REPLY" || return 0
  menus_screen_begin "Clean the stage" stage "${words[@]}" --yes
}

_menus_recovery_capture() { # <title> <verb> <arguments...> -> REPLY: what it prints; 1 after a message when it cannot run
  local title=$1 verb=$2
  local -i status
  shift 2
  if [[ $verb == recover ]]; then
    actions_config_current
    set -- --config "$REPLY" "$@"
  fi
  menus_screen_busy "$title" "One moment" "$verb" "$@"
  actions_capture "$verb" "$@" --quiet
  status=$?
  # "Unknown cause" is an answer too.
  ((status != ETL_EXIT_OK && status != 6)) || return 0
  ui_message "$title: not possible" "${REPLY:-It ended with exit code $status and said nothing.}"
  return 1
}
