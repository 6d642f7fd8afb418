"""``config validate``: read a configuration strictly, and try what only using the values shows (floor 6)."""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Iterator

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ConfigError, EtlError, ExitCode

HELP = "read it strictly, and try what only using the values shows"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It has no flags of its own."""


def run(context: Context) -> ExitCode:
    loaded = context.configuration
    section = loaded.configuration.snowflake
    entries = loaded.configuration.files
    if problems := list(_problems(context)):
        raise ConfigError(f"{loaded.path}: {'; '.join(problems)}.")
    message = f"{loaded.path} is valid: {len(entries)} file pattern(s), target {section.target}."
    context.say(message)
    for entry in entries:
        context.say(f"  {entry.file_pattern} -> {entry.table_name}")
    context.answer({"status": "valid", "target": section.target, "warnings": loaded.warnings, "message": message})
    return ExitCode.OK


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
