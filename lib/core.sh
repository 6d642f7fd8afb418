# shellcheck shell=bash
# Paths, exit codes, error sentences and small text helpers (layer 0: needs none of our other files).
# Offers core_init core_program core_error core_error_document core_write_file core_wait core_printable core_json core_meant
# core_nearest core_number core_now core_duration core_age.
# Answers come back in REPLY; nothing here forks except making the state folder and writing files.

# The one table of exit codes; python/snowflake_etl/errors.py has the same.
# shellcheck disable=SC2034 # read by the files that source this one
{
  ETL_EXIT_OK=0
  ETL_EXIT_UNEXPECTED=1
  ETL_EXIT_USAGE=2
  ETL_EXIT_CONFIGURATION=3
  ETL_EXIT_CONNECTION=4
  ETL_EXIT_WAREHOUSE=5
  ETL_EXIT_PROBLEMS=6
  ETL_EXIT_REFUSED=7
  ETL_EXIT_INTERRUPTED=130
  ETL_EXIT_TERMINATED=143
}

ETL_STATE_VERSION=1 # of the state folder; python/snowflake_etl/config/state.py has the same

core_init() { # sets ETL_ROOT ETL_STATE_DIR ETL_VENV ETL_BASE_PYTHON ETL_PYTHON; 3 with a sentence when there can be no state folder
  # Without PATH (env -i, some schedulers) bash uses a default of its own, which the programs it starts do not get.
  [[ ${PATH@a} == *x* ]] || export PATH=/usr/local/bin:/usr/bin:/bin
  _core_root
  _core_state_dir || return
  _core_python
}

core_program() { # -> REPLY: what is typed before a verb here, like places.program in Python
  _core_root
  REPLY=./snowflake_etl.sh
  if [[ -e $ETL_ROOT/.installed ]]; then
    REPLY=snowflake-etl
  elif [[ $PWD != "$ETL_ROOT" ]]; then
    printf -v REPLY '%q' "$ETL_ROOT/snowflake_etl.sh"
  fi
}

core_error() { # <sentence>: to stderr, on one line, whatever names it quotes
  local REPLY
  core_printable "$*"
  CORE_SAID=$REPLY
  printf '%s\n' "$REPLY" >&2
}

core_error_document() { # <exit code> <words...>: prints core_error's last sentence as a document if the words include --json
  local REPLY word
  for word in "${@:2}"; do
    [[ $word != -- ]] || return 0
    [[ $word == --json ]] || continue
    core_json "${CORE_SAID:-}"
    printf '{"status": "error", "exit_code": %d, "message": %s}\n' "$1" "$REPLY"
    return 0
  done
}

core_write_file() { # <path> <text>: writes text and a newline, completely or not at all
  local temporary=${1%/*}/.${1##*/}.$BASHPID
  if printf '%s\n' "$2" 2>/dev/null >"$temporary" && mv -fT -- "$temporary" "$1" 2>/dev/null; then
    return 0
  fi
  rm -f -- "$temporary" 2>/dev/null
  return 1
}

core_wait() { # <process>: waits until it has ended, whatever is trapped meanwhile; returns its status
  local -i status last
  while true; do
    wait "$1"
    status=$?
    if ((status <= 128)) || ! kill -0 "$1" 2>/dev/null; then
      break
    fi
  done
  # A signal that arrives just as it ends hides its status.  bash usually remembers it; if not (-1), the signal's status will do.
  wait "$1" 2>/dev/null
  last=$?
  ((last < 0 || last == 127)) || status=$last
  return "$status"
}

