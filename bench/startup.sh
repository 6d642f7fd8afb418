#!/usr/bin/env bash
# How fast the tools answer: the menu, its first picture, a script's --help, a long list of jobs, a long log.
#
# usage: bench/startup.sh [--runs 15] [--jobs 1000] [--queued 20] [--log-mb 64]
#
# Each is run several times, in turns with "bash -c true" and "python -c pass", and the medians are shown, also as
# multiples of those two in the same run: the milliseconds are this machine's, the multiples less so.  Makes its own
# state folder, with one job that runs and others that wait for it.  Exit code 6 when a median is over its budget.
# The last line is JSON.

bench_main() {
  local -i runs=15 jobs=1000 queued=20 megabytes=64
  BENCH_ROOT=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd -P)
  while (($#)); do
    case $1:${2:-} in
      --runs:[1-9]*) runs=$2 ;;
      --jobs:[1-9]*) jobs=$2 ;;
      --queued:[0-9]*) queued=$2 ;;
      --log-mb:[1-9]*) megabytes=$2 ;;
      *)
        sed -n '4,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        return 2
        ;;
    esac
    shift 2
  done
  BENCH_STATE=$(mktemp -d) || return
  trap bench_end EXIT
  bench_prepare "$jobs" "$megabytes" || return
  bench_queue_jobs "$queued"
  bench_measure "$runs"
  bench_report "$runs" "$jobs" "$queued" "$megabytes"
}

