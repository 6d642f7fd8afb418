#!/usr/bin/env bats
# Actions: from a verb and words to an exact argument array, in the foreground or as a job; they never ask.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # hostile names stay as they are; each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  helpers_source core colors settings month setup jobs log_viewer actions
}

teardown() {
  touch "$FAKE/gate"
  helpers_finish_jobs
}

@test "actions: arguments arrive as they were given, whatever they look like" {
  run actions_run_verb load --file 'x$(touch y).tsv' --file=-rf --month $'a\nb' '*' '' '"q"' 3>&-
  [ "$status" -eq 0 ]
  fake_python_call 0
  [ "${CALL[0]}" = "$ROOT/python/loader.py" ]
  [ "${#CALL[@]}" -eq 9 ]
  [ "${CALL[2]}" = 'x$(touch y).tsv' ]
  [ "${CALL[5]}" = $'a\nb' ]
  [ "${CALL[6]}${CALL[7]}${CALL[8]}" = '*"q"' ]
  [ ! -e y ]
}

@test "actions: the foreground ends with the script's exit code" {
  local code
  for code in 0 2 6 7; do
    echo "$code" >"$FAKE/job_code"
    run actions_run_verb doctor 3>&-
    [ "$status" -eq "$code" ]
  done
}

@test "actions: a job knows who tells of its end, a job that runs again too" {
  local id
  echo 5 >"$FAKE/job_code"
  touch "$FAKE/gate"
  for id in started rerun; do
    if [ "$id" = started ]; then actions_start load --month 2013-01; else actions_jobs_rerun "$REPLY"; fi
    id=$REPLY
    run -5 jobs_wait "$id" 20
    mapfile -d '' -t words <"$ETL_STATE_DIR/jobs/$id/when_ended"
    [ "${words[*]}" = "$ETL_VENV/bin/python $ROOT/python/send_notice.py job --quiet" ]
    REPLY=$id
  done
}

@test "actions: --background anywhere starts a job that has exactly the other arguments" {
  local line id
  for line in '--background --month 2013-01' '--month --background 2013-01' '--month 2013-01 --background'; do
    rm -f "$FAKE"/call-*
    # shellcheck disable=SC2086 # words
    run --separate-stderr actions_run_verb load $line 3>&-
    [ "$status" -eq 0 ]
    id=$output
    [[ $id == *-load-* && $stderr == *"jobs follow $id"* ]]
    mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$id/command"
    [ "${command[*]}" = "$ETL_PYTHON $ROOT/python/loader.py --config $ROOT/config/example.json --month 2013-01" ]
    [ "$(<"$ETL_STATE_DIR/jobs/$id/title")" = 'Load 2013-01' ]
  done
}

@test "actions: a job that loads nothing is not called as one that does" {
  local line
  for line in '--dry-run:(plan only)' '--verify:(verify)' '--stage-only:(stage only)'; do
    run --separate-stderr actions_run_verb load --month 2013-01 "${line%%:*}" --background 3>&-
    [ "$(<"$ETL_STATE_DIR/jobs/$output/title")" = "Load 2013-01 ${line#*:}" ]
  done
}

@test "actions: --background makes a job of every verb that is a script" {
  local verb id
  touch "$FAKE/gate"
  for verb in "${!ACTIONS_SCRIPTS[@]}"; do
    run --separate-stderr actions_run_verb "$verb" --background 3>&-
    [ "$status" -eq 0 ]
    id=$output
    mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$id/command"
    [ "${command[1]}" = "$ROOT/python/${ACTIONS_SCRIPTS[$verb]}" ]
    [[ " ${command[*]} " != *' --background '* ]]
    [[ $(<"$ETL_STATE_DIR/jobs/$id/title") == "${verb^}"* ]]
  done
}

@test "actions: --background behind -- is data" {
  run actions_run_verb local sql -- --background 3>&-
  [ "$status" -eq 0 ]
  fake_python_call 0
  [ "${CALL[*]:1}" = 'sql -- --background' ]
}