core_printable() { # <text> -> REPLY: printable ASCII only; newlines and tabs become blanks, everything else '?'
  REPLY=$1
  _core_is_odd "$1" || return 0
  local LC_ALL=C
  REPLY=${REPLY//[$'\t\n\r']/ }
  REPLY=${REPLY//[!\ -~]/\?}
}

core_json() { # <text> -> REPLY: a JSON string in ASCII; bytes that are not UTF-8 are taken as latin-1
  REPLY=${1//\\/\\\\}
  REPLY=${REPLY//\"/\\\"}
  if _core_is_odd "$REPLY"; then
    _core_json_characters "$REPLY"
  else
    REPLY="\"$REPLY\""
  fi
}

core_number() { # <text> <default> -> REPLY: a whole number of up to 18 digits, safe in arithmetic, else the default
  case $1 in
    '' | *[!0-9]* | ???????????????????*) REPLY=$2 ;;
    *) REPLY=$((10#$1)) ;;
  esac
}

core_now() { # -> REPLY: the epoch
  printf -v REPLY '%(%s)T' -1
}

core_duration() { # <seconds> -> REPLY: "45s", "3m 20s", "2h 5m", "3d 4h"
  if (($1 >= 86400)); then
    REPLY="$(($1 / 86400))d $(($1 / 3600 % 24))h"
  elif (($1 >= 3600)); then
    REPLY="$(($1 / 3600))h $(($1 / 60 % 60))m"
  elif (($1 >= 60)); then
    REPLY="$(($1 / 60))m $(($1 % 60))s"
  else
    REPLY=$(($1 < 0 ? 0 : $1))s
  fi
}

core_age() { # <epoch> -> REPLY: how long ago, as core_duration says it
  core_now
  core_duration $((REPLY - $1))
}

core_nearest() { # <word> <known words...> -> REPLY: the one that was probably meant, or nothing
  local known word=$1 best=''
  local -i least=3
  shift
  for known in "$@"; do
    if ((${#word} > 2)) && [[ $known == "$word"* ]]; then
      REPLY=$known
      return
    fi
    _core_distance "${word:0:20}" "$known"
    ((REPLY >= least)) || { least=$REPLY && best=$known; }
  done
  REPLY=$best
}

core_meant() { # <word> <known words...> -> REPLY: " Did you mean 'list'?", or nothing
  core_nearest "$@"
  [[ -z $REPLY ]] || REPLY=" Did you mean '$REPLY'?"
}

_core_root() { # the entry has already set ETL_ROOT, through links; tests that source this file have not
  [[ -z ${ETL_ROOT:-} ]] || return 0
  local folder=${BASH_SOURCE[0]%/*}
  [[ $folder == /* ]] || folder=$PWD/$folder
  ETL_ROOT=${folder%/lib}
}

_core_state_dir() {
  if [[ -z ${ETL_STATE_DIR:-} ]]; then
    _core_default_state_dir || return
  fi
  [[ $ETL_STATE_DIR == /* ]] || ETL_STATE_DIR=$PWD/$ETL_STATE_DIR
  export ETL_STATE_DIR
  # A current version also saves checking the mode at every start, which would take a fork.
  local version=''
  [[ ! -f $ETL_STATE_DIR/version || ! -w $ETL_STATE_DIR ]] || IFS= read -r version <"$ETL_STATE_DIR/version"
  [[ $version == "$ETL_STATE_VERSION" ]] || _core_make_state_dir
}

_core_default_state_dir() { # logs/ of the checkout when it is ours, else a folder in the operator's home
  local logs=$ETL_ROOT/logs
  if [[ ! -e $ETL_ROOT/.installed ]] && { [[ -w $logs && -O $logs ]] || [[ ! -e $logs && -w $ETL_ROOT ]]; }; then
    ETL_STATE_DIR=$logs
  elif [[ -n ${XDG_STATE_HOME:-${HOME:-}} ]]; then
    ETL_STATE_DIR=${XDG_STATE_HOME:-$HOME/.local/state}/snowflake_etl
  else
    core_error "Cannot tell where to keep jobs and logs: $logs is not writable and HOME is not set. Set ETL_STATE_DIR to a folder of yours."
    return "$ETL_EXIT_CONFIGURATION"
  fi
}

_core_make_state_dir() {
  if ! mkdir -p -- "$ETL_STATE_DIR" 2>/dev/null || [[ ! -w $ETL_STATE_DIR ]]; then
    core_error "Cannot write in the state folder $ETL_STATE_DIR. Make it writable, free disk space, or set ETL_STATE_DIR to a folder of yours."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  if [[ ! -O $ETL_STATE_DIR || -k $ETL_STATE_DIR ]]; then
    core_error "The state folder $ETL_STATE_DIR is shared with other users. Set ETL_STATE_DIR to a folder that only you can read."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  # shellcheck source-path=SCRIPTDIR
  chmod 0700 -- "$ETL_STATE_DIR" && source "$ETL_ROOT/lib/core_state.sh" && core_state_upgrade
}

_core_python() { # the Python that the operator asked for only makes .venv; scripts always run with .venv's
  if [[ -e $ETL_ROOT/.installed ]]; then
    _core_installed_python
    return
  fi
  ETL_BASE_PYTHON=${ETL_BASE_PYTHON:-${ETL_PYTHON:-}}
  ETL_VENV=${ETL_VENV:-$ETL_ROOT/.venv}
  [[ $ETL_VENV == /* ]] || ETL_VENV=$PWD/$ETL_VENV
  [[ $ETL_BASE_PYTHON != "$ETL_VENV"/* ]] || ETL_BASE_PYTHON=
  ETL_PYTHON=$ETL_VENV/bin/python
}

_core_installed_python() { # for a package installed by pip: the Python that started us, else the one of its environment
  ETL_BASE_PYTHON=''
  ETL_PYTHON=${ETL_INSTALLED_PYTHON:-${ETL_ROOT%/lib*/python*}/bin/python}
  ETL_VENV=${ETL_PYTHON%/bin/*}
}

_core_is_odd() { # <text>: whether it has more than printable ASCII; changing the locale to find out would take 0.1 ms
  [[ $1 == *[![:ascii:]]* || $1 == *[[:cntrl:]]* ]]
}

_core_json_characters() { # <text with \ and " escaped> -> REPLY: the slow way, character by character
  local text=$1 out='' character
  local -i index code
  { local LC_ALL=C.UTF-8; } 2>/dev/null # not every host has it
  for ((index = 0; index < ${#text}; ++index)); do
    character=${text:index:1}
    if [[ $character == [\ -~] ]]; then
      out+=$character
      continue
    fi
    printf -v code '%d' "'$character"
    ((code >= 0)) || code=$((code & 255))
    _core_json_escape "$code"
    out+=$REPLY
  done
  REPLY="\"$out\""
}

_core_json_escape() { # <code point> -> REPLY: \uXXXX, or two of them above the first plane
  local -i code=$1
  if ((code > 0xFFFF)); then
    ((code -= 0x10000))
    printf -v REPLY '\\u%04x\\u%04x' $((0xD800 + (code >> 10))) $((0xDC00 + (code & 0x3FF)))
  else
    printf -v REPLY '\\u%04x' "$code"
  fi
}

_core_distance() { # <word> <word> -> REPLY: how many letters to insert, leave out or change (Levenshtein)
  local -a row=() above=()
  local -i i j cost
  for ((j = 0; j <= ${#2}; ++j)); do
    row[j]=$j
  done
  for ((i = 1; i <= ${#1}; ++i)); do
    above=("${row[@]}")
    row[0]=$i
    for ((j = 1; j <= ${#2}; ++j)); do
      cost=${above[j - 1]}
      [[ ${1:i-1:1} == "${2:j-1:1}" ]] || ((++cost))
      ((cost <= above[j] + 1)) || cost=$((above[j] + 1))
      ((cost <= row[j - 1] + 1)) || cost=$((row[j - 1] + 1))
      row[j]=$cost
    done
  done
  REPLY=${row[${#2}]}
}
