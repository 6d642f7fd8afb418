# shellcheck shell=bash
# The configuration in use and where it leads (part of actions.sh, layer 3).
# Offers actions_config_current actions_config_list actions_config_use actions_config_choose actions_config_short actions_config_target
# actions_config_target_cached actions_config_tables actions_config_preference actions_config_set_preference
# actions_config_environments actions_config_environment_load actions_config_environment_choose.

actions_config_current() { # -> REPLY: path of the configuration in use, the same one that Python would take
  REPLY=${ETL_CONFIG:-}
  [[ -n $REPLY ]] || actions_config_preference config
  [[ -n $REPLY ]] || REPLY=$ETL_ROOT/config/example.json
  [[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
}

actions_config_list() { # sets ACTIONS_CONFIGS: those in config/ and in the operator's own folder, and the one in use if it is elsewhere
  local path own
  local -a found=()
  ACTIONS_CONFIGS=()
  _actions_config_own
  own=$REPLY
  actions_config_current
  for path in "$ETL_ROOT"/config/*.{json,yaml,yml} "$own"/*.{json,yaml,yml}; do
    [[ -f $path && ${path##*/} != *schema* ]] || continue
    ACTIONS_CONFIGS+=("$path")
    [[ $path != "$REPLY" ]] || found=(1)
  done
  ((${#found[@]} > 0)) || [[ ! -f $REPLY ]] || ACTIONS_CONFIGS+=("$REPLY")
}

_actions_config_own() { # -> REPLY: the folder of the operator's own configurations, which no upgrade touches
  REPLY=${XDG_CONFIG_HOME:-${HOME:-}/.config}/snowflake_etl
}

actions_config_use() { # <path>: for this process only; 3 with a sentence when it is not a file
  local path=$1
  [[ $path == /* ]] || path=$PWD/$path
  if [[ ! -f $path || ! -r $path ]]; then
    core_error "There is no readable configuration file $path. Give the path of a JSON or YAML file."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  # A name with a newline would not survive being a line of a file.
  if [[ $path == *$'\n'* ]]; then
    core_error "The path of a configuration may not hold a line break. Rename $path."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  # An environment belongs to the configuration that defines it.
  [[ ${ETL_CONFIG:-} == "$path" ]] || unset ETL_ENVIRONMENT
  export ETL_CONFIG=$path
}

actions_config_choose() { # <path>: for this process and later ones; 3 with a sentence when it is not a file
  local -i status=0
  actions_config_use "$1" || return
  # A choice that cannot be saved still applies to this process, with its environment.
  actions_config_set_preference config "$ETL_CONFIG" || status=$?
  actions_config_environment_load
  return "$status"
}

actions_config_environments() { # sets ACTIONS_ENVIRONMENTS to the names in the configuration in use; else 1 and why not in REPLY
  actions_config_current
  actions_capture config environments --config "$REPLY" --quiet || return 1
  ACTIONS_ENVIRONMENTS=()
  # shellcheck disable=SC2034 # for the menus
  [[ -z $REPLY ]] || mapfile -t ACTIONS_ENVIRONMENTS <<<"$REPLY"
}

actions_config_environment_load() { # applies the environment saved for the configuration in use to everything started from here
  [[ -z ${ETL_ENVIRONMENT:-} ]] || return 0
  actions_config_current
  _actions_config_mangled "$REPLY"
  actions_config_preference "environment$REPLY"
  [[ -z $REPLY ]] || export ETL_ENVIRONMENT=$REPLY
}

actions_config_environment_choose() { # <name>: from now on, for the configuration in use
  export ETL_ENVIRONMENT=$1
  actions_config_current
  _actions_config_mangled "$REPLY"
  actions_config_set_preference "environment$REPLY" "$1"
}

actions_config_short() { # <path> -> REPLY: its name on screens
  local path=${1#"$ETL_ROOT"/config/}
  _actions_config_own
  REPLY=${path#"$REPLY"/}
  REPLY=${REPLY#"$PWD"/}
}

actions_config_target_cached() { # -> REPLY: account, connection or "local", or "?" when it is not known; never forks
  local -a lines=()
  local cache path
  actions_config_current
  path=$REPLY
  _actions_config_cache "$path"
  cache=$REPLY
  _actions_config_plain_target "$path" && return 0
  REPLY='?'
  [[ -f $cache && ! $path -nt $cache ]] || return 1
  { mapfile -t lines <"$cache"; } 2>/dev/null || return 1
  # The file's name is only a shortened path, so the path and environment inside the file decide.
  [[ ${lines[0]:-} == "$path"$'\t'"${ETL_ENVIRONMENT:-}" && -n ${lines[1]:-} ]] || return 1
  # The lines after the target are the files that the configuration extends.
  for path in "${lines[@]:2}"; do
    [[ -f $path && ! $path -nt $cache ]] || return 1
  done
  REPLY=${lines[1]}
}

_actions_config_plain_target() { # <path> -> REPLY: read from a plain JSON file without Python; 1 if that is not enough
  local text='' key
  [[ $1 == *.json && -z ${ETL_ENVIRONMENT:-} && -z ${!ETL_SNOWFLAKE@} ]] || return 1
  { IFS= read -r -d '' -n 65536 text <"$1" || :; } 2>/dev/null
  [[ $text != *'"extends"'* && $text != *'"environments"'* && $text != *"\${"* && $text != *\\* ]] || return 1
  text=${text#*'"snowflake"'}
  [[ $text =~ ^[[:space:]]*:[[:space:]]*\{([^{}]*)\} ]] || return 1
  text=${BASH_REMATCH[1]}
  for key in connection account; do
    [[ $text =~ \"$key\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_.-]+)\" ]] || continue
    REPLY=${BASH_REMATCH[1]}
    # A full address is left to Python, which shortens it.
    [[ $REPLY != *.snowflakecomputing.* ]]
    return
  done
  return 1
}

actions_config_target() { # -> REPLY: the same, asked of Python once after every change; else 1 and why not
  local path cache found
  actions_config_target_cached && return 0
  actions_config_current
  path=$REPLY
  _actions_config_cache "$path"
  cache=$REPLY
  actions_capture config target --files --config "$path" --quiet || return 1
  found=$REPLY
  [[ -n ${found%%$'\n'*} ]] || return 1
  _actions_config_folder "${cache%/*}" && (umask 077 && core_write_file "$cache" "$path"$'\t'"${ETL_ENVIRONMENT:-}"$'\n'"$found")
  REPLY=${found%%$'\n'*}
  return 0
}

actions_config_tables() { # sets ACTIONS_TABLES to the tables of the configuration in use; else 1 and why not in REPLY
  actions_config_current
  actions_capture config tables --config "$REPLY" --quiet || return 1
  _actions_know_target
  ACTIONS_TABLES=()
  # shellcheck disable=SC2034 # for the menus
  [[ -z $REPLY ]] || mapfile -t ACTIONS_TABLES <<<"$REPLY"
}

actions_config_preference() { # <name> -> REPLY: what was saved, or nothing
  REPLY=''
  { IFS= read -r REPLY <"$ETL_STATE_DIR/preferences/$1"; } 2>/dev/null || return 0
}

actions_config_set_preference() { # <name> <one line>
  if _actions_config_folder "$ETL_STATE_DIR/preferences" && (umask 077 && core_write_file "$ETL_STATE_DIR/preferences/$1" "$2"); then
    return 0
  fi
  core_error "The choice could not be saved in $ETL_STATE_DIR/preferences. Make it writable or free disk space."
  return "$ETL_EXIT_UNEXPECTED"
}

_actions_config_cache() { # <path> -> REPLY: the file that keeps its target
  _actions_config_mangled "$1"
  REPLY=$ETL_STATE_DIR/cache/target$REPLY
}

_actions_config_mangled() { # <path> -> REPLY: as a part of a file's name
  REPLY=${1//[!A-Za-z0-9._-]/_}
  ((${#REPLY} <= 100)) || REPLY=${REPLY: -100}
}

_actions_config_folder() { # <path>: makes a private folder
  [[ -d $1 ]] || (umask 077 && mkdir -p -- "$1") 2>/dev/null
}
