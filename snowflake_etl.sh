#!/usr/bin/env bash
# Snowflake ETL Pipeline Manager: monthly files into Snowflake tables, complete, once, checked.
#
# usage: ./snowflake_etl.sh                          the menu
#        ./snowflake_etl.sh VERB [ARGUMENTS...]      flags may stand before or after the verb
#
# verbs:
#   load           load months (--month 2024-01, last, A..B, all) or files; --resume carries on
#   recover        interrupted and failed loads; --retry RUN, --widen RUN, --clean what dead runs left
#   diagnose       why a job, a run, a log or the last load of a --table failed, and what to do next
#   stage          what lies on the stage: list, clean; performance of past COPYs
#   ledger         what is loaded: list; adopt records rows that were loaded before this tool
#   report         all tables: status, rows, days, gaps, score (text, JSON, CSV, XLSX, HTML)
#   check-file     check files before a load: days, layout, types, keys, own rules; --rejects FILE
#   clean-file     a copy of a file that can be loaded, and the rows that cannot with their reasons
#   sample         look into a file: rows, columns, types, dates, a configuration for it; --all
#   browse         look through folders, preview, choose; gives the command for what was chosen
#   compare        two files (--file A --with B): the same, or which rows and columns differ; --quick
#   compress       numbered parts with manifest and checksums, for load --from-parts on another host
#   validate       check tables (--table, --month, --days): every day there, no strange one
#   duplicates     keys in several rows of tables or a --file; --key, --show N, --delete-sql
#   history        past runs and checks; diff: what changed since the check before
#   metrics        for a monitor: last loads, age of data, jobs, scheduled runs (Prometheus)
#   schedule       crontab lines or systemd units that start a command regularly; installs nothing
#   drop-month     delete months from tables: --dry-run shows, --yes --expect-rows N or a typed answer
#   restore-month  bring a dropped or replaced month back; --list shows what can be restored
#   local          the embedded warehouse: start, stop, status, sql, reset
#   table-info     a table: columns against the configuration, size, grants, loads, namesakes
#   doctor         try all that a load needs, from Python to COPY; --setup-sql: the script for a DBA
#   notify         notices: list and test the targets, silent tables and lost jobs, send again
#   prune          logs, ended jobs and history beyond the limits of the section logs; --dry-run
#   config         look at configurations: show, validate, target; generate entries from files
#   jobs           background jobs: list, show, log, follow, cancel, rerun, compare, move, wait ...
#   setup          make or repair the Python environment; --wheelhouse DIR without a network
#   help           this text; VERB --help tells the flags of a verb
#
# flags:
#   --config FILE    the configuration; alone it opens the menu with it
#   --background     run as a job that survives the terminal; prints the job's id
#   --version        the version
#
# environment:
#   ETL_UI=dialog|whiptail|plain    how the menu asks (else the first that there is)
#   ETL_STATE_DIR=DIR               where jobs, logs and the embedded warehouse are kept
#   ETL_CONFIG=FILE                 the configuration, unless --config names one
#   NO_COLOR=1                      no colours
#
# exit codes: 0 ok, 1 unexpected, 2 usage, 3 configuration, 4 connection, 5 warehouse or SQL,
#   6 ran fine and found problems, 7 refused, 130 and 143 stopped

# Verbs and menus are in lib/: this file finds them, reads the first words and hands over.

_etl_root() { # sets ETL_ROOT to the folder of this script, following links
  local path=${BASH_SOURCE[0]} target
  while [[ -L $path ]]; do
    target=$(readlink -- "$path") || break
    [[ $target == /* ]] || target=${path%/*}/$target
    path=$target
  done
  [[ $path == */* ]] || path=./$path
  path=${path%/*}
  case $path in
    .) path=$PWD ;;
    /*) ;;
    *) path=$(cd -- "$path" && pwd) || return ;;
  esac
  ETL_ROOT=$path
}

_etl_source() { # sources the libraries, lowest layer first
  local name
  for name in core colors settings month setup ui jobs log_viewer actions; do
    # shellcheck source=/dev/null
    source "$ETL_ROOT/lib/$name.sh" || return
  done
}

_etl_source_menus() { # sources all screens, after what they share
  local path
  # shellcheck source-path=SCRIPTDIR source=lib/menus/screen.sh
  source "$ETL_ROOT/lib/menus/screen.sh" || return
  for path in "$ETL_ROOT"/lib/menus/*.sh; do
    # shellcheck source=/dev/null
    [[ $path == */screen.sh ]] || source "$path" || return
  done
}

