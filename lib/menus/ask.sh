# shellcheck shell=bash disable=SC2034 # the MENUS_ASK_ variables are the answers, read by the screens
# Questions that several screens ask (layer 4): table, days, file, key, how to check.  Each names its subject, has the last
# answer as its default, and leaves flags for a command.
# Offers menus_ask with the questions table one_table days months one_month file with key format output new_table into,
# menus_ask_path, menus_ask_qc, menus_ask_config, menus_ask_absolute and menus_ask_are_months; menus_ask_typed_* take what was typed, in a form too.

MENUS_ASK_QC=( # the loader's word, and what it means
  file "file        check the file: days, rows, layout"
  snowflake "snowflake   check in the warehouse before publishing"
  both "both        the file and the warehouse"
  skip "skip        no checks"
)

MENUS_ASK_QC_HELP='file        The file, while it is sent: every day there and no other,
            layout, types, lengths, keys. Faults have line numbers.
snowflake   The same in the warehouse, in the work table that the rows
            are copied into first: costs time there.
both        Both, and one is held against the other.
skip        Neither. That as many rows are loaded as were read is
            proven all the same.

An error publishes nothing: the table stays as it was. Settings,
Preferences, Checks of a load says what is proposed here.'

MENUS_ASK_FORMATS=( # of a report: the word, and what it means
  text "Text               in the log of the job"
  chart "Text, with charts  rows of each day"
  html "HTML               one file for a browser"
  xlsx "Excel              a workbook"
  csv "CSV                one line a table"
)

menus_ask() { # <title> <question>...: asks in a form, or in order, where Back goes back one question; 1 when Back leaves
  local title=$1
  # When all answers have been given and we ask again, we begin with the last question.
  local -i place=${MENUS_ASK_FROM:-0} step=1
  local -a questions=("${@:2}")
  ((place > 0)) || MENUS_ASK_ABOUT='' MENUS_ASK_READ=''
  menus_ask_form "$@"
  case $? in
    0) return 0 ;;
    1) return 1 ;;
  esac
  while ((place < ${#questions[@]})); do
    "menus_ask_${questions[place]}" "$title"
    case $? in
      0) step=1 ;;
      2) ;; # Nothing to ask: continue in the same direction.
      *) step=-1 ;;
    esac
    ((place += step, place >= 0)) || return 1
  done
}

