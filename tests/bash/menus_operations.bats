#!/usr/bin/env bats
# Snowflake Operations and File Tools through the entry, in plain text: what is asked, what is started, what is the default next time.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # hostile names stay as they are; each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
  # Jobs of these tests end at once.
  touch "$FAKE/gate"
}

teardown() {
  helpers_source core settings jobs
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: the menu of operations with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' "${MENU:-operations}" "$@" b quit) 3>&-
  [ "$status" -eq 0 ]
}

newest_words() { # sets WORDS: script and arguments of the newest job, without its configuration
  local -a command
  helpers_source core settings jobs
  jobs_ids
  mapfile -d '' -t command <"$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/command"
  [ "${command[2]}" = --config ]
  [ "${command[3]}" = "$ROOT/config/example.json" ]
  WORDS="${command[1]##*/} ${command[*]:4}"
}

job_count() {
  find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

@test "menus operations: a table of the only table, last month, is validated as a job" {
  menu validate last y back
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'Which days of FLIGHTS?'*'Validate FLIGHTS 2013-02'*'As a command:'*'--month 2013-02 --background'*'Validate FLIGHTS 2013-02: at work as job'* ]]
  [[ $output != *'Which table?'* ]]
  newest_words
  [ "$WORDS" = 'validate_table.py --month 2013-02' ]
}

@test "menus operations: of several tables one is chosen, and is the default the next time" {
  printf 'FLIGHTS\n"odd $(touch y) name"\n' >"$FAKE/tables"
  menu validate '"odd $(touch y) name"' all y back
  newest_words
  [ "$WORDS" = 'validate_table.py --table "odd $(touch y) name"' ]
  sleep 1.1 # the next job's name begins with the second
  menu validate '' '' y back
  newest_words
  [ "$WORDS" = 'validate_table.py --table "odd $(touch y) name"' ]
  sleep 1.1
  menu validate '*' current y back
  newest_words
  [ "$WORDS" = 'validate_table.py --month 2013-03' ]
  [ ! -e y ]
}

@test "menus operations: other months and days are asked until they can be meant" {
  menu validate other 2013-13 nonsense 2013-01..2013-02 y back
  [[ $output == *'no month 13'*"'nonsense' is not a month"* ]]
  newest_words
  [ "$WORDS" = 'validate_table.py --month 2013-01..2013-02' ]
  sleep 1.1
  menu validate other '2013-01-03..2013-01-10' y back
  newest_words
  [ "$WORDS" = 'validate_table.py --days 2013-01-03..2013-01-10' ]
  sleep 1.1
  # Both answers are the next defaults.
  menu validate '' '' y back
  newest_words
  [ "$WORDS" = 'validate_table.py --days 2013-01-03..2013-01-10' ]
}

@test "menus operations: an answer holds where it cannot be kept as the next default" {
  mkdir -p "$ETL_STATE_DIR"
  : >"$ETL_STATE_DIR/preferences"
  menu validate other 2013-01..2013-02 y back
  newest_words
  [ "$WORDS" = 'validate_table.py --month 2013-01..2013-02' ]
}

@test "menus operations: files of a month, or one, are checked before they are loaded, and held against the table afterwards" {
  MENU=files menu check month other '2013-01-03..2013-01-10' 2013-01,2013-02 y back b
  [[ $output == *'Files of a month'*"is not a month"* ]]
  newest_words
  [ "$WORDS" = 'check_file.py --month 2013-01,2013-02' ]
  sleep 1.1
  : >"$BATS_TEST_TMPDIR/a b.tsv"
  MENU=files menu check file "$BATS_TEST_TMPDIR/a b.tsv" y back b
  newest_words
  [ "$WORDS" = "check_file.py --file $BATS_TEST_TMPDIR/a b.tsv" ]
  sleep 1.1
  MENU=files menu check loaded last y back b
  [[ $output == *'As a command:'*'load '*' --month 2013-02 --verify'* ]]
  newest_words
  [ "$WORDS" = 'loader.py --month 2013-02 --verify' ]
}

