# shellcheck shell=bash disable=SC2034 # JOBS_QUEUED is read by others
# Limits how many jobs run at a time (part of jobs.sh, layer 2): the rest wait in order.  There is no daemon: each job's own
# supervisor waits, with the job's lock held, until it is first in the queue and one of the slots is free.
# Offers jobs_queue_ids jobs_queue_enter jobs_queue_leave jobs_queue_take jobs_queue_wake jobs_queue_move
# jobs_queue_words.
# Files: .queue/<number>.<id> is a waiting job, in that order; wake in its folder is the pipe that wakes it; the supervisor of a running job locks .slots/<n>.

jobs_queue_ids() { # sets JOBS_QUEUED: ids in the order of the queue, including jobs that died waiting; never forks
  local LC_ALL=C path
  JOBS_QUEUED=()
  for path in "$ETL_STATE_DIR"/jobs/.queue/[0-9]*.*; do
    [[ ! -e $path ]] || JOBS_QUEUED+=("${path##*/}")
  done
  JOBS_QUEUED=("${JOBS_QUEUED[@]#*.}")
}

jobs_queue_enter() { # <id>: puts it at the end of the queue; 1 when that cannot be written
  _jobs_queue_locked _jobs_queue_entered "$1"
}

jobs_queue_leave() { # <id>
  rm -f -- "$ETL_STATE_DIR"/jobs/.queue/[0-9]*."$1"
}

jobs_queue_take() { # <id> <1 to check whether those before it are alive>: 0 with a slot locked on descriptor 8, 1 when it has to wait
  local -i status=1
  _jobs_queue_is_next "$1" "$2" || return 1
  _jobs_queue_locked _jobs_queue_slot "$1" && status=0
  return "$status"
}

jobs_queue_wake() { # makes waiting jobs check at once whether it is their turn; they do so now and then anyway
  local id
  jobs_queue_ids
  for id in "${JOBS_QUEUED[@]}"; do
    # Opening a pipe for reading and writing does not block, even if nobody reads it.
    [[ ! -p $ETL_STATE_DIR/jobs/$id/wake ]] || printf '\n' 1<>"$ETL_STATE_DIR/jobs/$id/wake"
  done 2>/dev/null
}

