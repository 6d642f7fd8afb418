"""``compare``: compare two files (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.layout_flags import add_layout_flags, layout_wishes_of
from snowflake_etl.cli.results import add_output_flag, deliver, refuse_over_inputs, where_all_is
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake_etl.operations.file_tools.compare import CompareWishes, OnDifference
    from snowflake_etl.results_files import CompareResult, RowDifference

DESCRIPTION = "Compare two files: layout, columns, and which rows were removed, added or changed."
EPILOG = "exit code 0: the same rows; 6: differences.  --quick reads both once and says only whether they are the same."
HEADINGS = ("difference", "key", "column", "value", "value_with")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument("--file", type=Path, required=True, metavar="FILE", help="the first file (plain, gz, zst, bz2)")
    parser.add_argument("--with", type=Path, required=True, metavar="FILE", dest="other", help="the second file")
    parser.add_argument("--table", metavar="TABLE", help="the table of the configuration that says how both are read")
    how = parser.add_argument_group("how to compare")
    how.add_argument("--key", metavar="A,B", help="columns that identify a row, instead of duplicate_key_columns")
    how.add_argument("--quick", action="store_true", help="only whether they are the same: by size and content hash")
    how.add_argument("--show", type=int, default=5, metavar="N", help="show N rows of each kind of difference")
    how.add_argument(
        "--differences", type=Path, metavar="FILE", help="write every difference to a CSV file (mode 0600)"
    )
    add_layout_flags(parser)
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.file_tools.compare import CompareWishes, refuse_same
    from snowflake_etl.reports.compare_text import compare_text

    arguments = context.arguments
    if arguments.show < 0:
        raise UsageError(f"--show takes a number from 0, not {arguments.show}.")
    if arguments.quick and arguments.differences:
        raise UsageError("--quick compares no rows: leave --differences out.")
    refuse_same((arguments.file, arguments.other))
    refuse_over_inputs(context, arguments.file, arguments.other)
    key = tuple(name.strip() for name in (arguments.key or "").split(",") if name.strip())
    wishes = CompareWishes(key, arguments.quick, arguments.show, layout_wishes_of(arguments))
    result = _with_differences(context, wishes) if arguments.differences else _result(context, wishes, None)
    context.close()
    context.say(compare_text(result, where_all_is(context)))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _result(context: Context, wishes: CompareWishes, on_difference: OnDifference | None) -> CompareResult:
    from snowflake_etl.operations.file_tools.compare import compare
    from snowflake_etl.operations.file_tools.looking import entry_of

    arguments, loaded = context.arguments, context.configuration
    # If the first one's name says nothing, the second's may.
    entry = entry_of(arguments.file, loaded, arguments.table) or entry_of(arguments.other, loaded, arguments.table)
    return compare(
        (arguments.file, arguments.other),
        entry,
        loaded,
        context.state_directory,
        dataclasses.replace(wishes, on_difference=on_difference),
        context.progress,
    )


def _with_differences(context: Context, wishes: CompareWishes) -> CompareResult:
    from snowflake_etl.reports.rejects_csv import RejectsFile

    with RejectsFile(context.arguments.differences, HEADINGS) as rows:

        def on_difference(row: RowDifference, names: Sequence[str]) -> None:
            key = " | ".join(_text(value) for value in row.key)
            for column, one, two in row.changes:
                rows.write(row.kind, key, column, _text(one), _text(two))
            if not row.changes:
                text = " | ".join(_text(value) for value in row.values)
                one, two = (text, "") if row.kind == "removed" else ("", text)
                rows.write(row.kind, key, counted(len(names), "column"), one, two)

        result = _result(context, wishes, on_difference)
    return dataclasses.replace(result, differences_file=str(context.arguments.differences))


def _text(value: str | None) -> str:
    return "NULL" if value is None else value
