# shellcheck shell=bash
# Persistent settings (layer 1): "key=value" lines in $ETL_STATE_DIR/settings; the tables below define what exists.
# Offers settings_names settings_get settings_set settings_check settings_about settings_label settings_kind settings_words
# settings_problems.  A setting is a line in each of the four tables; its users call settings_get, screens read the tables.

declare -gA SETTINGS_DEFAULTS=(
  [base_path]=''
  [colours]=auto
  [jobs_limit]=2
  [jobs_notice]=problems
  [pager]=auto
  [qc]=last
  [workers]=0
)
declare -gA SETTINGS_KINDS=( # "number LOWEST HIGHEST", "choice WORD..." or "folder" (may be empty)
  [base_path]=folder
  [colours]='choice auto off'
  [jobs_limit]='number 1 99'
  [jobs_notice]='choice off problems all'
  [pager]='choice auto less more none'
  [qc]='choice last file snowflake both skip'
  [workers]='number 0 64'
)
declare -gA SETTINGS_LABELS=(
  [base_path]='Base path'
  [colours]='Colours'
  [jobs_limit]='Jobs at a time'
  [jobs_notice]='Notices of jobs'
  [pager]='Pager'
  [qc]='Checks of a load'
  [workers]='Workers'
)
declare -gA SETTINGS_ABOUT=(
  [base_path]='where the menu looks for the files of a month, instead of base_path in the configuration; empty: the configuration decides'
  [colours]='colours of the menu: auto (if the terminal has them) or off'
  [jobs_limit]='how many jobs run at a time; the others wait their turn'
  [jobs_notice]='notices of jobs that could not report their end themselves: off, problems (all that did not end well), all'
  [pager]='shows logs and long texts: auto (less, otherwise more), less, more, or none (just print them)'
  [qc]='what the menu proposes when it asks how a load is checked: the last answer, or always the same'
  [workers]='threads that compress, for loads from the menu; 0: decided by the configuration and the processors'
)

settings_names() { # sets SETTINGS_NAMES, in alphabetical order; never forks
  local name other
  local -i place
  SETTINGS_NAMES=()
  for name in "${!SETTINGS_KINDS[@]}"; do
    place=0
    for other in "${SETTINGS_NAMES[@]}"; do
      [[ $other > $name ]] || ((++place))
    done
    SETTINGS_NAMES=("${SETTINGS_NAMES[@]:0:place}" "$name" "${SETTINGS_NAMES[@]:place}")
  done
}

settings_get() { # <name> -> REPLY: its value, or the default if no usable one was set; never forks
  local name=$1
  _settings_read
  REPLY=${_SETTINGS_VALUES[$name]:-}
  [[ -n $REPLY ]] && _settings_fits "$name" "$REPLY" || REPLY=${SETTINGS_DEFAULTS[$name]:-}
}

settings_set() { # <name> <value; nothing for the default>: 2 with a sentence for a wrong one, 1 when it cannot be written
  local REPLY file=$ETL_STATE_DIR/settings
  local -i status
  if ! settings_check "$1" "$2"; then
    core_error "$REPLY"
    return "$ETL_EXIT_USAGE"
  fi
  # Two menus may change different settings at once: read, change and write under one lock.
  (
    umask 077
    { exec 7>"${file%/*}/.settings.lock"; } 2>/dev/null || exit 1
    ! command -v flock >/dev/null || flock -w 10 7 || exit 1
    _settings_changed "$1" "$2" && core_write_file "$file" "$REPLY"
  )
  status=$?
  ((status == 0)) || core_error "The setting $1 could not be saved in $file. Make it writable or free disk space."
  return "$status"
}

