#!/usr/bin/env bats
# What a rough day does to the menu: signals, a terminal that goes, files that go, two menus; and how few keys a good day needs.
# shellcheck disable=SC2030,SC2031 # each test has its own environment

load tmux

setup() {
  tmux_setup
}

teardown() {
  tmux_stop
}

press() { # <key...>: one at a time, counted in PRESSED
  ((PRESSED += $#))
  tmux_keys "$@"
}

@test "keys: to a running quick load of last month at most six, with several configurations, too" {
  printf '{}' >"$BATS_TEST_TMPDIR/mine.json"
  export ETL_UI=dialog ETL_CONFIG=$BATS_TEST_TMPDIR/mine.json PRESSED=0
  tmux_menu
  tmux_wait 'Main menu'
  press Enter
  tmux_wait 'What do you want to load?'
  press Down Enter
  tmux_wait 'With which configuration?' 'mine.json  (in use)'
  press Enter
  tmux_wait 'How is it to be checked?'
  press Enter
  tmux_wait 'As a command:' '2013-02 --qc file' '<Start>'
  press Enter
  tmux_wait 'at work as job' 'jobs running: 1'
  [ "$PRESSED" -le 6 ]
}

@test "keys: from the login to why last night's load failed at most four" {
  export ETL_UI=dialog PRESSED=0
  helpers_source core settings jobs
  # shellcheck disable=SC2016 # the job's shell expands it
  jobs_start load 'Load 2013-02' bash -c 'echo "error: x.tsv line 7: DEP_DELAY is no number"
    printf "{\"status\": \"failed\", \"message\": \"x.tsv line 7: DEP_DELAY is no number.\"}\n" >"$ETL_JOB_DIR/result.json"; exit 5' 3>&-
  jobs_wait "$REPLY" 20 || true
  tmux_menu
  tmux_wait 'Main menu'
  press J Enter
  tmux_wait 'Load 2013-02' 'failed'
  press Enter
  tmux_wait 'line 7: DEP_DELAY is no number'
  [ "$PRESSED" -le 4 ]
}

@test "rough: Ctrl-Z stops the menu like any program, and fg brings the screen back" {
  local ui
  # whiptail switches the key off: there it does nothing.
  for ui in dialog plain; do
    ETL_UI=$ui tmux_menu
    tmux_wait 'Main menu' 'Quick Load'
    [[ $ui != plain ]] || tmux_text quick_load
    tmux_keys Enter
    tmux_wait 'What do you want to load?'
    tmux_keys C-z
    tmux_wait 'Stopped'
    tmux_type 'clear; fg'
    [[ $ui != plain ]] || tmux_type ''
    if [[ $ui == dialog ]]; then # an arrow is an arrow again, not an ESC
      tmux_wait 'What do you want to load?'
      tmux_keys Down Down Enter
      tmux_wait 'Which month?'
      tmux_keys Escape
      tmux_wait 'What do you want to load?'
    fi
    tmux_keys Escape
    [[ $ui != plain ]] || tmux_keys Enter
    tmux_wait 'Main menu'
    tmux_keys Escape
    [[ $ui != plain ]] || tmux_keys Enter
    tmux_ended
    tmux -L "$TMUX_SOCKET" kill-server
  done
}

@test "rough: Ctrl-Z stops a log like any program, the shell gets all that is typed, and after fg a key is a key" {
  helpers_source core settings jobs
  jobs_start load 'Load 2013-02' bash -c 'seq 60' 3>&-
  jobs_wait "$REPLY" 20
  tmux_start -- "$ROOT/snowflake_etl.sh" jobs log "$REPLY"
  tmux_wait 'q back'
  tmux_keys C-z
  tmux_wait Stopped
  tmux_type "touch '$BATS_TEST_TMPDIR/typed'; clear; fg"
  tmux_wait 'q back'
  tmux_keys G
  tmux_wait '-62 of 62'
  tmux_keys q
  tmux_ended
  [ -e "$BATS_TEST_TMPDIR/typed" ]
}

@test "rough: in whiptail a menu follows another size of the terminal; what is being typed is kept" {
  ETL_UI=whiptail tmux_menu 132 43
  tmux_wait 'Main menu' '<Choose>'
  tmux_resize 80 24
  tmux_wait '<Choose>' 'mqqq'
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Down Down Enter
  tmux_wait 'Which month?'
  tmux_keys C-a C-k
  tmux_text 2013-0
  tmux_wait '2013-0_'
  tmux_resize 132 43
  tmux_text 5
  tmux_wait 2013-05
  tmux_keys Enter
  tmux_wait 'How is it to be checked?'
  tmux_keys Enter
  tmux_wait '--month 2013-05'
  tmux_keys Escape Escape Escape Escape
}

@test "rough: Ctrl-C and Ctrl-D are one screen back in dialog; whiptail hears neither, ESC does it" {
  local ui key
  for ui in dialog whiptail; do
    ETL_UI=$ui tmux_menu
    tmux_wait 'Main menu'
    for key in C-c C-d; do
      tmux_keys Enter
      tmux_wait 'What do you want to load?'
      tmux_keys "$key"
      [[ $ui != whiptail ]] || tmux_keys Escape
      tmux_wait 'Main menu'
    done
    tmux_keys Escape
    tmux_ended
    tmux -L "$TMUX_SOCKET" kill-server
  done
}

@test "rough: a terminal that changes its size before the question is there gets it in the new size" {
  helpers_program dialog <<PROGRAM
#!/bin/bash
if [[ ! -e '$BATS_TEST_TMPDIR/resized' && " \$* " == *' --menu '* && "\$*" == *'What do you want to load?'* ]]; then
  touch '$BATS_TEST_TMPDIR/resized'
  tmux -L '$TMUX_SOCKET' resize-window -x 80 -y 24
  until [[ \$(stty size </dev/tty) == '24 80' ]]; do sleep 0.05; done
  echo 'Window too big.' >&2
  exit 254
fi
exec "$(command -v dialog)" "\$@"
PROGRAM
  ETL_UI=dialog tmux_menu 132 43
  tmux_wait 'Main menu' '<Choose>'
  tmux_keys Enter
  tmux_wait '--Quick Load--' 'What do you want to load?' '<Choose>'
  tmux_ascii
  [[ $(tmux_screen) != *'Plain text'* ]]
  [ -e "$BATS_TEST_TMPDIR/resized" ]
}

@test "rough: a terminal that closes takes the menu with it, its job goes on" {
  local ui id pid
  for ui in dialog plain; do
    ETL_UI=$ui tmux_start -- bash -c 'echo $$ >"$1"; exec "$2"' x "$BATS_TEST_TMPDIR/pid" "$ROOT/snowflake_etl.sh"
    tmux_wait 'Main menu'
    read -r pid <"$BATS_TEST_TMPDIR/pid"
    helpers_source core settings jobs
    helpers_gate_job "$BATS_TEST_TMPDIR/gate" 0 'Load 2013-01' 3>&-
    id=$REPLY
    tmux -L "$TMUX_SOCKET" kill-server
    helpers_wait_for 20 helpers_gone "$pid"
    helpers_wait_for 20 helpers_has_state "$id" running
  done
  touch "$BATS_TEST_TMPDIR/gate"
}

@test "rough: a configuration that is deleted while the menu is open is said, and another can be chosen" {
  printf '{}' >"$BATS_TEST_TMPDIR/mine.json"
  export ETL_UI=dialog ETL_CONFIG=$BATS_TEST_TMPDIR/mine.json
  tmux_menu
  tmux_wait 'Main menu' 'config: '
  rm "$BATS_TEST_TMPDIR/mine.json"
  echo 3 >"$FAKE/plan_code"
  echo 'error: There is no configuration mine.json.' >"$FAKE/plan"
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Enter
  tmux_wait 'How is it to be checked?'
  tmux_keys Enter
  tmux_wait 'There is no configuration mine.json' 'Settings, Configuration, chooses another one.'
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys S S Enter
  tmux_wait 'Configuration in use'
  tmux_keys Enter
  tmux_wait 'from now on' 'example.json'
  tmux_keys Enter
  tmux_wait 'Configuration in use' 'example.json'
}

@test "rough: where nothing can be written the menu goes on and a job that cannot be started is said" {
  # Files where folders are wanted stop everybody, the superuser, too.
  mkdir -p "$ETL_STATE_DIR"
  : >"$ETL_STATE_DIR/preferences"
  : >"$ETL_STATE_DIR/jobs"
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' quick_load last file y b settings preferences qc file b b quit) 3>&-
  [ "$status" -eq 0 ]
  # shellcheck disable=SC2154 # set by run
  [[ $output == *'could not be saved'*'could not be started'*'What do you want to load?'* ]]
}

@test "rough: two menus that load the same month at once start two jobs, and leave whole files" {
  local answers
  answers=$(printf '%s\n' quick_load last skip y back b quit)
  touch "$FAKE/gate"
  "$ROOT/snowflake_etl.sh" <<<"$answers" >"$BATS_TEST_TMPDIR/one" 2>&1 3>&- &
  "$ROOT/snowflake_etl.sh" <<<"$answers" >"$BATS_TEST_TMPDIR/two" 2>&1 3>&-
  wait $!
  cat "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
  grep -q 'Quick Load > Started' "$BATS_TEST_TMPDIR/one"
  grep -q 'Quick Load > Started' "$BATS_TEST_TMPDIR/two"
  [ "$(find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 -name '[0-9]*' | wc -l)" -eq 2 ]
  [ "$(<"$ETL_STATE_DIR/preferences/qc")" = skip ]
}

@test "long lists: / filters as one types in dialog and whiptail, a text does in plain" {
  local ui next
  local -a keys
  printf 'TABLE_%02d\n' {1..40} >"$FAKE/tables"
  for ui in dialog whiptail; do
    # dialog asks several things in one form, but never before it deletes.
    keys=(NPage NPage Enter) next='Which month of TABLE_37?'
    [[ $ui != whiptail ]] || keys=(V Enter) next='Which days of TABLE_37?'
    ETL_UI=$ui tmux_menu
    tmux_wait 'Main menu'
    tmux_keys Down Enter
    tmux_wait 'Load by browsing'
    tmux_keys "${keys[@]}"
    tmux_wait 'Which table?' 'TABLE_' '/ filter'
    tmux_text '/_37'
    tmux_keys Enter Enter
    tmux_wait "$next"
    tmux_keys Escape
    tmux_wait 'Which table?'
    tmux_keys Escape
    tmux_wait 'Load by browsing'
    tmux -L "$TMUX_SOCKET" kill-server
  done
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' operations validate _3 TABLE_37 b b b quit) 3>&-
  # shellcheck disable=SC2154 # set by run
  [[ $output == *'A text shows those'*'38  TABLE_37'*'Which days of TABLE_37?'* ]]
  [ "$status" -eq 0 ]
}
