# shellcheck shell=bash disable=SC2016 # hostile names stay as they are
# Walks through the menus that work for both dialog and whiptail, at any terminal size.
# Each presses keys and waits for what must appear; UI is the back end, SIZE the columns and rows.

walk_start() {
  export ETL_UI=$UI
  # shellcheck disable=SC2086 # two numbers
  tmux_menu $SIZE
  tmux_wait 'Main menu' 'Quick Load' 'Snowflake Operations' 'Jobs & Logs' 'Settings' 'Help' 'Quit'
}

walk_last() { # -> standard output: keys to the last entry, below which whiptail has one for Help
  [[ $UI == dialog ]] && echo 'NPage NPage' || echo 'End Up'
}

walk_main() { # it is drawn with the head line, and ESC, Cancel and its entry quit quietly
  local -a keys
  local way
  walk_start
  tmux_wait 'config: example.json | target: local | jobs running: 0' '<Choose>'
  tmux_ascii
  tmux_keys Escape
  tmux_ended
  local buttons='Right Enter' # to the second button
  [[ $UI == dialog ]] || buttons='Tab Tab Enter'
  for way in "$buttons" "$(walk_last) Enter"; do
    tmux_type "clear; $ROOT/snowflake_etl.sh"
    tmux_wait 'Main menu'
    read -ra keys <<<"$way"
    tmux_keys "${keys[@]}"
    tmux_ended
    run tmux_screen
    # shellcheck disable=SC2154 # set by run
    [[ $output != *'Main menu'* && $output != *rror* ]]
  done
}