menus_ask_tables() { # <title>: sets ACTIONS_TABLES; 1 after a message when the configuration cannot be read
  # Going back through the questions does not read it again.
  [[ -z ${MENUS_ASK_READ:-} ]] || return 0
  ui_busy "$1" "Reading the configuration ..."
  actions_config_tables && ((${#ACTIONS_TABLES[@]} > 0)) && MENUS_ASK_READ=1 && return 0
  ui_message "$1" "The configuration cannot be used:"$'\n\n'"${REPLY:-It names no table.}"$'\n\n'"$MENUS_OTHER_CONFIG"
  return 1
}

menus_ask_table() { # <title>: sets MENUS_ASK_TABLE, "all tables" being an answer; 2 if the configuration has only one table
  local last
  MENUS_ASK_TABLE=()
  menus_ask_tables "$1" || return 1
  MENUS_ASK_ABOUT=${ACTIONS_TABLES[0]}
  ((${#ACTIONS_TABLES[@]} > 1)) || return 2
  actions_config_preference quality_table
  last=$REPLY
  _menus_ask_which_table "$1" "${last:-*}" '*' "All tables" || return 1
  actions_config_set_preference quality_table "$MENUS_ASK_ABOUT"
  if [[ $MENUS_ASK_ABOUT == '*' ]]; then
    MENUS_ASK_ABOUT='all tables'
  else
    MENUS_ASK_TABLE=(--table "$MENUS_ASK_ABOUT")
  fi
}

menus_ask_one_table() { # <title>: sets MENUS_ASK_TABLE to one table; 2 if there is only one
  menus_ask_tables "$1" || return 1
  MENUS_ASK_ABOUT=${ACTIONS_TABLES[0]}
  MENUS_ASK_TABLE=(--table "$MENUS_ASK_ABOUT")
  ((${#ACTIONS_TABLES[@]} > 1)) || return 2
  actions_config_preference one_table
  _menus_ask_which_table "$1" "$REPLY" || return 1
  actions_config_set_preference one_table "$MENUS_ASK_ABOUT"
  MENUS_ASK_TABLE=(--table "$MENUS_ASK_ABOUT")
}

_menus_ask_which_table() { # <title> <default> [tag item]: sets MENUS_ASK_ABOUT
  local table
  local -a items=("${@:3}")
  for table in "${ACTIONS_TABLES[@]}"; do
    items+=("$table" "$table")
  done
  UI_DEFAULT=$2 ui_menu "$1" "Which table?" "${items[@]}" || return 1
  MENUS_ASK_ABOUT=$REPLY
}

menus_ask_months() { # <title>: sets MENUS_ASK_DAYS, months only
  _menus_ask_span "$1" "Which months of ${MENUS_ASK_ABOUT:-what}?" months
}

menus_ask_days() { # <title>: sets MENUS_ASK_DAYS: --month, --days or nothing
  _menus_ask_span "$1" "Which days of ${MENUS_ASK_ABOUT:-what}?" days
}

menus_ask_one_month() { # <title>: sets MENUS_ASK_DAYS; proposes none, so that nothing is deleted by Enter alone
  local text="Which month of $MENUS_ASK_ABOUT? Write 2024-01 or 012024." typed=''
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    if month_parse "$typed"; then
      MENUS_ASK_DAYS=(--month "$REPLY")
      return 0
    fi
    text=$REPLY
  done
  return 1
}

_menus_ask_span() { # <title> <text> <months or days>
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
      current) MENUS_ASK_DAYS=(--month "$current") ;;
      last) MENUS_ASK_DAYS=(--month "$last") ;;
      other) _menus_ask_other "$1" "$3" || { REPLY=other && continue; } ;;
      *) MENUS_ASK_DAYS=() ;;
    esac
    actions_config_set_preference quality_days "$chosen"
    return 0
  done
  return 1
}

_menus_ask_other() { # <title> <months or days>: sets MENUS_ASK_DAYS from what is typed, asking until it is valid
  local typed how='Months: 2024-01, a list 2024-01,2024-03 or a range 2024-01..2024-06.'
  [[ $2 == months ]] || how+=' Days: 2024-01-03..2024-01-10.'
  local text="Which $2 of $MENUS_ASK_ABOUT?"$'\n\n'"$how"
  actions_config_preference "quality_other_$2"
  typed=$REPLY
  while ui_input "$1" "$text" "$typed"; do
    typed=${REPLY//[[:blank:]]/}
    menus_ask_typed_span "$2" "$typed" && return 0
    text="$REPLY"$'\n\n'"$how"
  done
  return 1
}

menus_ask_typed_span() { # <months or days> <text without blanks>: sets MENUS_ASK_DAYS; 1 with a sentence in REPLY
  if [[ $1 == days ]] && _menus_ask_are_days "$2"; then
    MENUS_ASK_DAYS=(--days "$2")
  elif menus_ask_are_months "$2"; then
    MENUS_ASK_DAYS=(--month "$2")
  else
    return 1
  fi
  # The answer counts even if it cannot be saved.
  actions_config_set_preference "quality_other_$1" "$2" || :
}

_menus_ask_are_days() { # <text>: whether it is one day, or two with dots between them
  local day='([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})'
  [[ $1 =~ ^$day(\.\.$day)?$ ]]
}

menus_ask_are_months() { # <text>: whether it is a list of months and ranges; else 1 with a sentence in REPLY
  local word
  local -a words=()
  IFS=, read -ra words <<<"${1//../,}"
  REPLY='Give months: 2024-01, a list 2024-01,2024-03 or a range 2024-01..2024-06.'
  ((${#words[@]} > 0)) || return 1
  for word in "${words[@]}"; do
    month_parse "$word" || return 1
  done
}

menus_ask_key() { # <title>: sets MENUS_ASK_KEY
  actions_config_preference quality_key
  ui_input "$1" "Key columns of ${MENUS_ASK_ABOUT:-it}, separated by commas. Empty: as in the configuration." "$REPLY" || return 1
  menus_ask_typed_key "$REPLY"
}

menus_ask_typed_key() { # <columns, or nothing>
  actions_config_set_preference quality_key "$1"
  MENUS_ASK_KEY=()
  [[ -z ${1//[[:blank:]]/} ]] || MENUS_ASK_KEY=(--key "$1")
}

menus_ask_format() { # <title>: sets MENUS_ASK_FORMAT
  actions_config_preference quality_format
  UI_DEFAULT=${REPLY:-text} ui_menu "$1" "How do you want the report on $MENUS_ASK_ABOUT?" "${MENUS_ASK_FORMATS[@]}" || return 1
  menus_ask_typed_format "$REPLY"
}

menus_ask_typed_format() { # <word>: sets MENUS_ASK_WRITTEN to it if a file is written, else to nothing
  actions_config_set_preference quality_format "$1"
  MENUS_ASK_FORMAT=() MENUS_ASK_WRITTEN=''
  case $1 in
    text) ;;
    chart) MENUS_ASK_FORMAT=(--chart) ;;
    *) MENUS_ASK_WRITTEN=$1 ;;
  esac
}

menus_ask_output() { # <title>: asks for the file that the report is written to; 2 if it goes into the log
  local typed text="Write the report on $MENUS_ASK_ABOUT to which file?"
  [[ -n $MENUS_ASK_WRITTEN ]] || return 2
  actions_config_preference quality_output
  menus_ask_output_ending "${REPLY:-$PWD/table-report}"
  typed=$REPLY
  while ui_input "$1" "$text" "$typed"; do
    menus_ask_typed_output "$REPLY" && return 0
    text="$REPLY To which file?"
  done
  return 1
}

menus_ask_output_ending() { # <path> -> REPLY: the path with the format's ending
  REPLY=$1
  REPLY=${REPLY%.html} REPLY=${REPLY%.xlsx} REPLY=${REPLY%.csv}
  REPLY+=.$MENUS_ASK_WRITTEN
}

menus_ask_typed_output() { # <path>: 1 with a sentence in REPLY
  local path
  menus_ask_absolute "$1"
  path=$REPLY
  REPLY="$path cannot be written."
  [[ -d ${path%/*}/ && -w ${path%/*}/ && ! -d $path ]] || return 1
  actions_config_set_preference quality_output "$path"
  MENUS_ASK_FORMAT=(--format "$MENUS_ASK_WRITTEN" --output "$path")
}

menus_ask_absolute() { # <path as typed> -> REPLY: the absolute path
  REPLY=$1
  # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
  [[ $REPLY != '~/'* ]] || REPLY=$HOME/${REPLY:2}
  [[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
}

menus_ask_new_table() { # <title>: sets MENUS_ASK_NEW_TABLE
  ui_input "$1" "Which table is $MENUS_ASK_ABOUT for? Empty: the name is made from the file's, and the warehouse is not asked for columns." '' \
    || return 1
  MENUS_ASK_NEW_TABLE=$REPLY
}

menus_ask_into() { # <title>: sets MENUS_ASK_INTO, the configuration to merge into
  local typed text='Merge into which configuration? A new name creates a new file.'
  actions_config_current
  typed=${MENUS_ASK_INTO:-$REPLY}
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    menus_ask_typed_into "$typed" && return 0
    text="$REPLY Merge into which configuration?"
  done
  return 1
}

menus_ask_typed_into() { # <path>: 1 with a sentence in REPLY
  if ! menus_screen_path "$1"; then
    menus_ask_absolute "$1"
    if [[ -e $REPLY || ! -d ${REPLY%/*}/ || ! -w ${REPLY%/*}/ ]]; then
      REPLY="$REPLY cannot be written."
      return 1
    fi
  fi
  MENUS_ASK_INTO=$REPLY
}

menus_ask_file() { # <title>: sets MENUS_ASK_FILE
  menus_ask_path "$1" "Which file?" quality_file || return 1
  MENUS_ASK_FILE=(--file "$REPLY")
  MENUS_ASK_ABOUT=${REPLY##*/}
}

menus_ask_with() { # <title>: sets MENUS_ASK_WITH, the file to compare the first one with
  menus_ask_path "$1" "Which file do you want to compare $MENUS_ASK_ABOUT with?" compare_with || return 1
  MENUS_ASK_WITH=(--with "$REPLY")
}

menus_ask_path() { # <title> <question> <preference> -> REPLY: the absolute path of a readable file, the next default
  local typed text=$2
  actions_config_preference "$3"
  typed=$REPLY
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    menus_ask_typed_path "$typed" "$3" && return 0
    text="$REPLY $2"
  done
  return 1
}

menus_ask_typed_path() { # <text> <preference> -> REPLY: the absolute path, or 1 with a sentence
  local path
  if ! menus_screen_path "$1"; then
    REPLY="There is no readable file $REPLY."
    return 1
  fi
  path=$REPLY
  actions_config_set_preference "$2" "$path"
  REPLY=$path
}

menus_ask_qc() { # <title> -> REPLY: how a load is checked
  local last UI_HELP=$MENUS_ASK_QC_HELP
  settings_get qc
  [[ $REPLY != last ]] || actions_config_preference qc
  last=$REPLY
  UI_DEFAULT=${last:-file} ui_menu "$1" "How is it to be checked?" "${MENUS_ASK_QC[@]}" || return
  last=$REPLY
  actions_config_set_preference qc "$last"
  REPLY=$last
}

menus_ask_config() { # <title> <question> -> REPLY: one of the configurations, the one in use is the default
  local path current
  local -a items=()
  local -i room=$((COLUMNS - 30))
  actions_config_list
  actions_config_current
  current=$REPLY
  for path in "${ACTIONS_CONFIGS[@]}"; do
    actions_config_short "$path"
    # The end of a long path says the most.
    ((${#REPLY} <= room)) || REPLY="...${REPLY:${#REPLY}-room+3}"
    [[ $path != "$current" ]] || REPLY+='  (in use)'
    items+=("$path" "$REPLY")
  done
  if ((${#items[@]} == 0)); then
    ui_message "$1" "There is no configuration in $ETL_ROOT/config or ~/.config/snowflake_etl, and $current is not there."
    return 1
  fi
  UI_DEFAULT=$current ui_menu "$1" "$2" "${items[@]}"
}
