# shellcheck shell=bash
# Makes the environment and runs pip in it (part of setup.sh, layer 1); all of pip's output goes to a log.

_setup_install() { # <'' or --test>: makes or completes ETL_VENV; 3 with a sentence when it cannot
  local file=${1:+-test} lock='' python
  local -i status=3 began=$SECONDS
  local lock_path=$ETL_ROOT/requirements$file.lock
  SETUP_LOG=$ETL_STATE_DIR/setup.log
  if ! { IFS= read -r -d '' lock <"$lock_path" || [[ -n $lock ]]; } 2>/dev/null; then
    core_error "The list of packages $lock_path is missing. Take the checkout anew: git checkout -- requirements$file.lock"
    return "$ETL_EXIT_CONFIGURATION"
  fi
  _setup_python_find || return
  _setup_install_space || return
  : >"$SETUP_LOG" || return "$ETL_EXIT_CONFIGURATION"
  for python in "${SETUP_PYTHONS[@]}"; do
    status=0
    _setup_install_with "$python" "$lock_path" || status=$?
    # The newest Python may have no ready-made packages yet; the next older one has.
    ((status == 0)) && break
    [[ $SETUP_FAILURE == no-package && -z $ETL_BASE_PYTHON ]] || break
    : >"$ETL_VENV/.etl-unfinished"
  done
  if ((status != 0)); then
    _setup_install_explain
    return "$ETL_EXIT_CONFIGURATION"
  fi
  _setup_install_record "$1" "$lock" || return
  core_duration $((SECONDS - began))
  printf 'The Python environment is ready (%s).\n' "$REPLY" >&2
}

_setup_install_with() { # <python> <lock file>: 1 with SETUP_FAILURE set when it did not work
  local -a source=()
  [[ -z ${SETUP_WHEELHOUSE:-} ]] || source=(--no-index --find-links "$SETUP_WHEELHOUSE")
  SETUP_FAILURE=''
  _setup_install_venv "$1" || return 1
  rm -f -- "$ETL_VENV/.etl-lock" "$ETL_VENV/.etl-test-lock"
  # If we are killed, this mark stays: packages may be half installed, so the next start begins again.
  : >"$ETL_VENV/.etl-unfinished" || return 1
  _setup_install_pip "$2" install --require-hashes --no-deps --only-binary :all: "${source[@]}" -r "$2" || return 1
  rm -f -- "$ETL_VENV/.etl-unfinished"
}

_setup_install_venv() { # <python>: makes ETL_VENV unless a working one exists
  if [[ ! -e $ETL_VENV/.etl-unfinished ]] && "$ETL_PYTHON" -I -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    return 0
  fi
  printf 'Making the Python environment %s ...\n' "$ETL_VENV" >&2
  _setup_install_clear || return 1
  mkdir -p -- "$ETL_VENV" && : >"$ETL_VENV/.etl-unfinished"
  if ! "$1" -I -m venv "$ETL_VENV" </dev/null >>"$SETUP_LOG" 2>&1; then
    _setup_install_classify
    [[ $SETUP_FAILURE == disk ]] || SETUP_FAILURE=venv
    return 1
  fi
}