@test "actions: a job keeps the configuration that was in use when it started" {
  ETL_CONFIG=$BATS_TEST_TMPDIR/mine.json
  run --separate-stderr actions_run_verb load --month 2013-01 --background 3>&-
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$output/command"
  [ "${command[*]:2:2}" = "--config $BATS_TEST_TMPDIR/mine.json" ]
  run --separate-stderr actions_run_verb load --config=other.json --month 2013-01 --background 3>&-
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$output/command"
  [[ " ${command[*]} " != *mine.json* ]]
  # A report on a folder of configurations is not one on the chosen one too.
  run --separate-stderr actions_run_verb report --configs "$BATS_TEST_TMPDIR" --background 3>&-
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$output/command"
  [ "${command[*]}" = "$ETL_PYTHON $ROOT/python/table_report.py --configs $BATS_TEST_TMPDIR" ]
  run --separate-stderr actions_run_verb report --background 3>&-
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/$output/command"
  [ "${command[*]:2}" = "--config $BATS_TEST_TMPDIR/mine.json" ]
}

@test "actions: a hostile file name makes a harmless title" {
  run --separate-stderr actions_run_verb load --file $'/tmp/x$(touch y)\n\e[2J.tsv' --background 3>&-
  [ "$status" -eq 0 ]
  jobs_read "$output"
  [[ $JOB_TITLE == 'Load x$(touch y)'* ]]
  [ ! -e y ]
}

@test "actions: jobs and setup refuse --background with a sentence" {
  run actions_run_verb jobs list --background
  [ "$status" -eq 2 ]
  [[ $output == *"'jobs' runs at once"* ]]
}

@test "actions: an unknown verb names the nearest and all of them" {
  local word
  for word in lod laod loader; do
    run actions_run_verb "$word"
    [ "$status" -eq 2 ]
    [[ $output == *"no verb '$word'"* && $output == *"Did you mean 'load'?"* ]]
    [[ $output == *'check-file clean-file '*' load '*' validate'* ]]
  done
  for word in zzzzzz '' '--' 'jobs setup' '$(touch y)' '[x]' _actions; do
    run actions_run_verb "$word"
    [ "$status" -eq 2 ]
    [[ $output != *'Did you mean'* ]]
  done
  [ ! -e y ]
}

@test "actions: the plan is the loader's text and exit code, and nothing is asked of standard input" {
  echo 7 >"$FAKE/plan_code"
  echo 'Refused: loaded already.' >"$FAKE/plan"
  local status=0
  actions_load_plan --month 2013-01 || status=$?
  [ "$status" -eq 7 ]
  [ "$REPLY" = 'Refused: loaded already.' ]
  fake_python_call 0
  [ "${CALL[*]:1}" = '--month 2013-01 --dry-run --quiet' ]
}

@test "actions: the command line shown can be typed as it is" {
  cd "$ROOT"
  actions_words load --config "$ROOT/config/example.json" --file "/data/my \$(touch y) file.tsv" --qc both --background
  [[ $REPLY == './snowflake_etl.sh load --config config/example.json --file /data/my\ \$'* ]]
  eval "set -- $REPLY"
  [ "$6" = '/data/my $(touch y) file.tsv' ]
  [ "${!#}" = --background ]
  cd "$BATS_TEST_TMPDIR"
  actions_words load --month 2013-01
  [[ $REPLY == "$ROOT/snowflake_etl.sh load"* ]]
}

@test "actions: the configuration is ETL_CONFIG, else the saved choice, else the example" {
  actions_config_current
  [ "$REPLY" = "$ROOT/config/example.json" ]
  printf '{}' >"$BATS_TEST_TMPDIR/my config.json"
  cd "$BATS_TEST_TMPDIR"
  actions_config_choose 'my config.json'
  unset ETL_CONFIG
  actions_config_current
  [ "$REPLY" = "$BATS_TEST_TMPDIR/my config.json" ]
  ETL_CONFIG=/else.json
  actions_config_current
  [ "$REPLY" = /else.json ]
}

@test "actions: a choice wins over ETL_CONFIG from then on, a missing file is refused" {
  export ETL_CONFIG=/else.json
  printf '{}' >"$BATS_TEST_TMPDIR/a.json"
  actions_config_choose "$BATS_TEST_TMPDIR/a.json"
  actions_config_current
  [ "$REPLY" = "$BATS_TEST_TMPDIR/a.json" ]
  run actions_config_choose /no/such.json
  [ "$status" -eq 3 ]
  [[ $output == *'/no/such.json'* ]]
  run actions_config_choose $'/tmp/a\nb.json'
  [ "$status" -eq 3 ]
}

