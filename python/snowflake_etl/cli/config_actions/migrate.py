"""``config migrate``: bring a file of an older shape up to date, showing the difference first and keeping a copy
(floor 6).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from snowflake_etl.cli.common import Context, confirmed
from snowflake_etl.errors import ConfigError, ExitCode, Refused

HELP = "bring a file of an older shape up to date; shows the difference and keeps a copy"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it has no flags of its own."""


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.file_change import Change, write
    from snowflake_etl.config.migration import migrated, texts_of_secrets
    from snowflake_etl.config.parsing import parsed_text, read_text
    from snowflake_etl.config.secret import remember_secret

    path = context.configuration_path
    before = read_text(path)
    document = parsed_text(before, path)
    if not isinstance(document, dict | list):
        raise ConfigError(f"{path} contains neither an object nor a list of files. See config template.")
    for text in texts_of_secrets(document):
        remember_secret(text)
    after = migrated(document)
    if after == document:
        return _end(context, "current", f"{path} is up to date already. Check it with config validate.")
    change = Change(path.resolve(), before, _written(after, path), ())
    # Compared with its own content in the same style, so that blanks and quotes do not show up as differences.
    context.say(dataclasses.replace(change, before=_written(document, path)).difference)
    if path.suffix.lower() != ".json" and "#" in before:
        context.say("Comments are not kept; the copy has them.")
    if context.arguments.dry_run:
        return _end(context, "planned", f"{path} would be written like this. Nothing was changed.")
    if not confirmed(context, f"Write {path}, and keep a copy of the current file?"):
        raise Refused("Not confirmed: nothing was changed. Without a terminal add --yes.")
    copy = write(change)
    return _end(
        context,
        "migrated",
        f"{path} is up to date now; what it was before is in {copy}. Check it with config validate.",
    )


def _end(context: Context, status: str, message: str) -> ExitCode:
    context.say(message)
    context.answer({"status": status, "message": message})
    return ExitCode.OK


def _written(document: dict[str, Any] | list[Any], path: Path) -> str:
    if path.suffix.lower() in (".yaml", ".yml"):
        import yaml

        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
