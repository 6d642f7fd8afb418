# shellcheck shell=bash disable=SC2034 # UI_LIVE_ and so on are read by the widgets
# Jobs & Logs (layer 4): the list, which refreshes itself, a single job, cleaning up.  Offers menus_jobs menus_jobs_follow
# menus_jobs_news.  Every refresh reads the job folders again, except for what is known of jobs that have ended.

menus_screen_define jobs "Jobs & Logs" "" 60 "progress, logs, cancel, run again" <<'HELP'
Running jobs come first, then those that wait for their turn, in
order, then those that ended, the newest first. The newest one
that went wrong is selected already: Enter says why it did.

  queued            waits for its turn
  done              all went well
  problems          completed, and found something
  refused           nothing was done, on purpose
  failed, stopped   ended by an error, or cancelled
  lost              the host went down meanwhile
  unknown           of another host, or its folder is not whole

The list updates itself. / shows only lines with some text.
l opens a log: if the job went wrong at its end, and ' e goes to
the first error. f follows a log; q leaves it, the job runs on.
HELP

declare -gA MENUS_JOBS_KNOWN=()  # by id: start time, state and title of a job that has ended
declare -gA MENUS_JOBS_OPENED=() # by id: 1 when somebody has looked at it
declare -gA MENUS_JOBS_ERRORS=() # by id: position and text of the first error in its log, or a blank

menus_jobs() {
  local chosen='' UI_TRAIL=${MENUS_TITLES[jobs]} UI_HELP=${MENUS_HELPS[jobs]}
  local -a UI_LIVE_KEYS=(l log f follow) UI_LIVE_ACTIONS=(s states "State" x clean "Clean up" r refresh "Refresh")
  MENUS_JOBS_STATES=''
  while true; do
    _menus_jobs_first
    UI_DEFAULT=${chosen:-$REPLY} ui_live "Jobs & Logs" _menus_jobs_list || return 0
    chosen=$REPLY
    case $UI_KEY:$chosen in
      :refresh) chosen='' ;;
      :states | :clean) "_menus_jobs_$chosen" ;;
      :*) _menus_jobs_one "$chosen" ;;
      l:*) _menus_jobs_log "$chosen" ;;
      f:*) menus_jobs_follow "$chosen" ;;
    esac
  done
}

menus_jobs_follow() { # <id>: follows its log, then returns to the screen
  ui_leave
  log_viewer_follow "$1"
}

menus_jobs_news() { # -> REPLY: what has ended since the last screen, followed by an empty line, or nothing
  jobs_news
  REPLY=${REPLY:+"Ended: ${REPLY//$'\n'/$'\n       '}"$'\n\n'}
}

_menus_jobs_first() { # -> REPLY: the newest job of the last day that failed and was neither opened nor run again; or nothing
  local id
  local -A done_again=()
  local -i now
  core_now
  now=$REPLY
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    jobs_read_brief "$id" || continue
    ((JOB_STARTED_AT > now - 86400)) || break
    case $JOB_STATE in
      failed | problems | lost)
        [[ -n ${MENUS_JOBS_OPENED[$id]:-}${done_again[$JOB_TITLE]:-} ]] || { REPLY=$id && return 0; }
        ;;
      *) done_again[${JOB_TITLE:--}]=1 ;;
    esac
  done
  REPLY=''
}

