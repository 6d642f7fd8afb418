#!/usr/bin/env bats
# A minimal host: no dialog, whiptail, less, more, ps, awk, tput; of the system only what every Linux has.
load helpers
load fake_python

# What docs/installation.md names: bash, coreutils, findutils, grep, sed, and of util-linux flock and setsid.
COREUTILS='cat chmod cp cut date df head id ln ls mkdir mktemp mv readlink rm rmdir sleep sort stat stty tail tee timeout touch tr uname wc'
OTHERS='find grep sed'

setup() {
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
  BARE=$BATS_TEST_TMPDIR/bare ORIGINAL_PATH=$PATH
  mkdir "$BARE"
}

teardown() {
  PATH=$BATS_TEST_TMPDIR/bin:$ORIGINAL_PATH
  touch "$FAKE/gate"
  helpers_source core settings jobs
  helpers_finish_jobs
}

bare_host() { # [busybox]: from here on the PATH has these programs and nothing else, of GNU or as applets
  local program
  for program in bash flock setsid $COREUTILS $OTHERS; do
    case ${1:-}:$program in
      :* | *:bash | *:flock | *:setsid) ln -s "$(command -v "$program")" "$BARE/$program" ;;
      *) ln -s "$1" "$BARE/$program" ;;
    esac
  done
  PATH=$BARE
}

walk() { # through the plain menu to a job, its log, the list, and out
  touch "$FAKE/gate"
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" <<<$'1\n2\n\ny\n'
  [[ $output == *'Main menu'*'Plan: one file'*'at work as job'* ]] || { echo "$output" && return 1; }
  [[ $output != *'command not found'* && $output != *'nvalid option'* && $output != *'nrecognized option'* ]]
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" jobs wait last --timeout 60
  [ "$status" -eq 0 ]
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" jobs list
  [[ $output == *'done '*'Load 2013-02'* ]]
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" jobs log last
  [[ $output == *'config: '*"state: $ETL_STATE_DIR"* ]]
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" <<<$'jobs\n1\n1\n'
  [[ $output == *'Load 2013-02'* && $output != *'command not found'* ]]
}

@test "bare host: the plain menu, a job, its log and the list with the programs of a minimal system" {
  bare_host
  walk
}

@test "bare host: the same with busybox in place of the GNU programs" {
  local busybox
  busybox=$(command -v busybox) || skip "there is no busybox here"
  bare_host "$busybox"
  walk
}

@test "bare host: without flock or setsid no job starts, and a sentence says which package has them" {
  bare_host
  rm "$BARE/flock"
  run "$BARE/bash" "$ROOT/snowflake_etl.sh" load --month 2013-02 --background
  [ "$status" -ne 0 ]
  [[ $output == *flock*util-linux* ]]
}
