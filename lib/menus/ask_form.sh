# shellcheck shell=bash disable=SC2034 # the MENUS_ASK_ variables are the answers, read by the screens
# The questions of menus_ask on one screen, if the back end has forms (layer 4): a field for each, filled with the last answer.
# Offers menus_ask_form.  Each question has two functions: menus_ask_form_<question> sets MENUS_ASK_FIELD (label, default and what
# may be typed; 2 if there is nothing to ask), _menus_ask_form_take_<question> takes what was typed, or returns 1 with a sentence in REPLY.

menus_ask_form() { # <title> <question>...: 1 means Back, 2 that they have to be asked one by one
  local title=$1 question error='' hints=''
  local -a asked=() fields=()
  ui_has_forms || return 2
  for question in "${@:2}"; do
    declare -F "menus_ask_form_$question" >/dev/null || return 2
    MENUS_ASK_FIELD=()
    "menus_ask_form_$question" "$title"
    case $? in
      0) asked+=("$question") fields+=("${MENUS_ASK_FIELD[@]:0:2}") hints+=$'\n'"${MENUS_ASK_FIELD[0]}: ${MENUS_ASK_FIELD[2]}" ;;
      2) ;;
      *) return 1 ;;
    esac
  done
  # A single question is better asked with its choices.
  ((${#asked[@]} > 1)) || return 2
  while ui_form "$title" "$error${hints#$'\n'}" "${fields[@]}"; do
    _menus_ask_form_take && return 0
    error=$REPLY$'\n\n'
  done
  return 1
}

_menus_ask_form_take() { # takes the answers of the form just shown; 1 with a sentence in REPLY
  local -i place
  local wrong=''
  for ((place = 0; place < ${#asked[@]}; ++place)); do
    fields[2 * place + 1]=${UI_ANSWERS[place]}
    [[ -n $wrong ]] || "_menus_ask_form_take_${asked[place]}" "${UI_ANSWERS[place]}" || wrong=$REPLY
  done
  REPLY=$wrong
  [[ -z $wrong ]]
}

menus_ask_form_table() { # <title>
  MENUS_ASK_TABLE=()
  menus_ask_tables "$1" || return 1
  MENUS_ASK_ABOUT=${ACTIONS_TABLES[0]}
  ((${#ACTIONS_TABLES[@]} > 1)) || return 2
  MENUS_ASK_ABOUT='the table'
  actions_config_preference quality_table
  MENUS_ASK_FIELD=(Table "${REPLY:-*}")
  _menus_ask_form_names
  MENUS_ASK_FIELD+=("$REPLY; * means all of them.")
}

_menus_ask_form_names() { # -> REPLY: the names of the tables, or the first ones if there are many
  local names
  printf -v names '%s, ' "${ACTIONS_TABLES[@]:0:8}"
  REPLY=${names%, }
  ((${#ACTIONS_TABLES[@]} <= 8)) || REPLY+=" and $((${#ACTIONS_TABLES[@]} - 8)) more"
}

_menus_ask_form_take_table() { # <text>
  local table name
  for name in "${ACTIONS_TABLES[@]}"; do
    [[ ${name,,} != "${1,,}" ]] || table=$name
  done
  if [[ $1 == '*' ]]; then
    MENUS_ASK_TABLE=() MENUS_ASK_ABOUT='all tables'
  elif [[ -n ${table:-} ]]; then
    MENUS_ASK_TABLE=(--table "$table") MENUS_ASK_ABOUT=$table
  else
    core_meant "${1^^}" "${ACTIONS_TABLES[@]}"
    name=$REPLY
    _menus_ask_form_names
    REPLY="The configuration has no table '$1'.$name It has: $REPLY."
    return 1
  fi
  # The answer counts even if it cannot be saved.
  actions_config_set_preference quality_table "${table:-*}" || :
}

menus_ask_form_days() {
  _menus_ask_form_span days
}

menus_ask_form_months() {
  _menus_ask_form_span months
}

_menus_ask_form_span() { # <days or months>
  local value current last
  month_current
  current=$REPLY
  month_previous "$current"
  last=$REPLY
  actions_config_preference quality_days
  value=$REPLY
  case $value in
    other)
      actions_config_preference "quality_other_$1"
      value=$REPLY
      ;;
    all) [[ $1 == days ]] || value='' ;;
  esac
  MENUS_ASK_FIELD=("${1^}" "${value:-last}" "last ($last), current ($current), a list 2024-01,2024-03, a range 2024-01..2024-06")
  [[ $1 == months ]] || MENUS_ASK_FIELD[2]+=', days 2024-01-03..2024-01-10, or all'
  MENUS_ASK_FIELD[2]+=.
}

_menus_ask_form_take_days() { # <text>
  _menus_ask_form_take_span days "${1//[[:blank:]]/}"
}

_menus_ask_form_take_months() { # <text>
  _menus_ask_form_take_span months "${1//[[:blank:]]/}"
}

_menus_ask_form_take_span() { # <days or months> <text without blanks>
  local chosen=other
  case ${2,,} in
    current) month_current && chosen=current MENUS_ASK_DAYS=(--month "$REPLY") ;;
    last) month_current && month_previous "$REPLY" && chosen=last MENUS_ASK_DAYS=(--month "$REPLY") ;;
    all)
      REPLY='All months at once are not possible here: give the months.'
      [[ $1 == days ]] || return 1
      chosen=all MENUS_ASK_DAYS=()
      ;;
    *) menus_ask_typed_span "$1" "$2" || return 1 ;;
  esac
  actions_config_set_preference quality_days "$chosen" || :
}

menus_ask_form_key() {
  actions_config_preference quality_key
  MENUS_ASK_FIELD=(Key "$REPLY" 'columns separated by commas; empty: as in the configuration.')
}

_menus_ask_form_take_key() { # <text>
  menus_ask_typed_key "$1"
}

menus_ask_form_format() {
  actions_config_preference quality_format
  MENUS_ASK_FIELD=(Format "${REPLY:-text}")
  _menus_ask_form_formats
  MENUS_ASK_FIELD+=("$REPLY.")
}

_menus_ask_form_formats() { # -> REPLY: the words of the formats
  local -i place
  REPLY=${MENUS_ASK_FORMATS[0]}
  for ((place = 2; place < ${#MENUS_ASK_FORMATS[@]}; place += 2)); do
    REPLY+=", ${MENUS_ASK_FORMATS[place]}"
  done
}

_menus_ask_form_take_format() { # <text>
  local -i place
  for ((place = 0; place < ${#MENUS_ASK_FORMATS[@]}; place += 2)); do
    [[ ${1,,} != "${MENUS_ASK_FORMATS[place]}" ]] || {
      menus_ask_typed_format "${1,,}"
      return 0
    }
  done
  _menus_ask_form_formats
  REPLY="Format: one of $REPLY, not '$1'."
  return 1
}

menus_ask_form_output() {
  actions_config_preference quality_output
  MENUS_ASK_FIELD=('To file' "${REPLY:-$PWD/table-report.html}" 'where html, xlsx and csv are written; its ending is the format.')
}

_menus_ask_form_take_output() { # <text>
  [[ -n $MENUS_ASK_WRITTEN ]] || return 0
  menus_ask_output_ending "$1"
  menus_ask_typed_output "$REPLY"
}

menus_ask_form_file() {
  actions_config_preference quality_file
  MENUS_ASK_FIELD=(File "$REPLY" 'its path.')
}

_menus_ask_form_take_file() { # <text>
  menus_ask_typed_path "$1" quality_file || return 1
  MENUS_ASK_FILE=(--file "$REPLY") MENUS_ASK_ABOUT=${REPLY##*/}
}

menus_ask_form_with() {
  actions_config_preference compare_with
  MENUS_ASK_FIELD=('With file' "$REPLY" 'the one that it is compared with.')
}

_menus_ask_form_take_with() { # <text>
  menus_ask_typed_path "$1" compare_with || return 1
  MENUS_ASK_WITH=(--with "$REPLY")
}

menus_ask_form_new_table() {
  MENUS_ASK_FIELD=('For table' "${MENUS_ASK_NEW_TABLE:-}" "its name, or empty for one made from the file's, asking no warehouse.")
}

_menus_ask_form_take_new_table() { # <text>
  MENUS_ASK_NEW_TABLE=$1
}

menus_ask_form_into() {
  actions_config_current
  MENUS_ASK_FIELD=('Merge into' "${MENUS_ASK_INTO:-$REPLY}" 'a configuration; a new name makes a new file.')
}

_menus_ask_form_take_into() { # <text>
  menus_ask_typed_into "$1"
}
