"""``recover``: what interrupted loads left behind (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags, confirmed
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ExitCode, Refused, UsageError

if TYPE_CHECKING:
    from snowflake_etl.operations.recover import Cleaned, Recovery

DESCRIPTION = "List interrupted loads and what they left; --clean removes what no live run has."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clean", action="store_true", help="remove leases, work tables and parts of dead runs")
    parser.add_argument(
        "--staged", action="store_true", help="with --clean: also parts that are staged and wait for a load"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.recover import Recoverer
    from snowflake_etl.operations.refusals import explaining
    from snowflake_etl.warehouse.objects import WorkObjects

    arguments, configuration = context.arguments, context.configuration.configuration
    if arguments.staged and not arguments.clean:
        raise UsageError("--staged goes with --clean only.")
    warehouse, cleaned = context.warehouse, None
    with warehouse.open("snowflake_etl recover") as session, explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        recoverer = Recoverer(session, objects, context.state_directory, warehouse.place)
        recovery = recoverer.look()
        _show(context, recovery)
        removable = recovery.removable(waiting=arguments.staged)
        if arguments.clean and (removable or recovery.interrupted or recovery.left_to_do):
            if not confirmed(context, f"Remove {len(removable)} of the things above, none that is live?"):
                raise Refused("Not confirmed: nothing was removed. Without a terminal add --yes.")
            cleaned = recoverer.clean(recovery, waiting=arguments.staged)
    message = _cleaned_in_words(cleaned) if cleaned else _found_in_words(recovery)
    context.say(message)
    removed = len(cleaned.removed) if cleaned else 0
    context.answer({"status": "ok", **dataclasses.asdict(recovery), "removed": removed, "message": message})
    return ExitCode.OK


def _show(context: Context, recovery: Recovery) -> None:
    for past in recovery.interrupted:
        step = past.last_step or "the start"
        context.say(f"interrupted: {past.month} into {past.table_name}, after {step} (run {past.run_id})")
    for batch in recovery.left_to_do:
        if batch.commands:
            loads, asked = f"{len(batch.commands)} of {batch.total} load(s)", batch.started_at[:19].replace("T", " ")
            context.say(f"left to do: {loads} asked for at {asked} UTC")
    if recovery.leftovers:
        rows = [(one.kind, one.state, one.name, one.detail, one.run_id) for one in recovery.leftovers]
        context.say(ascii_table(("what", "state", "name", "detail", "run id"), rows))
    for target, count in recovery.interrupted_elsewhere.items():
        where = f"of {target}" if target else "of an unknown target, recorded by an earlier version"
        context.say(f"Not listed: {count} interrupted load(s) {where}.")


def _cleaned_in_words(cleaned: Cleaned) -> str:
    said = f"{len(cleaned.removed)} thing(s) of dead runs removed."
    if cleaned.spared:
        names = ", ".join(f"{one.kind} {one.name}" for one in cleaned.spared)
        said += f" Left alone, since a load has taken them up meanwhile: {names}."
    return said


def _found_in_words(recovery: Recovery) -> str:
    interrupted = len(recovery.interrupted) + recovery.loads_left
    removable = len(recovery.removable())
    waiting = len(recovery.removable(waiting=True)) - removable
    if not (interrupted or removable or waiting):
        return "No load is interrupted and nothing is left behind."
    said = []
    if interrupted or removable:
        said.append(
            f"{interrupted} interrupted load(s), {removable} thing(s) of dead runs. "
            "Carry on with: load --resume; remove with: recover --clean."
        )
    if waiting:
        said.append(
            f"{waiting} file(s) staged, waiting for a load. "
            "Load with: load --from-stage; remove with: recover --clean --staged."
        )
    return " ".join(said)
