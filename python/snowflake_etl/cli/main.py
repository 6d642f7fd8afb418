"""``snowflake-etl VERB ...`` and the scripts in ``python/`` (floor 6): find the command and run it."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from snowflake_etl import __version__
from snowflake_etl.cli import common
from snowflake_etl.cli.ending import afterwards
from snowflake_etl.cli.examples import examples_of
from snowflake_etl.cli.parser import did_you_mean
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
    "browse": "file_browser",
    "validate": "validate_table",
    "duplicates": "duplicate_checker",
    "report": "table_report",
    "history": "run_history",
    "metrics": "show_metrics",
    "schedule": "make_schedule",
    "drop-month": "drop_month",
    "restore-month": "restore_month",
    "local": "local_warehouse",
    "table-info": "table_info",
    "doctor": "doctor",
    "notify": "send_notice",
    "prune": "prune_state",
    "config": "config_tool",
}

# Flags that most verbs know and that take a value: they may come before the verb (snowflake_etl.sh has the same list).
WITH_VALUE = {
    *("--config", "--environment", "--set", "--base-path", "--month", "--days", "--file"),
    *("--table", "--qc", "--mode", "--output", "--format"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``snowflake-etl VERB ...`` and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(f"snowflake-etl {__version__}")
        return ExitCode.OK
    before, words = _flags_before_the_verb(words)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    verb, *rest = words or [""]
    if not verb or verb.startswith("-"):
        print(_usage())
        return ExitCode.OK if {"-h", "--help"} & {verb, *before} else ExitCode.USAGE
    if verb not in VERBS:
        hint = did_you_mean(verb, VERBS) or f" There are: {', '.join(VERBS)}."
        sentence = f"There is no verb '{printable(verb)}'.{hint}"
        print(f"error: {sentence}", file=sys.stderr)
        if "--json" in (*before, *rest):
            print(json.dumps({"status": "error", "exit_code": int(ExitCode.USAGE), "message": sentence}))
        return ExitCode.USAGE
    # After the rest, where subcommands look for flags; before a --, after which everything is data.
    return run_command(verb, [*before, *rest] if "--" in rest else [*rest, *before])


def _flags_before_the_verb(words: list[str]) -> tuple[list[str], list[str]]:
    """Split off the flags before the verb, each with its value; return them and the rest."""
    number = 0
    while number < len(words) and (words[number].startswith("-") or _is_value(words, number)):
        number += 2 if words[number] in WITH_VALUE else 1
    return words[:number], words[number:]


def _is_value(words: list[str], number: int) -> bool:
    """A verb's own flags are not known yet: a word that is not a verb, between a flag and a verb, is the flag's
    value.
    """
    if not number or not words[number - 1].startswith("--") or words[number] in {*VERBS, "help"}:
        return False
    behind = words[number + 1 :]
    return not VERBS.keys().isdisjoint(behind[: behind.index("--")] if "--" in behind else behind)


def run_script(path: str) -> int:
    """Run the command that has the script's own name, with the process's arguments."""
    verbs = {stem: verb for verb, stem in VERBS.items()}
    return ended(run_command(verbs[Path(path).stem], sys.argv[1:]))


def ended(code: int) -> int:
    """Return the exit code once all our work has ended; exit at once if Python would wait."""
    # A signal that interrupted a library may have left a thread there, whatever became of the work.
    waited_for = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED) or not all(thread.daemon for thread in waited_for):
        _leave_at_once(code)
    _keep_code(code)
    return code


def _keep_code(code: int) -> None:
    """Keep a signal that comes after everything is done from making a successful load look stopped."""
    common.on_signals(lambda *_: _leave_at_once(code))
    # Python does not run handlers any more while it shuts down.
    atexit.register(common.on_signals, signal.SIG_IGN)


def _leave_at_once(code: int) -> NoReturn:
    """Exit although threads remain; Python would wait for each of them, and for the driver's sign-out."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run_command(verb: str, argv: Sequence[str]) -> int:
    """Run the command of a verb; its help says what to type on this host, however it was started."""
    command = importlib.import_module(f"snowflake_etl.cli.commands.{VERBS[verb]}")
    program = places.program()
    examples = examples_of(verb, program)

    def run(context: common.Context) -> ExitCode:
        if not context.arguments.scheduled:
            code: ExitCode = command.run(context)
            return code
        from snowflake_etl.cli.scheduled import run_scheduled

        return run_scheduled(context, command.run, verb, argv)

    words = f"{program} {verb}"
    return common.run(words, command.add_arguments, run, argv, command.DESCRIPTION, examples, afterwards)


def _usage() -> str:
    lines = [f"usage: {places.program()} VERB [flags]", "", "verbs:"]
    lines += [f"  {verb:<13} {_description(stem)}" for verb, stem in VERBS.items()]
    return "\n".join([*lines, "", f"{places.program()} VERB --help tells the flags of a verb."])


def _description(stem: str) -> str:
    return str(importlib.import_module(f"snowflake_etl.cli.commands.{stem}").DESCRIPTION)
