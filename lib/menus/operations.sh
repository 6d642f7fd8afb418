# shellcheck shell=bash
# Snowflake Operations (layer 4): load months, check tables and report on them, restore, replace and drop months.
# Offers the screen operations.

# No question: its line is needed so that every entry is visible on 80x24.
menus_screen_define operations "Snowflake Operations" "" 20 "load months, check, report, drop" <<'HELP'
Load and Batch show a plan and the command before anything starts.
Load by browsing loads files that you choose in their folders.
To send files now and load them later, use Recovery, Stage.
Batch loads several months at a time, and goes on if one fails.

Validate, Duplicates and Table report only read; they never change
a row. They run as jobs; "problems" means that they found some.
History shows what changed since the last time.
Table info: does the table exist, do its columns match the
configuration, who has which privileges, what was loaded last.

REPLACE and DROP show their plan first and ask you to type words.
What they deleted can be brought back for two weeks, into the
same table: Restore.
HELP

menus_screen_entries operations \
  load load "Load months" "from a base path, with all choices" \
  browse browse "Load by browsing" "choose the files in their folders" \
  batch load "Batch" "many months, several at a time" \
  validate validate "Validate tables" "no missing day, no unusual day" \
  duplicates duplicates "Duplicates" "keys in several rows" \
  report report "Table report" "all tables: status, days, gaps, score" \
  details table-info "Table info" "columns, size, grants, last loads" \
  history history "History" "past runs and checks, what changed" \
  ledger ledger "Ledger" "what is loaded; adopt rows from before" \
  deleted restore-month "What was deleted" "and until when it can be restored" \
  restore '!restore-month' "Restore a month" "what a drop or a replace deleted" \
  replace '!load' "REPLACE a month" "deletes its rows, loads its files" \
  drop '!drop-month' "DROP a month" "deletes its rows"

menus_screen_define operations_duplicates "Duplicates" "Where do you want to look for duplicates?" <<'HELP'
A duplicate is a key that is in several rows. The configuration
says which columns are the key, unless you name others.

Tables, with SQL prints statements that would leave one row of each;
it runs none of them.
A file is searched exactly, without the warehouse.
HELP

menus_screen_entries operations_duplicates \
  table '' "Tables" "in the warehouse" \
  sql '' "Tables, with SQL" "prints SQL that leaves one row of each" \
  file '' "A file" "exactly, without the warehouse"

menus_screen_define operations_history "History" "What do you want to see?" <<'HELP'
Every load and check is recorded on this host.
What changed compares the last check of each table with the one
before.
HELP

menus_screen_entries operations_history \
  list '' "Runs and checks" "the newest first" \
  diff '' "What changed" "the last checks compared with those before"

menus_screen_define operations_ledger "Ledger" "What do you want to do with the ledger?" <<'HELP'
The ledger, in the warehouse, knows every loaded file by its content:
that is why no file is loaded twice.

It does not know rows that were loaded before this tool. Adopt records
them, after comparing them with the files that they came from. If the
files are gone, only the number of rows is recorded. Neither changes a
table, and what would be recorded is shown first.
HELP

menus_screen_entries operations_ledger \
  list '' "What is loaded" "from which file, when, by whom" \
  adopt '' "Adopt a month" "loaded before the tool; with its files" \
  counts '' "Adopt without files" "if the files are gone: only counts"

