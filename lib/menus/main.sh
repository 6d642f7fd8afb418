# shellcheck shell=bash
# The first screen (layer 4): what an operator does in a day.
# Offers menus_main.

MENUS_MAIN=( # tag (menus_main_<tag> runs it), label, explanation
  quick_load "Quick Load" "load a month or a file"
  jobs "Job Status" "progress, logs, cancel, run again"
  quality "Data Quality" "check files and tables, duplicates, reports"
  months "Drop and Restore" "delete months, bring them back"
  config "Configuration" "choose it, check it, test the connection"
  help "Help" "keys, and where things are"
  quit "Quit" "jobs go on"
)

MENUS_MAIN_HELP='Keys
  Arrows or a first letter choose, Enter goes on, Tab changes to
  the buttons. ESC or Back is one screen back; nothing is started
  or lost by it. In plain text: type the number, or b for back.

Quick Load
  Shows the plan first: files, rows, what is there already.
  Nothing is written before you press Start. The load then runs
  as a job, which goes on when you leave the menu, close the
  terminal or lose the connection.

Job Status
  running, queued   at work, or about to begin
  done              all well
  problems          the checks found something
  refused           nothing was done, on purpose
  failed, stopped   ended by an error, or cancelled
  lost              the host went down meanwhile
  Choose a job for its log, its result and what can be done.

Data Quality
  Checks read and never change a row. They run as jobs, too: the
  log says what they found, "problems" that they found something.
  Each is kept: History shows what changed since the one before.

Drop and Restore
  A month is dropped only after its plan was shown and the words
  were typed. What was dropped or replaced can be brought back
  for two weeks, into the same table.

Command line
  All of this is a command too; every plan shows the line to type.
    ./snowflake_etl.sh --help
    ./snowflake_etl.sh load --month last --background
    ./snowflake_etl.sh jobs list'

menus_main() { # the menu, from the first screen to the last
  ui_init menus_screen_head || return
  menus_screen_find_target
  UI_BACK=Quit menus_screen_run "Main menu" "" menus_main "${MENUS_MAIN[@]}"
  ui_end
  jobs_running_count
  ((REPLY == 0)) || printf '%d running; they go on. See them with: ./snowflake_etl.sh jobs\n' "$REPLY"
}

menus_main_quick_load() {
  menus_quick_load
}

menus_main_jobs() {
  menus_jobs
}

menus_main_quality() {
  menus_quality
}

menus_main_months() {
  menus_months
}

menus_main_config() {
  menus_config
}

menus_main_help() {
  ui_message "Help" "$MENUS_MAIN_HELP"
}

menus_main_quit() {
  return "$MENUS_LEAVE"
}