settings_check() { # <name> <value>: 0 when it may be set, else 2 with a sentence in REPLY
  REPLY=''
  if [[ -z ${SETTINGS_KINDS[$1]:-} ]]; then
    settings_names
    REPLY="There is no setting '$1'. Settings: ${SETTINGS_NAMES[*]}."
    return "$ETL_EXIT_USAGE"
  fi
  [[ -n $2 ]] || return 0
  _settings_fits "$1" "$2" && return 0
  settings_kind "$1"
  REPLY="The setting $1 may be $REPLY, not '$2'."
  return "$ETL_EXIT_USAGE"
}

settings_kind() { # <name> -> REPLY: "a number from 1 to 99", "one of off, all"
  local -a kind=()
  IFS=' ' read -ra kind <<<"${SETTINGS_KINDS[$1]:-}"
  case ${kind[0]:-} in
    number) REPLY="a number from ${kind[1]} to ${kind[2]}" ;;
    folder) REPLY="the path of a folder that can be read, beginning with /" ;;
    *)
      printf -v REPLY '%s, ' "${kind[@]:1}"
      REPLY="one of ${REPLY%, }"
      ;;
  esac
}

settings_label() { # <name> -> REPLY: its name on screens
  REPLY=${SETTINGS_LABELS[$1]:-$1}
}

settings_words() { # <name>: sets SETTINGS_WORDS to the words to choose from, none if the value is typed
  read -ra SETTINGS_WORDS <<<"${SETTINGS_KINDS[$1]:-}"
  if [[ ${SETTINGS_WORDS[0]:-} == choice ]]; then
    SETTINGS_WORDS=("${SETTINGS_WORDS[@]:1}")
  else
    SETTINGS_WORDS=()
  fi
}

settings_about() { # <name> -> REPLY: what it does
  REPLY=${SETTINGS_ABOUT[$1]:-}
}

settings_problems() { # -> REPLY: a sentence for each line of the file that is ignored, or nothing
  local name text=''
  _settings_read
  for name in "${!_SETTINGS_VALUES[@]}"; do
    settings_check "$name" "${_SETTINGS_VALUES[$name]}" || text+="${text:+$'\n'}$REPLY"
  done
  REPLY=$text
}

_settings_fits() { # <name> <value>
  local -a kind=()
  local REPLY word
  IFS=' ' read -ra kind <<<"${SETTINGS_KINDS[$1]:-}"
  case ${kind[0]:-} in
    number)
      core_number "$2" -1
      ((REPLY >= kind[1] && REPLY <= kind[2]))
      return
      ;;
    folder)
      [[ $2 == /* && $2 != *[[:cntrl:]]* && -d $2 && -r $2 && -x $2 ]]
      return
      ;;
    choice)
      for word in "${kind[@]:1}"; do
        [[ $word != "$2" ]] || return 0
      done
      ;;
  esac
  return 1
}

_settings_read() { # sets _SETTINGS_VALUES; ignores lines that are no settings; the last of several counts
  local line
  local -a lines=()
  declare -gA _SETTINGS_VALUES=()
  { mapfile -t -n 1000 lines <"$ETL_STATE_DIR/settings"; } 2>/dev/null || return 0
  for line in "${lines[@]}"; do
    [[ $line =~ ^[[:blank:]]*([a-z_]+)[[:blank:]]*=[[:blank:]]*([^[:cntrl:]]*[^[:cntrl:][:blank:]])[[:blank:]]*$ ]] || continue
    _SETTINGS_VALUES[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
  done
}

_settings_changed() { # <name> <value or ''> -> REPLY: the file's text with that change; other lines stay, even unknown ones
  local line text=''
  local -a lines=()
  { mapfile -t -n 1000 lines <"$ETL_STATE_DIR/settings"; } 2>/dev/null || :
  for line in "${lines[@]}"; do
    [[ $line =~ ^[[:blank:]]*$1[[:blank:]]*= || -z $line ]] || text+=$line$'\n'
  done
  REPLY=${text%$'\n'}
  [[ -z $2 ]] || REPLY+="${REPLY:+$'\n'}$1=$2"
}
