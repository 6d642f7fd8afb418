"""``prune``: keep logs, jobs, reports and history within the limits of the section ``logs`` (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.errors import ExitCode

DESCRIPTION = (
    "Remove old logs, ended jobs and history beyond the limits in the section logs; never anything unfinished."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed; remove nothing")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.pruning import prune

    limits = context.configuration.configuration.logs
    result = prune(context.state_directory, limits, context.progress, dry_run=context.arguments.dry_run)
    context.close()
    context.say(result.message)
    context.answer(dataclasses.asdict(result))
    return ExitCode.OK
