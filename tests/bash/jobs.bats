#!/usr/bin/env bats
load helpers

setup() {
  helpers_setup
  helpers_source core colors settings jobs log_viewer
  GATE=$BATS_TEST_TMPDIR/gate
}

teardown() {
  helpers_finish_jobs
}

@test "jobs: a job's folder has one fact a file and is private" {
  cd "$BATS_TEST_TMPDIR"
  jobs_start load "Load 2024-01" bash -c 'echo hello'
  local id=$REPLY folder=$ETL_STATE_DIR/jobs/$REPLY
  run -0 jobs_wait "$id" 10
  [[ $id =~ ^[0-9]{8}-[0-9]{6}-load-[0-9]+$ ]]
  [ "$(stat -c %a "$folder")" = 700 ]
  [ "$(stat -c %a "$ETL_STATE_DIR/jobs")" = 700 ]
  [ "$(cat "$folder/title")" = "Load 2024-01" ]
  [ "$(cat "$folder/exit_code")" = 0 ]
  [ "$(cat "$folder/directory")" = "$BATS_TEST_TMPDIR" ]
  [ "$(cat "$folder/host")" = "$HOSTNAME" ]
  [ "$(cat "$folder/boot_id")" = "$(cat /proc/sys/kernel/random/boot_id)" ]
  (($(date +%s) - $(cat "$folder/started_at") < 20))
  [ "$(tr '\0' '|' <"$folder/command")" = "bash|-c|echo hello|" ]
  [ -z "$(find "$ETL_STATE_DIR/jobs"/[0-9]* -name '.*')" ]
  [ -z "$(find "$ETL_STATE_DIR/jobs" -name '.new.*')" ]
}

@test "jobs: the log's first line is the command, then comes all output" {
  jobs_start load title bash -c 'echo out; echo err >&2' "a b"
  jobs_wait "$REPLY" 10
  run -0 cat "$ETL_STATE_DIR/jobs/$REPLY/output.log"
  [ "${lines[0]}" = "\$ bash -c echo\\ out\\;\\ echo\\ err\\ \\>\\&2 a\\ b" ]
  [ "${lines[1]}" = out ]
  [ "${lines[2]}" = err ]
}

@test "jobs: the exit code decides the state" {
  local pair id
  for pair in 0=done 1=failed 2=failed 5=failed 6=problems 7=refused 130=stopped 143=stopped 255=failed; do
    jobs_start load title bash -c "exit ${pair%=*}"
    id=$REPLY
    run "-${pair%=*}" jobs_wait "$id" 10
    [ "$(helpers_state "$id")" = "${pair#*=}" ]
  done
}

@test "jobs: a command that does not exist fails and says so in the log" {
  jobs_start load title /nowhere/command
  run -127 jobs_wait "$REPLY" 10
  grep -q 'No such file' "$ETL_STATE_DIR/jobs/$REPLY/output.log"
}

@test "jobs: a shell word is never taken for a command" {
  jobs_start load title exit 0
  run -127 jobs_wait "$REPLY" 10
}

@test "jobs: a running job is running, by its lock alone" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  helpers_wait_for 5 helpers_has_state "$id" running
  jobs_running_count
  [ "$REPLY" = 1 ]
  touch "$GATE"
  run -0 jobs_wait "$id" 10
  jobs_running_count
  [ "$REPLY" = 0 ]
}

@test "jobs: the command knows its folder and holds no lock, no caller's descriptor, no terminal" {
  jobs_start load title bash -c '
    [[ -f $ETL_JOB_DIR/title ]] || exit 10
    for link in /proc/$$/fd/*; do [[ ! -e $link || ${link##*/} -le 2 || ${link##*/} == 255 ]] || exit 11; done
    ! { : </dev/tty; } 2>/dev/null || exit 12
    [[ $(cut -d" " -f5 /proc/$$/stat) == "$$" ]] || exit 13' 5>"$BATS_TEST_TMPDIR/held"
  run -0 jobs_wait "$REPLY" 10
}

@test "jobs: a hidden prompt gets nothing instead of waiting for ever (lesson 15)" {
  jobs_start load title bash -c 'read -r answer; [[ $? == 1 && -z $answer ]]'
  run -0 jobs_wait "$REPLY" 10
}

@test "jobs: runs of one name at the same second get their own folders and logs (lesson 13)" {
  local -A seen=()
  local index
  for index in 1 2 3 4 5 6; do
    jobs_start load "one name" echo "run $index"
    seen[$REPLY]=$index
  done
  [ "${#seen[@]}" = 6 ]
  for index in "${!seen[@]}"; do
    jobs_wait "$index" 10
    grep -qx "run ${seen[$index]}" "$ETL_STATE_DIR/jobs/$index/output.log"
  done
}

@test "jobs: twelve starts at once from several processes all become jobs" {
  local index
  local -a pids=()
  for index in 1 2 3 4 5 6 7 8 9 10 11 12; do
    helpers_shell 'jobs_start load "number $3" echo "number $3"; jobs_wait "$REPLY" 20' "$index" &
    pids+=("$!")
  done
  for index in "${pids[@]}"; do
    wait "$index"
  done
  jobs_ids
  [ "${#JOBS_IDS[@]}" = 12 ]
  [ "$(cat "$ETL_STATE_DIR"/jobs/*/output.log | grep -c '^number ')" = 12 ]
}

