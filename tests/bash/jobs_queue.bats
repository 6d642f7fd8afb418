#!/usr/bin/env bats
# At most so many jobs at a time, the rest in order, whatever is killed; and what is told of a job's end.
load helpers

setup() {
  helpers_setup
  helpers_source core colors settings jobs log_viewer
  GATE=$BATS_TEST_TMPDIR/gate
  settings_set jobs_limit 1
}

teardown() {
  helpers_finish_jobs
}

gate_jobs() { # <how many>: sets IDS; the first runs, the others wait
  local index
  IDS=()
  for ((index = 0; index < $1; ++index)); do
    helpers_gate_job "$GATE.$index" 0 "Job $index"
    IDS+=("$REPLY")
  done
  helpers_wait_for 20 helpers_has_state "${IDS[0]}" running
  helpers_wait_for 20 waits "${IDS[-1]}"
}

waits() { # <id>: its supervisor is at its pause
  [[ -p $ETL_STATE_DIR/jobs/$1/wake ]]
}

order() { # -> standard output: the places of the waiting jobs among IDS
  local id index
  jobs_queue_ids
  for id in "${JOBS_QUEUED[@]}"; do
    for index in "${!IDS[@]}"; do
      [[ ${IDS[index]} != "$id" ]] || printf '%s' "$index"
    done
  done
}

supervisor() { # <id> -> standard output: the process that holds its lock
  pgrep -f "^bash .*job_run.sh $ETL_STATE_DIR/jobs/$1\$"
}

@test "jobs queue: the second waits, says so, and begins when the first has ended" {
  gate_jobs 2
  helpers_has_state "${IDS[1]}" queued
  grep -q 'waiting for its turn: at most 1 at a time' "$ETL_STATE_DIR/jobs/${IDS[1]}/output.log"
  run -0 jobs_command list
  [[ $output == *"queued "*"Job 1 - number 1 of 1 in the queue"* ]]
  jobs_running_count
  [ "$REPLY $JOBS_QUEUED_COUNT" = "2 1" ]
  touch "$GATE.0"
  helpers_wait_for 20 helpers_has_state "${IDS[1]}" running
  [ ! -e "$ETL_STATE_DIR/jobs/${IDS[1]}/wake" ]
  touch "$GATE.1"
  run -0 jobs_wait "${IDS[1]}" 20
  jobs_read "${IDS[1]}"
  ((JOB_BEGAN_AT >= JOB_STARTED_AT))
  [ -e "$JOB_DIR/began_at" ]
  jobs_queue_ids
  [ "${#JOBS_QUEUED[@]}" = 0 ]
}

@test "jobs queue: a job that has only just come does not keep itself from a free place" {
  settings_set jobs_limit 2
  helpers_gate_job "$GATE.0" 0 'Job 0'
  helpers_wait_for 20 helpers_has_state "$REPLY" running
  local id=20240101-000000-load-77
  mkdir "$ETL_STATE_DIR/jobs/$id"
  exec 9>"$ETL_STATE_DIR/jobs/$id/lock"
  flock -n 9
  jobs_queue_enter "$id"
  run -1 jobs_queue_words "$id"
  settings_set jobs_limit 1
  jobs_queue_words "$id"
  [ "$REPLY" = 'It waits for its turn, number 1 in the queue: at most 1 run at a time.' ]
  exec 9>&-
  touch "$GATE.0"
}

@test "jobs queue: they begin in order, and an order that is changed holds" {
  gate_jobs 5
  [ "$(order)" = 1234 ]
  jobs_queue_move "${IDS[4]}" first
  [ "$REPLY" = "Job ${IDS[4]} is number 1 of 4 in the queue." ]
  [ "$(order)" = 4123 ]
  jobs_queue_move "${IDS[1]}" down
  [ "$(order)" = 4213 ]
  jobs_queue_move "${IDS[3]}" up
  [ "$(order)" = 4231 ]
  jobs_queue_move "${IDS[4]}" last
  [ "$(order)" = 2314 ]
  jobs_queue_move "${IDS[2]}" up
  jobs_queue_move "${IDS[4]}" down
  [ "$(order)" = 2314 ]
  local index
  for index in 0 2 3 1 4; do
    helpers_wait_for 20 helpers_has_state "${IDS[index]}" running
    jobs_running_count
    [ "$((REPLY - JOBS_QUEUED_COUNT))" = 1 ]
    touch "$GATE.$index"
  done
  run -0 jobs_wait "${IDS[4]}" 20
}

@test "jobs queue: a job that has begun cannot be moved; the command line moves and says where" {
  gate_jobs 3
  run -7 jobs_command move "${IDS[0]}" first
  [[ $output == *"has begun or ended"* ]]
  run -0 jobs_command move "${IDS[2]}" up
  [ "$output" = "Job ${IDS[2]} is number 1 of 2 in the queue." ]
  run -2 jobs_command move "${IDS[2]}"
  run -2 jobs_command move "${IDS[2]}" sideways
}

