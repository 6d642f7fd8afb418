"""``snowflake-etl VERB ...`` and the scripts in ``python/`` (floor 6): find the command and run it."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from snowflake_etl import __version__
from snowflake_etl.cli import common
from snowflake_etl.cli.terminal import printable
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode

VERBS = {
    "load": "loader",
    "recover": "recover_load",
    "diagnose": "diagnose_load",
    "stage": "stage_manager",
    "ledger": "ledger_tool",
    "check-file": "check_file",
    "clean-file": "clean_file",
    "compare": "compare_files",
    "compress": "compress_file",
    "sample": "sample_file",
    "validate": "validate_table",
    "duplicates": "duplicate_checker",
    "report": "table_report",
    "history": "run_history",
    "drop-month": "drop_month",
    "restore-month": "restore_month",
    "local": "local_warehouse",
    "table-info": "table_info",
    "doctor": "doctor",
    "config": "config_tool",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``snowflake-etl VERB ...`` and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_usage())
        return ExitCode.OK if words else ExitCode.USAGE
    if words[0] == "--version":
        print(f"snowflake-etl {__version__}")
        return ExitCode.OK
    verb, *rest = words
    if verb not in VERBS:
        nearest = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Did you mean '{nearest[0]}'?" if nearest else f"There are: {', '.join(VERBS)}."
        print(f"error: There is no verb '{printable(verb)}'. {hint}", file=sys.stderr)
        return ExitCode.USAGE
    return run_command(verb, rest)


def run_script(path: str) -> int:
    """Run the command that has the script's own name, with the process's arguments."""
    verbs = {stem: verb for verb, stem in VERBS.items()}
    code = run_command(verbs[Path(path).stem], sys.argv[1:])
    if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        _leave_at_once(code)
    return code


def _leave_at_once(code: int) -> NoReturn:
    """End a process that was told to stop, though a library that the signal cut into may keep a thread waiting.

    Whatever is ours has ended in order by now; Python would wait for every thread, and for the driver's last words.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run_command(verb: str, argv: Sequence[str]) -> int:
    """Run the command of a verb; its help says what to type on this host, whatever it was started by."""
    command = importlib.import_module(f"snowflake_etl.cli.commands.{VERBS[verb]}")
    return common.run(f"{places.program()} {verb}", command.add_arguments, command.run, argv, command.DESCRIPTION)


def _usage() -> str:
    lines = [f"usage: {places.program()} VERB [flags]", "", "verbs:"]
    lines += [f"  {verb:<13} {_description(stem)}" for verb, stem in VERBS.items()]
    return "\n".join([*lines, "", f"{places.program()} VERB --help tells the flags of a verb."])


def _description(stem: str) -> str:
    return str(importlib.import_module(f"snowflake_etl.cli.commands.{stem}").DESCRIPTION)
