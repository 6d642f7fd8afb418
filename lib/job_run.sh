#!/usr/bin/env bash
# Supervises one background job (layer 2): executed by jobs_start in a session of its own, never sourced.
#   job_run.sh <job folder>        descriptor 9 holds the job's lock; holding it is what "running" means
# It waits for its turn in the queue, then runs the folder's command in a process group of its own with ETL_JOB_DIR set
# and nothing to read, keeps its output, passes TERM on to it, and writes exit_code last.  Then it wakes the next in the queue
# and runs the command in the file when_ended, if jobs_start was given one.  It outlives terminal, menu and connection.

job_run_main() { # <job folder>
  local folder=$1 name
  for name in core settings jobs_read jobs_queue; do
    # shellcheck source=/dev/null
    source "${BASH_SOURCE[0]%/*}/$name.sh"
  done
  # The folder's location decides, whatever the variable says.
  ETL_STATE_DIR=${folder%/jobs/*}
  export ETL_JOB_DIR=$folder ETL_STATE_DIR
  trap '' HUP
  JOB_RUN_MASK=$(umask)
  umask 077
  job_run_close_descriptors
  job_run_hold_lock "$folder" || return
  # Only now: the process named there must hold the lock.
  { printf '%s\n' "$$" >"$folder/supervisor"; } 2>/dev/null
  exec </dev/null >>"$folder/output.log" 2>&1
  job_run_log_command "$folder"
  if job_run_turn "$folder"; then
    job_run_command "$folder"
    job_run_finish "$folder" "$?"
  else
    printf -- '-- taken out of the queue; nothing of it was run\n'
    job_run_finish "$folder" "$ETL_EXIT_TERMINATED"
  fi
  exec 8>&- 9>&-
  jobs_queue_wake
  job_run_tell "$folder"
}

job_run_close_descriptors() { # all but the standard ones, the lock (9) and the script (255): a job must keep no caller waiting
  local path
  local -i descriptor
  for path in "/proc/$$/fd"/*; do
    descriptor=${path##*/}
    ((descriptor < 3 || descriptor == 9 || descriptor == 255)) || exec {descriptor}>&-
  done
}

job_run_hold_lock() { # <job folder>: normally inherited; some launchers pass no descriptors on
  # In that case the launcher holds the lock until it ends, and anybody who lists jobs takes it for a moment: wait for them.
  { : >&9; } 2>/dev/null || exec 9>"$1/lock"
  flock -w 60 9
}

job_run_turn() { # <job folder>: 0 when it may run, holding a slot on descriptor 8; 1 when it was cancelled before that
  local id=${1##*/} folder=$1
  local -i round=0
  JOB_RUN_STOPPED=''
  trap 'JOB_RUN_STOPPED=1' TERM INT
  until jobs_queue_take "$id" "$((round % 5 == 0 ? 1 : 0))"; do
    ((++round > 1)) || job_run_begin_waiting "$folder"
    job_run_pause "$folder"
    # With its folder gone there is nothing to run, and nowhere to say so.
    [[ -d $folder ]] || exit 1
    if [[ -n $JOB_RUN_STOPPED || -e $folder/cancelled ]]; then
      jobs_queue_leave "$id"
      job_run_end_waiting "$folder"
      return 1
    fi
  done
  ((round > 0)) || return 0
  core_now
  core_write_file "$folder/began_at" "$REPLY"
  job_run_end_waiting "$folder"
  printf -- '-- its turn\n'
  # There may be room for another job.
  jobs_queue_wake
}

job_run_begin_waiting() { # <job folder>: records that it waits, and makes the pipe through which it is woken
  settings_get jobs_limit
  printf -- '-- waiting for its turn: at most %d at a time\n' "$REPLY"
  # Kept open, so that no wake-up is lost while we look; on a file system without pipes we look every two seconds.
  { mkfifo -m 0600 -- "$1/wake" && exec 5<>"$1/wake"; } 2>/dev/null || : >"$1/wake"
}

job_run_end_waiting() { # <job folder>
  rm -f -- "$1/wake"
  exec 5>&-
}

job_run_pause() { # <job folder>: waits until somebody wakes us, for two seconds at most
  local -
  # Only in POSIX mode does a signal end "read".
  set -o posix
  if [[ -p $1/wake ]]; then
    IFS= read -r -t 2 -u 5 || :
  else
    sleep 2
  fi
}

job_run_command() { # <job folder>: returns the command's exit code
  local -a command
  local -i child
  mapfile -d '' -t command <"$1/command"
  # Job control gives the command a process group of its own, so that cancelling reaches all of it but not us.
  set -m
  (umask "$JOB_RUN_MASK" && exec -- "${command[@]}" 8>&- 9>&-) &
  child=$!
  set +m
  trap 'kill -TERM -- "-$child" 2>/dev/null' TERM INT
  core_write_file "$1/pid" "$child"
  # Anybody who cancelled or stopped it between its turn and this line found no process to signal.
  [[ ! -e $1/cancelled && -z $JOB_RUN_STOPPED ]] || kill -TERM -- "-$child" 2>/dev/null
  core_wait "$child"
}

job_run_log_command() { # <job folder>: writes the log's first line
  local line
  local -a command
  mapfile -d '' -t command <"$1/command"
  printf -v line ' %q' "${command[@]}"
  printf '$%s\n' "$line"
}

job_run_finish() { # <job folder> <exit code>: records the end of the job; waits up to ten minutes while the disk is full
  local -i attempt
  local began
  { IFS= read -r began <"$1/began_at" || IFS= read -r began <"$1/started_at"; } 2>/dev/null
  core_number "$began" 0
  core_age "$REPLY"
  printf -- '-- exit code %d after %s\n' "$2" "$REPLY"
  core_now
  for ((attempt = 0; attempt < 600; ++attempt)); do
    if core_write_file "$1/finished_at" "$REPLY" && core_write_file "$1/exit_code" "$2"; then
      return 0
    fi
    [[ -d $1 ]] || return 1
    sleep 1
  done
  return 1
}

job_run_tell() { # <job folder>: runs the command in when_ended if the setting wants it, with id, state and exit code appended
  local -a words=()
  local id=${1##*/} wanted
  { mapfile -d '' -t words <"$1/when_ended"; } 2>/dev/null || return 0
  ((${#words[@]} > 0)) || return 0
  # It has announced its end itself, or whoever cancelled it knows.
  [[ ! -e $1/notice && ! -e $1/cancelled ]] || return 0
  settings_get jobs_notice
  wanted=$REPLY
  jobs_read_brief "$id"
  case $wanted:$JOB_STATE in
    all:* | problems:problems | problems:refused | problems:failed | problems:stopped) ;;
    *) return 0 ;;
  esac
  # The job is over whatever happens here: the exit code stays, and any output goes to the log.
  timeout -k 5 120 "${words[@]}" "$id" "$JOB_STATE" "$JOB_EXIT_CODE" \
    || printf -- '-- the notice of its end failed with exit code %d\n' "$?"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  job_run_main "$@"
fi
