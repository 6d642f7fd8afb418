# shellcheck shell=bash
# Finds a Python for the environment (part of setup.sh, layer 1).

_setup_python_find() { # sets SETUP_PYTHONS, the usable ones, best first; 3 with a sentence when there is none
  local name old='' bare=''
  local -a names=(python3.15 python3.14 python3.13 python3.12 python3.11 python3)
  SETUP_PYTHONS=()
  [[ -z $ETL_BASE_PYTHON ]] || names=("$ETL_BASE_PYTHON")
  for name in "${names[@]}"; do
    _setup_python_probe "$name" || continue
    if ((SETUP_PROBED_VERSION < 311)); then
      old=$SETUP_PROBED_TEXT
    elif ((! SETUP_PROBED_PIP)); then
      bare=$SETUP_PROBED_TEXT
    else
      SETUP_PYTHONS+=("$SETUP_PROBED_PATH")
    fi
  done
  ((${#SETUP_PYTHONS[@]} > 0)) || _setup_python_none "$old" "$bare"
}

_setup_python_probe() { # <name or path>: sets SETUP_PROBED_VERSION (312), _PIP (1 if it can make environments), _PATH and _TEXT
  local answer
  local program='import os, sys
try:
    import ensurepip, venv
    able = 1
except ImportError:
    able = 0
print("%d %d %s" % (sys.version_info[0] * 100 + sys.version_info[1], able, os.path.realpath(sys.executable)))'
  command -v -- "$1" >/dev/null || return 1
  # A name may exist and still not run: a version manager's shim, a broken link.
  answer=$(timeout 20 "$1" -I -c "$program" </dev/null 2>/dev/null) || return 1
  [[ $answer =~ ^([0-9]+)\ ([01])\ (/.*)$ ]] || return 1
  SETUP_PROBED_VERSION=${BASH_REMATCH[1]}
  SETUP_PROBED_PIP=${BASH_REMATCH[2]}
  SETUP_PROBED_PATH=${BASH_REMATCH[3]}
  SETUP_PROBED_TEXT="Python $((SETUP_PROBED_VERSION / 100)).$((SETUP_PROBED_VERSION % 100)) ($SETUP_PROBED_PATH)"
}

_setup_python_none() { # <text of one too old> <text of one that cannot make environments>: says what to do; returns 3
  local version
  if [[ -n $2 ]]; then
    version=${2#Python }
    core_error "$2 cannot make environments: its module ensurepip is missing. Install the package python${version%% *}-venv (Debian, Ubuntu), or set ETL_PYTHON to another Python."
  elif [[ -n $ETL_BASE_PYTHON && -z $1 ]]; then
    core_error "ETL_PYTHON names '$ETL_BASE_PYTHON', which does not run as a Python. Set it to the path of a Python 3.11 or newer, or unset it."
  elif [[ -n $1 ]]; then
    core_error "Python 3.11 or newer is needed, and only $1 was found. Install a newer one, or set ETL_PYTHON to its path."
  else
    core_error "Python 3.11 or newer is needed, and no python3 was found. Install one, or set ETL_PYTHON to its path."
  fi
  return "$ETL_EXIT_CONFIGURATION"
}
