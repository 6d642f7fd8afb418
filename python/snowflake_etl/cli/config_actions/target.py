"""``config target``: where a configuration loads to (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "print where it loads to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("target")
    flags.add_argument("--files", action="store_true", help="and the files it is made of")


def run(context: Context) -> ExitCode:
    loaded = context.configuration
    target = loaded.configuration.snowflake.target
    context.say(f"{target} [{loaded.environment.upper()}]" if loaded.environment else target)
    if context.arguments.files:
        context.say("\n".join(str(path.absolute()) for path in loaded.files))
    context.answer({"target": target, "environment": loaded.environment, "files": loaded.files})
    return ExitCode.OK