bench_end() { # takes the queue apart, then the folder away
  local id
  for id in "${BENCH_QUEUE[@]}"; do
    : >"$ETL_STATE_DIR/jobs/$id/cancelled"
  done
  ((${#BENCH_QUEUE[@]} == 0)) || jobs_queue_wake
  rm -rf -- "$BENCH_STATE/work"
  for id in "${BENCH_QUEUE[@]}"; do
    jobs_wait "$id" 30 2>/dev/null
  done
  rm -rf -- "$BENCH_STATE"
}

bench_prepare() { # <jobs> <megabytes>: a complete environment, a warm menu, that many finished jobs, one with such a log
  unset ETL_STATE_DIR ETL_CONFIG ETL_UI
  # shellcheck source-path=SCRIPTDIR source=../lib/core.sh
  source "$BENCH_ROOT/lib/core.sh"
  ETL_STATE_DIR=$BENCH_STATE/state core_init || return
  # shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
  source "$BENCH_ROOT/lib/setup.sh"
  setup_ensure || return
  BENCH_PYTHON=$ETL_PYTHON
  export ETL_STATE_DIR=$BENCH_STATE/state
  unset ETL_PYTHON ETL_BASE_PYTHON
  bench_make_jobs "$1"
  bench_make_log "$2"
  # The first start asks Python once what the configuration's target is, and remembers it.
  bench_run_menu
}

bench_make_jobs() { # <jobs>: as finished jobs leave their folders
  local -i index
  local folder epoch
  printf -v epoch '%(%s)T' -1
  for ((index = 0; index < $1; ++index)); do
    printf -v folder '%(%Y%m%d-%H%M%S)T-load-%d' $((epoch - index * 977)) $((index + 1000))
    folder=$ETL_STATE_DIR/jobs/$folder
    mkdir -p -- "$folder"
    printf 'Load 2024-01 from /data/2024-01 (%d)\n' "$index" >"$folder/title"
    printf '%d\n' $((epoch - index * 977)) >"$folder/started_at"
    printf '%d\n' $((epoch - index * 977 + 300)) >"$folder/finished_at"
    printf '%d\n' $((index % 9 ? 0 : 6)) >"$folder/exit_code"
    printf '%s\n' "$HOSTNAME" >"$folder/host"
    : >"$folder/lock"
  done
}

bench_make_log() { # <megabytes>: of the newest job, failed, with an error near its end; sets BENCH_FAILED_JOB
  local line='2024-01-01 00:00:00Z INFO a line as long as those of a log mostly are, which is about this long'
  local -a folders=("$ETL_STATE_DIR"/jobs/[0-9]*)
  BENCH_FAILED_JOB=${folders[-1]##*/}
  {
    yes "$line" | head -c $(($1 * 1000000))
    printf '\nerror: this is why\n'
    yes "$line" | head -n 200
  } >"${folders[-1]}/output.log"
  printf '5\n' >"${folders[-1]}/exit_code"
}

bench_queue_jobs() { # <how many>: that wait, behind one that runs until the folder "work" is gone; sets BENCH_QUEUE
  local -i index
  BENCH_QUEUE=()
  (($1 > 0)) || return 0
  # shellcheck source-path=SCRIPTDIR source=../lib/settings.sh
  source "$BENCH_ROOT/lib/settings.sh"
  # shellcheck source-path=SCRIPTDIR source=../lib/jobs.sh
  source "$BENCH_ROOT/lib/jobs.sh"
  settings_set jobs_limit 1
  mkdir -- "$BENCH_STATE/work"
  # shellcheck disable=SC2016 # for the job's shell
  jobs_start load 'Load 2024-01, at work' bash -c 'while [[ -d $1 ]]; do sleep 0.5; done' - "$BENCH_STATE/work"
  BENCH_QUEUE=("$REPLY")
  for ((index = 0; index < $1; ++index)); do
    jobs_start load "Load $index, waiting" true
    BENCH_QUEUE+=("$REPLY")
  done
  # Until all of them are at their pause: a supervisor that starts is no part of what is measured.
  for ((index = 0; index < 600; ++index)); do
    [[ ! -e $ETL_STATE_DIR/jobs/$REPLY/wake ]] || break
    sleep 0.05
  done
}

bench_run_bash() { "$BASH" -c true; }
bench_run_python() { "$BENCH_PYTHON" -c pass; }
bench_run_menu() { ETL_UI=plain "$BENCH_ROOT/snowflake_etl.sh" <<<q >/dev/null 2>&1; }
bench_run_help() { "$BENCH_PYTHON" "$BENCH_ROOT/python/loader.py" --help >/dev/null; }
bench_run_jobs() { "$BENCH_ROOT/snowflake_etl.sh" jobs list --all >/dev/null; }
bench_run_filter() { "$BENCH_ROOT/snowflake_etl.sh" jobs list --state failed,problems >/dev/null; }
bench_run_open() { "$BENCH_ROOT/snowflake_etl.sh" jobs show "$BENCH_FAILED_JOB" >/dev/null; }

bench_measure() { # <runs>: fills BENCH_TIMES with microseconds, a line a measurement
  local what began
  local -i run
  BENCH_TIMES=()
  for ((run = 0; run < $1; ++run)); do
    for what in bash python menu help jobs filter open; do
      began=${EPOCHREALTIME/[^0-9]/}
      "bench_run_$what" || BENCH_FAILED+=" $what"
      BENCH_TIMES+=("$what $((${EPOCHREALTIME/[^0-9]/} - began))")
    done
    ! command -v dialog >/dev/null || bench_paint
    ! command -v less >/dev/null || bench_log
  done
}

bench_paint() { # from the start to the first picture that has the menu's last line, on a terminal of its own
  local answer
  answer=$(ETL_UI=dialog TERM=xterm "$BENCH_PYTHON" "$BENCH_ROOT/bench/first_paint.py" --until Quit "$BENCH_ROOT/snowflake_etl.sh") \
    || BENCH_FAILED+=" paint"
  BENCH_TIMES+=("paint ${answer:-0}")
}

bench_log() { # from the start to the end of a long log in the pager, its first error found and marked
  local answer
  # shellcheck disable=SC2016 # for the other shell
  answer=$(TERM=xterm "$BENCH_PYTHON" "$BENCH_ROOT/bench/first_paint.py" --until 'first error' bash -c '
    for name in core settings jobs log_viewer; do source "$1/lib/$name.sh"; done
    jobs_first_error "$2"; jobs_log_path "$2"; log_viewer_show "$REPLY" --end --mark "$JOBS_ERROR_OFFSET"' - "$BENCH_ROOT" "$BENCH_FAILED_JOB") \
    || BENCH_FAILED+=" log"
  BENCH_TIMES+=("log ${answer:-0}")
}

bench_median() { # <what> -> REPLY: microseconds, and BENCH_BEST
  local -a sorted
  mapfile -t sorted < <(printf '%s\n' "${BENCH_TIMES[@]}" | sed -n "s/^$1 //p" | sort -n)
  REPLY=${sorted[$((${#sorted[@]} / 2))]:-0}
  BENCH_BEST=${sorted[0]:-0}
}

bench_report() { # <runs> <jobs> <queued> <megabytes>: the table, then one line of JSON; 6 when a budget is not kept
  local what text='' budget json=''
  local -i bash_time python_time time over=0
  bench_median bash
  bash_time=$REPLY
  ((bash_time * 2 < BENCH_BEST * 3)) || text='The machine is busy with other work: see the column "best".'
  bench_median python
  python_time=$REPLY
  [[ -z $text ]] || printf '%s\n' "$text"
  printf '%-38s %9s %8s %8s %12s %12s\n' "medians of $1 runs" ms best budget 'x bash true' 'x python pass'
  while IFS='|' read -r what text budget; do
    bench_median "$what"
    time=$REPLY
    ((time > 0)) || continue
    bench_row "$text" "$time" "$budget" "$bash_time" "$python_time"
    ((budget == 0 || time <= budget * 1000)) || ((++over))
    json+=", \"${what}_ms\": $((time / 1000)).$((time / 100 % 10))"
  done <<ROWS
bash|bash -c true|0
python|python -c pass|0
menu|text menu with $2 jobs, start and quit|60
paint|first dialog picture|60
help|loader.py --help|100
jobs|list of $2 jobs, $3 waiting|150
filter|list of those that failed|150
open|show one of them|150
log|its log of $4 MB, at its end|0
ROWS
  bench_median jobs
  json+=", \"jobs_vs_bash\": $((REPLY / bash_time))"
  bench_median menu
  json+=", \"menu_vs_bash\": $((REPLY / bash_time)), \"menu_vs_python\": $((REPLY / python_time)).$((REPLY * 10 / python_time % 10))"
  [[ -z ${BENCH_FAILED:-} ]] || printf 'failed:%s\n' "$BENCH_FAILED"
  printf '{"bench": "startup", "runs": %d, "jobs": %d, "over_budget": %d%s}\n' "$1" "$2" "$over" "$json"
  [[ $over -eq 0 && -z ${BENCH_FAILED:-} ]] || return 6
}

bench_row() { # <text> <microseconds> <budget in ms or 0> <of bash> <of python>
  local -i tenths_bash=$(($2 * 10 / $4)) tenths_python=$(($2 * 10 / $5))
  local budget=$3
  ((budget > 0)) || budget=-
  printf '%-38s %7d.%d %6d.%d %8s %10d.%d %11d.%d\n' "$1" $(($2 / 1000)) $(($2 / 100 % 10)) \
    $((BENCH_BEST / 1000)) $((BENCH_BEST / 100 % 10)) "$budget" \
    $((tenths_bash / 10)) $((tenths_bash % 10)) $((tenths_python / 10)) $((tenths_python % 10))
}

bench_main "$@"
