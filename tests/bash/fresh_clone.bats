#!/usr/bin/env bats
# A new operator: a fresh clone, an empty home, the README's first command.

load helpers

setup() {
  [[ -e $BATS_TEST_DIRNAME/../../.git ]] || skip "this is no git checkout, there is nothing to clone"
  helpers_setup
  unset ETL_STATE_DIR ETL_CONFIG ETL_PYTHON XDG_STATE_HOME
  CLONE=$BATS_TEST_TMPDIR/clone
}

teardown() {
  [[ ! -x $CLONE/snowflake_etl.sh ]] || (cd -- "$CLONE" && ./snowflake_etl.sh local stop) || true
}

# bats test_tags=slow
@test "fresh clone: the README's first command loads January once, and the second time refuses" {
  local command
  command=$(sed -n '/^## The two commands/,/^##/{/^\.\/snowflake_etl.sh load/p}' "$BATS_TEST_DIRNAME/../../README.md")
  [[ $command == './snowflake_etl.sh load --month 2013-01' ]]
  git clone -q -- "$BATS_TEST_DIRNAME/../.." "$CLONE" 3>&-
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