_menus_jobs_list() { # for ui_live: jobs that run, jobs that wait (in order), jobs that ended (newest first)
  local id
  local -a running=() ended=()
  local -A waiting=()
  local -i now
  core_now
  now=$REPLY
  jobs_ids
  jobs_queue_ids
  for id in "${JOBS_IDS[@]}"; do
    [[ -z ${MENUS_JOBS_KNOWN[$id]:-} ]] || { ended+=("$id") && continue; }
    jobs_read_brief "$id" || continue
    case $JOB_STATE in
      running) running+=("$id") ;;
      queued) waiting[$id]=1 ;;
      *) ended+=("$id") && MENUS_JOBS_KNOWN[$id]="$JOB_STARTED_AT $JOB_STATE ${JOB_TITLE:-$id}" ;;
    esac
  done
  UI_LIVE_FAST=''
  ((${#running[@]} + ${#waiting[@]} == 0)) || UI_LIVE_FAST=1
  settings_get jobs_limit
  printf -v UI_LIVE_TEXT 'Running: %d (at most %d at a time)   waiting: %d   ended: %d' \
    "${#running[@]}" "$REPLY" "${#waiting[@]}" "${#ended[@]}"
  [[ -z $MENUS_JOBS_STATES ]] || UI_LIVE_TEXT+=$'\n'"Only in these states: ${MENUS_JOBS_STATES//,/, }"
  _menus_jobs_pairs
  ((${#JOBS_IDS[@]} > 0)) || UI_LIVE_TEXT="No jobs yet. Quick Load starts one." UI_LIVE_HEADING=''
}

_menus_jobs_pairs() { # sets UI_LIVE_HEADING and UI_LIVE_PAIRS from what _menus_jobs_list has found
  local id pad=''
  local -i place=0
  printf -v UI_LIVE_HEADING '%-8s %-7s %s' STATE AGE TITLE
  if [[ -n $UI_LIVE_FAST ]]; then
    # Progress has columns only if something runs or waits.
    printf -v UI_LIVE_HEADING '%-8s %-7s %-9s %4s %-12s %-7s %s' STATE AGE PHASE DONE RATE LEFT TITLE
    printf -v pad '%36s' ''
  fi
  UI_LIVE_PAIRS=()
  for id in "${running[@]}"; do
    _menus_jobs_at_work "$id" starts
  done
  for id in "${JOBS_QUEUED[@]}"; do
    # An entry may belong to a job that died waiting.
    [[ -n ${waiting[$id]:-} && -e $ETL_STATE_DIR/jobs/$id/wake ]] || continue
    _menus_jobs_at_work "$id" "place $((++place))"
    unset "waiting[$id]"
  done
  # Jobs that have left the queue but not yet started their command.
  for id in "${!waiting[@]}"; do
    _menus_jobs_at_work "$id" starts
  done
  for id in "${ended[@]}"; do
    _menus_jobs_ended "$id" "$pad"
  done
}

_menus_jobs_wanted() { # <state>: whether jobs in this state are shown
  [[ -z $MENUS_JOBS_STATES || ,$MENUS_JOBS_STATES, == *",$1,"* ]]
}

_menus_jobs_at_work() { # <id> <text to show while it has no phase>: adds its line
  jobs_read "$1" 2>/dev/null && _menus_jobs_wanted "$JOB_STATE" || return 0
  printf -v REPLY '%-8s %-7s %-9s %4s %-12s %-7s %s' "$JOB_STATE" "$JOB_AGE" "${JOB_PHASE:-$2}" "${JOB_PERCENT:+$JOB_PERCENT%}" \
    "$JOB_RATE" "$JOB_ETA" "${JOB_TITLE:-$1}"
  UI_LIVE_PAIRS+=("$1" "$REPLY")
}

_menus_jobs_ended() { # <id> <blanks for the columns of progress>: adds its line
  local began=${MENUS_JOBS_KNOWN[$1]%% *} state=${MENUS_JOBS_KNOWN[$1]#* }
  local title=${state#* }
  state=${state%% *}
  # "Lost" may come from reading between two writes.
  [[ $state != lost && $state != unknown ]] || unset "MENUS_JOBS_KNOWN[$1]"
  _menus_jobs_wanted "$state" || return 0
  core_duration $((now - began))
  # For an ended job minutes are enough, and the line then stays unchanged for a while.
  REPLY=${REPLY% *s}
  ((began > 0)) || REPLY='?'
  printf -v REPLY '%-8s %-7s %s%s' "$state" "$REPLY" "$2" "$title"
  UI_LIVE_PAIRS+=("$1" "$REPLY")
}

_menus_jobs_states() { # which states the list shows
  UI_DEFAULT=$MENUS_JOBS_STATES ui_menu "State" "Which jobs do you want to see?" \
    '' "All" \
    failed,problems,lost,stopped,refused "Not well        failed, problems, lost, stopped, refused" \
    running,queued "At work         running or waiting" \
    'done' "Done" || return 0
  MENUS_JOBS_STATES=$REPLY
}

_menus_jobs_one() { # <id>: shows what is known of it and what can be done, until Back or until the job is gone
  local last='' MENUS_JOBS_ID=$1
  local -i status
  local -a UI_LIVE_KEYS=() UI_LIVE_ACTIONS=()
  MENUS_JOBS_OPENED[$1]=1
  while jobs_read "$1" 2>/dev/null; do
    UI_LIVE_ACTIONS=()
    [[ $JOB_STATE != running && $JOB_STATE != queued ]] || UI_LIVE_ACTIONS=(r refresh "Refresh")
    UI_DEFAULT=$last ui_live "Job: ${JOB_TITLE:-$1}" _menus_jobs_look
    status=$?
    ((status != 1)) || return 0
    ((status != 2)) || break
    last=$REPLY
    if [[ $last == refresh ]]; then
      last=''
    else
      # Read it again: the head line has read other jobs meanwhile, and this one may have ended or be gone.
      jobs_read "$1" 2>/dev/null || break
      "_menus_jobs_${last%-*}" "$1" "${last#*-}"
    fi
  done
  ui_message "Jobs & Logs" "The job $1 does not exist any more."
}

_menus_jobs_look() { # for ui_live: the job MENUS_JOBS_ID; 1 when it is gone
  local began error='' label='Started '
  jobs_read "$MENUS_JOBS_ID" 2>/dev/null || return 1
  UI_LIVE_FAST='' UI_LIVE_HEADING=''
  printf -v began '%(%Y-%m-%d %H:%M:%S)T, %s ago' "$JOB_BEGAN_AT" "$JOB_AGE"
  ((JOB_BEGAN_AT > 0)) || began='at an unknown time'
  UI_LIVE_TEXT="State    $JOB_STATE${JOB_EXIT_CODE:+ (exit code $JOB_EXIT_CODE)}"
  case $JOB_STATE in
    running) UI_LIVE_FAST=1 ;;
    queued) UI_LIVE_FAST=1 label='Queued  ' && jobs_queue_words "$MENUS_JOBS_ID" && UI_LIVE_TEXT+=". $REPLY" ;;
    *) actions_jobs_seen "$MENUS_JOBS_ID" ;;
  esac
  UI_LIVE_TEXT+=$'\n'"$label $began"
  if ((JOB_FINISHED_AT > 0)); then
    core_duration $((JOB_FINISHED_AT - JOB_BEGAN_AT))
    UI_LIVE_TEXT+=", took $REPLY"
  elif [[ -n $JOB_PHASE ]]; then
    UI_LIVE_TEXT+=$'\n'"Phase    $JOB_PHASE${JOB_PERCENT:+ $JOB_PERCENT%}${JOB_RATE:+, $JOB_RATE}${JOB_ETA:+, $JOB_ETA left}"
  fi
  UI_LIVE_TEXT+=$'\n'"Job      $MENUS_JOBS_ID"
  [[ -z $JOB_MESSAGE ]] || UI_LIVE_TEXT+=$'\n\n'"$JOB_MESSAGE"
  case $JOB_STATE in
    failed | problems | lost | stopped | refused)
      _menus_jobs_error "$MENUS_JOBS_ID" && error=${REPLY#* }
      # Usually the log's first error is the result's message.
      [[ -z $error || (-n $JOB_MESSAGE && $error == *"${JOB_MESSAGE:0:60}"*) ]] || UI_LIVE_TEXT+=$'\n\n'"First error in the log: ${error:0:400}"
      ;;
  esac
  _menus_jobs_choices
}

_menus_jobs_choices() { # sets UI_LIVE_PAIRS: what can be done with the job just read
  case $JOB_STATE in
    running | queued)
      UI_LIVE_PAIRS=(follow "Follow the log" log "Show the log" show "Show the result and all details" cancel "Cancel the job")
      ;;
    *)
      UI_LIVE_PAIRS=(log "Show the log" show "Show the result and all details")
      case $JOB_STATE in
        'done') ;;
        # First of all people want to know what went wrong.
        failed | problems | lost) UI_LIVE_PAIRS=(diagnose "Diagnose          why, and what to run next" "${UI_LIVE_PAIRS[@]}") ;;
        *) UI_LIVE_PAIRS+=(diagnose "Diagnose          why, and what to run next") ;;
      esac
      ! jobs_report "$JOB_ID" || UI_LIVE_PAIRS+=(report "Open the report    ${REPLY##*/}")
      UI_LIVE_PAIRS+=(rerun "Run it again" compare "Compare with the run before")
      ;;
  esac
  [[ $JOB_STATE != queued ]] || UI_LIVE_PAIRS=("${UI_LIVE_PAIRS[@]:0:6}" cancel "Take it out of the queue"
    move-first "Move to the front" move-up "Move one up" move-down "Move one down" move-last "Move to the end")
}

