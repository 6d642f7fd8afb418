#!/usr/bin/env bats
# The menus in whiptail, on a small and on a large terminal.

load tmux
load walk

setup() {
  tmux_setup
  # shellcheck disable=SC2034 # walk.bash reads it
  UI=whiptail
}

teardown() {
  tmux_stop
}

@test "whiptail 80x24: the main menu draws with its head line and quits quietly" {
  SIZE='80 24' walk_main
}

@test "whiptail 132x43: the main menu draws with its head line and quits quietly" {
  SIZE='132 43' walk_main
}

@test "whiptail 80x24: ESC goes back one screen everywhere" {
  SIZE='80 24' walk_escape
}

@test "whiptail 80x24: ESC in a message goes on, long texts scroll" {
  SIZE='80 24' walk_message
}

@test "whiptail 80x24: last month from the menu to a running job and its log" {
  SIZE='80 24' walk_quick_load
}

@test "whiptail 132x43: last month from the menu to a running job and its log" {
  SIZE='132 43' walk_quick_load
}

@test "whiptail 80x24: a finished job, its details, its log in less, and back" {
  SIZE='80 24' walk_jobs
}

@test "whiptail 80x24: from the operations to a check, its log, and what was found before" {
  SIZE='80 24' walk_operations
}

@test "whiptail 80x24: a month is dropped only after its plan and the exact words" {
  SIZE='80 24' walk_months
}

@test "whiptail 80x24: cancelling a job asks first" {
  SIZE='80 24' walk_cancel
}

@test "whiptail 80x24: a refused plan starts nothing" {
  SIZE='80 24' walk_refused
}

@test "whiptail 80x24: of a plan longer than the screen Enter alone is Start" {
  SIZE='80 24' walk_long
}

@test "whiptail: hostile names of jobs stay text" {
  SIZE='80 24' walk_hostile
}

@test "whiptail: the terminal may be resized, also below what dialogs need" {
  SIZE='80 24' walk_resize
}

@test "whiptail: TERM=screen and TERM=linux" {
  TERM=screen SIZE='80 24' walk_main
  tmux -L "$TMUX_SOCKET" kill-server
  TERM=linux SIZE='80 24' walk_main
}
