# shellcheck shell=bash
# The verb "jobs" (part of jobs.sh, layer 2): list, show, log, follow, cancel, rerun, compare, report, move, wait, limit,
# prune.
# Offers jobs_command.  "jobs show" is in jobs_command_show.sh.  Answers go to standard output, sentences about errors to standard error.

jobs_command() { # [subcommand] [arguments...], with flags anywhere
  local subcommand=list
  local -i place
  # Flags may also stand before the subcommand.
  for ((place = 1; place <= $#; ++place)); do
    case ${!place} in
      --state | --older-than | --timeout | --with) ((++place)) ;;
      -*) ;;
      *) subcommand=${!place} && set -- "${@:1:place-1}" "${@:place+1}" && break ;;
    esac
  done
  case $subcommand in
    help) _jobs_command_help ;;
    list | prune | limit | move) "_jobs_command_$subcommand" "$@" ;;
    show | log | follow | cancel | rerun | compare | report | wait) _jobs_command_one "$subcommand" "$@" ;;
    *)
      core_meant "$subcommand" list show log follow cancel rerun compare report move limit wait prune
      _jobs_command_usage "There is no 'jobs $subcommand'.$REPLY"
      ;;
  esac
}

_jobs_command_help() {
  cat <<'HELP'
usage: snowflake_etl.sh jobs [SUBCOMMAND]      ID may be the start of an id, or "last"

  list [--all] [--state STATE,..] [--json]     newest 20 and all that run; --all: every job
  show ID [--json]                             all that is known of one job
  log ID                                       its log, in a pager on a terminal
  follow ID                                    its log as it grows; q or Ctrl-C leaves, the job keeps running
  cancel ID                                    TERM, and KILL after ETL_CANCEL_GRACE (120) seconds
  rerun ID                                     the same command again, as a new job
  compare ID [--with ID]                       compared with the run before it: time, rows, findings, exit code
  report ID                                    where its report is
  move ID first|last|up|down                   another place in the queue (cancel removes it)
  limit [N]                                    how many jobs run at a time; the others wait their turn
  wait ID [--timeout SECONDS]                  ends with the job's exit code; 124 when time is up
  prune [--older-than DAYS] [--state STATE,..] removes finished jobs older than DAYS (30)

STATE: running queued done problems refused failed stopped lost unknown
HELP
}

_jobs_command_usage() { # <sentence>: returns 2
  core_error "$* See: jobs --help"
  return "$ETL_EXIT_USAGE"
}

_jobs_command_unknown() { # <subcommand> <word> <flags...>: names the flag that was probably meant; returns 2
  local REPLY subcommand=$1 word=$2
  shift 2
  core_meant "$word" "$@"
  _jobs_command_usage "'jobs $subcommand' does not know '$word'.$REPLY"
}

_jobs_command_list() {
  local state='' json='' all=''
  while (($#)); do
    case $1 in
      --json) json=1 ;;
      --all) all=1 ;;
      --state)
        _jobs_command_is_state "${2:-}" || return
        state=$2
        shift
        ;;
      -h | --help) _jobs_command_help && return 0 ;;
      *) _jobs_command_unknown list "$1" --json --all --state || return ;;
    esac
    shift
  done
  if [[ -n $json ]]; then
    _jobs_command_list_json "$state" "${all:-$state}"
  else
    _jobs_command_list_text "$state" "${all:-$state}"
  fi
}

_jobs_command_is_state() { # <state, or several with commas between them>
  local state
  local -a states=()
  IFS=, read -ra states <<<"$1"
  ((${#states[@]} > 0)) || states=('')
  for state in "${states[@]}"; do
    case $state in
      running | queued | done | problems | refused | failed | stopped | lost | unknown) ;;
      *) _jobs_command_usage "--state needs one of running queued done problems refused failed stopped lost unknown, not '$state'." || return ;;
    esac
  done
}

_jobs_command_listed() { # <position> <wanted state or ''> <1 for all>: whether the job just read belongs in the list
  [[ -z $2 || ,$2, == *",$JOB_STATE,"* ]] || return 1
  [[ -n $3 ]] || (($1 <= 20)) || [[ $JOB_STATE == running || $JOB_STATE == queued ]]
}

_jobs_command_list_text() { # <wanted state or ''> <1 for all>
  local LC_ALL=C id color text
  local -i position=0 shown=0 now
  jobs_queue_ids
  local -A colors=([running]=$COLOR_BLUE [queued]=$COLOR_BLUE [done]=$COLOR_GREEN [problems]=$COLOR_YELLOW
    [refused]=$COLOR_YELLOW [failed]=$COLOR_RED [stopped]=$COLOR_YELLOW [lost]=$COLOR_RED)
  core_now
  now=$REPLY
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    ((++position))
    [[ -n $2 || $position -le 20 || ! -e $ETL_STATE_DIR/jobs/$id/exit_code ]] || continue
    jobs_read_brief "$id" || continue
    [[ -n $2 && -z $1 ]] || _jobs_command_listed "$position" "$1" "$2" || continue
    ((++shown > 1)) || printf '%-32s %-9s %-9s %s\n' ID STATE AGE TITLE
    text=''
    case $JOB_STATE in
      running) _jobs_command_progress ;;
      queued) _jobs_command_place && text=" - $REPLY" ;;
    esac
    color=${colors[$JOB_STATE]:-}
    core_duration $((now - JOB_STARTED_AT))
    ((JOB_STARTED_AT > 0)) || REPLY='?'
    printf '%-32s %s%-9s%s %-9s %s%s\n' "$id" "$color" "$JOB_STATE" "${color:+$COLOR_RESET}" "$REPLY" "$JOB_TITLE" "$text"
  done
  _jobs_command_list_foot "$shown" "$position" "$1"
}

