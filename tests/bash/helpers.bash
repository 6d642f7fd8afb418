# shellcheck shell=bash
# Shared by every bats file: each test gets its own HOME, state folder, temporary folder and first PATH entry.
# Call helpers_setup from setup(); nothing here leaves a process or a file outside BATS_TEST_TMPDIR.

bats_require_minimum_version 1.5.0

helpers_setup() {
  local name
  ROOT=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
  PYTHON=${ETL_TEST_PYTHON:-$ROOT/.venv/bin/python}
  [[ -x $PYTHON ]] || PYTHON=$(command -v python3)
  for name in $(compgen -v ETL_) NO_COLOR LESS CI; do
    unset "$name"
  done
  export HOME=$BATS_TEST_TMPDIR/home ETL_STATE_DIR=$BATS_TEST_TMPDIR/state TERM=xterm
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH
  mkdir -p -- "$HOME" "$BATS_TEST_TMPDIR/bin"
}

helpers_source() { # <name...>: libraries, as the entry sources them
  local name
  # shellcheck disable=SC2034 # core.sh reads it
  ETL_ROOT=$ROOT
  for name in "$@"; do
    # shellcheck source=/dev/null
    source "$ROOT/lib/$name.sh"
    [[ $name != core ]] || core_init
  done
}

helpers_shell() { # <bash text> [arguments...]: runs it in a process of its own that has all libraries below the actions
  bash -c 'set -u; ETL_ROOT=$1
    for name in core colors settings setup jobs log_viewer; do source "$ETL_ROOT/lib/$name.sh"; [[ $name != core ]] || core_init || exit; done
    eval "$2"' shell "$ROOT" "$@" 3>&-
}

helpers_wait_for() { # <seconds> <command...>: waits until it succeeds; if it does not, fails and says what it waited for
  local -i attempt limit=$(($1 * 20))
  shift
  for ((attempt = 0; attempt < limit; ++attempt)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.05
  done
  printf 'not within the time: %s\n' "$*" >&2
  return 1
}

helpers_program() { # <name>: puts a stand-in on this test's PATH; its text comes from standard input
  cat >"$BATS_TEST_TMPDIR/bin/$1"
  chmod +x -- "$BATS_TEST_TMPDIR/bin/$1"
}

helpers_path_without() { # <program...>: makes a PATH with everything except these
  local folder=$BATS_TEST_TMPDIR/path program entry
  local -a entries
  mkdir -p -- "$folder"
  IFS=: read -ra entries <<<"$PATH"
  for entry in "${entries[@]}"; do
    [[ ! -d $entry ]] || ln -s -- "$entry"/* "$folder/" 2>/dev/null || true
  done
  for program in "$@"; do
    rm -f -- "$folder/$program"
  done
  PATH=$folder
}

helpers_environment() { # makes an environment that counts as complete; its python is the tests' own
  export ETL_VENV=$BATS_TEST_TMPDIR/venv
  mkdir -p -- "$ETL_VENV/bin"
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >"$ETL_VENV/bin/python"
  chmod +x -- "$ETL_VENV/bin/python"
  cp -- "$ROOT/requirements.lock" "$ETL_VENV/.etl-lock"
}

# Jobs that end when a test says so, or by themselves after a minute.

helpers_gate_job() { # <gate file> [exit code] [title] -> REPLY: id of a job that runs until the file is there
  # shellcheck disable=SC2016 # the job's shell expands it
  jobs_start load "${3:-A job at a gate}" bash -c '
    echo "at the gate"
    for ((i = 0; i < 1200; ++i)); do [[ ! -e $1 ]] || exit "$2"; sleep 0.05; done; exit 99' gate "$1" "${2:-0}"
}

helpers_state() { # <id> -> standard output
  jobs_read_brief "$1" && printf '%s\n' "$JOB_STATE"
}

helpers_has_state() { # <id> <state>
  [[ $(helpers_state "$1") == "$2" ]]
}

helpers_finish_jobs() { # for teardown: no job outlives its test
  local id group
  declare -F jobs_ids >/dev/null || return 0
  jobs_queue_ids
  for id in "${JOBS_QUEUED[@]}"; do
    touch "$ETL_STATE_DIR/jobs/$id/cancelled" 2>/dev/null || true
  done
  jobs_queue_wake
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    [[ ! -e $ETL_STATE_DIR/jobs/$id/exit_code && -e $ETL_STATE_DIR/jobs/$id/pid ]] || continue
    read -r group <"$ETL_STATE_DIR/jobs/$id/pid"
    kill -KILL -- "-$group" 2>/dev/null || true
    jobs_wait "$id" 5 2>/dev/null || true
  done
}

helpers_gone() { # <process id>
  ! kill -0 "$1" 2>/dev/null
}
