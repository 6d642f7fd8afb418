"""``recover``: what interrupted loads left behind (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags, confirmed
from snowflake_etl.cli.terminal import ascii_table, printable
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.history.run_record import PastRun
    from snowflake_etl.operations.recover import Cleaned, Leftover, Recovery
    from snowflake_etl.operations.recovery.loads import RecoverableLoad
    from snowflake_etl.operations.recovery.widen import Widening

DESCRIPTION = "List interrupted and failed loads and what they left behind; retry one, widen its column, or clean up."
_LAST = "last"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    ways = parser.add_argument_group("what to do (default: list)").add_mutually_exclusive_group()
    ways.add_argument("--retry", metavar="RUN", help="carry on with an interrupted load, or try a failed one again")
    ways.add_argument(
        "--widen",
        nargs="?",
        const=_LAST,
        metavar="RUN",
        help="widen the VARCHAR columns that a failed load's values are too long for, and load again (default: the "
        "last load that failed so)",
    )
    ways.add_argument(
        "--clean",
        action="store_true",
        help="remove leases, work tables and parts of runs that have ended, also parts that --keep-staged has kept; a "
        "question tells how many of each",
    )
    ways.add_argument(
        "--loads", action="store_true", help="one line for each load, tab-separated; does not ask the warehouse"
    )
    parser.add_argument(
        "--staged", action="store_true", help="with --clean: also parts that are staged and wait for a load"
    )
    parser.add_argument("--dry-run", action="store_true", help="with --widen: show the statements, run nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    if arguments.staged and not arguments.clean:
        raise UsageError("--staged goes with --clean only.")
    if arguments.dry_run and arguments.widen is None:
        raise UsageError("--dry-run goes with --widen only; without --clean nothing is changed anyway.")
    if arguments.loads:
        return _loads(context)
    if arguments.retry is not None:
        return _retry(context)
    return _list(context) if arguments.widen is None else _widen(context)


def _known(context: Context) -> list[RecoverableLoad]:
    from snowflake_etl.history.run_record import RunRecords
    from snowflake_etl.operations.diagnosis.gather import Gatherer
    from snowflake_etl.operations.recovery.loads import recoverable_loads

    state = context.state_directory
    return recoverable_loads(RunRecords(state), Gatherer(state), context.warehouse.place)


def _loads(context: Context) -> ExitCode:
    """For the menu and for scripts: run id, state, way, cause, month, table, when, title."""
    loads = _known(context)
    for load in loads:
        words = (load.run_id, load.state, load.way, load.cause, load.month, load.table, load.when, load.title)
        context.say("\t".join(printable(word).replace("\t", " ").replace("\n", " ") for word in words))
    context.answer({"status": "ok", "loads": [dataclasses.asdict(load) for load in loads]})
    return ExitCode.OK


def _run_of(context: Context, run_id: str) -> PastRun:
    from snowflake_etl.history.run_record import RunRecords
    from snowflake_etl.operations.recovery.loads import run_to_retry

    if run_id == _LAST:
        found = next((load.run_id for load in _known(context) if load.way == "widen"), None)
        if found is None:
            raise Refused(
                "No load into this target failed because a value was too long. To list failed loads: "
                f"{context.command('recover')}"
            )
        run_id = found
    return run_to_retry(RunRecords(context.state_directory), run_id)


def _retry(context: Context) -> ExitCode:
    from snowflake_etl.cli.commands.loader import orders_again, run_again

    again, orders = orders_again(context, [_run_of(context, context.arguments.retry).command])
    results, code = run_again(again, orders)
    context.answer(dataclasses.asdict(results[0]))
    return code


def _widen(context: Context) -> ExitCode:
    """Show the statements, run them if confirmed, and load again."""
    from snowflake_etl.cli.commands.loader import orders_again, run_again
    from snowflake_etl.operations.recovery.widen import WidenRequest, widen

    run = _run_of(context, context.arguments.widen)
    again, orders = orders_again(context, [run.command])
    around = orders[0].context

    def show(plan: Widening) -> None:
        context.close()
        around.say_environment()
        context.say(_widening_in_words(plan, around.warehouse.target))

    def confirm(plan: Widening) -> bool:
        show(plan)
        return confirmed(context, f"Widen {counted(len(plan.columns), 'column')} of {plan.table} and load again?")

    request = WidenRequest(confirm, context.arguments.dry_run, str(around.configuration.path))
    planned, configuration = [order.planned for order in orders], around.configuration.configuration
    done = widen(run, planned, configuration, around.warehouse, context.progress, request)
    if done.error is not None or done.plan is None:
        raise done.error or Refused("Nothing was widened.")
    if done.status == "planned":
        show(done.plan)
        context.answer({"status": "planned", **dataclasses.asdict(done.plan), "message": _first_words(done.plan)})
        return ExitCode.OK
    context.say(f"Widened. Loading {run.month} again.\n")
    results, code = run_again(again, orders)
    context.answer(
        {**dataclasses.asdict(results[0]), "widened": [dataclasses.asdict(one) for one in done.plan.columns]}
    )
    return code


def _widening_in_words(plan: Widening, target: str) -> str:
    rows = [
        (one.column, f"VARCHAR({one.length})", f"{one.longest:,}", f"VARCHAR({one.proposed})") for one in plan.columns
    ]
    table = ascii_table(("column", "now", "longest value", "proposed"), rows)
    notes = [f"note: {note}" for note in plan.notes]
    return "\n".join([f"{plan.table} on {target}", table, "", *(f"{each};" for each in plan.statements), *notes])


def _first_words(plan: Widening) -> str:
    said = ", ".join(f"{one.column} to VARCHAR({one.proposed})" for one in plan.columns)
    return f"Widen {said} of {plan.table}, then load again."


def _list(context: Context) -> ExitCode:
    from snowflake_etl.operations.recover import Recoverer
    from snowflake_etl.operations.refusals import explaining
    from snowflake_etl.warehouse.objects import WorkObjects

    arguments, configuration = context.arguments, context.configuration.configuration
    warehouse, cleaned = context.warehouse, None
    with warehouse.open("snowflake_etl recover") as session, explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        recoverer = Recoverer(session, objects, context.state_directory, warehouse.place)
        recovery = recoverer.look()
        loads = _known(context)
        context.say_environment()
        _show(context, recovery, loads)
        removable = recovery.removable(waiting=arguments.staged)
        if arguments.clean and (removable or recovery.interrupted or recovery.left_to_do):
            if not confirmed(context, _question(removable)):
                raise Refused("Not confirmed: nothing was removed. Without a terminal add --yes.")
            cleaned = recoverer.clean(recovery, waiting=arguments.staged)
    failed = sum(load.state == "failed" for load in loads)
    message = _cleaned_in_words(cleaned) if cleaned else _found_in_words(context, recovery, failed)
    context.say(message)
    removed = len(cleaned.removed) if cleaned else 0
    document = {**dataclasses.asdict(recovery), "loads": [dataclasses.asdict(load) for load in loads]}
    context.answer({"status": "ok", **document, "removed": removed, "message": message})
    return ExitCode.OK


def _show(context: Context, recovery: Recovery, loads: Sequence[RecoverableLoad]) -> None:
    program = places.program()
    for load in loads:
        if load.state == "failed":
            context.say(f"failed: {load.month} into {load.full_name} at {load.when} UTC: {load.title.lower()}")
            context.say(f"        {program} recover --{load.way} {load.run_id}")
    for past in recovery.interrupted:
        step = past.last_step or "the start"
        context.say(f"interrupted: {past.month} into {past.table}, after {step} (run {past.run_id})")
        context.say(f"        {program} recover --retry {past.run_id}")
    for batch in recovery.left_to_do:
        if batch.commands:
            count, asked = (
                f"{len(batch.commands)} of {counted(batch.total, 'load')}",
                batch.started_at[:19].replace("T", " "),
            )
            context.say(f"left to do: {count} asked for at {asked} UTC")
    for one in recovery.leftovers:
        run = f", run {one.run_id}" if one.run_id else ""
        context.say(f"{one.kind}, {one.state}: {one.detail}{run}\n  {one.name}")
    for held in recovery.locks:
        context.say(f"locked: {held}")
    for target, number in recovery.interrupted_elsewhere.items():
        where = f"of {target}" if target else "of an unknown target, recorded by an earlier version"
        context.say(f"Not listed: {counted(number, 'interrupted load')} {where}.")


def _question(removable: Sequence[Leftover]) -> str:
    return f"Remove {len(removable)} of the things above, none that is live{_of_them_kept(removable)}?"


def _of_them_kept(leftovers: Sequence[Leftover]) -> str:
    """Somebody asked for these to stay: they are counted separately."""
    kept = sum(one.kept for one in leftovers)
    return f", among them {counted(kept, 'file')} that --keep-staged has kept" if kept else ""


def _cleaned_in_words(cleaned: Cleaned) -> str:
    said = (
        f"{counted(len(cleaned.removed), 'leftover')} of runs that have ended removed{_of_them_kept(cleaned.removed)}."
    )
    if cleaned.spared:
        names = ", ".join(f"{one.kind} {one.name}" for one in cleaned.spared)
        said += f" Left alone, since a load has taken them up meanwhile: {names}."
    return said


def _found_in_words(context: Context, recovery: Recovery, failed: int) -> str:
    interrupted = len(recovery.interrupted) + recovery.loads_left
    removable = len(recovery.removable())
    waiting = len(recovery.removable(waiting=True)) - removable
    if not (interrupted or removable or waiting or failed):
        return "No load is interrupted and nothing is left behind."
    said = []
    if failed:
        why = f"{places.program()} diagnose, with the run's id"
        said.append(f"{counted(failed, 'failed load')}. Why, and what to do: {why}.")
    if interrupted or removable:
        carry_on = f"Carry on with: {places.program()} load --resume; remove" if interrupted else "Remove"
        things = [counted(interrupted, "interrupted load")] if interrupted else []
        kept = _of_them_kept(recovery.removable())
        things += [f"{counted(removable, 'leftover')} of runs that have ended{kept}"] if removable else []
        said.append(f"{', '.join(things)}. {carry_on} with: {context.command('recover', '--clean')}")
    if waiting:
        said.append(
            f"{counted(waiting, 'file')} staged, waiting for a load. "
            f"Load with: {context.command('load', '--from-stage')}; "
            f"remove with: {context.command('recover', '--clean', '--staged')}"
        )
    return "\n".join(said)