_jobs_command_progress() { # sets text for a running job: " - copy 45%, 210.3 MB/s, 1m 20s left"
  _jobs_read_progress
  [[ -n $JOB_PHASE ]] || return 0
  text=" - $JOB_PHASE${JOB_PERCENT:+ $JOB_PERCENT%}${JOB_RATE:+, $JOB_RATE}${JOB_ETA:+, $JOB_ETA left}"
}

_jobs_command_place() { # -> REPLY: "number 2 of 5 in the queue" for the job just read, after jobs_queue_ids; 1 when in none
  local -i index
  for ((index = 0; index < ${#JOBS_QUEUED[@]}; ++index)); do
    [[ ${JOBS_QUEUED[index]} == "$JOB_ID" ]] || continue
    REPLY="number $((index + 1)) of ${#JOBS_QUEUED[@]} in the queue"
    return 0
  done
  return 1
}

_jobs_command_list_foot() { # <jobs shown> <jobs there are> <wanted state or ''>
  if (($1 == 0)); then
    printf 'No jobs%s.\n' "${3:+ in state $3}"
  elif [[ -z $3 ]] && (($1 < $2)); then
    printf '%d of %d jobs; all of them: jobs list --all\n' "$1" "$2"
  fi
}

_jobs_command_list_json() { # <wanted state or ''> <1 for all>
  local id separator=$'\n'
  local -i position=0
  jobs_ids
  printf '['
  for id in "${JOBS_IDS[@]}"; do
    ((++position))
    [[ -d $ETL_STATE_DIR/jobs/$id ]] || continue
    jobs_read "$id" || continue
    _jobs_command_listed "$position" "$1" "$2" || continue
    _jobs_command_json
    printf '%s  %s' "$separator" "$REPLY"
    separator=$',\n'
  done
  [[ $separator == $'\n' ]] || printf '\n'
  printf ']\n'
}

_jobs_command_json() { # [extra members] -> REPLY: one object for the job just read
  local out name value
  core_json "$JOB_ID"
  out="{\"id\": $REPLY"
  for name in verb title_raw state host phase unit rate eta message; do
    value=JOB_${name^^}
    core_json "${!value}"
    out+=", \"${name%_raw}\": $REPLY"
  done
  for name in exit_code started_at began_at finished_at 'done' total percent; do
    value=JOB_${name^^}
    out+=", \"$name\": ${!value:-null}"
  done
  REPLY="$out${1:-}}"
}

_jobs_command_prune() {
  local -a options=()
  local -i status=0
  while (($#)); do
    case $1 in
      --older-than)
        core_number "${2:-}" -1
        ((REPLY >= 0 && REPLY <= 36500)) || _jobs_command_usage "--older-than needs a number of days, not '${2:-}'." || return
        options+=("$1" "$REPLY")
        ;;
      --state)
        _jobs_command_is_state "${2:-}" || return
        options+=("$1" "$2")
        ;;
      -h | --help) _jobs_command_help && return 0 ;;
      *) _jobs_command_unknown prune "$1" --older-than --state || return ;;
    esac
    shift 2
  done
  jobs_prune "${options[@]}" || status=$?
  [[ $REPLY == 1 ]] && REPLY+=' finished job' || REPLY+=' finished jobs'
  printf 'Removed %s.\n' "$REPLY"
  ((status == 0)) || core_error "$JOBS_KEPT could not be removed. Make $ETL_STATE_DIR/jobs writable."
  return "$status"
}

_jobs_command_limit() { # [number]
  local REPLY
  case $#:${1:-} in
    0:) settings_get jobs_limit ;;
    *:-h | *:--help) _jobs_command_help && return 0 ;;
    1:*)
      settings_set jobs_limit "$1" || return
      jobs_queue_wake
      REPLY=$1
      ;;
    *) _jobs_command_usage "'jobs limit' takes one number." || return ;;
  esac
  printf 'jobs at a time: %d; the rest wait in order.\n' "$REPLY"
}

