# shellcheck shell=bash
# Help (layer 4): what an operator has to know, by question.  In addition, each screen has its own explanation.
# Offers the screen help.

menus_screen_define help "Help" "What do you want to know?" 90 "keys, jobs, what to do when ..." <<'HELP'
These texts explain the menu as a whole; Help on a screen explains
that screen. Everything here is a command, too: see Command line.

docs/guide.md says what to do in which situation; docs/tutorial.md
shows everything in ten minutes, on the samples.
HELP

menus_screen_entries help \
  keys '' "Keys" "how to move, choose and go back" \
  jobs '' "Jobs and their states" "done, problems, refused, lost ..." \
  when '' "What to do when ..." "a load failed, the connection was lost ..." \
  promises '' "What cannot happen" "half a month, rows twice" \
  command '' "Command line" "the same without the menu"

# An installed package has no docs/ beside it.
[[ ! -r $ETL_ROOT/docs/guide.md ]] || menus_screen_entries help \
  guide '' "Guide" "docs/guide.md, by task" \
  tutorial '' "Tutorial" "docs/tutorial.md, ten minutes on samples"

menus_help_guide() {
  menus_screen_log "$ETL_ROOT/docs/guide.md"
}

menus_help_tutorial() {
  menus_screen_log "$ETL_ROOT/docs/tutorial.md"
}

menus_help_keys() {
  ui_message "Keys" 'Arrows or a first letter choose, Enter continues, Tab goes to
the buttons. In a form Down and Up change the field; Ctrl-U empties
a field or a line that has the last answer in it. Help explains a
screen; in dialog so does F1, in menus ?, and ? typed as an answer.

ESC, Back and Ctrl-C go one screen back, everywhere; that starts
nothing and loses nothing. Ctrl-D does the same in plain text.

In plain text: the number (or the name) and Enter, b for back, ? for
the explanation of the screen; Enter alone takes the line with >. A
dot alone goes back from a question that takes text.

Long texts scroll with Down and Page Down. A log opens in "less":
q goes back, / searches, G jumps to the end.'
}

menus_help_jobs() {
  ui_message "Jobs and their states" 'Loads, checks and reports run as jobs: they keep running when you
leave the menu, close the terminal or lose the connection.

  running, queued   at work, or waiting for its turn
  done              all went well
  problems          completed, and found something
  refused           nothing was done, on purpose; the log says why
  failed            ended by an error; the log says which
  stopped           cancelled, or told to end
  lost              the host went down meanwhile; run it again

A job shows its result first. "Run it again" is safe: what is loaded
already is refused, and what was interrupted carries on.'
}

menus_help_when() {
  ui_message "What to do when ..." 'a load failed
  Jobs & Logs, the job, Diagnose: file, line, column and value, why,
  and what to do. Recovery lists every load that failed.

the connection was lost
  Nothing: the job is still running. Jobs & Logs shows it.

the host went down
  Recovery, Failed loads: each carries on where it stopped.
  Quick Load, Resume, carries on with all of them.

a month was loaded with a wrong file
  Snowflake Operations, REPLACE a month, with the right file: it shows
  how many rows go and come, and can be undone.

a load is refused: "loaded already"
  The file is in the table. The message says since when, by whom, and
  the command that would replace it.

a month was dropped by mistake
  Snowflake Operations, Restore a month.

docs/guide.md has more.'
}

menus_help_promises() {
  ui_message "What cannot happen" 'Rows twice: the ledger knows every file by its content, whatever its
name is. Loading it again is refused.

Half a month: rows go into a work table first, are counted and
checked there, and are published in one transaction.

Something deleted by one key: whatever deletes shows its plan, asks
you to type words, refuses if the number of rows has changed, and
can be undone.'
}

menus_help_command() {
  core_program
  ui_message "Command line" "Before anything starts the menu shows the command that does the same.
Flags may come in any order; --help lists the flags of a verb.

  $REPLY --help
  $REPLY load --month last --background
  $REPLY load --month 2024-01..2024-03 --dry-run
  $REPLY validate --month last --json
  $REPLY jobs list
  $REPLY jobs follow last

Exit codes: 0 ok, 2 usage, 3 configuration, 4 connection, 5 warehouse,
6 found problems, 7 refused, 130 stopped."
}
