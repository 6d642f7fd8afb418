#!/usr/bin/env bats
# Jobs & Logs in plain text, through the entry: what can be done with one job.

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  helpers_source core settings jobs
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: runs the menu with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' "$@") 3>&-
}

ended_job() { # <verb> <title> <command...>: sets ID
  jobs_start "$@" 3>&-
  ID=$REPLY
  jobs_wait "$ID" 20 || true
}

@test "menus jobs: a failed job's screen says why, with the log's first error, before anything is asked" {
  ended_job load 'Load 2013-02' bash -c 'echo fine; echo "error: The disk is full."; exit 1'
  menu jobs "$ID" b b quit
  [ "$status" -eq 0 ]
  [[ $output == *'Jobs & Logs > Job: Load 2013-02'*'State    failed (exit code 1)'*'First error in the log: error: The disk is full.'*'Show the log'* ]]
}

@test "menus jobs: in text Enter opens the newest failure, and looks again where there is none" {
  ended_job load 'Load 2013-02' false
  menu jobs '' b b quit
  [[ $output == *'State    failed (exit code 1)'* ]]
  rm -rf "$ETL_STATE_DIR/jobs"
  ended_job load 'Load 2013-01' true
  menu jobs '' '' b quit
  [ "$(grep -c 'Enter looks again' <<<"$output")" = 3 ]
}

@test "menus jobs: details come first, then the log" {
  ended_job load 'Load 2013-02' bash -c 'echo "a line of the log"'
  menu jobs "$ID" show y b b quit
  local details=${output%%'a line of the log'*}
  [[ $details == *'State:    done (exit code 0)'*'Command:'* ]]
  [ "$(grep -c 'a line of the log' <<<"$output")" -ge 2 ]
}

@test "menus jobs: a run is compared with the one before; a report is opened, or it is said where it is" {
  ended_job report 'Report' bash -c 'echo "rows,7" >"$2"' - --output report.csv
  menu jobs "$ID" compare b b quit
  [[ $output == *'no earlier run'* ]]
  sleep 1.1 # ids of one second are not in order
  ended_job report 'Report' bash -c 'echo "<html>" >"$2"' - --output report.html
  menu jobs "$ID" compare report b b quit
  [[ $output == *'this run'*'before'*'seconds'*'commands are not the same'* ]]
  [[ $output == *'Open the report    report.html'*"$BATS_TEST_TMPDIR/report.html"*'scp '* ]]
  jobs_ids
  menu jobs "${JOBS_IDS[1]}" report b b quit
  [[ $output == *'rows,7'* ]]
}

@test "menus jobs: a waiting job says its place, is moved and taken out; running again says that it waits" {
  settings_set jobs_limit 1
  ended_job load 'Load 2013-01' true
  helpers_gate_job "$BATS_TEST_TMPDIR/gate" 0 'Load 2013-02' 3>&-
  helpers_wait_for 20 helpers_has_state "$REPLY" running
  jobs_start load 'Load 2013-03' true 3>&-
  jobs_start load 'Load 2013-04' true 3>&-
  local waits=$REPLY
  helpers_wait_for 20 test -e "$ETL_STATE_DIR/jobs/$waits/wake"
  menu jobs "$waits" move-first b b quit
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'jobs running: 1, 2 waiting'*'number 2 in the queue'*'Queued 20'*'number 1 in the queue: at most 1 run at a time'* ]]
  [[ $("$ROOT/snowflake_etl.sh" jobs show "$waits") == *'Queued:   20'* ]]
  menu jobs "$waits" cancel y b b quit
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'does not run'*'was taken out of the queue; nothing of it was run.'* ]]
  menu jobs "$ID" rerun y b b quit
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'It waits for its turn, number 2 in the queue'* ]]
}

@test "menus jobs: what is asked about a job names it, and not another one that runs or waits" {
  settings_set jobs_limit 1
  ended_job load 'Load 2013-01' true
  helpers_gate_job "$BATS_TEST_TMPDIR/gate" 0 'Load 2013-02' 3>&-
  local runs=$REPLY
  helpers_wait_for 20 helpers_has_state "$runs" running
  jobs_start load 'Load 2013-03' true 3>&-
  helpers_wait_for 20 test -e "$ETL_STATE_DIR/jobs/$REPLY/wake"
  menu jobs "$runs" cancel n b b quit
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'Cancel Load 2013-02?'*'is asked to stop'* ]]
  menu jobs "$ID" rerun n compare '' show n b b quit
  [[ $output == *'Run again: Load 2013-01'*'Compare: Load 2013-01'*'Job: Load 2013-01'*'State:'* ]]
}

@test "menus jobs: only some states are shown when asked" {
  ended_job load 'Load 2013-01' true
  ended_job load 'Load 2013-02' false
  menu jobs states 2 b quit
  [[ ${output##*'Only in these states'} == *'Load 2013-02'* ]]
  [[ ${output##*'Only in these states'} != *'Load 2013-01'* ]]
}

@test "menus jobs: a job without a title is known by its id, and its folder may lack all that running again needs" {
  ended_job load 'Load 2013-01' true
  rm "$ETL_STATE_DIR/jobs/$ID"/{title,command,directory}
  menu jobs "$ID" rerun y '' b b quit
  [ "$status" -eq 0 ]
  [[ $output == *"done     0s      $ID"*"Job: $ID"*'cannot run again: its command or its folder'*'Main menu'* ]]
  [[ $output != *'line '[0-9]*':'* ]]
}

@test "menus jobs: a job that vanishes while its screen is open is said, and the list comes back" {
  ended_job load 'Load 2013-01' true
  # shellcheck disable=SC2016
  run bash -c '{ echo jobs; echo "$2"; sleep 2; rm -rf "$3/jobs/$2"; echo show; echo n; echo b; echo b; echo quit; } | "$1/snowflake_etl.sh"' x "$ROOT" "$ID" "$ETL_STATE_DIR" 3>&-
  [ "$status" -eq 0 ]
  [[ $output == *'does not exist any more'* ]]
}
