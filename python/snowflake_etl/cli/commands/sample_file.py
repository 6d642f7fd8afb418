"""``sample``: examine a file (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.layout_flags import add_layout_flags, layout_wishes_of
from snowflake_etl.cli.results import add_output_flag, deliver, refuse_over_inputs, where_all_is
from snowflake_etl.errors import ExitCode, UsageError

DESCRIPTION = "Look into a file: rows, columns, types, NULLs, dates, and a configuration for it. Sends nothing."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, required=True, metavar="FILE", help="the file (plain, gz, zst, bz2)")
    parser.add_argument("--table", metavar="TABLE", help="the table of the configuration that says how it is read")
    how = parser.add_argument_group("how much of it")
    how.add_argument("--rows", type=int, metavar="N", help="look at the first N rows (default 10000)")
    how.add_argument("--all", action="store_true", help="look at every row: exact numbers")
    how.add_argument("--show", type=int, default=3, metavar="N", help="print the first N rows (default 3, at most 500)")
    add_layout_flags(parser)
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.file_tools.looking import entry_of
    from snowflake_etl.operations.file_tools.sample import SampleWishes, sample
    from snowflake_etl.reports.sample_text import sample_text

    arguments = context.arguments
    if arguments.all and arguments.rows is not None:
        raise UsageError("Say either --rows N or --all.")
    for name, least in (("rows", 1), ("show", 0)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} takes a number from {least}, not {value}.")
    refuse_over_inputs(context, arguments.file)
    wishes = SampleWishes(
        None if arguments.all else arguments.rows or SampleWishes().rows, arguments.show, layout_wishes_of(arguments)
    )
    entry = entry_of(arguments.file, context.configuration, arguments.table)
    result = sample(arguments.file, entry, context.configuration, context.state_directory, wishes, context.progress)
    context.close()
    context.say(sample_text(result, where_all_is(context)))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)
