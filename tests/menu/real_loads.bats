#!/usr/bin/env bats
# The main job by the menu, with nothing that stands in: each month by another kind of screen, as a background job.
# bats file_tags=long

load tmux

setup() {
  helpers_setup
  [[ -x $ROOT/.venv/bin/python ]] || skip "there is no environment to load with: ./snowflake_etl.sh setup --test"
  export ETL_TODAY=2013-03-31 FAKE=$BATS_TEST_TMPDIR
  # shellcheck disable=SC2034 # tmux.bash reads it
  TMUX_SOCKET=etl-real-$$-$BATS_SUITE_TEST_NUMBER-$RANDOM
  unset TMUX
  # Its start is no part of what is waited for.
  "$ROOT/snowflake_etl.sh" local start 3>&-
}

teardown() {
  tmux_stop
  "$ROOT/snowflake_etl.sh" local stop 3>&- || true
}

real_wait() { # <text...>: like tmux_wait, for what real Python needs on a busy machine
  local -i attempt
  for ((attempt = 0; attempt < 11; ++attempt)); do
    ! tmux_wait "$@" 2>/dev/null || return 0
  done
  tmux_wait "$@"
}

real_count() { # <month>: its rows in FLIGHTS
  "$ROOT/snowflake_etl.sh" local sql --csv "SELECT COUNT(*) FROM FLIGHTS WHERE MONTH(FLIGHT_DATE) = $1" 3>&- | tail -n 1
}

real_leave() { # from the screen after a load's start: the job's end in its log, then out
  tmux_keys Enter
  real_wait 'ended: done (exit code 0)'
  tmux_keys q
  real_wait 'What do you want to load?'
  tmux_keys Escape
  real_wait 'Main menu'
  tmux_keys Escape
  tmux_ended
}

# bats test_tags=slow
@test "real loads: February by dialog, March by whiptail, January by plain text, each once" {
  ETL_UI=dialog tmux_menu
  real_wait 'Main menu' 'target: local'
  tmux_keys Enter
  real_wait 'What do you want to load?'
  tmux_keys Down Enter
  real_wait 'Load 2013-02' 'How is it to be checked?'
  tmux_keys Enter
  real_wait 'planned: append to DEMO.PUBLIC.FLIGHTS' '<Start>'
  tmux_ascii
  tmux_keys Enter
  real_wait 'Follow the log' 'jobs running: 1'
  real_leave
  tmux_type "ETL_UI=whiptail $ROOT/snowflake_etl.sh"
  real_wait 'Main menu' 'target: local'
  tmux_keys Enter
  real_wait 'What do you want to load?'
  tmux_keys Enter
  real_wait 'Load 2013-03' 'How is it to be checked?'
  tmux_keys Enter
  real_wait '<Start>'
  tmux_ascii
  # A plan that is longer than the screen takes the keys until Tab.
  tmux_keys Tab Enter
  real_wait 'Follow the log'
  real_leave
  tmux_type "ETL_UI=plain $ROOT/snowflake_etl.sh"
  real_wait 'Main menu' 'target: local'
  tmux_type 1
  real_wait 'What do you want to load?'
  tmux_type 3
  real_wait 'Which month?'
  tmux_type 2013-01
  real_wait 'How is it to be checked?'
  tmux_type file
  real_wait 'Start'
  tmux_type y
  real_wait 'Follow the log'
  tmux_type 1
  real_wait 'ended: done (exit code 0)'
  tmux_keys q
  real_wait 'What do you want to load?'
  tmux_type b
  real_wait 'b for Quit'
  tmux_type b
  tmux_ended
  [[ $(real_count 1) == 27004 ]]
  [[ $(real_count 2) == 24951 ]]
  [[ $(real_count 3) == 28834 ]]
  run -0 "$ROOT/snowflake_etl.sh" jobs list 3>&-
  [[ $(grep -c ' done ' <<<"$output") == 3 ]]
}
