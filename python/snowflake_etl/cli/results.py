"""Where a result goes besides the screen (floor 6): ``--json``, ``--output``, a job's ``result.json``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.output import write_private
from snowflake_etl.errors import UsageError


def add_output_flag(parser: argparse.ArgumentParser) -> None:
    """Add ``--output``."""
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON to a file (mode 0600)")


def where_all_is(context: Context) -> str:
    """Where to find what does not fit on the screen, to follow "all of them"."""
    if context.arguments.output:
        return f"in {context.arguments.output}"
    if context.job_directory is not None:
        return f"in {context.job_directory / 'result.json'}"
    return "with --output FILE"


def deliver(context: Context, document: Any) -> None:
    """Deliver the result as JSON to whoever asked for it, and to the file of ``--output``."""
    context.answer(document)
    if context.arguments.output:
        write_private(context.arguments.output, json.dumps(document, indent=2, ensure_ascii=True, default=str) + "\n")


def refuse_over_inputs(context: Context, *inputs: Path) -> None:
    """Raise UsageError if a result would overwrite an input file or another result."""
    results = [getattr(context.arguments, name, None) for name in ("output", "differences")]
    written = [path for path in results if path is not None]
    for result in written:
        for path in inputs:
            if result.exists() and path.exists() and result.samefile(path):
                raise UsageError(f"{result} is read here, and would be written over. Name another file for the result.")
    if len({path.absolute() for path in written}) < len(written):
        raise UsageError(f"{written[0]} cannot hold both results. Name two files.")
