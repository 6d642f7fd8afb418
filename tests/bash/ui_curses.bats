#!/usr/bin/env bats
# dialog and whiptail: what they are given and what their answers mean, with a stand-in that records and plays.
# shellcheck disable=SC2016,SC2154,SC2329,SC2034 # hostile names stay as they are; functions and variables are used by name

load helpers

setup() {
  helpers_setup
  helpers_source core ui
  head_line() { REPLY='Snowflake ETL | here'; }
  UI_HEAD_FUNCTION=head_line
  export GIVEN=$BATS_TEST_TMPDIR/given
  answer '' 0
}

answer() { # <text on the answer's descriptor> <exit code> [text on standard error]
  local name
  for name in dialog whiptail; do
    helpers_program "$name" <<END
#!/bin/bash
printf '%s\0' "\$@" >"\$GIVEN"
printf '%s' ${1@Q} >&3
printf '%s' ${3@Q} >&2
exit $2
END
  done
}

given() { # sets WORDS and DATA, what stands behind --
  local index
  mapfile -d '' -t WORDS <"$GIVEN"
  for ((index = 0; index < ${#WORDS[@]}; ++index)); do
    [[ ${WORDS[index]} != -- ]] || break
  done
  DATA=("${WORDS[@]:index+1}")
}

both() { # <command...>: with each of the two
  local UI_BACKEND
  for UI_BACKEND in dialog whiptail; do
    "$@"
  done
}

@test "curses: an answered menu gives the tag behind the number" {
  answer 1 0
  check() { ui_menu T text first One '$(touch y)' Two && [ "$REPLY" = '$(touch y)' ]; }
  both check
  [ ! -e y ]
}

@test "curses: titles, texts and items that look like options stay data" {
  answer 0 0
  check() {
    ui_menu --help '--version' -rf '-rf' && [ "$REPLY" = -rf ]
    given
    [ "${DATA[0]}" = --version ]
    [ "${DATA[4]}" = 0 ]
    [[ ${DATA[5]} == '-rf '* ]]
    [ "${WORDS[0]}" = --title ] && [ "${WORDS[1]}" = --help ]
  }
  both check
}

@test "curses: names with newlines and control codes arrive harmless, the tag comes back whole" {
  local name=$'a\nb\e[31m\303\244'
  answer 0 0
  check() {
    ui_menu T "about $name" "$name" "$name" && [ "$REPLY" = "$name" ]
    ! LC_ALL=C tr -d '\0\n' <"$GIVEN" | LC_ALL=C grep -q '[^ -~]'
  }
  both check
}

@test "curses: a backslash and n in a name is no new line" {
  answer 0 0
  UI_BACKEND=dialog
  ui_menu T 'C:\new' a A
  given
  [ "${DATA[0]}" = 'C:\new' ]
  [[ " ${WORDS[*]} " == *' --no-nl-expand '* ]]
  UI_BACKEND=whiptail
  ui_menu T 'C:\new' a A
  given
  [[ ${DATA[0]} != *'\n'* ]]
}

@test "curses: Cancel, ESC and Ctrl-C are one screen back" {
  local code
  check() { ! ui_menu T t a A && ! ui_yesno T t && ! ui_input T t x && ! ui_form T t l x && ! ui_checklist T t a A on; }
  for code in 1 255 130; do
    answer '' "$code"
    both check
  done
}

@test "curses: ESC in a message is as good as OK" {
  answer '' 255
  check() { ui_message T t; }
  both check
}

@test "curses: a usage error is no Cancel: the question is asked as text instead, and it is said" {
  answer '' 1 '--nosuch: unknown option'
  UI_BACKEND=whiptail
  run --separate-stderr bash -c '
    source "$1/lib/core.sh"; source "$1/lib/ui.sh"; UI_BACKEND=$2
    ui_menu T t one One two Two; echo "$? $REPLY $UI_BACKEND"' x "$ROOT" whiptail <<<2
  [ "$output" = '0 two plain' ]
  [[ $stderr == *'whiptail failed'*'unknown option'* ]]
}

@test "curses: an error of dialog falls back to text as well" {
  answer '' 254 'Error opening terminal'
  run --separate-stderr bash -c '
    source "$1/lib/core.sh"; source "$1/lib/ui.sh"; UI_BACKEND=dialog
    ui_yesno T t; echo "$? $UI_BACKEND"' x "$ROOT" <<<y
  [ "$output" = '0 plain' ]
  [[ $stderr == *'dialog failed'* ]]
}

@test "curses: a checklist gives all chosen tags" {
  answer $'0\n2\n' 0
  check() {
    ui_checklist T t 'a b' A on b B off '*' C off
    [ "${#UI_ANSWERS[@]}" -eq 2 ] && [ "${UI_ANSWERS[0]}" = 'a b' ] && [ "${UI_ANSWERS[1]}" = '*' ]
  }
  both check
  answer '' 0
  check_none() { ui_checklist T t a A off && [ "${#UI_ANSWERS[@]}" -eq 0 ]; }
  both check_none
}

@test "curses: a form fills one answer a field" {
  answer $'2024-01\n\n/data/x y' 0
  UI_BACKEND=dialog
  ui_form T t Month '' Name n Path /data
  [ "${#UI_ANSWERS[@]}" -eq 3 ]
  [ "${UI_ANSWERS[1]}" = '' ] && [ "${UI_ANSWERS[2]}" = '/data/x y' ]
  answer typed 0
  UI_BACKEND=whiptail
  ui_form T t Month '' Name n
  [ "${UI_ANSWERS[*]}" = 'typed typed' ]
}

@test "curses: an input's default is only what can be shown" {
  answer typed 0
  UI_BACKEND=dialog
  ui_input T t $'a\nb'
  given
  [ "${DATA[3]}" = '' ]
  ui_input T t -rf
  given
  [ "${DATA[3]}" = -rf ]
  [ "$REPLY" = typed ]
}

@test "curses: no box is larger than the terminal" {
  local long screen
  local -a many
  mapfile -t many < <(printf 'x\n%s\n' {1..50})
  printf -v long 'a word %.0s' {1..500}
  check() {
    ui_message T "$long"
    given
    ((DATA[1] <= LINES && DATA[2] <= COLUMNS))
    ui_menu T "$long" "${many[@]}"
    given
    ((DATA[1] <= LINES && DATA[2] <= COLUMNS && DATA[3] >= 1))
  }
  answer 0 0
  for screen in '24 80' '43 132' '22 78'; do
    _ui_measure() { LINES=${screen% *} COLUMNS=${screen#* }; }
    both check
  done
}

@test "curses: without a terminal, with TERM=dumb or by ETL_UI it is plain text" {
  run bash -c 'source "$1/lib/core.sh"; source "$1/lib/ui.sh"; ui_init; echo $UI_BACKEND' x "$ROOT"
  [ "$output" = plain ]
}
