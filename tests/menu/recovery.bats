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

# bats test_tags=slow
@test "recovery: a value too long for its column, from failure to loaded with three keystrokes" {
  recovery_failed
  export ETL_CONFIG=$BATS_TEST_TMPDIR/config.json
  ETL_UI=dialog tmux_menu 100 40
  recovery_wait 'Main menu' 'Recovery'
  tmux_keys J Enter
  recovery_wait 'problems' 'Load 2024-01'
  tmux_keys Enter
  recovery_wait 'problems (exit code 6)' 'too long' 'Diagnose'
  # From here on three.
  tmux_keys Enter
  recovery_wait 'line    18' 'column  NAME  VARCHAR(10)' "'longer than ten'" '<Widen>'
  tmux_keys Enter
  recovery_wait 'ALTER COLUMN "NAME" SET DATA TYPE VARCHAR(20);' 'T on local' '<Widen>'
  tmux_ascii
  tmux_keys Enter
  recovery_wait 'at work as job' 'Follow the log'
  tmux_keys Enter
  recovery_wait 'ended: done (exit code 0)'
  tmux_keys q
  recovery_wait 'Diagnose'
  run "$ROOT/snowflake_etl.sh" local sql --csv "SELECT COUNT(*), MAX(LENGTH(NAME)) FROM T" 3>&-
  [[ $output == *'31,15'* ]]
}
