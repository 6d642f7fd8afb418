# shellcheck shell=bash
# What all menus share (layer 4): the head line, and a menu as a table of tag, label and explanation.
# Offers menus_screen_run menus_screen_head menus_screen_find_target menus_screen_log.

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

menus_screen_log() { # <file> [--end]: in the pager, and back to the screen
  ui_leave
  if ! log_viewer_show "$@" || ! command -v less >/dev/null; then
    ui_pause
  fi
}
