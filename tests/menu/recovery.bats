#!/usr/bin/env bats
# From a load that failed to its month loaded, by the menu, with nothing that stands in.

load tmux

setup() {
  helpers_setup
  [[ -x $ROOT/.venv/bin/python ]] || skip "there is no environment to load with: ./snowflake_etl.sh setup --test"
  export FAKE=$BATS_TEST_TMPDIR
  # shellcheck disable=SC2034 # tmux.bash reads it
  TMUX_SOCKET=etl-recovery-$$-$BATS_SUITE_TEST_NUMBER-$RANDOM
  unset TMUX
  recovery_month
  # Its start is no part of what is waited for.
  "$ROOT/snowflake_etl.sh" local start 3>&-
}

teardown() {
  tmux_stop
  "$ROOT/snowflake_etl.sh" local stop 3>&- || true
}

recovery_month() { # a configuration, and the file of a month in which one name is longer than its column
  local -i day
  mkdir -p -- "$BATS_TEST_TMPDIR/files"
  cat >"$BATS_TEST_TMPDIR/config.json" <<'JSON'
{"snowflake": {"connection": "local", "database": "DEMO", "schema": "PUBLIC"}, "base_path": "files",
 "files": [{"file_pattern": "t_{date_range}.tsv", "table_name": "T", "file_format": "TSV", "header": true,
   "date_column": "DAY", "date_format": "YYYYMMDD", "duplicate_key_columns": ["DAY"],
   "create_table": {"DAY": "DATE", "NAME": "VARCHAR(10)"}}]}
JSON
  {
    printf 'DAY\tNAME\n'
    for ((day = 1; day <= 31; ++day)); do
      printf '202401%02d\t%s\n' "$day" "$([[ $day == 17 ]] && echo 'longer than ten' || echo name)"
    done
  } >"$BATS_TEST_TMPDIR/files/t_20240101-20240131.tsv"
}

recovery_wait() { # <text...>: like tmux_wait, for what real Python needs on a busy machine
  local -i attempt
  for ((attempt = 0; attempt < 11; ++attempt)); do
    ! tmux_wait "$@" 2>/dev/null || return 0
  done
  tmux_wait "$@"
}

recovery_failed() { # the load as a job, which fails
  local job
  job=$("$ROOT/snowflake_etl.sh" load --config "$BATS_TEST_TMPDIR/config.json" --month 2024-01 --qc skip --background 3>&-)
  run "$ROOT/snowflake_etl.sh" jobs wait "$job" 3>&-
  # shellcheck disable=SC2154 # set by run
  [ "$status" -eq 6 ]
}

recovery_key() { # <key...>: one keystroke of those that are counted
  ((++KEYSTROKES))
  tmux_keys "$@"
}

recovery_loaded() { # the job of the last keystroke has loaded the month, and it took three
  "$ROOT/snowflake_etl.sh" jobs wait last 3>&-
  run "$ROOT/snowflake_etl.sh" local sql --csv "SELECT COUNT(*), MAX(LENGTH(NAME)) FROM T" 3>&-
  [[ $output == *'31,15'* ]]
  [ "$KEYSTROKES" -eq 3 ]
}

recovery_from_job() { # <dialog or whiptail>: from the failed job's screen on, at 80x24
  KEYSTROKES=0
  recovery_failed
  export ETL_CONFIG=$BATS_TEST_TMPDIR/config.json
  ETL_UI=$1 tmux_menu 80 24
  recovery_wait 'Main menu' 'Recovery'
  tmux_keys J Enter
  recovery_wait 'problems' 'Load 2024-01'
  tmux_keys Enter
  recovery_wait 'problems (exit code 6)' 'too long' 'Diagnose'
  recovery_key Enter
  recovery_wait 'line    18' 'column  NAME  VARCHAR(10)' "'longer than ten'" 'Widen'
}

# bats test_tags=slow
@test "recovery: a value too long for its column, from failure to loaded with three keystrokes in dialog" {
  recovery_from_job dialog
  recovery_key Enter
  recovery_wait 'ALTER COLUMN "NAME" SET DATA TYPE' ' VARCHAR(20);' 'T on local' '<Widen>'
  tmux_ascii
  recovery_key Enter
  recovery_wait 'Widen and load T 2024-01 again: at work as job' 'Follow the log'
  tmux_keys Enter
  recovery_wait 'ended: done (exit code 0)'
  tmux_keys q
  recovery_wait 'Diagnose'
  recovery_loaded
}

# bats test_tags=slow
@test "recovery: with three keystrokes in whiptail, too" {
  recovery_from_job whiptail
  tmux_ascii
  recovery_key Enter
  recovery_wait 'ALTER COLUMN "NAME" SET DATA TYPE' ' VARCHAR(20);' 'T on local' '<Widen>'
  recovery_key Enter
  recovery_wait 'at work as job' 'Follow the log'
  recovery_loaded
}

# bats test_tags=slow
@test "recovery: with three answers in plain text" {
  KEYSTROKES=0
  recovery_failed
  export ETL_CONFIG=$BATS_TEST_TMPDIR/config.json
  ETL_UI=plain tmux_menu 80 24
  recovery_wait 'Main menu' 'Number'
  tmux_type 5
  recovery_wait 'problems' 'Load 2024-01' 'Number'
  tmux_type 1
  recovery_wait 'exit code 6' '1  Diagnose'
  recovery_key 1 Enter
  recovery_wait '2. Correct line 18 of the file' 'Widen? y or n'
  recovery_key y Enter
  recovery_wait 'SET DATA TYPE VARCHAR(20);' 'As a command:' 'Widen? y or n'
  recovery_key y Enter
  recovery_wait 'at work as job' 'Follow the log'
  recovery_loaded
}
