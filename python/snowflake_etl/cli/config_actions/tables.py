"""``config tables``: each table of a configuration once (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "print each of its tables once"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it has no flags of its own."""


def run(context: Context) -> ExitCode:
    tables = list(dict.fromkeys(entry.table_name for entry in context.configuration.configuration.files))
    context.say("\n".join(tables))
    context.answer({"tables": tables})
    return ExitCode.OK