menus_operations_load() {
  local text='Months: 2024-01, a list, a range 2024-01..2024-06, or all. Checks: file, snowflake, both or skip. An empty field: as in the configuration. Nothing is replaced; for that, use REPLACE a month.'
  local base months table qc
  settings_get qc
  [[ $REPLY != last ]] || actions_config_preference qc
  qc=${REPLY:-file}
  month_current
  month_previous "$REPLY"
  months=$REPLY
  settings_get base_path
  _menus_operations_answers load "$months" "$REPLY" "" "$qc"
  while ui_form "Load months" "$text" "Months" "${UI_ANSWERS[0]}" "Base path" "${UI_ANSWERS[1]}" "Table" "${UI_ANSWERS[2]}" \
    "Checks" "${UI_ANSWERS[3]}"; do
    months=${UI_ANSWERS[0]//[[:blank:]]/} base=${UI_ANSWERS[1]} table=${UI_ANSWERS[2]} qc=${UI_ANSWERS[3]}
    if ! _menus_operations_form_error; then
      text=$REPLY
      continue
    fi
    actions_config_set_preference form_load "$months"$'\t'"$base"$'\t'"$table"$'\t'"$qc"
    actions_flags load
    menus_screen_load "Load $months${table:+ $table}" "${ACTIONS_FLAGS[@]}" --month "$months" ${base:+--base-path "$base"} \
      ${table:+--table "$table"} --qc "$qc" && return 0
    UI_ANSWERS=("$months" "$base" "$table" "$qc")
  done
}

menus_operations_browse() {
  menus_browse --action load
}

menus_operations_batch() {
  local text='Months of all tables: a list, a range 2024-01..2024-06, or all. Checks: file, snowflake, both or skip. A month that fails does not stop the others.'
  local months at_a_time qc
  _menus_operations_answers batch "" 2 file
  while ui_form "Batch" "$text" "Months" "${UI_ANSWERS[0]}" "At a time" "${UI_ANSWERS[1]}" "Checks" "${UI_ANSWERS[2]}"; do
    months=${UI_ANSWERS[0]//[[:blank:]]/} at_a_time=${UI_ANSWERS[1]} qc=${UI_ANSWERS[2]}
    core_number "$at_a_time" 0
    at_a_time=$REPLY
    if ((at_a_time < 1 || at_a_time > 16)); then
      text="At a time: a number from 1 to 16, not '${UI_ANSWERS[1]}'."
      continue
    fi
    UI_ANSWERS=("$months" "" "" "$qc")
    if ! _menus_operations_form_error; then
      text=$REPLY UI_ANSWERS=("$months" "$at_a_time" "$qc")
      continue
    fi
    actions_config_set_preference form_batch "$months"$'\t'"$at_a_time"$'\t'"$qc"
    actions_flags load months
    menus_screen_load "Batch $months" "${ACTIONS_FLAGS[@]}" --month "$months" --qc "$qc" --jobs "$at_a_time" --continue-on-error \
      && return 0
    UI_ANSWERS=("$months" "$at_a_time" "$qc")
  done
}

_menus_operations_answers() { # <form> <defaults...>: sets UI_ANSWERS to the last answers, else to the defaults
  local -a last=()
  actions_config_preference "form_$1"
  shift
  UI_ANSWERS=("$@")
  [[ -n $REPLY ]] || return 0
  # Adjacent tabs would count as one.
  mapfile -t last <<<"${REPLY//$'\t'/$'\n'}"
  ((${#last[@]} != $#)) || UI_ANSWERS=("${last[@]}")
}

_menus_operations_form_error() { # 1 with a sentence in REPLY when UI_ANSWERS (months, base path, table, checks) are not valid
  local months=${UI_ANSWERS[0]//[[:blank:]]/} base=${UI_ANSWERS[1]}
  [[ $months == all ]] || menus_ask_are_months "$months" || return 1
  # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
  [[ $base != '~/'* ]] || base=$HOME/${base:2}
  if [[ -n $base && ! -d $base ]]; then
    REPLY="The base path $base is not a folder. Give the folder with the files, or leave it empty."
    return 1
  fi
  case ${UI_ANSWERS[3]} in
    file | snowflake | both | skip) return 0 ;;
  esac
  REPLY="Checks: file, snowflake, both or skip, not '${UI_ANSWERS[3]}'."
  return 1
}

menus_operations_details() {
  menus_ask "Table info" table || return 0
  actions_flags table-info
  menus_screen_show "Details of $MENUS_ASK_ABOUT" table-info "${ACTIONS_FLAGS[@]}" "${MENUS_ASK_TABLE[@]}"
}

menus_operations_ledger_list() {
  actions_flags ledger
  menus_screen_show "Ledger" ledger list "${ACTIONS_FLAGS[@]}"
}

menus_operations_ledger_adopt() {
  actions_flags ledger months
  _menus_operations_adopt "Adopt a month" "${ACTIONS_FLAGS[@]:2}"
}

menus_operations_ledger_counts() {
  _menus_operations_adopt "Adopt without files" --without-file
}

_menus_operations_adopt() { # <title> <flags...>: shows what would be recorded, asks, starts the job
  local title=$1
  shift
  _menus_operations_which "$title" || return 0
  set -- "Adopt $MENUS_OPERATIONS_WHAT" ledger adopt "${MENUS_OPERATIONS_WORDS[@]}" "$@"
  menus_screen_plan "$@" || return 0
  menus_screen_command "${@:2}" --yes "$REPLY"
  UI_OK=Record UI_BACK=Back ui_yesno "$1" "$REPLY" || return 0
  menus_screen_begin "$@" --yes
}

menus_operations_validate() {
  menus_ask "Validate tables" table days || return 0
  _menus_operations_start "Validate $MENUS_ASK_ABOUT" validate "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}"
}

menus_operations_duplicates_table() {
  menus_ask "Tables" table days key || return 0
  _menus_operations_start "Duplicates in $MENUS_ASK_ABOUT" duplicates "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" \
    "${MENUS_ASK_KEY[@]}" "$@"
}

menus_operations_duplicates_sql() {
  menus_operations_duplicates_table --delete-sql
}

menus_operations_duplicates_file() {
  menus_ask "A file" file key || return 0
  _menus_operations_start "Duplicates in $MENUS_ASK_ABOUT" duplicates "${MENUS_ASK_FILE[@]}" "${MENUS_ASK_KEY[@]}"
}

menus_operations_report() {
  menus_ask "Table report" table days format output || return 0
  _menus_operations_start "Report on $MENUS_ASK_ABOUT" report "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" \
    "${MENUS_ASK_FORMAT[@]}"
}

menus_operations_history_list() {
  menus_screen_show "Runs and checks" history list --limit 200
}

menus_operations_history_diff() {
  menus_screen_show "What changed" history diff
}

menus_operations_deleted() {
  menus_screen_configured show "What was deleted" restore-month --list
}

menus_operations_restore() {
  _menus_operations_which "Restore a month" || return 0
  set -- "Restore $MENUS_OPERATIONS_WHAT" restore-month "${MENUS_OPERATIONS_WORDS[@]}"
  menus_screen_plan "$@" || return 0
  menus_screen_command "${@:2}" "$REPLY"
  UI_OK=Restore UI_BACK=Back UI_DEFAULT=no ui_yesno "$1" "$REPLY" || return 0
  menus_screen_begin "$@" --yes
}

menus_operations_drop() {
  _menus_operations_which "DROP a month" || return 0
  _menus_operations_destroy "DROP" DELETE 'Delete ([0-9,]+) of ' drop-month "${MENUS_OPERATIONS_WORDS[@]}"
}

menus_operations_replace() {
  _menus_operations_which "REPLACE a month" || return 0
  _menus_operations_destroy "REPLACE" REPLACE 'rows there now: ([0-9,]+) in those days' load "${MENUS_OPERATIONS_WORDS[@]}" \
    --mode replace
}

_menus_operations_destroy() { # <title> <word> <pattern of the rows that go> <verb> <arguments...>: shows the plan, asks, wants the words typed, starts the job
  local title="$1 $MENUS_OPERATIONS_WHAT" word=$2 pattern=$3 phrase rows
  shift 3
  menus_screen_plan "$title" "$@" || return 0
  if [[ ! $REPLY =~ $pattern ]]; then
    ui_message "$title: nothing to delete" "$REPLY"
    return 0
  fi
  rows=${BASH_REMATCH[1]}
  phrase="$word ${MENUS_OPERATIONS_TABLE##*.} $MENUS_OPERATIONS_MONTH"
  menus_screen_command "$@" "$REPLY"
  UI_OK="Go on" UI_BACK=Back UI_DEFAULT=no ui_yesno "$title" "$REPLY" || return 0
  menus_screen_words "$title" "To delete $rows rows of $MENUS_OPERATIONS_TABLE, type:" "$phrase" || return 0
  menus_screen_begin "$title" "$@" --yes --expect-rows "${rows//,/}"
}

_menus_operations_which() { # <title>: sets MENUS_OPERATIONS_TABLE, _MONTH, _WHAT and _WORDS
  menus_ask "$1" one_table one_month || return 1
  MENUS_OPERATIONS_TABLE=${MENUS_ASK_TABLE[1]}
  MENUS_OPERATIONS_MONTH=${MENUS_ASK_DAYS[1]}
  MENUS_OPERATIONS_WHAT="$MENUS_OPERATIONS_TABLE $MENUS_OPERATIONS_MONTH"
  actions_config_current
  MENUS_OPERATIONS_WORDS=(--config "$REPLY" "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}")
}

_menus_operations_start() { # <title> <verb> <arguments...>: with the configuration in use
  local title=$1 verb=$2
  shift 2
  actions_config_current
  menus_screen_start "$title" "$verb" --config "$REPLY" "$@"
}