@test "jobs: titles, arguments and folders with blanks, quotes, newlines and \$() stay what they are (lessons 13, 20)" {
  local folder="$BATS_TEST_TMPDIR/it's a \"folder\""$'\n'"\$(touch pwned)"
  local word="x\$(touch pwned).tsv"
  mkdir -p -- "$folder"
  cd -- "$folder"
  jobs_start load $'Title "q"\n$(touch pwned) `touch pwned`' bash -c 'printf "%s\n" "$PWD" "$@"' - "$word" "-dash" $'two\nlines' ''
  local id=$REPLY
  jobs_wait "$id" 10
  [ "$(sed '1d;$d' "$ETL_STATE_DIR/jobs/$id/output.log" | tail -n +1)" != "" ]
  jobs_read "$id"
  [ "$JOB_TITLE" = 'Title "q" $(touch pwned) `touch pwned`' ]
  run -0 jobs_command show "$id" --json
  run -0 "$PYTHON" -c 'import json, sys
job = json.loads(sys.argv[1])
assert job["directory"] == sys.argv[2], job
assert job["command"][4:] == [sys.argv[3], "-dash", "two\nlines", ""], job
assert job["title"].startswith("Title \"q\"\n$(touch"), job' "$output" "$folder" "$word"
  [ -z "$(find "$BATS_TEST_TMPDIR" -name pwned)" ]
}

@test "jobs: rerun runs the same command in the same folder as a new job" {
  mkdir "$BATS_TEST_TMPDIR/a b"
  cd "$BATS_TEST_TMPDIR/a b"
  jobs_start load "A title" bash -c 'pwd; printf "<%s>" "$@"' - "x y" $'n\nl' ''
  local first=$REPLY
  jobs_wait "$first" 10
  cd /
  jobs_rerun "$first"
  local second=$REPLY
  jobs_wait "$second" 10
  [ "$first" != "$second" ]
  jobs_read "$second"
  [ "$JOB_TITLE" = "A title" ]
  diff <(head -n -1 "$ETL_STATE_DIR/jobs/$first/output.log") <(head -n -1 "$ETL_STATE_DIR/jobs/$second/output.log")
  grep -qx "$BATS_TEST_TMPDIR/a b" "$ETL_STATE_DIR/jobs/$second/output.log"
}

@test "jobs: rerun says when the folder is gone" {
  mkdir "$BATS_TEST_TMPDIR/gone"
  cd "$BATS_TEST_TMPDIR/gone"
  jobs_start load title true
  jobs_wait "$REPLY" 10
  local id=$REPLY
  cd /
  rmdir "$BATS_TEST_TMPDIR/gone"
  run -2 jobs_rerun "$id"
  [[ $output == *"is gone"* ]]
}

@test "jobs: wait returns the exit code, and 124 when time is up while the job runs on" {
  helpers_gate_job "$GATE" 6
  local id=$REPLY
  run -124 jobs_wait "$id" 1
  [ "$(helpers_state "$id")" = running ]
  touch "$GATE"
  run -6 jobs_wait "$id"
}

@test "jobs: ids come newest first, other files and half-made jobs are no jobs" {
  mkdir -p "$ETL_STATE_DIR/jobs/20240101-000000-load-1" "$ETL_STATE_DIR/jobs/20240301-000000-load-1" \
    "$ETL_STATE_DIR/jobs/20240201-000000-load-99" "$ETL_STATE_DIR/jobs/.new.20240401-000000-load-1"
  jobs_ids
  [ "${JOBS_IDS[*]}" = "20240301-000000-load-1 20240201-000000-load-99 20240101-000000-load-1" ]
}

@test "jobs: no jobs is an empty list" {
  jobs_ids
  [ "${#JOBS_IDS[@]}" = 0 ]
  jobs_running_count
  [ "$REPLY" = 0 ]
}

@test "jobs: a start that cannot write says so and leaves nothing" {
  : >"$ETL_STATE_DIR/jobs"
  run -1 jobs_start load title true
  [[ $output == *"Cannot write the job's folder"* ]]
  [ "${#lines[@]}" = 1 ]
}

@test "jobs: without flock or setsid the sentence names the package" {
  helpers_path_without setsid
  run -1 jobs_start load title true
  [[ $output == *setsid*util-linux* ]]
}

@test "jobs: a menu under set -eu counts and lists without ending (lesson 12)" {
  helpers_gate_job "$GATE"
  run -0 bash -c 'set -eu; source "$1/lib/core.sh"; core_init; source "$1/lib/colors.sh"; source "$1/lib/jobs.sh"
    jobs_running_count; echo "running $REPLY"; jobs_command list; echo end' _ "$ROOT"
  [ "${lines[0]}" = "running 1" ]
  [ "${lines[-1]}" = end ]
}
