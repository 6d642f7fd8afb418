#!/usr/bin/env bats
# The menus through the entry, in plain text: the same screens as in dialog, answered from standard input.
# shellcheck disable=SC2016,SC2030,SC2031 # hostile names stay as they are; each test has its own environment

load helpers
load fake_python

setup() {
  helpers_setup
  fake_python
  export ETL_TODAY=2013-03-31
}

teardown() {
  touch "$FAKE/gate"
  helpers_source core settings jobs
  helpers_finish_jobs
}

menu() { # <answers, one an argument>: runs the menu with them
  run "$ROOT/snowflake_etl.sh" < <(printf '%s\n' "$@") 3>&-
}

newest_command() { # sets COMMAND: the argument array of the newest job
  helpers_source core settings jobs
  jobs_ids
  mapfile -d '' -t COMMAND <"$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/command"
}

job_count() {
  find "$ETL_STATE_DIR/jobs" -mindepth 1 -maxdepth 1 -name '[0-9]*' 2>/dev/null | wc -l
}

@test "menus: the main menu has its entries and a head line" {
  menu quit
  [ "$status" -eq 0 ]
  [[ $output == *'Snowflake ETL | config: example.json | target: local | jobs running: 0'* ]]
  [[ $output == *'Quick Load'*'Snowflake Operations'*'File Tools'*'Jobs & Logs'*'Settings'*'Help'*'Quit'* ]]
}

