#!/usr/bin/env bats
# Questions of one kind on one screen, where there are forms: what is written there is judged, starts the same, and is the next default.
# shellcheck disable=SC2016,SC2154 # hostile names stay as they are; set by run

load tmux

setup() {
  tmux_setup
  export ETL_UI=dialog
  printf 'FLIGHTS\n"odd $(touch y) name"\n' >"$FAKE/tables"
  touch "$FAKE/gate"
}

teardown() {
  tmux_stop
}

field() { # <number from 0> <text>: writes it into the field of the form, from the first one on, and stays there
  local -i number
  for ((number = 0; number < $1; ++number)); do
    tmux_keys Down
  done
  tmux_keys C-u
  tmux_text "$2"
}

started() { # <words>: the job's command, after the start is confirmed
  tmux_keys Enter
  tmux_wait 'As a command:' '--background' '<Start>'
  tmux_keys Enter
  tmux_wait 'Follow the log'
  helpers_source core settings jobs
  jobs_ids
  mapfile -d '' -t COMMAND <"$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/command"
  COMMAND[1]=${COMMAND[1]##*/}
  echo "${COMMAND[*]:1}"
  [ "${COMMAND[*]:1}" = "$1" ]
  tmux_keys Escape
}

operations() { # to Snowflake Operations
  tmux_menu
  tmux_wait 'Main menu'
  tmux_keys Down Enter
  tmux_wait 'Load by browsing'
}

@test "forms: tables and days are validated from one screen; what cannot be meant is said, and what is right stays" {
  local config=$ROOT/config/example.json
  operations
  tmux_keys V Enter
  tmux_wait 'Table  *' 'Days   last' 'FLIGHTS, "odd $(touch y) name"; * means all of them.' 'or all.'
  tmux_ascii
  field 0 'flight'
  tmux_keys Enter
  tmux_wait "no table 'flight'" "Did you mean 'FLIGHTS'?" 'Days   last'
  field 0 'flights'
  field 1 '2013-13'
  tmux_keys Enter
  tmux_wait 'no month 13' 'Table  flights' 'Days   2013-13'
  field 1 '2013-01-03..2013-01-10'
  started "validate_table.py --config $config --table FLIGHTS --days 2013-01-03..2013-01-10"
  tmux_wait 'Load by browsing'
  tmux_keys Enter
  tmux_wait 'Table  FLIGHTS' 'Days   2013-01-03..2013-01-10'
  field 0 '"odd $(touch y) name"'
  field 1 all
  sleep 1.1 # the next job's name begins with the second
  started "validate_table.py --config $config --table \"odd \$(touch y) name\""
  [ ! -e y ]
}

@test "forms: duplicates with a key, a report as a file, from one screen each" {
  local config=$ROOT/config/example.json
  operations
  tmux_keys D Enter
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Enter
  tmux_wait 'Table  *' 'Key    '
  field 2 'CARRIER, FLIGHT'
  started "duplicate_checker.py --config $config --month 2013-02 --key CARRIER, FLIGHT"
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys T Enter
  tmux_wait 'Format   text' 'To file  '
  field 2 pdf
  tmux_keys Enter
  tmux_wait "csv, not 'pdf'"
  field 2 html
  field 1 /no/such/report.csv
  tmux_keys Enter
  tmux_wait '/no/such/report.html cannot be written'
  field 3 "$BATS_TEST_TMPDIR/r.csv"
  sleep 1.1
  started "table_report.py --config $config --month 2013-02 --format html --output $BATS_TEST_TMPDIR/r.html"
}

@test "forms: two files and a key; a file, its table and a configuration" {
  : >"$BATS_TEST_TMPDIR/a.tsv"
  : >"$BATS_TEST_TMPDIR/b b.tsv"
  tmux_menu
  tmux_wait 'Main menu'
  tmux_keys F Enter
  tmux_wait 'What do you want to do with files?'
  tmux_keys C C Enter
  tmux_wait 'How do you want to compare them?'
  tmux_keys Enter
  tmux_wait 'File       ' 'With file  ' 'Key        '
  field 0 "$BATS_TEST_TMPDIR/a.tsv"
  field 1 "$BATS_TEST_TMPDIR/none.tsv"
  tmux_keys Enter
  tmux_wait 'There is no readable file'
  field 1 "$BATS_TEST_TMPDIR/b b.tsv"
  started "compare_files.py --config $ROOT/config/example.json --file $BATS_TEST_TMPDIR/a.tsv --with $BATS_TEST_TMPDIR/b b.tsv"
  tmux_wait 'How do you want to compare them?'
  tmux_keys Escape
  tmux_wait 'What do you want to do with files?'
  tmux_keys G Enter
  tmux_wait 'File        /' 'For table   ' 'Merge into  '
  field 1 SALES
  field 1 "$BATS_TEST_TMPDIR/new.json"
  tmux_keys Enter
  tmux_wait 'As a command:' 'SALES' '<Write>'
  tmux_keys Escape
  tmux_wait 'For table   ' 'Merge into  '
  cp "$ROOT/config/example.json" "$BATS_TEST_TMPDIR/new.json"
  tmux_keys Enter
  tmux_wait 'As a command:' '<Write>'
  tmux_keys Enter
  tmux_wait 'SALES' '--yes' '<  OK  >'
  tmux_keys Enter
  tmux_wait 'In use is ' '<Use it>'
  tmux_keys Enter
  tmux_wait 'What do you want to do with files?' 'new.json | target: local'
}

@test "forms: with one table and nothing else to ask the days are chosen from a list; one screen back starts nothing" {
  echo FLIGHTS >"$FAKE/tables"
  operations
  tmux_keys V Enter
  tmux_wait 'Which days of FLIGHTS?' 'This month'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  printf 'FLIGHTS\nOTHER\n' >"$FAKE/tables"
  tmux_keys Enter
  tmux_wait 'Table  *'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

@test "forms: answers hold where they cannot be kept as the next defaults" {
  mkdir -p "$ETL_STATE_DIR"
  : >"$ETL_STATE_DIR/preferences"
  operations
  tmux_keys V Enter
  tmux_wait 'Table  *' 'Days   last'
  field 0 'flights'
  field 1 '2013-01'
  tmux_keys Enter
  started "validate_table.py --config $ROOT/config/example.json --table FLIGHTS --month 2013-01"
}
