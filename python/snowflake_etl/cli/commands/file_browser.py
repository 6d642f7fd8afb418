"""``browse``: look through folders and choose files (floor 6)."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.cli.output import write_private
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.cli.terminal import printable, typed
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from snowflake_etl.cli.browsing.source import Source
    from snowflake_etl.operations.browsing.choices import Choice

DESCRIPTION = "Look through folders, preview files, choose some and get the command for them. It starts nothing itself."
ACTIONS = ("check", "load", "compare", "sample")
LEAST_COLUMNS, LEAST_LINES = 60, 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base-path", type=Path, metavar="DIR", help="where to begin, instead of base_path")
    parser.add_argument("--action", choices=ACTIONS, help="what the files are for, instead of asking at the end")
    parser.add_argument("--plain", action="store_true", help="a numbered list, for simple terminals")
    parser.add_argument(
        "--chosen",
        type=Path,
        metavar="FILE",
        help="write the action and the files to FILE, each followed by a NUL (mode 0600)",
    )
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.cli.browsing.source import Source
    from snowflake_etl.results_files import BrowseResult

    arguments = context.arguments
    base_path = arguments.base_path.absolute() if arguments.base_path else None
    if base_path is not None and not base_path.is_dir():
        raise UsageError(f"--base-path: {base_path} is no folder. Give the folder to begin in.")
    choice = _browsed(context, Source(context, base_path))
    if choice is None:
        result = BrowseResult("nothing", "", (), (), "Nothing was chosen.", int(ExitCode.OK))
        context.say(f"ok: {result.message}")
    else:
        verb, *words = choice.command
        command = (verb, *context.same_configuration, *words)
        files = tuple(str(path) for path in choice.files)
        about = "one file" if len(files) == 1 else f"{len(files)} files"
        result = BrowseResult("chosen", choice.action, files, command, f"{choice.action}: {about}.", int(ExitCode.OK))
        if arguments.chosen:
            parts = [choice.action, *files]
            write_private(arguments.chosen, b"".join(os.fsencode(part) + b"\0" for part in parts))
        else:
            context.say(typed([places.program(), *command]))
    deliver(context, dataclasses.asdict(result))
    return ExitCode.OK


def _browsed(context: Context, source: Source) -> Choice | None:
    if not _has_screen(context):
        from snowflake_etl.cli.browsing.plain import PlainList

        return PlainList(source, context.arguments.action, _ask, sys.stderr).run()
    from snowflake_etl.cli.browsing.app import browse

    with _silent_log():
        return browse(source, context.arguments.action)


def _has_screen(context: Context) -> bool:
    """True if full-screen mode is possible: requested, a suitable terminal, large enough, Textual installed."""
    if context.arguments.plain or os.environ.get("ETL_UI") == "plain" or not context.is_interactive:
        return False
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return False
    size = shutil.get_terminal_size()
    if size.columns < LEAST_COLUMNS or size.lines < LEAST_LINES:
        return False
    try:
        import textual  # noqa: F401 - is it there?
    except ModuleNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _silent_log() -> Iterator[None]:
    """Keep log lines off the screen; the file has them."""
    screens = [handler for handler in LOGGER.handlers if isinstance(handler, logging.StreamHandler)]
    for handler in screens:
        LOGGER.removeHandler(handler)
    try:
        yield
    finally:
        for handler in screens:
            LOGGER.addHandler(handler)


def _ask(question: str) -> str | None:
    print(printable(question), end="", file=sys.stderr, flush=True)
    line = _line()
    if not line:
        print(file=sys.stderr)
        return None
    return line.removesuffix("\n")


def _line() -> str:
    """Read the next line and not a byte more: what follows may be for the menu that started us."""
    try:
        descriptor = sys.stdin.fileno()
    except OSError:
        return sys.stdin.readline()
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return os.fsdecode(line)
