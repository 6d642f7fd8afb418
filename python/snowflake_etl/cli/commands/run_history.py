"""``history``: past runs and checks, and what has changed since the check before (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver, where_all_is
from snowflake_etl.cli.terminal import ascii_table, short_names
from snowflake_etl.errors import ExitCode, FileError, UsageError
from snowflake_etl.month import ALL_MONTHS, HOW_TO_WRITE_MONTHS
from snowflake_etl.plural import counted
from snowflake_etl.reports.check_text import fitted

if TYPE_CHECKING:
    from snowflake_etl.operations.checks.history import Selection
    from snowflake_etl.results_history import HistoryResult, PastEntry

DESCRIPTION = "List past runs and checks, or compare the last check of a table and month with the one before."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "diff", "show"), default="list", help="what to do (default: list)"
    )
    parser.add_argument("check", nargs="?", type=int, metavar="ID", help="with show: the number of a check")
    parser.add_argument("--table", metavar="TABLE", help="only this table")
    parser.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    parser.add_argument("--audit", action="store_true", help="what was dropped, restored or refused here, and by whom")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most the N newest (default: 50)")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.checks import history

    arguments = context.arguments
    if arguments.audit:
        return _audit(context)
    if (arguments.action == "show") != (arguments.check is not None):
        raise UsageError("The number of a check goes with show, and show needs one: history show 12.")
    try:
        if arguments.action == "show":
            result = history.show_check(context.state_directory, arguments.check)
        elif arguments.action == "diff":
            result = history.compare_checks(context.state_directory, _selection(context))
        else:
            result = history.list_entries(context.state_directory, _selection(context))
    except sqlite3.DatabaseError as error:
        raise FileError(
            f"The history in {context.state_directory / 'runs.sqlite'} cannot be read: {error}. Move it away: the "
            f"next load or check starts a new one."
        ) from error
    _show(context, result)
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _audit(context: Context) -> ExitCode:
    """The audit log of this state folder, oldest first; for a start without an end the warehouse's log has the
    answer.
    """
    from snowflake_etl.history import audit_file

    arguments = context.arguments
    if arguments.action != "list":
        raise UsageError(f"--audit lists the audit log: leave '{arguments.action}' out.")
    selection = _selection(context)
    entries = [
        entry
        for entry in audit_file.entries(context.state_directory)
        if selection.takes(str(entry.get("table")), str(entry.get("month")), str(entry.get("target", "")))
    ][-arguments.limit :]
    if entries:
        headings = ("when (UTC)", "what", "outcome", "month", "rows")
        table = ascii_table(headings, list(map(_audit_row, entries)), list(map(_whose, entries)))
        context.say("\n".join(fitted(table.splitlines(), context.width)))
    message = f"{counted(len(entries), 'audit entry')}."
    context.say(message)
    deliver(context, {"status": "ok", "entries": entries, "message": message})
    return ExitCode.OK


def _audit_row(entry: dict[str, Any]) -> tuple[str, ...]:
    rows = entry.get("rows", entry.get("rows_in", ""))
    if entry.get("outcome") == "planned":
        rows = entry.get("rows_counted", "")
    when = str(entry.get("at"))[:19].replace("T", " ")
    facts = (entry.get("verb"), entry.get("outcome"), entry.get("month"))
    return (when, *map(str, facts), f"{rows:,}" if isinstance(rows, int) else "")


def _whose(entry: dict[str, Any]) -> str:
    return f"{entry.get('table')}, by {entry.get('who')} on {entry.get('host')}, run {entry.get('run_id')}"


def _selection(context: Context) -> Selection:
    """What the flags ask for; naming a configuration restricts it to its target."""
    from snowflake_etl.config.places import today
    from snowflake_etl.month import parse_months
    from snowflake_etl.operations.checks.history import Selection

    arguments = context.arguments
    if arguments.limit < 1:
        raise UsageError(f"--limit takes 1 or more, not {arguments.limit}.")
    month = arguments.month
    months = None if month is None or month.strip().lower() == ALL_MONTHS else parse_months(month, today())
    target = context.configuration.configuration.snowflake.target if arguments.config else None
    return Selection(arguments.table, months, target, arguments.limit)


def _rows(entries: Sequence[PastEntry]) -> list[tuple[str, ...]]:
    short = short_names(entry.table for entry in entries)
    return [
        (
            entry.at[:16].replace("T", " "),
            entry.what,
            short[entry.table],
            entry.days,
            "" if entry.rows is None else f"{entry.rows:,}",
            # Errors before warnings: the worst is enough here.
            entry.status.split(",")[0],
            "" if entry.check_id is None else str(entry.check_id),
        )
        for entry in entries
    ]


def _show(context: Context, result: HistoryResult) -> None:
    from snowflake_etl.reports.history_text import check_text, comparison_text

    all_of_it = where_all_is(context)
    if result.entries:
        context.say(ascii_table(("when (UTC)", "what", "table", "days", "rows", "status", "id"), _rows(result.entries)))
    for detail in result.checks:
        context.say(check_text(detail, all_of_it, context.width))
    for comparison in result.comparisons:
        context.say(comparison_text(comparison, all_of_it, context.width))
    context.say(result.message)
