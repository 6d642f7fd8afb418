# shellcheck shell=bash
# Jobs that have ended since somebody looked (part of jobs.sh, layer 2): each is announced once, by whichever menu asks first.
# Offers jobs_news jobs_seen.  .news/<id>: a job whose end is still to be announced; whoever removes it announces it.

JOBS_NEWS_LINES=2 # if there are more at a time, they are only counted

jobs_news() { # -> REPLY: a line for each job that has ended since the last call, or nothing; forks only if there are any
  local root=$ETL_STATE_DIR/jobs path id boot
  local -a ended=()
  jobs_read_boot_id
  boot=$REPLY
  for path in "$root"/.news/[0-9]*; do
    [[ -e $path ]] || continue
    id=${path##*/}
    if [[ -e $root/$id/exit_code ]] || _jobs_news_rebooted "$root/$id" "$boot"; then
      ended+=("$id")
    fi
  done
  REPLY=''
  ((${#ended[@]} > 0)) || return 0
  _jobs_news_claim "${ended[@]}"
  _jobs_news_text
}

jobs_seen() { # <id>: somebody has looked at how it ended
  rm -f -- "$ETL_STATE_DIR/jobs/.news/$1"
}

_jobs_news_expect() { # <id>: the end of this job is to be announced
  local folder=$ETL_STATE_DIR/jobs/.news
  [[ -d $folder ]] || mkdir -m 0700 -- "$folder" 2>/dev/null || [[ -d $folder ]] || return 0
  { : >>"$folder/.lock" && : >"$folder/$1"; } 2>/dev/null || :
}

_jobs_news_rebooted() { # <job folder> <this host's boot id>: whether it was lost when this host went down, or is gone
  local host='' boot=''
  [[ -d $1 ]] || return 0
  {
    IFS= read -r host <"$1/host"
    IFS= read -r boot <"$1/boot_id"
  } 2>/dev/null
  [[ $host == "$HOSTNAME" && -n $boot && $boot != "$2" ]]
}

_jobs_news_claim() { # <id...>: sets JOBS_NEWS to those that nobody else announces, newest first
  local id
  local -i index
  JOBS_NEWS=()
  {
    flock -w 5 7 || return 0
    for ((index = $#; index > 0; --index)); do
      [[ ! -e $ETL_STATE_DIR/jobs/.news/${!index} ]] || JOBS_NEWS+=("${!index}")
    done
    ((${#JOBS_NEWS[@]} == 0)) || rm -f -- "${JOBS_NEWS[@]/#/"$ETL_STATE_DIR/jobs/.news/"}"
  } 2>/dev/null 7>"$ETL_STATE_DIR/jobs/.news/.lock"
}

_jobs_news_text() { # -> REPLY: a line for each of JOBS_NEWS, failures first
  local id line
  local -a wrong=() well=()
  for id in "${JOBS_NEWS[@]}"; do
    jobs_read "$id" 2>/dev/null || continue
    line="$JOB_TITLE: $JOB_STATE"
    [[ -z $JOB_EXIT_CODE || $JOB_EXIT_CODE == 0 ]] || line+=" (exit code $JOB_EXIT_CODE)"
    ((JOB_FINISHED_AT == 0)) || { core_duration $((JOB_FINISHED_AT - JOB_BEGAN_AT)) && line+=" after $REPLY"; }
    if [[ $JOB_STATE == 'done' ]]; then
      well+=("$line")
    else
      wrong+=("$line")
    fi
  done
  wrong+=("${well[@]}")
  ((${#wrong[@]} <= JOBS_NEWS_LINES)) || wrong=("${wrong[@]:0:JOBS_NEWS_LINES}" "... and $((${#wrong[@]} - JOBS_NEWS_LINES)) more that have ended")
  printf -v REPLY '%s\n' "${wrong[@]}"
  REPLY=${REPLY%$'\n'}
}
