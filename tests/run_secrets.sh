#!/usr/bin/env bash
# Looks for the secrets that tests plant, in everything they leave behind, print and show.  Findings go to WORK/found.
#   run_secrets.sh watch WORK          the command lines of all processes, until everything has been searched
#   run_secrets.sh look WORK FOLDER    every file below FOLDER
#   run_secrets.sh report WORK         every file of the run's folder; prints all findings, and returns 1 if there are any
# A planted secret contains the word ETL_TEST_PLANTED of this run; the login secret of every embedded warehouse counts too.
# It may be in the files that the test which planted it names, as operators keep them (WORK/planted-files, one path per
# line), and in what an embedded warehouse keeps for itself; nowhere else, whatever the mode.

run_secrets_main() { # <verb> <work> [folder]
  local work=$2 needles
  case $1 in
    watch) run_secrets_watch "$work" ;;
    look) run_secrets_look "$work" "$3" >>"$work/found" ;;
    report)
      run_secrets_look "$work" "$work" >>"$work/found"
      if [[ -s $work/found ]]; then
        printf 'Planted secrets stand where none may:\n'
        sort -u -- "$work/found"
        return 1
      fi
      run_secrets_extent "$work"
      ;;
  esac
}

run_secrets_watch() { # <work>
  local path words
  local -i rounds=0
  # Anybody who kept writing while the folder is removed would prevent its removal.
  while [[ -d $1/steps && ! -d $1/steps/secrets ]]; do
    # The word is in no command line of ours: grep reads it from a file.
    while IFS= read -r path; do
      words=$(tr '\0' ' ' <"$path") || continue
      printf 'the process list: %s\n' "${words//"$ETL_TEST_PLANTED"/***}"
    done < <(grep -laF -f <(printf '%s\n' "$ETL_TEST_PLANTED") /proc/[0-9]*/cmdline) >>"$1/found"
    printf '%d\n' $((++rounds)) >"$1/rounds"
    sleep 0.5
  done
} 2>/dev/null

run_secrets_look() { # <work> <folder>: prints file and line of each finding
  local path
  needles=$(run_secrets_needles "$2")
  printf 'logins %d\n' $(($(sort -u <<<"$needles" | wc -l) - 1)) >>"$1/looked"
  find "$2" -type f -printf 'file %s\n' >>"$1/looked" 2>/dev/null
  while IFS= read -r -d '' path; do
    run_secrets_may_stand "$1" "$path" || printf '%s, line %s\n' "${path#"$1"/}" "$(run_secrets_line "$path")"
  done < <(
    grep -rlaZF -D skip -f <(printf '%s\n' "$needles") -- "$2" 2>/dev/null
    run_secrets_packed "$2"
  )
}

run_secrets_packed() { # <folder>: searches packed files, such as the logs of the day before
  local path
  while IFS= read -r -d '' path; do
    ! gzip -cdf -- "$path" 2>/dev/null | grep -qaF -f <(printf '%s\n' "$needles") || printf '%s\0' "$path"
  done < <(find "$1" -name '*.gz' -type f -print0 2>/dev/null)
}

run_secrets_extent() { # <work>: says how much was searched without a hit
  awk -v rounds="$(cat -- "$1/rounds" 2>/dev/null)" '
    $1 == "file" { ++files; bytes += $2 }
    $1 == "logins" { logins += $2 }
    END {
      printf "0 hits of what tests plant and of %d logins of warehouses in %d files (%.1f MB) ", logins, files, bytes / 1e6
      printf "that tests left, said and showed, and in %d looks at the list of all processes\n", rounds
    }' "$1/looked"
}

run_secrets_needles() { # <folder>
  printf '%s\n' "$ETL_TEST_PLANTED"
  # Anything shorter is not a warehouse's secret: a test has written something else there.
  find "$1" -path '*/local-warehouse/secret' -type f -size -2 -exec grep -hE '^[!-~]{32,}$' -- {} + 2>/dev/null
}

run_secrets_may_stand() { # <work> <file>
  case $2 in
    */local-warehouse/secret | */local-warehouse/data/* | */local-warehouse/stage/*) return 0 ;;
    */local-warehouse/spill/* | */local-warehouse/incoming/*) return 0 ;;
  esac
  grep -qxF -- "$2" "$1/planted-files" 2>/dev/null
}

run_secrets_line() { # <file>
  gzip -cdf -- "$1" 2>/dev/null | grep -anF -m 1 -f <(printf '%s\n' "$needles") | cut -d : -f 1
}

run_secrets_main "$@"
