# shellcheck shell=bash
# A stand-in for the environment's Python: records every call and returns the answers that a test puts into $FAKE.
# Files in $FAKE: target, target_code, environments, tables, plan, plan_code, diagnosis, loads, chosen, browse_code, job_code; a job
# ends when the file "gate" is there.

fake_python() { # after helpers_setup: ETL_VENV with a python that is this stand-in
  export FAKE=$BATS_TEST_TMPDIR/fake ETL_VENV=$BATS_TEST_TMPDIR/venv
  mkdir -p -- "$FAKE" "$ETL_VENV/bin"
  cp -- "$ROOT/requirements.lock" "$ETL_VENV/.etl-lock"
  printf 'local\n' >"$FAKE/target"
  printf 'FLIGHTS\n' >"$FAKE/tables"
  printf 'Plan: one file, 27004 rows, none of the month in FLIGHTS.\n' >"$FAKE/plan"
  {
    printf '#!/bin/bash\nFAKE=%q\n' "$FAKE"
    cat <<'PYTHON'
# Ignore the notice that a job's supervisor sends at its end: tests do not ask for it.
[[ "$1 ${2:-}" != *'/send_notice.py job' ]] || exit 0
number=$(ls "$FAKE" | grep -c '^call-')
printf '%s\0' "$@" >"$FAKE/call-$number"
case "$1 ${*:2} " in
  *' target '*)
    cat "$FAKE/target"
    exit "$(cat "$FAKE/target_code" 2>/dev/null || echo 0)"
    ;;
  *' environments '*)
    cat "$FAKE/environments" 2>/dev/null
    exit 0
    ;;
  *' tables '*)
    cat "$FAKE/tables"
    exit "$(cat "$FAKE/tables_code" 2>/dev/null || echo 0)"
    ;;
  *'/file_browser.py '*)
    # What to choose, once: action and files, one per line.
    path="${*: -1}"
    [[ ! -f $FAKE/chosen ]] || tr '\n' '\0' <"$FAKE/chosen" >"$path"
    rm -f -- "$FAKE/chosen"
    exit "$(cat "$FAKE/browse_code" 2>/dev/null || echo 0)"
    ;;
  *'/diagnose_load.py '*)
    cat "$FAKE/diagnosis"
    ;;
  *' --loads '*)
    cat "$FAKE/loads" 2>/dev/null
    ;;
  *'/run_history.py '*)
    printf 'when (UTC)           what      table\n2013-03-01 06:00:00  validate  FLIGHTS\n'
    ;;
  *' --dry-run '*)
    cat "$FAKE/plan"
    exit "$(cat "$FAKE/plan_code" 2>/dev/null || echo 0)"
    ;;
  *)
    printf 'config: %s\nstate: %s\n' "${ETL_CONFIG:-}" "$ETL_STATE_DIR"
    [[ -n ${ETL_JOB_DIR:-} ]] || exit "$(cat "$FAKE/job_code" 2>/dev/null || echo 0)"
    now=$(date +%s)
    printf 'stage\t400000000\t1000000000\tbytes\t%s\t%s\n' "$now" "$((now - 2))" >"$ETL_JOB_DIR/progress"
    for ((i = 0; i < 1200; ++i)); do [[ ! -e $FAKE/gate ]] || break; sleep 0.05; done
    printf '{\n  "status": "loaded",\n  "message": "Loaded 27,004 rows into FLIGHTS."\n}\n' >"$ETL_JOB_DIR/result.json"
    exit "$(cat "$FAKE/job_code" 2>/dev/null || echo 0)"
    ;;
esac
PYTHON
  } >"$ETL_VENV/bin/python"
  chmod +x -- "$ETL_VENV/bin/python"
}

fake_python_call() { # <number, from 0> -> CALL: the arguments of that call
  # shellcheck disable=SC2034 # for the test
  mapfile -d '' -t CALL <"$FAKE/call-$1"
}

fake_python_calls() { # -> standard output: how many calls there were
  find "$FAKE" -name 'call-*' | wc -l
}
