# shellcheck shell=bash
# One action per verb (layer 3): answers become an argument array, which runs in the foreground or as a background job.
# Offers actions_run_verb actions_check_verb actions_verbs, and what the menus call: actions_prepare actions_load_plan
# actions_flags actions_settings_forget actions_start actions_words actions_jobs_* actions_capture actions_capture_file
# actions_on_terminal actions_browse.  Actions never ask.

# shellcheck source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/actions_config.sh"

# The only place that maps a verb to its script: a new verb is a line here.  jobs and setup are bash functions, below.
declare -gA ACTIONS_SCRIPTS=(
  [load]=loader.py
  [recover]=recover_load.py
  [diagnose]=diagnose_load.py
  [stage]=stage_manager.py
  [ledger]=ledger_tool.py
  ['check-file']=check_file.py
  ['clean-file']=clean_file.py
  [compare]=compare_files.py
  [compress]=compress_file.py
  [sample]=sample_file.py
  [browse]=file_browser.py
  [validate]=validate_table.py
  [duplicates]=duplicate_checker.py
  [history]=run_history.py
  [metrics]=show_metrics.py
  [schedule]=make_schedule.py
  [report]=table_report.py
  ['drop-month']=drop_month.py
  ['restore-month']=restore_month.py
  [local]=local_warehouse.py
  ['table-info']=table_info.py
  [doctor]=doctor.py
  [notify]=send_notice.py
  [prune]=prune_state.py
  [config]=config_tool.py
)
ACTIONS_BASH_VERBS=(jobs setup)

# A job names its configuration, so that running it again does the same, whichever one is in use by then.
ACTIONS_CONFIGURED_VERBS=' load recover stage ledger check-file clean-file compare compress sample browse validate duplicates report drop-month restore-month table-info doctor notify prune '

actions_run_verb() { # <verb> [arguments, possibly with --background]: returns the verb's exit code
  local verb=$1
  shift
  actions_check_verb "$verb" || return
  if [[ -n ${ACTIONS_SCRIPTS[$verb]:-} ]]; then
    _actions_python "$verb" "$@"
  else
    "_actions_verb_$verb" "$@"
  fi
}

actions_check_verb() { # <word>: if it is no verb, prints the nearest one and all of them, and returns 2
  actions_is_verb "$1" && return 0
  local hint
  actions_nearest_verb "$1"
  hint=${REPLY:+" Did you mean '$REPLY'?"}
  core_program
  core_error "There is no verb '$1'.$hint Verbs: ${ACTIONS_VERBS[*]}. See: $REPLY --help"
  return "$ETL_EXIT_USAGE"
}

actions_verbs() { # sets ACTIONS_VERBS, in alphabetical order
  local verb
  ACTIONS_VERBS=()
  for verb in "${!ACTIONS_SCRIPTS[@]}" "${ACTIONS_BASH_VERBS[@]}"; do
    _actions_insert "$verb"
  done
}

actions_is_verb() { # <word>
  [[ -n $1 ]] && { [[ -n ${ACTIONS_SCRIPTS[$1]:-} ]] || declare -F "_actions_verb_$1" >/dev/null; }
}

actions_nearest_verb() { # <word> -> REPLY: the verb that was probably meant, or nothing
  actions_verbs
  core_nearest "$1" "${ACTIONS_VERBS[@]}"
}

actions_flags() { # <verb> [months]: sets ACTIONS_FLAGS to the flags that follow from the configuration in use and the settings
  actions_config_current
  ACTIONS_FLAGS=(--config "$REPLY")
  settings_get base_path
  [[ -z $REPLY || ${2:-} != months ]] || ACTIONS_FLAGS+=(--base-path "$REPLY")
  settings_get workers
  [[ $REPLY == 0 || $1 != load ]] || ACTIONS_FLAGS+=(--workers "$REPLY")
}

actions_settings_forget() { # removes the answers that the menu remembers; 1 with a sentence when they cannot be removed
  local file
  for file in "$ETL_STATE_DIR"/preferences/*; do
    [[ -f $file && ${file##*/} != config ]] || continue
    rm -f -- "$file" 2>/dev/null && continue
    core_error "The answers in $ETL_STATE_DIR/preferences could not be removed. Make it writable."
    return "$ETL_EXIT_UNEXPECTED"
  done
}

actions_prepare() { # makes sure that Python can run; says on standard error what it installs, or why it cannot
  setup_ensure
}

actions_load_plan() { # <load arguments...> -> REPLY: the plan as text, or why not; returns the loader's exit code
  actions_plan load "$@"
}

actions_plan() { # <verb> <arguments...> -> REPLY: what the verb would do, as text, or why it cannot; returns its exit code
  actions_capture "$@" --dry-run --quiet
}

actions_start() { # <verb> <arguments...> -> REPLY: the job's id
  setup_ensure || return
  _actions_start "$@" || return
  _actions_know_target
}

