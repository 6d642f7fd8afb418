#!/usr/bin/env bats
# What a job's folder tells, and that nothing ends a job but its end: lessons 12 and 13.
load helpers

setup() {
  helpers_setup
  helpers_source core colors settings jobs log_viewer
  GATE=$BATS_TEST_TMPDIR/gate
}

teardown() {
  [[ ! -S $BATS_TEST_TMPDIR/tmux ]] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server || true
  helpers_finish_jobs
}

only_job() { # -> REPLY: the id of the one job there is
  jobs_ids
  [[ ${#JOBS_IDS[@]} == 1 ]] && REPLY=${JOBS_IDS[0]} && helpers_has_state "$REPLY" running
}

processes_of() { # <job id>: its supervisor and what it runs
  local group supervisor
  read -r group <"$ETL_STATE_DIR/jobs/$1/pid"
  supervisor=$(ps -o ppid= -p "$group")
  printf '%s %s\n' "$((supervisor))" "$group"
}

@test "jobs: killing the shell that started it leaves a job running to its end" {
  # shellcheck disable=SC2016
  run helpers_shell 'jobs_start load title bash -c "until [[ -e $3 || ! -d \$ETL_JOB_DIR ]]; do sleep 0.05; done"; kill -KILL $$' "$GATE"
  helpers_wait_for 5 only_job
  only_job
  touch "$GATE"
  run -0 jobs_wait "$REPLY" 10
}

@test "jobs: closing the terminal leaves a job running to its end" {
  command -v tmux >/dev/null || skip "tmux is not installed"
  local text="ETL_ROOT='$ROOT'; source '$ROOT/lib/core.sh'; core_init; source '$ROOT/lib/jobs.sh'
    jobs_start load title bash -c 'until [[ -e $GATE || ! -d \$ETL_JOB_DIR ]]; do sleep 0.05; done'; sleep 60"
  tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d "bash -c \"\$TEXT\"" 3>&- || true
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true
  TEXT=$text tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d 'bash -c "$TEXT"' 3>&-
  helpers_wait_for 10 only_job
  only_job
  local id=$REPLY
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  sleep 0.3
  [ "$(helpers_state "$id")" = running ]
  touch "$GATE"
  run -0 jobs_wait "$id" 10
}

@test "jobs: a hangup to everything of the terminal, as when SSH drops, leaves a job running" {
  helpers_gate_job "$GATE"
  local id=$REPLY pid
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  for pid in $(processes_of "$id"); do
    kill -HUP "$pid"
  done
  sleep 0.3
  [ "$(helpers_state "$id")" = running ]
  touch "$GATE"
  run -0 jobs_wait "$id" 10
}

@test "jobs: killed with -9, supervisor and all, it is lost, never running" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  # shellcheck disable=SC2046
  kill -KILL $(processes_of "$id")
  helpers_wait_for 5 helpers_has_state "$id" lost
  jobs_running_count
  [ "$REPLY" = 0 ]
  run -1 jobs_wait "$id"
  [ ! -e "$ETL_STATE_DIR/jobs/$id/exit_code" ]
}

@test "jobs: a number that another process has got since does not look alive" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  # shellcheck disable=SC2046
  kill -KILL $(processes_of "$id")
  echo "$$" | tee "$ETL_STATE_DIR/jobs/$id/supervisor" >"$ETL_STATE_DIR/jobs/$id/pid"
  helpers_wait_for 5 helpers_has_state "$id" lost
  run -7 jobs_cancel "$id"
}

@test "jobs: what is alive is seen without trying its lock, and what is not is not, whatever the file says" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  flock() { return 1; }
  helpers_has_state "$id" running
  unset -f flock
  local number
  for number in '' 1 "$$" 99999999 'a[$(touch pwned)]' ../../etc; do
    printf '%s\n' "$number" >"$ETL_STATE_DIR/jobs/$id/supervisor"
    helpers_has_state "$id" running
  done
  # shellcheck disable=SC2046
  kill -KILL $(processes_of "$id")
  helpers_wait_for 5 helpers_has_state "$id" lost
  [ ! -e pwned ]
}

