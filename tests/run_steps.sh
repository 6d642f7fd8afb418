# shellcheck shell=bash
# The checks of run_all_tests.sh: each is a step with a time limit, a folder of facts and a log; report.py counts them.
#   $RUN_WORK/steps/<name>/{kind,suite,log,exit_code,seconds,limit}   kind: lint, tap or pytest
# As many run at once as there are cores; all of pytest counts as one, since its workers often wait, as screens do.
# A few failed tests are retried with nothing else running (steps/<name>/second): one that passes then is counted as
# passed but listed as unsteady, so that a busy machine is not mistaken for a defect, and nothing is hidden.

RUN_STEP_NAMES='mypy shellcheck shfmt ruff ruff-format live pytest bash menu secrets'
RUN_STEP_PIDS=()
RUN_STEPS_FEW=8 # more failed tests than this cannot be blamed on a busy machine

run_steps() { # runs all steps that were asked for, then retries those with a few failures
  local name
  RUN_STEP_AGAIN=()
  ! run_steps_wanted secrets || run_steps_watch_processes
  for name in $RUN_STEP_NAMES; do
    run_steps_wanted "$name" || continue
    case $name in
      pytest) run_steps_pytest pytest python ;;
      live) run_steps_pytest live live ;;
      bash | menu | secrets) ;; # below
      *) "run_steps_lint_${name//-/_}" ;;
    esac
  done
  run_steps_bats
  wait
  run_steps_again
  ! run_steps_wanted secrets || run_steps_secrets
}

run_steps_secrets() { # searches for secrets, and says how much was searched
  run_step lint secrets 600 bash "$ETL_ROOT/tests/run_secrets.sh" report "$RUN_WORK"
  sed -n 's/^0 hits /        &/p' -- "$RUN_WORK/steps/secrets/log"
}

run_steps_watch_processes() { # detached, so that no "wait" waits for it; it ends when the run's folder goes
  (bash "$ETL_ROOT/tests/run_secrets.sh" watch "$RUN_WORK" </dev/null >/dev/null 2>&1 3>&- &)
}

run_steps_wanted() { # <name>
  if [[ -n $RUN_ONLY ]]; then
    [[ ,$RUN_ONLY, == *,$1,* ]]
  else
    [[ $1 != menu || -z $RUN_FAST ]]
  fi
}

run_steps_stop() { # ends what is running: "timeout" has a process group of its own and passes the signal on
  local pid
  local -i attempt
  trap '' INT TERM HUP
  for pid in "${RUN_STEP_PIDS[@]}"; do
    kill -TERM "$pid" 2>/dev/null
  done
  # In a trap that interrupted "wait", another "wait" may return at once.
  for pid in "${RUN_STEP_PIDS[@]}"; do
    for ((attempt = 0; attempt < 100; ++attempt)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
  rm -rf -- "$RUN_WORK"
}

run_steps_lint_shellcheck() {
  run_steps_shell_files
  run_step_queue lint shellcheck 300 "$ETL_ROOT/tests/run_lint.sh" shellcheck "$RUN_PYTHON" "${RUN_FILES[@]}"
}

run_steps_lint_shfmt() {
  run_steps_shell_files
  run_step_queue lint shfmt 120 "$ETL_ROOT/tests/run_lint.sh" shfmt "$RUN_PYTHON" "${RUN_FILES[@]}"
}

run_steps_lint_ruff() {
  run_step_queue lint ruff 120 "$RUN_PYTHON" -m ruff check .
}

run_steps_lint_ruff_format() {
  run_step_queue lint ruff-format 120 "$RUN_PYTHON" -m ruff format --check .
}

run_steps_lint_mypy() {
  run_step_queue lint mypy 600 "$RUN_PYTHON" -m mypy
}

run_steps_shell_files() { # sets RUN_FILES: every bash file of the checkout
  local file
  RUN_FILES=()
  for file in *.sh .ci/run install/*.sh lib/*.sh lib/*/*.sh bench/*.sh tests/*.sh tests/*/*.bash tests/*/*.bats; do
    [[ ! -f $file ]] || RUN_FILES+=("$file")
  done
}

run_steps_pytest() { # <name> <folder of the tests>
  run_steps_pytest_command "$1"
  run_step_queue pytest "$1" 3600 "${RUN_COMMAND[@]}" -n "$(run_steps_width)" --junitxml "$RUN_WORK/steps/$1/junit.xml" "$RUN_TESTS/$2"
  RUN_STEP_AGAIN+=("$1" "$RUN_TESTS/$2")
}

run_steps_pytest_command() { # <name>: sets RUN_COMMAND
  RUN_COMMAND=("$RUN_PYTHON" -m pytest -q -o "cache_dir=$RUN_WORK/cache-$1")
  [[ -z $RUN_FAST ]] || RUN_COMMAND+=(-m 'not slow')
}

run_steps_again() { # retries one by one what is in RUN_STEP_AGAIN: names, and what each tested
  local name tests
  while ((${#RUN_STEP_AGAIN[@]})); do
    name=${RUN_STEP_AGAIN[0]} tests=${RUN_STEP_AGAIN[1]}
    RUN_STEP_AGAIN=("${RUN_STEP_AGAIN[@]:2}")
    run_steps_is_worth_a_second "$name" || continue
    if [[ $tests == *.bats ]]; then
      run_step tap "$name/second" 900 "${RUN_BATS[@]}" "$tests"
    else
      run_steps_pytest_command "$name"
      run_step pytest "$name/second" 900 "${RUN_COMMAND[@]}" --last-failed --last-failed-no-failures none \
        --junitxml "$RUN_WORK/steps/$name/second/junit.xml" "$tests"
    fi
  done
}

run_steps_is_worth_a_second() { # <name>: whether it ended with failed tests, but only a few
  local folder=$RUN_WORK/steps/$1
  local -i failed
  [[ $(cat -- "$folder/exit_code" 2>/dev/null) == 1 ]] || return 1
  failed=$(grep -cE '^(not ok|FAILED|ERROR) ' -- "$folder/log")
  ((failed > 0 && failed <= RUN_STEPS_FEW))
}

run_steps_bats() { # bash and menu, if wanted: one process per file, the longest files first
  local kind file name
  local -a folders=() files=()
  RUN_BATS=(bash "$ETL_ROOT/tests/run_bats.sh" "$RUN_WORK" "$RUN_PYTHON" --formatter tap --timing)
  [[ -z $RUN_FAST ]] || RUN_BATS+=(--filter-tags '!slow' --allow-empty-suite)
  for kind in bash menu; do
    run_steps_wanted "$kind" || continue
    folders+=("$RUN_TESTS/$kind")
    compgen -G "$RUN_TESTS/$kind/*.bats" >/dev/null \
      || run_step_queue lint "$kind" 10 bash -c "echo 'There are no tests in $kind.'; exit 1"
  done
  ((${#folders[@]} > 0)) || return 0
  mapfile -t files < <(run_steps_longest_first "${folders[@]}")
  for file in "${files[@]}"; do
    kind=${file%/*}
    name=${kind##*/}-$(basename -- "$file" .bats)
    run_step_queue tap "$name" 900 "${RUN_BATS[@]}" "$file"
    RUN_STEP_AGAIN+=("$name" "$file")
  done
}

