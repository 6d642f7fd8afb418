"""``config schema``: the JSON Schema of configuration files (floor 6)."""

from __future__ import annotations

import argparse
import json

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "the JSON Schema of configurations, for editors"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It has no flags of its own."""


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.json_schema import json_schema

    schema = json_schema()
    context.say(json.dumps(schema, indent=2))
    context.answer(schema)
    return ExitCode.OK
