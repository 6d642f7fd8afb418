"""``clean-file``: a loadable copy of a dirty file, and the rows that cannot be loaded (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver, where_all_is
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ConfigError, ExitCode, UsageError

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection
    from snowflake_etl.operations.clean_file import CleanResult
    from snowflake_etl.operations.cleaning.column_types import Types

DESCRIPTION = "Write a copy of a file that can be loaded, and the rows that cannot with their reasons."
EPILOG = "exit code 6: rows were rejected.  Run again it writes the same files; what it did not write it leaves alone."
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
        help="the copy, packed as its name says (default: clean/NAME beside the file)",
    )
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="the rejected rows (default: COPY.rejects.tsv)")
    parser.add_argument(
        "--types",
        choices=("config", "table", "none"),
        help="column types: create_table of the configuration, the live table, or layout alone "
        "(default: config where it has them, else table)",
    )
    parser.add_argument(
        "--duplicates", action="store_true", help="reject rows whose key stands in an earlier row, or is NULL"
    )
    parser.add_argument("--key", metavar="A,B", help="key columns for --duplicates, instead of duplicate_key_columns")
    parser.add_argument("--force", action="store_true", help="write over files that clean-file did not write")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.clean_file import CleanRequest, clean_file, entry_for

    arguments, loaded = context.arguments, context.configuration
    if arguments.key and not arguments.duplicates:
        raise UsageError("--key goes with --duplicates only.")
    entry = entry_for(arguments.file, loaded, arguments.table)
    request = CleanRequest(arguments.file, arguments.to, arguments.rejects, _key(context, entry), force=arguments.force)
    types = _types(context, entry)
    result = clean_file(request, entry, types, loaded, context.state_directory, context.progress)
    context.close()
    _show(context, result)
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _key(context: Context, entry: FileSection | None) -> tuple[str, ...] | None:
    arguments = context.arguments
    if not arguments.duplicates:
        return None
    key = tuple(name.strip() for name in (arguments.key or "").split(",") if name.strip())
    key = key or (entry.duplicate_key_columns if entry else ())
    if not key:
        raise UsageError("--duplicates needs a key: set duplicate_key_columns in the configuration, or give --key A,B.")
    return key


def _types(context: Context, entry: FileSection | None) -> Types:
    from snowflake_etl.operations.cleaning.column_types import NO_TYPES, types_of_configuration, types_of_table

    chosen, loaded = context.arguments.types, context.configuration
    if chosen == "none" or (entry is None and chosen is None):
        return NO_TYPES
    if entry is None:
        raise UsageError("No pattern of the configuration fits the file's name. Say with --table whose types it has.")
    if chosen == "config" and not entry.create_table:
        raise ConfigError(f"{loaded.path} has no create_table for {entry.table_name}. Add it, or use --types table.")
    if chosen != "table" and entry.create_table:
        return types_of_configuration(entry)
    return types_of_table(entry, loaded.configuration, context.warehouse)


def _show(context: Context, result: CleanResult) -> None:
    for note in result.notes:
        context.say(f"  note: {note}")
    if result.reasons:
        shown = list(result.reasons.items())[:REASONS_SHOWN]
        context.say(ascii_table(("rows", "reason"), [(f"{rows:,}", reason) for reason, rows in shown]))
        if len(result.reasons) > len(shown):
            context.say(f"  {len(result.reasons) - len(shown)} more reasons: all of them {where_all_is(context)}")
    context.say(f"{result.status}: {result.message}")