_menus_jobs_error() { # <id> -> REPLY: position in the log, a blank, and the first error; 1 when there is none
  if [[ -z ${MENUS_JOBS_ERRORS[$1]:-} ]]; then
    MENUS_JOBS_ERRORS[$1]=' '
    ! jobs_first_error "$1" || MENUS_JOBS_ERRORS[$1]="$JOBS_ERROR_OFFSET $REPLY"
  fi
  REPLY=${MENUS_JOBS_ERRORS[$1]}
  [[ $REPLY != ' ' ]]
}

_menus_jobs_log() { # <id>: opens at the end if something went wrong, with the first error marked
  local -a options=()
  jobs_read_brief "$1" || return 0
  case $JOB_STATE in
    failed | problems | lost | stopped | refused)
      options=(--end)
      ! _menus_jobs_error "$1" || options+=(--mark "${REPLY%% *}")
      ;;
  esac
  jobs_log_path "$1"
  menus_screen_log "$REPLY" "${options[@]}"
}

_menus_jobs_show() { # <id>: the summary, then the log
  local text title=$JOB_TITLE
  actions_words jobs show "$1"
  text="\$ $REPLY"$'\n\n'$(jobs_command show "$1" 2>&1)
  UI_OK=Log UI_BACK=Back ui_yesno "Job: $title" "$text" || return 0
  _menus_jobs_log "$1"
}

