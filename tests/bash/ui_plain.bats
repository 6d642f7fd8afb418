#!/usr/bin/env bats
# The plain text back end: answers by number, the end of input goes back, nothing of it on standard output.
# shellcheck disable=SC2016,SC2154 # hostile names stay as they are; bats sets stderr

load helpers

setup() {
  helpers_setup
}

ask() { # <input> <bash text>: runs it with the ui libraries, standard error beside
  run --separate-stderr bash -c 'set -u; ETL_ROOT=$1; source "$1/lib/core.sh"; core_init; source "$1/lib/ui.sh"
    head() { REPLY="head line"; }; ui_init head; eval "$2"' ask "$ROOT" "$2" < <(printf '%s' "$1") 3>&-
}

@test "plain: a menu answers with the tag of the number, and prompts stay off standard output" {
  ask $'2\n' 'ui_menu Title "Some text" one First two Second; printf "%s:%s" "$?" "$REPLY"'
  [ "$output" = 0:two ]
  [[ $stderr == *'head line'*Title*'Some text'*'1  First'*'2  Second'* ]]
}

@test "plain: a tag is an answer too, nonsense is asked again" {
  ask $'7\nx\n\n01\n-1\ntwo\n' 'ui_menu T "" one First two Second; printf "%s:%s" "$?" "$REPLY"'
  [ "$output" = 0:two ]
  [[ $stderr == *'Type a number from 1 to 2, or b.'* ]]
}

@test "plain: Enter takes the default" {
  ask $'\n' 'UI_DEFAULT=two ui_menu T "" one First two Second; printf "%s" "$REPLY"'
  [ "$output" = two ]
}

@test "plain: b, ESC and the end of input go back, everywhere" {
  local input widget
  for input in $'b\n' $'\e\n' ''; do
    for widget in 'ui_menu T t a A' 'ui_yesno T t' 'ui_checklist T t a A on'; do
      ask "$input" "$widget; printf %s \$?"
      [ "$output" = 1 ]
    done
  done
  for widget in 'ui_input T t x' 'ui_form T t label x'; do
    ask '' "$widget; printf %s \$?"
    [ "$output" = 1 ]
    ask $'\e\n' "$widget; printf %s \$?"
    [ "$output" = 1 ]
  done
}

@test "plain: the end of input ends nested menus, it does not loop" {
  ask '' 'for ((i = 0; i < 3; ++i)); do while ui_menu T t a A; do :; done; ui_message M text; done; echo over'
  [ "$status" -eq 0 ]
  [ "$output" = over ]
}

@test "plain: yes and no" {
  ask $'perhaps\ny\n' 'ui_yesno T t; printf %s $?'
  [ "$output" = 0 ]
  ask $'n\n' 'ui_yesno T t; printf %s $?'
  [ "$output" = 1 ]
}

@test "plain: an input line comes back as it was typed, and empty means the default" {
  ask $'  $(touch y) "q"\\n -rf \n' 'ui_input T t old; printf "%s" "[$REPLY]"'
  [ "$output" = '[  $(touch y) "q"\n -rf ]' ]
  [ ! -e y ]
  ask $'\n' 'ui_input T t old; printf "%s" "[$REPLY]"'
  [ "$output" = '[old]' ]
}

@test "plain: a last line without a newline is an answer" {
  ask 2 'ui_menu T "" one First two Second; printf "%s" "$REPLY"'
  [ "$output" = two ]
}

@test "plain: a checklist takes numbers, or what is marked" {
  ask $'1 3\n' 'ui_checklist T t a A off b B on "c c" C off; printf "%s|" "$REPLY" "${UI_ANSWERS[@]}"'
  [ "$output" = '2|a|c c|' ]
  ask $'\n' 'ui_checklist T t a A off b B on c C off; printf "%s|" "$REPLY" "${UI_ANSWERS[@]}"'
  [ "$output" = '1|b|' ]
}

@test "plain: a form asks for one line a field" {
  ask $'2024-01\n\nlast\n' 'ui_form T t Month "" Path /data Name x; printf "%s|" "${UI_ANSWERS[@]}"'
  [ "$output" = '2024-01|/data|last|' ]
}

@test "plain: control codes and other alphabets of names never reach the terminal" {
  ask $'1\n' 'ui_menu $'"'"'T\e[2J'"'"' $'"'"'text\e]0;x\a\nsecond'"'"' tag $'"'"'x\e[31m\303\244\ny'"'"'; printf "%s" "$REPLY"'
  [ "$output" = tag ]
  [[ $stderr != *$'\e'* && $stderr != *$'\a'* && $stderr == *second* ]]
  run -1 env LC_ALL=C grep '[^ -~]' <<<"$stderr"
}

@test "plain: long lines are broken at blanks, their indentation is kept" {
  ask '' 'COLUMNS=80; ui_wrap "    one two three four five six" 20; printf "%s|" "${UI_LINES[@]}"'
  [ "$output" = '    one two three|    four five six|' ]
  ask '' 'ui_wrap aaaaaaaaaabbbbbbbbbbcc 10; printf "%s|" "${UI_LINES[@]}"'
  [ "$output" = 'aaaaaaaaaa|bbbbbbbbbb|cc|' ]
  ask '' 'ui_wrap $'"'"'a\n\nb'"'"' 10; printf "%s|" "${UI_LINES[@]}"'
  [ "$output" = 'a||b|' ]
}

@test "plain: a text file is shown, a missing one is said" {
  printf 'one\ntwo\e[2J\n' >"$BATS_TEST_TMPDIR/-text"
  ask '' "cd '$BATS_TEST_TMPDIR'; ui_textfile T ./-text"
  [[ $stderr == *one*two* && $stderr != *$'\e'* ]]
  ask '' 'ui_textfile T /no/such/file; echo $?'
  [[ $stderr == *'/no/such/file cannot be read'* ]]
}

@test "plain: ETL_UI with another word is a usage error" {
  ETL_UI=gtk ask '' 'ui_init; echo "status $?"'
  [[ $output == *'status 2'* ]]
  [[ $stderr == *"ETL_UI is 'gtk'"* ]]
}
