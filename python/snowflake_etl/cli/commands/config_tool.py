"""``config``: look at configurations (floor 6)."""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Iterator

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.errors import ConfigError, EtlError, ExitCode

DESCRIPTION = "Validate a configuration, or name its target or its tables."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("target", "tables", "validate"),
        help="target: print where it loads to; tables: each of its tables once; validate: read it strictly",
    )
    add_common_flags(parser)


def _problems(context: Context) -> Iterator[str]:
    """What only using the values shows: patterns, formats, encodings, the base path."""
    from snowflake_etl.files.patterns import FilePattern
    from snowflake_etl.operations.expectations import try_rules
    from snowflake_etl.quality.formats import to_strptime

    loaded = context.configuration
    if loaded.base_path is not None and not loaded.base_path.is_dir():
        yield f"base_path {loaded.base_path} is not a folder"
    for entry in loaded.configuration.files:
        try:
            FilePattern(entry.file_pattern, entry.table_name).check()
            for text in (entry.date_format, entry.timestamp_format):
                to_strptime(text)
            codecs.lookup(entry.encoding or "utf-8")
            try_rules(entry, loaded.configuration.quality)
        except LookupError:
            yield f"there is no encoding '{entry.encoding}'"
        except EtlError as error:
            yield str(error).rstrip(".")


def run(context: Context) -> ExitCode:
    loaded = context.configuration
    section = loaded.configuration.snowflake
    if context.arguments.action == "target":
        context.say(section.target)
        context.answer({"target": section.target})
        return ExitCode.OK
    entries = loaded.configuration.files
    if context.arguments.action == "tables":
        tables = list(dict.fromkeys(entry.table_name for entry in entries))
        context.say("\n".join(tables))
        context.answer({"tables": tables})
        return ExitCode.OK
    if problems := list(_problems(context)):
        raise ConfigError(f"{loaded.path}: {'; '.join(problems)}.")
    message = f"{loaded.path} is valid: {len(entries)} file pattern(s), target {section.target}."
    context.say(message)
    for entry in entries:
        context.say(f"  {entry.file_pattern} -> {entry.table_name}")
    context.answer({"status": "valid", "target": section.target, "warnings": loaded.warnings, "message": message})
    return ExitCode.OK