_menus_jobs_follow() { # <id>
  menus_jobs_follow "$1"
}

_menus_jobs_diagnose() { # <id>
  menus_recovery_diagnose "$1"
}

_menus_jobs_compare() { # <id>
  local title=$JOB_TITLE
  local said
  jobs_compare "$1" || :
  said=$REPLY
  actions_words jobs compare "$1"
  ui_message "Compare: $title" "\$ $REPLY"$'\n\n'"$said"
}

_menus_jobs_report() { # <id>: shows text in the pager; for a report that needs another program, says where it is
  jobs_report "$1" || return 0
  case $REPLY in
    *.html | *.xlsx | *.parquet | *.gz | *.zst | *.bz2)
      ui_message "Report" "The report is the file"$'\n\n'"  $REPLY"$'\n\n'"Copy it to a machine that can open it, for example:"$'\n\n'"  scp $HOSTNAME:$(printf '%q' "$REPLY") ."
      ;;
    *) menus_screen_log "$REPLY" ;;
  esac
}

_menus_jobs_move() { # <id> <first|up|down|last>
  actions_jobs_move "$1" "$2" || ui_message "Queue" "$REPLY"
}

_menus_jobs_cancel() { # <id>
  local title=$JOB_TITLE text
  text="The job $1 is asked to stop, and to cancel its query in the warehouse. Whatever it has not published is not loaded."
  [[ $JOB_STATE != queued ]] || text="The job $1 has not started: it is removed from the queue and does not run."
  menus_screen_command jobs cancel "$1" "$text"
  UI_DEFAULT=no UI_OK=Cancel-it UI_BACK=Back ui_yesno "Cancel $title?" "$REPLY" || return 0
  ui_busy "Cancel" "Asking the job to stop, and waiting until it has ended: it may have to cancel a query first. Ctrl-C stops waiting, not the job."
  actions_jobs_cancel "$1"
  ui_message "Cancel" "$REPLY"
}

