#!/usr/bin/env bats
load helpers

setup() {
  helpers_setup
}

on_terminal() { # <environment...>: what COLOR_RED is where standard output is a terminal
  script -qec "env $* bash -c 'source \"$ROOT/lib/colors.sh\"; printf %q \"\$COLOR_RED\"'" /dev/null </dev/null
}

@test "colors: a terminal gets colours" {
  [[ $(on_terminal TERM=xterm) == *E*31m* ]]
}

@test "colors: none with NO_COLOR, with TERM=dumb, or without TERM" {
  [[ $(on_terminal TERM=xterm NO_COLOR=1) == "''"* ]]
  [[ $(on_terminal TERM=dumb) == "''"* ]]
  [[ $(on_terminal -u TERM) == "''"* ]]
}

@test "colors: none in a pipe" {
  run -0 bash -c 'source "$1/lib/colors.sh"; printf "%s" "$COLOR_RED$COLOR_GREEN$COLOR_YELLOW$COLOR_BLUE$COLOR_DIM$COLOR_BOLD$COLOR_RESET"' _ "$ROOT"
  [ -z "$output" ]
}
