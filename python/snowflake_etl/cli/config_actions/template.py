"""``config template NAME``: a configuration to begin with, on standard output (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode, UsageError

HELP = "a configuration to begin with (NAME: local, key-pair, connection, environments)"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It has no flags of its own."""


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.templates import TEMPLATES

    name = context.arguments.name
    if name not in TEMPLATES:
        raise UsageError(f"Say which template: config template NAME > FILE.yaml, with one of {', '.join(TEMPLATES)}.")
    context.say(TEMPLATES[name].rstrip())
    context.answer({"template": name, "text": TEMPLATES[name]})
    return ExitCode.OK
