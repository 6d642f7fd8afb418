# shellcheck shell=bash
# Months out and back (layer 4): what was deleted, bringing a month back, and deleting one.  What deletes comes last, is
# never the default, shows its plan first and wants the words typed.
# Offers menus_months.

menus_months() {
  menus_screen_run "Drop and Restore" "What is to be done?" menus_months \
    list "What was deleted" "and until when it can be restored" \
    restore "Restore a month" "back what a drop or a replace took" \
    drop "DROP a month" "deletes rows; asks for the words"
}

menus_months_list() {
  actions_config_current
  menus_screen_show "What was deleted" restore-month --list --config "$REPLY"
}

menus_months_restore() {
  _menus_months_which "Restore a month" || return 0
  _menus_months_plan "Restore" restore-month || return 0
  UI_OK=Restore UI_BACK=Back UI_DEFAULT=no ui_yesno "Restore $MENUS_MONTHS_WHAT" "$MENUS_MONTHS_PLAN" || return 0
  menus_screen_start "Restore $MENUS_MONTHS_WHAT" restore-month "${MENUS_MONTHS_WORDS[@]}" --yes
}

menus_months_drop() {
  local phrase rows
  _menus_months_which "DROP a month" || return 0
  _menus_months_plan "Drop" drop-month --preview 3 || return 0
  if [[ ! $MENUS_MONTHS_PLAN =~ Delete\ ([0-9,]+)\ of\  ]]; then
    ui_message "Nothing to drop" "$MENUS_MONTHS_PLAN"
    return 0
  fi
  rows=${BASH_REMATCH[1]}
  phrase="DELETE ${MENUS_MONTHS_TABLE##*.} $MENUS_MONTHS_MONTH"
  UI_OK="Go on" UI_BACK=Back UI_DEFAULT=no ui_yesno "DROP $MENUS_MONTHS_WHAT" "$MENUS_MONTHS_PLAN" || return 0
  ui_input "DROP $MENUS_MONTHS_WHAT" "To delete $rows rows, type: $phrase" "" || return 0
  if [[ $REPLY != "$phrase" ]]; then
    ui_message "Nothing was deleted" "That was not: $phrase"
    return 0
  fi
  menus_screen_start "Drop $MENUS_MONTHS_WHAT" drop-month "${MENUS_MONTHS_WORDS[@]}" --yes --expect-rows "${rows//,/}"
}

_menus_months_which() { # <title>: sets MENUS_MONTHS_TABLE, _MONTH, _WHAT and _WORDS
  local table
  local -a items=()
  ui_busy "$1" "Reading the configuration ..."
  if ! actions_config_tables; then
    ui_message "$1" "The configuration cannot be used:"$'\n\n'"$REPLY"
    return 1
  fi
  MENUS_MONTHS_TABLE=${ACTIONS_TABLES[0]}
  if ((${#ACTIONS_TABLES[@]} > 1)); then
    for table in "${ACTIONS_TABLES[@]}"; do
      items+=("$table" "$table")
    done
    ui_menu "$1" "Which table?" "${items[@]}" || return 1
    MENUS_MONTHS_TABLE=$REPLY
  fi
  _menus_months_month "$1" || return 1
  MENUS_MONTHS_WHAT="$MENUS_MONTHS_TABLE $MENUS_MONTHS_MONTH"
  actions_config_current
  MENUS_MONTHS_WORDS=(--config "$REPLY" --table "$MENUS_MONTHS_TABLE" --month "$MENUS_MONTHS_MONTH")
}

_menus_months_month() { # <title>: sets MENUS_MONTHS_MONTH; nothing is proposed, so that nothing is deleted by Enter alone
  local text="Which month of $MENUS_MONTHS_TABLE? Write 2024-01 or 012024." typed=''
  while ui_input "$1" "$text" "$typed"; do
    typed=$REPLY
    if month_parse "$typed"; then
      MENUS_MONTHS_MONTH=$REPLY
      return 0
    fi
    text=$REPLY
  done
  return 1
}

_menus_months_plan() { # <title> <verb> [flags]: sets MENUS_MONTHS_PLAN; 1 after a message when it cannot be done
  local title="$1 $MENUS_MONTHS_WHAT" verb=$2 command
  local -i status
  shift 2
  ui_busy "$title" "Counting ... (Ctrl-C stops)"
  actions_plan "$verb" "${MENUS_MONTHS_WORDS[@]}" "$@"
  status=$?
  MENUS_MONTHS_PLAN=$REPLY
  actions_words "$verb" "${MENUS_MONTHS_WORDS[@]}"
  command=${REPLY% --background}
  if ((status != ETL_EXIT_OK)); then
    ui_message "$title: not possible" "${MENUS_MONTHS_PLAN:-It ended with exit code $status and said nothing.}"
    return 1
  fi
  MENUS_MONTHS_PLAN="As a command:"$'\n'"  $command"$'\n\n'"$MENUS_MONTHS_PLAN"
}