walk_escape() { # ESC goes one screen back from everywhere and never ends the menu
  walk_start
  tmux_keys Enter
  tmux_wait 'What do you want to load?' '2013-03' '2013-02'
  tmux_keys Down Enter
  tmux_wait 'Quick Load > Load 2013-02' 'How is it to be checked?'
  tmux_keys Enter
  tmux_wait 'Plan: one file' '<Start>'
  tmux_keys Escape
  tmux_wait 'How is it to be checked?'
  tmux_keys Escape
  tmux_wait 'What do you want to load?'
  tmux_keys Down Enter
  tmux_wait 'Which month?'
  tmux_keys Escape
  tmux_wait 'What do you want to load?'
  tmux_keys Down Enter
  tmux_wait 'Which file?'
  tmux_keys Escape
  tmux_wait 'What do you want to load?'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys J Enter
  tmux_wait 'No jobs yet'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Down Enter
  tmux_wait 'Configuration in use' 'Other configuration' 'Test connection'
  tmux_keys Enter
  tmux_wait 'from now on' 'example.json  (in use)'
  tmux_keys Escape
  tmux_wait 'Other configuration'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Escape
  tmux_ended
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

walk_message() { # ESC in a message box goes on; a long text can be scrolled
  walk_start
  tmux_keys H Enter
  tmux_wait 'What do you want to know?'
  tmux_keys W Enter
  tmux_wait 'What to do when ...' 'a load failed'
  tmux_ascii
  tmux_keys NPage
  tmux_keys NPage
  tmux_wait 'dropped by mistake'
  tmux_keys Escape
  tmux_wait 'What do you want to know?'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Escape
  tmux_ended
}

walk_to_plan() { # from the main menu to the plan of last month's load
  walk_start
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Down Enter
  tmux_wait 'How is it to be checked?'
  tmux_keys Enter
}

walk_quick_load() { # at most six keys to a running job of last month; the list, the log and back; it outlives the menu
  walk_to_plan
  tmux_wait 'As a command:' '--month 2013-02' '--qc file --background'
  tmux_ascii
  tmux_keys Enter
  tmux_wait 'at work as job' 'Follow the log' 'jobs running: 1'
  tmux_keys Enter
  tmux_wait 'following job' 'state: '
  tmux_keys q
  tmux_wait 'What do you want to load?'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys J Enter
  tmux_wait 'STATE' 'running ' ' 40% 200.0 MB/s' 'Load 2013-02'
  tmux_ascii
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Escape
  tmux_wait '1 running; they go on.'
  tmux_ended
}

walk_jobs() { # a finished job: announced on return, its details, its log in less and back, running it again
  walk_start
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' bash -c 'echo the first line; exit 7' 3>&-
  jobs_wait "$REPLY" 10 || true
  tmux_keys J Enter
  tmux_wait 'refused' 'Load 2013-01' 'Clean up'
  tmux_keys Enter
  tmux_wait 'Job: Load 2013-01' 'exit code 7' 'Show the log' 'Run it again'
  tmux_keys Enter
  tmux_wait 'the first line' 'q back, / search'
  tmux_keys C-c
  tmux_wait 'the first line'
  tmux_keys q
  tmux_wait 'Show the log' 'Run it again'
  tmux_keys Down Enter
  tmux_wait 'Command:' 'exit code 7'
  tmux_ascii
  tmux_keys Escape
  tmux_wait 'Show the log'
  tmux_keys Escape
  tmux_wait 'STATE'
  jobs_start load 'Load 2013-07' true 3>&-
  tmux_keys r
  tmux_wait 'Load 2013-07' 'Refresh'
  tmux_keys Escape
  tmux_wait 'Main menu'
  tmux_keys Escape
  tmux_ended
}

walk_operations() { # from the menu to a running check of last month and its log; the answers are the next defaults
  walk_start
  tmux_keys Down Enter
  tmux_wait 'Load by browsing' 'Validate tables' 'no missing day, no unusual day' 'REPLACE a month'
  tmux_ascii
  tmux_keys V Enter
  tmux_wait 'Which days of FLIGHTS?' 'This month' '2013-03' 'All there is'
  tmux_ascii
  tmux_keys Enter
  tmux_wait 'As a command:' '2013-02 --background' '<Start>' 'jobs running: 0'
  tmux_ascii
  tmux_keys Enter
  tmux_wait 'Follow the log' 'jobs running: 1'
  tmux_keys Enter
  tmux_wait 'following job' 'state: '
  tmux_keys q
  tmux_wait 'Load by browsing'
  tmux_keys Down Enter
  tmux_wait 'Where do you want to look for duplicates?' 'Tables, with SQL'
  "walk_duplicates_$UI"
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys H Enter
  tmux_wait 'What do you want to see?' 'Runs and checks' 'What changed'
  tmux_keys Enter
  tmux_wait '$ ./snowflake_etl.sh history list --limit 200' 'when (UTC)' 'FLIGHTS' 'q back, / search'
  tmux_ascii
  tmux_keys q
  tmux_wait 'What do you want to see?'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys Escape
  tmux_wait 'Main menu'
}

walk_duplicates_whiptail() { # one question after the other, back through them, then those of a report
  tmux_keys Enter
  tmux_wait 'Which days of FLIGHTS?'
  tmux_keys Enter
  tmux_wait 'Key columns of FLIGHTS'
  tmux_text 'CARRIER,FLIGHT'
  tmux_keys Enter
  tmux_wait 'As a command:' '--key'
  tmux_keys Escape
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Enter
  tmux_wait 'Which days of FLIGHTS?'
  tmux_keys Enter
  tmux_wait 'Key columns of FLIGHTS' 'CARRIER,FLIGHT'
  tmux_keys Escape
  tmux_wait 'Which days of FLIGHTS?'
  tmux_keys Escape
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys T Enter
  tmux_wait 'Which days of FLIGHTS?'
  tmux_keys Enter
  tmux_wait 'How do you want the report on FLIGHTS?' 'one file for a browser'
  tmux_ascii
  tmux_keys Escape
  tmux_wait 'Which days of FLIGHTS?'
}

walk_duplicates_dialog() { # all fields on one screen, with the last answers; the same for a report
  tmux_keys Enter
  tmux_wait 'last (2013-02), current (2013-03)' 'Key: columns separated by commas' 'Days  last'
  tmux_ascii
  tmux_keys Down
  tmux_text 'CARRIER,FLIGHT'
  tmux_keys Enter
  tmux_wait 'As a command:' '--key'
  tmux_keys Escape
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Enter
  tmux_wait 'Days  last' 'Key   CARRIER,FLIGHT'
  tmux_keys Escape
  tmux_wait 'Where do you want to look for duplicates?'
  tmux_keys Escape
  tmux_wait 'Load by browsing'
  tmux_keys T Enter
  tmux_wait 'Days     last' 'Format   text' 'To file  '
  tmux_ascii
}

walk_hostile() { # names of jobs and configurations that look like options, commands, escape codes or further lines
  helpers_source core settings jobs
  local title
  for title in '--help' '-rf' $'two\nlines \e[2J\e]0;owned\a' 'x$(touch y).tsv \n "q" %s' $'Load M\303\244rz'; do
    jobs_start load "$title" true 3>&-
    jobs_wait "$REPLY" 10
  done
  walk_start
  tmux_keys J Enter
  tmux_wait 'STATE' '--help' '-rf' 'two lines ?[2J?]0;owned?' 'x$(touch y).tsv \n "q" %s' 'Load M??rz'
  tmux_ascii
  tmux_text '/x$('
  tmux_wait 'Only those with: x$(_'
  tmux_keys Enter Enter
  tmux_wait 'Job: x$(touch y).tsv' 'Show the log'
  tmux_keys Down Enter
  tmux_wait 'Title:' 'Command:'
  tmux_keys Escape
  tmux_wait 'Show the log'
  tmux_keys Escape
  tmux_wait 'STATE'
  tmux_keys Escape
  tmux_wait 'Main menu'
  [ ! -e y ]
}

walk_cancel() { # cancelling asks first, No is the default
  walk_start
  helpers_source core settings jobs
  helpers_gate_job "$BATS_TEST_TMPDIR/gate" 0 'Load 2013-01' 3>&-
  local id=$REPLY
  tmux_keys J Enter
  tmux_wait 'running' 'Load 2013-01'
  tmux_keys Enter
  tmux_wait 'Follow the log' 'Cancel the job'
  tmux_keys Down Down Down Enter
  tmux_wait 'Cancel Load 2013-01?' 'Cancel-it'
  tmux_keys Enter
  tmux_wait 'Follow the log'
  helpers_has_state "$id" running
  tmux_keys Enter
  tmux_wait 'Cancel Load 2013-01?'
  tmux_keys Left Enter
  tmux_wait 'asked to stop and ended'
  tmux_keys Enter
  tmux_wait 'stopped' 'Run it again'
  tmux_keys Escape
  tmux_wait 'STATE' 'stopped'
  tmux_keys Escape
  tmux_wait 'Main menu'
}

walk_refused() { # a refused plan is shown and nothing is started
  echo 7 >"$FAKE/plan_code"
  printf 'Refused: 2013-02 is loaded already.\n%.0s' {1..60} >"$FAKE/plan"
  walk_start
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_keys Enter
  tmux_wait 'How is it to be checked?'
  tmux_keys Enter
  tmux_wait 'refused, on purpose' 'loaded already' 'more'
  tmux_ascii
  tmux_keys Escape
  tmux_wait 'What do you want to load?'
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}

walk_long() { # a plan that is longer than the screen: Enter starts, the keys of the text scroll
  printf 'line %d of the plan\n' {1..60} >"$FAKE/plan"
  walk_to_plan
  tmux_wait 'As a command:' 'line 2 of the plan' '(Down: more)' '<Start>'
  tmux_keys NPage NPage NPage NPage NPage
  tmux_wait 'line 60 of the plan'
  tmux_ascii
  tmux_keys Enter
  tmux_wait 'at work as job' 'Follow the log'
}

walk_resize() { # smaller than the dialogs need: the next screen is text and says why, then dialogs again
  walk_start
  tmux_resize 100 30
  # whiptail is asked anew: a key that comes just then is lost.
  [[ $UI != whiptail ]] || tmux_wait '          x   Quick Load'
  tmux_keys Enter
  tmux_wait 'What do you want to load?'
  tmux_resize 60 15
  tmux_keys Escape
  tmux_wait 'the terminal is 60x15' 'for back:'
  tmux_type b
  tmux_wait 'Main menu' 'the terminal is 60x15'
  tmux_resize 80 24
  tmux_type help
  tmux_wait 'What do you want to know?' '<'
  tmux_keys Escape
  tmux_wait 'Main menu' '<Choose>'
  tmux_keys Escape
  tmux_ended
}

walk_months() { # a drop: its plan, the words, the job; Back and wrong words delete nothing
  printf 'planned: Delete 310 of 600 rows (51.7%%) from D.PUBLIC.FLIGHTS 2013-01\n  on 31 days\n' >"$FAKE/plan"
  walk_start
  tmux_keys Down Enter
  # All of them on one screen, including the entries that delete.
  tmux_wait 'Load months' 'What was deleted' 'REPLACE a month' 'DROP a month'
  tmux_ascii
  # shellcheck disable=SC2046 # keys
  tmux_keys $(walk_last) Enter
  tmux_wait 'Which month of FLIGHTS?'
  tmux_text '2013-01'
  tmux_keys Enter
  tmux_wait 'Delete 310 of 600 rows' 'As a command:' '--month 2013-01'
  tmux_ascii
  tmux_keys Enter
  # What deletes is never the default, not even after it was chosen.
  tmux_wait 'Load by browsing'
  # shellcheck disable=SC2046 # keys
  tmux_keys $(walk_last) Enter
  tmux_wait 'Which month of FLIGHTS?'
  tmux_text '2013-01'
  tmux_keys Enter
  tmux_wait 'Delete 310 of 600 rows'
  tmux_keys Left Enter
  tmux_wait 'To delete 310 rows of FLIGHTS, type: DELETE FLIGHTS 2013-01'
  tmux_text 'DELETE'
  tmux_keys Enter
  tmux_wait 'Nothing was deleted'
  tmux_keys Enter
  tmux_wait 'Load by browsing'
  [ ! -e "$ETL_STATE_DIR/jobs" ]
}
