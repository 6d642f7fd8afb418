"""``config generate``: entries of ``files`` from files, printed or merged into a configuration (floor 6)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, confirmed
from snowflake_etl.cli.layout_flags import add_layout_flags, layout_wishes_of
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.files.opening import refuse_no_file
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.operations.file_tools.config_generate import Generated

HELP = "entries for files (--file), printed, or merged into a configuration (--into) after showing the difference"
_NOTES_ON_SCREEN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("generate")
    flags.add_argument("--file", action="append", type=Path, metavar="FILE", help="from this file (may be repeated)")
    flags.add_argument(
        "--table", metavar="TABLE", help="for this table, with its real columns if the warehouse can be reached"
    )
    flags.add_argument("--into", type=Path, metavar="FILE", help="merge into this configuration, or create it")
    flags.add_argument("--rows", type=int, metavar="N", help="look at the first N rows of each file (default 10000)")
    flags.add_argument("--all-rows", action="store_true", help="look at every row")
    add_layout_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.file_tools.config_generate import GenerateRequest, generate

    arguments = context.arguments
    _check(context)
    if arguments.into and arguments.config is None and arguments.into.exists():
        # The file to merge into also says where the warehouse is and how its files are read.
        arguments.config = arguments.into
    rows = None if arguments.all_rows else arguments.rows or GenerateRequest.rows
    request = GenerateRequest(tuple(arguments.file), arguments.table, rows, layout_wishes_of(arguments))
    generated = generate(request, context.configuration, context.warehouse, context.state_directory, context.progress)
    context.close()
    return _write(context, generated) if arguments.into else _print(context, generated)


def _check(context: Context) -> None:
    arguments = context.arguments
    if not arguments.file:
        raise UsageError("Say from which files: config generate --file FILE.")
    if arguments.rows is not None and (arguments.rows < 1 or arguments.all_rows):
        raise UsageError("--rows takes a number from 1, and does not go with --all-rows.")
    for path in arguments.file:
        refuse_no_file(path)
        if arguments.into and arguments.into.exists() and arguments.into.samefile(path):
            raise UsageError(
                f"{arguments.into} is one of the files that are looked at. Name a configuration with --into."
            )


def _print(context: Context, generated: Generated) -> ExitCode:
    from snowflake_etl.reports.json_text import json_text

    context.say(json_text({"files": list(generated.entries)}))
    _say_notes(context, generated.notes)
    message = f"{counted(len(generated.entries), 'entry')}; --into FILE merges them into a configuration."
    context.say(f"generated: {message}")
    _answer(context, "generated", generated, generated.notes, message)
    return ExitCode.OK


def _write(context: Context, generated: Generated) -> ExitCode:
    from snowflake_etl.config.file_change import write
    from snowflake_etl.operations.file_tools.config_merge import planned_change

    path = context.arguments.into
    folders = {file.absolute().parent for file in context.arguments.file}
    base_path = folders.pop() if len(folders) == 1 else None
    change = planned_change(path, generated.entries, base_path, context.choice)
    notes = (*generated.notes, *change.notes)
    if not change.is_one:
        message = f"{path} contains all of this already; it is unchanged."
        _say_notes(context, notes)
        context.say(f"unchanged: {message}")
        _answer(context, "unchanged", generated, notes, message, path=path)
        # A dry run says whether there is something to do.
        return ExitCode.REFUSED if context.arguments.dry_run else ExitCode.OK
    context.say(change.difference)
    _say_notes(context, notes)
    if context.arguments.dry_run:
        message = f"This would be written to {path}; nothing was."
        context.say(f"planned: {message}")
        _answer(context, "planned", generated, notes, message, path=path)
        return ExitCode.OK
    if not confirmed(context, f"Write this to {path}?"):
        raise Refused(f"Not confirmed: {path} is unchanged. Answer yes, or add --yes where nobody can be asked.")
    backup = write(change)
    what = f"merged into {path}" if backup else f"written to {path}"
    message = f"{counted(len(generated.entries), 'entry')} {what}." + (
        f" What was there before: {backup}" if backup else ""
    )
    context.say(f"written: {message}")
    _answer(context, "written", generated, notes, message, path=path, backup=backup)
    return ExitCode.OK


def _say_notes(context: Context, notes: tuple[str, ...]) -> None:
    for note in notes[:_NOTES_ON_SCREEN]:
        context.say(f"  note: {note}")
    if len(notes) > _NOTES_ON_SCREEN:
        context.say(f"  and {counted(len(notes) - _NOTES_ON_SCREEN, 'more note')}, all of them with --json")


def _answer(
    context: Context, status: str, generated: Generated, notes: tuple[str, ...], message: str, **more: Any
) -> None:
    entries = list(generated.entries)
    context.answer({"status": status, "files": entries, "notes": notes, **more, "message": message})
