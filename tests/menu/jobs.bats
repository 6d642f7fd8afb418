#!/usr/bin/env bats
# Jobs & Logs on a terminal: the list that looks again by itself, and that no key or signal leaves anything behind.
# shellcheck disable=SC2016 # other shells' text

load tmux
load walk

setup() {
  tmux_setup
  helpers_source core settings jobs
  settings_set jobs_limit 1
  # shellcheck disable=SC2034 # walk.bash reads it
  UI=dialog SIZE='80 24'
}

teardown() {
  tmux_stop
}

failed_job() { # a load that failed in the night, and one that went well after it
  jobs_start load 'Load 2013-02' bash -c 'seq 100; echo "2013-03-01 02:00:00Z ERROR line 7 of x.tsv has 3 fields, not 15"; seq 200 300
    printf "{\n  \"message\": \"The file x.tsv is broken.\"\n}\n" >"$ETL_JOB_DIR/result.json"; exit 6' 3>&-
  jobs_wait "$REPLY" 20 || true
  sleep 1.1 # ids of one second are not in order
  jobs_start load 'Load 2013-01' true 3>&-
  jobs_wait "$REPLY" 20
}

live_jobs() { # one runs with progress that changes, two wait
  jobs_start load 'Load 2013-03' bash -c 'i=0; until [[ -e $1 || ! -d $ETL_JOB_DIR ]]; do ((++i)); printf "stage\t%d\t1000\tparts\t%d\t1\n" "$i" "$((i + 1))" >"$ETL_JOB_DIR/.p"
    mv "$ETL_JOB_DIR/.p" "$ETL_JOB_DIR/progress"; sleep 0.2; done' - "$FAKE/gate" 3>&-
  helpers_wait_for 20 helpers_has_state "$REPLY" running
  jobs_start load 'Load 2013-04' true 3>&-
  jobs_start load 'Load 2013-05' true 3>&-
  WAITS=$REPLY
  helpers_wait_for 20 test -e "$ETL_STATE_DIR/jobs/$WAITS/wake"
}

changes() { # waits until the screen is another one than it is
  local before attempt
  before=$(tmux_screen)
  for ((attempt = 0; attempt < 200; ++attempt)); do
    [[ $(tmux_screen) == "$before" ]] || return 0
    sleep 0.05
  done
  return 1
}

@test "jobs screen: from the main menu to why last night's load failed in three keys, to its log's end in three" {
  failed_job
  walk_start
  tmux_keys J Enter
  tmux_wait '> problems' 'done' 'Load 2013-01'
  tmux_keys Enter
  tmux_wait 'State    problems (exit code 6)' 'The file x.tsv is broken.' 'First error in the log: 2013-03-01 02:00:00Z ERROR line 7'
  tmux_ascii
  tmux_keys Down Enter
  tmux_wait '300' "'e first error"
  tmux_keys "'" e
  tmux_wait 'e 2013-03-01 02:00:00Z ERROR line 7'
  tmux_keys q
  tmux_wait 'Show the log' 'Compare with the run before'
  tmux_keys Escape
  tmux_wait 'STATE' '> problems'
  tmux_keys l
  tmux_wait "'e first error"
}

@test "jobs screen: what runs is painted anew without a key, the place in the list stays, the queue is in order" {
  live_jobs
  walk_start
  tmux_wait 'jobs running: 1, 2 waiting'
  tmux_keys J Enter
  tmux_wait '> running' 'queued' 'place 1' 'place 2' 'Load 2013-05' 'at most 1 at a time' 'q back'
  tmux_keys Down Down
  tmux_wait '> queued'
  changes
  changes
  tmux_wait '> queued'
  tmux_ascii
  tmux_keys Enter
  tmux_wait 'Job: Load 2013-05' 'State    queued. It waits for its turn, number 2 in the queue' 'Take it out of the queue'
  tmux_keys Down Down Down Down Enter
  tmux_wait 'number 1 in the queue'
  tmux_keys Up Enter
  tmux_wait 'Cancel Load 2013-05?' 'does not run'
  tmux_keys Left Enter
  tmux_wait 'was taken out of the queue; nothing'
  tmux_keys Enter
  tmux_wait 'State    stopped' 'Run it again'
  helpers_has_state "$WAITS" stopped
}

