# shellcheck shell=bash
# Cancelling (part of jobs.sh, layer 2): sends TERM once, then waits for the job's end, since it may have to cancel a query in
# the warehouse first.  Only a job that does not end within ETL_CANCEL_GRACE seconds is killed.  Used by jobs_cancel of jobs.sh.

_jobs_cancel() { # <id of a job that runs or waits> -> REPLY: a sentence
  local folder=$ETL_STATE_DIR/jobs/$1 told='' group
  local -i grace status=0
  core_number "${ETL_CANCEL_GRACE:-}" 120
  grace=$REPLY
  { read -r told <"$folder/cancelled"; } 2>/dev/null || :
  [[ $told == told ]] || (umask 077 && core_write_file "$folder/cancelled" asked) || :
  jobs_queue_wake
  if ! _jobs_cancel_group "$folder"; then
    _jobs_cancel_said "$1" "Job $1 was taken out of the queue; nothing of it was run."
    return
  fi
  group=$REPLY
  if ((group < 2)); then
    REPLY="Job $1 has not begun yet and could not be stopped. Try again in a moment."
    return "$ETL_EXIT_REFUSED"
  fi
  if [[ $told != told ]]; then
    # Only once: a second TERM would interrupt the job's orderly end.
    kill -TERM -- "-$group" 2>/dev/null || :
    (umask 077 && core_write_file "$folder/cancelled" told) || :
  fi
  flock -s -w "$grace" -E 99 8 8<"$folder/lock" || status=$?
  case $status in
    0) _jobs_cancel_said "$1" "Job $1 was asked to stop and ended" ;;
    99) _jobs_cancel_kill "$1" "$group" "$grace" ;;
    *)
      REPLY="Job $1 was asked to stop and has not ended yet; nobody waits for it any more. See it with: jobs show $1"
      return "$ETL_EXIT_INTERRUPTED"
      ;;
  esac
}

_jobs_cancel_group() { # <job folder> -> REPLY: the command's process group, 0 if there is none after 5 s; 1 when the job ended while it waited
  local -i attempt
  local text
  for ((attempt = 0; attempt < 100; ++attempt)); do
    if [[ -e $1/pid ]] && IFS= read -r text <"$1/pid"; then
      core_number "$text" 0
      return 0
    fi
    [[ ! -e $1/exit_code ]] || return 1
    sleep 0.05
  done
  REPLY=0
}

_jobs_cancel_said() { # <id> <sentence> -> REPLY: the sentence, the job's state and its own last words
  jobs_read "$1" || return
  REPLY=$2
  [[ $REPLY == *. ]] || REPLY+=": $JOB_STATE."
  [[ -z $JOB_MESSAGE ]] || REPLY+=" It says: $JOB_MESSAGE"
}

_jobs_cancel_kill() { # <id> <process group> <seconds waited> -> REPLY
  kill -KILL -- "-$2" 2>/dev/null || :
  if ! flock -s -w 10 8 8<"$ETL_STATE_DIR/jobs/$1/lock"; then
    REPLY="Job $1 did not end within ${3}s and could not be killed. See process group $2."
    return "$ETL_EXIT_UNEXPECTED"
  fi
  REPLY="Job $1 did not end within ${3}s and was killed."
}
