#!/usr/bin/env bash
# Runs every check of the project.  On a fresh machine it sets itself up: it needs bash, Python 3.11 or newer and the
# package registries; dialog, whiptail, tmux and less come through apt-get for root, else their tests are skipped.
#
# usage: ./run_all_tests.sh [--fast | --menu | --only NAME,...] [--report DIR] [--tests DIR]
#   --fast          leaves out the menu tests and those marked slow
#   --menu          only the menu tests
#   --only NAMES    some of: mypy shellcheck shfmt ruff ruff-format live pytest bash menu secrets
#   --report DIR    report.txt, junit.xml, report.html and logs.tar.gz (for a bug report) in DIR
#   --tests DIR     takes the tests from DIR/python, DIR/live, DIR/bash and DIR/menu
# The last line is "N passed, N failed, N skipped"; the exit code is 0 only if nothing failed.

run_all_main() {
  ETL_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P) || return
  # shellcheck source-path=SCRIPTDIR source=tests/run_steps.sh
  source "$ETL_ROOT/tests/run_steps.sh"
  # shellcheck source-path=SCRIPTDIR source=tests/run_prepare.sh
  source "$ETL_ROOT/tests/run_prepare.sh"
  run_all_options "$@" || return
  cd -- "$ETL_ROOT" || return
  RUN_WORK=$(run_prepare_folder) || return
  mkdir -- "$RUN_WORK/steps" "$RUN_WORK/tmp"
  trap 'run_steps_stop; exit 130' INT TERM HUP
  run_prepare || {
    rm -rf -- "$RUN_WORK"
    printf '0 passed, 1 failed, 0 skipped\n'
    return 1
  }
  run_steps
  run_all_finish
}

run_all_options() { # <arguments...>: sets RUN_FAST RUN_ONLY RUN_REPORT RUN_TESTS
  local name
  RUN_FAST='' RUN_ONLY='' RUN_REPORT='' RUN_TESTS=$ETL_ROOT/tests
  while (($#)); do
    case $1 in
      --fast) RUN_FAST=1 ;;
      --menu) RUN_ONLY=menu ;;
      --only | --report | --tests)
        [[ -n ${2:-} ]] || run_all_usage "$1 needs a value." || return
        name=RUN_${1#--}
        printf -v "${name^^}" '%s' "$2"
        shift
        ;;
      -h | --help)
        sed -n '2,/^$/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
      *) run_all_usage "There is no option '$1'." || return ;;
    esac
    shift
  done
  [[ $RUN_REPORT == '' || $RUN_REPORT == /* ]] || RUN_REPORT=$PWD/$RUN_REPORT
  [[ $RUN_TESTS == /* ]] || RUN_TESTS=$PWD/$RUN_TESTS
  for name in ${RUN_ONLY//,/ }; do
    [[ " $RUN_STEP_NAMES " == *" $name "* ]] || run_all_usage "There is no check '$name', only: $RUN_STEP_NAMES." || return
  done
}

run_all_usage() { # <sentence>: returns 2
  printf '%s See: ./run_all_tests.sh --help\n' "$1" >&2
  return 2
}

run_all_finish() { # reports, cleans up, and returns 1 if anything failed
  local -i status=0
  "$RUN_PYTHON" "$ETL_ROOT/tests/report.py" "$RUN_WORK" ${RUN_REPORT:+--report "$RUN_REPORT"} || status=1
  rm -rf -- "$RUN_WORK"
  return "$status"
}

run_all_main "$@"
