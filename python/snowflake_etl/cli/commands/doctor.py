"""``doctor``: is everything there that the tools need (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.errors import ExitCode

DESCRIPTION = "Check connection, objects and tables, or print the SQL that sets up a Snowflake account."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--setup-sql", action="store_true", help="print the idempotent script of objects and grants for a DBA"
    )
    parser.add_argument(
        "--role", metavar="ROLE", help="with --setup-sql: the role that loads (default: snowflake.role)"
    )
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.doctor import examine, setup_sql

    if context.arguments.setup_sql:
        script = setup_sql(context.configuration.configuration, context.arguments.role)
        context.say(script)
        context.answer({"status": "ok", "setup_sql": script})
        return ExitCode.OK
    examination = examine(context.configuration.configuration, context.warehouse)
    for point in examination.points:
        context.say(f"  {'ok  ' if point.ok else 'FAIL'}  {point.subject}: {point.message}")
    context.say(examination.message)
    context.answer(dataclasses.asdict(examination) | {"message": examination.message})
    return ExitCode.OK if examination.ok else ExitCode.PROBLEMS_FOUND
