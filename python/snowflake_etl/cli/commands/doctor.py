"""``doctor``: check everything that the tools need (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.errors import ExitCode

if TYPE_CHECKING:
    from snowflake_etl.results_examination import Point

DESCRIPTION = "Try everything that a load needs, from Python to COPY, or print the SQL that sets up an account."
_SMALLEST_TERMINAL = (80, 24)
_BACK_ENDS = ("dialog", "whiptail")
_INDENT = " " * 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--setup-sql",
        action="store_true",
        help="print the script that creates objects and grants, for a DBA; it may be run again",
    )
    parser.add_argument(
        "--role", metavar="ROLE", help="with --setup-sql: the role that loads (default: snowflake.role)"
    )
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.doctor import examine, setup_sql

    if context.arguments.setup_sql:
        script = setup_sql(context.configuration.configuration, context.arguments.role)
        context.say(script)
        deliver(context, {"status": "ok", "setup_sql": script})
        return ExitCode.OK
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    examination = examine(
        lambda: context.configuration,
        lambda: context.warehouse,
        context.state_directory,
        _terminal(),
        lambda point: context.say(_line(point, width)),
    )
    context.say(examination.message)
    deliver(context, dataclasses.asdict(examination))
    return ExitCode(examination.exit_code)


def _line(point: Point, width: int) -> str:
    """One point: its state, what it is, and below it what to do; ``width`` 0 does not wrap lines."""
    word = point.status.value.upper() if point.status == "failed" else point.status.value
    lines = [f"{word:<7}  {point.subject}: {point.message}", *([f"{_INDENT}-> {point.cure}"] if point.cure else [])]
    return "\n".join(_folded(line, width) for line in lines)


def _folded(line: str, width: int) -> str:
    if not width:
        return line
    return textwrap.fill(
        line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )


def _terminal() -> Iterator[Point]:
    """Check what the menu will look like here, and what jobs need."""
    from snowflake_etl.results_examination import Health, Point

    if sys.stdin.isatty() and sys.stdout.isatty():
        columns, lines = shutil.get_terminal_size()
        message = f"{columns} x {lines}, {os.environ.get('TERM') or 'of unknown kind'}"
        small = columns < _SMALLEST_TERMINAL[0] or lines < _SMALLEST_TERMINAL[1]
        cure = "Make the window 80 x 24 or larger: the menu's screens are made for that." if small else ""
        yield Point("terminal", Health.WARNING if small else Health.OK, message, cure)
    else:
        message = "this command has none: nothing is asked, and what deletes needs --yes and --expect-rows"
        yield Point("terminal", Health.OK, message)
    wanted = os.environ.get("ETL_UI", "")
    if wanted in ("", "plain", *_BACK_ENDS):
        yield Point("menu", Health.OK, f"asks with {_asking(wanted)}")
    else:
        cure = "Set it to dialog, whiptail or plain, or unset it."
        yield Point("menu", Health.WARNING, f"does not open, since ETL_UI is {wanted!a}", cure)
    missing = [name for name in ("flock", "setsid") if not shutil.which(name)]
    if missing:
        cure = "Install util-linux, or run everything in the foreground."
        yield Point("jobs", Health.FAILED, f"background jobs need {' and '.join(missing)}", cure)


def _asking(wanted: str) -> str:
    """The menu's dialog program, as ``lib/ui.sh`` chooses it: the one ETL_UI names, else the first available."""
    names = (wanted,) if wanted else _BACK_ENDS
    found = next((name for name in names if name == "plain" or shutil.which(name)), "")
    if not found:
        return f"plain text ({', '.join(f'no {name}' for name in names)})"
    return f"{'plain text' if found == 'plain' else found}{', as ETL_UI wants' if wanted else ''}"
