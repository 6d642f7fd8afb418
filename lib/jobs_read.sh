# shellcheck shell=bash disable=SC2034 # the JOB_ variables are the answer, read by others
# Reading a job's folder (part of jobs.sh, layer 2): writes nothing, and forks only to try a lock.
# Offers jobs_read jobs_read_brief jobs_read_boot_id.  What a file says is data: numbers are checked before
# arithmetic, and text is made printable before it is returned (only JOB_TITLE_RAW is unchanged).

jobs_read_brief() { # <id>: JOB_ID JOB_DIR JOB_TITLE JOB_STATE JOB_EXIT_CODE JOB_STARTED_AT; 2 if gone
  local REPLY
  # Lists of a thousand jobs are read with this: few calls, and one redirection for all reads.
  JOB_ID=$1
  JOB_DIR=$ETL_STATE_DIR/jobs/$1
  JOB_TITLE='' JOB_STARTED_AT='' JOB_EXIT_CODE=''
  {
    IFS= read -r -d '' JOB_TITLE <"$JOB_DIR/title"
    read -r JOB_STARTED_AT <"$JOB_DIR/started_at"
    read -r JOB_EXIT_CODE <"$JOB_DIR/exit_code"
  } 2>/dev/null || : # "read" returns 1 at the end of a file, which would end a caller that uses errexit
  JOB_TITLE=${JOB_TITLE%$'\n'}
  if [[ $JOB_TITLE == *[![:ascii:]]* || $JOB_TITLE == *[[:cntrl:]]* ]]; then
    core_printable "$JOB_TITLE"
    JOB_TITLE=$REPLY
  fi
  if [[ ${#JOB_STARTED_AT} -gt 11 || $JOB_STARTED_AT != [1-9]* || $JOB_STARTED_AT == *[!0-9]* ]]; then
    JOB_STARTED_AT=0
  fi
  if [[ $JOB_EXIT_CODE == 0 ]]; then
    JOB_STATE='done'
    return 0
  fi
  _jobs_read_state
  [[ -d $JOB_DIR ]] || return "$ETL_EXIT_USAGE"
}

# The same, and JOB_TITLE_RAW JOB_VERB JOB_BEGAN_AT JOB_FINISHED_AT JOB_PHASE JOB_DONE JOB_TOTAL JOB_UNIT
# JOB_PERCENT JOB_RATE JOB_ETA JOB_AGE JOB_HOST JOB_MESSAGE.
jobs_read() { # <id>: 2 with a sentence if gone
  local REPLY
  JOB_TITLE_RAW=''
  if ! jobs_read_brief "$1"; then
    core_error "There is no job '$1'. See the ids with: jobs list --all"
    return "$ETL_EXIT_USAGE"
  fi
  { IFS= read -r -d '' JOB_TITLE_RAW <"$JOB_DIR/title"; } 2>/dev/null || :
  JOB_TITLE_RAW=${JOB_TITLE_RAW%$'\n'}
  core_printable "$JOB_TITLE_RAW"
  JOB_TITLE=$REPLY
  JOB_VERB=${JOB_ID#*-*-}
  JOB_VERB=${JOB_VERB%-*}
  _jobs_read_line host
  JOB_HOST=$REPLY
  jobs_read_finished_at
  _jobs_read_number began_at # exists only if the job had to wait
  JOB_BEGAN_AT=$((REPLY > 0 ? REPLY : JOB_STARTED_AT))
  core_age "$JOB_BEGAN_AT"
  JOB_AGE=$REPLY
  _jobs_read_progress
  _jobs_read_message
}

jobs_read_finished_at() { # sets JOB_FINISHED_AT of the job just read, 0 while it has not ended
  JOB_FINISHED_AT=0
  [[ -n $JOB_EXIT_CODE ]] || return 0
  _jobs_read_number finished_at
  JOB_FINISHED_AT=$REPLY
}

jobs_read_boot_id() { # -> REPLY: changes at every start of the host
  REPLY=unknown
  { IFS= read -r REPLY </proc/sys/kernel/random/boot_id; } 2>/dev/null || :
}

_jobs_read_line() { # <file of the job's folder> -> REPLY: its first line, printable, or nothing
  local line=''
  { IFS= read -r line <"$JOB_DIR/$1"; } 2>/dev/null || :
  core_printable "$line"
}

_jobs_read_number() { # <file of the job's folder> -> REPLY: its number, or 0
  local line=''
  { IFS= read -r line <"$JOB_DIR/$1"; } 2>/dev/null || :
  core_number "$line" 0
}

_jobs_read_state() { # sets JOB_STATE and JOB_EXIT_CODE: an exit code decides, then the lock
  if [[ -z $JOB_EXIT_CODE ]]; then
    _jobs_read_lock
    [[ $JOB_STATE != running && $JOB_STATE != queued ]] || return 0
    # It may have ended between the two checks.
    { IFS= read -r JOB_EXIT_CODE <"$JOB_DIR/exit_code"; } 2>/dev/null || return 0
  fi
  core_number "$JOB_EXIT_CODE" 1
  JOB_EXIT_CODE=$REPLY
  case $JOB_EXIT_CODE in
    0) JOB_STATE='done' ;;
    6) JOB_STATE=problems ;;
    7) JOB_STATE=refused ;;
    130 | 143) JOB_STATE=stopped ;;
    *) JOB_STATE=failed && [[ ! -e $JOB_DIR/cancelled ]] || JOB_STATE=stopped ;;
  esac
}