@test "jobs: the command killed by a signal is failed, with the shell's code for it" {
  jobs_start load title bash -c 'kill -KILL $$'
  run -137 jobs_wait "$REPLY" 10
  [ "$(helpers_state "$REPLY")" = failed ]
}

@test "jobs: stopping and continuing the command does not end the job" {
  helpers_gate_job "$GATE"
  local id=$REPLY group
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  read -r group <"$ETL_STATE_DIR/jobs/$id/pid"
  kill -STOP -- "-$group"
  sleep 0.3
  [ "$(helpers_state "$id")" = running ]
  touch "$GATE"
  kill -CONT -- "-$group"
  run -0 jobs_wait "$id" 10
}

@test "jobs: cancel ends the whole group with TERM, and the job is stopped" {
  jobs_start load title bash -c 'sleep 77 & sleep 77'
  local id=$REPLY group
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  read -r group <"$ETL_STATE_DIR/jobs/$id/pid"
  jobs_cancel "$id"
  [ "$REPLY" = "Job $id was asked to stop and ended: stopped." ]
  [ "$(cat "$ETL_STATE_DIR/jobs/$id/exit_code")" = 143 ]
  helpers_wait_for 5 eval '! pgrep -g "$group"'
}

@test "jobs: cancel right after the start works" {
  jobs_start load title sleep 77
  local id=$REPLY
  jobs_cancel "$id"
  [ "$(helpers_state "$id")" = stopped ]
}

@test "jobs: what does not listen to TERM is killed after the grace period, and is stopped" {
  export ETL_CANCEL_GRACE=1
  jobs_start load title bash -c 'trap "" TERM; touch "$1"; for ((i = 0; i < 300; ++i)); do sleep 0.1; done' - "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$GATE"
  jobs_cancel "$id"
  [ "$REPLY" = "Job $id did not end within 1s and was killed." ]
  [ "$(cat "$ETL_STATE_DIR/jobs/$id/exit_code")" = 137 ]
  [ "$(helpers_state "$id")" = stopped ]
}

@test "jobs: a command that cleans up on TERM has the grace period for it, and its own code counts" {
  jobs_start load title bash -c 'trap "echo cleaned; exit 130" TERM; touch "$1"; while [[ -d $ETL_JOB_DIR ]]; do sleep 0.05; done' - "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$GATE"
  jobs_cancel "$id"
  [ "$(cat "$ETL_STATE_DIR/jobs/$id/exit_code")" = 130 ]
  grep -qx cleaned "$ETL_STATE_DIR/jobs/$id/output.log"
}

@test "jobs: a TERM to the supervisor, as at shutdown, is handed on and recorded" {
  jobs_start load title sleep 77
  local id=$REPLY
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  kill -TERM "$(processes_of "$id" | cut -d' ' -f1)"
  run -143 jobs_wait "$id" 10
  [ "$(helpers_state "$id")" = stopped ]
}

@test "jobs: cancel of a job that has ended says so and changes nothing" {
  jobs_start load title true
  local id=$REPLY
  jobs_wait "$id" 10
  local status=0
  jobs_cancel "$id" || status=$?
  [ "$status" = 7 ]
  [ "$REPLY" = "Job $id is not running: it is done." ]
  [ ! -e "$ETL_STATE_DIR/jobs/$id/cancelled" ]
}

@test "jobs: another host's job whose lock is free is unknown, not lost, and is neither cancelled nor pruned" {
  helpers_gate_job "$GATE"
  local id=$REPLY folder=$ETL_STATE_DIR/jobs/$REPLY
  helpers_wait_for 5 test -e "$folder/pid"
  # shellcheck disable=SC2046
  kill -KILL $(processes_of "$id")
  echo jumphost7 >"$folder/host"
  helpers_wait_for 5 helpers_has_state "$id" unknown
  run -7 jobs_cancel "$id"
  jobs_prune --older-than 0
  jobs_prune --older-than 0 --state lost
  [ -d "$folder" ]
  jobs_read "$id"
  [ "$JOB_HOST" = jumphost7 ]
}

