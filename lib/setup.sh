# shellcheck shell=bash
# The Python environment (layer 1): finds a Python, makes .venv and installs requirements.lock, once.
# Offers setup_ensure and setup_command, the verb "setup".  Complete means: .venv keeps a copy of the lock it was
# made from, written last; comparing the two takes milliseconds and no fork.  All messages go to standard error.

# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/setup_python.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/setup_install.sh"
# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/setup_bundle.sh"

setup_ensure() { # [--test]: makes sure that ETL_PYTHON can run our scripts; instant if there is nothing to do
  _setup_is_complete "${1:-}" && return 0
  if [[ -e $ETL_ROOT/.installed ]]; then
    _setup_installed
    return
  fi
  _setup_place
  _setup_is_complete "${1:-}" && return 0
  (_setup_alone "${1:-}")
}

setup_command() { # [--check | --rebuild] [--test] [--wheelhouse DIR | --make-wheelhouse DIR | --make-bundle FILE]
  local action='' test='' option fill=''
  SETUP_WHEELHOUSE=''
  while (($#)); do
    option=$1
    case $option in
      --check | --rebuild) action=$option ;;
      --test) test=--test ;;
      --wheelhouse | --make-wheelhouse | --make-bundle)
        if [[ -z ${2:-} ]]; then
          _setup_usage "$option needs a path behind it."
          return
        fi
        shift
        _setup_command_folder "$option" "$1" || return
        ;;
      -h | --help) _setup_help && return 0 ;;
      *)
        core_meant "$option" --check --rebuild --test --wheelhouse --make-wheelhouse
        _setup_usage "'setup' does not know '$option'.$REPLY"
        return
        ;;
    esac
    shift
  done
  if [[ -e $ETL_ROOT/.installed ]]; then
    _setup_command_installed
    return
  fi
  case $action in
    --check) _setup_check "$test" ;;
    --make-bundle) setup_ensure && _setup_bundle_make "$fill" ;;
    --make-wheelhouse) setup_ensure && _setup_make_wheelhouse "$fill" "$test" ;;
    *) _setup_make "$action" "$test" ;;
  esac
}

_setup_command_installed() { # for an installed package: nothing to make, only checks
  _setup_installed || return
  if [[ -n $action || -n $test || -n $SETUP_WHEELHOUSE ]] && [[ $action != --check ]]; then
    core_error "This is an installed package, and 'setup' belongs to a checkout. To change it install snowflake-etl again, with pip or the bundle's install.sh."
    return "$ETL_EXIT_REFUSED"
  fi
  printf 'Installed package: %s in %s. What else it needs tries: snowflake-etl doctor\n' "$("$ETL_PYTHON" -V 2>&1)" "$ETL_VENV"
}

_setup_help() {
  cat <<'HELP'
usage: snowflake_etl.sh setup [OPTIONS]        creates .venv and installs what requirements.lock lists

  --check                  says whether the environment is complete (exit 3 if not); changes nothing
  --rebuild                creates it anew from scratch
  --test                   also installs the tools for the tests
  --make-bundle FILE.tar   makes one file to install from: program, packages, checksums, install.sh
  --make-wheelhouse DIR    fills DIR with all packages, on a host with internet
  --wheelhouse DIR         installs from such a folder, on a host without internet

Settings: ETL_PYTHON  the Python (3.11 or newer) to create it with
          ETL_VENV    where to keep it (.venv of the checkout, or the state folder when that is read-only)
          HTTPS_PROXY, PIP_INDEX_URL, PIP_CERT and pip's other settings are obeyed
HELP
}

_setup_usage() { # <sentence>: returns 2
  core_error "$1 See: setup --help"
  return "$ETL_EXIT_USAGE"
}