_etl_help() { # prints the comment at the head of this file; an installed package has another command name
  local line program=./snowflake_etl.sh
  [[ ! -e $ETL_ROOT/.installed ]] || program=snowflake-etl
  local text=''
  local -i number=0
  while IFS= read -r line; do
    ((++number > 1)) || continue
    [[ $line == '#'* ]] || break
    line=${line#\#}
    text+=${line# }$'\n'
  done <"$ETL_ROOT/snowflake_etl.sh"
  # In one write, so that a failure is reported once.
  printf '%s' "${text//.\/snowflake_etl.sh/"$program"}"
}

_etl_version() { # prints the version of the Python package
  local line
  while IFS= read -r line; do
    [[ $line == 'version = '* ]] || continue
    line=${line#*\"}
    printf 'snowflake_etl %s\n' "${line%\"*}"
    return 0
  done <"$ETL_ROOT/pyproject.toml"
}

_etl_split() { # <words...>: sets ETL_VERB and ETL_ARGUMENTS; shared flags may stand before the verb
  local -a before=()
  ETL_VERB=''
  while (($# > 0)); do
    case $1 in
      --config | --environment | --set | --base-path | --month | --days | --file | --table | --qc | --mode | --output | --format)
        before+=("${@:1:2}")
        shift $(($# > 1 ? 2 : 1))
        ;;
      -*)
        before+=("$1")
        shift
        ;;
      *)
        # A verb's own flags are not known here: a word after a flag and before the verb is the flag's value unless it is a verb.
        if [[ ${before[*]: -1} == --* && $1 != help ]] && ! actions_is_verb "$1" && _etl_has_verb "${@:2}"; then
          before+=("$1")
          shift
          continue
        fi
        ETL_VERB=$1
        shift
        break
        ;;
    esac
  done
  # After the rest, where subcommands look for flags, but before a --, after which all is data.
  if [[ " $* " == *' -- '* ]]; then
    ETL_ARGUMENTS=("${before[@]}" "$@")
  else
    ETL_ARGUMENTS=("$@" "${before[@]}")
  fi
}

_etl_has_verb() { # <words...>: whether one of them is a verb; after -- there is only data
  local word
  for word in "$@"; do
    [[ $word != -- ]] || return 1
    ! actions_is_verb "$word" || return 0
  done
  return 1
}

_etl_without_verb() { # <flags...>: handles help and version, opens the menu, or reports a usage error
  case "$#:${1:-}" in
    0:) _etl_menu '' ;;
    *:-h | *:--help) _etl_help ;;
    1:--version) _etl_version ;;
    2:--config) _etl_menu "$2" ;;
    1:--config=*) _etl_menu "${1#*=}" ;;
    *)
      actions_verbs
      core_program
      core_error "A verb is missing before or after '$*'. Verbs: ${ACTIONS_VERBS[*]}. See: $REPLY --help"
      return "$ETL_EXIT_USAGE"
      ;;
  esac
}

_etl_menu() { # <configuration or ''>: runs the menu; Ctrl-C ends what is on the screen, not the menu
  core_init || return
  _etl_source_menus || return
  [[ -z $1 ]] || actions_config_use "$1" || return
  trap ui_interrupt INT
  menus_main
}

_etl_end() { # <exit code> <words...>: ends, printing our own error as a document too if one was asked for
  [[ -z ${CORE_SAID:-} || $1 == 0 ]] || core_error_document "$@"
  exit "$1"
}

_etl_main() {
  local -a ETL_ARGUMENTS
  local ETL_VERB
  _etl_root && _etl_source || return 1
  _etl_split "$@"
  if [[ $ETL_VERB == help ]]; then
    ETL_VERB=${ETL_ARGUMENTS[0]:-}
    ETL_ARGUMENTS=(--help)
  fi
  if [[ -z $ETL_VERB ]]; then
    _etl_without_verb "${ETL_ARGUMENTS[@]}"
    return
  fi
  actions_check_verb "$ETL_VERB" || return
  core_init || return
  actions_run_verb "$ETL_VERB" "${ETL_ARGUMENTS[@]}"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -u
  _etl_main "$@"
  _etl_end "$?" "$@"
fi