@test "jobs: another host's job whose lock is held is running, and is to be cancelled there" {
  helpers_gate_job "$GATE"
  local id=$REPLY status=0
  echo jumphost7 >"$ETL_STATE_DIR/jobs/$id/host"
  helpers_wait_for 5 helpers_has_state "$id" running
  jobs_cancel "$id" || status=$?
  [ "$status" = 7 ]
  [[ $REPLY == *jumphost7* ]]
  [ "$(helpers_state "$id")" = running ]
}

@test "jobs: reading and listing write nothing" {
  helpers_gate_job "$GATE"
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$REPLY/pid"
  jobs_start load title true
  jobs_wait "$REPLY" 10
  local before after
  before=$(cd "$ETL_STATE_DIR" && find . -printf '%p %T@ %C@ %s\n' | sort)
  jobs_command list --all >/dev/null
  jobs_command list --json >/dev/null
  jobs_command show last >/dev/null
  jobs_running_count
  after=$(cd "$ETL_STATE_DIR" && find . -printf '%p %T@ %C@ %s\n' | sort)
  [ "$before" = "$after" ]
}

@test "jobs: progress gives percent, rate and time left" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 test -e "$ETL_STATE_DIR/jobs/$id/pid"
  core_now
  printf 'stage\t21030000000\t42060000000\tbytes\t%s\t%s\n' "$REPLY" $((REPLY - 100)) >"$ETL_STATE_DIR/jobs/$id/progress"
  jobs_read "$id"
  [ "$JOB_PHASE $JOB_DONE $JOB_TOTAL $JOB_UNIT $JOB_PERCENT" = "stage 21030000000 42060000000 bytes 50" ]
  [ "$JOB_RATE" = "210.3 MB/s" ]
  echo "$JOB_ETA"
  [[ $JOB_ETA =~ ^1m\ (40|3[0-9])s$ ]]
  core_now
  printf 'copy\t1200000\t0\trows\t%s\t%s\n' "$REPLY" $((REPLY - 100)) >"$ETL_STATE_DIR/jobs/$id/progress"
  jobs_read "$id"
  [ "$JOB_RATE" = "12000 rows/s" ]
  [ -z "$JOB_PERCENT$JOB_ETA" ]
}

@test "jobs: damaged facts are no danger: nothing is evaluated, no control code comes out (lessons 14, 20)" {
  local id=20240101-000000-load-1 folder=$ETL_STATE_DIR/jobs/20240101-000000-load-1 junk=$'a[$(touch pwned)]\e[31m'
  mkdir -p "$folder"
  : >"$folder/lock"
  local fact
  for fact in started_at finished_at exit_code progress title host; do
    printf '%s\n' "$junk" >"$folder/$fact"
  done
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$junk" "$junk" "$junk" "$junk" "$junk" "$junk" >"$folder/progress"
  printf '{\n  "message": "%s"\n}\n' "$junk" >"$folder/result.json"
  jobs_read "$id"
  [ "$JOB_STATE" = failed ]
  [ "$JOB_STARTED_AT$JOB_DONE$JOB_TOTAL$JOB_PERCENT" = 000 ]
  [[ $JOB_TITLE$JOB_HOST$JOB_PHASE$JOB_UNIT$JOB_MESSAGE != *$'\e'* ]]
  run -0 jobs_command list --all
  [[ $output != *$'\e'* ]]
  [ ! -e pwned ]
}

@test "jobs: an empty folder and missing facts do not break a list" {
  mkdir -p "$ETL_STATE_DIR/jobs/20240101-000000-load-1"
  run -0 jobs_command list --all
  [[ $output == *20240101-000000-load-1* ]]
  [ "${#lines[@]}" = 2 ]
}

@test "jobs: what cannot be removed is said, and what has ended since it was counted stays" {
  local root=$ETL_STATE_DIR/jobs
  mkdir -p "$root"/20240101-000000-load-{1,2}
  echo 0 | tee "$root"/20240101-000000-load-{1,2}/exit_code >/dev/null
  echo 1704067200 | tee "$root"/20240101-000000-load-{1,2}/started_at >"$root/20240101-000000-load-1/finished_at"
  echo 1704067300 >"$root/20240101-000000-load-2/finished_at"
  mv() { return 1; }
  run -1 jobs_command prune --older-than 1
  [[ ${lines[*]} == "Removed 0 finished jobs. 2 could not be removed. Make $root writable." ]]
  unset -f mv
  jobs_prune --older-than 0 --at 1704067250
  [ "$REPLY" = 1 ]
  [ -d "$root/20240101-000000-load-2" ]
  run -0 jobs_command prune --older-than 1
  [ "$output" = 'Removed 1 finished job.' ]
}