_menus_jobs_rerun() { # <id>
  local title=$JOB_TITLE id
  menus_screen_command jobs rerun "$1" "The same command is started again as a new job."
  UI_OK=Start UI_BACK=Back ui_yesno "Run again: $title" "$REPLY" || return 0
  if ! actions_jobs_rerun "$1" 2>/dev/null; then
    ui_message "Run again" "$REPLY"
    return 0
  fi
  id=$REPLY
  jobs_queue_words "$id"
  ui_message "Started" "Job $id runs the same command. ${REPLY:-It is first in the list.}"
}

_menus_jobs_clean() { # asks which jobs to remove: first the state, then the age, with their numbers
  local -a items=(all "All that have ended")
  local state text
  local -i index
  _menus_jobs_count
  for state in 'done' problems refused failed stopped lost; do
    ((${MENUS_JOBS_COUNTS[$state - 0]:-0} == 0)) || items+=("$state" "$state")
  done
  for ((index = 0; index < ${#items[@]}; index += 2)); do
    printf -v text '%-22s %6d' "${items[index + 1]}" "${MENUS_JOBS_COUNTS[${items[index]} - 0]:-0}"
    items[index + 1]=$text
  done
  ui_menu "Clean up" "Which jobs do you want to remove, with their logs? Jobs that run or wait stay; lost ones go only if you choose 'lost'." \
    "${items[@]}" || return 0
  _menus_jobs_clean_age "$REPLY"
}

_menus_jobs_clean_age() { # <state or all>
  local state=$1 days text
  local -a items=()
  for days in 30 7 1 0; do
    case $days in
      0) text='Whatever their age' ;;
      1) text='Older than a day' ;;
      *) text="Older than $days days" ;;
    esac
    printf -v text '%-22s %6d' "$text" "${MENUS_JOBS_COUNTS[$state - $days]:-0}"
    items+=("$days" "$text")
  done
  ui_menu "Clean up: $state" "How old?" "${items[@]}" || return 0
  days=$REPLY
  if ((${MENUS_JOBS_COUNTS[$state - $days]:-0} == 0)); then
    ui_message "Clean up" "There are none."
    return 0
  fi
  text="Remove finished jobs and their logs: ${MENUS_JOBS_COUNTS[$state - $days]}? Jobs that run or wait stay."
  [[ $state != all ]] || state=''
  menus_screen_command jobs prune --older-than "$days" ${state:+--state "$state"} "$text"
  UI_DEFAULT=no UI_OK=Remove UI_BACK=Back ui_yesno "Clean up" "$REPLY" || return 0
  ui_busy "Clean up" "Removing ..."
  # Jobs that have ended since the count were not part of the question.
  actions_jobs_clean "$days" "$state" "$MENUS_JOBS_COUNTED"
  MENUS_JOBS_KNOWN=()
  ui_message "Clean up" "$REPLY"
}

_menus_jobs_count() { # sets MENUS_JOBS_COUNTED, when, and MENUS_JOBS_COUNTS: <state>-<days> of jobs that ended so long ago, "all" without the lost ones
  local id
  local -i now ended days
  declare -gA MENUS_JOBS_COUNTS=()
  core_now
  now=REPLY
  MENUS_JOBS_COUNTED=$now
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    jobs_read_brief "$id" || continue
    case $JOB_STATE in
      done | problems | refused | failed | stopped | lost) ;;
      *) continue ;;
    esac
    jobs_read_finished_at
    ended=$((JOB_FINISHED_AT > 0 ? JOB_FINISHED_AT : JOB_STARTED_AT))
    for days in 30 7 1 0; do
      ((ended <= now - days * 86400)) || continue
      MENUS_JOBS_COUNTS[$JOB_STATE - $days]=$((${MENUS_JOBS_COUNTS[$JOB_STATE - $days]:-0} + 1))
      [[ $JOB_STATE == lost ]] || MENUS_JOBS_COUNTS[all - $days]=$((${MENUS_JOBS_COUNTS[all - $days]:-0} + 1))
    done
  done
}
