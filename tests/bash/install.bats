#!/usr/bin/env bats
# install.sh of a bundle: small bundles of several versions, a Python that makes environments without content.
# bats file_tags=long
load helpers

setup() {
  helpers_setup
  unset ETL_STATE_DIR XDG_CONFIG_HOME XDG_STATE_HOME
  helpers_program python3.12 <<'PYTHON'
#!/bin/bash
case "$*" in
  *ensurepip*) exit 0 ;;
  *version_info*) echo 3.12 ;;
  *'-m venv '*) mkdir -p "${@: -1}/bin" && cp "$0" "${@: -1}/bin/python" ;;
  *'pip '*.whl)
    [[ ! -e $HOME/broken ]] || { echo "ERROR: the moon is in the way"; exit 1; }
    printf '#!/bin/sh\necho "%s"\n' "${@: -1}" >"${0%/*}/snowflake-etl" && chmod +x "${0%/*}/snowflake-etl"
    ;;
  *'pip '*) echo "$*" >>"$HOME/pip" ;;
esac
PYTHON
  VERSIONS=$HOME/.local/share/snowflake_etl/versions
  COMMAND=$HOME/.local/bin/snowflake-etl
  export ETL_PYTHON=python3.12
}

bundle() { # <version> [content of the wheel]: unpacked in the test's folder
  local folder=$BATS_TEST_TMPDIR/snowflake_etl-$1
  mkdir -p "$folder/wheels"
  cp "$ROOT/install/install.sh" "$folder"
  printf 'one==1\n' >"$folder/requirements.lock"
  printf '%s\n' "${2:-wheel}" >"$folder/snowflake_etl-$1-py3-none-any.whl"
  : >"$folder/wheels/one-1-py3-none-any.whl"
  (cd "$folder" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >"$BATS_TEST_TMPDIR/sums" && mv "$BATS_TEST_TMPDIR/sums" SHA256SUMS)
}

page() { # <version> <file below share>: as the wheel of that version brings it
  mkdir -p "$VERSIONS/$1/share/${2%/*}"
  echo "$1" >"$VERSIONS/$1/share/$2"
}

install() { # <version of the bundle> [arguments...]
  "$BATS_TEST_TMPDIR/snowflake_etl-$1/install.sh" "${@:2}"
}

@test "install: where no version is installed that is said" {
  bundle 1.0
  run -0 install 1.0 --list
  [ "$output" = "No version is installed in $VERSIONS." ]
  run -2 install 1.0 --use 1.0
  [[ $output == *'There are: none' ]]
}

@test "install: without root, from the bundle alone, with hashes; and it says what to type" {
  bundle 1.0
  run -0 install 1.0
  [[ $output == *"Installed. Type: snowflake-etl"*"not on your PATH"*"export PATH="* ]]
  grep -q -- "--isolated install --no-index --find-links $BATS_TEST_TMPDIR/snowflake_etl-1.0/wheels --require-hashes" "$HOME/pip"
  run -0 "$COMMAND"
  [[ $output == *snowflake_etl-1.0-py3* ]]
  PATH=$HOME/.local/bin:$PATH run -0 install 1.0
  [[ $output == 'snowflake-etl 1.0 from this bundle is installed already.' ]]
}

@test "install: a damaged bundle is refused and nothing is installed" {
  bundle 1.0
  run -0 install 1.0 --check
  [[ $output == 'The bundle is whole: snowflake-etl 1.0 for Python any.' ]]
  echo changed >>"$BATS_TEST_TMPDIR/snowflake_etl-1.0/requirements.lock"
  run -3 install 1.0
  [[ $output == *'The bundle is damaged: ./requirements.lock is not what SHA256SUMS says.'* ]]
  [ ! -e "$VERSIONS" ]
  bundle 1.0
  rm "$BATS_TEST_TMPDIR/snowflake_etl-1.0/wheels/one-1-py3-none-any.whl"
  run -3 install 1.0 --check
  bundle 1.0
  echo 'no list of checksums' >"$BATS_TEST_TMPDIR/snowflake_etl-1.0/SHA256SUMS"
  run -3 install 1.0 --check
  [[ $output == *'The bundle is damaged: the list itself is not what SHA256SUMS says.'* ]]
}

@test "install: without a program for checksums nothing is called whole" {
  bundle 1.0
  local one
  for one in sh sed head dirname cat; do ln -s "$(type -P "$one")" "$BATS_TEST_TMPDIR/$one"; done
  PATH=$BATS_TEST_TMPDIR run -3 install 1.0 --check
  [[ $output == *'Neither sha256sum nor shasum is here'* ]]
}

@test "install: back to a version and away with all when the bundles are gone" {
  bundle 1.0
  bundle 1.1
  install 1.0 --prefix "$HOME/else where"
  run -0 install 1.1 --prefix "$HOME/else where"
  rm -rf "$BATS_TEST_TMPDIR"/snowflake_etl-1.*
  local kept="$HOME/else where/share/snowflake_etl/install.sh"
  [[ $output == *"back to it: $kept --use 1.0"* ]]
  run -0 "$kept" --use 1.0
  run -3 "$kept"
  [[ $output == *'There is no SHA256SUMS beside this script.'* ]]
  run -0 "$kept" --uninstall
  [[ $output == *'Removed version 1.0.'*'Version 1.1 is in use now.'* ]]
  run -0 "$kept" --uninstall --all
  [ ! -e "$kept" ] && [ ! -L "$HOME/else where/bin/snowflake-etl" ]
}

