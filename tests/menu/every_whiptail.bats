#!/usr/bin/env bats
# Every entry of every menu in whiptail: see every.bash.
# bats file_tags=long

load tmux
load every

setup() {
  tmux_setup
  every_setup
}

teardown() {
  tmux_stop
}

@test "whiptail: every entry is pressed: no error, ASCII only, ESC and Cancel one back, nothing left" {
  every_combinations whiptail 132 43 linux C.UTF-8
}
