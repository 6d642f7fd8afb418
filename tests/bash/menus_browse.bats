#!/usr/bin/env bats
# Files chosen in the browser, and what the menu makes of them, in plain text with a stand-in for the browser.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # hostile names stay as they are; each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
  # Jobs of these tests end at once.
  touch "$FAKE/gate"
  FOLDER="$BATS_TEST_TMPDIR/odd \$(touch y) files"
  mkdir "$FOLDER"
}

teardown() {
  helpers_source core settings jobs
  helpers_finish_jobs
}

chosen() { # <action> <name...>: what the browser answers the next time
  local name
  printf '%s\n' "$1" >"$FAKE/chosen"
  shift
  for name in "$@"; do
    printf '%s\n' "$FOLDER/$name" >>"$FAKE/chosen"
  done
}

menu() { # <answers, one an argument>: the menu with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' "$@" quit) 3>&-
  [ "$status" -eq 0 ]
  [ ! -e y ]
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

browser_calls() { # sets CALLS: what the browser was started with, a line each
  local call
  local -a words
  CALLS=''
  for call in "$FAKE"/call-*; do
    mapfile -d '' -t words <"$call"
    [[ ${words[0]} != */file_browser.py ]] || CALLS+="${words[*]:1:${#words[@]}-3}"$'\n'
  done
}

@test "menus browse: files that were chosen are checked as one job" {
  chosen check a.tsv b.tsv
  menu files browse y back b
  newest_words
  [ "$WORDS" = "check_file.py --file $FOLDER/a.tsv --file $FOLDER/b.tsv" ]
  browser_calls
  [ "$CALLS" = "--config $ROOT/config/example.json"$'\n' ]
  # Nothing of the answer is left.
  [ -z "$(find "$ETL_STATE_DIR/cache" -name 'chosen.*')" ]
}

@test "menus browse: a load shows its plan first, and Back is the browser in the same folder" {
  chosen load a.tsv
  menu operations browse file n b b
  [[ $output == *'Plan: one file'* ]]
  [ ! -e "$ETL_STATE_DIR/jobs" ]
  browser_calls
  [ "$CALLS" = "--config $ROOT/config/example.json --action load
--config $ROOT/config/example.json --base-path $FOLDER/ --action load
" ]
  chosen load a.tsv
  menu operations browse file y back b
  newest_words
  [ "$WORDS" = "loader.py --file $FOLDER/a.tsv --qc file --yes" ]
}

@test "menus browse: two files are compared, a sample is shown and the browser comes again" {
  chosen compare a.tsv b.tsv
  menu files browse 'A,B' y back b
  newest_words
  [ "$WORDS" = "compare_files.py --file $FOLDER/a.tsv --with $FOLDER/b.tsv --key A,B" ]
  chosen sample a.tsv
  menu files browse b
  browser_calls
  [[ $CALLS == *"--base-path $FOLDER/"* ]]
  [ "$(find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 -name '[0-9]*' | wc -l)" -eq 1 ]
}

@test "menus browse: nothing chosen, or a browser that fails, starts nothing" {
  menu files browse b
  echo 1 >"$FAKE/browse_code"
  menu files browse b
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}
