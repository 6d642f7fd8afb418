#!/usr/bin/env bats
# The rules of direction between the bash layers: each is checked on the sources, comments left out.

load helpers

setup() {
  helpers_setup
}

code() { # <file...>: without comments and the texts of help
  sed -e 's/^[[:space:]]*#.*//' -e 's/[[:space:]]# .*//' -- "$@"
}

refute_code() { # <pattern> <file...>: fails and prints the lines that have it
  local pattern=$1 found
  shift
  found=$(code "$@" | grep -nE -- "$pattern") || true
  [ -z "$found" ] || { printf '%s\n' "$found" && return 1; }
}

functions_of() { # <file>: names of the functions that it defines
  sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)() [{(].*/\1/p' -- "$1"
}

@test "direction: every function is prefixed with the name of its file or of the file that it is part of" {
  local file stem name wrong=''
  for file in "$ROOT"/lib/*.sh "$ROOT"/lib/menus/*.sh; do
    stem=${file#"$ROOT/lib/"}
    stem=${stem%.sh}
    stem=${stem//\//_}
    # colors.sh and so on are whole; jobs_read.sh says in its head that it is part of jobs.sh.
    [[ $(sed -n 2,3p "$file") != *'part of jobs.sh'* ]] || stem="jobs"
    [[ $(sed -n 2,3p "$file") != *'part of setup.sh'* ]] || stem="setup"
    for name in $(functions_of "$file"); do
      [[ $name == "$stem"_* || $name == _"$stem"_* || $name == "$stem" ]] || wrong+=" $file:$name"
    done
  done
  [ -z "$wrong" ] || { echo "$wrong" && false; }
}

@test "direction: no function is defined twice" {
  # shellcheck disable=SC2016 # another shell's text
  run bash -c 'for f in "$1"/lib/*.sh "$1"/lib/menus/*.sh; do sed -n "s/^\([A-Za-z_][A-Za-z0-9_]*\)() [{(].*/\1/p" "$f"; done | sort | uniq -d' x "$ROOT"
  [ -z "$output" ]
}

@test "direction: menus never call Python and never write the state of a job" {
  # shellcheck disable=SC2016 # a pattern
  refute_code 'ETL_PYTHON|python|\.py\b|setup_|core_write_file|> *"?\$ETL_STATE_DIR' "$ROOT"/lib/menus/*.sh
  refute_code '(^|[^_])jobs_(start|cancel|rerun|prune)' "$ROOT"/lib/menus/*.sh
}

@test "direction: actions never ask and know no menu" {
  refute_code '\bui_|menus_|\bread -p|\bselect\b|dialog|whiptail' "$ROOT"/lib/actions*.sh
}

@test "direction: jobs know no script, no action, no menu, no question" {
  refute_code '\.py\b|loader|actions_|menus_|\bui_' "$ROOT"/lib/job*.sh
}

@test "direction: the widgets know nothing of jobs, actions, configurations or Python" {
  refute_code 'jobs_|actions_|menus_|setup_|python|ETL_CONFIG' "$ROOT"/lib/ui*.sh
}

@test "direction: the lowest layer calls nothing above it" {
  refute_code '\b(ui|jobs|setup|actions|menus|log_viewer)_' "$ROOT"/lib/{core,colors,month}.sh
}

@test "direction: only ui_curses knows dialog's and whiptail's options" {
  refute_code '--(msgbox|menu|yesno|inputbox|backtitle)' "$ROOT"/lib/menus/*.sh "$ROOT"/lib/jobs*.sh "$ROOT"/lib/log_viewer.sh "$ROOT"/lib/actions*.sh
}

@test "direction: no eval in the entry and the libraries" {
  refute_code '(^|[[:space:];&|(])eval[[:space:]]' "$ROOT"/snowflake_etl.sh "$ROOT"/lib/*.sh "$ROOT"/lib/menus/*.sh
}

@test "direction: a verb meets its script in one place, and only thin scripts that exist are named" {
  local script
  [ "$(grep -lE '\.py\b' "$ROOT"/lib/*.sh "$ROOT"/lib/menus/*.sh | grep -vE '/(actions|core|setup[a-z_]*)\.sh$')" = '' ]
  for script in $(code "$ROOT/lib/actions.sh" | grep -oE '[a-z_]+\.py\b'); do
    [ -f "$ROOT/python/$script" ]
  done
}

@test "direction: sources are ASCII, without tabs, and no file is over 400 lines" {
  local file
  for file in "$ROOT"/snowflake_etl.sh "$ROOT"/lib/*.sh "$ROOT"/lib/menus/*.sh; do
    run -1 env LC_ALL=C grep -nH '[^ -~]' "$file"
    [ "$(wc -l <"$file")" -le 400 ]
  done
}

@test "direction: every library says in its head which layer it is" {
  local file
  for file in "$ROOT"/lib/*.sh "$ROOT"/lib/menus/*.sh; do
    sed -n 2,4p "$file" | grep -q 'layer [0-4]' || { echo "$file" && return 1; }
  done
}
