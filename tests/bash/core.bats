#!/usr/bin/env bats
# shellcheck disable=SC2016 # the text is another shell's
load helpers

setup() {
  helpers_setup
  helpers_source core
}

@test "core: the exit codes are those of errors.py" {
  run -0 env PYTHONPATH="$ROOT/python" "$PYTHON" -c '
from snowflake_etl.errors import ExitCode
print(*sorted(int(code) for code in ExitCode))'
  [ "$output" = "$(for name in ${!ETL_EXIT_*}; do echo "${!name}"; done | sort -n | tr '\n' ' ' | sed 's/ $//')" ]
}

@test "core: without a PATH (env -i) the programs it starts get one, else it stays as it is" {
  local say='source "$1/lib/core.sh"; core_init && "$BASH" -c "printenv PATH"'
  run -0 env -i ETL_STATE_DIR="$ETL_STATE_DIR" "$(type -P bash)" -c "$say" _ "$ROOT"
  [ "$output" = /usr/local/bin:/usr/bin:/bin ]
  run -0 env PATH="/x y:$PATH" bash -c "$say" _ "$ROOT"
  [ "$output" = "/x y:$PATH" ]
}

@test "core: a written file is whole, private names gone, blanks and newlines in its path safe" {
  local folder="$BATS_TEST_TMPDIR/a b"$'\n'"\$(touch x)"
  mkdir -p -- "$folder"
  core_write_file "$folder/fact" "one two"
  [ "$(cat -- "$folder/fact")" = "one two" ]
  [ "$(ls -A -- "$folder")" = fact ]
}

@test "core: a file that cannot be written fails and leaves the old one" {
  mkdir "$BATS_TEST_TMPDIR/folder"
  run -1 core_write_file "$BATS_TEST_TMPDIR/nowhere/fact" text
  [ -z "$output" ]
  echo old >"$BATS_TEST_TMPDIR/fact"
  mv() { return 1; }
  run -1 core_write_file "$BATS_TEST_TMPDIR/fact" new
  [ "$(cat "$BATS_TEST_TMPDIR/fact")" = old ]
  [ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.fact*')" ]
}

@test "core: printable text keeps no control code and nothing beyond ASCII, in any locale (lesson 16)" {
  local locale
  for locale in C C.UTF-8 POSIX; do
    LC_ALL=$locale
    core_printable $'a\e[31mb\tc\nd\x7f\xff'
    [ "$REPLY" = 'a?[31mb c d??' ]
    core_printable 'plain ~ "text" $(x)'
    [ "$REPLY" = 'plain ~ "text" $(x)' ]
    core_printable $'\xc3\xa9'
    [[ $REPLY =~ ^\?+$ ]]
  done
}

@test "core: an error is one line on standard error" {
  run --separate-stderr core_error $'No file \'a\nb\e[2J\'.'
  [ -z "$output" ]
  [ "$stderr" = "No file 'a b?[2J'." ]
}

@test "core: JSON strings are read back as they were given" {
  local text=$'q"uote \\ back\nline\ttab \e \xc3\xbc \xe6\x97\xa5 \xf0\x9f\x98\x80 $(x)'
  core_json "$text"
  [[ $REPLY != *[![:ascii:]]* ]]
  run -0 "$PYTHON" -c 'import json, sys; print(json.loads(sys.argv[1]) == sys.argv[2])' "$REPLY" "$text"
  [ "$output" = True ]
}

@test "core: JSON strings of bytes that are no text are still JSON" {
  core_json $'a\xff\xfeb'
  run -0 "$PYTHON" -c 'import json, sys; json.loads(sys.argv[1])' "$REPLY"
}

@test "core: only numbers come out of numbers, nothing is evaluated (lesson 20)" {
  local text
  for text in 'a[$(touch pwned)]' '' -1 0x10 '1 2' 1e3 99999999999999999999 $'1\n2'; do
    core_number "$text" 7
    [ "$REPLY" = 7 ]
  done
  core_number 008 7
  [ "$REPLY" = 8 ]
  [ ! -e pwned ]
}

@test "core: durations read as people say them" {
  local pair
  for pair in -5=0s 0=0s 59=59s '60=1m 0s' '200=3m 20s' '7500=2h 5m' '273600=3d 4h'; do
    core_duration "${pair%%=*}"
    [ "$REPLY" = "${pair#*=}" ]
  done
}

@test "core: an age counts from now" {
  core_now
  core_age $((REPLY - 75))
  [[ $REPLY == '1m 15s' || $REPLY == '1m 16s' ]]
}

@test "core: the state folder is private, also when it was there before" {
  export ETL_STATE_DIR=$BATS_TEST_TMPDIR/open
  mkdir -m 0755 "$ETL_STATE_DIR"
  core_init
  [ "$(stat -c %a "$ETL_STATE_DIR")" = 700 ]
}

@test "core: without a setting state is in logs/ of the checkout, elsewhere when that is not ours" {
  local checkout="$BATS_TEST_TMPDIR/check out"
  mkdir -p "$checkout/lib" "$checkout/logs"
  cp "$ROOT"/lib/core*.sh "$checkout/lib"
  run -0 env -u ETL_STATE_DIR bash -c 'source "$1/lib/core.sh"; core_init && echo "$ETL_STATE_DIR"' _ "$checkout"
  [ "$output" = "$checkout/logs" ]
  if ((EUID == 0)); then chown nobody "$checkout/logs"; else chmod 0555 "$checkout/logs"; fi
  run -0 env -u ETL_STATE_DIR bash -c 'source "$1/lib/core.sh"; core_init && echo "$ETL_STATE_DIR"' _ "$checkout"
  [ "$output" = "$HOME/.local/state/snowflake_etl" ]
  run -0 env -u ETL_STATE_DIR XDG_STATE_HOME="$BATS_TEST_TMPDIR/x" bash -c 'source "$1/lib/core.sh"; core_init && echo "$ETL_STATE_DIR"' _ "$checkout"
  [ "$output" = "$BATS_TEST_TMPDIR/x/snowflake_etl" ]
}

@test "core: a state folder that cannot be is a sentence and exit 3" {
  : >"$BATS_TEST_TMPDIR/file"
  export ETL_STATE_DIR=$BATS_TEST_TMPDIR/file/state
  run -3 core_init
  [[ $output == *"$ETL_STATE_DIR"*"ETL_STATE_DIR"* ]]
  [ "${#lines[@]}" = 1 ]
}

@test "core: a folder that everybody writes to is not taken for state" {
  export ETL_STATE_DIR=$BATS_TEST_TMPDIR/shared
  mkdir -m 1777 "$ETL_STATE_DIR"
  run -3 core_init
  [ "$(stat -c %a "$ETL_STATE_DIR")" = 1777 ]
}

@test "core: once the state folder is made, core_init starts no program" {
  run -0 env PATH=/nonexistent "$BASH" -c 'source "$1/lib/core.sh"; core_init' _ "$ROOT"
  [ -z "$output" ]
}

@test "core: sourcing sets no shell option" {
  run -0 bash -c 'before=$-; shopt >"$2"; source "$1/lib/core.sh"; [[ $- == "$before" ]] && shopt | cmp - "$2"' _ "$ROOT" "$BATS_TEST_TMPDIR/options"
}
