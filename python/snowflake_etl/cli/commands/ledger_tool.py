"""``ledger``: what is loaded, and adopting rows that were loaded before this tool was in use (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags, confirmed
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.month import ALL_MONTHS, HOW_TO_WRITE_MONTHS
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.operations.adopt import AdoptResult
    from snowflake_etl.warehouse.ledger import LedgerRow

DESCRIPTION = "List what is loaded, or record (adopt) rows that were loaded before this tool."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "adopt"), help="what to do")
    parser.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    parser.add_argument("--table", metavar="TABLE", help="only this table")
    adopting = parser.add_argument_group("with adopt")
    adopting.add_argument(
        "--file", action="append", type=Path, metavar="FILE", help="the file that the rows came from (may be repeated)"
    )
    adopting.add_argument("--base-path", type=Path, metavar="DIR", help="where the files are, instead of base_path")
    adopting.add_argument(
        "--without-file", action="store_true", help="record only the row counts: the content stays unknown"
    )
    adopting.add_argument("--dry-run", action="store_true", help="show what would be recorded, record nothing")
    adopting.add_argument("--yes", action="store_true", help="do not ask")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    if arguments.action == "list":
        for name in ("file", "base_path", "without_file", "dry_run"):
            if getattr(arguments, name):
                raise UsageError(f"--{name.replace('_', '-')} goes with adopt only.")
        return _list(context)
    return _adopt(context)


def _list(context: Context) -> ExitCode:
    rows = _rows(context)
    for row in rows:
        context.say("\n".join(_lines(row)))
    live = [row for row in rows if row.state == "live"]
    loaded = counted(sum(row.row_count for row in live), "row")
    message = f"{counted(len(live), 'live file')} with {loaded}; {len(rows)} in the ledger."
    context.say(message)
    context.answer({"status": "ok", "rows": [dataclasses.asdict(row) for row in rows], "message": message})
    return ExitCode.OK


def _lines(row: LedgerRow) -> Iterator[str]:
    """What is loaded, from which file, when and by whom, each on a separate line: names and hashes are long."""
    days = f", {row.first_day}..{row.last_day}" if row.first_day else ""
    month = f" {row.month}" if row.month else ""
    yield f"{row.state}: {row.table_name}{month}, {counted(row.row_count, 'row')}{days}"
    yield f"  {row.file_name}, content {row.content_hash or 'not known'}"
    yield f"  {row.mode} {row.published_at:%Y-%m-%d %H:%M} UTC by {row.loaded_by} on {row.host}"


def _rows(context: Context) -> list[LedgerRow]:
    """The ledger's rows that the flags ask for; none if there is no ledger yet."""
    from snowflake_etl.config.places import today
    from snowflake_etl.month import parse_months
    from snowflake_etl.operations.ledger_list import ledger_rows

    text = context.arguments.month
    wanted = None if text is None or text.strip().lower() == ALL_MONTHS else parse_months(text, today())
    months = None if wanted is None else {str(month) for month in wanted}
    configuration = context.configuration.configuration
    return ledger_rows(configuration, context.warehouse, context.arguments.table, months)


def _adopt(context: Context) -> ExitCode:
    arguments = context.arguments
    if arguments.without_file:
        if arguments.file or not arguments.month:
            raise UsageError("--without-file records the rows of a --month; a --file would be read.")
        results = _adopt_counts(context)
    else:
        if bool(arguments.month) == bool(arguments.file):
            raise UsageError("Say which rows to record with either --month or --file.")
        results = _adopt_files(context)
    documents = [dataclasses.asdict(result) for result in results]
    context.answer(documents[0] if len(documents) == 1 else documents)
    return ExitCode(max(result.exit_code for result in results))


def _adopt_files(context: Context) -> list[AdoptResult]:
    from snowflake_etl.cli.load_orders import planned_orders
    from snowflake_etl.operations.adopt import adopt_files

    configuration = context.configuration.configuration
    results = []
    for order in planned_orders(context):
        result = adopt_files(order.planned, configuration, context.warehouse, _consent(context), context.progress)
        results.append(_shown(context, result))
    return results


def _adopt_counts(context: Context) -> list[AdoptResult]:
    from snowflake_etl.config.places import today
    from snowflake_etl.month import parse_months
    from snowflake_etl.operations.adopt import adopt_counts

    loaded, wanted = context.configuration, context.arguments.table
    entries = {
        entry.table_name: entry
        for entry in loaded.configuration.files
        if wanted is None or entry.table_name.upper() == wanted.upper()
    }
    if len(entries) != 1:
        known = ", ".join(dict.fromkeys(entry.table_name for entry in loaded.configuration.files))
        raise UsageError(f"Name one table of {loaded.path} with --table. It has: {known}.")
    (entry,) = entries.values()
    results = []
    for month in parse_months(context.arguments.month, today()):
        result = adopt_counts(entry, month, loaded.configuration, context.warehouse, _consent(context))
        results.append(_shown(context, result))
    return results


def _consent(context: Context) -> Callable[[str], bool] | None:
    """The function that asks whether to record; None to record nothing."""
    return None if context.arguments.dry_run else lambda text: _confirmed(context, text)


def _confirmed(context: Context, text: str) -> bool:
    if context.arguments.yes or not context.is_interactive:
        # Whoever is asked reads it in the question.
        context.say(text)
    return confirmed(context, f"{text}\nGo on?")


def _shown(context: Context, result: Any) -> Any:
    context.close()
    for difference in result.differences:
        context.say(f"  differs: {difference.message}")
    context.say(f"{result.status}: {result.message}")
    return result
