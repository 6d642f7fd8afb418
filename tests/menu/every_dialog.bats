#!/usr/bin/env bats
# Every entry of every menu in dialog: see every.bash.
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

@test "dialog: every entry is pressed: no error, ASCII only, ESC and Cancel one back, nothing left" {
  every_combinations dialog 80 24 screen C
}
