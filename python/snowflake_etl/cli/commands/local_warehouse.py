"""``local``: start, stop, query and reset the embedded warehouse (floor 6)."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.terminal import ascii_table, printable
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.operations.local_warehouse import Rows
    from snowflake_etl.warehouse.local.lifecycle import LocalStatus

DESCRIPTION = "Start, stop, query and reset the embedded warehouse."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(_ACTIONS), help="what to do")
    parser.add_argument("statement", nargs="?", help="with sql: one SQL statement, or - to read it from stdin")
    asking = parser.add_argument_group("with sql")
    asking.add_argument("--database", metavar="NAME", help="current database (default: the configuration's, else DEMO)")
    asking.add_argument("--schema", metavar="NAME", help="current schema (default: the configuration's, else PUBLIC)")
    asking.add_argument("--csv", action="store_true", help="print the rows as CSV")
    resetting = parser.add_argument_group("with reset")
    resetting.add_argument("--yes", action="store_true", help="delete all data without asking")
    resetting.add_argument("--force", action="store_true", help="even if somebody is signed in")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    if (arguments.action == "sql") != (arguments.statement is not None):
        raise UsageError(
            'sql takes one statement: sql "SELECT ..."' if arguments.action == "sql" else "Only sql takes a statement."
        )
    _ACTIONS[arguments.action](context)
    return ExitCode.OK


def _start(context: Context) -> None:
    from snowflake_etl.operations import local_warehouse

    now = local_warehouse.start(context.state_directory)
    _tell(context, now, f"The embedded warehouse is running on port {now.port}, its data in {now.folder}.")


def _stop(context: Context) -> None:
    from snowflake_etl.operations import local_warehouse

    was_running = local_warehouse.stop(context.state_directory)
    message = "The embedded warehouse has stopped." if was_running else "The embedded warehouse was not running."
    _tell(context, local_warehouse.status(context.state_directory), message)


def _status(context: Context) -> None:
    from snowflake_etl.operations import local_warehouse

    now = local_warehouse.status(context.state_directory)
    size = f"{now.bytes_on_disk / 1e6:,.1f} MB in {now.folder}"
    if now.running:
        message = (
            f"The embedded warehouse is running on port {now.port} (pid {now.pid}): "
            f"{counted(now.sessions, 'session')}, {now.queries} running, idle for {now.idle_seconds:.0f} s, {size}."
        )
    else:
        message = f"The embedded warehouse is not running; it starts when it is needed. {size}."
    _tell(context, now, message)


def _tell(context: Context, now: LocalStatus, message: str) -> None:
    context.say(message)
    context.answer({"status": "running" if now.running else "stopped", **dataclasses.asdict(now), "message": message})


def _reset(context: Context) -> None:
    from snowflake_etl.operations import local_warehouse

    now = local_warehouse.status(context.state_directory)
    if not context.arguments.yes and not _consent(context, now):
        raise Refused(f"Nothing was deleted from {now.folder}. Add --yes to delete it without being asked.")
    local_warehouse.reset(context.state_directory, force=context.arguments.force)
    message = f"All data of the embedded warehouse in {now.folder} is deleted; the next use starts it afresh."
    _tell(context, local_warehouse.status(context.state_directory), message)


def _consent(context: Context, now: LocalStatus) -> bool:
    if not context.is_interactive:
        return False
    print(
        f"This deletes every table and staged file in {printable(now.folder)} "
        f"({now.bytes_on_disk / 1e6:,.1f} MB). Type yes to go on: ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() == "yes"


def _sql(context: Context) -> None:
    from snowflake_etl.operations import local_warehouse

    arguments = context.arguments
    statement = sys.stdin.read() if arguments.statement == "-" else arguments.statement
    if not statement.strip():
        raise UsageError('sql takes one statement: sql "SELECT ..."')
    database, schema = _place(context)
    rows = local_warehouse.ask(context.state_directory, statement, database, schema)
    if arguments.csv and not arguments.json:
        context.write(_csv(rows))
    elif not arguments.json:
        context.say(ascii_table(rows.columns, [[_shown(value) for value in row] for row in rows.rows]))
        context.say(f"({len(rows.rows):,} row{'' if len(rows.rows) == 1 else 's'})")
    context.answer(_objects(rows))


def _place(context: Context) -> tuple[str | None, str | None]:
    """The initial database and schema: from the flags, else from the configuration if that is for the embedded one."""
    arguments = context.arguments
    if arguments.database or arguments.schema:
        return arguments.database, arguments.schema
    section = context.configuration.configuration.snowflake
    return (section.database, section.schema_) if section.is_local else (None, None)


def _csv(rows: Rows) -> str:
    """CSV with a header; on a terminal without control codes, elsewhere with unchanged values."""
    clean: Callable[[str], str] = printable if sys.stdout.isatty() else str
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([clean(column) for column in rows.columns])
    for row in rows.rows:
        writer.writerow([clean(_shown(value)) for value in row])
    return text.getvalue()


def _shown(value: object) -> str:
    """A value as text for people; NULL is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray):
        return value.hex().upper()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _objects(rows: Rows) -> list[dict[str, Any]]:
    """One object per row; a repeated name gets a number."""
    names = _unique(rows.columns)
    return [dict(zip(names, map(_json_value, row), strict=True)) for row in rows.rows]


def _unique(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for column in columns:
        name, number = column, 2
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names


def _json_value(value: object) -> object:
    """Numbers stay numbers if a JSON number can hold them exactly; times become ISO text."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, datetime | date | time | bytes | bytearray):
        return _shown(value)
    return value


_ACTIONS: dict[str, Callable[[Context], None]] = {
    "start": _start,
    "stop": _stop,
    "status": _status,
    "sql": _sql,
    "reset": _reset,
}
