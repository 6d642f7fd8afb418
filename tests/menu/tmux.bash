# shellcheck shell=bash
# A terminal for each test: its own tmux server, 80x24 by default, polled every 50 ms for up to 20 s.
# tmux_menu tmux_keys tmux_text tmux_type tmux_wait tmux_last tmux_ended tmux_screen; call tmux_stop in teardown.

load ../bash/helpers
load ../bash/fake_python

tmux_setup() { # for setup(): everything a menu needs, with a stand-in for Python
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
  TMUX_SOCKET=etl-$$-$BATS_SUITE_TEST_NUMBER-$RANDOM
  unset TMUX
}

tmux_start() { # [columns rows] -- <command...>: in a shell whose prompt is "ready>", so that its end can be seen
  local columns=80 rows=24 line attempt=0
  if [[ $1 != -- ]]; then
    columns=$1 rows=$2
    shift 2
  fi
  shift
  printf -v line '%q ' "$@"
  # TERM is for the programs; tmux itself works with "screen" for all of them.
  # A server that is just ending may still answer, and take the new session with it.
  until tmux -L "$TMUX_SOCKET" -f /dev/null new-session -d -x "$columns" -y "$rows" \
    "env TERM=$TERM LC_ALL=${TMUX_LOCALE:-C} PS1='ready> ' bash --norc --noprofile" 3>&-; do
    ((++attempt < 20)) || return 1
    sleep 0.1
  done
  tmux_wait 'ready>'
  tmux_type "$line"
}

tmux_menu() { # [columns rows]: starts the menu
  tmux_start "$@" -- "$ROOT/snowflake_etl.sh"
}

tmux_text() { # <text>, typed
  tmux -L "$TMUX_SOCKET" send-keys -l -- "$1"
}

tmux_type() { # <text>: types it and Enter
  tmux_text "$1"
  tmux -L "$TMUX_SOCKET" send-keys Enter
}

tmux_keys() { # <key...> as tmux calls them
  tmux -L "$TMUX_SOCKET" send-keys -- "$@"
}

tmux_screen() { # -> standard output
  tmux -L "$TMUX_SOCKET" capture-pane -p
}

tmux_wait() { # <text...>: waits until all of them are on the screen at once
  local text screen='' before=''
  local -i attempt missing
  for ((attempt = 0; attempt < 400; ++attempt)); do
    screen=$(tmux_screen 2>/dev/null) || screen=''
    # Everything shown is searched for secrets when the tests have ended.
    [[ $screen == "$before" ]] || printf '%s\n' "$screen" >>"$BATS_TEST_TMPDIR/screens"
    before=$screen
    missing=0
    for text in "$@"; do
      [[ $screen == *"$text"* ]] || missing=1
    done
    ((missing)) || return 0
    sleep 0.05
  done
  printf 'not on the screen within 20 s: %s\n%s\n' "$*" "$screen" >&2
  return 1
}

tmux_last() { # <text>: waits until the last line begins with it
  local last=''
  local -i attempt
  for ((attempt = 0; attempt < 400; ++attempt)); do
    last=$(tmux_screen 2>/dev/null | grep -v '^ *$' | tail -n 1) || last=''
    [[ $last != "$1"* ]] || return 0
    sleep 0.05
  done
  printf 'not the last line within 20 s: %s\n%s\n' "$1" "$(tmux_screen)" >&2
  return 1
}

tmux_ended() { # waits until the menu has ended and the shell's prompt comes last
  tmux_last 'ready>'
}

tmux_ascii() { # checks that the screen has no byte beyond ASCII and no line wider than the terminal
  local screen
  screen=$(tmux_screen)
  run -1 env LC_ALL=C grep '[^ -~]' <<<"$screen"
}

tmux_resize() { # <columns> <rows>: resizes, and waits until the terminal has that size, which takes tmux a moment
  local terminal
  local -i attempt
  tmux -L "$TMUX_SOCKET" resize-window -x "$1" -y "$2"
  terminal=$(tmux -L "$TMUX_SOCKET" display-message -p '#{pane_tty}')
  for ((attempt = 0; attempt < 400; ++attempt)); do
    [[ $(stty size <"$terminal") != "$2 $1" ]] || return 0
    sleep 0.05
  done
  return 1
}

tmux_stop() {
  tmux -L "$TMUX_SOCKET" kill-server 2>/dev/null || true
  touch "$FAKE/gate"
  helpers_source core settings jobs
  helpers_finish_jobs
}