@test "actions: the target is found out once, and again when the configuration changes" {
  export ETL_CONFIG=$BATS_TEST_TMPDIR/c.json
  printf '{}' >"$ETL_CONFIG"
  run actions_config_target_cached
  [ "$status" -eq 1 ]
  echo ACME-PROD >"$FAKE/target"
  actions_config_target
  [ "$REPLY" = ACME-PROD ]
  echo OTHER >"$FAKE/target"
  actions_config_target
  [ "$REPLY" = ACME-PROD ]
  [ "$(fake_python_calls)" -eq 1 ]
  touch -d '+2 seconds' "$ETL_CONFIG"
  run actions_config_target_cached
  [ "$status" -eq 1 ]
  actions_config_target
  [ "$REPLY" = OTHER ]
}

@test "actions: two configurations whose cache would have one name do not share a target" {
  mkdir -p "$BATS_TEST_TMPDIR/a"
  printf '{}' | tee "$BATS_TEST_TMPDIR/a/b.json" >"$BATS_TEST_TMPDIR/a_b.json"
  echo ONE >"$FAKE/target"
  ETL_CONFIG=$BATS_TEST_TMPDIR/a/b.json actions_config_target
  echo TWO >"$FAKE/target"
  ETL_CONFIG=$BATS_TEST_TMPDIR/a_b.json
  actions_config_target
  [ "$REPLY" = TWO ]
}

@test "actions: the list of configurations has no schema files, and the one in use wherever it is" {
  ETL_CONFIG=$BATS_TEST_TMPDIR/mine.yaml
  printf 'a: 1\n' >"$ETL_CONFIG"
  actions_config_list
  [[ " ${ACTIONS_CONFIGS[*]} " == *" $ROOT/config/example.json "*"/mine.yaml "* ]]
  [[ " ${ACTIONS_CONFIGS[*]} " != *schema* ]]
}

@test "actions: the environment chosen for a configuration is named in commands and jobs, and goes with the configuration" {
  export ETL_CONFIG=$BATS_TEST_TMPDIR/c.json
  printf '{}' | tee "$ETL_CONFIG" >"$BATS_TEST_TMPDIR/other.json"
  actions_config_environment_choose prod
  actions_words load --month 2013-01
  [[ $REPLY == *'load --environment prod --month 2013-01' ]]
  actions_words load --month 2013-01 --environment dev
  [[ $REPLY != *prod* ]]
  actions_words history --limit 3
  [[ $REPLY != *prod* ]]
  actions_config_choose "$BATS_TEST_TMPDIR/other.json"
  [ -z "${ETL_ENVIRONMENT:-}" ]
  actions_config_choose "$BATS_TEST_TMPDIR/c.json"
  [ "$ETL_ENVIRONMENT" = prod ]
  : >"$FAKE/gate"
  actions_start load --month 2013-01
  jobs_wait "$REPLY" || true
  [[ $(<"$ETL_STATE_DIR/jobs/$REPLY/title") == 'Load in PROD 2013-01' ]]
}

@test "actions: what a plain JSON file says of its target is known without Python" {
  local word
  export ETL_CONFIG=$BATS_TEST_TMPDIR/c.json
  printf '{"snowflake": {"schema": "PUBLIC", "connection": "acme-prod"}, "files": []}' >"$ETL_CONFIG"
  actions_config_target_cached
  [ "$REPLY" = acme-prod ]
  printf '{"files": [],\n "snowflake":\n {"account": "org-acme"}}' >"$ETL_CONFIG"
  actions_config_target
  [ "$REPLY" = org-acme ]
  ETL_SNOWFLAKE__ACCOUNT=other run actions_config_target_cached
  [ "$status" -eq 1 ]
  for word in '"extends": "b.json"' '"environments": {}' '"a": "${B}"' '"a": "\u0041"'; do
    printf '{%s, "snowflake": {"account": "org-acme"}}' "$word" >"$ETL_CONFIG"
    run actions_config_target_cached
    [ "$status" -eq 1 ]
  done
  [ "$(fake_python_calls)" -eq 0 ]
}

@test "actions: the target is found out again when the environment or a file that is extended changes" {
  export ETL_CONFIG=$BATS_TEST_TMPDIR/c.json
  printf '{}' | tee "$ETL_CONFIG" >"$BATS_TEST_TMPDIR/base.json"
  printf 'ACME\n%s\n%s\n' "$BATS_TEST_TMPDIR/base.json" "$ETL_CONFIG" >"$FAKE/target"
  actions_config_target
  [ "$REPLY" = ACME ]
  actions_config_target_cached
  ETL_ENVIRONMENT=prod run actions_config_target_cached
  [ "$status" -eq 1 ]
  touch -d '+2 seconds' "$BATS_TEST_TMPDIR/base.json"
  run actions_config_target_cached
  [ "$status" -eq 1 ]
}
