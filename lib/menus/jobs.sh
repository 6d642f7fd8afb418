# shellcheck shell=bash
# Jobs & Logs (layer 4): the list, one job, cleaning up.  Every entry reads the job folders anew.
# Offers menus_jobs menus_jobs_follow.

menus_screen_define jobs "Jobs & Logs" "" 60 "progress, logs, cancel, run again" <<'HELP'
Jobs that run stand first, then those that ended, the newest first.
Choose a job for its result, its log and what can be done with it.

  done              all well
  problems          ran to its end and found something
  refused           nothing was done, on purpose
  failed, stopped   ended by an error, or cancelled
  lost              the host went down meanwhile
HELP

MENUS_JOBS_LIMIT=200 # finished jobs in the list; all that run are in it

menus_jobs() {
  # shellcheck disable=SC2034 # read by the widgets
  local last='' text UI_TRAIL=${MENUS_TITLES[jobs]} UI_HELP=${MENUS_HELPS[jobs]}
  while _menus_jobs_list; do
    text=$REPLY
    UI_DEFAULT=$last UI_HEADING=$MENUS_JOBS_HEADING ui_menu "Jobs & Logs" "$text" "${MENUS_JOBS_ITEMS[@]}" || return 0
    last=$REPLY
    case $last in
      refresh) ;;
      clean) _menus_jobs_clean ;;
      *) _menus_jobs_one "$last" ;;
    esac
  done
}

menus_jobs_follow() { # <id>: its log as it grows, and back to the screen
  ui_leave
  log_viewer_follow "$1"
}

_menus_jobs_list() { # sets MENUS_JOBS_ITEMS and MENUS_JOBS_HEADING; REPLY: how many there are
  local id
  local -i finished=0 hidden=0
  local -a running=() ended=()
  jobs_ids
  _menus_jobs_columns
  for id in "${JOBS_IDS[@]}"; do
    if ((finished >= MENUS_JOBS_LIMIT)) && [[ -e $ETL_STATE_DIR/jobs/$id/exit_code ]]; then
      ((++hidden))
      continue
    fi
    jobs_read "$id" 2>/dev/null || continue
    _menus_jobs_row
    case $JOB_STATE in
      running | queued) running+=("$id" "$REPLY") ;;
      *) ended+=("$id" "$REPLY") && ((++finished)) ;;
    esac
  done
  MENUS_JOBS_ITEMS=("${running[@]}" "${ended[@]}" refresh "Refresh")
  ((finished == 0)) || MENUS_JOBS_ITEMS+=(clean "Clean up finished jobs")
  REPLY="Running: $((${#running[@]} / 2))   ended: $((finished + hidden))"
  ((hidden == 0)) || REPLY+="   (the newest $finished are shown; all: ./snowflake_etl.sh jobs list --all)"
  ((${#running[@]} + ${#ended[@]} > 0)) || MENUS_JOBS_HEADING='' REPLY="No jobs yet. Quick Load starts one."
}

_menus_jobs_columns() { # sets MENUS_JOBS_WIDE and MENUS_JOBS_HEADING: progress has columns only where something runs
  local id
  MENUS_JOBS_WIDE=''
  printf -v MENUS_JOBS_HEADING '%-8s %-8s %s' STATE AGE TITLE
  for id in "${JOBS_IDS[@]}"; do
    [[ ! -e $ETL_STATE_DIR/jobs/$id/exit_code ]] || continue
    MENUS_JOBS_WIDE=1
    printf -v MENUS_JOBS_HEADING '%-8s %-8s %5s %-13s %-7s %s' STATE AGE DONE RATE LEFT TITLE
    return
  done
}

_menus_jobs_row() { # -> REPLY: the job just read as one line
  local percent=${JOB_PERCENT:+$JOB_PERCENT%}
  # The percentage is its last phase's, which says nothing about a job that has ended.
  [[ $JOB_STATE == running ]] || percent=''
  if [[ -n $MENUS_JOBS_WIDE ]]; then
    printf -v REPLY '%-8s %-8s %5s %-13s %-7s %s' "$JOB_STATE" "$JOB_AGE" "$percent" "$JOB_RATE" "$JOB_ETA" "$JOB_TITLE"
  else
    printf -v REPLY '%-8s %-8s %s' "$JOB_STATE" "$JOB_AGE" "$JOB_TITLE"
  fi
}

_menus_jobs_one() { # <id>: what is known of it and what can be done, until Back or the job is gone
  local last='' text
  local -a items
  while _menus_jobs_read "$1"; do
    text=$REPLY
    items=(log "Show the log" show "Show the result and all details")
    case $JOB_STATE in
      running | queued) items=(follow "Follow the log" "${items[@]}" cancel "Cancel the job" refresh "Refresh") ;;
      *) items+=(rerun "Run it again") ;;
    esac
    UI_DEFAULT=$last ui_menu "Job: $JOB_TITLE" "$text" "${items[@]}" || return 0
    last=$REPLY
    [[ $last == refresh ]] || "_menus_jobs_$last" "$1"
  done
}

