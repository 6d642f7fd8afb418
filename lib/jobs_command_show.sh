# shellcheck shell=bash
# "jobs show" (part of jobs.sh, layer 2): everything known about one job, as text or as JSON.  Used by jobs_command.

_jobs_command_show() { # <id> <'' or --json>
  local -a words=()
  local directory='' log
  jobs_read "$1" || return
  { mapfile -d '' -t words <"$JOB_DIR/command"; } 2>/dev/null || :
  { IFS= read -r -d '' directory <"$JOB_DIR/directory"; } 2>/dev/null || :
  directory=${directory%$'\n'}
  jobs_log_path "$1"
  log=$REPLY
  if [[ $2 == --json ]]; then
    _jobs_command_show_json
  else
    _jobs_command_show_text
  fi
}

_jobs_command_show_json() { # prints what _jobs_command_show has read
  local word extra list=''
  for word in "${words[@]}"; do
    core_json "$word"
    list+="${list:+, }$REPLY"
  done
  core_json "$directory"
  extra=", \"directory\": $REPLY, \"command\": [$list]"
  core_json "$log"
  _jobs_command_json "$extra, \"log\": $REPLY"
  printf '%s\n' "$REPLY"
}

_jobs_command_show_text() { # prints what _jobs_command_show has read
  local command='' started text='' label=Started
  [[ $JOB_STATE != queued ]] || label=Queued
  ((${#words[@]} == 0)) || printf -v command '%q ' "${words[@]}"
  printf -v started '%(%Y-%m-%d %H:%M:%S)T, %s ago' "$JOB_STARTED_AT" "$JOB_AGE"
  ((JOB_STARTED_AT > 0)) || started='nobody knows when'
  _jobs_command_show_fact 'Job' "$JOB_ID"
  _jobs_command_show_fact 'Title' "$JOB_TITLE"
  _jobs_command_show_fact 'State' "$JOB_STATE${JOB_EXIT_CODE:+ (exit code $JOB_EXIT_CODE)}"
  _jobs_command_show_fact "$label" "$started${JOB_HOST:+, on $JOB_HOST}"
  if ((JOB_FINISHED_AT > 0)); then
    core_duration $((JOB_FINISHED_AT - JOB_BEGAN_AT))
    _jobs_command_show_fact 'Took' "$REPLY"
  fi
  if ((JOB_BEGAN_AT > JOB_STARTED_AT)); then
    core_duration $((JOB_BEGAN_AT - JOB_STARTED_AT))
    _jobs_command_show_fact 'Waited' "$REPLY for its turn"
  fi
  _jobs_command_progress
  _jobs_command_show_fact 'Progress' "${text# - }"
  _jobs_command_show_fact 'Result' "$JOB_MESSAGE"
  _jobs_command_show_fact 'Command' "${command% }"
  _jobs_command_show_fact 'Folder' "$directory"
  _jobs_command_show_fact 'Log' "$log"
  _jobs_command_show_log "$log"
}

_jobs_command_show_log() { # <log>: prints its last lines, made printable; the pager shows the whole log
  local line
  local -a lines=()
  mapfile -t lines < <(tail -c 8000 -- "$1" 2>/dev/null | tail -n 12 | tr -d '\0')
  ((${#lines[@]} > 1)) || return 0
  printf '\n'
  for line in "${lines[@]}"; do
    core_printable "$line"
    printf '  %s\n' "$REPLY"
  done
}

_jobs_command_show_fact() { # <name> <text>: prints one line, or none if the text is empty
  [[ -n $2 ]] || return 0
  core_printable "$2"
  printf '%-9s %s\n' "$1:" "$REPLY"
}
