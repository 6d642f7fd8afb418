"""``config target``: where a configuration loads to (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "print where it loads to"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It has no flags of its own."""


def run(context: Context) -> ExitCode:
    target = context.configuration.configuration.snowflake.target
    context.say(target)
    context.answer({"target": target, "environment": context.configuration.environment})
    return ExitCode.OK
