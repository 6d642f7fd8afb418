#!/usr/bin/env bats
# The log viewer on a real terminal (a tmux of the test's own): lessons 13 and 14.
load helpers

setup() {
  helpers_setup
  command -v tmux >/dev/null || skip "tmux is not installed"
  helpers_source core colors settings jobs log_viewer
  LOG="$BATS_TEST_TMPDIR/a log with \"blanks\""
  GATE=$BATS_TEST_TMPDIR/gate
}

teardown() {
  [[ ! -S $BATS_TEST_TMPDIR/tmux ]] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server || true
  helpers_finish_jobs
}

terminal() { # <bash text> [arguments...]: a stand-in for the menu, which calls the viewer and must come back
  local text='ETL_ROOT=$1; for name in core colors settings jobs log_viewer; do source "$1/lib/$name.sh"; [[ $name != core ]] || core_init; done; '
  printf '%s\n' "$text$1; echo BACK-\$((40 + 2)); while [[ -d \$ETL_STATE_DIR ]]; do sleep 1; done" >"$BATS_TEST_TMPDIR/menu"
  shift
  # A server that was ended a moment ago may still be leaving.
  helpers_wait_for 10 tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d -x 100 -y 30 bash "$BATS_TEST_TMPDIR/menu" "$ROOT" "$@" 3>&-
}

press() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys "$@"
}

screen() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p "$@"
}

shows() { # <text>: waits for it on the screen
  helpers_wait_for 10 eval "[[ \$(screen) == *$(printf %q "$1")* ]]" || { screen && return 1; }
}

@test "log viewer: less says which keys there are, q comes back" {
  seq -f 'line %g' 500 >"$LOG"
  terminal 'log_viewer_show "$2"' "$LOG"
  shows "q back, / search"
  shows "line 1"
  press q
  shows BACK-42
}

@test "log viewer: --end begins at the end" {
  seq -f 'line %g' 500 >"$LOG"
  terminal 'log_viewer_show "$2" --end' "$LOG"
  shows "line 500"
  press q
  shows BACK-42
}

@test "log viewer: Ctrl-C in less does not end the menu (lesson 14)" {
  seq -f 'line %g' 500 >"$LOG"
  terminal 'log_viewer_show "$2"' "$LOG"
  shows "q back"
  press C-c
  press q
  shows BACK-42
}

@test "log viewer: escape codes of a log change nothing on the terminal, even when LESS asks for them" {
  printf 'start\n\e]0;HACKED\a\e[31mred\e[0m \e[2J\e[10;10Hjumped \xff\xc3\xa9\n' >"$LOG"
  LESS=-R terminal 'log_viewer_show "$2"' "$LOG"
  shows "red"
  shows "start"
  [[ $(screen) == *"ESC[31m"* ]]
  [[ $(tmux -S "$BATS_TEST_TMPDIR/tmux" display -p '#{pane_title}') != *HACKED* ]]
  [[ $(screen -e) != *$'\e[31m'* ]]
  press q
  shows BACK-42
}

@test "log viewer: less gives no shell and no other file" {
  echo text >"$LOG"
  terminal 'log_viewer_show "$2"' "$LOG"
  shows "q back"
  press '!' 'touch ' "$BATS_TEST_TMPDIR/pwned" Enter
  press q
  helpers_wait_for 3 test -e "$BATS_TEST_TMPDIR/pwned" && return 1
  [ ! -e "$BATS_TEST_TMPDIR/pwned" ]
}

@test "log viewer: without less it is more, with control codes made harmless" {
  command -v more >/dev/null || skip "more is not installed"
  printf 'start \e[31mred\n' >"$LOG"
  seq -f 'line %g' 100 >>"$LOG"
  helpers_path_without less
  terminal 'log_viewer_show "$2"' "$LOG"
  shows "--More--"
  shows "start ?[31mred"
  press q
  shows BACK-42
}

@test "log viewer: Ctrl-C in more does not end the menu" {
  command -v more >/dev/null || skip "more is not installed"
  seq -f 'line %g' 100 >"$LOG"
  helpers_path_without less
  terminal 'log_viewer_show "$2"' "$LOG"
  shows "--More--"
  press C-c
  shows BACK-42
}

@test "log viewer: without less and more it is plain output" {
  printf 'start \e[31mred\nend\n' >"$LOG"
  helpers_path_without less more
  terminal 'log_viewer_show "$2"' "$LOG"
  shows BACK-42
  [[ $(screen) == *"start ?[31mred"*end* ]]
}

