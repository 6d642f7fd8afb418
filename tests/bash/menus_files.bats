#!/usr/bin/env bats
# File Tools through the entry, in plain text: what is asked, what is started, what is the default next time.
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
  touch "$FOLDER/a.tsv" "$FOLDER/b.tsv" "$FOLDER/manifest.json"
}

teardown() {
  helpers_source core settings jobs
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: the file tools with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' files "$@" b b quit) 3>&-
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

called() { # <words>: the stand-in was called with them, as far as they go
  local call
  local -a words
  for call in "$FAKE"/call-*; do
    mapfile -d '' -t words <"$call"
    [[ "${words[*]}" != *"$1"* ]] || return 0
  done
  return 1
}

@test "menus files: a sample is shown at once, statistics are a job" {
  menu sample "$FOLDER/a.tsv" back
  called "sample_file.py --config $ROOT/config/example.json --file $FOLDER/a.tsv"
  [ ! -e "$ETL_STATE_DIR/jobs" ]
  # The last file is the next default.
  menu stats '' y back
  newest_words
  [ "$WORDS" = "sample_file.py --file $FOLDER/a.tsv --all" ]
}

@test "menus files: two files are compared by key, or quickly" {
  menu compare rows "$FOLDER/a.tsv" "$FOLDER/none.tsv" "$FOLDER/b.tsv" 'A,B' y back
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'Which file do you want to compare a.tsv with?'*'There is no readable file'*'Key columns of a.tsv'* ]]
  newest_words
  [ "$WORDS" = "compare_files.py --file $FOLDER/a.tsv --with $FOLDER/b.tsv --key A,B" ]
  sleep 1.1 # the next job's name begins with the second
  menu compare quick '' '' y back
  newest_words
  [ "$WORDS" = "compare_files.py --file $FOLDER/a.tsv --with $FOLDER/b.tsv --quick" ]
}

@test "menus files: what is cleaned away is asked and is the default the next time" {
  menu clean "$FOLDER/a.tsv" duplicates y back
  newest_words
  [ "$WORDS" = "clean_file.py --file $FOLDER/a.tsv --duplicates" ]
  sleep 1.1
  menu clean '' '' y back
  newest_words
  [ "$WORDS" = "clean_file.py --file $FOLDER/a.tsv --duplicates" ]
  sleep 1.1
  menu clean '' plain y back
  newest_words
  [ "$WORDS" = "clean_file.py --file $FOLDER/a.tsv" ]
}

@test "menus files: a month or a file is compressed" {
  menu compress month last zstd y back
  newest_words
  [ "$WORDS" = 'compress_file.py --month 2013-02 --packing zstd' ]
  sleep 1.1
  menu compress file "$FOLDER/a.tsv" gz y back
  newest_words
  [ "$WORDS" = "compress_file.py --file $FOLDER/a.tsv --packing gz" ]
}

@test "menus files: Back is one question back and starts nothing" {
  menu clean "$FOLDER/a.tsv" b b
  menu compress file "$FOLDER/a.tsv" b b
  menu compare rows "$FOLDER/a.tsv" b b
  menu compare rows "$FOLDER/a.tsv" "$FOLDER/b.tsv" '' n
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

@test "menus files: parts are loaded by their manifest, after the plan" {
  menu parts "$FOLDER/manifest.json" y back
  [[ $output == *'Plan: one file'* ]]
  newest_words
  [ "$WORDS" = "loader.py --from-parts $FOLDER/manifest.json --yes" ]
}

@test "menus files: a configuration is generated after its difference was seen" {
  local new=$FOLDER/new.json
  printf -- '--- new.json (now)\n+++ new.json (new)\n' >"$FAKE/plan"
  menu generate "$FOLDER/a.tsv" SALES "$new" y ''
  [[ $output == *'+++ new.json (new)'* ]]
  called "config_tool.py generate --config $ROOT/config/example.json --file $FOLDER/a.tsv --table SALES --into $new --yes --quiet"
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

@test "menus files: without consent, or where nothing is to be written, nothing is" {
  menu generate "$FOLDER/a.tsv" '' '' n b b
  run called '--yes'
  [ "$status" -eq 1 ]
  printf '7' >"$FAKE/plan_code"
  printf 'unchanged: it says all of this already.\n' >"$FAKE/plan"
  menu generate "$FOLDER/a.tsv" '' "$FOLDER/none/x.json" "$FOLDER/x.json" ''
  # Where the lines break depends on the length of the folder's name.
  [[ $(tr -s ' \n' '  ' <<<"$output") == *'cannot be written'*'unchanged: it says'* ]]
  run called '--yes'
  [ "$status" -eq 1 ]
}
