#!/usr/bin/env bats
# Drop and Restore through the entry, in plain text: what is shown, what has to be typed, what is started.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # hostile names stay as they are; each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
  touch "$FAKE/gate"
  printf 'planned: Delete 1,310 of 2,600 rows (50.4%%) from D.PUBLIC.FLIGHTS 2013-01\n  on 31 days\n' >"$FAKE/plan"
}

teardown() {
  helpers_source core settings jobs
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: the menu with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' operations "$@" b quit) 3>&-
  [ "$status" -eq 0 ]
}

job_count() {
  find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

newest_words() { # sets WORDS: script and arguments of the newest job
  local -a command
  helpers_source core settings jobs
  jobs_ids
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/command"
  WORDS="${command[1]##*/} ${command[*]:2}"
}

@test "menus months: a drop shows its plan, wants the exact words, and expects the rows that it showed" {
  menu drop 2013-01 yes 'DELETE FLIGHTS 2013-01' back
  [[ $output == *'Delete 1,310 of 2,600 rows'*'To delete 1,310 rows of FLIGHTS, type: DELETE FLIGHTS 2013-01'* ]]
  newest_words
  [ "$WORDS" = "drop_month.py --config $ROOT/config/example.json --table FLIGHTS --month 2013-01 --yes --expect-rows 1310" ]
}

@test "menus months: Enter alone, other words and Back delete nothing" {
  menu drop 2013-01 '' # the plan's default is no
  menu drop 2013-01 yes ''
  menu drop 2013-01 yes yes ''
  [[ $output == *'Nothing was deleted'* ]]
  menu drop 2013-01 yes 'delete flights 2013-01' ''
  menu drop nonsense $'\e'
  [ "$(job_count)" -eq 0 ]
}

@test "menus months: a plan that is refused starts nothing and says why" {
  printf 'refused: FLIGHTS has policies.\n' >"$FAKE/plan"
  printf '7\n' >"$FAKE/plan_code"
  menu drop 2013-01 ''
  [[ $output == *'refused, on purpose'*'FLIGHTS has policies'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus months: an empty month is told, and nothing is asked for" {
  printf 'nothing: D.PUBLIC.FLIGHTS 2013-01 has no rows and no ledger entry: nothing to drop.\n' >"$FAKE/plan"
  menu drop 2013-01 ''
  [[ $output == *'nothing to delete'*'has no rows'* && $output != *'type: DELETE'* ]]
}

@test "menus months: of several tables one is chosen; a month is restored after its plan" {
  printf 'FLIGHTS\n"odd $(touch y) name"\n' >"$FAKE/tables"
  printf 'planned: Restore D.PUBLIC.FLIGHTS 2013-01\n' >"$FAKE/plan"
  menu restore '"odd $(touch y) name"' 2013-01 yes back
  newest_words
  [ "$WORDS" = "restore_month.py --config $ROOT/config/example.json --table \"odd \$(touch y) name\" --month 2013-01 --yes" ]
  [ ! -e y ]
}

@test "menus months: rows from before the tool are adopted after what would be recorded was seen, with files and without" {
  local config=$ROOT/config/example.json
  printf 'planned: Record in the ledger, without touching FLIGHTS:\n  f.tsv: 310 rows\nNothing was recorded.\n' >"$FAKE/plan"
  menu ledger adopt 2013-01 n counts 2013-01 n b
  [[ $output == *'Record in the ledger, without touching FLIGHTS'*'Record? y or n'* ]]
  [ "$(job_count)" -eq 0 ]
  menu ledger adopt 2013-01 y back b
  newest_words
  [ "$WORDS" = "ledger_tool.py adopt --config $config --table FLIGHTS --month 2013-01 --yes" ]
  sleep 1.1
  menu ledger counts 2013-01 y back b
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'As a command:'*'ledger adopt --config'*'--without-file --yes --background'* ]]
  newest_words
  [ "$WORDS" = "ledger_tool.py adopt --config $config --table FLIGHTS --month 2013-01 --without-file --yes" ]
}
