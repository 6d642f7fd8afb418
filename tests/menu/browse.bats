#!/usr/bin/env bats
# The file browser with nothing that stands in: on terminals of several kinds, from the menu, and what it sends.

load tmux

setup() {
  helpers_setup
  [[ -x $ROOT/.venv/bin/python ]] || skip "there is no environment to browse with: ./snowflake_etl.sh setup --test"
  export ETL_TODAY=2013-03-31 FAKE=$BATS_TEST_TMPDIR
  # shellcheck disable=SC2034 # tmux.bash reads it
  TMUX_SOCKET=etl-browse-$$-$BATS_SUITE_TEST_NUMBER-$RANDOM
  unset TMUX
  FILES=$BATS_TEST_TMPDIR/files
  mkdir -p "$FILES/2013-04"
  cp -- "$ROOT"/samples/flights_201301*.tsv.gz "$ROOT"/samples/flights_201302*.tsv.gz "$FILES"
  printf 'a,b\n1,\e[31mred\n' >"$FILES/"$'x\e[2J\nM\303\244rz\377.csv'
}

teardown() {
  tmux_stop
}

browse_from_menu() { # from dialog's main menu to the browser
  ETL_UI=dialog tmux_menu
  browse_wait 'Main menu'
  tmux_keys F Enter
  browse_wait 'What do you want to do with files?'
  tmux_keys B Enter
  browse_wait 'Files: ' 'FLIGHTS 2013-01' '3 here'
}

browse_wait() { # <text...>: like tmux_wait, for what real Python needs on a busy machine
  local -i attempt
  for ((attempt = 0; attempt < 6; ++attempt)); do
    ! tmux_wait "$@" 2>/dev/null || return 0
  done
  tmux_wait "$@"
}

browse_walk() { # looks, filters, chooses; every byte that is sent is ASCII, and ESC leaves the terminal as it was
  tmux_start -- "$ROOT/snowflake_etl.sh" browse --base-path "$FILES"
  tmux -L "$TMUX_SOCKET" pipe-pane "cat >>'$BATS_TEST_TMPDIR/sent'"
  browse_wait 'Files: ' '2013-04/' 'FLIGHTS 2013-01' 'x\x1b[2J\nM' '4 here, by name'
  tmux_ascii
  tmux_keys Home Down Down
  browse_wait '-- flights_20130101-20130131.tsv.gz: gzip, utf-8, tab, header, 15 columns' '| flight_date' '| 20130101'
  tmux_ascii
  tmux_text '02'
  browse_wait 'Filter: 02_, 1 of 4 here'
  tmux_keys Enter
  browse_wait 'What do you want to do with' '> check' '  load'
  tmux_ascii
  tmux_keys Escape
  browse_wait '-- flights_20130201'
  tmux_keys Escape
  browse_wait '4 here'
  tmux_resize 132 43
  browse_wait '+----------------------------------------------------------------------------------------------------'
  tmux_ascii
  tmux_keys Escape
  browse_wait 'ok: Nothing was chosen.' 'ready>'
  run -1 env LC_ALL=C grep -a '[^[:cntrl:] -~]' "$BATS_TEST_TMPDIR/sent"
}

# bats test_tags=slow
@test "browse: a terminal called screen, locale C" {
  TERM=screen TMUX_LOCALE=C browse_walk
}

# bats test_tags=slow
@test "browse: a terminal called linux, locale UTF-8" {
  TERM=linux TMUX_LOCALE=C.UTF-8 browse_walk
}

# bats test_tags=slow
@test "browse: a dumb terminal gets a list, and the command that was chosen" {
  TERM=dumb tmux_start -- "$ROOT/snowflake_etl.sh" browse --base-path "$FILES"
  browse_wait '    1 ../' 'FLIGHTS 2013-02' 'q leaves:'
  tmux_type '/02'
  browse_wait 'Filter: 02_'
  tmux_type 1
  browse_wait '1 chosen'
  tmux_type check
  browse_wait 'check-file --file' 'ready>'
  tmux_ascii
}

# bats test_tags=slow
@test "browse: from the menu to the question, back to the browser, back to the menu by Ctrl-C" {
  browse_from_menu
  tmux_keys Down Space Space Enter
  browse_wait 'What do you want to do with 2 files?'
  tmux_keys Enter
  browse_wait 'As a command:' 'check-file' '<Start>'
  tmux_ascii
  tmux_keys Escape
  browse_wait 'Files: ' '3 here'
  tmux_keys C-c
  browse_wait 'What do you want to do with files?'
  tmux_keys Escape
  browse_wait 'Main menu'
  tmux_keys Escape
  tmux_ended
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

# bats test_tags=slow
@test "browse: Ctrl-Z stops the menu with its browser, the shell gets a clean terminal, and after fg a key is a key" {
  browse_from_menu
  local round
  # The second time, too.
  for round in one two; do
    tmux_keys C-z
    browse_wait Stopped
    [[ $(tmux_screen) != *'Files: '* ]]
    tmux_type "touch '$BATS_TEST_TMPDIR/$round'; clear; fg"
    browse_wait 'Files: ' '3 here'
    [ -e "$BATS_TEST_TMPDIR/$round" ]
    tmux_keys Down
    browse_wait '> flights_20130101'
    tmux_keys Up
    browse_wait '> ../'
  done
  tmux_keys Escape
  browse_wait 'What do you want to do with files?'
}
