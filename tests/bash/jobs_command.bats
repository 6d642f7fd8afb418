#!/usr/bin/env bats
# The verb "jobs": what it prints, its exit codes, and the jobs it lists, finds and removes.
load helpers

setup() {
  helpers_setup
  helpers_source core colors settings jobs log_viewer
  GATE=$BATS_TEST_TMPDIR/gate
}

teardown() {
  helpers_finish_jobs
}

old_job() { # <id> <exit code or ''> <age in days> [title]: a folder as a job left it
  local folder=$ETL_STATE_DIR/jobs/$1
  mkdir -p -- "$folder"
  core_now
  : >"$folder/lock"
  printf '%s\n' "${4:-A job}" >"$folder/title"
  printf '%s\n' $((REPLY - $3 * 86400 - 60)) >"$folder/started_at"
  printf '%s\n' "$HOSTNAME" >"$folder/host"
  [[ -n $2 ]] || return 0
  printf '%s\n' $((REPLY - $3 * 86400)) >"$folder/finished_at"
  printf '%s\n' "$2" >"$folder/exit_code"
}

many_jobs() { # <how many>: finished a while ago
  local index
  for ((index = 0; index < $1; ++index)); do
    old_job "20240101-0000$((index + 10))-load-$index" 0 1 "Job $index"
  done
}

@test "jobs list: one line a job with id, state, age and title, newest first" {
  old_job 20240101-000000-load-1 0 2 "Load 2024-01"
  old_job 20240102-000000-report-2 6 1 "Report"
  run -0 jobs_command list
  [[ ${lines[0]} =~ ^ID\ +STATE\ +AGE\ +TITLE$ ]]
  [[ ${lines[1]} =~ ^20240102-000000-report-2\ +problems\ +1d\ 0h\ +Report$ ]]
  [[ ${lines[2]} =~ ^20240101-000000-load-1\ +done\ +2d\ 0h\ +Load\ 2024-01$ ]]
  [ "${#lines[@]}" = 3 ]
}

@test "jobs list: no jobs is a sentence and exit 0" {
  run -0 jobs_command
  [ "$output" = "No jobs." ]
  run -0 jobs_command list --state failed
  [ "$output" = "No jobs in state failed." ]
}

@test "jobs list: the newest 20 and how to see all; --all shows all, --state searches all" {
  many_jobs 25
  old_job 20230101-000000-load-1 1 9 "The failed one"
  run -0 jobs_command list
  [ "${#lines[@]}" = 22 ]
  [ "${lines[-1]}" = "20 of 26 jobs; all of them: jobs list --all" ]
  run -0 jobs_command --all
  [ "${#lines[@]}" = 27 ]
  run -0 jobs_command list --state failed
  [ "${#lines[@]}" = 2 ]
  [[ ${lines[1]} == *"The failed one" ]]
}

@test "jobs list: an old job that still runs is shown whatever came after it" {
  many_jobs 25
  helpers_gate_job "$GATE" 0 "The long one"
  local id=$REPLY
  helpers_wait_for 5 helpers_has_state "$id" running
  mv -- "$ETL_STATE_DIR/jobs/$id" "$ETL_STATE_DIR/jobs/20230101-000000-load-7"
  run -0 jobs_command list
  mv -- "$ETL_STATE_DIR/jobs/20230101-000000-load-7" "$ETL_STATE_DIR/jobs/$id"
  [[ $output == *"20230101-000000-load-7"*"The long one"* ]]
}

@test "jobs list: a running job shows phase, percent, rate and what is left" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 helpers_has_state "$id" running
  core_now
  printf 'stage\t25000000\t100000000\tbytes\t%s\t%s\n' "$REPLY" $((REPLY - 10)) >"$ETL_STATE_DIR/jobs/$id/progress"
  run -0 jobs_command list
  [[ $output =~ stage\ 25%,\ 2\.5\ MB/s,\ [23][0-9]s\ left ]]
}

@test "jobs list --json: a list of objects, also with odd titles, and empty without jobs" {
  run -0 jobs_command list --json
  [ "$output" = "[]" ]
  old_job 20240101-000000-load-1 0 2 $'q"uote \\ \e[31m\nnew'
  helpers_gate_job "$GATE"
  helpers_wait_for 5 helpers_has_state "$REPLY" running
  run -0 jobs_command list --json
  run -0 "$PYTHON" -c 'import json, sys
running, done = json.loads(sys.argv[1])
assert (running["state"], running["exit_code"], done["state"], done["exit_code"]) == ("running", None, "done", 0)
assert done["title"] == "q\"uote \\ \x1b[31m\nnew", done["title"]
assert done["finished_at"] - done["started_at"] == 60 and done["verb"] == "load"' "$output"
}