@test "jobs queue: cancelled while it waits, nothing of it is run, and those behind go on" {
  gate_jobs 2
  jobs_start load title touch "$BATS_TEST_TMPDIR/ran"
  IDS+=("$REPLY")
  run -0 jobs_command cancel "${IDS[2]}"
  [[ $output == "Job ${IDS[2]} was taken out of the queue; nothing of it was run."* ]]
  helpers_has_state "${IDS[2]}" stopped
  [ "$(cat "$ETL_STATE_DIR/jobs/${IDS[2]}/exit_code")" = 143 ]
  [ "$(order)" = 1 ]
  touch "$GATE.0" "$GATE.1"
  run -0 jobs_wait "${IDS[1]}" 20
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "jobs queue: TERM to a supervisor that waits ends the wait, as at shutdown" {
  gate_jobs 2
  kill -TERM "$(supervisor "${IDS[1]}")"
  run -143 jobs_wait "${IDS[1]}" 20
  grep -q 'nothing of it was run' "$ETL_STATE_DIR/jobs/${IDS[1]}/output.log"
}

@test "jobs queue: a killed supervisor is lost, running or waiting, and keeps nobody waiting" {
  gate_jobs 3
  kill -KILL "$(supervisor "${IDS[1]}")"
  helpers_wait_for 20 helpers_has_state "${IDS[1]}" lost
  local group
  read -r group <"$ETL_STATE_DIR/jobs/${IDS[0]}/pid"
  kill -KILL "$(supervisor "${IDS[0]}")" -- "-$group"
  helpers_wait_for 20 helpers_has_state "${IDS[2]}" running
  helpers_has_state "${IDS[0]}" lost
  [ "$(order)" = '' ]
}

@test "jobs queue: after a host went down all are lost, and the next job begins at once" {
  gate_jobs 3
  local id group
  for id in "${IDS[2]}" "${IDS[1]}" "${IDS[0]}"; do
    kill -KILL "$(supervisor "$id")"
  done
  read -r group <"$ETL_STATE_DIR/jobs/${IDS[0]}/pid"
  kill -KILL -- "-$group"
  for id in "${IDS[@]}"; do
    helpers_wait_for 20 helpers_has_state "$id" lost
    echo 11111111-2222-3333-4444-555555555555 >"$ETL_STATE_DIR/jobs/$id/boot_id"
  done
  jobs_start load title true
  id=$REPLY
  run -0 jobs_wait "$id" 20
  [ ! -e "$ETL_STATE_DIR/jobs/$id/began_at" ]
  jobs_news
  [[ $REPLY == *": lost"$'\n'*": lost"$'\n'"... and "*" more that have ended" ]]
}

@test "jobs queue: started by several processes at once, never more run than are allowed" {
  settings_set jobs_limit 3
  local index
  local -a pids=()
  mkdir "$BATS_TEST_TMPDIR/run"
  for index in 1 2 3 4 5 6 7 8 9; do
    # shellcheck disable=SC2016
    helpers_shell 'jobs_start load "number $4" bash -c '\''
      touch "$1/$2"; set -- "$1"/*; echo "$#" >>"${1%/*}/../counts"; sleep 0.1; rm "${1%/*}/$0"'\'' "$4" "$3" "$4"
      jobs_wait "$REPLY" 60' "$BATS_TEST_TMPDIR/run" "$index" &
    pids+=("$!")
  done
  for index in "${pids[@]}"; do
    wait "$index"
  done
  [ "$(wc -l <"$BATS_TEST_TMPDIR/counts")" = 9 ]
  (($(sort -n "$BATS_TEST_TMPDIR/counts" | tail -n 1) <= 3))
}

@test "jobs queue: a higher limit lets the next begin, a lower one nobody until fewer run" {
  gate_jobs 4
  run -0 jobs_command limit 2
  [ "$output" = "jobs at a time: 2; the rest wait in order." ]
  helpers_wait_for 20 helpers_has_state "${IDS[1]}" running
  run -0 jobs_command limit 1
  touch "$GATE.0"
  jobs_wait "${IDS[0]}" 20
  jobs_queue_wake
  sleep 0.3
  [ "$(order)" = 23 ]
  touch "$GATE.1"
  helpers_wait_for 20 helpers_has_state "${IDS[2]}" running
  [ "$(order)" = 3 ]
  run -2 jobs_command limit none
  run -2 jobs_command limit 1 2
}

@test "jobs queue: a supervisor that waits ends when its folder is removed, and makes no folder anew" {
  gate_jobs 2
  local waiting
  waiting=$(supervisor "${IDS[1]}")
  mv "$ETL_STATE_DIR/jobs/${IDS[0]}" "$BATS_TEST_TMPDIR/running"
  rm -rf "${ETL_STATE_DIR:?}/jobs"
  helpers_wait_for 20 eval "! kill -0 $waiting"
  [ ! -e "$ETL_STATE_DIR/jobs" ]
  touch "$GATE.0"
}

@test "jobs queue: a queue whose folder somebody removed finds itself again" {
  gate_jobs 2
  rm -rf "$ETL_STATE_DIR/jobs/.queue" "$ETL_STATE_DIR/jobs/.slots"
  touch "$GATE.0" "$GATE.1"
  run -0 jobs_wait "${IDS[1]}" 20
}

@test "jobs: the words of JOBS_WHEN_ENDED run as often as the setting wants, and change nothing of the job" {
  local pair id
  helpers_program tell <<'TELL'
#!/bin/bash
printf '%s|' "$@" "$ETL_JOB_DIR" >>"$HOME/told"
echo "told of it"
exit 9
TELL
  # shellcheck disable=SC2034 # jobs_start reads it
  JOBS_WHEN_ENDED=("$BATS_TEST_TMPDIR/bin/tell" "a b")
  for pair in off=1 problems=0 problems=6 all=0; do
    settings_set jobs_notice "${pair%=*}"
    jobs_start load title bash -c "exit ${pair#*=}"
    id=$REPLY
    run "-${pair#*=}" jobs_wait "$id" 20
    # Its supervisor looks at the setting behind that.
    flock -w 20 "$ETL_STATE_DIR/jobs/$id/lock" true
    case $pair in
      problems=6) helpers_wait_for 20 grep -qF "a b|$id|problems|6|$ETL_STATE_DIR/jobs/$id|" "$HOME/told" ;;
      all=0) helpers_wait_for 20 grep -qF "a b|$id|done|0|$ETL_STATE_DIR/jobs/$id|" "$HOME/told" ;;
    esac
  done
  [ "$(tr '|' '\n' <"$HOME/told" | grep -c '^a b$')" = 2 ]
  helpers_wait_for 20 grep -q 'notice of its end failed with exit code 9' "$ETL_STATE_DIR/jobs/$id/output.log"
  helpers_has_state "$id" 'done'
}

@test "jobs: an end is told once, to one of two who ask, and not when somebody has seen it" {
  jobs_start load "Load 2024-01" bash -c 'exit 5'
  jobs_wait "$REPLY" 20 || true
  helpers_gate_job "$GATE" 0 Running
  helpers_shell 'jobs_news; printf "%s\n" "$REPLY"' >"$BATS_TEST_TMPDIR/one" &
  helpers_shell 'jobs_news; printf "%s\n" "$REPLY"' >"$BATS_TEST_TMPDIR/two"
  wait "$!"
  run cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
  [ "$(grep -c 'Load 2024-01: failed (exit code 5) after ' <<<"$output")" = 1 ]
  [[ $output != *Running* ]]
  jobs_start load "Seen" true
  local id=$REPLY
  settings_set jobs_limit 2
  jobs_queue_wake
  jobs_wait "$id" 20
  jobs_seen "$id"
  jobs_news
  [ -z "$REPLY" ]
}

@test "jobs: many ends are counted, and what was pruned is not told" {
  local index
  mkdir -p "$ETL_STATE_DIR/jobs/.news"
  for index in 1 2 3 4 5 6; do
    mkdir -p "$ETL_STATE_DIR/jobs/20240101-00000$index-load-$index"
    echo $((index % 3)) >"$ETL_STATE_DIR/jobs/20240101-00000$index-load-$index/exit_code"
    echo "Job $index" >"$ETL_STATE_DIR/jobs/20240101-00000$index-load-$index/title"
    touch "$ETL_STATE_DIR/jobs/.news/20240101-00000$index-load-$index"
  done
  touch "$ETL_STATE_DIR/jobs/.news/20240102-000000-load-7"
  jobs_news
  [[ $REPLY == "Job 5: failed (exit code 2)"* ]]
  [ "$(wc -l <<<"$REPLY")" = 3 ]
  [ "${REPLY##*$'\n'}" = "... and 4 more that have ended" ]
  [ -z "$(ls "$ETL_STATE_DIR/jobs/.news")" ]
}

@test "jobs cancel: its own last words are told; Ctrl-C while waiting for its end does not kill it" {
  jobs_start load title bash -c 'trap "sleep 0.5; printf \"{\n  \\\"message\\\": \\\"Query q1 was cancelled in the warehouse.\\\"\n}\n\" >\"\$ETL_JOB_DIR/result.json\"; exit 143" TERM; touch "$1"; while [[ -d $ETL_JOB_DIR ]]; do sleep 0.05; done' - "$GATE.up"
  local id=$REPLY status=0
  helpers_wait_for 20 test -e "$GATE.up"
  flock() {
    [[ " $* " != *' -E 99 8 '* || " $* " == *' -n '* ]] && { command flock "$@" && return 0 || return; }
    return 130
  }
  jobs_cancel "$id" || status=$?
  unset -f flock
  [ "$status" = 130 ]
  [[ $REPLY == *"has not ended yet"* ]]
  # Again: it is awaited, and not told twice.
  jobs_cancel "$id" || true
  [[ $REPLY == *"ended: stopped. It says: Query q1 was cancelled in the warehouse." || $REPLY == *"is not running: it is stopped." ]]
  helpers_has_state "$id" stopped
  [ "$(cat "$ETL_STATE_DIR/jobs/$id/exit_code")" = 143 ]
}
