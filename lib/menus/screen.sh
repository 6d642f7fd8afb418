# shellcheck shell=bash
# What all menus share (layer 4): the head line, and a menu as a table of tag, label and explanation.
# Offers menus_screen_run menus_screen_head menus_screen_find_target menus_screen_path menus_screen_show
# menus_screen_start menus_screen_log.

MENUS_LEAVE=100 # an entry's function returns this to leave the menu that it stands in

menus_screen_run() { # <title> <text> <prefix> <tag> <label> <explanation>...: runs <prefix>_<tag> until Back
  local title=$1 text=$2 prefix=$3 last=''
  local -a items=()
  shift 3
  while (($# > 2)); do
    printf -v REPLY '%-18s %s' "$2" "$3"
    items+=("$1" "$REPLY")
    shift 3
  done
  while UI_DEFAULT=$last ui_menu "$title" "$text" "${items[@]}"; do
    last=$REPLY
    UI_BACK='' "${prefix}_$last"
    (($? != MENUS_LEAVE)) || return 0
  done
  return 0
}

menus_screen_head() { # -> REPLY: configuration, target and running jobs, in the terminal's width
  local config target running
  local -i room
  actions_config_current
  actions_config_short "$REPLY"
  config=$REPLY
  actions_config_target_cached || REPLY='?'
  target=${REPLY:0:40}
  jobs_running_count
  running=$REPLY
  REPLY="Snowflake ETL | config: $config | target: $target | jobs running: $running"
  # Where it is narrow, first our own name goes, then the beginning of a long path.
  ((${#REPLY} + 2 > COLUMNS)) || return 0
  room=$((COLUMNS - 2 - 36 - ${#target} - ${#running}))
  ((room >= 12)) || room=12
  ((${#config} <= room)) || config="...${config:${#config}-room+3}"
  REPLY="config: $config | target: $target | jobs running: $running"
}

menus_screen_find_target() { # [again]: once for every change of the configuration: takes a moment, so it is said
  actions_config_target_cached && return 0
  # A configuration that cannot be read is asked once, not before every screen.
  actions_config_current
  [[ -n ${1:-} || $REPLY != "${MENUS_TARGET_ASKED:-}" ]] || return 0
  MENUS_TARGET_ASKED=$REPLY
  if ! actions_prepare; then
    ui_pause
    return
  fi
  ui_busy "Configuration" "Reading $MENUS_TARGET_ASKED ..."
  actions_config_target && return 0
  ui_message "Configuration" "The configuration ${MENUS_TARGET_ASKED} cannot be used:"$'\n\n'"$REPLY"
}

menus_screen_path() { # <what was typed> -> REPLY: the absolute path of a readable file, 1 when it is none
  _menus_screen_file "$1" && return 0
  # Completion puts backslashes before blanks and a blank behind; "read" without -r takes them away.
  local plain
  # shellcheck disable=SC2162
  IFS= read plain <<<"${1% }"
  _menus_screen_file "$plain" && return 0
  REPLY=$1
  return 1
}

_menus_screen_file() { # <path> -> REPLY: absolute, when it is a readable file
  REPLY=$1
  # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
  [[ $REPLY != '~/'* ]] || REPLY=$HOME/${REPLY:2}
  [[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
  [[ -f $REPLY && -r $REPLY ]]
}

menus_screen_log() { # <file> [--end]: in the pager, and back to the screen
  ui_leave
  if ! log_viewer_show "$@" || ! command -v less >/dev/null; then
    ui_pause
  fi
}

menus_screen_show() { # <title> <verb> <arguments...>: what it prints, in the pager
  local title=$1
  shift
  ui_busy "$title" "One moment ..."
  # Differences are no failure here: what it prints is what is to be seen.
  actions_capture_file "$@" --quiet
  [[ ! -f $REPLY ]] || menus_screen_log "$REPLY"
}

menus_screen_start() { # <title> <verb> <arguments...>: starts the job and offers its log
  local title=$1 verb=$2 id command
  shift 2
  if ! actions_start "$verb" "$@"; then
    ui_message "$title" "The job could not be started. ${REPLY:-See the message above.}"
    return
  fi
  id=$REPLY
  actions_words "$verb" "$@"
  command=$REPLY
  ui_menu "Started" "$title: at work as job $id."$'\n\n'"As a command:"$'\n'"  $command" \
    follow "Follow the log" back "Back to the menu" || return 0
  [[ $REPLY == follow ]] || return 0
  menus_jobs_follow "$id"
}