@test "jobs screen: ESC, q, Ctrl-C and Ctrl-D are one screen back; what the terminal was set to is set again" {
  local key
  live_jobs
  walk_start
  for key in Escape q C-c C-d; do
    tmux_keys J Enter
    tmux_wait 'STATE' '> running'
    tmux_keys Enter
    tmux_wait 'Job: Load 2013-03' 'Follow the log'
    tmux_keys "$key"
    tmux_wait 'STATE' '> running'
    tmux_keys "$key"
    tmux_wait 'Main menu'
  done
  tmux_keys Escape
  tmux_wait 'they go on'
  tmux_ended
  tmux_type 'stty -a | grep -ow -- "-\?echo\|-\?icanon" | tr "\n" ,'
  tmux_wait 'icanon,echo,'
}

@test "jobs screen: Ctrl-Z stops the menu and fg brings the screen back; a resize is followed, also below 80x24" {
  live_jobs
  walk_start
  tmux_keys J Enter
  tmux_wait '> running'
  tmux_keys C-z
  tmux_last 'ready>'
  tmux_type 'clear; echo between'
  tmux_wait 'between'
  tmux_type fg
  tmux_wait '> running' 'q back'
  [[ $(tmux_screen) != *between* ]]
  tmux_resize 120 40
  tmux_wait '> running' 'q back'
  tmux_resize 60 15
  tmux_keys Enter
  tmux_wait 'the terminal is 60x15' 'Follow the log'
  tmux_type b
  tmux_wait 'STATE' 'running' 'Number'
  tmux_resize 80 24
  tmux_type refresh
  tmux_wait '> running' 'q back'
}

@test "jobs screen: / shows lines with a text only, Enter keeps them, ESC shows all; states can be chosen" {
  failed_job
  walk_start
  tmux_keys J Enter
  tmux_wait '> problems'
  tmux_text '/2013-01'
  tmux_wait 'Only those with: 2013-01_' '> done'
  [[ $(tmux_screen) != *problems* ]]
  tmux_keys Enter
  tmux_wait "only with '2013-01'; ESC shows all 2"
  tmux_keys Escape
  tmux_wait 'problems'
  tmux_text '/zzz'
  tmux_wait "nothing has 'zzz' in it"
  tmux_keys Enter Enter
  tmux_wait "nothing has 'zzz' in it"
  tmux_keys Escape s
  tmux_wait 'Which jobs do you want to see?' 'Not well'
  tmux_keys D Enter
  tmux_wait 'Only in these states: done' 'Load 2013-01'
  [[ $(tmux_screen) != *'Load 2013-02'* ]]
}

@test "jobs screen: why a job failed stands there whole, as long as there is room for what can be done with it" {
  jobs_start load 'Load 2013-02' bash -c 'words=$(printf "word%.0s " {1..110}); printf "{\n  \"message\": \"%slast.\"\n}\n" "$words" >"$ETL_JOB_DIR/result.json"
    exit 6' 3>&-
  jobs_wait "$REPLY" 20 || true
  walk_start
  tmux_keys J Enter Enter
  tmux_wait 'Compare with the run before' 'word last.'
  [[ $(tmux_screen) != *...* ]]
}

@test "jobs screen: a slow line gets few bytes: the screen once, then what has changed" {
  live_jobs
  walk_start
  tmux -L "$TMUX_SOCKET" pipe-pane -o "cat >$BATS_TEST_TMPDIR/bytes"
  tmux_keys J Enter
  tmux_wait '> running'
  local first later
  first=$(wc -c <"$BATS_TEST_TMPDIR/bytes")
  changes
  changes
  later=$(wc -c <"$BATS_TEST_TMPDIR/bytes")
  echo "first $first, two looks $((later - first))"
  ((first < 3500 && later - first < 800))
}

@test "jobs screen: when the terminal closes the menu ends, and the jobs go on" {
  live_jobs
  walk_start
  tmux_keys J Enter
  tmux_wait '> running'
  local menu
  menu=$(pgrep -f "bash $ROOT/snowflake_etl.sh\$" | head -n 1)
  [ -n "$menu" ]
  tmux -L "$TMUX_SOCKET" kill-server
  helpers_wait_for 20 eval "! kill -0 $menu"
  jobs_running_count
  [ "$REPLY" = 3 ]
}

@test "jobs screen: an end is told once on the next screen" {
  walk_start
  failed_job
  tmux_keys Enter
  tmux_wait 'What do you want to load?' 'Ended: Load 2013-02: problems (exit code 6)' 'Load 2013-01: done'
  tmux_keys Escape
  tmux_wait 'Main menu'
  [[ $(tmux_screen) != *Ended:* ]]
}
