# shellcheck shell=bash
# Shows logs (layer 2) in less, else in more, else as plain output, and follows a log that is still growing.
# Offers log_viewer_show log_viewer_follow.  A log is data: its control codes never reach the terminal, and however
# long it is, nothing reads all of it before the first screen.
# Both run in a subshell that catches Ctrl-C, so that it ends only the view, not the menu or the job.

LOG_VIEWER_LINES_BYTES=33554432 # lines are numbered only in logs up to this size; in longer ones it would take too long

log_viewer_show() { # <file> [--end] [--mark OFFSET]: in a pager on a terminal, unchanged to a pipe; --mark: marks the line with that byte
  if [[ ! -r $1 || -d $1 ]]; then
    core_error "There is no log to show: $1 is missing or not readable."
    return "$ETL_EXIT_USAGE"
  fi
  if [[ -t 1 ]]; then
    _log_viewer_page "$@"
  else
    cat -- "$1"
  fi
}

log_viewer_follow() { # <job id> [--return]: until q or Ctrl-C; with --return also until the job has ended
  jobs_read_brief "$1" || return
  _log_viewer_follow "$1" "${2:-}"
}

_log_viewer_page() ( # <file> [--end] [--mark OFFSET]
  local pager
  trap : INT
  settings_get pager
  pager=$REPLY
  [[ -t 0 ]] || pager=none
  if [[ $pager == auto || $pager == less ]] && command -v less >/dev/null; then
    _log_viewer_less "$@"
  elif [[ $pager != none ]] && command -v more >/dev/null; then
    # "more" passes control codes through, and ignores Ctrl-C when it reads standard input.
    more <(_log_viewer_text "$@")
  else
    _log_viewer_text "$@"
  fi
  return 0
)

_log_viewer_less() { # <file> [--end] [--mark OFFSET]: without -r or -R from the user's LESS, without a shell, ASCII only
  local file=$1 keys='q back, / search, n next, g start, G end' start='' mark='' where='%lt-%lb?L of %L.'
  shift
  while (($#)); do
    case $1 in
      --end) start=G ;;
      --mark) mark=$2 && shift ;;
    esac
    shift
  done
  local -a options=(-f -~)
  _log_viewer_is_long "$file" && options+=(-n) && where='?pB%pB\%%.'
  if [[ -n $mark ]]; then
    # P goes to the line with a byte, me marks it, and -J shows the mark in a column of its own.
    start=${mark}Pme${start:-"'e"}
    keys="'e first error, $keys"
    options+=(-J)
  fi
  [[ -z $start ]] || options+=("+$start")
  # -f: does not ask whether to show a log that contains control codes.
  LESS='' LESSOPEN='' LESSCLOSE='' LESSSECURE=1 LESSCHARSET=ascii less "${options[@]}" "-Ps$keys   $where" -- "$file" <&0 &
  trap '_log_viewer_suspend "$!"' TSTP
  core_wait "$!"
}

_log_viewer_suspend() { # <process of less>: handles Ctrl-Z, which less ignores while it may start no shell
  # If less kept running it would read what is typed into the shell, and not notice that the terminal's mode has changed.
  kill -STOP "$1"
  kill -STOP "$BASHPID"
  stty -icanon -echo min 1 time 0
  kill -CONT "$1"
  kill -WINCH "$1" # makes less repaint
}

_log_viewer_is_long() { # <file>: whether it is too long to count its lines quickly
  local size
  size=$(stat -L -c %s -- "$1" 2>/dev/null) || return 1
  ((size > LOG_VIEWER_LINES_BYTES))
}

_log_viewer_text() { # <file> [--end] [--mark OFFSET]: prints harmless text; with --end only the last 1,000 lines, and says so
  if [[ ${2:-} == --end ]]; then
    printf -- '-- the last 1,000 lines of %s --\n' "$1" | _log_viewer_harmless
    tail -n 1000 -- "$1" | _log_viewer_harmless
  else
    _log_viewer_harmless <"$1"
  fi
}

_log_viewer_harmless() { # copies standard input to standard output: tabs, newlines and printable ASCII unchanged, anything else as '?'
  LC_ALL=C sed -e 's/\r$//' -e 's/[^\t -~]/?/g'
}

_log_viewer_follow() ( # <id> <'' or --return>: ends at a single key
  local id=$1 stopped='' key='' terminal='' ended=''
  trap 'stopped=1' INT
  [[ ! -t 0 || ! -t 1 ]] || terminal=1
  # After Ctrl-Z the shell has used the screen.
  [[ -z $terminal ]] || trap 'printf -- "-- following job %s: q goes back --\n" "$id"' CONT
  exec 7<"$ETL_STATE_DIR/jobs/$1/output.log" || return
  [[ -z $terminal ]] || _log_viewer_follow_head "$1"
  while [[ -z $stopped ]]; do
    jobs_read_brief "$1" || break
    # The state is checked before the log is read, so that nothing is written after the last read.
    [[ $JOB_STATE == running || $JOB_STATE == queued ]] || ended=1
    _log_viewer_follow_news "$terminal"
    [[ -z $ended ]] || break
    _log_viewer_follow_pause "$terminal" 0.3
  done
  [[ -n $ended && -n $terminal ]] || return 0
  printf -- '-- job %s ended: %s%s --\n' "$1" "$JOB_STATE" "${JOB_EXIT_CODE:+ (exit code $JOB_EXIT_CODE)}"
  [[ $2 != --return ]] || return 0
  printf -- '-- q goes back --\n'
  while [[ -z $stopped ]]; do
    _log_viewer_follow_pause "$terminal" 1
  done
  return 0
)

_log_viewer_follow_head() { # <id>: prints the keys and the log's last lines
  printf -- '-- following job %s: q goes back, the job runs on --\n' "$1"
  # "tail" leaves the shared descriptor where it stopped reading.
  tail -c 65536 <&7 | tail -n 200 | _log_viewer_harmless
}

_log_viewer_follow_news() { # <1 on a terminal>: prints what was added to the log on descriptor 7
  local -a lines=()
  mapfile lines <&7
  ((${#lines[@]} > 0)) || return 0
  if [[ -n $1 ]]; then
    printf '%s' "${lines[@]}" | _log_viewer_harmless
  else
    printf '%s' "${lines[@]}"
  fi
}

_log_viewer_follow_pause() { # <1 on a terminal> <seconds>: sets key when one is pressed, and stopped if it is one for leaving
  local -i status=0
  if [[ -n $1 ]]; then
    IFS= read -rsn1 -t "$2" key || status=$?
    # A terminal that has gone returns at once, every time.
    ((status == 0 || status > 128)) || stopped=1
    [[ $key != [qQ$'\e\x04'] ]] || stopped=1
  else
    sleep "$2"
  fi
}