@test "jobs: what is no job's name is no job, whatever it holds, and --all counts what it shows" {
  local root=$ETL_STATE_DIR/jobs
  mkdir -p "$root/20240101-000000-load-1" "$root/2024" "$root/3 months" "$root/"$'20240101-000000-lo\ad-2' "$root/"$'20240101-000000-lo\e[31mad-3'
  : >"$root/20240101-000000-load-4"
  ln -s 20240101-000000-load-5 "$root/20240101-000000-load-5"
  run -0 jobs_command list --all
  [ "${#lines[@]}" = 2 ]
  [[ ${lines[1]} == '20240101-000000-load-1 '*' unknown   ?'* ]]
  jobs_running_count
  [ "$REPLY" = 0 ]
}

@test "jobs: of a folder that is not whole is said what is known, and it cannot run again" {
  local id=20240101-000000-load-1
  mkdir -p "$ETL_STATE_DIR/jobs/$id"
  run -0 jobs_command show "$id"
  [[ $output == *'State:    unknown'*'Started:  nobody knows when'* && $output != *Command* ]]
  run -2 env ETL_STATE_DIR="$ETL_STATE_DIR" "$ROOT/snowflake_etl.sh" jobs rerun "$id"
  [[ $output == "Job $id cannot run again: its command or its folder '' is gone."* ]]
  run -1 jobs_command wait "$id"
  [[ $output == *'or its folder is not whole'* ]]
}

@test "jobs: the result's message is read from an object and from a list" {
  local id=20240101-000000-load-1
  mkdir -p "$ETL_STATE_DIR/jobs/$id"
  echo 0 >"$ETL_STATE_DIR/jobs/$id/exit_code"
  "$PYTHON" - "$ETL_STATE_DIR/jobs/$id/result.json" <<'PYTHON'
import json, sys
result = {"checks": [{"message": "not this one"}], "message": 'All "rows"\tare \\ there \u00e4', "status": "loaded"}
open(sys.argv[1], "w").write(json.dumps(result, indent=2, ensure_ascii=True))
PYTHON
  jobs_read "$id"
  [ "$JOB_MESSAGE" = 'All "rows" are \ there ?' ]
  printf '[\n  {\n    "status": "loaded",\n    "message": "two tables"\n  }\n]\n' >"$ETL_STATE_DIR/jobs/$id/result.json"
  jobs_read "$id"
  [ "$JOB_MESSAGE" = "two tables" ]
}

@test "jobs: of a batch every end is counted, and the first that failed is told, not the last that went well" {
  local id=20240101-000000-load-1
  mkdir -p "$ETL_STATE_DIR/jobs/$id"
  echo 6 >"$ETL_STATE_DIR/jobs/$id/exit_code"
  "$PYTHON" - "$ETL_STATE_DIR/jobs/$id/result.json" <<'PYTHON'
import json, sys
results = [{"status": status, "checks": [{"status": "no", "message": "no"}], "message": message} for status, message in (
    ("loaded", "January, 1 row."), ("failed", "February is torn."), ("failed", "March is torn."), ("loaded", "April.")
)]
open(sys.argv[1], "w").write(json.dumps(results, indent=2))
PYTHON
  jobs_read "$id"
  [ "$JOB_MESSAGE" = "4 results: 2 loaded, 2 failed. February is torn." ]
}

