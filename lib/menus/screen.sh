# shellcheck shell=bash
# What all menus share (layer 4): screens as data, the head line, and the last steps of most entries.
# Offers menus_screen_define menus_screen_entries menus_screen_open, menus_screen_head menus_screen_colours menus_screen_find_target
# menus_screen_path menus_screen_busy menus_screen_show menus_screen_tell menus_screen_plan menus_screen_typed menus_screen_command
# menus_screen_words menus_screen_load menus_screen_start menus_screen_begin menus_screen_log.
#
# A file in lib/menus/ declares its screens and holds the functions of their entries; there is no list of these files.
#   menus_screen_define <screen> <title> <question> [<place in the main menu> <explanation>] <<'HELP' ... HELP
#   menus_screen_entries <screen>  <tag> <verb> <label> <explanation>  ...
# An entry is shown if its verb exists; "" needs none; "!verb" is destructive: it comes after the others and is never
# the default.  It runs menus_<screen>_<tag>, or menus_<screen>_entry <tag>, or opens the screen <screen>_<tag>; one in the main menu
# runs menus_<tag> or opens <tag>.
# If there is a function menus_<screen>_look, it is called before each painting: menus_screen_say <tag> <explanation> and
# menus_screen_question <text> change the texts for this one painting.

MENUS_LEAVE=100 # an entry's function returns this to leave its menu

# The messages of commands mention --config.
MENUS_OTHER_CONFIG='Settings, Configuration, chooses another one.'

declare -gA MENUS_TITLES=() MENUS_QUESTIONS=() MENUS_HELPS=() MENUS_SAY=()
MENUS_ENTRIES=() # five words per entry: screen, tag, verb, label, explanation
MENUS_PLACES=()  # for the main menu: place and screen, sorted when it is opened

menus_screen_define() { # <screen> <title> <question> [<place in the main menu> <explanation>]: its help comes from standard input
  local help=''
  MENUS_TITLES[$1]=$2
  MENUS_QUESTIONS[$1]=$3
  IFS= read -r -d '' help || : # "read" returns 1 at the end of input
  MENUS_HELPS[$1]=${help%$'\n'}
  # shellcheck disable=SC2034 # main.sh reads it
  [[ -z ${4:-} ]] || MENUS_PLACES[$4]=$1$'\t'$5
}

