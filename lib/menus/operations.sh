# shellcheck shell=bash
# Snowflake Operations (layer 4): tables checked, reported on and looked up, months brought back and dropped.
# Offers the screen operations.

menus_screen_define operations "Snowflake Operations" "What is to be done?" 20 "checks, reports, restore, drop" <<'HELP'
Validate, Duplicates and Table report read and never change a row.
They run as jobs; "problems" means that they found something. What
they found is kept: History shows what changed since the time before.

Table details looks one up: is it there, or elsewhere; how its columns
fit the configuration; who may do what with it; what was loaded last.

DROP a month shows its plan first and wants the words typed. What was
dropped or replaced can be brought back for two weeks, into the same
table, by Restore a month.
HELP

menus_screen_entries operations \
  validate validate "Validate tables" "every day there, no odd day" \
  duplicates duplicates "Duplicates" "keys in several rows" \
  report report "Table report" "all tables: status, days, gaps, score" \
  details table-info "Table details" "columns, size, grants, last loads" \
  history history "History" "past runs and checks, what changed" \
  deleted restore-month "What was deleted" "and until when it can be restored" \
  restore '!restore-month' "Restore a month" "what a drop or a replace took away" \
  drop '!drop-month' "DROP a month" "deletes rows; asks for the words"

menus_screen_define operations_duplicates "Duplicates" "Where are keys looked for?" <<'HELP'
A duplicate is a key that stands in several rows. Which columns are the
key says the configuration, unless others are named.

Tables, with SQL prints statements that would leave one row of each;
it runs none of them.
A file is searched exactly, without the warehouse.
HELP

menus_screen_entries operations_duplicates \
  table '' "Tables" "in the warehouse" \
  sql '' "Tables, with SQL" "prints what would leave one row of each" \
  file '' "A file" "exactly, without the warehouse"

menus_screen_define operations_history "History" "What is to be shown?" <<'HELP'
Every load and check is remembered on this host.
What changed puts the last check of each table beside the one before.
HELP

menus_screen_entries operations_history \
  list '' "Runs and checks" "the newest first" \
  diff '' "What changed" "the last checks beside those before"

MENUS_OPERATIONS_FORMATS=( # the word, and what it means
  text "Text               in the log of the job"
  chart "Text, with charts  rows of each day"
  html "HTML               one file for a browser"
  xlsx "Excel              a workbook"
  csv "CSV                one line a table"
)

menus_operations_validate() {
  menus_ask "Validate" table days || return 0
  _menus_operations_start "Validate $MENUS_ASK_ABOUT" validate "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}"
}

menus_operations_duplicates_table() {
  menus_ask "Duplicates" table days key || return 0
  _menus_operations_start "Duplicates in $MENUS_ASK_ABOUT" duplicates "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" \
    "${MENUS_ASK_KEY[@]}" "$@"
}

menus_operations_duplicates_sql() {
  menus_operations_duplicates_table --delete-sql
}

menus_operations_duplicates_file() {
  menus_ask "Duplicates in a file" file key || return 0
  _menus_operations_start "Duplicates in $MENUS_ASK_ABOUT" duplicates "${MENUS_ASK_FILE[@]}" "${MENUS_ASK_KEY[@]}"
}

menus_operations_report() {
  menus_ask "Table report" table days || return 0
  _menus_operations_format || return 0
  _menus_operations_start "Report on $MENUS_ASK_ABOUT" report "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" \
    "${MENUS_OPERATIONS_FORMAT[@]}"
}

menus_operations_details() {
  menus_ask "Table details" table || return 0
  actions_config_current
  menus_screen_show "Details of $MENUS_ASK_ABOUT" table-info --config "$REPLY" "${MENUS_ASK_TABLE[@]}"
}

menus_operations_history_list() {
  menus_screen_show "Runs and checks" history list --limit 200
}

menus_operations_history_diff() {
  menus_screen_show "What changed" history diff
}

menus_operations_deleted() {
  actions_config_current
  menus_screen_show "What was deleted" restore-month --list --config "$REPLY"
}

menus_operations_restore() {
  _menus_operations_which "Restore a month" || return 0
  _menus_operations_plan "Restore" restore-month || return 0
  UI_OK=Restore UI_BACK=Back UI_DEFAULT=no ui_yesno "Restore $MENUS_OPERATIONS_WHAT" "$MENUS_OPERATIONS_PLAN" || return 0
  menus_screen_begin "Restore $MENUS_OPERATIONS_WHAT" restore-month "${MENUS_OPERATIONS_WORDS[@]}" --yes
}