@test "install: manual and completion of the version in use are where man and bash look for them" {
  local man=$HOME/.local/share/man/man1 completion=$HOME/.local/share/bash-completion/completions/snowflake-etl one
  mkdir -p "$man"
  echo mine >"$man/snowflake-etl-load.1"
  bundle 1.0
  bundle 1.1
  install 1.0
  for one in snowflake-etl snowflake-etl-load snowflake-etl-old; do page 1.0 "man/man1/$one.1"; done
  page 1.0 bash-completion/completions/snowflake-etl
  install 1.1
  page 1.1 man/man1/snowflake-etl.1
  install 1.0 --use 1.0
  [ "$(<"$man/snowflake-etl.1") $(<"$man/snowflake-etl-old.1") $(<"$completion")" = '1.0 1.0 1.0' ]
  [ "$(<"$man/snowflake-etl-load.1")" = mine ]
  install 1.0 --use 1.1
  [ "$(<"$man/snowflake-etl.1")" = 1.1 ]
  [ ! -L "$man/snowflake-etl-old.1" ] && [ ! -L "$completion" ]
  install 1.0 --uninstall --all
  [ "$(ls "$man")" = snowflake-etl-load.1 ]
}

@test "install: versions stand side by side, the newest installed is in use, and there is a way back" {
  bundle 1.0
  bundle 1.1
  install 1.0
  run -0 install 1.1
  [[ $output == *'Version 1.0 is kept; back to it: '*'/install.sh --use 1.0'* ]]
  run -0 install 1.1 --list
  [ "$output" = $'1.0\n1.1  (in use)' ]
  run -0 install 1.1 --use 1.0
  run -0 "$COMMAND"
  [[ $output == *snowflake_etl-1.0-py3* ]]
  run -0 "$VERSIONS/1.1/bin/snowflake-etl"
  [[ $output == *snowflake_etl-1.1-py3* ]]
  run -2 install 1.1 --use 9.9
  [[ $output == *'Version 9.9 is not installed'*'1.0 1.1'* ]]
}

@test "install: a failed upgrade leaves the version that was there, and says why" {
  bundle 1.0
  install 1.0
  bundle 1.0 'another build of the same version'
  touch "$HOME/broken"
  run -3 install 1.0
  [[ $output == *'The installation failed: ERROR: the moon is in the way.'*'as before'* ]]
  run -0 "$COMMAND"
  [ ! -e "$VERSIONS/1.0.old" ]
  rm "$HOME/broken"
  run -0 install 1.0
  cmp "$VERSIONS/1.0/.bundle" "$BATS_TEST_TMPDIR/snowflake_etl-1.0/SHA256SUMS"
}

@test "install: cut off by kill -9, the next one puts the old version back first" {
  bundle 1.0
  install 1.0
  mv "$VERSIONS/1.0" "$VERSIONS/1.0.old"
  mkdir -p "$VERSIONS/1.0/bin"
  bundle 1.0 'another build'
  touch "$HOME/broken"
  run -3 install 1.0
  run -0 "$COMMAND"
  run -0 install 1.0 --list
  [ "$output" = '1.0  (in use)' ]
}

@test "install: uninstalling takes the version, then all, and keeps configurations and state" {
  mkdir -p "$HOME/.config/snowflake_etl" "$HOME/.local/state/snowflake_etl/jobs"
  echo '{}' >"$HOME/.config/snowflake_etl/mine.json"
  bundle 1.0
  bundle 1.1
  install 1.0
  install 1.1
  run -0 install 1.1 --uninstall
  [[ $output == *'Removed version 1.1.'*'Version 1.0 is in use now.'*'are kept'* ]]
  run -0 "$COMMAND"
  [[ $output == *snowflake_etl-1.0-py3* ]]
  run -2 install 1.1 --uninstall ../../../bin
  [ -e "$COMMAND" ]
  run -0 install 1.1 --uninstall --all
  [ ! -e "$COMMAND" ] && [ ! -L "$COMMAND" ]
  [ -z "$(ls -A "$VERSIONS")" ]
  [ -s "$HOME/.config/snowflake_etl/mine.json" ]
  [ -d "$HOME/.local/state/snowflake_etl/jobs" ]
}

@test "install: a command of that name that is not ours is left alone" {
  mkdir -p "$HOME/.local/bin"
  echo mine >"$COMMAND"
  bundle 1.0
  run -3 install 1.0
  [[ $output == *'is there and is not ours'* ]]
  [ "$(cat "$COMMAND")" = mine ]
}

@test "install: the packages are for one Python: another one is said before anything is written" {
  bundle 1.0
  : >"$BATS_TEST_TMPDIR/snowflake_etl-1.0/wheels/duckdb-2.0-cp313-cp313-manylinux.whl"
  run -3 install 1.0
  [[ $output == *'for Python 3.13, and that was not found. Set ETL_PYTHON'* ]]
  [ ! -e "$VERSIONS" ]
  ETL_PYTHON=/nowhere/python run -3 install 1.0
  [[ $output == *'Python 3.11 or newer'*'/nowhere/python was found'* ]]
}

@test "install: another prefix, unknown words, help" {
  bundle 1.0
  cd "$BATS_TEST_TMPDIR"
  run -0 install 1.0 --prefix "my place"
  run -0 "my place/bin/snowflake-etl"
  run -2 install 1.0 --frobnicate
  run -2 install 1.0 frobnicate
  run -0 install 1.0 --help
  [[ $output == *--uninstall* && $output != *'#'* ]]
}
