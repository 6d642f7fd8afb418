"""``config environments``: the environments of a configuration, one per line (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "the names of its environments"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it has no flags of its own."""


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.sources import read_sources

    # Listing them must not require that one is chosen.
    names = read_sources(context.configuration_path).environments
    if names:
        context.say("\n".join(names))
    context.answer({"environments": names})
    return ExitCode.OK