@test "menus operations: duplicates of tables, with other keys, with the statements" {
  menu duplicates table last '' y back b
  newest_words
  [ "$WORDS" = 'duplicate_checker.py --month 2013-02' ]
  sleep 1.1
  menu duplicates sql all 'CARRIER, "a b"' y back b
  newest_words
  [ "$WORDS" = 'duplicate_checker.py --key CARRIER, "a b" --delete-sql' ]
}

@test "menus operations: duplicates of a file, whatever it is called" {
  local name
  cd "$BATS_TEST_TMPDIR"
  for name in 'x$(touch y).tsv' '-rf' 'a b.tsv'; do
    : >"./$name"
    menu duplicates file "$name" '' y back b
    newest_words
    [ "$WORDS" = "duplicate_checker.py --file $PWD/$name" ]
    sleep 1.1
  done
  menu duplicates file /no/such.tsv 'a b.tsv' ID y back b
  [[ $output == *'no readable file /no/such.tsv'* ]]
  newest_words
  [ "$WORDS" = "duplicate_checker.py --file $PWD/a b.tsv --key ID" ]
  [ ! -e y ]
}

@test "menus operations: the details of a table, or of all, are shown" {
  printf 'FLIGHTS\nOTHER\n' >"$FAKE/tables"
  menu details OTHER details '*' back
  run grep -alF table_info.py "$FAKE"/call-*
  [ "${#lines[@]}" -eq 2 ]
  fake_python_call "${lines[0]##*-}"
  [ "${CALL[*]}" = "$ROOT/python/table_info.py --config $ROOT/config/example.json --table OTHER --quiet" ]
  fake_python_call "${lines[1]##*-}"
  [ "${CALL[*]}" = "$ROOT/python/table_info.py --config $ROOT/config/example.json --quiet" ]
}

@test "menus operations: a report as text, with charts, as a file" {
  menu report last text y back
  newest_words
  [ "$WORDS" = 'table_report.py --month 2013-02' ]
  sleep 1.1
  menu report all chart y back
  newest_words
  [ "$WORDS" = 'table_report.py --chart' ]
  sleep 1.1
  menu report all html /no/such/folder/x.html "$BATS_TEST_TMPDIR/r.html" y back
  [[ $output == *'/no/such/folder/x.html cannot be written'* ]]
  newest_words
  [ "$WORDS" = "table_report.py --format html --output $BATS_TEST_TMPDIR/r.html" ]
  sleep 1.1
  # The file's name is the next default, with the ending of the format.
  menu report all xlsx '' y back
  newest_words
  [ "$WORDS" = "table_report.py --format xlsx --output $BATS_TEST_TMPDIR/r.xlsx" ]
}

@test "menus operations: the history is shown at once and starts nothing" {
  menu history list diff b
  [[ $output == *'when (UTC)'*'validate  FLIGHTS'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus operations: Back is one question back, and leaves from the first without starting anything" {
  printf 'A\nB\n' >"$FAKE/tables"
  menu duplicates table A last $'\e' b b b
  [ "$(job_count)" -eq 0 ]
  menu duplicates table A last $'\e' current '' y back b
  newest_words
  [ "$WORDS" = 'duplicate_checker.py --table A --month 2013-03' ]
}

@test "menus operations: with one table there is no question to come back to" {
  menu duplicates table last $'\e' b b
  [ "$(job_count)" -eq 0 ]
}

@test "menus operations: a configuration without readable tables is said" {
  echo 3 >"$FAKE/tables_code"
  echo 'error: example.json has no key "files".' >"$FAKE/tables"
  menu validate
  [[ $output == *'cannot be used'*'has no key'*'Settings, Configuration, chooses another one.'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus operations: a form whose load cannot be planned comes back with its answers, to be corrected" {
  echo 2 >"$FAKE/plan_code"
  echo "error: The configuration has no table 'SALS'." >"$FAKE/plan"
  menu load 2013-01 '' SALS file '' '' SALES . b
  [[ $output == *"no table 'SALS'"*'Snowflake Operations > Load months'*'[SALS] > '* ]]
  [ "$(job_count)" -eq 0 ]
}
