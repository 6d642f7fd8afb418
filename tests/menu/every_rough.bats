#!/usr/bin/env bats
# Keys that end or stop programs, and another size of the terminal, on every screen: see every_rough.bash.
# bats file_tags=long

load tmux
load every
load every_rough

setup() {
  tmux_setup
  every_setup
}

teardown() {
  tmux_stop
}

@test "whiptail: Ctrl-C, Ctrl-D, Ctrl-Z and another size on each screen: nothing happens, or one back where it hears them" {
  every_rough_walk whiptail
}

@test "dialog: Ctrl-C, Ctrl-D, Ctrl-Z and another size on each screen: it fits and is there again, the keys are one back" {
  every_rough_walk dialog
}

@test "plain: Ctrl-C, Ctrl-D, Ctrl-Z and another size on each screen: it is there again, the keys are one back" {
  every_rough_walk plain
}
