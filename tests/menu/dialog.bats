#!/usr/bin/env bats
# The menus in dialog, on a small and on a large terminal.

load tmux
load walk

setup() {
  tmux_setup
  # shellcheck disable=SC2034 # walk.bash reads it
  UI=dialog
}

teardown() {
  tmux_stop
}

@test "dialog 80x24: the main menu draws with its head line and quits quietly" {
  SIZE='80 24' walk_main
}

@test "dialog 132x43: the main menu draws with its head line and quits quietly" {
  SIZE='132 43' walk_main
}

@test "dialog 80x24: ESC goes back one screen everywhere" {
  SIZE='80 24' walk_escape
}

@test "dialog 80x24: ESC in a message goes on, long texts scroll" {
  SIZE='80 24' walk_message
}

@test "dialog 80x24: last month from the menu to a running job and its log" {
  SIZE='80 24' walk_quick_load
}

@test "dialog 132x43: last month from the menu to a running job and its log" {
  SIZE='132 43' walk_quick_load
}

@test "dialog 80x24: a finished job, its details, its log in less, and back" {
  SIZE='80 24' walk_jobs
}

@test "dialog 80x24: from the operations to a check, its log, and what was found before" {
  SIZE='80 24' walk_operations
}

@test "dialog 80x24: a month is dropped only after its plan and the exact words" {
  SIZE='80 24' walk_months
}

@test "dialog 80x24: cancelling a job asks first" {
  SIZE='80 24' walk_cancel
}

@test "dialog 80x24: a refused plan starts nothing" {
  SIZE='80 24' walk_refused
}

@test "dialog 80x24: of a plan longer than the screen Enter alone is Start" {
  SIZE='80 24' walk_long
}

@test "dialog: hostile names of jobs stay text" {
  SIZE='80 24' walk_hostile
}

@test "dialog: the terminal may be resized, also below what dialogs need" {
  SIZE='80 24' walk_resize
}

@test "dialog: TERM=screen and TERM=linux" {
  TERM=screen SIZE='80 24' walk_main
  tmux -L "$TMUX_SOCKET" kill-server
  TERM=linux SIZE='80 24' walk_main
}

@test "dialog: F1 is the Help button, ? too where a menu has the keys; in a field one is nothing and the other a letter" {
  printf 'FLIGHTS\nCARRIERS\n' >"$FAKE/tables"
  SIZE='80 24' walk_start
  local key
  for key in F1 '?'; do
    tmux_keys "$key"
    tmux_wait 'Help: Main menu' 'Every screen has this Help'
    tmux_keys Escape
    tmux_wait '<Choose>'
  done
  tmux_keys Down Enter
  tmux_wait 'Load by browsing'
  tmux_keys V Enter
  tmux_wait 'Table  *'
  tmux_text 'what?'
  tmux_keys F1
  tmux_wait 'Help: ' 'REPLACE and DROP show their plan first'
  tmux_keys Escape
  tmux_wait 'what?*'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Up Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Down Down Enter
  tmux_wait 'Which month?'
  tmux_text '2013-?'
  tmux_keys F1
  tmux_text '1'
  tmux_wait 'Which month?' '2013-?1'
}
