#!/usr/bin/env bats
# Plain text on a terminal: chosen where dialogs cannot be, and as calm as they are.
# shellcheck disable=SC2030,SC2031 # each test has its own environment

load tmux

setup() {
  tmux_setup
}

teardown() {
  tmux_stop
}

@test "plain: TERM=dumb" {
  TERM=dumb tmux_menu
  tmux_wait 'Main menu' '1  Quick Load' 'config: example.json | target: local | jobs running: 0' 'b for Quit'
  tmux_ascii
  tmux_type q
  tmux_ended
}

@test "plain: a terminal too small for dialogs, with a word why" {
  tmux_menu 60 15
  tmux_wait 'Plain text, because the terminal is 60x15 and dialogs need' '1  Quick Load'
  tmux_keys C-d
  tmux_ended
}

@test "plain: neither dialog nor whiptail on the host" {
  helpers_path_without dialog whiptail
  tmux_menu
  tmux_wait 'neither dialog nor whiptail is installed' '1  Quick Load'
  tmux_type quit
  tmux_ended
}

@test "plain: without dialog it is whiptail, without whiptail dialog" {
  helpers_path_without dialog
  tmux_menu
  tmux_wait 'u Main menu t'
  tmux_keys Escape
  tmux_ended
  tmux -L "$TMUX_SOCKET" kill-server
  ETL_UI=dialog tmux_menu
  tmux_wait 'Plain text, because dialog is not installed' '1  Quick Load'
}

@test "plain: without whiptail dialogs are dialog's" {
  helpers_path_without whiptail
  tmux_menu
  tmux_wait '--Main menu--' '<Choose>'
}

@test "plain: ETL_UI=plain, one load, its log, the list, and out by ESC" {
  export ETL_UI=plain
  tmux_menu
  tmux_wait '1  Quick Load'
  tmux_type 1
  tmux_wait '2  Last month             2013-02'
  tmux_type 2
  tmux_wait 'How is it to be checked?'
  tmux_type ''
  tmux_wait 'Plan: one file' 'As a command:' 'Start? y or n'
  tmux_type y
  tmux_wait 'at work as job' '1  Follow the log'
  tmux_type 1
  tmux_wait 'following job' 'state: '
  tmux_keys q
  tmux_wait 'What do you want to load?'
  tmux_type b
  tmux_wait 'Main menu'
  tmux_type jobs
  tmux_wait 'STATE' '1  running ' ' 40% 200.0 MB/s'
  tmux_ascii
  tmux_keys Escape Enter
  tmux_wait 'Main menu'
  tmux_keys Escape Enter
  tmux_wait '1 running; they go on.'
  tmux_ended
}

@test "plain: Ctrl-C is one screen back, Ctrl-D too, and neither loops" {
  export ETL_UI=plain
  tmux_menu
  tmux_wait '1  Quick Load'
  tmux_type 1
  tmux_wait 'What do you want to load?'
  tmux_keys C-c
  tmux_last 'Number, ? for help, or b for Quit:'
  tmux_type 1
  tmux_last 'Number, ? for help, or b for back:'
  tmux_keys C-d
  tmux_last 'Number, ? for help, or b for Quit:'
  tmux_keys C-d
  tmux_ended
}

@test "plain: a path is typed with completion, Ctrl-C there does not end the menu" {
  export ETL_UI=plain
  mkdir "$BATS_TEST_TMPDIR/data"
  : >"$BATS_TEST_TMPDIR/data/flights of may.tsv"
  tmux_menu 120 30
  tmux_wait '1  Quick Load'
  tmux_type 1
  tmux_wait 'What do you want to load?'
  tmux_type 4
  tmux_wait 'Which file?'
  tmux_text 'half a name'
  tmux_keys C-c
  tmux_last 'Number, ? for help, or b for back:'
  tmux_type 4
  tmux_last '>'
  tmux_text "$BATS_TEST_TMPDIR/data/fl"
  tmux_keys Tab
  tmux_wait 'may.tsv'
  tmux_keys Enter
  tmux_wait 'Load flights'
}

@test "plain: Ctrl-Z and fg bring the question back, a half typed line too; the terminal is as it was in the end" {
  export ETL_UI=plain
  tmux_menu
  tmux_wait '1  Quick Load'
  tmux_keys C-z
  tmux_wait Stopped
  tmux_type 'clear; fg'
  tmux_last 'Number, ? for help, or b for Quit:'
  tmux_type 1
  tmux_wait 'What do you want to load?'
  tmux_type 4
  tmux_last '>'
  tmux_text half
  tmux_wait '> half'
  tmux_keys C-z
  tmux_wait Stopped
  tmux_type 'clear; fg'
  tmux_last '(a key shows what was typed)'
  tmux_text s
  tmux_last '> halfs'
  tmux_keys C-a C-k C-d
  tmux_last 'Number, ? for help, or b for back:'
  tmux_type b
  tmux_last 'Number, ? for help, or b for Quit:'
  tmux_type q
  tmux_ended
  tmux_type 'clear; stty -a | grep -o "intr = [^;]*"; jobs'
  tmux_wait 'intr = ^C'
  [[ $(tmux_screen) != *Stopped* ]]
}

@test "plain: of many jobs the newest stand on the screen, m shows more, a text those that have it" {
  local index folder
  for index in {1..60}; do
    printf -v folder '%s/jobs/20130101-0000%02d-load-7' "$ETL_STATE_DIR" "$index"
    mkdir -p "$folder"
    printf 'Load number %02d\n' "$index" >"$folder/title"
    printf '1\n' >"$folder/started_at"
    printf '0\n' | tee "$folder/exit_code" >"$folder/lock"
  done
  export ETL_UI=plain
  tmux_menu
  tmux_wait '5  Jobs & Logs'
  tmux_type 5
  # From the head line to the prompt on one screen, and what Enter takes is marked.
  tmux_wait 'Snowflake ETL |' 'ended: 60' '1  done' 'Load number 60' 'Load number 51' '... 50 more: m shows them' '> ' '63  Refresh' 'b for back:'
  [[ $(tmux_screen) != *'Load number 50'* ]]
  tmux_type m
  tmux_wait '... 40 more' 'Load number 50' 'Load number 41'
  tmux_type number
  tmux_wait 'Load number 41' '... 40 more: a longer text shows fewer'
  tmux_type 'number 07'
  tmux_wait '54  done'
  tmux_type 54
  tmux_wait 'Job: Load number 07'
}

@test "plain: Ctrl-C while the plan is made comes back" {
  export ETL_UI=plain
  mkfifo "$FAKE/never"
  rm "$FAKE/plan"
  ln -s "$FAKE/never" "$FAKE/plan"
  tmux_menu
  tmux_wait '1  Quick Load'
  tmux_type 1
  tmux_wait 'What do you want to load?'
  tmux_type 2
  tmux_wait 'How is it to be checked?'
  tmux_type 1
  tmux_wait 'Looking at files and table'
  tmux_keys C-c
  tmux_wait 'stopped'
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}
