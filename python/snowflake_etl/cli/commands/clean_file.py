"""``clean-file``: a loadable copy of a dirty file, and the rows that cannot be loaded (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver, where_all_is
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection
    from snowflake_etl.operations.cleaning.clean_file import CleanResult
    from snowflake_etl.operations.cleaning.column_types import Types

DESCRIPTION = "Write a copy of a file that can be loaded, and a list of the rows that cannot, with the reasons."
EPILOG = "exit code 6: rows were rejected.  Running it again writes the same files and leaves others alone."
REASONS_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument(
        "--file", type=Path, required=True, metavar="FILE", help="the file to clean (plain, gz, zst, bz2)"
    )
    parser.add_argument("--table", metavar="TABLE", help="the table of the configuration that says how it is read")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="the copy, compressed as its name says (default: clean/NAME beside the file)",
    )
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="the rejected rows (default: COPY.rejects.tsv)")
    parser.add_argument(
        "--types",
        choices=("config", "table", "none"),
        help="column types: create_table of the configuration, the table as it is now, or none: layout alone "
        "(default: table with --table, else config, and nobody signs in)",
    )
    parser.add_argument(
        "--duplicates", action="store_true", help="reject rows whose key is NULL or occurs in an earlier row"
    )
    parser.add_argument("--key", metavar="A,B", help="key columns for --duplicates, instead of duplicate_key_columns")
    parser.add_argument("--force", action="store_true", help="overwrite files that clean-file did not write")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.checked_files import named_files
    from snowflake_etl.operations.cleaning.clean_file import CleanRequest, clean_file

    arguments, loaded = context.arguments, context.configuration
    if arguments.key and not arguments.duplicates:
        raise UsageError("--key goes with --duplicates only.")
    entry = named_files(loaded, [arguments.file], arguments.table)[0].entry
    request = CleanRequest(arguments.file, arguments.to, arguments.rejects, _key(context, entry), force=arguments.force)
    types = _types(context, entry)
    result = clean_file(request, entry, types, loaded, context.state_directory, context.progress)
    context.close()
    _show(context, result)
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _key(context: Context, entry: FileSection) -> tuple[str, ...] | None:
    arguments = context.arguments
    if not arguments.duplicates:
        return None
    key = tuple(name.strip() for name in (arguments.key or "").split(",") if name.strip())
    key = key or entry.duplicate_key_columns
    if not key:
        raise UsageError("--duplicates needs a key: set duplicate_key_columns in the configuration, or give --key A,B.")
    return key


def _types(context: Context, entry: FileSection) -> Types:
    from snowflake_etl.operations.cleaning.column_types import NO_TYPES, types_of_configuration, types_of_table

    chosen = context.arguments.types or ("table" if context.arguments.table else "config")
    if chosen == "none":
        return NO_TYPES
    if chosen == "table":
        return types_of_table(entry, context.configuration.configuration, context.warehouse)
    return types_of_configuration(entry, context.configuration.path)


def _show(context: Context, result: CleanResult) -> None:
    for note in result.notes:
        context.say(f"  note: {note}")
    if result.reasons:
        shown = list(result.reasons.items())[:REASONS_SHOWN]
        context.say(ascii_table(("rows", "reason"), [(f"{rows:,}", reason) for reason, rows in shown]))
        if len(result.reasons) > len(shown):
            context.say(f"  {len(result.reasons) - len(shown)} more reasons: all of them {where_all_is(context)}")
    context.say(f"{result.status}: {result.message}")