_menus_jobs_read() { # <id> -> REPLY: its state in a few lines; 1 with a message when it is gone
  local text began
  if ! jobs_read "$1" 2>/dev/null; then
    ui_message "Jobs & Logs" "The job $1 is not there any more."
    return 1
  fi
  printf -v began '%(%Y-%m-%d %H:%M:%S)T' "$JOB_STARTED_AT"
  text="State    $JOB_STATE${JOB_EXIT_CODE:+ (exit code $JOB_EXIT_CODE)}"$'\n'"Started  $began, $JOB_AGE ago"
  if ((JOB_FINISHED_AT > 0)); then
    core_duration $((JOB_FINISHED_AT - JOB_STARTED_AT))
    text+=$'\n'"Took     $REPLY"
  elif [[ -n $JOB_PHASE ]]; then
    text+=$'\n'"Phase    $JOB_PHASE${JOB_PERCENT:+ $JOB_PERCENT%}${JOB_RATE:+, $JOB_RATE}${JOB_ETA:+, $JOB_ETA left}"
  fi
  text+=$'\n'"Job      $1"
  REPLY="$text${JOB_MESSAGE:+$'\n\n'$JOB_MESSAGE}"
}

_menus_jobs_log() { # <id>: from the end where something went wrong
  local -a options=()
  case $JOB_STATE in
    failed | problems | lost | stopped) options=(--end) ;;
  esac
  jobs_log_path "$1"
  menus_screen_log "$REPLY" "${options[@]}"
}

_menus_jobs_show() { # <id>
  local text
  text=$(jobs_command show "$1" 2>&1)
  ui_message "Job: $JOB_TITLE" "$text"
}

_menus_jobs_follow() { # <id>
  menus_jobs_follow "$1"
}

_menus_jobs_cancel() { # <id>
  local title=$JOB_TITLE
  UI_DEFAULT=no UI_OK=Cancel-it UI_BACK=Back ui_yesno "Cancel $title?" \
    "The job $1 is asked to stop, and to stop its query in the warehouse. What it has not published is not loaded." \
    || return 0
  ui_busy "Cancel" "Asking the job to stop; this can take half a minute ..."
  actions_jobs_cancel "$1"
  ui_message "Cancel" "$REPLY"
}

_menus_jobs_rerun() { # <id>
  local title=$JOB_TITLE
  UI_OK=Start UI_BACK=Back ui_yesno "Run again: $title" "The same command is started once more as a new job." || return 0
  if ! actions_jobs_rerun "$1"; then
    ui_message "Run again" "The job could not be started again: its command or its folder is gone."
    return 0
  fi
  ui_message "Started" "Job $REPLY runs the same command. It is first in the list."
}

_menus_jobs_clean() { # which finished jobs go, with their numbers
  local -a items
  local days state
  _menus_jobs_count
  items=(
    30 "$(printf 'Older than 30 days   %5d' "${MENUS_JOBS_COUNTS[30]}")"
    7 "$(printf 'Older than 7 days    %5d' "${MENUS_JOBS_COUNTS[7]}")"
    0 "$(printf 'All finished         %5d' "${MENUS_JOBS_COUNTS[0]}")"
    lost "$(printf 'Lost                 %5d' "${MENUS_JOBS_COUNTS[lost]}")"
  )
  ui_menu "Clean up" "Which finished jobs are to be removed, with their logs?" "${items[@]}" || return 0
  days=$REPLY state=''
  [[ $days != lost ]] || days=0 state=lost
  _menus_jobs_clean_confirmed "$days" "$state" "${MENUS_JOBS_COUNTS[$REPLY]}"
}

_menus_jobs_clean_confirmed() { # <days> <state or ''> <how many>
  if (($3 == 0)); then
    ui_message "Clean up" "There are none."
    return 0
  fi
  UI_DEFAULT=no UI_OK=Remove UI_BACK=Back ui_yesno "Clean up" "Remove $3 finished job(s) and their logs? Jobs that run stay." \
    || return 0
  actions_jobs_clean "$1" "$2"
  ui_message "Clean up" "Removed: $REPLY."
}

_menus_jobs_count() { # sets MENUS_JOBS_COUNTS: finished jobs by age in days, and lost ones
  local id
  local -i now ended days
  declare -gA MENUS_JOBS_COUNTS=([30]=0 [7]=0 [0]=0 [lost]=0)
  core_now
  now=REPLY
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    jobs_read_brief "$id" || continue
    ended=$((JOB_FINISHED_AT > 0 ? JOB_FINISHED_AT : JOB_STARTED_AT))
    case $JOB_STATE in
      lost) ((++MENUS_JOBS_COUNTS[lost])) ;;
      done | problems | refused | failed | stopped)
        for days in 30 7 0; do
          ((ended > now - days * 86400)) || MENUS_JOBS_COUNTS[$days]=$((MENUS_JOBS_COUNTS[$days] + 1))
        done
        ;;
    esac
  done
}