foreign_jobs() { # what may lie in the jobs' folder and is no job, or half of one
  local root=$ETL_STATE_DIR/jobs
  mkdir -p "$root"/20240101-000000-load-{1,2,3,4,5} "$root/20240101-000000-load-3"/{title,exit_code,progress,lock,result.json,output.log,command} "$root/notes"
  echo 'a file' >"$root/20240102-file"
  echo text >"$root/README"
  printf '\0\1\2\377' | tee "$root/20240101-000000-load-2"/{title,started_at,exit_code,progress,result.json,host,command} >/dev/null
  ln -s /nowhere "$root/20240101-000000-load-4/exit_code"
  ln -s / "$root/20240101-000000-link-9"
  head -c 300000 /dev/urandom >"$root/20240101-000000-load-5/title"
  echo 0 >"$root/20240101-000000-load-5/exit_code"
  mkdir -p "$root/.queue" "$root/.news" "$root/.slots"
  touch "$root/.queue/12.20240101-000000-load-77" "$root/.queue/nonsense" "$root/.queue/7." "$root/.news/20240101-000000-load-78"
}

@test "jobs: foreign files among the jobs break nothing: list, show, log, compare, prune, a new job" {
  foreign_jobs
  local id subcommand
  run -0 jobs_command list --all
  run -1 env LC_ALL=C grep '[^ -~]' <<<"$output"
  run -0 jobs_command list --json
  "$PYTHON" -c 'import json, sys; json.load(sys.stdin)' <<<"$output"
  for id in 20240101-000000-load-{1,2,3,4,5}; do
    for subcommand in show compare report log; do
      run jobs_command "$subcommand" "$id" </dev/null
      [[ $status =~ ^[0-27]$ ]]
      [[ $output != *'syntax error'* && $output != *'line '[0-9]*': '* ]]
    done
    run jobs_first_error "$id"
    run -7 jobs_cancel "$id"
  done
  jobs_running_count
  [ "$REPLY" = 0 ]
  jobs_news
  jobs_start load title true
  run -0 jobs_wait "$REPLY" 20
  jobs_command prune --older-than 0 --state lost,done,failed
  [ -e "$ETL_STATE_DIR/jobs/README" ]
  [ -d / ]
}

@test "jobs: without permission to write, list and show work, and start, cancel and prune say what is wrong" {
  ((EUID != 0)) || skip "root may write everywhere"
  jobs_start load title true
  jobs_wait "$REPLY" 20
  chmod -R a-w "$ETL_STATE_DIR/jobs"
  run -0 jobs_command list --all
  run -0 jobs_command show last
  run -1 jobs_start load title true
  [[ $output == *"Cannot write"* ]]
  run jobs_command prune --older-than 0
  [[ $output == 'Removed 0 '* ]]
  chmod -R u+w "$ETL_STATE_DIR/jobs"
}

@test "jobs: two menus that cancel, move and clean the same at once do it once" {
  settings_set jobs_limit 1
  jobs_start load title bash -c 'trap "echo told >>\"$1\"; exit 143" TERM; touch "$1.up"; while [[ -d $ETL_JOB_DIR ]]; do sleep 0.05; done' - "$GATE"
  local id=$REPLY waits
  jobs_start load 'Waits' true
  waits=$REPLY
  helpers_wait_for 20 test -e "$GATE.up"
  helpers_wait_for 20 test -e "$ETL_STATE_DIR/jobs/$waits/wake"
  helpers_shell 'jobs_queue_move "$3" first' "$waits" &
  helpers_shell 'jobs_queue_move "$3" last' "$waits"
  wait "$!"
  helpers_shell 'jobs_cancel "$3"; echo "$REPLY"' "$id" >"$BATS_TEST_TMPDIR/one" &
  helpers_shell 'jobs_cancel "$3"; echo "$REPLY"' "$id" >"$BATS_TEST_TMPDIR/two"
  wait "$!"
  run -0 cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
  [[ $output == *"asked to stop and ended: stopped."* ]]
  [ "$(grep -c told "$GATE")" -le 2 ]
  run -0 jobs_wait "$waits" 20
  helpers_shell 'jobs_prune --older-than 0; echo "$REPLY"' >"$BATS_TEST_TMPDIR/one" &
  helpers_shell 'jobs_prune --older-than 0; echo "$REPLY"' >"$BATS_TEST_TMPDIR/two"
  wait "$!"
  [ "$(($(cat "$BATS_TEST_TMPDIR/one") + $(cat "$BATS_TEST_TMPDIR/two")))" = 2 ]
}