_setup_install_clear() { # removes what an earlier set-up left, but only if it is an environment
  local -a content=("$ETL_VENV"/*)
  if [[ -e ${content[0]} && ! -e $ETL_VENV/pyvenv.cfg && ! -e $ETL_VENV/.etl-unfinished ]]; then
    SETUP_FAILURE=foreign
    return 1
  fi
  SETUP_FAILURE=permission
  # An environment of somebody else, whose Python we may not run, is left alone, even the parts that could be removed.
  [[ ! -d $ETL_VENV || -w $ETL_VENV ]] || return 1
  rm -rf -- "$ETL_VENV" 2>>"$SETUP_LOG"
}

_setup_install_record() { # <'' or --test> <text of the lock>: as the last step, by rename; the test lock includes all of the other
  local base=''
  if [[ -n $1 ]]; then
    IFS= read -r -d '' base <"$ETL_ROOT/requirements.lock" || :
    core_write_file "$ETL_VENV/.etl-test-lock" "${2%$'\n'}" || return "$ETL_EXIT_UNEXPECTED"
  fi
  base=${base:-$2}
  core_write_file "$ETL_VENV/.etl-lock" "${base%$'\n'}" || return "$ETL_EXIT_UNEXPECTED"
}

_setup_make_wheelhouse() { # <folder> <'' or --test>: fills it with the packages in the lock
  local lock_path=$ETL_ROOT/requirements${2:+-test}.lock
  SETUP_LOG=$ETL_STATE_DIR/setup.log
  if ! mkdir -p -- "$1" 2>/dev/null || [[ ! -w $1 ]]; then
    core_error "Cannot write in $1. Name a folder that can be written to."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  : >"$SETUP_LOG"
  if ! _setup_install_pip "$lock_path" download --require-hashes --no-deps --only-binary :all: -d "$1" -r "$lock_path"; then
    _setup_install_explain
    return "$ETL_EXIT_CONFIGURATION"
  fi
  printf 'All packages are in %s, for %s on this kind of host. There: snowflake_etl.sh setup --wheelhouse DIR\n' \
    "$1" "$("$ETL_PYTHON" -V 2>&1)"
}

_setup_install_pip() { # <lock file> <pip arguments...>: runs pip with a line of progress; 1 with SETUP_FAILURE set when pip fails
  local -i total
  total=$(grep -c '^[A-Za-z0-9]' -- "$1")
  shift
  "$ETL_PYTHON" -I -u -m pip "$@" --disable-pip-version-check --no-input --no-color --progress-bar off --retries 2 \
    </dev/null 2>&1 | tee -a -- "$SETUP_LOG" | _setup_install_progress "$total"
  if ((PIPESTATUS[0] == 0)); then
    return 0
  fi
  _setup_install_classify
  return 1
}

_setup_install_progress() { # <number of packages>: reads pip's output, shows one changing line, or a few lines off a terminal
  local line shown=''
  local -i count=0
  while IFS= read -r line; do
    case $line in
      Collecting* | 'Requirement already'* | Ignoring*) ((++count)) && line="getting packages: $count of $1" ;;
      Installing*) line="installing $1 packages, a minute at most" ;;
      *) continue ;;
    esac
    if [[ -t 2 ]]; then
      printf '\rSetting up Python: %-50s' "$line" >&2
    elif [[ ${line%%:*} != "$shown" ]]; then
      printf 'Setting up Python: %s ...\n' "${line%: *}" >&2
    fi
    shown=${line%%:*}
  done
  [[ ! -t 2 || -z $shown ]] || printf '\n' >&2
}

_setup_install_space() { # about 700 MB are needed: better said now than when the disk is full
  local available
  [[ ! -x $ETL_PYTHON ]] || return 0
  { read -r _ && read -r _ _ _ available _; } < <(df -Pk -- "${ETL_VENV%/*}" 2>/dev/null) || :
  core_number "${available:-}" 700000
  ((REPLY < 700000)) || return 0
  core_error "The Python environment needs 700 MB in ${ETL_VENV%/*}, and $((REPLY / 1000)) MB are free. Free space there, or set ETL_VENV to a folder on another disk."
  return "$ETL_EXIT_CONFIGURATION"
}

_setup_install_classify() { # sets SETUP_FAILURE from the log
  local -a lines
  local text
  mapfile -t -n 4000 lines < <(tail -n 200 -- "$SETUP_LOG")
  text="${lines[*]}"
  case $text in
    *'No space left on device'* | *'Disk quota exceeded'*) SETUP_FAILURE=disk ;;
    *'Read-only file system'* | *'Permission denied'*) SETUP_FAILURE=permission ;;
    *'DO NOT MATCH THE HASHES'*) SETUP_FAILURE=hashes ;;
    *CERTIFICATE_VERIFY_FAILED* | *SSLError*) SETUP_FAILURE=certificate ;;
    *ProxyError* | *'Tunnel connection failed'* | *'Cannot connect to proxy'*) SETUP_FAILURE=proxy ;;
    *'Failed to establish a new connection'* | *'name resolution'* | *'Name or service not known'* | *ConnectTimeout* | \
      *ConnectionError* | *'Connection refused'* | *'Network is unreachable'* | *'Read timed out'* | *'Connection reset'*)
      SETUP_FAILURE=network
      ;;
    *'No matching distribution found'* | *'Could not find a version'*) SETUP_FAILURE=no-package ;;
    *) SETUP_FAILURE=other ;;
  esac
}

_setup_install_explain() { # prints one sentence for SETUP_FAILURE: what happened and what to do
  local last offline="on a host without internet: setup --wheelhouse DIR (see setup --help)"
  case $SETUP_FAILURE in
    disk) last="The disk of $ETL_VENV is full. Free 700 MB there, or set ETL_VENV to a folder on another disk." ;;
    permission) last="A file could not be written while setting up $ETL_VENV. Make the folder writable, or set ETL_VENV to a folder of yours." ;;
    hashes) last="A package is not what requirements.lock says it has to be, so nothing was installed. Check the package index or mirror that pip uses." ;;
    certificate) last="The package index could not be trusted: its certificate does not verify. Set PIP_CERT to your company's certificate file, or, $offline." ;;
    proxy) last="The proxy refused the way to the package index. Check HTTPS_PROXY (http://host:port), or, $offline." ;;
    network) last="The package index cannot be reached. Set HTTPS_PROXY or PIP_INDEX_URL if this network needs them, or, $offline." ;;
    no-package) _setup_install_last_error && last="A package is not to be had for this Python: $REPLY. Set ETL_PYTHON to another Python 3.11 or newer, or fill the wheelhouse with this one." ;;
    foreign) last="The folder $ETL_VENV holds other files, which a set-up would remove. Set ETL_VENV to a new folder." ;;
    venv) _setup_install_last_error && last="The environment $ETL_VENV could not be made: $REPLY. Remove that folder, or set ETL_PYTHON to another Python." ;;
    *) _setup_install_last_error && last="pip failed: $REPLY. Run the set-up again." ;;
  esac
  core_error "$last Full output: $SETUP_LOG"
}

_setup_install_last_error() { # -> REPLY: the last line of the log that says ERROR or Error, else the last line
  local line
  REPLY='no word why'
  while IFS= read -r line; do
    [[ $line != *[Ee]rror* && $line != *ERROR* ]] || REPLY=${line#ERROR: }
  done < <(tail -n 50 -- "$SETUP_LOG")
  REPLY=${REPLY%.}
  return 0
}
