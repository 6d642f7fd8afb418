#!/usr/bin/env bash
# Supervises one background job (layer 2): executed by jobs_start in a session of its own, never sourced.
#   job_run.sh <job folder>        descriptor 9 holds the job's lock; holding it is what "running" means
# It runs the folder's command in a process group of its own with ETL_JOB_DIR set and nothing to read, keeps
# its output, hands a TERM on to it, and writes exit_code last.  It outlives terminal, menu and connection.

job_run_main() { # <job folder>
  local folder=$1
  # shellcheck source-path=SCRIPTDIR source=core.sh
  source "${BASH_SOURCE[0]%/*}/core.sh"
  export ETL_JOB_DIR=$folder
  trap '' HUP
  job_run_close_descriptors
  job_run_hold_lock "$folder" || return
  exec </dev/null >>"$folder/output.log" 2>&1
  job_run_command "$folder"
  job_run_finish "$folder" "$?"
}

job_run_close_descriptors() { # all but standard ones, the lock (9) and the script (255): a job keeps no caller waiting
  local path
  local -i descriptor
  for path in "/proc/$$/fd"/*; do
    descriptor=${path##*/}
    ((descriptor < 3 || descriptor == 9 || descriptor == 255)) || exec {descriptor}>&-
  done
}

job_run_hold_lock() { # <job folder>: normally inherited; some launchers pass no descriptors on
  # Then whoever launched us still holds it until it ends, and whoever lists jobs has it for a moment: wait for them.
  { : >&9; } 2>/dev/null || exec 9>"$1/lock"
  flock -w 60 9
}

job_run_command() { # <job folder>: returns the command's exit code
  local -a command
  local -i code=0 signalled=0 child
  mapfile -d '' -t command <"$1/command"
  job_run_log_command "${command[@]}"
  # Job control gives the command a process group of its own, so that cancel reaches all of it but not us.
  set -m
  (exec -- "${command[@]}" 9>&-) &
  child=$!
  set +m
  trap 'signalled=1; kill -TERM -- "-$child" 2>/dev/null' TERM INT
  core_write_file "$1/pid" "$child"
  # A signal ends "wait" early: only a wait that no signal came into tells the command's own code.
  while :; do
    signalled=0
    wait "$child"
    code=$?
    ((signalled)) || return "$code"
  done
}

job_run_log_command() { # <command...>: the first line of the log
  local line
  printf -v line ' %q' "$@"
  printf '$%s\n' "$line"
}

job_run_finish() { # <job folder> <exit code>: what ends the job; a full disk is waited out for ten minutes
  local -i attempt
  local began
  IFS= read -r began <"$1/started_at"
  core_age "$began"
  printf -- '-- exit code %d after %s\n' "$2" "$REPLY"
  core_now
  for ((attempt = 0; attempt < 600; ++attempt)); do
    if core_write_file "$1/finished_at" "$REPLY" && core_write_file "$1/exit_code" "$2"; then
      return 0
    fi
    sleep 1
  done
  return 1
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  job_run_main "$@"
fi