menus_operations_drop() {
  local phrase rows
  _menus_operations_which "DROP a month" || return 0
  _menus_operations_plan "Drop" drop-month --preview 3 || return 0
  if [[ ! $MENUS_OPERATIONS_PLAN =~ Delete\ ([0-9,]+)\ of\  ]]; then
    ui_message "Nothing to drop" "$MENUS_OPERATIONS_PLAN"
    return 0
  fi
  rows=${BASH_REMATCH[1]}
  phrase="DELETE ${MENUS_OPERATIONS_TABLE##*.} $MENUS_OPERATIONS_MONTH"
  UI_OK="Go on" UI_BACK=Back UI_DEFAULT=no ui_yesno "DROP $MENUS_OPERATIONS_WHAT" "$MENUS_OPERATIONS_PLAN" || return 0
  ui_input "DROP $MENUS_OPERATIONS_WHAT" "To delete $rows rows, type: $phrase" "" || return 0
  if [[ $REPLY != "$phrase" ]]; then
    ui_message "Nothing was deleted" "That was not: $phrase"
    return 0
  fi
  menus_screen_begin "Drop $MENUS_OPERATIONS_WHAT" drop-month "${MENUS_OPERATIONS_WORDS[@]}" --yes --expect-rows "${rows//,/}"
}

_menus_operations_which() { # <title>: sets MENUS_OPERATIONS_TABLE, _MONTH, _WHAT and _WORDS
  menus_ask "$1" one_table one_month || return 1
  MENUS_OPERATIONS_TABLE=${MENUS_ASK_TABLE[1]}
  MENUS_OPERATIONS_MONTH=${MENUS_ASK_DAYS[1]}
  MENUS_OPERATIONS_WHAT="$MENUS_OPERATIONS_TABLE $MENUS_OPERATIONS_MONTH"
  actions_config_current
  MENUS_OPERATIONS_WORDS=(--config "$REPLY" "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}")
}

_menus_operations_plan() { # <title> <verb> [flags]: sets MENUS_OPERATIONS_PLAN; 1 after a message when it cannot be done
  local title="$1 $MENUS_OPERATIONS_WHAT" verb=$2 command
  local -i status
  shift 2
  ui_busy "$title" "Counting ... (Ctrl-C stops)"
  actions_plan "$verb" "${MENUS_OPERATIONS_WORDS[@]}" "$@"
  status=$?
  MENUS_OPERATIONS_PLAN=$REPLY
  actions_words "$verb" "${MENUS_OPERATIONS_WORDS[@]}"
  command=${REPLY% --background}
  if ((status != ETL_EXIT_OK)); then
    ui_message "$title: not possible" "${MENUS_OPERATIONS_PLAN:-It ended with exit code $status and said nothing.}"
    return 1
  fi
  MENUS_OPERATIONS_PLAN="As a command:"$'\n'"  $command"$'\n\n'"$MENUS_OPERATIONS_PLAN"
}

_menus_operations_format() { # sets MENUS_OPERATIONS_FORMAT
  local format
  actions_config_preference quality_format
  UI_DEFAULT=${REPLY:-text} ui_menu "Report on $MENUS_ASK_ABOUT" "How is it to be shown?" "${MENUS_OPERATIONS_FORMATS[@]}" || return 1
  format=$REPLY
  actions_config_set_preference quality_format "$format"
  case $format in
    text) MENUS_OPERATIONS_FORMAT=() ;;
    chart) MENUS_OPERATIONS_FORMAT=(--chart) ;;
    *) _menus_operations_output "$format" ;;
  esac
}

_menus_operations_output() { # <format>: sets MENUS_OPERATIONS_FORMAT with the file that is written
  local typed text="Write the report on $MENUS_ASK_ABOUT to which file?"
  actions_config_preference quality_output
  typed=${REPLY:-$PWD/table-report}
  typed=${typed%.html} typed=${typed%.xlsx} typed=${typed%.csv}
  typed+=.$1
  while ui_input "Report on $MENUS_ASK_ABOUT" "$text" "$typed"; do
    typed=$REPLY
    # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
    [[ $typed != '~/'* ]] || typed=$HOME/${typed:2}
    [[ $typed == /* ]] || typed=$PWD/$typed
    if [[ -d ${typed%/*}/ && -w ${typed%/*}/ && ! -d $typed ]]; then
      actions_config_set_preference quality_output "$typed"
      MENUS_OPERATIONS_FORMAT=(--format "$1" --output "$typed")
      return 0
    fi
    text="$typed cannot be written. To which file?"
  done
  return 1
}

_menus_operations_start() { # <title> <verb> <arguments...>: with the configuration in use
  local title=$1 verb=$2
  shift 2
  actions_config_current
  menus_screen_start "$title" "$verb" --config "$REPLY" "$@"
}
