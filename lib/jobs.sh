# shellcheck shell=bash
# Background jobs (layer 2): one folder per job under $ETL_STATE_DIR/jobs, one fact per file, state computed when read.
# Offers jobs_start jobs_ids jobs_find jobs_read jobs_running_count jobs_cancel jobs_rerun jobs_wait jobs_prune
# jobs_log_path jobs_logout_warning jobs_queue_* jobs_news jobs_seen jobs_compare jobs_report, and jobs_command, the
# verb "jobs".  It knows no script and no screen.  A caller that has a program to announce a job's end puts its words
# into JOBS_WHEN_ENDED: jobs started after that run it when they end, as the setting jobs_notice says.

# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_read.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_queue.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_logout.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_cancel.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_news.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_compare.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_command.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/jobs_command_show.sh"

# Anything in the folder with another kind of name is not a job, and its name may contain anything.
JOBS_NAMES='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]-*[a-z0-9_-]-[0-9]*'
JOBS_WHEN_ENDED=() # the job's id, state and exit code are appended to these words; ETL_JOB_DIR is set too

jobs_start() { # <verb> <title> <command...> -> REPLY: the job's id, or why there is none; runs in the current folder
  REPLY=''
  if (($# < 3)); then
    core_error "A background job needs a verb, a title and a command."
    return "$ETL_EXIT_USAGE"
  fi
  # The substitution is a process of its own: its process id makes the job's id unique, its descriptor carries the lock.
  REPLY=$(_jobs_launch "$@")
}

jobs_ids() { # sets JOBS_IDS, newest first
  local LC_ALL=C
  # shellcheck disable=SC2206 # it is a pattern
  local -a names=("$ETL_STATE_DIR"/jobs/$JOBS_NAMES/)
  local -i index=${#names[@]}
  JOBS_IDS=()
  names=("${names[@]%/}")
  [[ -d ${names[0]} ]] || return 0
  names=("${names[@]##*/}")
  while ((index--)); do
    [[ ${names[index]} == *[!a-z0-9_-]* ]] || JOBS_IDS+=("${names[index]}")
  done
}

jobs_find() { # <id, unique start of one, or "last"> -> REPLY: the id; 2 with a sentence when there is none
  local -a found=()
  local id wanted=$1
  jobs_ids
  [[ $wanted != last ]] || _jobs_last
  for id in "${JOBS_IDS[@]}"; do
    if [[ $id == "$wanted" || $wanted == last ]]; then
      REPLY=$id
      return 0
    fi
    [[ -z $wanted || $id != "$wanted"* ]] || found+=("$id")
  done
  case ${#found[@]} in
    1) REPLY=${found[0]} && return 0 ;;
    0) core_error "There is no job '$wanted'. See the ids with: jobs list --all" ;;
    *) core_error "The id '$wanted' fits ${#found[@]} jobs, among them ${found[0]} and ${found[1]}. Give more of it." ;;
  esac
  return "$ETL_EXIT_USAGE"
}

_jobs_last() { # narrows JOBS_IDS to the job started last: within a second, names sort by verb, so process ids decide
  local id newest=${JOBS_IDS[0]:-}
  for id in "${JOBS_IDS[@]}"; do
    [[ ${id:0:15} == "${newest:0:15}" ]] || break
    ((${id##*-} <= ${newest##*-})) || newest=$id
  done
  JOBS_IDS=(${newest:+"$newest"})
}

jobs_running_count() { # -> REPLY: how many jobs run or wait, JOBS_QUEUED_COUNT: how many of them wait; other hosts' jobs included
  local folder
  local -i count=0
  JOBS_QUEUED_COUNT=0
  for folder in "$ETL_STATE_DIR"/jobs/$JOBS_NAMES; do
    [[ -d $folder && ! -e $folder/exit_code && ${folder##*/} != *[!a-z0-9_-]* ]] || continue
    jobs_read_brief "${folder##*/}" || continue
    [[ $JOB_STATE != running && $JOB_STATE != queued ]] || ((++count))
    [[ $JOB_STATE != queued || ! -e $folder/wake ]] || ((++JOBS_QUEUED_COUNT))
  done
  REPLY=$count
}

jobs_log_path() { # <id> -> REPLY
  REPLY=$ETL_STATE_DIR/jobs/$1/output.log
}

jobs_rerun() { # <id> -> REPLY: the id of a new job with the same command, title and folder, or why there is none
  local folder=$ETL_STATE_DIR/jobs/$1 directory=''
  local -a command=()
  jobs_read "$1" || return
  {
    mapfile -d '' -t command <"$folder/command"
    IFS= read -r -d '' directory <"$folder/directory"
  } 2>/dev/null || :
  directory=${directory%$'\n'}
  if ((${#command[@]} == 0)) || [[ ! -d $directory ]]; then
    REPLY="Job $1 cannot run again: its command or its folder '$directory' is gone. Start it anew from the menu."
    core_error "$REPLY"
    return "$ETL_EXIT_USAGE"
  fi
  REPLY=$(cd -- "$directory" && _jobs_launch "$JOB_VERB" "$JOB_TITLE_RAW" "${command[@]}")
}

jobs_wait() { # <id> [timeout in seconds]: the job's exit code; 124 when time is up, 1 when it is lost
  local lock=$ETL_STATE_DIR/jobs/$1/lock
  local -a limit=()
  [[ -z ${2:-} ]] || limit=(-w "$2")
  jobs_read_brief "$1" || return
  case $JOB_STATE in
    unknown) ;;
    *) [[ -n $JOB_EXIT_CODE ]] || flock -s "${limit[@]}" 8 8<"$lock" || : ;;
  esac
  jobs_read_brief "$1" || return
  case $JOB_STATE in
    running | queued) return 124 ;;
    lost | unknown) return "$ETL_EXIT_UNEXPECTED" ;;
    *) return "$JOB_EXIT_CODE" ;;
  esac
}

jobs_cancel() { # <id> -> REPLY: what was done and what the job said; waits for its end; 7 when nothing could be done
  jobs_read "$1" || return
  case $JOB_STATE in
    running | queued) ;;
    *)
      REPLY="Job $1 is not running: it is $JOB_STATE."
      return "$ETL_EXIT_REFUSED"
      ;;
  esac
  if [[ $JOB_HOST != "$HOSTNAME" ]]; then
    REPLY="Job $1 runs on host $JOB_HOST: cancel it there."
    return "$ETL_EXIT_REFUSED"
  fi
  _jobs_cancel "$1"
}

# --at: ages are counted from then, so that jobs that have ended since stay.
jobs_prune() { # [--older-than DAYS] [--state STATE,..] [--at EPOCH] -> REPLY: how many finished jobs were removed; 1 when JOBS_KEPT could not be
  local -i days=30 now
  local -a gone=()
  local id state=''
  core_now
  now=$REPLY
  while (($#)); do
    case $1 in
      --older-than) days=$2 ;;
      --state) state=$2 ;;
      --at) now=$2 ;;
    esac
    shift 2
  done
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    jobs_read_brief "$id" || continue
    jobs_read_finished_at
    ! _jobs_prunable "$state" $((now - days * 86400)) || gone+=("$id")
  done
  _jobs_remove "${gone[@]}"
  _jobs_remove_leftovers
  REPLY=$JOBS_REMOVED
  ((JOBS_KEPT == 0)) || return "$ETL_EXIT_UNEXPECTED"
}

_jobs_launch() { # <verb> <title> <command...>: prints the id, or why there is none; must run in a subshell, which owns descriptor 9
  local root=$ETL_STATE_DIR/jobs folder id program mask
  for program in flock setsid; do
    if ! command -v "$program" >/dev/null; then
      _jobs_not_launched "Cannot start a background job: the program '$program' is missing. Install the package util-linux."
      return "$ETL_EXIT_UNEXPECTED"
    fi
  done
  mask=$(umask)
  umask 077
  printf -v id '%(%Y%m%d-%H%M%S)T-%s-%s' -1 "${1//[!a-z0-9-]/_}" "$BASHPID"
  folder=$root/.new.$id
  if ! _jobs_make_folder "$root" "$folder" "$@" || ! mv -T -- "$folder" "$root/$id" 2>/dev/null; then
    rm -rf -- "$folder"
    _jobs_not_launched "Cannot write the job's folder in $root. Free disk space, make it writable, or set ETL_STATE_DIR to another folder."
    return "$ETL_EXIT_UNEXPECTED"
  fi
  # The place in the queue is taken at the start; a job that got none here takes one itself.
  jobs_queue_enter "$id" || :
  _jobs_news_expect "$id"
  _jobs_logout_launcher
  # The files that the command writes for its operator keep the operator's umask.
  umask "$mask"
  if ! "${JOBS_LAUNCHER[@]}" setsid --fork bash "$ETL_ROOT/lib/job_run.sh" "$root/$id" </dev/null >/dev/null 2>&1; then
    jobs_queue_leave "$id"
    _jobs_not_launched "Job $id was recorded but could not be started. Try again, or run the command in the foreground."
    return "$ETL_EXIT_UNEXPECTED"
  fi
  printf '%s\n' "$id"
}

_jobs_not_launched() { # <sentence>: on standard error, and for the caller, whose screen may hide that
  core_error "$1"
  core_printable "$1"
  printf '%s\n' "$REPLY"
}

_jobs_make_folder() { # <jobs folder> <new folder> <verb> <title> <command...>: writes all facts, and holds the lock on descriptor 9
  local folder=$2
  [[ -d $1 ]] || mkdir -m 0700 -- "$1" 2>/dev/null || [[ -d $1 ]] || return
  mkdir -m 0700 -- "$folder" 2>/dev/null || return
  {
    exec 9>"$folder/lock" && flock -n 9 || return
    printf '%s\n' "$4" >"$folder/title" || return
    printf '%(%s)T\n' -1 >"$folder/started_at" || return
    printf '%s\n' "$PWD" >"$folder/directory" || return
    printf '%s\n' "$HOSTNAME" >"$folder/host" || return
    jobs_read_boot_id
    printf '%s\n' "$REPLY" >"$folder/boot_id" || return
    : >"$folder/output.log" || return
    ((${#JOBS_WHEN_ENDED[@]} == 0)) || printf '%s\0' "${JOBS_WHEN_ENDED[@]}" >"$folder/when_ended" || return
    printf '%s\0' "${@:5}" >"$folder/command" || return
  } 2>/dev/null
}

_jobs_prunable() { # <wanted states or ''> <epoch>: whether the job just read has finished, in such a state, and before that time
  case $JOB_STATE in
    done | problems | refused | failed | stopped) [[ -z $1 || ,$1, == *",$JOB_STATE,"* ]] || return 1 ;;
    # Nobody saw a lost job end, so it is removed only when that state is asked for.
    lost) [[ ,$1, == *,lost,* ]] || return 1 ;;
    *) return 1 ;;
  esac
  (((JOB_FINISHED_AT > 0 ? JOB_FINISHED_AT : JOB_STARTED_AT) <= $2))
}

_jobs_remove() { # <id...>: sets JOBS_REMOVED and JOBS_KEPT; renames them first, so that nobody reads half a job
  local root=$ETL_STATE_DIR/jobs trash=$ETL_STATE_DIR/jobs/.old.$BASHPID id
  local -a moved some
  local -i first
  JOBS_REMOVED=0 JOBS_KEPT=0
  (($# > 0)) || return 0
  if mkdir -m 0700 -- "$trash" 2>/dev/null; then
    # As many at once as fit on a command line; jobs removed by another clean-up meanwhile are not counted.
    for ((first = 1; first <= $#; first += 1000)); do
      some=("${@:first:1000}")
      mv -t "$trash" -- "${some[@]/#/"$root/"}" 2>/dev/null
      rm -rf -- "${some[@]/#/"$root/.news/"}"
    done
    moved=("$trash"/[0-9]*)
    [[ ! -e ${moved[0]} ]] || JOBS_REMOVED=${#moved[@]}
    rm -rf -- "$trash"
  fi
  for id in "$@"; do
    [[ ! -d $root/$id ]] || ((++JOBS_KEPT))
  done
}

_jobs_remove_leftovers() { # removes, a day later, what a killed start or prune left behind
  find "$ETL_STATE_DIR/jobs" -maxdepth 1 \( -name '.new.*' -o -name '.old.*' \) -mtime +0 -exec rm -rf -- {} + 2>/dev/null || :
}
