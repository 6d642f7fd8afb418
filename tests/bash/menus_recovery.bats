#!/usr/bin/env bats
# Recovery through the entry, in plain text: what is listed, what a diagnosis offers, what is started, what is never a default.
# shellcheck disable=SC2030,SC2031,SC2154 # each test has its own environment

load helpers
load fake_python

RUN=20240203-040506-0a1b2c3d

setup() {
  helpers_setup
  fake_python
  # Jobs of these tests end at once.
  touch "$FAKE/gate"
}

teardown() {
  helpers_source core settings jobs
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: the menu of recovery with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' recovery "$@" b quit) 3>&-
  [ "$status" -eq 0 ]
}

newest_words() { # sets WORDS: script and arguments of the newest job
  local -a command
  helpers_source core settings jobs
  jobs_ids
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/command"
  WORDS="${command[1]##*/} ${command[*]:2}"
}

job_count() {
  find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

failed() { # <way> <diagnosis>: one load that failed
  printf '%s\tfailed\t%s\ttoo_long\t2013-01\tFLIGHTS\t2013-02-01 00:00\tA value is too long\n' "$RUN" "$1" >"$FAKE/loads"
  printf '%s\n' "$2" >"$FAKE/diagnosis"
}

@test "menus recovery: from the list of failed loads a column is widened with three answers" {
  failed widen "A value is too long for its column
     $ ./snowflake_etl.sh recover --widen $RUN
     $ ./snowflake_etl.sh recover --retry $RUN"
  printf 'ALTER TABLE "D"."PUBLIC"."FLIGHTS" ALTER COLUMN "CARRIER" SET DATA TYPE VARCHAR(20);\n' >"$FAKE/plan"
  menu loads 1 y y back b
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'failed'*'2013-01'*'FLIGHTS'*'A value is too long'*'Widen? y or n'*'ALTER TABLE'*'As a command:'*"--widen $RUN --yes --background"* ]]
  newest_words
  [ "$WORDS" = "recover_load.py --config $ROOT/config/example.json --widen $RUN --yes" ]
}

@test "menus recovery: what has to be corrected first is not retried by Enter alone; what was cut off is carried on" {
  failed retry "A value is not a number
     $ ./snowflake_etl.sh recover --retry $RUN
     $ ./snowflake_etl.sh clean-file --file x"
  menu loads 1 '' b
  [ "$(job_count)" -eq 0 ]
  failed retry "It was refused, on purpose
  1. Do what the message says; then:
     $ ./snowflake_etl.sh recover --retry $RUN"
  menu loads 1 '' b
  [ "$(job_count)" -eq 0 ]
  failed retry "The load was cut off
  1. Carry on with it; what is staged and copied is reused.
     $ ./snowflake_etl.sh recover --retry $RUN"
  menu loads 1 y back b
  [[ $output == *'Resume? y or n'* ]]
  newest_words
  [ "$WORDS" = "recover_load.py --config $ROOT/config/example.json --retry $RUN" ]
}

@test "menus recovery: nothing failed, a plan that is refused, a diagnosis without a way on" {
  : >"$FAKE/loads"
  menu loads ''
  [[ $output == *'no failed load is waiting'* ]]
  failed widen "$ ./snowflake_etl.sh recover --widen $RUN"
  printf 'error: Every value fits by now: nothing to widen.\n' >"$FAKE/plan"
  printf '7\n' >"$FAKE/plan_code"
  menu loads 1 y '' b
  [[ $output == *'Widen: not possible'*'nothing to widen'* ]]
  failed retry 'The cause is not known'
  menu loads 1 '' b
  [[ $output == *'The cause is not known'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus recovery: jobs that did not end well are diagnosed, and logs by their path" {
  local job
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' bash -c 'exit 5' 3>&-
  job=$REPLY
  jobs_wait "$job" 10 || true
  printf 'A disk is full\n' >"$FAKE/diagnosis"
  menu job 1 ''
  [[ $output == *'failed'*'Load 2013-01'*'A disk is full'* ]]
  : >"$BATS_TEST_TMPDIR/some log"
  menu log nowhere "$BATS_TEST_TMPDIR/some log" ''
  [[ $output == *'There is no readable file'*'A disk is full'* ]]
  grep -qa "some log" "$FAKE"/call-*
  # It is proposed the next time.
  menu log '' ''
  [[ $output == *'A disk is full'* ]]
}

@test "menus recovery: cleaning shows what would go, and Enter alone removes nothing" {
  # What it prints stands for what recover and stage clean would.
  printf 'work table\n1 leftover of runs that have ended. Remove with: ./snowflake_etl.sh recover --config c.json --clean\n' >"$FAKE/plan"
  menu stage clean orphans '' b
  [[ $output == *'Remove this from the stage?'* ]]
  [ "$(job_count)" -eq 0 ]
  menu stage clean 7d y back b
  newest_words
  [ "$WORDS" = "stage_manager.py clean --config $ROOT/config/example.json --older-than 7d --yes" ]
}

@test "menus recovery: the newest load with a value too long is widened from its own entry, or there is none" {
  failed widen "not asked for"
  printf '20240101-000000-00000000\tfailed\tretry\tnumber\t2013-02\tFLIGHTS\t2013-02-01 00:00\tNot a number\n' >"$FAKE/both"
  cat "$FAKE/both" "$FAKE/loads" >"$FAKE/loads.new"
  mv "$FAKE/loads.new" "$FAKE/loads"
  printf 'ALTER TABLE "FLIGHTS" ALTER COLUMN "CARRIER" SET DATA TYPE VARCHAR(20);\n' >"$FAKE/plan"
  menu varchar y back
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'Widen VARCHAR column'*'ALTER TABLE'*'As a command:'*"--widen $RUN --yes --background"* ]]
  newest_words
  [ "$WORDS" = "recover_load.py --config $ROOT/config/example.json --widen $RUN --yes" ]
  cp "$FAKE/both" "$FAKE/loads"
  menu varchar
  [[ $output == *'No load into this target failed because a value was too long'* ]]
}

@test "menus recovery: a table's last load is diagnosed" {
  failed retry 'nothing is known of it'
  menu table
  [[ $output == *'diagnose --config config/example.json --table FLIGHTS'*'nothing is known of it'* ]]
}

@test "menus recovery: months are staged only, loaded from the stage, and loaded with their parts kept" {
  export ETL_TODAY=2013-03-31
  local flag way
  for way in only:--stage-only load:--from-stage keep:--keep-staged; do
    flag=${way#*:}
    menu stage "${way%:*}" last y back b
    newest_words
    [ "$WORDS" = "loader.py --config $ROOT/config/example.json --month 2013-02 $flag --yes" ]
    sleep 1.1
  done
}
