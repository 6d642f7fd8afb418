"""``duplicates``: find keys in several rows, in tables or files (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.cli.spans import add_span_flags, asked_spans
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.month import DayRange

if TYPE_CHECKING:
    from snowflake_etl.operations.checks.duplicates import DuplicatesRequest
    from snowflake_etl.results_tables import DuplicatesResult

DESCRIPTION = "Find keys that are in several rows of a table or file: how many, how bad, and the worst of them."
MOST_SHOWN = 1_000

_NAMES = re.compile(r'\s*("(?:[^"]|"")+"|[^,"]+?)\s*(?:,|$)')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where to look")
    where.add_argument(
        "--table",
        action="append",
        default=[],
        metavar="TABLE",
        help="a table of the configuration (default: all). With --file: how files are read, and types of the table",
    )
    where.add_argument(
        "--file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file instead of a table (may be repeated); without --table nobody signs in",
    )
    add_span_flags(where)
    parser.add_argument(
        "--key", action="append", default=[], metavar="A,B", help="key columns, instead of duplicate_key_columns"
    )
    parser.add_argument(
        "--show", type=int, default=10, metavar="N", help=f"how many of the worst keys to show, 0 to {MOST_SHOWN:,}"
    )
    parser.add_argument(
        "--delete-sql", action="store_true", help="print statements that would leave one row of each key; runs nothing"
    )
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.reports.duplicates_text import duplicates_text

    result = _result(context, _request(context))
    context.close()
    context.say(duplicates_text(result, context.width))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _request(context: Context) -> DuplicatesRequest:
    from snowflake_etl.operations.checks.duplicates import DuplicatesRequest

    arguments = context.arguments
    if not 0 <= arguments.show <= MOST_SHOWN:
        raise UsageError(f"--show takes 0 to {MOST_SHOWN:,}, not {arguments.show}.")
    if arguments.file and arguments.delete_sql:
        raise UsageError("--delete-sql is for tables; rows of a file are corrected at its source.")
    if arguments.file and len(arguments.table) > 1:
        raise UsageError("One --table says how the files are read, not several.")
    key = tuple(name for text in arguments.key for name in _key_names(text))
    return DuplicatesRequest(key, tuple(_joined(asked_spans(arguments))), arguments.show, arguments.delete_sql)


def _result(context: Context, request: DuplicatesRequest) -> DuplicatesResult:
    from snowflake_etl.operations.checked_tables import chosen_entries

    arguments, loaded = context.arguments, context.configuration
    if arguments.file:
        from snowflake_etl.operations.checks.duplicates_file import duplicates_in_files

        entry = chosen_entries(loaded, arguments.table)[0] if arguments.table else None
        return duplicates_in_files(arguments.file, entry, request, loaded, context.warehouse, context.progress)
    from snowflake_etl.operations.checks.duplicates import duplicates_in_tables

    entries = chosen_entries(loaded, arguments.table)
    return duplicates_in_tables(entries, request, loaded.configuration, context.warehouse, context.progress)


def _key_names(text: str) -> Sequence[str]:
    """``A,"b c",D`` as three names; a quoted one may hold commas."""
    names = _NAMES.findall(text)
    if not names or _NAMES.sub("", text):
        raise UsageError(f"--key takes names of columns with commas between them, not '{text}'.")
    return list(names)


def _joined(spans: Sequence[DayRange | None]) -> list[DayRange | None]:
    """Join neighbouring months: a key may be in both."""
    joined: list[DayRange | None] = []
    for span in spans:
        last = joined[-1] if joined else None
        if span and last and last.after == span.first:
            joined[-1] = DayRange(last.first, span.last)
        else:
            joined.append(span)
    return joined