_setup_command_folder() { # <option> <path>: sets SETUP_WHEELHOUSE, to install from it, or action and fill
  local folder=$2
  [[ $folder == /* ]] || folder=$PWD/$folder
  if [[ $1 == --make-* ]]; then
    action=$1
    fill=$folder
    return 0
  fi
  SETUP_WHEELHOUSE=$folder
  local -a wheels=("$SETUP_WHEELHOUSE"/*.whl)
  if [[ ! -e ${wheels[0]} ]]; then
    core_error "There are no packages in $2. Fill it on a host with internet: snowflake_etl.sh setup --make-wheelhouse $2"
    return "$ETL_EXIT_USAGE"
  fi
}

_setup_make() { # <'' or --rebuild> <'' or --test>
  if [[ $1 == --rebuild ]]; then
    _setup_place
    [[ ! -e $ETL_VENV/pyvenv.cfg ]] || : >"$ETL_VENV/.etl-unfinished" || return "$ETL_EXIT_UNEXPECTED"
  fi
  setup_ensure "$2" || return
  _setup_check "$2"
}

_setup_check() { # <'' or --test>: prints one sentence; 3 when the environment is not complete
  _setup_is_complete "$1" || _setup_place
  if ! _setup_is_complete "$1"; then
    core_error "The Python environment is not complete. Run: snowflake_etl.sh setup${1:+ $1}"
    return "$ETL_EXIT_CONFIGURATION"
  fi
  if ! "$ETL_PYTHON" -I -m pip check </dev/null >/dev/null 2>&1; then
    core_error "The Python environment in $ETL_VENV is damaged. Run: snowflake_etl.sh setup --rebuild"
    return "$ETL_EXIT_CONFIGURATION"
  fi
  printf 'The Python environment is complete: %s in %s\n' "$("$ETL_PYTHON" -V 2>&1)" "$ETL_VENV"
}

_setup_is_complete() { # <'' or --test>
  local file=${1:+-test}
  _setup_same "$ETL_ROOT/requirements$file.lock" "$ETL_VENV/.etl$file-lock"
}

_setup_installed() { # whether this is an installed package, which uses the environment it was installed into and changes nothing there
  [[ ! -x $ETL_PYTHON ]] || return 0
  core_error "There is no Python $ETL_PYTHON, which this package was installed for. Install snowflake-etl again."
  return "$ETL_EXIT_CONFIGURATION"
}

_setup_same() { # <lock> <copy kept by the environment>: whether they are equal; never forks, since it runs at every start
  local LC_ALL=C wanted='' installed=''
  [[ -x $ETL_PYTHON && -r $1 && -r $2 && ! -e $ETL_VENV/.etl-unfinished ]] || return 1
  IFS= read -r -d '' wanted <"$1" || :
  IFS= read -r -d '' installed <"$2" || :
  [[ -n $wanted && $installed == "$wanted" ]]
}

_setup_place() { # a read-only checkout keeps its environment in the state folder
  local folder=$ETL_ROOT/.venv
  [[ $ETL_VENV == "$folder" ]] || return 0
  if [[ -e $folder && -w $folder ]] || [[ ! -e $folder && -w $ETL_ROOT ]]; then
    return 0
  fi
  ETL_VENV=$ETL_STATE_DIR/venv
  ETL_PYTHON=$ETL_VENV/bin/python
}

_setup_alone() { # <'' or --test>: allows one set-up at a time; a second one waits and finds it done
  local lock=${ETL_VENV%/*}/.setup.lock
  if ! mkdir -p -- "${ETL_VENV%/*}" 2>/dev/null || ! { exec 8>>"$lock" || exec 8<"$lock"; } 2>/dev/null; then
    core_error "Cannot write in ${ETL_VENV%/*}. Make it writable, free disk space, or set ETL_VENV to a folder of yours."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  if ! flock -n 8; then
    printf 'Another set-up of this environment is running; waiting for it ...\n' >&2
    flock 8
    _setup_is_complete "$1" && return 0
  fi
  _setup_install "$1"
}