@test "jobs: an id may be its start, or last; unknown and unclear ones are exit 2 and a sentence" {
  old_job 20240101-000000-load-1 0 2 First
  old_job 20240102-000000-load-2 0 1 Second
  run -0 jobs_command show 20240101
  [[ $output == *First* ]]
  run -0 jobs_command show last
  [[ $output == *Second* ]]
  run -2 jobs_command show 2024
  [[ $output == *"fits 2 jobs"* ]]
  run -2 jobs_command show 2025
  [[ $output == "There is no job '2025'."* ]]
  run -2 jobs_command show ''
  run -2 jobs_command show
  [[ $output == *"needs the id"* ]]
}

@test "jobs: ids that look like paths or patterns reach no other file" {
  mkdir -p "$ETL_STATE_DIR/jobs" "$ETL_STATE_DIR/other"
  echo secret >"$ETL_STATE_DIR/other/output.log"
  old_job 20240101-000000-load-1 0 2
  local id
  for id in ../other '*' '2024*' '[0-9]*' '/' '..'; do
    run -2 jobs_command log "$id"
    [[ $output != *secret* ]]
  done
}

@test "jobs: last without any job, an unknown subcommand and unknown options are exit 2" {
  run -2 jobs_command log last
  run -2 jobs_command frobnicate
  [[ $output == *"jobs frobnicate"*"--help"* ]]
  run -2 jobs_command list --frobnicate
  run -2 jobs_command list --state asleep
  run -2 jobs_command list --state
  run -2 jobs_command prune --older-than
  run -2 jobs_command prune --older-than soon
  run -2 jobs_command wait last --timeout x
  run -2 jobs_command show a b
  run -2 jobs_command cancel --force last
}

@test "jobs --help: names every subcommand" {
  local name
  run -0 jobs_command --help
  for name in list show log follow cancel rerun compare report move limit wait prune; do
    [[ $output == *"  $name "* ]]
  done
  run -0 jobs_command wait --help
}

@test "jobs show: says what is known, in the job's words" {
  cd "$BATS_TEST_TMPDIR"
  jobs_start load "Load 2024-01" bash -c 'printf "{\n  \"message\": \"27004 rows\"\n}\n" >"$ETL_JOB_DIR/result.json"; exit 7'
  local id=$REPLY
  jobs_wait "$id" 10 || true
  run -0 jobs_command show "$id"
  [[ $output == *"Title:    Load 2024-01"* ]]
  [[ $output == *"State:    refused (exit code 7)"* ]]
  [[ $output == *"Result:   27004 rows"* ]]
  [[ $output == *"Command:  bash -c "* ]]
  [[ $output == *"Folder:   $BATS_TEST_TMPDIR"* ]]
  [[ $output == *"Log:      $ETL_STATE_DIR/jobs/$id/output.log"* ]]
}

@test "jobs log and follow: to a pipe the log as it is; follow ends with the job and misses nothing" {
  jobs_start load title bash -c 'for ((i = 0; i < 2000; ++i)); do echo "line $i"; done; until [[ -e $1 || ! -d $ETL_JOB_DIR ]]; do sleep 0.05; done; echo "the last line"' - "$GATE"
  local id=$REPLY
  (sleep 0.5 && touch "$GATE") &
  jobs_command follow "$id" </dev/null >"$BATS_TEST_TMPDIR/followed"
  jobs_command log "$id" >"$BATS_TEST_TMPDIR/log"
  [ "$(grep -c '^line ' "$BATS_TEST_TMPDIR/followed")" = 2000 ]
  cmp "$BATS_TEST_TMPDIR/followed" "$BATS_TEST_TMPDIR/log"
  grep -qx "the last line" "$BATS_TEST_TMPDIR/log"
}

@test "jobs cancel, rerun, wait: by the command line" {
  helpers_gate_job "$GATE" 6 "The title"
  run -0 jobs_command cancel last
  [[ $output == *"ended: stopped."* ]]
  run -143 jobs_command wait last
  touch "$GATE"
  run -0 jobs_command rerun last
  [[ $output == "Started job "* ]]
  run -6 jobs_command wait "${output#Started job }" --timeout 10
  [[ $output == "Job "*" ended: problems (exit code 6). More: jobs show "* ]]
  run -7 jobs_command cancel last
  jobs_ids
  [ "${#JOBS_IDS[@]}" = 2 ]
}

@test "jobs wait --timeout: exit 124, and a word that the job runs on" {
  helpers_gate_job "$GATE"
  run -124 jobs_command wait last --timeout 1
  [[ $output == *"still running"* ]]
}

@test "jobs wait: a lost job is a sentence with the way to run it again" {
  old_job 20240101-000000-load-1 '' 2
  run -1 jobs_command wait last
  [[ $output == *"is lost"*"jobs rerun"* ]]
}

