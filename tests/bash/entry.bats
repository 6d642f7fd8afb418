#!/usr/bin/env bats
# The entry: help, version, verbs, flags before and after them, links, and nothing slow where nothing is needed.
# shellcheck disable=SC2016,SC2154 # the text is another shell's; bats sets stderr

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  ENTRY=$ROOT/snowflake_etl.sh
}

teardown() {
  touch "$FAKE/gate"
  helpers_source core settings jobs
  helpers_finish_jobs
}

@test "entry: --help, -h and help print the same text and run no Python" {
  local word text
  run "$ENTRY" --help
  [ "$status" -eq 0 ]
  text=$output
  [[ $text == *'usage: ./snowflake_etl.sh'* && $text == *'exit codes:'* && $text != *'#'* ]]
  for word in -h help; do
    run "$ENTRY" "$word"
    [ "$output" = "$text" ]
  done
  [ "$(fake_python_calls)" -eq 0 ]
  [ ! -e "$ETL_STATE_DIR" ]
}

@test "entry: help is ASCII and no wider than 100 columns" {
  run "$ENTRY" --help
  run -1 env LC_ALL=C grep -E '[^ -~]|^.{101}' <<<"$output"
}

@test "entry: help VERB asks the verb" {
  run "$ENTRY" help load
  fake_python_call 0
  [ "${CALL[*]}" = "$ROOT/python/loader.py --help" ]
  run "$ENTRY" help jobs
  [[ $output == *'usage:'*prune* ]]
}

@test "entry: --version is the package's" {
  run "$ENTRY" --version
  [ "$output" = "snowflake_etl $(sed -n 's/^version = "\(.*\)"/\1/p' "$ROOT/pyproject.toml")" ]
}

@test "entry: every verb of the help is mapped to a script that exists, and every verb stands in the help" {
  local help verb
  help=$("$ENTRY" --help)
  helpers_source core settings jobs setup actions
  actions_verbs
  while read -r verb; do
    [ "$verb" = help ] || actions_is_verb "$verb"
  done < <(sed -n '/^verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p' <<<"$help")
  for verb in "${ACTIONS_VERBS[@]}"; do
    grep -q "^  $verb " <<<"$help"
    [[ -z ${ACTIONS_SCRIPTS[$verb]:-} || -f $ROOT/python/${ACTIONS_SCRIPTS[$verb]} ]]
  done
}

@test "entry: an unknown verb is a usage error with the nearest one" {
  run "$ENTRY" laod --month 2013-01
  [ "$status" -eq 2 ]
  [[ $output == *"Did you mean 'load'?"*'check-file clean-file '*' load '*' validate'* ]]
}

@test "entry: an error of ours is one JSON document where --json stands, and none behind --" {
  local words
  for words in 'raport --json' '--json' 'jobs show nope --json' 'jobs --json lits' 'jobs wait nope --json'; do
    # shellcheck disable=SC2086 # several words
    run --separate-stderr -2 "$ENTRY" $words
    "$PYTHON" -c 'import json, sys
document = json.loads(sys.argv[1])
assert document == {"status": "error", "exit_code": 2, "message": sys.argv[2]}, document' "$output" "$stderr"
  done
  run --separate-stderr -2 "$ENTRY" raport -- --json
  [ -z "$output" ]
  ETL_STATE_DIR=/dev/null/x run --separate-stderr -3 "$ENTRY" load --month last --json
  [[ $output == '{"status": "error", "exit_code": 3, "message": "Cannot write in the state folder'*'}' ]]
}

@test "entry: a job that is started tells its id, with --json in a document" {
  run --separate-stderr -0 "$ENTRY" load --month 2013-01 --json --background 3>&-
  [[ $output =~ ^'{"status": "started", "exit_code": 0, "job": "'[0-9]{8}-[0-9]{6}-load-[0-9]+'"}'$ ]]
}

