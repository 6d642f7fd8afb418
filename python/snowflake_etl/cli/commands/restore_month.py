"""``restore-month``: restore what drop-month or a replace removed (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags, asked_for_yes, confirmed
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.operations.months.restorable import Restorable
    from snowflake_etl.operations.months.restore_month import RestoreRequest

_WENT = {"restored": "taken out by a restore"}
DESCRIPTION = "Bring back a month that was dropped or replaced, into the same table; list what can be brought back."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("what to do")
    which.add_argument("--list", action="store_true", help="list deletions, and until when each can be restored")
    which.add_argument("--drop-copies", action="store_true", help="drop safety copies (see --older-than)")
    which.add_argument("--table", metavar="TABLE", help="the table")
    which.add_argument("--month", metavar="MONTH", help="the month, for example 2024-01")
    which.add_argument(
        "--run", metavar="RUN", default="", help="the deletion by that run (default: the month's last one)"
    )
    how = parser.add_argument_group("how to do it")
    how.add_argument("--older-than", default="14d", metavar="DAYS", help="with --drop-copies: age in days (14d)")
    how.add_argument(
        "--mode",
        choices=("append", "replace"),
        default="append",
        help="replace deletes the rows that the days have now (which can be restored in turn)",
    )
    how.add_argument("--allow-existing", action="store_true", help="add the rows to those that the days have now")
    how.add_argument("--dry-run", action="store_true", help="show counts and statements; touch nothing")
    how.add_argument("--yes", action="store_true", help="do not ask")
    how.add_argument(
        "--expect-rows", metavar="N|any", help="with --mode replace and --yes: how many rows may be deleted"
    )
    how.add_argument("--policies-checked", action="store_true", help="restore despite masking policies")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    if arguments.list and arguments.drop_copies:
        raise UsageError("--list and --drop-copies are two different things.")
    if arguments.list:
        return _list(context)
    if arguments.drop_copies:
        return _drop_copies(context)
    if not (arguments.table and arguments.month):
        raise UsageError("Say what to restore with --table and --month; --list shows what there is.")
    return _restore(context)


def _restore(context: Context) -> ExitCode:
    from snowflake_etl.config.places import today
    from snowflake_etl.month import parse_month
    from snowflake_etl.operations.checked_tables import chosen_entries
    from snowflake_etl.operations.months.restore_month import restore_month

    arguments = context.arguments
    (entry,) = chosen_entries(context.configuration, [arguments.table])
    context.say_environment()
    result = restore_month(
        entry,
        parse_month(arguments.month, today()),
        context.configuration.configuration,
        context.warehouse,
        _request(context),
    )
    context.close()
    context.say(f"{result.status}: {result.message}")
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _request(context: Context) -> RestoreRequest:
    from snowflake_etl.operations.months.restore_month import RestoreRequest
    from snowflake_etl.operations.situation import Mode

    arguments, expected = context.arguments, context.arguments.expect_rows
    if expected is not None and expected != "any" and not (expected.isascii() and expected.isdigit()):
        raise UsageError(f"--expect-rows takes a number of rows or 'any', not '{expected}'.")
    replaces = Mode(arguments.mode) is Mode.REPLACE
    consented = arguments.yes and (expected is not None or not replaces)
    if not (arguments.dry_run or context.is_interactive or consented):
        raise _refused(
            context,
            "A restore with --mode replace takes rows out, and nobody can be asked here. Add --yes and --expect-rows N "
            "(the rows out that --dry-run counts) or --expect-rows any."
            if replaces
            else "A restore writes rows, and nobody can be asked here. Look with --dry-run, then add --yes.",
        )

    def confirm(shown: str, rows_go: bool) -> bool:
        if rows_go and not consented:
            return asked_for_yes(context, f"{shown}\nGo on?")
        return confirmed(context, f"{shown}\nGo on?")

    return RestoreRequest(
        confirm=confirm,
        run_id=arguments.run,
        mode=Mode(arguments.mode),
        allow_existing=arguments.allow_existing,
        policies_checked=arguments.policies_checked,
        dry_run=arguments.dry_run,
        expect_rows=int(expected) if expected and expected != "any" else expected,
        config=str(context.configuration.path),
    )


def _refused(context: Context, sentence: str) -> Refused:
    from snowflake_etl.operations.months.audit_trail import refused_beforehand

    meant = [(context.arguments.table, context.arguments.month)]
    return refused_beforehand(
        context.warehouse, str(context.configuration.path), "restore-month", meant, Refused(sentence)
    )


def _list(context: Context) -> ExitCode:
    from snowflake_etl.config.places import today
    from snowflake_etl.month import parse_months
    from snowflake_etl.operations.checks.history import Selection
    from snowflake_etl.operations.months.restore_month import list_deletions

    table, month = context.arguments.table, context.arguments.month
    selection = Selection(table, parse_months(month, today()) if month else None)
    found = list_deletions(context.configuration.configuration, context.warehouse)
    wanted = [one for one in found if selection.takes(one.table, one.month)]
    for one in wanted:
        context.say("\n".join(_lines(one)))
    ready = sum(bool(one.source) and not one.restored_by for one in wanted)
    message = f"{counted(len(wanted), 'deletion')}, {ready} of which can be restored."
    context.say(message)
    documents = [dataclasses.asdict(one) for one in wanted]
    deliver(context, {"status": "ok", "deletions": documents, "message": message})
    return ExitCode.OK


def _lines(one: Restorable) -> Iterator[str]:
    """What was removed, and what it can be restored from, each on a separate line: names are long."""
    went = _WENT.get(one.event, one.event)
    yield f"{one.table} {one.month}: {counted(one.rows, 'row')} {went} {one.at:%Y-%m-%d %H:%M} UTC by {one.who}"
    yield f"  {one.source_in_words}"
    until = f", until {one.until:%Y-%m-%d %H:%M} UTC" if one.source and not one.restored_by else ""
    yield f"  run {one.run_id}{until}"


def _drop_copies(context: Context) -> ExitCode:
    from snowflake_etl.operations.months.restore_month import drop_copies, list_copies

    if any((context.arguments.table, context.arguments.month, context.arguments.run)):
        raise UsageError("--drop-copies goes by age alone: leave --table, --month and --run out.")
    age = _days(context.arguments.older_than)
    configuration = context.configuration.configuration
    old = list_copies(configuration, context.warehouse, age)
    for copy in old:
        context.say(f"  {copy.name}, made {copy.made_at:%Y-%m-%d %H:%M} UTC")
    if context.arguments.dry_run:
        message = f"{counted(len(old), 'safety copy')} older than {counted(age.days, 'day')} would be dropped."
        context.say(message)
        deliver(context, {"status": "planned", "copies": [str(copy.name) for copy in old], "message": message})
        return ExitCode.OK
    if old and not confirmed(
        context, f"Drop these {len(old)} safety copies? What they hold cannot be restored afterwards."
    ):
        raise Refused("Not confirmed: no safety copy was dropped. Without a terminal add --yes.")
    drop_copies(configuration, context.warehouse, old, str(context.configuration.path))
    message = f"{counted(len(old), 'safety copy')} older than {counted(age.days, 'day')} dropped."
    context.say(message)
    deliver(context, {"status": "ok", "dropped": [str(copy.name) for copy in old], "message": message})
    return ExitCode.OK


def _days(text: str) -> timedelta:
    number = text.strip().lower().removesuffix("d")
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"--older-than takes days, for example 14d, not '{text}'.")
    return timedelta(days=int(number))
