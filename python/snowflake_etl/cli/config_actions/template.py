"""``config template NAME``: a configuration to begin with, on standard output or in a new file (floor 6)."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.parser import did_you_mean
from snowflake_etl.errors import ExitCode, UsageError

HELP = "a configuration to begin with (NAME: local, key-pair, connection, environments)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("template")
    flags.add_argument("--to", type=Path, metavar="FILE", help="write it to a new file, never over an existing one")


def run(context: Context) -> ExitCode:
    from snowflake_etl.config import places
    from snowflake_etl.config.templates import TEMPLATES

    name = context.arguments.name
    if name not in TEMPLATES:
        wrong = f"There is no template '{name}'.{did_you_mean(name, TEMPLATES)} " if name else ""
        raise UsageError(
            f"{wrong}Say which template: config template NAME > FILE.yaml, with one of {', '.join(TEMPLATES)}."
        )
    to = context.arguments.to
    if to is None:
        context.say(TEMPLATES[name].rstrip())
    else:
        _write(to, TEMPLATES[name])
        check = shlex.join((places.program(), "config", "validate", "--config", str(to)))
        context.say(f"{to} is written. Fill in your own names, then check it with: {check}")
    context.answer({"template": name, "text": TEMPLATES[name], "file": str(to) if to else None})
    return ExitCode.OK


def _write(path: Path, text: str) -> None:
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError(f"A template is YAML. Name the file so: --to {path.with_suffix('.yaml')}")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already. Name a new file.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name a file in a folder of yours.") from None
