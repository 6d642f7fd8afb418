#!/usr/bin/env bats
load helpers

setup() {
  helpers_setup
  helpers_source core settings
  FILE=$ETL_STATE_DIR/settings
}

@test "settings: every setting has a default that its kind allows, and words about it" {
  local name
  settings_names
  [ "${#SETTINGS_NAMES[@]}" -ge 2 ]
  for name in "${SETTINGS_NAMES[@]}"; do
    settings_check "$name" "${SETTINGS_DEFAULTS[$name]}"
    settings_about "$name"
    [ -n "$REPLY" ]
    settings_get "$name"
    [ "$REPLY" = "${SETTINGS_DEFAULTS[$name]}" ]
  done
}

@test "settings: what is set is read back, the file is private, the empty value is the default again" {
  settings_set jobs_limit 5
  settings_set jobs_notice all
  settings_get jobs_limit
  [ "$REPLY" = 5 ]
  [ "$(stat -c %a "$FILE")" = 600 ]
  settings_set jobs_limit 7
  [ "$(sort "$FILE")" = $'jobs_limit=7\njobs_notice=all' ]
  settings_set jobs_limit ''
  settings_get jobs_limit
  [ "$REPLY" = 2 ]
  [ "$(cat "$FILE")" = jobs_notice=all ]
}

@test "settings: a wrong name or value is exit 2, says what may be, and changes nothing" {
  settings_set jobs_limit 3
  local value
  for value in 0 100 -1 two 2.5 '1 2' 'a[$(touch pwned)]' $'3\njobs_notice=all'; do
    run -2 settings_set jobs_limit "$value"
    [[ $output == *"jobs_limit may be a number from 1 to 99, not '"* ]]
  done
  run -2 settings_set jobs_notice sometimes
  [[ $output == *"one of off, problems, all, not 'sometimes'"* ]]
  run -2 settings_set jobs_frobnicate 1
  [[ $output == *"no setting 'jobs_frobnicate'. Settings: "*jobs_limit* ]]
  [ "$(cat "$FILE")" = jobs_limit=3 ]
  [ ! -e pwned ]
}

@test "settings: a file by hand: blanks are no harm, nonsense is not obeyed and is told, other lines stay" {
  printf '# mine\n jobs_limit = 9 \njobs_notice=$(touch pwned)\nlater_setting=x\n\e[31m=1\n' >"$FILE"
  settings_get jobs_limit
  [ "$REPLY" = 9 ]
  settings_get jobs_notice
  [ "$REPLY" = problems ]
  settings_problems
  [[ $REPLY == *"jobs_notice may be one of"* && $REPLY == *"no setting 'later_setting'"* && $REPLY != *jobs_limit\ may* ]]
  settings_set jobs_notice all
  [ "$(grep -c . "$FILE")" = 5 ]
  grep -qx '# mine' "$FILE"
  grep -qx later_setting=x "$FILE"
  settings_get jobs_notice
  [ "$REPLY" = all ]
  [ ! -e pwned ]
}

@test "settings: several processes that set things at once lose none of them" {
  local letter
  local -a pids=()
  for letter in a b c d e f; do
    bash -c 'ETL_ROOT=$1; source "$1/lib/core.sh"; core_init; source "$1/lib/settings.sh"
      SETTINGS_DEFAULTS[test_$2]=none SETTINGS_KINDS[test_$2]="choice $2"; settings_set "test_$2" "$2"' x "$ROOT" "$letter" 3>&- &
    pids+=("$!")
  done
  for letter in "${pids[@]}"; do
    wait "$letter"
  done
  [ "$(sort "$FILE")" = "$(printf 'test_%s\n' a=a b=b c=c d=d e=e f=f)" ]
}

@test "settings: a folder that cannot be written is exit 1 and a sentence" {
  mkdir "$FILE"
  run -1 settings_set jobs_limit 3
  [[ $output == *"could not be saved in $FILE"* ]]
  settings_get jobs_limit
  [ "$REPLY" = 2 ]
}
