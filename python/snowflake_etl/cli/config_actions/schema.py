"""``config schema``: what configuration files may say, for editors and for people (floor 6)."""

from __future__ import annotations

import argparse
import json

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode

HELP = "the JSON Schema of configurations, for editors; --format markdown: every key explained"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("schema")
    group.add_argument("--format", choices=("json", "markdown"), default="json", help="default: json")


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.json_schema import json_schema

    schema = json_schema()
    if context.arguments.format == "markdown":
        from snowflake_etl.config.reference import reference

        context.say(reference().rstrip("\n"))
    else:
        context.say(json.dumps(schema, indent=2))
    context.answer(schema)
    return ExitCode.OK
