#!/usr/bin/env bash
# One lint over all bash files: run_lint.sh shellcheck|shfmt PYTHON FILE...   (the tools are those of PYTHON's environment)

run_lint_main() { # <tool> <python> <file...>
  local tool=$1 bin=${2%/*} file
  local -a tests=() others=()
  shift 2
  for file in "$@"; do
    case $file in
      *.bats | *.bash) tests+=("$file") ;;
      *) others+=("$file") ;;
    esac
  done
  case $tool in
    shfmt) "$bin/shfmt" -i 2 -ci -bn -d -- "$@" ;;
    shellcheck)
      local -i status=0
      ((${#others[@]} == 0)) || "$bin/shellcheck" -x -- "${others[@]}" || status=1
      # Tests change variables in subshells and pass unexpanded text on, on purpose: those remarks are not errors here.
      ((${#tests[@]} == 0)) || "$bin/shellcheck" -x -S warning -- "${tests[@]}" || status=1
      return "$status"
      ;;
  esac
}

run_lint_main "$@"