@test "jobs prune: finished jobs over 30 days go, running, queued, unknown and lost ones stay" {
  helpers_gate_job "$GATE"
  local running=$REPLY
  echo 1 >"$ETL_STATE_DIR/jobs/$running/started_at"
  old_job 20240101-000000-load-1 0 31
  old_job 20240102-000000-load-2 1 31
  old_job 20240103-000000-load-3 0 29
  old_job 20240104-000000-load-4 '' 99
  old_job 20240105-000000-load-5 '' 99
  echo jumphost7 >"$ETL_STATE_DIR/jobs/20240105-000000-load-5/host"
  run -0 jobs_command prune
  [ "$output" = "Removed 2 finished jobs." ]
  jobs_ids
  [ "${JOBS_IDS[*]}" = "$running 20240105-000000-load-5 20240104-000000-load-4 20240103-000000-load-3" ]
  run -0 jobs_command prune --older-than 0 --state running
  [ "$output" = "Removed 0 finished jobs." ]
  run -0 jobs_command prune --older-than 0 --state lost
  [ "$output" = "Removed 1 finished job." ]
  [ "$(helpers_state "$running")" = running ]
}

@test "jobs prune: --older-than 0 takes what has just ended, --state only that state" {
  jobs_start load title true
  jobs_wait "$REPLY" 10
  jobs_start load title false
  jobs_wait "$REPLY" 10 || true
  run -0 jobs_command prune --state failed --older-than 0
  [ "$output" = "Removed 1 finished job." ]
  run -0 jobs_command prune --older-than 0
  jobs_ids
  [ "${#JOBS_IDS[@]}" = 0 ]
}