run_steps_longest_first() { # <folder...>: prints their files by size; a short file that takes minutes has a tag
  local size file
  find "$@" -maxdepth 1 -name '*.bats' -printf '%s\t%p\n' 2>/dev/null | while IFS=$'\t' read -r size file; do
    ! grep -qx '# bats file_tags=long' -- "$file" || size=$((size + 1000000))
    printf '%d\t%s\n' "$size" "$file"
  done | sort -rn | cut -f2-
}

run_steps_width() {
  printf '%s' "${ETL_TEST_JOBS:-$(nproc 2>/dev/null || echo 2)}"
}

run_step() { # <kind> <name> <limit in seconds> <command...>: runs the step and waits for its end
  run_step_begin "$@"
  wait
}

run_step_queue() { # <kind> <name> <limit in seconds> <command...>: starts the step when a core is free
  while (($(jobs -rp | wc -l) >= $(run_steps_width))); do
    wait -n
  done
  run_step_begin "$@"
}

run_step_begin() { # <kind> <name> <limit in seconds> <command...>
  local folder=$RUN_WORK/steps/$2
  mkdir -p -- "$folder"
  printf '%s\n' "$1" >"$folder/kind"
  printf '%s\n' "$3" >"$folder/limit"
  run_step_watch "$folder" "${@:3}" &
  RUN_STEP_PIDS+=("$!")
}

run_step_watch() { # <folder> <limit> <command...>: runs it, keeps its output and exit code, prints one line
  local -i status=0 child signalled=1
  local began=$EPOCHREALTIME
  timeout -k 5 "${@:2}" </dev/null >"$1/log" 2>&1 &
  child=$!
  trap 'signalled=1; kill -TERM "$child" 2>/dev/null' TERM
  while ((signalled)); do # a signal ends "wait" early, without the step's code
    signalled=0
    wait "$child"
    status=$?
  done
  local -i milliseconds=$(((${EPOCHREALTIME/[^0-9]/} - ${began/[^0-9]/}) / 1000))
  printf '%d.%03d\n' $((milliseconds / 1000)) $((milliseconds % 1000)) >"$1/seconds"
  printf '%s\n' "$status" >"$1/exit_code"
  local word=ok
  ((status == 0)) || word=FAILED
  printf '%-7s %-24s %4ds\n' "$word" "${1#"$RUN_WORK"/steps/}" $((milliseconds / 1000))
}