@test "entry: help that cannot be written is said once" {
  run -1 bash -c '"$1" --help >/dev/full' - "$ENTRY"
  [[ ${#lines[@]} -eq 1 && $output == *'No space left on device' ]]
}

@test "entry: flags without a verb are a usage error" {
  run "$ENTRY" --month 2013-01
  [ "$status" -eq 2 ]
  [[ $output == *'verb is missing'* ]]
}

@test "entry: flags may stand before or after the verb" {
  "$ENTRY" load --month load --config x.json --yes
  "$ENTRY" --month load --config x.json load --yes
  "$ENTRY" --config=x.json --yes load --month load
  fake_python_call 0
  [ "${CALL[*]:1}" = '--month load --config x.json --yes' ]
  fake_python_call 1
  [ "${CALL[*]:1}" = '--yes --month load --config x.json' ]
  fake_python_call 2
  [ "${CALL[*]:1}" = '--month load --config=x.json --yes' ]
}

@test "entry: a verb's own flags with their values may stand before it, too; a wrong verb stays one" {
  "$ENTRY" --limit 3 --json history list
  fake_python_call 0
  [ "${CALL[*]:1}" = 'list --limit 3 --json' ]
  run "$ENTRY" --yes laod --month last
  [ "$status" -eq 2 ]
  [[ $output == *"There is no verb 'laod'. Did you mean 'load'?"* ]]
  run "$ENTRY" --quiet help load
  [ "$status" -eq 0 ]
  fake_python_call 1
  [ "${CALL[*]:1}" = '--help' ]
}

@test "entry: a flag before the verb does not become data behind --" {
  "$ENTRY" --json local sql -- '-- a comment'
  fake_python_call 0
  [ "${CALL[*]:1}" = '--json sql -- -- a comment' ]
}

@test "entry: exit codes go through" {
  echo 6 >"$FAKE/job_code"
  run "$ENTRY" doctor
  [ "$status" -eq 6 ]
}

@test "entry: works through links, from any folder, with blanks in the path" {
  mkdir -p "$BATS_TEST_TMPDIR/my bin" "$BATS_TEST_TMPDIR/else"
  ln -s "$ROOT/snowflake_etl.sh" "$BATS_TEST_TMPDIR/my bin/first"
  ln -s 'first' "$BATS_TEST_TMPDIR/my bin/etl"
  cd "$BATS_TEST_TMPDIR/else"
  run ../my\ bin/etl --version
  [ "$status" -eq 0 ]
  PATH="$BATS_TEST_TMPDIR/my bin:$PATH" run etl --version
  [ "$status" -eq 0 ]
  cd "$ROOT/lib"
  run ../snowflake_etl.sh --version
  [ "$status" -eq 0 ]
}

@test "entry: sourcing it runs nothing and sets no option" {
  run bash -c 'before=$-; source "$1"; [[ $- == "$before" ]] && echo "${nothing_here}same"' x "$ENTRY"
  [ "$output" = same ]
}

@test "entry: load --background prints the id and the way to follow it, and outlives its starter" {
  run --separate-stderr "$ENTRY" load --background --month 2013-01 3>&-
  [ "$status" -eq 0 ]
  [[ $stderr == *"./snowflake_etl.sh jobs follow $output"* ]]
  local id=$output
  helpers_source core settings jobs
  helpers_wait_for 10 helpers_has_state "$id" running
  touch "$FAKE/gate"
  run "$ENTRY" jobs wait "$id" --timeout 10
  [ "$status" -eq 0 ]
}

@test "entry: the menu in plain text ends with its input, and runs no Python before something needs it" {
  run "$ENTRY" </dev/null
  [ "$status" -eq 0 ]
  [[ $output == *'config: example.json | target: local | jobs running: 0'* ]]
  [ "$(fake_python_calls)" -eq 0 ]
  run "$ENTRY" < <(printf '%s\n' operations validate b b quit)
  [[ $output == *'config: example.json | target: local | jobs running: 0'* ]]
  [ "$(fake_python_calls)" -eq 1 ] # the tables; where it leads the file says plainly
  run "$ENTRY" </dev/null
  [[ $output == *'config: example.json | target: local | jobs running: 0'* ]]
  [ "$(fake_python_calls)" -eq 1 ]
}

@test "entry: --config opens the menu with that configuration, a missing one is an error" {
  printf '{}' >"$BATS_TEST_TMPDIR/prod.json"
  cd "$BATS_TEST_TMPDIR"
  run "$ENTRY" --config prod.json <<<5
  [ "$status" -eq 0 ]
  [[ $output == *'config: prod.json | target: ?'* ]]
  run "$ENTRY" --config=/no/such.json
  [ "$status" -eq 3 ]
}
