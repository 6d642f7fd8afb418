"""``drop-month``: remove the rows of a month from a table, with proof (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags, confirmed_by_typing
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.month import ALL_MONTHS, parse_months

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection
    from snowflake_etl.month import Month
    from snowflake_etl.operations.months.drop_month import DropRequest
    from snowflake_etl.results import DropResult

DESCRIPTION = "Delete months from tables: counted, shown, confirmed, in one transaction, and undoable."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("what to drop")
    which.add_argument("--table", action="append", default=[], metavar="TABLE", help="a table (may be repeated)")
    which.add_argument("--all-tables", action="store_true", help="every table of the configuration")
    which.add_argument(
        "--month", metavar="MONTH", help="YYYY-MM (2024-01), MMYYYY, current, last, a list or a range A..B"
    )
    look = parser.add_argument_group("looking first")
    look.add_argument("--dry-run", action="store_true", help="count, and show the statements; delete nothing")
    look.add_argument("--preview", type=int, default=0, metavar="N", help="show the first N rows that would be deleted")
    consent = parser.add_argument_group("consent")
    consent.add_argument("--yes", action="store_true", help="do not ask; needs --expect-rows")
    consent.add_argument("--expect-rows", metavar="N|any", help="rows that may be deleted: what --dry-run counted")
    consent.add_argument("--policies-checked", action="store_true", help="drop despite row access policies")
    copy = parser.add_mutually_exclusive_group()
    copy.add_argument("--safety-copy", action="store_true", help="clone the table first, whatever its Time Travel")
    copy.add_argument("--no-safety-copy", action="store_true", help="rely on the table's Time Travel")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    """Drop each table and month with its own count, question and transaction; a failure ends the sequence."""
    from snowflake_etl.operations.months.drop_month import drop_month

    targets = _targets(context)
    request = _request(context, targets)
    configuration = context.configuration.configuration
    context.say_environment()
    results: list[DropResult] = []
    for entry, month in targets:
        results.append(drop_month(entry, month, configuration, context.warehouse, request))
        context.close()
        context.say(f"{results[-1].status}: {results[-1].message}")
        if results[-1].status == "failed":
            break
    if len(results) < len(targets):
        context.say(f"{len(targets) - len(results)} more were not started.")
    documents = [dataclasses.asdict(result) for result in results]
    deliver(context, documents[0] if len(targets) == 1 else documents)
    return ExitCode(max(result.exit_code for result in results))


def _targets(context: Context) -> list[tuple[FileSection, Month]]:
    from snowflake_etl.config.places import today
    from snowflake_etl.operations.checked_tables import chosen_entries

    arguments = context.arguments
    if bool(arguments.table) == arguments.all_tables:
        raise UsageError("Say what to drop from with either --table or --all-tables.")
    if not arguments.month or arguments.month.strip().lower() == ALL_MONTHS:
        raise UsageError("Say which months to drop with --month, for example 2024-01 or 2024-01..2024-03.")
    entries = chosen_entries(context.configuration, arguments.table)
    return [(entry, month) for entry in entries for month in parse_months(arguments.month, today())]


def _request(context: Context, targets: list[tuple[FileSection, Month]]) -> DropRequest:
    from snowflake_etl.operations.months.audit_trail import refused_beforehand
    from snowflake_etl.operations.months.drop_month import DropRequest

    arguments, expected = context.arguments, context.arguments.expect_rows
    if expected is not None and expected != "any" and not (expected.isascii() and expected.isdigit()):
        raise UsageError(f"--expect-rows takes a number of rows or 'any', not '{expected}'.")
    if expected not in (None, "any") and len(targets) > 1:
        raise UsageError("--expect-rows N counts the rows of one table and month: drop them one by one.")
    if arguments.preview < 0:
        raise UsageError("--preview takes a number of rows.")
    consented = arguments.yes and expected is not None
    if not arguments.dry_run and not context.is_interactive and not consented:
        refused = Refused(
            "Rows would be deleted, and nobody can be asked here. Add --yes and --expect-rows N (what --dry-run "
            "counts) or --expect-rows any."
        )
        meant = [(entry.table_name, str(month)) for entry, month in targets]
        raise refused_beforehand(context.warehouse, str(context.configuration.path), "drop-month", meant, refused)
    return DropRequest(
        confirm=lambda shown, phrase: consented or confirmed_by_typing(context, shown, phrase),
        expect_rows=int(expected) if expected and expected != "any" else expected,
        copy=True if arguments.safety_copy else False if arguments.no_safety_copy else None,
        preview=arguments.preview,
        policies_checked=arguments.policies_checked,
        dry_run=arguments.dry_run,
        config=str(context.configuration.path),
        same_configuration=context.same_configuration,
    )