_jobs_read_lock() { # sets JOB_STATE of a job without exit code: held means alive; free means lost, if we can judge it
  local -i status=99
  if ! _jobs_read_supervisor; then
    status=0
    flock -n -s -E 99 8 2>/dev/null 8<"$JOB_DIR/lock" || status=$?
  fi
  if ((status == 99)); then
    JOB_STATE=running
    [[ -e $JOB_DIR/pid ]] || JOB_STATE=queued
    return
  fi
  JOB_STATE=lost
  # We may not see the locks of another host, and some file systems have none.
  _jobs_read_line host
  [[ $status == 0 && $REPLY == "$HOSTNAME" ]] || JOB_STATE=unknown
}

_jobs_read_supervisor() { # whether the process that holds the lock is known to run, which saves the fork for trying the lock
  local number=''
  local -a words=()
  {
    IFS= read -r number <"$JOB_DIR/supervisor"
    # Its command line must name this job: a process that only got the same number does not.
    [[ -n $number && $number != *[!0-9]* ]] && mapfile -d '' -t words <"/proc/$number/cmdline"
  } 2>/dev/null || return 1
  [[ ${#words[@]} -eq 3 && ${words[1]} == */job_run.sh && ${words[2]##*/} == "$JOB_ID" ]]
}

_jobs_read_progress() { # sets JOB_PHASE JOB_DONE JOB_TOTAL JOB_UNIT JOB_PERCENT JOB_RATE JOB_ETA
  local line='' rest epoch began
  local -a field=()
  JOB_PHASE='' JOB_DONE=0 JOB_TOTAL=0 JOB_UNIT='' JOB_PERCENT='' JOB_RATE='' JOB_ETA=''
  { IFS= read -r line <"$JOB_DIR/progress"; } 2>/dev/null || return 0
  rest=$line$'\t'
  while [[ -n $rest ]]; do # "read" would treat two tabs as one
    field+=("${rest%%$'\t'*}")
    rest=${rest#*$'\t'}
  done
  core_printable "${field[0]}"
  JOB_PHASE=$REPLY
  core_printable "${field[3]:-}"
  JOB_UNIT=$REPLY
  core_number "${field[1]:-}" 0
  JOB_DONE=$REPLY
  core_number "${field[2]:-}" 0
  JOB_TOTAL=$REPLY
  core_number "${field[4]:-}" 0
  epoch=$REPLY
  core_number "${field[5]:-}" "$epoch"
  began=$REPLY
  ((JOB_TOTAL == 0)) || JOB_PERCENT=$((JOB_DONE >= JOB_TOTAL ? 100 : JOB_DONE * 100 / JOB_TOTAL))
  if [[ $JOB_STATE == running ]] && ((epoch > began && JOB_DONE > 0)); then
    _jobs_read_rate $((epoch - began))
    _jobs_read_eta $((epoch - began)) "$epoch"
  fi
}

_jobs_read_rate() { # <seconds>: sets JOB_RATE to "210.3 MB/s", "12000 rows/s"
  local -i tenths=$((JOB_DONE * 10 / $1))
  if [[ $JOB_UNIT != bytes ]]; then
    JOB_RATE="$((tenths / 10)) $JOB_UNIT/s"
    ((tenths >= 100)) || JOB_RATE="$((tenths / 10)).$((tenths % 10)) $JOB_UNIT/s"
    return
  fi
  tenths=$((JOB_DONE / 100000 / $1))
  JOB_RATE="$((tenths / 10)).$((tenths % 10)) MB/s"
}

_jobs_read_eta() { # <seconds the phase has taken> <epoch of the line>: sets JOB_ETA, what is left from now on
  local -i left
  ((JOB_TOTAL > JOB_DONE)) || return 0
  core_now
  # In thousandths, since bytes times seconds might overflow.
  left=$(($1 * ((JOB_TOTAL - JOB_DONE) * 1000 / JOB_DONE) / 1000 - (REPLY - $2)))
  ((left >= 0)) || left=0
  core_duration "$left"
  JOB_ETA=$REPLY
}

_jobs_read_message() { # sets JOB_MESSAGE: the last "message" of result.json, or a summary if that is a list of results
  local -a lines=()
  local line
  local -i index
  JOB_MESSAGE=''
  { mapfile -t lines <"$JOB_DIR/result.json"; } 2>/dev/null || return 0
  if [[ ${lines[0]:-} == '['* ]]; then
    _jobs_read_messages
    return
  fi
  for ((index = ${#lines[@]} - 1; index >= 0; --index)); do
    line=${lines[index]}
    [[ $line == '  "message": "'*\"* ]] || continue
    _jobs_read_json_text "$line"
    JOB_MESSAGE=$REPLY
    return
  done
}

# sets JOB_MESSAGE from lines, a list of results: how many ended in which way, and the sentence of the first failure, else the last
_jobs_read_messages() {
  local line status='' state text='' ends='' worst=''
  local -A counts=()
  local -a order=()
  local -i results=0
  for line in "${lines[@]}"; do
    case $line in
      '    "status": "'*)
        status=${line#*: \"}
        status=${status%%\"*}
        ;;
      '    "message": "'*\"*)
        ((++results))
        [[ -n ${counts[$status]:-} ]] || order+=("$status")
        counts[$status]=$((${counts[$status]:-0} + 1))
        _jobs_read_json_text "$line"
        text=$REPLY
        [[ -n $worst || $status != failed ]] || worst=$text
        ;;
    esac
  done
  JOB_MESSAGE=${worst:-$text}
  ((results > 1)) || return 0
  for state in "${order[@]}"; do
    ends+=", ${counts[$state]} $state"
  done
  core_printable "$results results: ${ends#, }. $JOB_MESSAGE"
  JOB_MESSAGE=$REPLY
}

_jobs_read_json_text() { # <line with the member of an object> -> REPLY: its text, printable
  local text=${1#*\": \"}
  text=${text%,}
  text=${text%\"}
  text=${text//\\\\/$'\x01'}
  text=${text//\\\"/\"}
  text=${text//\\[nrt]/ }
  text=${text//\\u[0-9a-f][0-9a-f][0-9a-f][0-9a-f]/\?}
  text=${text//\\\//\/}
  core_printable "${text//$'\x01'/\\}"
}
