"""``table-info``: what a table is, who may do what with it, what was loaded (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection

DESCRIPTION = "Show all about tables: columns compared with the configuration, size, grants, last loads, namesakes."
_DEFAULT_LOADS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--table",
        action="append",
        default=[],
        metavar="TABLE",
        help="a table, in the configuration or not (may be repeated; default: all in the configuration)",
    )
    parser.add_argument(
        "--loads", type=int, default=_DEFAULT_LOADS, metavar="N", help=f"the newest N loads (default {_DEFAULT_LOADS})"
    )
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.table_info import table_info
    from snowflake_etl.reports.table_info_text import table_info_text

    if context.arguments.loads < 0:
        raise UsageError(f"--loads takes a number from 0, not {context.arguments.loads}.")
    result = table_info(
        _subjects(context), context.configuration.configuration, context.warehouse, context.arguments.loads
    )
    context.say(table_info_text(result, ascii_table, context.width))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _subjects(context: Context) -> list[tuple[str, FileSection | None]]:
    """The requested tables, each with its entry if the configuration has one."""
    from snowflake_etl.operations.checked_tables import chosen_entries

    loaded = context.configuration
    if not context.arguments.table:
        return [(entry.table_name, entry) for entry in chosen_entries(loaded, [])]
    subjects: list[tuple[str, FileSection | None]] = []
    for text in dict.fromkeys(context.arguments.table):
        try:
            (entry,) = chosen_entries(loaded, [text])
        except UsageError:
            subjects.append((text, None))
        else:
            subjects.append((entry.table_name, entry))
    return subjects
