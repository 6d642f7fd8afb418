# shellcheck shell=bash
# The checks of run_all_tests.sh: each is a step with a time limit, a folder of facts and a log; report.py counts them.
#   $RUN_WORK/steps/<name>/{kind,suite,log,exit_code,seconds,limit}   kind: lint, tap or pytest
# A few failed tests are tried once more with nothing beside them (steps/<name>/second): one that passes then is counted as
# passed and named as unsteady, so that a busy machine is told from a defect, and nothing is hidden.

RUN_STEP_NAMES='shellcheck shfmt ruff ruff-format mypy pytest live bash menu secrets'
RUN_STEP_PIDS=()
RUN_STEPS_FEW=8 # more failed tests than this are no accident of a busy machine

run_steps() { # all that were asked for, in order
  local name
  ! run_steps_wanted secrets || run_steps_watch_processes
  for name in $RUN_STEP_NAMES; do
    run_steps_wanted "$name" || continue
    case $name in
      pytest) run_steps_pytest pytest python ;;
      live) run_steps_pytest live live ;;
      bash | menu) run_steps_bats "$name" ;;
      secrets) run_step lint secrets 600 bash "$ETL_ROOT/tests/run_secrets.sh" report "$RUN_WORK" ;;
      *) "run_steps_lint_${name//-/_}" ;;
    esac
  done
}

run_steps_watch_processes() { # nobody's child, so that no "wait" waits for it; it ends with the run's folder
  (bash "$ETL_ROOT/tests/run_secrets.sh" watch "$RUN_WORK" </dev/null >/dev/null 2>&1 3>&- &)
}

run_steps_wanted() { # <name>
  if [[ -n $RUN_ONLY ]]; then
    [[ ,$RUN_ONLY, == *,$1,* ]]
  else
    [[ $1 != menu || -z $RUN_FAST ]]
  fi
}

run_steps_stop() { # ends what runs: "timeout" has a process group of its own and hands the signal on
  local pid
  local -i attempt
  trap '' INT TERM HUP
  for pid in "${RUN_STEP_PIDS[@]}"; do
    kill -TERM "$pid" 2>/dev/null
  done
  # In a trap that interrupted "wait", another "wait" may come back at once.
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
  run_step lint shellcheck 300 "$ETL_ROOT/tests/run_lint.sh" shellcheck "$RUN_PYTHON" "${RUN_FILES[@]}"
}

run_steps_lint_shfmt() {
  run_steps_shell_files
  run_step lint shfmt 120 "$ETL_ROOT/tests/run_lint.sh" shfmt "$RUN_PYTHON" "${RUN_FILES[@]}"
}

run_steps_lint_ruff() {
  run_step lint ruff 120 "$RUN_PYTHON" -m ruff check .
}

run_steps_lint_ruff_format() {
  run_step lint ruff-format 120 "$RUN_PYTHON" -m ruff format --check .
}

run_steps_lint_mypy() {
  run_step lint mypy 600 "$RUN_PYTHON" -m mypy
}

run_steps_shell_files() { # sets RUN_FILES: every bash file of the checkout
  local file
  RUN_FILES=()
  for file in *.sh .ci/run install/*.sh lib/*.sh lib/*/*.sh bench/*.sh tests/*.sh tests/*/*.bash tests/*/*.bats; do
    [[ ! -f $file ]] || RUN_FILES+=("$file")
  done
}

run_steps_pytest() { # <name> <folder of the tests>
  local -a command=("$RUN_PYTHON" -m pytest -q -o "cache_dir=$RUN_WORK/cache-$1")
  [[ -z $RUN_FAST ]] || command+=(-m 'not slow')
  run_step pytest "$1" 3600 "${command[@]}" -n "$(run_steps_width)" --junitxml "$RUN_WORK/steps/$1/junit.xml" "$RUN_TESTS/$2"
  run_steps_is_worth_a_second "$1" || return 0
  run_step pytest "$1/second" 900 "${command[@]}" --last-failed --last-failed-no-failures none \
    --junitxml "$RUN_WORK/steps/$1/second/junit.xml" "$RUN_TESTS/$2"
}

run_steps_is_worth_a_second() { # <name>: it ended with failed tests, and with a few only
  local folder=$RUN_WORK/steps/$1
  local -i failed
  [[ $(cat -- "$folder/exit_code" 2>/dev/null) == 1 ]] || return 1
  failed=$(grep -cE '^(not ok|FAILED|ERROR) ' -- "$folder/log")
  ((failed > 0 && failed <= RUN_STEPS_FEW))
}

run_steps_bats() { # <bash or menu>: a process for each file, as many at once as there are cores, the longest files first
  local file name
  local -a files=() command=(bash "$ETL_ROOT/tests/run_bats.sh" "$RUN_WORK" "$RUN_PYTHON" --formatter tap --timing)
  local -i width
  width=$(run_steps_width)
  [[ -z $RUN_FAST ]] || command+=(--filter-tags '!slow' --allow-empty-suite)
  mapfile -t files < <(find "$RUN_TESTS/$1" -maxdepth 1 -name '*.bats' -printf '%s\t%p\n' 2>/dev/null | sort -rn | cut -f2-)
  for file in "${files[@]}"; do
    while (($(jobs -rp | wc -l) >= width)); do
      wait -n
    done
    run_step_begin tap "$1-$(basename -- "$file" .bats)" 900 "${command[@]}" "$file"
  done
  wait
  for file in "${files[@]}"; do
    name=$1-$(basename -- "$file" .bats)
    ! run_steps_is_worth_a_second "$name" \
      || run_step tap "$name/second" 900 "${command[@]}" "$file"
  done
  ((${#files[@]} > 0)) || run_step lint "$1" 10 bash -c "echo 'There are no tests in $1.'; exit 1"
}

run_steps_width() {
  printf '%s' "${ETL_TEST_JOBS:-$(nproc 2>/dev/null || echo 2)}"
}

run_step() { # <kind> <name> <limit in seconds> <command...>: waits for its end
  run_step_begin "$@"
  wait
}

run_step_begin() { # <kind> <name> <limit in seconds> <command...>
  local folder=$RUN_WORK/steps/$2
  mkdir -p -- "$folder"
  printf '%s\n' "$1" >"$folder/kind"
  printf '%s\n' "$3" >"$folder/limit"
  run_step_watch "$folder" "${@:3}" &
  RUN_STEP_PIDS+=("$!")
}

run_step_watch() { # <folder> <limit> <command...>: runs it, keeps what it said and how it ended, prints one line
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
