# shellcheck shell=bash
# Quick Load (layer 4): one month or one file, from the question to the running job.
# Offers menus_quick_load.

MENUS_QUICK_LOAD_QC=( # the loader's word, and what it means
  file "file        check the file: days, rows, layout"
  snowflake "snowflake   count in the warehouse before publishing"
  both "both        the file and the warehouse"
  skip "skip        no checks"
)

menus_quick_load() {
  local current last
  month_current
  current=$REPLY
  month_previous "$current"
  last=$REPLY
  menus_screen_run "Quick Load" "What is to be loaded?" menus_quick_load \
    current "This month" "$current" \
    last "Last month" "$last" \
    other "Other month" "" \
    file "One file" "" \
    resume "Resume" "interrupted loads"
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
  local typed='' text='Which month? Write 2024-01 or 012024.'
  while ui_input "Other month" "$text" "$typed"; do
    typed=$REPLY
    if month_parse "$typed"; then
      _menus_quick_load_ask "$REPLY" --month "$REPLY"
      return
    fi
    text=$REPLY
  done
}

menus_quick_load_file() {
  local typed='' text='Which file? Its name has to fit a pattern of the configuration.'
  while ui_input "One file" "$text" "$typed"; do
    typed=$REPLY
    if menus_screen_path "$typed"; then
      _menus_quick_load_ask "${REPLY##*/}" --file "$REPLY"
      return
    fi
    text="There is no readable file $REPLY. Which file?"
  done
}

menus_quick_load_resume() {
  actions_config_current
  _menus_quick_load_plan "Interrupted loads" --config "$REPLY" --resume
}

_menus_quick_load_ask() { # <what> <load arguments...>: configuration, checks, plan, start; Back is one of these back
  local what=$1 config asked status=1
  shift
  while ((status == 1)) && _menus_quick_load_config "$what"; do
    config=$REPLY
    asked=$MENUS_QUICK_LOAD_ASKED
    while ((status == 1)) && _menus_quick_load_qc "$what"; do
      _menus_quick_load_plan "$what" --config "$config" "$@" --qc "$REPLY"
      status=$?
    done
    [[ -n $asked ]] || return 0
  done
}

_menus_quick_load_config() { # <what> -> REPLY: the configuration; asks only when there are several
  local path current
  local -a items=()
  MENUS_QUICK_LOAD_ASKED=''
  actions_config_list
  actions_config_current
  current=$REPLY
  ((${#ACTIONS_CONFIGS[@]} > 1)) || return 0
  MENUS_QUICK_LOAD_ASKED=1
  for path in "${ACTIONS_CONFIGS[@]}"; do
    actions_config_short "$path"
    [[ $path != "$current" ]] || REPLY+='  (in use)'
    items+=("$path" "$REPLY")
  done
  UI_DEFAULT=$current ui_menu "Load $1" "With which configuration?" "${items[@]}"
}

_menus_quick_load_qc() { # <what> -> REPLY: how it is checked; the last answer is the default
  local last
  actions_config_preference qc
  last=$REPLY
  UI_DEFAULT=${last:-file} ui_menu "Load $1" "How is it to be checked?" "${MENUS_QUICK_LOAD_QC[@]}" || return
  last=$REPLY
  actions_config_set_preference qc "$last"
  REPLY=$last
}

_menus_quick_load_plan() { # <what> <load arguments...>: 1 to ask again, 0 when started or not to be loaded
  local what=$1 plan command
  local -i status
  shift
  ui_busy "Load $what" "Looking at files and table ... (Ctrl-C stops)"
  actions_load_plan "$@"
  status=$?
  plan=$REPLY
  if ((status != ETL_EXIT_OK)); then
    _menus_quick_load_refused "$what" "$status" "$plan"
    return 0
  fi
  actions_words load "$@"
  command=$REPLY
  UI_OK=Start UI_BACK=Back ui_yesno "Load $what" "As a command:"$'\n'"  $command"$'\n\n'"$plan" || return 1
  _menus_quick_load_start "$what" "$@"
  return 0
}

_menus_quick_load_refused() { # <what> <exit code> <text>
  local title="$1: cannot be loaded"
  case $2 in
    "$ETL_EXIT_REFUSED") title="$1: not loaded, on purpose" ;;
    "$ETL_EXIT_PROBLEMS") title="$1: the file has problems" ;;
    "$ETL_EXIT_INTERRUPTED" | "$ETL_EXIT_TERMINATED") title="$1: stopped" ;;
  esac
  ui_message "$title" "${3:-The loader ended with exit code $2 and said nothing.}"
}

_menus_quick_load_start() { # <what> <load arguments...>: starts the job and offers its log
  local what=$1 id text
  shift
  if ! actions_load_start "$@"; then
    ui_message "Load $what" "The job could not be started. ${REPLY:-See the message above.}"
    return
  fi
  id=$REPLY
  text="$what is being loaded. The job goes on when you leave."$'\n\n'"Job  $id"
  jobs_logout_warning
  ui_menu "Started" "$text${REPLY:+$'\n\n'$REPLY}" follow "Follow the log" back "Back to the menu" || return 0
  [[ $REPLY == follow ]] || return 0
  menus_jobs_follow "$id"
}