@test "menus: every entry has a function or a screen, a verb that there is, a label; every screen explains itself" {
  local path screen tag verb name
  local -i place
  helpers_source core colors settings month setup ui jobs log_viewer actions menus/screen
  for path in "$ROOT"/lib/menus/*.sh; do
    # shellcheck source=/dev/null
    [[ $path == */screen.sh ]] || source "$path"
  done
  _menus_main_entries
  for ((place = 0; place < ${#MENUS_ENTRIES[@]}; place += 5)); do
    screen=${MENUS_ENTRIES[place]} tag=${MENUS_ENTRIES[place + 1]} verb=${MENUS_ENTRIES[place + 2]}
    echo "$screen $tag $verb"
    [ -n "${MENUS_TITLES[$screen]}" ]
    [ -z "${verb#!}" ] || actions_is_verb "${verb#!}"
    [ -n "${MENUS_ENTRIES[place + 3]}" ]
    [ "${#MENUS_ENTRIES[place + 3]}" -le 22 ]
    [ "${#MENUS_ENTRIES[place + 4]}" -le 44 ]
    name=${screen}_$tag
    [[ $screen != main ]] || declare -F "menus_$name" || name=$tag
    declare -F "menus_$name" || declare -F "menus_${screen}_entry" || [ -n "${MENUS_TITLES[$name]:-}" ]
  done
  [ "$place" -ge 150 ]
  for screen in "${!MENUS_TITLES[@]}"; do
    echo "$screen: ${MENUS_HELPS[$screen]}"
    [ "${#MENUS_HELPS[$screen]}" -ge 60 ]
    [ "$(awk '{ print length($0) }' <<<"${MENUS_HELPS[$screen]}" | sort -n | tail -n 1)" -le 72 ]
    # Reached from somewhere.
    [[ " ${MENUS_ENTRIES[*]} " == *" ${screen##*_} "* || $screen == main || " ${MENUS_ENTRIES[*]} " == *" $screen "* ]]
  done
}

@test "menus: last month on the 31st: plan, command line, confirmation, job" {
  menu quick_load last file y back b quit
  [ "$status" -eq 0 ]
  [[ $output == *'Load 2013-02'*'As a command:'*'Plan: one file'* ]]
  local flat
  flat=$(tr -s ' \n' '  ' <<<"$output")
  [[ $flat == *"load --config "*"config/example.json --month 2013-02 --qc file --background"* ]]
  [[ $output == *'Load 2013-02: at work as job'* ]]
  [[ $output == *'1 running; they go on.'* ]]
  newest_command
  [ "${COMMAND[*]:1}" = "$ROOT/python/loader.py --config $ROOT/config/example.json --month 2013-02 --qc file --yes" ]
}

@test "menus: this month and the QC method that is chosen" {
  menu quick_load current both y back b quit
  newest_command
  [[ "${COMMAND[*]}" == *'--month 2013-03 --qc both --yes' ]]
}

@test "menus: the last QC answer is the next default" {
  menu quick_load last skip n b b quit
  menu quick_load last '' y back b quit
  newest_command
  [[ "${COMMAND[*]}" == *'--qc skip --yes' ]]
}

@test "menus: another month is asked until it is one" {
  menu quick_load other 2013-13 hello 012013 file y back b quit
  [[ $output == *'no month 13'*"'hello' is not a month"* ]]
  newest_command
  [[ "${COMMAND[*]}" == *'--month 2013-01 --qc file --yes' ]]
}

@test "menus: the last month that was typed is the next default, the last file too, also one that was only checked" {
  menu quick_load other 2013-01 file n b b b quit
  menu quick_load other '' file y back b quit
  newest_command
  [[ "${COMMAND[*]}" == *'--month 2013-01 --qc file --yes' ]]
  : >"$BATS_TEST_TMPDIR/x.tsv"
  menu files check file "$BATS_TEST_TMPDIR/x.tsv" n b b quit
  sleep 1.1 # the next job's name begins with the second
  menu quick_load file '' file y back b quit
  newest_command
  [[ "${COMMAND[*]}" == *"--file $BATS_TEST_TMPDIR/x.tsv --qc file --yes" ]]
}

@test "menus: the question how a load is checked explains its answers" {
  menu quick_load last '?' '' b b quit
  [[ $output == *'Help: Quick Load > Load 2013-02'*'snowflake   The same in the warehouse'*'How is it to be checked?'* ]]
  [ "$(job_count)" -eq 0 ]
  helpers_source core menus/ask
  [ "$(awk '{ print length($0) }' <<<"$MENUS_ASK_QC_HELP" | sort -n | tail -n 1)" -le 72 ]
}

@test "menus: without the confirmation nothing is started" {
  local answer
  for answer in n b $'\e'; do
    menu quick_load last file "$answer" b b quit
    [ "$status" -eq 0 ]
    [ "$(job_count)" -eq 0 ]
  done
}

@test "menus: the end of input anywhere on the way ends quietly and starts nothing" {
  local -a answers=(quick_load last file)
  local count
  for count in 1 2 3; do
    menu "${answers[@]:0:count}"
    [ "$status" -eq 0 ]
    [ "$(job_count)" -eq 0 ]
  done
}

@test "menus: a refused plan is shown and nothing is started" {
  echo 7 >"$FAKE/plan_code"
  echo 'Refused: 2013-02 was loaded on 2013-03-01 by anna.' >"$FAKE/plan"
  menu quick_load last file b quit
  [[ $output == *'refused, on purpose'*'loaded on 2013-03-01 by anna'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus: a plan that fails shows its error and nothing is started" {
  echo 3 >"$FAKE/plan_code"
  echo 'error: config/x.json has no key "files".' >"$FAKE/plan"
  menu quick_load last file b quit
  [[ $output == *'not possible'*'has no key'* ]]
  [ "$(job_count)" -eq 0 ]
}

@test "menus: one file, whatever it is called" {
  local name
  mkdir "$BATS_TEST_TMPDIR/data"
  cd "$BATS_TEST_TMPDIR/data"
  for name in 'x$(touch y).tsv' '-rf' 'a b "c".tsv' 'x\ny.tsv'; do
    : >"./$name"
    menu quick_load file "$name" file y back b quit
    [ "$status" -eq 0 ]
    newest_command
    [ "${COMMAND[5]}" = "$PWD/$name" ]
    [ "${COMMAND[4]}" = --file ]
    sleep 1.1 # the next job's name begins with the second
  done
  [ ! -e y ]
}

@test "menus: a file that is not there is asked for again, a folder too" {
  menu quick_load file /no/such.tsv / $'\e' b quit
  [ "$status" -eq 0 ]
  [[ $output == *'no readable file /no/such.tsv'*'no readable file /.'* ]]
  [ "$(fake_python_calls)" -le 1 ]
}

@test "menus: several configurations: asked, the one in use is the default" {
  printf '{}' >"$BATS_TEST_TMPDIR/mine.json"
  export ETL_CONFIG=$BATS_TEST_TMPDIR/mine.json
  menu quick_load last '' file y back b quit
  [[ $output == *'With which configuration?'*'example.json'*'mine.json  (in use)'* ]]
  newest_command
  [ "${COMMAND[*]:2:2}" = "--config $BATS_TEST_TMPDIR/mine.json" ]
  menu quick_load last "$ROOT/config/example.json" b b b quit
  [ "$status" -eq 0 ]
}

@test "menus: the job list shows running jobs first, with progress, rate and time left" {
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' true 3>&-
  jobs_wait "$REPLY" 10
  jobs_start load $'Load \e[2J evil' false 3>&-
  jobs_wait "$REPLY" 10 || true
  menu quick_load last file y back b quit
  jobs_ids
  helpers_wait_for 10 test -e "$ETL_STATE_DIR/jobs/${JOBS_IDS[0]}/progress"
  menu jobs b quit
  [[ $output == *'STATE'*'AGE'*'DONE'*'RATE'*'LEFT'*'TITLE'* ]]
  [[ $output == *'1  running '*'  40% 200.0 MB/s'*'Load 2013-02'*failed*'evil'*'done'*'Load 2013-01'* ]]
  [[ $output != *$'\e'* ]]
}

@test "menus: a job is shown, its log opened, run again" {
  touch "$FAKE/gate"
  menu quick_load last file y back b quit
  helpers_source core settings jobs
  jobs_ids
  local id=${JOBS_IDS[0]}
  jobs_wait "$id" 10
  menu jobs "$id" log show b b quit
  [ "$status" -eq 0 ]
  [[ $output == *'State    done (exit code 0)'*'Loaded 27,004 rows into FLIGHTS.'*'loader.py'*'config: '* ]]
  menu jobs "$id" rerun y b b quit
  [ "$(job_count)" -eq 2 ]
  menu jobs "$id" rerun n b b quit
  [ "$(job_count)" -eq 2 ]
}

@test "menus: cancelling a job is confirmed, then it is stopped" {
  menu quick_load last file y back b quit
  helpers_source core settings jobs
  jobs_ids
  local id=${JOBS_IDS[0]}
  helpers_wait_for 10 helpers_has_state "$id" running
  menu jobs "$id" cancel n b b quit
  helpers_has_state "$id" running
  menu jobs "$id" cancel y b b quit
  [[ $output == *'asked to stop'* ]]
  helpers_has_state "$id" stopped
}

@test "menus: following a job that has ended shows its log and comes back" {
  touch "$FAKE/gate"
  menu quick_load last file y follow b quit
  [ "$status" -eq 0 ]
  [[ $output == *'config: '*'Quick Load'* ]]
}

@test "menus: cleaning tells how many, asks, and leaves jobs that run" {
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' true 3>&-
  jobs_wait "$REPLY" 10
  menu quick_load last file y back b quit
  menu jobs clean all 30 b quit
  [[ $output == *'All that have ended '*' 1'*'done '*' 1'*'Older than 30 days '*' 0'*'Whatever their age '*' 1'*'There are none.'* ]]
  menu jobs clean 'done' 0 n b quit
  [ "$(job_count)" -eq 2 ]
  menu jobs clean 'done' 0 y b quit
  [[ $output == *'Remove finished jobs and their logs: 1?'*'Removed: 1.'* ]]
  [ "$(job_count)" -eq 1 ]
}

@test "menus: a job that has gone meanwhile is said" {
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' true 3>&-
  jobs_wait "$REPLY" 10
  jobs_ids
  local id=${JOBS_IDS[0]}
  run bash -c '{ echo jobs; sleep 1.5; echo "$2"; echo b; echo quit; } | "$1/snowflake_etl.sh" & sleep 0.7; rm -rf "$3/jobs/$2"; wait' \
    x "$ROOT" "$id" "$ETL_STATE_DIR" 3>&-
  [[ $output == *'does not exist any more'* ]]
}

@test "menus: a configuration is chosen, saved, and shown in the head line at once" {
  printf '{}' >"$BATS_TEST_TMPDIR/mine.json"
  echo ACME >"$FAKE/target"
  menu settings path "$BATS_TEST_TMPDIR/mine.json" b quit
  [[ $output == *'mine.json | target: ACME'* ]]
  menu quit
  [[ $output == *'mine.json | target: ACME'* ]]
  menu settings path /no/such $'\e' b quit
  [[ $output == *'no readable file /no/such'* ]]
}

@test "menus: what the checks of the configuration print is shown" {
  menu settings validate doctor b quit
  [ "$status" -eq 0 ]
  fake_python_call 0
  [ "${CALL[*]}" = "$ROOT/python/config_tool.py validate --config $ROOT/config/example.json --quiet" ]
  fake_python_call 1
  [ "${CALL[*]}" = "$ROOT/python/doctor.py --config $ROOT/config/example.json --quiet" ]
}

@test "menus: what runs at once shows its command, and so does every question before something is changed" {
  local words missing='' program=$ROOT/snowflake_etl.sh config=$ROOT/config/example.json flat
  cd "$BATS_TEST_TMPDIR"
  printf 'There is something. Remove it with: recover --clean\n' >"$FAKE/plan"
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' true 3>&-
  local id=$REPLY
  jobs_wait "$id" 10
  menu operations details '*' history list diff b ledger list b deleted b recovery left stage list performance clean orphans n b b \
    settings validate show doctor notices show test b cleanup jobs n limits n b b \
    jobs "$id" show n compare rerun n b clean all 0 n b quit
  [ "$status" -eq 0 ]
  flat=$(tr -s ' \n' '  ' <<<"$output")
  for words in "$ $program table-info --config $config" "$ $program history list --limit 200" "$ $program history diff" \
    "$ $program ledger list --config $config" "$ $program restore-month --list --config $config" "$ $program recover --config $config" \
    "$ $program stage list --config $config" "$ $program stage performance --config $config" \
    "As a command: $program stage clean --config $config --orphans --yes --background" "$ $program config validate --config $config" \
    "$ $program config show --config $config" "As a command: $program doctor --config $config" "$ $program doctor --config $config" \
    "$ $program notify list --config $config" "$ $program notify test --config $config" \
    "As a command: $program jobs prune --older-than 30 " "As a command: $program prune --config $config" \
    "$ $program jobs show $id" "$ $program jobs compare $id" "As a command: $program jobs rerun $id" \
    "As a command: $program jobs prune --older-than 0 "; do
    [[ $flat == *"$words"* ]] || missing+=$words$'\n'
  done
  [ -z "$missing" ] || { printf '%s\nare not in\n%s\n' "$missing" "$flat" && false; }
}

@test "menus: lines for cron and units for systemd are printed, for what is written in the form; nothing is installed" {
  helpers_environment
  menu settings schedule cron '' day 7:30 . systemd 'report --month last' weekly '' . b b quit
  [ "$status" -eq 0 ]
  [[ $output == *"$ "*"schedule cron --command"*"--every day --at 7:30"*"30 7 * * * "*"load --month last --if-missing --config $ROOT/config/example.json"* ]]
  [[ $output == *"invalid choice: 'weekly'"* ]]
}

@test "menus: Help names the guides by their paths and opens them" {
  menu help guide tutorial b quit
  [[ $output == *'docs/guide.md, by task'*'docs/tutorial.md, ten minutes'*"$(head -n 1 "$ROOT/docs/guide.md")"*"$(head -n 1 "$ROOT/docs/tutorial.md")"* ]]
}

@test "menus: notices are shown and tried, of which jobs is told is set, and what is beyond the limits goes after a look" {
  menu settings notices show test jobs all b cleanup limits y b b quit
  [ "$status" -eq 0 ]
  local number config="--config $ROOT/config/example.json" calls=''
  for ((number = 0; number < $(fake_python_calls); ++number)); do
    fake_python_call "$number"
    CALL[0]=${CALL[0]##*/}
    [[ ${CALL[0]} == config_tool.py ]] || calls+="${CALL[*]}"$'\n'
  done
  diff -u <(printf '%s' "$calls") - <<CALLS
send_notice.py list $config --quiet
send_notice.py test $config --quiet
prune_state.py $config --dry-run --quiet
prune_state.py $config --quiet
CALLS
  grep -qx jobs_notice=all "$ETL_STATE_DIR/settings"
}

@test "menus: no Python runs before something needs it; a configuration that cannot be read is said then, and the menu goes on" {
  printf '{}' >"$BATS_TEST_TMPDIR/bad.json"
  export ETL_CONFIG=$BATS_TEST_TMPDIR/bad.json
  echo 'error: bad.json has no key "files".' | tee "$FAKE/target" >"$FAKE/tables"
  echo 3 | tee "$FAKE/target_code" >"$FAKE/tables_code"
  menu quick_load b operations b files b jobs b settings preferences b b help keys b quit
  [ "$status" -eq 0 ]
  [ "$(fake_python_calls)" -eq 0 ]
  menu operations validate b help b quit
  [ "$status" -eq 0 ]
  [ "$(grep -c 'cannot be used' <<<"$output")" -eq 1 ]
  [[ $output == *'bad.json has no key'* ]]
  [[ $output == *'target: ?'* ]]
}

@test "menus: the head line is no wider than the terminal, whatever the configuration is called" {
  local name
  printf -v name '%0100d.json' 7
  printf '{}' >"$BATS_TEST_TMPDIR/$name"
  ETL_CONFIG=$BATS_TEST_TMPDIR/$name menu quit
  [ "$(grep 'jobs running' <<<"$output" | awk '{ print length($0) }' | sort -n | tail -n 1)" -le 80 ]
  [[ $output == *'config: ...'*'0007.json | target: ? | jobs running: 0'* ]]
}

@test "menus: everything shown is ASCII" {
  menu quick_load last file n b b jobs clean b b settings b help keys b quit
  run -1 env LC_ALL=C grep '[^ -~]' <<<"$output"
}

@test "menus: an environment of the configuration is chosen, stays chosen, and is named in the jobs that are started" {
  printf 'dev\nprod\n' >"$FAKE/environments"
  printf 'ACME [PROD]\n' >"$FAKE/target"
  menu settings environment prod back quit
  [ "$status" -eq 0 ]
  [[ $output == *'Which one do you want to use from now on?'*DEV*PROD* ]]
  [[ $output == *'environment PROD'* ]]
  menu quick_load last file yes back back quit
  newest_command
  [[ " ${COMMAND[*]} " == *' --environment prod '* ]]
}
