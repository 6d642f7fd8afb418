#!/usr/bin/env bats
# A new operator: a fresh clone, an empty home, the README's first command; and a host without internet, by a bundle of that clone.
# bats file_tags=long

load helpers

setup() {
  [[ -e $BATS_TEST_DIRNAME/../../.git ]] || skip "this is no git checkout, there is nothing to clone"
  helpers_setup
  unset ETL_STATE_DIR ETL_CONFIG ETL_PYTHON XDG_STATE_HOME
  # No byte code of the many modules that nobody imports; "0" is how pip takes it from the environment.
  export PIP_NO_COMPILE=0
  # Both tests have the one clone: its environment is the first real installation, the bundle is the second.
  CLONE=$BATS_FILE_TMPDIR/clone
  export XDG_CACHE_HOME=$BATS_FILE_TMPDIR/cache
  [[ -d $CLONE ]] || git clone -q -- "$BATS_TEST_DIRNAME/../.." "$CLONE" 3>&-
}

teardown() {
  [[ ! -x $CLONE/snowflake_etl.sh ]] || (cd -- "$CLONE" && ./snowflake_etl.sh local stop) || true
}

# bats test_tags=slow
@test "fresh clone: the README's first command loads January once, and the second time refuses" {
  local command
  command=$(sed -n '/^## The two commands/,/^##/{/^\.\/snowflake_etl.sh load/p}' "$BATS_TEST_DIRNAME/../../README.md")
  [[ $command == './snowflake_etl.sh load --month 2013-01' ]]
  cd -- "$CLONE"
  read -r -a words <<<"$command"
  run -0 "${words[@]}" 3>&-
  [[ $output == *'27,004 rows published into DEMO.PUBLIC.FLIGHTS 2013-01'* ]]
  [[ $output == *'DEMO.PUBLIC.FLIGHTS has 27,004 rows now.'* ]]
  [[ ${lines[-1]} == *'./snowflake_etl.sh'* ]]
  run -7 "${words[@]}" 3>&-
  [[ $output == *'--mode replace --expect-rows 27004 --yes'* ]]
  run -0 ./snowflake_etl.sh local sql --csv "SELECT COUNT(*) FROM FLIGHTS" 3>&-
  [[ ${lines[-1]} == 27004 ]]
  run -0 git status --porcelain
  [[ -z $output ]]
}

without_network() { # <bash text>: in a network of its own that has nothing but loopback; where none can be made, with a dead index and proxy
  local text=$1
  local loopback='import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x41))'
  if unshare -rn true 2>/dev/null; then
    unshare -rn bash -c "\"\$1\" -c \"\$2\" && eval \"\$3\"" _ "$PYTHON" "$loopback" "$text" 3>&-
  else
    PIP_INDEX_URL=http://127.0.0.1:9/simple HTTPS_PROXY=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 bash -c "$text" 3>&-
  fi
}

# bats test_tags=slow
@test "fresh clone: its bundle installs without a network and does the main job there; uninstalling keeps state and configurations" {
  cd -- "$CLONE"
  run ./snowflake_etl.sh setup --make-bundle "$BATS_TEST_TMPDIR/etl.tar" 3>&-
  [[ $output != *'cannot be reached'* ]] || skip "the package index cannot be reached"
  [ "$status" = 0 ] || { echo "$output" && return 1; }
  cd -- "$BATS_TEST_TMPDIR"
  tar xf etl.tar
  unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL
  export PIP_NO_CACHE_DIR=1 ETL_PYTHON=$PYTHON PATH=$HOME/.local/bin:$PATH
  run -0 without_network './snowflake_etl-*/install.sh'
  [[ ${lines[-1]} == 'Installed. Type: snowflake-etl' ]]
  unset ETL_PYTHON
  run -0 without_network 'snowflake-etl load --month 2013-01; code=$?; snowflake-etl load --month 2013-01; echo "again: $?"; snowflake-etl local stop; exit $code'
  [[ $output == *'DEMO.PUBLIC.FLIGHTS has 27,004 rows now.'*'The menu with job status and logs: snowflake-etl'* ]]
  [[ $output == *'snowflake-etl load --month 2013-01 --table FLIGHTS --mode replace --expect-rows 27004 --yes'*'again: 7'* ]]
  run -0 without_network 'ETL_UI=plain snowflake-etl </dev/null'
  [[ $output == *'Main menu'*'Quick Load'* ]]
  mkdir -p "$HOME/.config/snowflake_etl"
  cp "$CLONE/config/example.json" "$HOME/.config/snowflake_etl/mine.json"
  run -0 ./snowflake_etl-*/install.sh --uninstall
  run -127 command snowflake-etl
  [[ -s $HOME/.local/state/snowflake_etl/runs.sqlite && -s $HOME/.config/snowflake_etl/mine.json ]]
}
