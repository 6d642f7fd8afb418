# shellcheck shell=bash
# Quality (layer 4): tables and files looked at, reports, and what was found before.  Nothing here changes a row.
# Offers menus_quality.

MENUS_QUALITY=( # tag (menus_quality_<tag> runs it), verb that it needs, label, explanation
  check_file check-file "Check files" "before they are loaded"
  validate validate "Validate tables" "every day there, no strange day"
  duplicates duplicates "Duplicates" "keys in several rows"
  report report "Table report" "all tables: status, days, gaps, score"
  history history "History" "past runs and checks, and what changed"
)

menus_quality() {
  local -a items=()
  local -i place
  for ((place = 0; place < ${#MENUS_QUALITY[@]}; place += 4)); do
    actions_is_verb "${MENUS_QUALITY[place + 1]}" || continue
    items+=("${MENUS_QUALITY[place]}" "${MENUS_QUALITY[@]:place+2:2}")
  done
  menus_screen_run "Data Quality" "What is to be looked at?" menus_quality "${items[@]}"
}

menus_quality_check_file() {
  menus_screen_run "Check files" "Which files are to be checked?" menus_quality_check_file \
    month "Files of a month" "found by the configuration's patterns" \
    file "One file" "by its path"
}

menus_quality_check_file_month() {
  _menus_quality_ask "Check files" table month || return 0
  _menus_quality_start "Check files" check-file "${MENUS_QUALITY_TABLE[@]}" "${MENUS_QUALITY_DAYS[@]}"
}

menus_quality_check_file_file() {
  _menus_quality_ask "Check a file" file || return 0
  _menus_quality_start "Check a file" check-file "${MENUS_QUALITY_FILE[@]}"
}

menus_quality_validate() {
  _menus_quality_ask "Validate tables" table days || return 0
  _menus_quality_start "Validate tables" validate "${MENUS_QUALITY_TABLE[@]}" "${MENUS_QUALITY_DAYS[@]}"
}

menus_quality_duplicates() {
  menus_screen_run "Duplicates" "Where are keys looked for?" menus_quality_duplicates \
    table "Tables" "in the warehouse" \
    sql "Tables, with SQL" "prints what would leave one row of each" \
    file "A file" "exactly, without the warehouse"
}

menus_quality_duplicates_table() {
  _menus_quality_ask "Duplicates" table days key || return 0
  _menus_quality_start "Duplicates" duplicates "${MENUS_QUALITY_TABLE[@]}" "${MENUS_QUALITY_DAYS[@]}" \
    "${MENUS_QUALITY_KEY[@]}" "$@"
}

menus_quality_duplicates_sql() {
  menus_quality_duplicates_table --delete-sql
}

menus_quality_duplicates_file() {
  _menus_quality_ask "Duplicates" file key || return 0
  _menus_quality_start "Duplicates" duplicates "${MENUS_QUALITY_FILE[@]}" "${MENUS_QUALITY_KEY[@]}"
}

menus_quality_report() {
  _menus_quality_ask "Table report" table days format || return 0
  _menus_quality_start "Table report" report "${MENUS_QUALITY_TABLE[@]}" "${MENUS_QUALITY_DAYS[@]}" \
    "${MENUS_QUALITY_FORMAT[@]}"
}

menus_quality_history() {
  menus_screen_run "History" "What is to be shown?" menus_quality_history \
    list "Runs and checks" "the newest first" \
    diff "What changed" "the last checks beside those before"
}

menus_quality_history_list() {
  menus_screen_show "Runs and checks" history list --limit 200
}

menus_quality_history_diff() {
  menus_screen_show "What changed" history diff
}

_menus_quality_ask() { # <title> <question>...: in order; Back is one question back, 1 when that leaves
  local title=$1
  local -i place=0 step=1
  local -a questions=("${@:2}")
  while ((place < ${#questions[@]})); do
    "_menus_quality_ask_${questions[place]}" "$title"
    case $? in
      0) step=1 ;;
      2) ;; # Nothing to ask: on in the same direction.
      *) step=-1 ;;
    esac
    ((place += step, place >= 0)) || return 1
  done
}

_menus_quality_ask_table() { # <title>: sets MENUS_QUALITY_TABLE; 2 where the configuration has one table only
  local table last
  local -a items=('*' "All tables")
  MENUS_QUALITY_TABLE=()
  ui_busy "$1" "Reading the configuration ..."
  if ! actions_config_tables; then
    ui_message "$1" "The configuration cannot be used:"$'\n\n'"$REPLY"
    return 1
  fi
  ((${#ACTIONS_TABLES[@]} > 1)) || return 2
  for table in "${ACTIONS_TABLES[@]}"; do
    items+=("$table" "$table")
  done
  actions_config_preference quality_table
  last=$REPLY
  UI_DEFAULT=${last:-*} ui_menu "$1" "Which table?" "${items[@]}" || return 1
  table=$REPLY
  actions_config_set_preference quality_table "$table"
  [[ $table == '*' ]] || MENUS_QUALITY_TABLE=(--table "$table")
}

_menus_quality_ask_month() { # <title>: sets MENUS_QUALITY_DAYS to months
  _menus_quality_ask_span "$1" "Which month?" month
}

_menus_quality_ask_days() { # <title>: sets MENUS_QUALITY_DAYS to months, days or, for all there is, to nothing
  _menus_quality_ask_span "$1" "Which days?" days
}

_menus_quality_ask_span() { # <title> <text> <month or days>
  local current last chosen
  local -a items
  month_current
  current=$REPLY
  month_previous "$current"
  last=$REPLY
  items=(current "This month         $current" last "Last month         $last")
  if [[ $3 == days ]]; then
    items+=(other "Other              months or days" all "All there is")
  else
    items+=(other "Other              months")
  fi
  actions_config_preference quality_days
  while UI_DEFAULT=${REPLY:-last} ui_menu "$1" "$2" "${items[@]}"; do
    chosen=$REPLY
    case $chosen in
      current) MENUS_QUALITY_DAYS=(--month "$current") ;;
      last) MENUS_QUALITY_DAYS=(--month "$last") ;;
      other) _menus_quality_ask_other "$1" "$3" || { REPLY=other && continue; } ;;
      *) MENUS_QUALITY_DAYS=() ;;
    esac
    actions_config_set_preference quality_days "$chosen"
    return 0
  done
  return 1
}

_menus_quality_ask_other() { # <title> <month or days>: sets MENUS_QUALITY_DAYS from what is typed, until it can be meant
  local typed how='Months: 2024-01, a list 2024-01,2024-03 or a range 2024-01..2024-06.'
  [[ $2 == month ]] || how+=' Days: 2024-01-03..2024-01-10.'
  local text=$how
  actions_config_preference "quality_other_$2"
  typed=$REPLY
  while ui_input "$1" "$text" "$typed"; do
    typed=${REPLY//[[:blank:]]/}
    if [[ $2 == days ]] && _menus_quality_are_days "$typed"; then
      MENUS_QUALITY_DAYS=(--days "$typed")
    elif _menus_quality_are_months "$typed"; then
      MENUS_QUALITY_DAYS=(--month "$typed")
    else
      text="$REPLY"$'\n\n'"$how"
      continue
    fi
    actions_config_set_preference "quality_other_$2" "$typed"
    return 0
  done
  return 1
}

_menus_quality_are_days() { # <text>: one day or two with dots between them
  local day='([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})'
  [[ $1 =~ ^$day(\.\.$day)?$ ]]
}

_menus_quality_are_months() { # <text>: a list of months and ranges; else 1 with a sentence in REPLY
  local word
  local -a words=()
  IFS=, read -ra words <<<"${1//../,}"
  REPLY='Nothing was written.'
  ((${#words[@]} > 0)) || return 1
  for word in "${words[@]}"; do
    month_parse "$word" || return 1
  done
}

_menus_quality_ask_key() { # <title>: sets MENUS_QUALITY_KEY
  actions_config_preference quality_key
  ui_input "$1" "Key columns, with commas between them. Empty: as the configuration says." "$REPLY" || return 1
  actions_config_set_preference quality_key "$REPLY"
  MENUS_QUALITY_KEY=()
  [[ -z ${REPLY//[[:blank:]]/} ]] || MENUS_QUALITY_KEY=(--key "$REPLY")
}

_menus_quality_ask_file() { # <title>: sets MENUS_QUALITY_FILE
  local typed text='Which file?'
  actions_config_preference quality_file
  typed=$REPLY
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    if menus_screen_path "$typed"; then
      MENUS_QUALITY_FILE=(--file "$REPLY")
      actions_config_set_preference quality_file "$REPLY"
      return 0
    fi
    text="There is no readable file $REPLY. Which file?"
  done
  return 1
}

_menus_quality_ask_format() { # <title>: sets MENUS_QUALITY_FORMAT
  local format
  actions_config_preference quality_format
  UI_DEFAULT=${REPLY:-text} ui_menu "$1" "How is it to be shown?" \
    text "Text               in the log of the job" \
    chart "Text, with charts  rows of each day" \
    html "HTML               one file for a browser" \
    xlsx "Excel              a workbook" \
    csv "CSV                one line a table" || return 1
  format=$REPLY
  actions_config_set_preference quality_format "$format"
  case $format in
    text) MENUS_QUALITY_FORMAT=() ;;
    chart) MENUS_QUALITY_FORMAT=(--chart) ;;
    *) _menus_quality_ask_output "$1" "$format" ;;
  esac
}

_menus_quality_ask_output() { # <title> <format>: sets MENUS_QUALITY_FORMAT with the file that is written
  local typed text="Write it to which file?"
  actions_config_preference quality_output
  typed=${REPLY:-$PWD/table-report}
  typed=${typed%.html} typed=${typed%.xlsx} typed=${typed%.csv}
  typed+=.$2
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
    [[ $typed != '~/'* ]] || typed=$HOME/${typed:2}
    [[ $typed == /* ]] || typed=$PWD/$typed
    if [[ -d ${typed%/*}/ && -w ${typed%/*}/ && ! -d $typed ]]; then
      actions_config_set_preference quality_output "$typed"
      MENUS_QUALITY_FORMAT=(--format "$2" --output "$typed")
      return 0
    fi
    text="$typed cannot be written. To which file?"
  done
  return 1
}

_menus_quality_start() { # <title> <verb> <arguments...>: starts the job with the configuration in use
  local title=$1 verb=$2
  shift 2
  actions_config_current
  menus_screen_start "$title" "$verb" --config "$REPLY" "$@"
}