actions_words() { # <verb> <arguments...> -> REPLY: the same as a command line to type
  local word verb=$1 line
  core_program
  line=$REPLY
  shift
  _actions_environment "$verb" "$@"
  for word in "$verb" "${ACTIONS_WORDS[@]}"; do
    word=${word#"$PWD"/}
    printf -v word '%q' "$word"
    line+=" $word"
  done
  REPLY=$line
}

actions_capture() { # <verb> <arguments...> -> REPLY: all it prints; returns its exit code
  local -i status
  setup_ensure || return
  _actions_command "$@" || return
  REPLY=$("${ACTIONS_COMMAND[@]}" 2>&1 </dev/null)
  status=$?
  [[ $1 == config ]] || _actions_know_target
  return "$status"
}

_actions_know_target() { # finds the head line's target when a configuration is first used, not when the menu starts
  local REPLY
  actions_config_target_cached && return
  actions_config_current
  REPLY+=$'\t'${ETL_ENVIRONMENT:-}
  [[ $REPLY != "${ACTIONS_TARGET_ASKED:-}" ]] || return 0
  ACTIONS_TARGET_ASKED=$REPLY
  actions_config_target || : # the action itself reports what is wrong with it
}

actions_capture_file() { # <verb> <arguments...> -> REPLY: a private file: the command line and all it prints; returns its exit code
  local -i status
  local path=$ETL_STATE_DIR/cache/$1.txt text
  actions_capture "$@" --quiet
  status=$?
  text=$REPLY
  actions_words "$@"
  text="\$ $REPLY"$'\n\n'$text
  _actions_config_folder "${path%/*}" && (umask 077 && core_write_file "$path" "$text") && REPLY=$path && return "$status"
  core_error "What it says could not be written to $path. Make that writable or free disk space."
  return "$ETL_EXIT_UNEXPECTED"
}

actions_on_terminal() { # <verb> <arguments...>: runs it in the foreground, where it may ask; returns its exit code
  setup_ensure || return
  _actions_command "$@" || return
  "${ACTIONS_COMMAND[@]}"
}

actions_browse() { # [arguments...]: the file browser; sets ACTIONS_CHOSEN: action and files, or nothing.  1 after an error that it has reported
  local path=$ETL_STATE_DIR/cache/chosen.$BASHPID
  local -i status
  ACTIONS_CHOSEN=()
  setup_ensure || return
  _actions_config_folder "${path%/*}"
  actions_flags browse months
  _actions_environment browse "${ACTIONS_FLAGS[@]}" "$@"
  _actions_command browse "${ACTIONS_WORDS[@]}" --chosen "$path" || return
  # The browser paints on standard error.
  "${ACTIONS_COMMAND[@]}" >/dev/null
  status=$?
  # shellcheck disable=SC2034 # for the menus
  [[ ! -f $path ]] || mapfile -d '' -t ACTIONS_CHOSEN <"$path"
  rm -f -- "$path"
  ((status == ETL_EXIT_OK || status == ETL_EXIT_INTERRUPTED))
}

actions_jobs_cancel() { # <id> -> REPLY: what was done
  jobs_cancel "$1"
}

actions_jobs_rerun() { # <id> -> REPLY: the new job's id
  _actions_tell_when_ended
  jobs_rerun "$1"
}

actions_jobs_move() { # <id> <first|up|down|last> -> REPLY: where it waits now
  jobs_queue_move "$1" "$2"
}

actions_jobs_seen() { # <id>: its end need not be announced any more
  jobs_seen "$1"
}

actions_jobs_clean() { # <days> [state, or several with commas] [epoch] -> REPLY: a sentence, how many finished jobs, older than that at that time, were removed
  jobs_prune --older-than "$1" ${2:+--state "$2"} ${3:+--at "$3"}
  REPLY="Removed: $REPLY."
  ((JOBS_KEPT == 0)) || REPLY+=" Not removed: $JOBS_KEPT. Is $ETL_STATE_DIR/jobs writable?"
}

_actions_verb_jobs() {
  _actions_refuse_background jobs "$@" || return
  _actions_tell_when_ended
  jobs_command "$@"
}

_actions_verb_setup() {
  _actions_refuse_background setup "$@" || return
  setup_command "$@"
}

_actions_refuse_background() { # <verb> <arguments...>
  local verb=$1
  shift
  [[ " $* " == *' --background '* ]] || return 0
  core_error "'$verb' runs at once and needs no --background. Leave it out."
  return "$ETL_EXIT_USAGE"
}

_actions_python() { # <verb> <arguments...>: in the foreground, or as a job with --background
  local verb=$1 word background='' data=''
  local -a arguments=()
  shift
  for word in "$@"; do
    # Everything after -- is data, whatever it looks like.
    [[ $word != -- ]] || data=1
    if [[ $word == --background && -z $data ]]; then
      background=1
    else
      arguments+=("$word")
    fi
  done
  setup_ensure || return
  if [[ -n $background ]]; then
    _actions_start_and_tell "$verb" "${arguments[@]}"
    return
  fi
  _actions_command "$verb" "${arguments[@]}" || return
  exec -- "${ACTIONS_COMMAND[@]}"
}

_actions_start_and_tell() { # <verb> <arguments...>: prints the id alone on standard output (--json: in a document), and how to follow the job on standard error
  local id
  _actions_start "$@" || return
  id=$REPLY
  if _actions_has_flag --json "$@"; then
    printf '{"status": "started", "exit_code": 0, "job": "%s"}\n' "$id"
  else
    printf '%s\n' "$id"
  fi
  core_program
  printf 'Started in the background. Follow it:  %s jobs follow %s\n' "$REPLY" "$id" >&2
  ! jobs_queue_words "$id" || printf '%s\n' "$REPLY" >&2
  jobs_logout_warning
  [[ -z $REPLY ]] || core_error "$REPLY"
}

_actions_start() { # <verb> <arguments...> -> REPLY: the job's id
  local title verb=$1
  shift
  _actions_environment "$verb" "$@"
  set -- "${ACTIONS_WORDS[@]}"
  _actions_title "$verb" "$@"
  title=$REPLY
  if [[ $ACTIONS_CONFIGURED_VERBS == *" $verb "* ]] && ! _actions_has_flag --config "$@" \
    && ! _actions_has_flag --configs "$@"; then
    actions_config_current
    set -- --config "$REPLY" "$@"
  fi
  _actions_command "$verb" "$@" || return
  _actions_tell_when_ended
  jobs_start "$verb" "$title" "${ACTIONS_COMMAND[@]}"
}

_actions_tell_when_ended() { # jobs started after this get a notice when they end without having sent one themselves
  # shellcheck disable=SC2034 # jobs.sh reads it
  JOBS_WHEN_ENDED=("$ETL_PYTHON" "$ETL_ROOT/python/${ACTIONS_SCRIPTS[notify]}" job --quiet)
}

_actions_environment() { # <verb> <arguments...>: sets ACTIONS_WORDS to them, with the environment in use named, as --config is
  local verb=$1
  shift
  ACTIONS_WORDS=("$@")
  if [[ -n ${ETL_ENVIRONMENT:-} && $ACTIONS_CONFIGURED_VERBS == *" $verb "* ]] && ! _actions_has_flag --environment "$@"; then
    ACTIONS_WORDS=(--environment "$ETL_ENVIRONMENT" "$@")
  fi
}

_actions_command() { # <verb> <arguments...>: sets ACTIONS_COMMAND; 1 with a sentence when the script is missing
  local script=$ETL_ROOT/python/${ACTIONS_SCRIPTS[$1]}
  shift
  if [[ ! -r $script ]]; then
    core_error "The script $script is missing. The checkout is not complete: get it again."
    return "$ETL_EXIT_UNEXPECTED"
  fi
  ACTIONS_COMMAND=("$ETL_PYTHON" "$script" "$@")
}

_actions_title() { # <verb> <arguments...> -> REPLY: what a person calls this run: "Load 2024-01", "Load x.tsv, y.tsv"
  local verb=$1 word name=''
  local -a about=() other=()
  shift
  for word in "$@"; do
    # The configuration is in the job's command; in the title it would say little about what is done.
    [[ $name == --config || $word == --config || $word == --config=* ]] || other+=("$word")
    case $name in
      --month | --days | --table) about+=("$word") ;;
      --environment) about+=("in ${word^^}") ;;
      --file) about+=("${word##*/}") ;;
    esac
    name=$word
    case $word in
      --month=* | --days=* | --table=*) about+=("${word#*=}") ;;
      --file=*) about+=("${word##*/}") ;;
      --mode=replace | replace) about+=("(replace)") ;;
      --dry-run) about+=("(plan only)") ;;
      # A run that loads nothing must not be titled like a load.
      --verify) about+=("(verify)") ;;
      --stage-only) about+=("(stage only)") ;;
    esac
  done
  REPLY=${verb^}
  ((${#about[@]} > 0)) || about=("${other[@]}")
  for word in "${about[@]}"; do
    REPLY+=" $word"
  done
  REPLY=${REPLY:0:200}
}

_actions_has_flag() { # <flag> <arguments...>
  local flag=$1 word
  shift
  for word in "$@"; do
    [[ $word != "$flag" && $word != "$flag"=* ]] || return 0
  done
  return 1
}

_actions_insert() { # <verb>: into ACTIONS_VERBS, sorted
  local verb
  local -i place=0
  for verb in "${ACTIONS_VERBS[@]}"; do
    [[ $verb > $1 ]] || ((++place))
  done
  ACTIONS_VERBS=("${ACTIONS_VERBS[@]:0:place}" "$1" "${ACTIONS_VERBS[@]:place}")
}
