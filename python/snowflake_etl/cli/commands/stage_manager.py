"""``stage``: list or remove what is on the stage, and show how fast past COPYs were (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags, confirmed
from snowflake_etl.cli.terminal import ascii_table, short_names
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.plural import counted
from snowflake_etl.reports.check_text import fitted
from snowflake_etl.reports.load_text import human_bytes

if TYPE_CHECKING:
    from snowflake_etl.operations.staged.cleaning import CleanChoice, StageCleaned
    from snowflake_etl.operations.staged.folders import StagedFolder, StageReader
    from snowflake_etl.operations.staged.performance import CopyFigures
    from snowflake_etl.sqltext import ObjectName
    from snowflake_etl.warehouse.objects import WorkObjects
    from snowflake_etl.warehouse.session import Session

DESCRIPTION = "List what is on the stage, remove what nobody needs, and show how fast past COPYs were."
_CLEANING = ("older_than", "orphans", "foreign", "dry_run", "yes")
_TIMES = ("days", "limit")
_DEFAULT_DAYS = 7
_DEFAULT_LIMIT = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "clean", "performance"), help="what to do")
    parser.add_argument("--table", metavar="TABLE", help="only what is staged for, or was loaded into, this table")
    cleaning = parser.add_argument_group("with clean: what to remove; each flag narrows it, one at least is needed")
    cleaning.add_argument("--older-than", metavar="AGE", help="only what is older than that: 14d, 36h")
    cleaning.add_argument("--orphans", action="store_true", help="left by failed runs, or incomplete")
    cleaning.add_argument("--foreign", action="store_true", help="also what this tool did not put there")
    cleaning.add_argument("--dry-run", action="store_true", help="show what would be removed, remove nothing")
    cleaning.add_argument("--yes", action="store_true", help="do not ask")
    times = parser.add_argument_group("with performance")
    times.add_argument("--days", type=int, metavar="N", help=f"of the last N days, 1 to 7 (default {_DEFAULT_DAYS})")
    times.add_argument("--limit", type=int, metavar="N", help=f"the newest N COPYs (default {_DEFAULT_LIMIT})")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    for action, names in (("clean", _CLEANING), ("performance", _TIMES)):
        for name in names:
            if arguments.action != action and getattr(arguments, name) not in (None, False):
                raise UsageError(f"--{name.replace('_', '-')} goes with {action} only.")
    if arguments.action == "performance":
        return _performance(context)
    return _list(context) if arguments.action == "list" else _clean(context)


@dataclass(frozen=True)
class _Stage:
    """A session and its stage reader; ``table`` None means all tables."""

    session: Session
    objects: WorkObjects
    reader: StageReader
    table: ObjectName | None


@contextmanager
def _stage(context: Context) -> Iterator[_Stage]:
    from snowflake_etl.history.run_record import RunRecords
    from snowflake_etl.operations.refusals import explaining
    from snowflake_etl.operations.staged.folders import StageReader
    from snowflake_etl.sqltext import object_name
    from snowflake_etl.warehouse.objects import WorkObjects

    configuration, warehouse = context.configuration.configuration, context.warehouse
    with warehouse.open("snowflake_etl stage") as session, explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        reader = StageReader(session, objects, RunRecords(context.state_directory), warehouse.place)
        text = context.arguments.table
        yield _Stage(session, objects, reader, object_name(text, session.database, session.schema) if text else None)


def _list(context: Context) -> ExitCode:
    with _stage(context) as stage:
        folders = stage.reader.folders(stage.table)
    _show(context, folders)
    message = f"{_summed(folders)} on the stage." if folders else "The stage is empty."
    context.say(message)
    context.answer({"status": "ok", "folders": [_document(folder) for folder in folders], "message": message})
    return ExitCode.OK


def _clean(context: Context) -> ExitCode:
    choice = _choice(context)
    arguments = context.arguments
    with _stage(context) as stage:
        folders = stage.reader.folders(stage.table)
        chosen = [folder for folder in folders if choice.takes(folder)]
        _show(context, chosen)
        cleaned = None
        if chosen and not arguments.dry_run:
            cleaned = _cleaned(context, stage, chosen)
    context.say_environment()
    message = _in_words(folders, chosen, cleaned, dry_run=arguments.dry_run)
    context.say(message)
    context.answer(
        {
            "status": "planned" if arguments.dry_run else "incomplete" if cleaned and cleaned.still_there else "ok",
            "chosen": [_document(folder) for folder in chosen],
            "removed": [_document(folder) for folder in cleaned.removed] if cleaned else [],
            "spared": [{"path": folder.path, "reason": reason} for folder, reason in cleaned.spared] if cleaned else [],
            "still_there": list(cleaned.still_there) if cleaned else [],
            "message": message,
        }
    )
    return ExitCode.WAREHOUSE if cleaned and cleaned.still_there else ExitCode.OK


def _choice(context: Context) -> CleanChoice:
    from snowflake_etl.operations.staged.cleaning import CleanChoice
    from snowflake_etl.operations.staged.folders import parse_age

    arguments = context.arguments
    if not (arguments.older_than or arguments.orphans or arguments.table):
        raise UsageError("Say what to remove: --orphans, --older-than AGE, --table TABLE, or several of them.")
    age = parse_age(arguments.older_than) if arguments.older_than else None
    return CleanChoice(age, arguments.orphans, arguments.foreign)


def _cleaned(context: Context, stage: _Stage, chosen: Sequence[StagedFolder]) -> StageCleaned:
    from snowflake_etl.operations.staged.cleaning import clean_stage

    question = f"Remove {_summed(chosen)} from {stage.objects.stage_root} of {context.warehouse.place}?"
    if not confirmed(context, question):
        raise Refused("Not confirmed: nothing was removed. Without a terminal add --yes.")
    return clean_stage(stage.session, stage.objects, stage.reader, chosen)


def _in_words(
    folders: Sequence[StagedFolder], chosen: Sequence[StagedFolder], cleaned: StageCleaned | None, *, dry_run: bool
) -> str:
    if not chosen:
        return f"Nothing to remove: none of {_summed(folders)} matches." if folders else "The stage is empty."
    if cleaned is None:
        return f"{_summed(chosen)} would be removed." if dry_run else "Nothing was removed."
    said = [f"{_summed(cleaned.removed)} removed; LIST shows none of it any more."]
    said += [f"Left alone: {folder.path or '(the root)'}, since {reason}." for folder, reason in cleaned.spared]
    if cleaned.still_there:
        said.append(f"REMOVE did not remove {', '.join(cleaned.still_there)}. Run the same command again.")
    return " ".join(said)


def _summed(folders: Sequence[StagedFolder]) -> str:
    states = Counter(folder.state.value for folder in folders)
    told = f" ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))})" if states else ""
    objects, size = sum(len(folder.objects) for folder in folders), sum(folder.bytes for folder in folders)
    return f"{counted(objects, 'object')}, {size:,} bytes in {counted(len(folders), 'folder')}{told}"


def _show(context: Context, folders: Sequence[StagedFolder]) -> None:
    from snowflake_etl.operations.staged.folders import IN_WORDS

    if not folders:
        return
    for folder in folders:
        context.say("\n".join(_lines(folder)))
    for state in dict.fromkeys(folder.state for folder in folders):
        context.say(f"  {state}: {IN_WORDS[state]}")


def _lines(folder: StagedFolder) -> Iterator[str]:
    """What it is, how much, and where, each on a separate line: paths are long."""
    about = f"{folder.table} {folder.month}" if folder.table else "objects"
    yield f"{folder.state}: {about}{f', {folder.file}' if folder.file else ''}"
    rows = "" if folder.rows is None else f"{counted(folder.rows, 'row')}, "
    things = f"{counted(folder.parts, 'part')}" if folder.table else f"{counted(len(folder.objects), 'object')}"
    run = f", run {folder.run_id}" if folder.run_id else ""
    yield f"  {rows}{things}, {folder.bytes:,} bytes, {_age(folder)} old{run}"
    yield f"  {folder.path or '(the root)'}"


def _age(folder: StagedFolder) -> str:
    hours = int(folder.age.total_seconds() // 3600)
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"


def _document(folder: StagedFolder) -> dict[str, Any]:
    return {**dataclasses.asdict(folder), "parts": folder.parts, "age_seconds": int(folder.age.total_seconds())}


def _performance(context: Context) -> ExitCode:
    from snowflake_etl.operations.staged.performance import performance

    arguments = context.arguments
    days, limit = arguments.days or _DEFAULT_DAYS, arguments.limit or _DEFAULT_LIMIT
    if not 1 <= days <= _DEFAULT_DAYS:
        raise UsageError(f"--days takes 1 to {_DEFAULT_DAYS}, which is how far the query history reaches, not {days}.")
    if limit < 1:
        raise UsageError(f"--limit takes a number from 1, not {limit}.")
    found = performance(context.configuration.configuration, context.warehouse, arguments.table, days, limit)
    _show_copies(context, found.copies)
    for note in found.notes:
        context.say(f"  note: {note}")
    message = f"{counted(len(found.copies), 'COPY statement')} of the last {counted(days, 'day')}."
    context.say(message)
    rates = [(copy.rows_per_second, copy.bytes_per_second) for copy in found.copies]
    copies = [
        {**dataclasses.asdict(copy), "rows_per_second": rows, "bytes_per_second": size}
        for copy, (rows, size) in zip(found.copies, rates, strict=True)
    ]
    context.answer({"status": "ok", "copies": copies, "notes": list(found.notes), "message": message})
    return ExitCode.OK


def _show_copies(context: Context, copies: Sequence[CopyFigures]) -> None:
    if not copies:
        return
    headings = ("when (UTC)", "table", "month", "state", "s", "queued s", "rows/s")
    short = short_names(copy.table for copy in copies)
    rows = [
        (
            f"{copy.started:%Y-%m-%d %H:%M}",
            short[copy.table],
            copy.month,
            # FAILED_WITH_ERROR: the first word is enough.
            copy.status.split("_")[0].lower(),
            f"{copy.seconds:.1f}",
            None if copy.queued is None else f"{copy.queued:.1f}",
            None if copy.rows_per_second is None else f"{copy.rows_per_second:,}",
        )
        for copy in copies
    ]
    context.say(ascii_table(headings, rows, [_of_warehouse(copy) for copy in copies]))
    for copy in copies:
        if copy.advice:
            said = f"  {copy.started:%Y-%m-%d %H:%M} {copy.table} {copy.month}: {copy.advice}"
            context.say("\n".join(fitted([said], context.width)))


def _of_warehouse(copy: CopyFigures) -> str:
    by = f"by {copy.warehouse} {copy.size}".strip() if copy.warehouse else "by an unknown warehouse"
    parts = "" if copy.parts is None else f", {counted(copy.parts, 'part')}"
    speed = "" if copy.bytes_per_second is None else f", {human_bytes(copy.bytes_per_second)}/s"
    return by + parts + speed
