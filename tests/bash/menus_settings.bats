#!/usr/bin/env bats
# Settings through the entry, in plain text: the embedded warehouse, configurations and secrets, notices.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  PROGRAM=$ROOT/snowflake_etl.sh CONFIG=$ROOT/config/example.json
  cd "$BATS_TEST_TMPDIR" || return
}

menu() { # <answers, one an argument>: the menu of settings with them
  run "$PROGRAM" < <(printf '%s\n' settings "$@" b quit) 3>&-
  [ "$status" -eq 0 ]
  FLAT=$(tr -s ' \n' '  ' <<<"$output")
}

says() { # <words...>: each of them was on a screen
  local words
  for words in "$@"; do
    [[ $FLAT == *"$words"* ]] || { printf '%s\nis not in\n%s\n' "$words" "$FLAT" && return 1; }
  done
}

called() { # <words>: whether Python was called with them
  local file
  for file in "$FAKE"/call-*; do
    [[ $(tr '\0' ' ' <"$file") != *"$1"* ]] || return 0
  done
  return 1
}

@test "menus settings: the embedded warehouse is looked at, started and stopped; a reset wants its word" {
  menu local status start stop b
  says "$ $PROGRAM local status" "$ $PROGRAM local start" "$ $PROGRAM local stop"
  menu local reset n b
  says 'As a command:' "$PROGRAM local reset --yes" 'This deletes every table and every staged file'
  menu local reset y reset b
  says 'To delete all data of the embedded warehouse, type: RESET' 'Nothing was deleted'
  run -1 called 'local_warehouse.py reset'
  menu local reset y RESET b
  says "$ $PROGRAM local reset --yes"
  called 'local_warehouse.py reset --yes'
}

@test "menus settings: silence is told of, what waits is sent, metrics are shown" {
  menu notices silence retry metrics b
  says "$ $PROGRAM notify silence --config $CONFIG" "$ $PROGRAM notify retry --config $CONFIG" "$ $PROGRAM metrics"
}

@test "menus settings: a configuration is brought to today's shape only after its difference, and only where there is one" {
  printf '%s has today s shape already.\n' "$CONFIG" >"$FAKE/plan"
  menu files migrate b
  says 'has today s shape already'
  printf -- '-old\n+new\n%s would be written like this. Nothing was changed.\n' "$CONFIG" >"$FAKE/plan"
  menu files migrate b
  says '-old +new' "As a command: $PROGRAM config migrate --config $CONFIG"
  run -1 called 'migrate --config '"$CONFIG"' --yes'
  menu files migrate y b
  called "migrate --config $CONFIG --yes"
}

@test "menus settings: tables are held against the configuration, every key and the SQL for a DBA are shown" {
  menu files connect keys sql b
  says "$ $PROGRAM config validate --connect --config $CONFIG" "$ $PROGRAM config schema --format markdown" \
    "$ $PROGRAM doctor --setup-sql --config $CONFIG"
}

@test "menus settings: a secret is typed at the tool's own prompt, never into the menu; its name is judged" {
  menu files secret 'my key' . secret my-key b
  says "not 'my key'" 'It has to be typed at a terminal, and this is not one'
  run -1 called set-secret
  menu files forget my-key n forget my-key y b
  says "As a command: $PROGRAM config set-secret my-key --remove" 'Forget the secret my-key?'
  called 'config_tool.py set-secret my-key --remove'
}

@test "menus settings: a template becomes a new file, never over one, and can be used at once" {
  helpers_environment
  echo mine >there.yaml
  menu files new local "$BATS_TEST_TMPDIR/there.yaml" new.yaml y b
  says "template local --to" 'is there already' 'new.yaml is written' 'Use it from now on?'
  [ "$(cat there.yaml)" = mine ]
  grep -q '^snowflake:' new.yaml
  [ "$(cat "$ETL_STATE_DIR/preferences/config")" = "$BATS_TEST_TMPDIR/new.yaml" ]
}

@test "menus settings: a configuration is edited, and what is not valid is edited again, put back, or left" {
  local config=$BATS_TEST_TMPDIR/c.json
  export ETL_CONFIG=$config VISUAL='' EDITOR=true
  printf '{}\n' >"$config"
  chmod 640 "$config"
  menu files edit b
  says 'Nothing was changed.'
  # What an editor answers says nothing of the file.
  printf '#!/bin/bash\nprintf "new\\n" >>"$1"\nexit 1\n' >"$BATS_TEST_TMPDIR/editor"
  chmod +x "$BATS_TEST_TMPDIR/editor"
  EDITOR=$BATS_TEST_TMPDIR/editor
  menu files edit b
  called "config_tool.py validate --config $config"
  [ "$(cat "$config")" = $'{}\nnew' ]
  [ "$(stat -c %a "$config")" = 640 ]
  echo 3 >"$FAKE/job_code"
  menu files edit restore b
  says 'Not valid: c.json' 'c.json is not valid.'
  [ "$(cat "$config")" = $'{}\nnew' ]
  menu files edit again leave b
  [ "$(cat "$config")" = $'{}\nnew\nnew\nnew' ]
  # What somebody else wrote meanwhile is not lost.
  cp "$ETL_VENV/bin/python" "$BATS_TEST_TMPDIR/python"
  sed -i "2i [[ \"\$*\" != *' validate '* ]] || echo other >>'$config'" "$ETL_VENV/bin/python"
  menu files edit restore b
  says "$config was written by somebody else meanwhile, and stays as it is."
  [ "$(cat "$config")" = $'{}\nnew\nnew\nnew\nnew\nother' ]
  cp "$BATS_TEST_TMPDIR/python" "$ETL_VENV/bin/python"
  printf '{}\nnew\nnew\nnew\n' >"$config"
  # What cannot be put back is not thrown away.
  printf '#!/bin/bash\nrm "$1"\nmkdir "$1"\n' >"$BATS_TEST_TMPDIR/editor"
  mkdir "$BATS_TEST_TMPDIR/kept"
  TMPDIR=$BATS_TEST_TMPDIR/kept menu files edit restore b
  says "$config could not be written. What was there is kept in $BATS_TEST_TMPDIR/kept/tmp."
  [ "$(cat "$BATS_TEST_TMPDIR"/kept/tmp.*)" = $'{}\nnew\nnew\nnew' ]
  rmdir "$config"
  echo '{}' >"$config"
  TMPDIR=/nowhere menu files edit b
  says "Of $config no copy could be kept in /nowhere"
  EDITOR=no-such-editor
  menu files edit b
  says "There is no editor 'no-such-editor' here"
}

@test "menus settings: what cannot be saved says where and what to do, on the screen itself, and is in use all the same" {
  mkdir -p "$ETL_STATE_DIR/settings"
  : >"$ETL_STATE_DIR/preferences"
  cp "$CONFIG" "$BATS_TEST_TMPDIR/mine.json"
  menu preferences workers 7 b path "$BATS_TEST_TMPDIR/mine.json"
  says "Workers The setting workers could not be saved in $ETL_STATE_DIR/settings. Make it writable or free disk space." \
    "$BATS_TEST_TMPDIR/mine.json is in use until you leave the menu, but could not be saved in $ETL_STATE_DIR/preferences." \
    'config: mine.json | target: local'
  # The error is not told above the screen alone, where dialog and whiptail hide it.
  [[ $FLAT != *'message above'* ]]
}