_jobs_command_move() { # <id> <first|last|up|down>
  local -i status=0
  [[ " $* " != *' --help '* && " $* " != *' -h '* ]] || { _jobs_command_help && return 0; }
  case $#:${2:-} in
    2:first | 2:last | 2:up | 2:down) ;;
    *) _jobs_command_usage "'jobs move' needs the id of a job, and first, last, up or down." || return ;;
  esac
  jobs_find "$1" || return
  jobs_queue_move "$REPLY" "$2" || status=$?
  if ((status == 0)); then
    printf '%s\n' "$REPLY"
  else
    core_error "$REPLY"
  fi
  return "$status"
}

_jobs_command_one() { # <subcommand> <id> [options...]: the subcommands about one job
  local subcommand=$1 wanted='' option='' timeout=''
  local -A known=([show]=--json [compare]=--with [wait]=--timeout)
  shift
  while (($#)); do
    case $subcommand:$1 in
      *:-h | *:--help) _jobs_command_help && return 0 ;;
      show:--json) option=--json ;;
      compare:--with)
        jobs_find "${2:-}" || return
        option=$REPLY
        shift $(($# > 1))
        ;;
      wait:--timeout)
        core_number "${2:-}" -1
        ((REPLY >= 0)) || _jobs_command_usage "--timeout needs a number of seconds, not '${2:-}'." || return
        timeout=$REPLY
        shift
        ;;
      *:-*) _jobs_command_unknown "$subcommand" "$1" "${known[$subcommand]:---help}" || return ;;
      *)
        [[ -z $wanted ]] || _jobs_command_usage "'jobs $subcommand' takes one job, and '$1' is a second." || return
        wanted=$1
        ;;
    esac
    shift
  done
  [[ -n $wanted ]] || _jobs_command_usage "'jobs $subcommand' needs the id of a job, or 'last'." || return
  jobs_find "$wanted" || return
  "_jobs_command_$subcommand" "$REPLY" "${option:-$timeout}"
}

_jobs_command_log() { # <id>
  jobs_log_path "$1"
  log_viewer_show "$REPLY"
}

_jobs_command_follow() { # <id>
  log_viewer_follow "$1" --return
}

_jobs_command_cancel() { # <id>
  local -i status=0
  jobs_cancel "$1" || status=$?
  if ((status == 0)); then
    core_printable "$REPLY"
    printf '%s\n' "$REPLY"
  else
    core_error "$REPLY"
  fi
  return "$status"
}

_jobs_command_compare() { # <id> <other id or ''>
  local -i status=0
  jobs_compare "$1" "$2" || status=$?
  if ((status == 0)); then
    printf '%s\n' "$REPLY"
  else
    core_error "$REPLY"
  fi
  return "$status"
}

_jobs_command_report() { # <id>
  if ! jobs_report "$1"; then
    core_error "Job $1 wrote no report, or it is not there any more. Its result: jobs show $1"
    return "$ETL_EXIT_REFUSED"
  fi
  core_printable "$REPLY"
  printf '%s\n' "$REPLY"
}

_jobs_command_rerun() { # <id>
  jobs_rerun "$1" || return
  printf 'Started job %s\n' "$REPLY"
}

_jobs_command_wait() { # <id> <timeout or ''>
  local -i status=0
  jobs_wait "$1" "$2" || status=$?
  ((status != 124)) || core_error "Job $1 is still $JOB_STATE after $2s. It runs on; wait again, or see it with: jobs follow $1"
  [[ $JOB_STATE != lost ]] || core_error "Job $1 is lost: it ended without an exit code (killed, or the host went down). Run it again with: jobs rerun $1"
  [[ $JOB_STATE != unknown ]] || core_error "Nobody can tell from here how job $1 is: it was started on another host, or its folder is not whole. Wait for it there, or see: jobs show $1"
  [[ -z $JOB_EXIT_CODE ]] || printf 'Job %s ended: %s (exit code %d). More: jobs show %s\n' "$1" "$JOB_STATE" "$JOB_EXIT_CODE" "$1"
  return "$status"
}
