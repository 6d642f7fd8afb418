"""``load``: months or files into tables (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags, write_private
from snowflake_etl.cli.terminal import printable
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode, Refused, UsageError
from snowflake_etl.month import HOW_TO_WRITE_MONTHS

if TYPE_CHECKING:
    from snowflake_etl.operations.load_plan import PlannedLoad
    from snowflake_etl.operations.situation import Wishes
    from snowflake_etl.results import LoadResult

DESCRIPTION = "Load the files of months into tables: every row exactly once, checked."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("what to load")
    which.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    which.add_argument("--file", action="append", type=Path, metavar="FILE", help="load this file (may be repeated)")
    which.add_argument("--table", metavar="TABLE", help="only the files of this table of the configuration")
    which.add_argument("--base-path", type=Path, metavar="DIR", help="where the files are, instead of base_path")
    how = parser.add_argument_group("how to load it")
    how.add_argument(
        "--mode", choices=("append", "replace"), default="append", help="replace deletes the claimed days first"
    )
    how.add_argument(
        "--qc",
        choices=("file", "snowflake", "both", "skip"),
        default="file",
        help="check the file beside staging it, the work table before publishing, both, or nothing (default: file)",
    )
    how.add_argument("--strict", action="store_true", help="warnings of the checks stop the load as well")
    how.add_argument("--workers", type=int, metavar="N", help="threads that compress and PUT parts, 1 to 64")
    how.add_argument("--dry-run", action="store_true", help="show files, parts and statements; touch nothing")
    consent = parser.add_argument_group("consent, for what is refused otherwise")
    consent.add_argument("--yes", action="store_true", help="do not ask")
    consent.add_argument("--expect-rows", metavar="N|any", help="rows that a replace may delete; with --yes in jobs")
    consent.add_argument("--allow-existing", action="store_true", help="append to days that have rows already")
    consent.add_argument("--allow-shrink", action="store_true", help="replace by less than 90 %% of the rows")
    consent.add_argument(
        "--outside", choices=("refuse", "keep"), default="refuse", help="rows outside the days of the file's name"
    )
    consent.add_argument("--policies-checked", action="store_true", help="replace in spite of masking policies")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON to a file (mode 0600)")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    """Plan all loads first, then run one after the other; a failed one ends the run."""
    _check_flags(context)
    loads = _plan(context)
    results = []
    for planned in loads:
        results.append(_load(context, planned))
        _show(context, results[-1])
        if results[-1].status == "failed":
            break
    _answer(context, results)
    if len(loads) > 1:
        _show_table(context, loads, results)
    return ExitCode(next((one.exit_code for one in sorted(results, key=_severity) if one.exit_code), ExitCode.OK))


def _severity(result: LoadResult) -> bool:
    """A failure decides the exit code before a refusal."""
    return result.status != "failed"


def _check_flags(context: Context) -> None:
    arguments = context.arguments
    if bool(arguments.month) == bool(arguments.file):
        raise UsageError("Say what to load with either --month or --file.")
    if arguments.workers is not None and not 1 <= arguments.workers <= 64:
        raise UsageError(f"--workers takes 1 to 64, not {arguments.workers}.")
    expected = arguments.expect_rows
    if expected is not None and expected != "any" and not (expected.isascii() and expected.isdigit()):
        raise UsageError(f"--expect-rows takes a number of rows or 'any', not '{expected}'.")
    if arguments.mode != "replace":
        for name in ("expect_rows", "allow_shrink"):
            if getattr(arguments, name):
                raise UsageError(f"--{name.replace('_', '-')} goes with --mode replace only.")
    elif not arguments.dry_run and not context.is_interactive and not (arguments.yes and expected):
        raise Refused(
            "A replace deletes rows, and nobody can be asked here. Add --yes and --expect-rows N (the rows that it may "
            "delete; see --dry-run) or --expect-rows any."
        )


def _plan(context: Context) -> list[PlannedLoad]:
    from snowflake_etl.operations.load_plan import plan_files, plan_months

    arguments = context.arguments
    if arguments.file:
        return plan_files(context.configuration, arguments.file, arguments.table)
    today = date.fromisoformat(os.environ["ETL_TODAY"]) if os.environ.get("ETL_TODAY") else date.today()
    return plan_months(context.configuration, arguments.month, today, arguments.base_path, arguments.table)


def _load(context: Context, planned: PlannedLoad) -> LoadResult:
    from snowflake_etl.operations.load import load
    from snowflake_etl.operations.load_state import LoadRequest, QualityMethod

    arguments = context.arguments
    request = LoadRequest(
        wishes=_wishes(context, planned),
        quality=QualityMethod(arguments.qc),
        confirm=lambda question: _confirm(context, question),
        dry_run=arguments.dry_run,
        strict=arguments.strict,
        workers=arguments.workers,
    )
    return load(planned, context.configuration.configuration, context.warehouse, request, context.progress)


def _wishes(context: Context, planned: PlannedLoad) -> Wishes:
    from snowflake_etl.operations.situation import Mode, Wishes

    arguments = context.arguments
    expected = arguments.expect_rows
    return Wishes(
        mode=Mode(arguments.mode),
        command=_command(context, planned),
        allow_existing=arguments.allow_existing,
        allow_shrink=arguments.allow_shrink,
        keep_outside=arguments.outside == "keep",
        policies_checked=arguments.policies_checked,
        full_refresh=planned.entry.full_refresh,
        expect_rows=int(expected) if expected and expected != "any" else expected,
    )


def _command(context: Context, planned: PlannedLoad) -> str:
    """The command line of this one load, as the operator may type it again."""
    arguments = context.arguments
    words = ["./snowflake_etl.sh" if places.is_checkout() else "snowflake-etl", "load"]
    if arguments.config:
        words += ["--config", str(arguments.config)]
    if arguments.file:
        for file in planned.files:
            words += ["--file", str(file.path)]
    else:
        words += ["--month", str(planned.month), "--table", planned.entry.table_name]
        if arguments.base_path:
            words += ["--base-path", str(arguments.base_path)]
    if arguments.qc != "file":
        words += ["--qc", arguments.qc]
    return shlex.join(words)


def _confirm(context: Context, question: str) -> bool:
    """Show what a replace will do and ask, unless it was consented to beforehand."""
    arguments = context.arguments
    if arguments.yes and (arguments.expect_rows or context.is_interactive):
        return True
    context.close()
    print(printable(question), file=sys.stderr)
    print("Go on? Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


def _show(context: Context, result: LoadResult) -> None:
    from snowflake_etl.reports.load_text import load_text

    context.close()
    context.say(load_text(result))
    if result.status == "loaded" and context.job_directory is None and places.is_checkout():
        context.say("The menu with job status and logs: ./snowflake_etl.sh")


def _show_table(context: Context, loads: Sequence[PlannedLoad], results: Sequence[LoadResult]) -> None:
    from snowflake_etl.cli.terminal import ascii_table

    rows: list[tuple[Any, ...]] = [
        (result.month, result.table, result.status, f"{result.rows_published:,}") for result in results
    ]
    rows += [(str(load.month), load.entry.table_name, "not started", "0") for load in loads[len(results) :]]
    context.say("\n" + ascii_table(("month", "table", "status", "rows published"), rows))


def _answer(context: Context, results: Sequence[LoadResult]) -> None:
    documents = [dataclasses.asdict(result) for result in results]
    document = documents[0] if len(documents) == 1 else documents
    context.answer(document)
    if context.arguments.output:
        import json

        write_private(context.arguments.output, json.dumps(document, indent=2, default=str) + "\n")
