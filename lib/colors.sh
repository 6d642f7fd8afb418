# shellcheck shell=bash
# Names for colours (layer 0): COLOR_RED COLOR_GREEN COLOR_YELLOW COLOR_BLUE COLOR_DIM COLOR_BOLD COLOR_RESET.
# All are empty when standard output is not a terminal, when NO_COLOR has any value, or with TERM=dumb.

colors_init() { # sets the names; call it again after standard output has changed
  COLOR_RED='' COLOR_GREEN='' COLOR_YELLOW='' COLOR_BLUE='' COLOR_DIM='' COLOR_BOLD='' COLOR_RESET=''
  if [[ ! -t 1 || -n ${NO_COLOR:-} || ${TERM:-dumb} == dumb ]]; then
    return 0
  fi
  # shellcheck disable=SC2034 # used by the files that source this one
  COLOR_RED=$'\e[31m' COLOR_GREEN=$'\e[32m' COLOR_YELLOW=$'\e[33m' COLOR_BLUE=$'\e[34m' \
    COLOR_DIM=$'\e[2m' COLOR_BOLD=$'\e[1m' COLOR_RESET=$'\e[0m'
}

colors_init