menus_screen_entries() { # <screen> <tag> <verb> <label> <explanation>...
  local screen=$1
  shift
  while (($# > 3)); do
    MENUS_ENTRIES+=("$screen" "${@:1:4}")
    shift 4
  done
}

menus_screen_say() { # <tag> <explanation>: in a function menus_<screen>_look
  MENUS_SAY[$1]=$2
}

menus_screen_question() { # <text>: in a function menus_<screen>_look
  MENUS_TEXT=$1
}

menus_screen_of() { # <screen>: sets MENUS_SHOWN to tag, label and explanation of its entries, destructive ones last
  local -a dangerous=()
  local -i place
  MENUS_SHOWN=() MENUS_DANGERS=' '
  for ((place = 0; place < ${#MENUS_ENTRIES[@]}; place += 5)); do
    [[ ${MENUS_ENTRIES[place]} == "$1" ]] || continue
    case ${MENUS_ENTRIES[place + 2]} in
      '') ;;
      '!'*)
        actions_is_verb "${MENUS_ENTRIES[place + 2]#!}" || continue
        MENUS_DANGERS+="${MENUS_ENTRIES[place + 1]} "
        dangerous+=("${MENUS_ENTRIES[place + 1]}" "${MENUS_ENTRIES[@]:place+3:2}")
        continue
        ;;
      *) actions_is_verb "${MENUS_ENTRIES[place + 2]}" || continue ;;
    esac
    MENUS_SHOWN+=("${MENUS_ENTRIES[place + 1]}" "${MENUS_ENTRIES[@]:place+3:2}")
  done
  MENUS_SHOWN+=("${dangerous[@]}")
}

menus_screen_open() { # <screen>: shows its menu until Back, or until an entry returns MENUS_LEAVE
  local screen=$1 last='' dangers MENUS_TEXT
  # shellcheck disable=SC2034 # read by the widgets
  local UI_TRAIL="${UI_TRAIL:+$UI_TRAIL > }${MENUS_TITLES[$1]}" UI_HELP=${MENUS_HELPS[$1]}
  [[ $screen != main ]] || UI_TRAIL=''
  local -a items
  while true; do
    _menus_screen_items "$screen"
    dangers=$MENUS_DANGERS
    menus_jobs_news
    MENUS_TEXT=$REPLY$MENUS_TEXT
    UI_DEFAULT=$last ui_menu "${MENUS_TITLES[$screen]}" "${MENUS_TEXT%$'\n\n'}" "${items[@]}" || return 0
    last=$REPLY
    UI_BACK='' _menus_screen_enter "$screen" "$last"
    (($? != MENUS_LEAVE)) || return 0
    [[ $dangers != *" $last "* ]] || last=''
  done
}

_menus_screen_items() { # <screen>: sets items and MENUS_TEXT
  local -i place
  local say
  MENUS_TEXT=${MENUS_QUESTIONS[$1]}
  MENUS_SAY=()
  if declare -F "menus_$1_look" >/dev/null; then
    "menus_$1_look"
  fi
  menus_screen_of "$1"
  items=()
  for ((place = 0; place < ${#MENUS_SHOWN[@]}; place += 3)); do
    say=${MENUS_SHOWN[place + 2]}
    printf -v say '%-22s %s' "${MENUS_SHOWN[place + 1]}" "${MENUS_SAY[${MENUS_SHOWN[place]}]-$say}"
    items+=("${MENUS_SHOWN[place]}" "${say%"${say##*[! ]}"}")
  done
}

_menus_screen_enter() { # <screen> <tag>: does what the entry says
  local name=$1_$2
  [[ $1 != main ]] || declare -F "menus_$name" >/dev/null || name=$2
  if declare -F "menus_$name" >/dev/null; then
    "menus_$name"
  elif declare -F "menus_$1_entry" >/dev/null; then
    "menus_$1_entry" "$2"
  else
    menus_screen_open "$name"
  fi
}

menus_screen_head() { # -> REPLY: configuration, target and running jobs, in the terminal's width
  local config target running
  local -i room
  actions_config_current
  actions_config_short "$REPLY"
  config=$REPLY
  actions_config_target_cached || REPLY="${ETL_ENVIRONMENT:+${ETL_ENVIRONMENT^^} }?"
  target=${REPLY:0:40}
  jobs_running_count
  running=$((REPLY - JOBS_QUEUED_COUNT))
  ((JOBS_QUEUED_COUNT == 0)) || running+=", $JOBS_QUEUED_COUNT waiting"
  REPLY="Snowflake ETL | config: $config | target: $target | jobs running: $running"
  # On a narrow terminal our own name goes first, then the beginning of a long path.
  ((${#REPLY} + 2 > COLUMNS)) || return 0
  room=$((COLUMNS - 2 - 36 - ${#target} - ${#running}))
  ((room >= 12)) || room=12
  ((${#config} <= room)) || config="...${config:${#config}-room+3}"
  REPLY="config: $config | target: $target | jobs running: $running"
}

menus_screen_colours() { # applies the setting and NO_COLOR
  settings_get colours
  [[ -z ${NO_COLOR:-} ]] || REPLY=off
  ui_colours "$REPLY"
}

menus_screen_find_target() { # finds the target after another configuration was chosen; a message when it cannot be read
  actions_config_target_cached && return 0
  if ! actions_prepare; then
    ui_pause
    return
  fi
  actions_config_current
  set -- "$REPLY"
  ui_busy "Configuration" "Reading $1 ..."
  actions_config_target || ui_message "Configuration" "The configuration $1 cannot be used:"$'\n\n'"$REPLY"
}

menus_screen_path() { # <what was typed> -> REPLY: the absolute path of a readable file, else 1
  _menus_screen_file "$1" && return 0
  # Completion adds backslashes before blanks and a blank at the end; "read" without -r removes them.
  local plain
  # shellcheck disable=SC2162
  IFS= read plain <<<"${1% }"
  _menus_screen_file "$plain" && return 0
  REPLY=$1
  return 1
}

_menus_screen_file() { # <path> -> REPLY: the absolute path, if it is a readable file
  REPLY=$1
  # shellcheck disable=SC2088 # the shell does not expand what is typed into a question
  [[ $REPLY != '~/'* ]] || REPLY=$HOME/${REPLY:2}
  [[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
  [[ -f $REPLY && -r $REPLY ]]
}

menus_screen_log() { # <file> [--end]: shows it in the pager, then returns to the screen
  ui_leave
  if ! log_viewer_show "$@" || ! command -v less >/dev/null; then
    ui_pause
  fi
}

menus_screen_busy() { # <title> <sentence> <verb> <arguments...>: shows the sentence until the command has ended
  menus_screen_typed "${@:3}"
  ui_busy "$1" "$2 ... (Ctrl-C stops)"$'\n\n'"$REPLY"
}

menus_screen_show() { # <title> <verb> <arguments...>: shows the command and what it prints in the pager
  menus_screen_busy "$1" "One moment" "${@:2}"
  shift
  # Differences are not a failure here: the output is what people want to see.
  actions_capture_file "$@"
  [[ ! -f $REPLY ]] || menus_screen_log "$REPLY"
}

menus_screen_tell() { # <title> <verb> <arguments...>: shows the command and what it prints as a message
  local title=$1 said
  shift
  menus_screen_busy "$title" "One moment" "$@"
  actions_capture "$@" --quiet
  said=${REPLY:-It ended and said nothing.}
  actions_words "$@"
  ui_message "$title" "\$ $REPLY"$'\n\n'"$said"
}

menus_screen_configured() { # <show or tell> <title> <verb> <arguments...>: the same with the configuration in use
  actions_config_current
  "menus_screen_$1" "${@:2}" --config "$REPLY"
}

menus_screen_plan() { # <title> <verb> <arguments...> -> REPLY: what it would do; 1 after a message when it cannot
  local title=$1
  local -i status
  shift
  ui_busy "$title" "Looking at files and tables ... (Ctrl-C stops)"
  actions_plan "$@"
  status=$?
  ((status == ETL_EXIT_OK)) && return 0
  _menus_screen_refused "$title" "$status" "$REPLY"
  return 1
}

menus_screen_typed() { # <verb> <arguments...> -> REPLY: the command line, on lines of its own
  actions_words "$@"
  REPLY="As a command:"$'\n'"  $REPLY"
}

menus_screen_command() { # <verb> <arguments...> <text> -> REPLY: the command line above the text
  local text=${*: -1}
  local -a background=(--background)
  # A typed command that deletes asks first, which a job cannot.
  [[ $1 == load || " $* " == *' --yes '* ]] || background=()
  menus_screen_typed "${@:1:$#-1}" "${background[@]}"
  REPLY+=$'\n\n'$text
}

menus_screen_load() { # <title> <load arguments...>: shows the plan, asks, starts the job; 1 for Back from the question, 2 when there is no plan
  local title=$1
  shift
  menus_screen_plan "$title" load "$@" || return 2
  menus_screen_command load "$@" "$REPLY"
  UI_OK=Start UI_BACK=Back ui_yesno "$title" "$REPLY" || return 1
  menus_screen_begin "$title" load "$@" --yes
}

_menus_screen_refused() { # <title> <exit code> <text>
  local title="$1: not possible" more=''
  case $2 in
    "$ETL_EXIT_CONFIGURATION") more=$'\n\n'$MENUS_OTHER_CONFIG ;;
    "$ETL_EXIT_REFUSED") title="$1: refused, on purpose" ;;
    "$ETL_EXIT_PROBLEMS") title="$1: there are problems" ;;
    "$ETL_EXIT_INTERRUPTED" | "$ETL_EXIT_TERMINATED") title="$1: stopped" ;;
  esac
  ui_message "$title" "${3:-It ended with exit code $2 and said nothing.}$more"
}

menus_screen_words() { # <title> <what is deleted> <words>: 1 unless they are typed exactly
  ui_input "$1" "$2 $3" "" || return 1
  [[ $REPLY != "$3" ]] || return 0
  ui_message "Nothing was deleted" "That was not: $3"
  return 1
}

menus_screen_start() { # <title> <verb> <arguments...>: shows the command, asks, starts the job and offers its log; 1 for Back
  local title=$1 verb=$2 word name=''
  shift 2
  for word in "$@"; do
    # The title names the table or file; the answers give the days.
    [[ $name != --month && $name != --days ]] || title+=" $word"
    name=$word
  done
  actions_words "$verb" "$@" --background
  UI_OK=Start UI_BACK=Back ui_yesno "$title" "This starts a job, which keeps running when you leave. As a command:"$'\n\n'"  $REPLY" || return 1
  menus_screen_begin "$title" "$verb" "$@"
}

menus_screen_begin() { # <title> <verb> <arguments...>: the same without the question, if it was already asked
  local title=$1 verb=$2 id text
  shift 2
  if ! actions_start "$verb" "$@"; then
    ui_message "$title" "The job could not be started. ${REPLY:-See the message above.}"
    return 0
  fi
  id=$REPLY
  text="$title: at work as job $id."
  ! jobs_queue_words "$id" || text="$title: job $id. $REPLY"
  jobs_logout_warning
  ui_menu "Started" "$text It keeps running when you leave.${REPLY:+$'\n\n'$REPLY}" \
    follow "Follow the log" back "Back to the menu" || return 0
  [[ $REPLY == follow ]] || return 0
  menus_jobs_follow "$id"
}
