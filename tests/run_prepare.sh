# shellcheck shell=bash
# Prepares what run_all_tests.sh needs before its first check: system programs, the environment, a clean state.

RUN_PREPARE_KILOBYTES=$((4 * 1024 * 1024)) # a run takes about 1 GiB

run_prepare_folder() { # prints a new folder for the run: in memory if possible, since the tests often wait for disks
  local memory=/dev/shm free
  if [[ -z ${TMPDIR:-} && -d $memory && -w $memory ]]; then
    free=$(df -Pk -- "$memory" 2>/dev/null | awk 'NR == 2 { print $4 }')
    if [[ $free =~ ^[0-9]+$ ]] && ((free >= RUN_PREPARE_KILOBYTES)) && run_prepare_can_execute "$memory"; then
      mktemp -d -p "$memory"
      return
    fi
  fi
  mktemp -d
}

run_prepare_can_execute() { # <folder>: whether it is not mounted "noexec"
  local probe
  local -i status
  probe=$(mktemp -p "$1") || return 1
  printf '#!/bin/sh\n' >"$probe" && chmod u+x -- "$probe" && "$probe"
  status=$?
  rm -f -- "$probe"
  return "$status"
}

run_prepare() { # sets RUN_PYTHON and exports ETL_TEST_PYTHON; 1 with a sentence when there is no environment
  local name
  # The operator's settings must not reach the tests, except those that say what to test with.
  for name in $(compgen -v ETL_); do
    case $name in
      ETL_ROOT | ETL_PYTHON | ETL_VENV | ETL_TEST_*) ;;
      *) unset "$name" ;;
    esac
  done
  export ETL_STATE_DIR=$RUN_WORK/state TMPDIR=$RUN_WORK/tmp
  # The word in every secret that a test plants, and the list of files in which one was planted on purpose.
  ETL_TEST_PLANTED=planted-$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')
  export ETL_TEST_PLANTED ETL_TEST_PLANTED_FILES=$RUN_WORK/planted-files
  run_prepare_programs
  # shellcheck source-path=SCRIPTDIR source=../lib/core.sh
  source "$ETL_ROOT/lib/core.sh" && core_init || return
  # shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
  source "$ETL_ROOT/lib/setup.sh" && setup_ensure --test || return
  RUN_PYTHON=$ETL_PYTHON
  export ETL_TEST_PYTHON=$RUN_PYTHON
  # The tests make their own.
  unset ETL_STATE_DIR ETL_PYTHON ETL_BASE_PYTHON
  [[ -z $RUN_REPORT ]] || run_prepare_facts >"$RUN_WORK/environment.txt" 2>&1
}

run_prepare_programs() { # installs the system programs that the tests use, where that is allowed and possible
  local package
  local -a missing=()
  for package in dialog whiptail tmux less more:util-linux script:bsdutils ps:procps flock:util-linux; do
    command -v "${package%%:*}" >/dev/null || missing+=("${package#*:}")
  done
  # A browser is large: it is installed only where nobody works.  Elsewhere its tests use an existing one, or skip.
  [[ -z ${CI:-} ]] || command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
  ((${#missing[@]} > 0)) || return 0
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    printf 'Missing, and what needs them is skipped: %s\n' "${missing[*]}"
    return 0
  fi
  printf 'Installing %s ...\n' "${missing[*]}"
  run_prepare_apt "${missing[@]}" >"$RUN_WORK/apt.log" 2>&1 \
    || printf 'apt-get could not install them all; what needs them is skipped.\n'
}

run_prepare_apt() { # <package...>
  local -x DEBIAN_FRONTEND=noninteractive
  timeout 300 apt-get install -y -q --no-install-recommends "$@" </dev/null && return 0
  timeout 300 apt-get update -q </dev/null && timeout 600 apt-get install -y -q --no-install-recommends "$@" </dev/null
}

run_prepare_facts() { # prints what a bug report should say about the machine, without user names or settings that hold secrets
  uname -srm
  printf 'bash %s\n' "$BASH_VERSION"
  "$RUN_PYTHON" -VV
  git -C "$ETL_ROOT" log -1 --format='commit %h of %cs' 2>/dev/null
  printf 'TERM=%s LANG=%s LC_ALL=%s CI=%s\n' "${TERM:-}" "${LANG:-}" "${LC_ALL:-}" "${CI:-}"
  dialog --version </dev/null
  tmux -V
  less --version | head -n 1
  "$RUN_PYTHON" -I -m pip list --format=freeze --disable-pip-version-check
}
