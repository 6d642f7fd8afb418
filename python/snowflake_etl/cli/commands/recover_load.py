"""``recover``: what interrupted loads left behind (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses

from snowflake_etl.cli.common import Context, add_common_flags, confirmed
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ExitCode, Refused

DESCRIPTION = "List interrupted loads and what they left; --clean removes what no live run has."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clean", action="store_true", help="remove leases, work tables and parts of dead runs")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.history.run_record import RunRecords
    from snowflake_etl.operations.recover import clean, look
    from snowflake_etl.operations.refusals import explaining
    from snowflake_etl.warehouse.objects import WorkObjects

    records = RunRecords(context.state_directory)
    configuration = context.configuration.configuration
    with context.warehouse.open("snowflake_etl recover") as session, explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        recovery = look(session, objects, records)
        for past in recovery.interrupted:
            step = past.last_step or "the start"
            context.say(f"interrupted: {past.month} into {past.table_name}, after {step} (run {past.run_id})")
        if recovery.leftovers:
            rows = [
                (one.kind, "live" if one.live else "dead", one.name, one.detail, one.run_id)
                for one in recovery.leftovers
            ]
            context.say(ascii_table(("what", "run", "name", "detail", "run id"), rows))
        removed = 0
        if context.arguments.clean and (recovery.removable or recovery.interrupted):
            if not confirmed(context, f"Remove the {len(recovery.removable)} things of dead runs above?"):
                raise Refused("Not confirmed: nothing was removed. Without a terminal add --yes.")
            removed = clean(session, objects, records, recovery)
    message = _message(len(recovery.interrupted), len(recovery.removable), removed, context.arguments.clean)
    context.say(message)
    context.answer({"status": "ok", **dataclasses.asdict(recovery), "removed": removed, "message": message})
    return ExitCode.OK


def _message(interrupted: int, removable: int, removed: int, cleaned: bool) -> str:
    if cleaned:
        return f"{removed} thing(s) of dead runs removed."
    if not (interrupted or removable):
        return "No load is interrupted and nothing is left behind."
    return (
        f"{interrupted} interrupted load(s), {removable} thing(s) of dead runs. "
        "Carry on with: load --resume; remove with: recover --clean."
    )