@test "log viewer: a log that is not there is a sentence and exit 2" {
  run -2 log_viewer_show "$BATS_TEST_TMPDIR/none"
  [[ $output == *"no log to show"* ]]
}

@test "log viewer: follow shows what comes, q leaves, the job runs on" {
  jobs_start load title bash -c 'echo first; until [[ -e $1 || ! -d $ETL_JOB_DIR ]]; do sleep 0.05; done; echo second; until [[ -e $1.2 || ! -d $ETL_JOB_DIR ]]; do sleep 0.05; done' - "$GATE"
  local id=$REPLY
  terminal 'log_viewer_follow "$2"' "$id"
  shows "q goes back"
  shows first
  touch "$GATE"
  shows second
  press q
  shows BACK-42
  [ "$(helpers_state "$id")" = running ]
  touch "$GATE.2"
  run -0 jobs_wait "$id" 10
}

@test "log viewer: Ctrl-C leaves follow and ends neither menu nor job" {
  helpers_gate_job "$GATE"
  local id=$REPLY
  terminal 'log_viewer_follow "$2"' "$id"
  shows "at the gate"
  press C-c
  shows BACK-42
  [ "$(helpers_state "$id")" = running ]
}

@test "log viewer: ESC and Ctrl-D leave follow, too" {
  helpers_gate_job "$GATE"
  local id=$REPLY key
  for key in Escape C-d; do
    terminal 'log_viewer_follow "$2"' "$id"
    shows "at the gate"
    press "$key"
    shows BACK-42
    tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  done
  [ "$(helpers_state "$id")" = running ]
}

@test "log viewer: follow says how the job ended and waits for a key; --return does not wait" {
  helpers_gate_job "$GATE" 6
  local id=$REPLY
  terminal 'log_viewer_follow "$2"' "$id"
  shows "at the gate"
  touch "$GATE"
  shows "ended: problems (exit code 6)"
  [[ $(screen) != *BACK-42* ]]
  press q
  shows BACK-42
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  terminal 'log_viewer_follow "$2" --return' "$id"
  shows BACK-42
}

@test "log viewer: following a job that rings and paints leaves the terminal as it is" {
  jobs_start load title bash -c 'printf "\e[31m\e[2J\e]0;HACKED\a painted\n"'
  jobs_wait "$REPLY" 10
  terminal 'log_viewer_follow "$2" --return' "$REPLY"
  shows "painted"
  shows BACK-42
  [[ $(screen) == *"following job"* ]]
  [[ $(tmux -S "$BATS_TEST_TMPDIR/tmux" display -p '#{pane_title}') != *HACKED* ]]
}

@test "log viewer: a mark is set at a byte's line: shown beside it, named in the prompt, reached by its key" {
  { seq -f 'line %g' 500 && echo 'error: it broke' && seq -f 'line %g' 501 900; } >"$LOG"
  terminal 'log_viewer_show "$2" --end --mark "$3"' "$LOG" "$(grep -b error: "$LOG" | cut -d: -f1)"
  shows "'e first error, q back"
  shows "line 900"
  press "'" e
  shows "e error: it broke"
  press q
  shows BACK-42
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  terminal 'log_viewer_show "$2" --mark "$3"' "$LOG" "$(grep -b error: "$LOG" | cut -d: -f1)"
  shows "e error: it broke"
}

@test "log viewer: of a long log no lines are counted, so that its end is there at once" {
  seq -f 'line %g' 500 >"$LOG"
  terminal 'LOG_VIEWER_LINES_BYTES=100; log_viewer_show "$2" --end' "$LOG"
  shows "G end   100%"
  shows "line 500"
  press q
  shows BACK-42
}

@test "log viewer: without less the end of a failed job's log is its end, harmless" {
  { seq -f 'line %g' 1500 && printf 'last \e[31mred'; } >"$LOG"
  helpers_path_without less more
  terminal 'log_viewer_show "$2" --end' "$LOG"
  shows BACK-42
  [[ $(screen) == *"last ?[31mred"* ]]
}

@test "log viewer: a folder in the place of the log is a sentence and exit 2" {
  mkdir "$LOG"
  run -2 log_viewer_show "$LOG"
  [[ $output == *"no log to show"* ]]
}
