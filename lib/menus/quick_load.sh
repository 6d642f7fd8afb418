# shellcheck shell=bash
# Quick Load (layer 4): one month or one file, from the question to the running job.
# Offers the screen quick_load.

menus_screen_define quick_load "Quick Load" "What do you want to load?" 10 "this month, last month, one file" <<'HELP'
Shows the plan first: files, rows, what is in the table already.
Nothing is written before you press Start. The load then runs as a
job, which keeps running when you leave or lose the connection.

Resume carries on with loads that were interrupted: what was sent
already is not sent again, and no row is loaded twice.
HELP

menus_screen_entries quick_load \
  current load "This month" "" \
  last load "Last month" "" \
  other load "Other month" "" \
  file load "One file" "by its path" \
  resume load "Resume" "interrupted loads"

menus_quick_load_look() {
  month_current
  menus_screen_say current "$REPLY"
  month_previous "$REPLY"
  menus_screen_say last "$REPLY"
}

menus_quick_load_current() {
  month_current
  _menus_quick_load_ask "$REPLY" --month "$REPLY"
}

menus_quick_load_last() {
  month_current
  month_previous "$REPLY"
  _menus_quick_load_ask "$REPLY" --month "$REPLY"
}

menus_quick_load_other() {
  local typed month text='Which month? Write 2024-01 or 012024.'
  actions_config_preference quick_month
  typed=$REPLY
  while ui_input "Other month" "$text" "$typed"; do
    typed=$REPLY
    if month_parse "$typed"; then
      month=$REPLY
      actions_config_set_preference quick_month "$month"
      _menus_quick_load_ask "$month" --month "$month"
      return
    fi
    text=$REPLY
  done
}

menus_quick_load_file() { # proposes the file that was sampled or checked last
  menus_ask_path "One file" "Which file? Its name has to match a pattern of the configuration." quality_file || return 0
  _menus_quick_load_ask "${REPLY##*/}" --file "$REPLY"
}

menus_quick_load_resume() {
  actions_flags load
  menus_screen_load "Resume interrupted loads" "${ACTIONS_FLAGS[@]}" --resume
  return 0
}

_menus_quick_load_ask() { # <what> <load arguments...>: configuration, checks, plan, start; Back goes one step back
  local what=$1 config asked kind='' status=1
  shift
  [[ $1 != --month ]] || kind=months
  actions_flags load "$kind"
  while ((status == 1)) && _menus_quick_load_config "$what"; do
    config=$REPLY
    asked=$MENUS_QUICK_LOAD_ASKED
    while ((status == 1)) && menus_ask_qc "Load $what"; do
      menus_screen_load "Load $what" --config "$config" "${ACTIONS_FLAGS[@]:2}" "$@" --qc "$REPLY"
      status=$?
    done
    [[ -n $asked ]] || return 0
  done
}

_menus_quick_load_config() { # <what> -> REPLY: the configuration; asks only when there are several
  MENUS_QUICK_LOAD_ASKED=''
  actions_config_list
  actions_config_current
  ((${#ACTIONS_CONFIGS[@]} > 1)) || return 0
  MENUS_QUICK_LOAD_ASKED=1
  menus_ask_config "Load $1" "With which configuration?"
}