@test "jobs prune: thousands go in portions, since a command takes no more" {
  local number
  helpers_program mv <<'PROGRAM'
#!/bin/bash
(($# <= 1100)) || exit 126
exec /bin/mv "$@"
PROGRAM
  for ((number = 1; number <= 2100; ++number)); do
    printf -v REPLY '%s/jobs/20240101-%06d-load-%d' "$ETL_STATE_DIR" "$number" "$number"
    mkdir -p "$REPLY"
    echo 1704067200 >"$REPLY/started_at"
    echo 0 >"$REPLY/exit_code"
  done
  run -0 jobs_command prune
  [ "$output" = 'Removed 2100 finished jobs.' ]
  jobs_ids
  [ "${#JOBS_IDS[@]}" -eq 0 ]
}

@test "jobs prune: follows no link out of the jobs' folder" {
  mkdir "$BATS_TEST_TMPDIR/precious"
  touch "$BATS_TEST_TMPDIR/precious/file"
  old_job 20240101-000000-load-1 0 99
  ln -s "$BATS_TEST_TMPDIR/precious" "$ETL_STATE_DIR/jobs/20240101-000000-load-1/link"
  jobs_command prune
  [ -e "$BATS_TEST_TMPDIR/precious/file" ]
}

@test "jobs prune: leftovers of killed starts go after a day, not before" {
  mkdir -p "$ETL_STATE_DIR/jobs/.new.old" "$ETL_STATE_DIR/jobs/.new.fresh"
  touch -d '3 days ago' "$ETL_STATE_DIR/jobs/.new.old"
  jobs_command prune
  [ ! -e "$ETL_STATE_DIR/jobs/.new.old" ]
  [ -e "$ETL_STATE_DIR/jobs/.new.fresh" ]
}

@test "jobs: a second menu sees the same jobs" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 helpers_has_state "$id" running
  run -0 helpers_shell 'jobs_running_count; echo "$REPLY"; jobs_ids; echo "${JOBS_IDS[*]}"'
  [ "$output" = "1"$'\n'"$id" ]
}

@test "jobs list --state: several states with commas" {
  old_job 20240101-000000-load-1 0 2 Well
  old_job 20240102-000000-load-2 6 1 Problems
  old_job 20240103-000000-load-3 1 1 Failed
  run -0 jobs_command list --state problems,failed
  [ "${#lines[@]}" = 3 ]
  [[ $output != *Well* ]]
  run -2 jobs_command list --state problems,asleep
  run -0 jobs_command prune --older-than 0 --state problems,failed
  [ "$output" = "Removed 2 finished jobs." ]
}

@test "jobs compare: with the run before it of the same command, numbers and their change, else the last of the verb" {
  local id
  for id in 20240101-000000-load-1 20240102-000000-load-2 20240103-000000-load-3; do
    old_job "$id" 0 1
    printf '%s\0' loader.py --month 2024-01 >"$ETL_STATE_DIR/jobs/$id/command"
  done
  printf '%s\0' loader.py --month 2023-12 >"$ETL_STATE_DIR/jobs/20240102-000000-load-2/command"
  echo 6 >"$ETL_STATE_DIR/jobs/20240103-000000-load-3/exit_code"
  local -a python=("$PYTHON" - "$ETL_STATE_DIR/jobs")
  "${python[@]}" <<'PYTHON'
import json, sys
for job, rows, findings in (("20240101-000000-load-1", 1200000, []), ("20240103-000000-load-3", 999, [{"rule": "gap", "days": [1, 2]}, {"rule": "x"}])):
    result = {"status": "loaded", "rows_published": rows, "checks": [{"rows": rows, "findings": findings, "columns": [{"rows": 5}]}],
              "phases": [{"name": "clean up", "seconds": rows / 999}], "message": f"{rows} rows"}
    open(f"{sys.argv[1]}/{job}/result.json", "w").write(json.dumps(result if findings else [result, result], indent=2))
PYTHON
  run -0 jobs_command compare 20240103
  echo "$output"
  [[ $output == *"Before    20240101-000000-load-1"* ]]
  grep -qE '^state +problems \(exit 6\) +done \(exit 0\)$' <<<"$output"
  grep -qE '^rows published +999 +2,400,000 +-2,399,001$' <<<"$output"
  grep -qE '^rows in checks +999 +2,400,000 ' <<<"$output"
  grep -qE '^findings +2 +0 +\+2$' <<<"$output"
  grep -qE '^seconds of clean up +1 +2402 ' <<<"$(tr -d , <<<"$output")"
  [[ $output == *"This run: 999 rows"*"Before: 2 results: 2 loaded. 1200000 rows"* ]]
  run -0 jobs_command compare 20240102
  [[ $output == *"Before    20240101-000000-load-1"*"commands are not the same"* ]]
  run -7 jobs_command compare 20240101
  [[ $output == *"no earlier run"* ]]
  run -0 jobs_command compare 20240101 --with 20240103
  run -2 jobs_command compare 20240101 --with 2025
}

@test "jobs report: the file that a job wrote, wherever it ran; exit 7 when there is none" {
  cd "$BATS_TEST_TMPDIR"
  jobs_start report title bash -c 'echo x >"$2"' - --output "a b.csv"
  jobs_wait "$REPLY" 20
  cd /
  run -0 jobs_command report last
  [ "$output" = "$BATS_TEST_TMPDIR/a b.csv" ]
  rm "$BATS_TEST_TMPDIR/a b.csv"
  run -7 jobs_command report last
}

@test "jobs: the first error of a log is found, in a long one within its end" {
  jobs_start load title bash -c 'echo "0 error(s)"; echo "2024-01-01 00:00:00Z INFO fine"; echo "2024-01-01 00:00:00Z ERROR it $(printf "\033[31mbroke")"; echo "error: second"'
  jobs_wait "$REPLY" 20
  local id=$REPLY log=$ETL_STATE_DIR/jobs/$REPLY/output.log
  jobs_first_error "$id"
  [ "$REPLY" = '2024-01-01 00:00:00Z ERROR it ?[31mbroke' ]
  [ "$(tail -c +$((JOBS_ERROR_OFFSET + 1)) "$log" | head -c 20)" = '2024-01-01 00:00:00Z' ]
  # shellcheck disable=SC2034 # jobs_first_error reads it
  JOBS_ERROR_BYTES=42
  jobs_first_error "$id"
  [ "$REPLY" = 'error: second' ]
  jobs_start load title true
  jobs_wait "$REPLY" 20
  run -1 jobs_first_error "$REPLY"
}

@test "jobs: an unknown subcommand or flag is answered with the nearest one" {
  run jobs_command lits
  [ "$status" -eq 2 ]
  [[ $output == *"There is no 'jobs lits'. Did you mean 'list'? See: jobs --help"* ]]
  run jobs_command list --al
  [ "$status" -eq 2 ]
  [[ $output == *"'jobs list' does not know '--al'. Did you mean '--all'?"* ]]
  run -2 jobs_command wait last --json
  [[ $output == "'jobs wait' does not know '--json'. See: jobs --help" ]]
  run -2 jobs_command show last --jsn
  [[ $output == *"Did you mean '--json'?"* ]]
  run jobs_command prune --xyzzyxyzzy 3
  [ "$status" -eq 2 ]
  [[ $output != *'Did you mean'* ]]
}

@test "jobs: flags may stand before the subcommand, too" {
  local id
  jobs_start load 'Load 2013-01' true 3>&-
  id=$REPLY
  jobs_wait "$id" 20
  [[ $(jobs_command --json list) == "["*"$id"* ]]
  [[ $(jobs_command --state 'done' list) == *"$id"* ]]
  [[ $(jobs_command --json show "$id") == '{"id"'* ]]
  [[ $(jobs_command --timeout 5 wait "$id") == *'ended: done'* ]]
  [[ $(jobs_command --older-than 0 --state 'done' prune) == 'Removed 1 finished job.' ]]
  run jobs_command --state lits
  [ "$status" -eq 2 ]
  [[ $output == *'--state needs one of'* ]]
}