jobs_queue_move() { # <id> <first|last|up|down> -> REPLY: a sentence; 7 when it no longer waits
  local -i place=-1 index
  if ! _jobs_queue_locked _jobs_queue_moved "$1" "$2"; then
    REPLY="Job $1 does not wait in the queue: it has begun or ended."
    return "$ETL_EXIT_REFUSED"
  fi
  jobs_queue_ids
  for ((index = 0; index < ${#JOBS_QUEUED[@]}; ++index)); do
    [[ ${JOBS_QUEUED[index]} != "$1" ]] || place=index
  done
  REPLY="Job $1 is number $((place + 1)) of ${#JOBS_QUEUED[@]} in the queue."
  ((place >= 0)) || REPLY="Job $1 has just begun."
  jobs_queue_wake
}

jobs_queue_words() { # <id> -> REPLY: a sentence when it has to wait for its turn, else nothing and 1
  local -i index place=-1 limit running
  jobs_read_brief "$1"
  if [[ $JOB_STATE == queued ]]; then
    settings_get jobs_limit
    limit=$REPLY
    jobs_running_count
    running=$((REPLY - JOBS_QUEUED_COUNT))
    # A job that has only just started does not count as waiting yet; it must not keep itself from running.
    [[ -e $ETL_STATE_DIR/jobs/$1/wake ]] || ((--running))
    jobs_queue_ids
    for ((index = 0; index < ${#JOBS_QUEUED[@]}; ++index)); do
      [[ ${JOBS_QUEUED[index]} != "$1" ]] || place=$index
    done
    if ((place >= 0 && running >= limit)); then
      REPLY="It waits for its turn, number $((place + 1)) in the queue: at most $limit run at a time."
      return 0
    fi
  fi
  REPLY=''
  return 1
}

_jobs_queue_entries() { # sets JOBS_QUEUE_ENTRIES: "number.id", in order
  local LC_ALL=C
  JOBS_QUEUE_ENTRIES=("$ETL_STATE_DIR"/jobs/.queue/[0-9]*.*)
  [[ -e ${JOBS_QUEUE_ENTRIES[0]} ]] || JOBS_QUEUE_ENTRIES=()
  JOBS_QUEUE_ENTRIES=("${JOBS_QUEUE_ENTRIES[@]##*/}")
}

_jobs_queue_locked() { # <function> <arguments...>: calls it while no other process counts slots or moves entries
  local folder=$ETL_STATE_DIR/jobs/.queue
  local -i status=1
  [[ -d $folder ]] || (umask 077 && mkdir -p -- "$folder") 2>/dev/null || return
  {
    if flock -w 10 7; then
      "$@"
      status=$?
    fi
  } 2>/dev/null 7>"$folder/.lock"
  return "$status"
}

_jobs_queue_entered() { # <id>
  local -i number=0
  _jobs_queue_entries
  ((${#JOBS_QUEUE_ENTRIES[@]} == 0)) || number=$((10#${JOBS_QUEUE_ENTRIES[-1]%%.*} + 1000))
  core_now
  ((number >= REPLY * 1000000)) || number=$((REPLY * 1000000))
  : >"$ETL_STATE_DIR/jobs/.queue/$number.$1"
}

_jobs_queue_is_next() { # <id> <1 to check whether the jobs before it are alive>: whether no living job waits before it
  local entry id
  _jobs_queue_entries
  for entry in "${JOBS_QUEUE_ENTRIES[@]}"; do
    id=${entry#*.}
    [[ $id != "$1" ]] || return 0
    [[ -n $2 ]] || return 1
    _jobs_queue_waits "$id" && return 1
  done
  # Somebody has removed the entry: queue at the end again.
  jobs_queue_enter "$1"
  [[ ${#JOBS_QUEUE_ENTRIES[@]} -eq 0 ]]
}

_jobs_queue_waits() { # <id>: whether that job is alive; removes the entry of a dead one
  local folder=$ETL_STATE_DIR/jobs/$1 host=''
  local -i status=0
  { flock -n -s -E 99 6 6<"$folder/lock" || status=$?; } 2>/dev/null
  ((status != 99)) || return 0
  { IFS= read -r host <"$folder/host"; } 2>/dev/null || :
  # We cannot tell for another host's job, so it does not keep ours waiting.
  [[ -d $folder && $host != "$HOSTNAME" ]] || jobs_queue_leave "$1"
  return 1
}

_jobs_queue_slot() { # <id>: locks a free slot on descriptor 8, unless the limit is reached
  local root=$ETL_STATE_DIR/jobs/.slots path free=''
  local -i limit held=0 index
  settings_get jobs_limit
  limit=REPLY
  [[ -d $root ]] || mkdir -m 0700 -- "$root" 2>/dev/null || return
  # Slots from an earlier, higher limit may still be taken.
  for path in "$root"/[0-9]*; do
    if [[ -e $path ]] && ! flock -n 6 6>>"$path"; then
      ((++held < limit)) || return 1
    fi
  done
  for ((index = 1; index <= limit; ++index)); do
    exec 8>>"$root/$index" || return
    flock -n 8 && jobs_queue_leave "$1" && return 0
  done
  exec 8>&-
  return 1
}

_jobs_queue_moved() { # <id> <first|last|up|down>: renumbers its entry
  local -i index place=-1 last
  local other
  _jobs_queue_entries
  last=$((${#JOBS_QUEUE_ENTRIES[@]} - 1))
  for ((index = 0; index <= last; ++index)); do
    [[ ${JOBS_QUEUE_ENTRIES[index]#*.} != "$1" ]] || place=index
  done
  ((place >= 0)) || return 1
  case $2 in
    first) ((place == 0)) || _jobs_queue_number "$place" $((10#${JOBS_QUEUE_ENTRIES[0]%%.*} - 1000)) ;;
    last) ((place == last)) || _jobs_queue_number "$place" $((10#${JOBS_QUEUE_ENTRIES[last]%%.*} + 1000)) ;;
    *)
      index=$((place + 1))
      [[ $2 != up ]] || index=$((place - 1))
      ((index >= 0 && index <= last)) || return 0
      other=${JOBS_QUEUE_ENTRIES[index]%%.*}
      _jobs_queue_number "$index" "${JOBS_QUEUE_ENTRIES[place]%%.*}" && _jobs_queue_number "$place" "$other"
      ;;
  esac
}

_jobs_queue_number() { # <index of an entry> <number>
  local folder=$ETL_STATE_DIR/jobs/.queue entry=${JOBS_QUEUE_ENTRIES[$1]}
  mv -T -- "$folder/$entry" "$folder/$2.${entry#*.}" 2>/dev/null
}
