"""``config``: look at configurations (floor 6)."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.errors import ExitCode

DESCRIPTION = "Validate a configuration or name its target."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("target", "validate"), help="target: print where it loads to; validate: read it strictly"
    )
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    loaded = context.configuration
    section = loaded.configuration.snowflake
    if context.arguments.action == "target":
        context.say(section.target)
        context.answer({"target": section.target})
        return ExitCode.OK
    entries = loaded.configuration.files
    message = f"{loaded.path} is valid: {len(entries)} file pattern(s), target {section.target}."
    context.say(message)
    for entry in entries:
        context.say(f"  {entry.file_pattern} -> {entry.table_name}")
    context.answer({"status": "valid", "target": section.target, "warnings": loaded.warnings, "message": message})
    return ExitCode.OK
