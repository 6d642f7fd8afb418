"""``load``: months or files into tables (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, Parser, add_common_flags
from snowflake_etl.cli.output import write_private
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode, Stopped
from snowflake_etl.month import HOW_TO_WRITE_MONTHS

if TYPE_CHECKING:
    from snowflake_etl.cli.load_orders import Order
    from snowflake_etl.history.batch_record import Batch
    from snowflake_etl.results import LoadResult, VerifyResult

DESCRIPTION = "Load the files of months into tables: every row exactly once, checked."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_what(parser.add_argument_group("what to load"))
    _add_how(parser.add_argument_group("how to load it"))
    _add_consent(parser.add_argument_group("consent to what is otherwise refused"))
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON to a file (mode 0600)")
    add_common_flags(parser)


def _add_what(which: argparse._ArgumentGroup) -> None:
    which.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    which.add_argument("--file", action="append", type=Path, metavar="FILE", help="load this file (may be repeated)")
    which.add_argument(
        "--from-parts",
        action="append",
        type=Path,
        metavar="MANIFEST",
        help="load the parts that 'compress' made elsewhere, each verified by its checksum (may be repeated)",
    )
    which.add_argument("--resume", action="store_true", help="carry on with the loads that were interrupted here")
    which.add_argument(
        "--verify", action="store_true", help="load nothing: compare loaded months with their files, ledger and table"
    )
    which.add_argument(
        "--if-missing",
        action="store_true",
        help="with --month, safe to run every hour: load what has arrived and is not loaded yet, otherwise do nothing",
    )
    which.add_argument(
        "--settle",
        type=int,
        metavar="MINUTES",
        help="with --if-missing: leave files alone that changed less than MINUTES ago (default: 5)",
    )
    which.add_argument("--table", metavar="TABLE", help="only the files of this table of the configuration")
    which.add_argument("--base-path", type=Path, metavar="DIR", help="where the files are, instead of base_path")


def _add_how(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--mode", choices=("append", "replace"), default="append", help="replace deletes the claimed days first"
    )
    how.add_argument(
        "--qc",
        choices=("file", "snowflake", "both", "skip"),
        help="check the file while staging it, the work table before publishing, both, or nothing (default: file; "
        "snowflake with --from-stage and --from-parts)",
    )
    how.add_argument("--strict", action="store_true", help="warnings of the checks also stop the load")
    how.add_argument("--workers", type=int, metavar="N", help="threads that compress parts, 1 to 64")
    how.add_argument("--jobs", type=int, default=1, metavar="N", help="load N of several months at once, 1 to 16")
    how.add_argument("--continue-on-error", action="store_true", help="with several months: go on after one fails")
    how.add_argument("--stage-only", action="store_true", help="stop after staging; a later load does the rest")
    how.add_argument("--from-stage", action="store_true", help="load what --stage-only staged, without the files")
    how.add_argument("--keep-staged", action="store_true", help="leave the parts on the stage after the publish")
    how.add_argument("--dry-run", action="store_true", help="show files, parts and statements; touch nothing")


def _add_consent(consent: argparse._ArgumentGroup) -> None:
    consent.add_argument("--yes", action="store_true", help="do not ask")
    consent.add_argument(
        "--expect-rows", metavar="N|any", help="how many rows a replace may delete; needed with --yes in jobs"
    )
    consent.add_argument("--allow-existing", action="store_true", help="append to days that have rows already")
    consent.add_argument("--allow-shrink", action="store_true", help="replace with fewer than 90%% of the rows")
    consent.add_argument(
        "--outside", choices=("refuse", "keep"), default="refuse", help="rows outside the days of the file's name"
    )
    consent.add_argument("--policies-checked", action="store_true", help="replace despite masking policies")


def run(context: Context) -> ExitCode:
    """Plan all loads first, then run them; each ends with its counts, several loads with a table."""
    from snowflake_etl.cli.load_orders import check_flags, planned_orders

    check_flags(context)
    if context.arguments.verify:
        return _verify(context, planned_orders(context))
    if context.arguments.if_missing:
        return _load_if_missing(context)
    orders = _resumed(context) if context.arguments.resume else planned_orders(context)
    if not orders:
        message = "No load was interrupted here: nothing to resume."
        context.say(message)
        context.answer({"status": "ok", "message": message})
        # A dry run says whether there is something to start.
        return ExitCode.REFUSED if context.arguments.dry_run else ExitCode.OK
    if context.arguments.dry_run:
        context.say_environment()
    return _ended(context, _run_all(context, orders))


def _load_if_missing(context: Context) -> ExitCode:
    """Run what is not loaded yet; what another host loaded meanwhile is not a refusal: it is the wanted state."""
    from snowflake_etl.cli.load_if_missing import load_if_missing

    results = load_if_missing(context, _run_all)
    if results is None:
        return ExitCode.OK
    return _ended(context, results, [one for one in results if not one.already_loaded])


def _ended(context: Context, results: Sequence[LoadResult], judged: Sequence[LoadResult] | None = None) -> ExitCode:
    """Report what became of the loads; the exit code is that of the ``judged`` ones, by default all."""
    if any(one.status == "loaded" for one in results) and context.job_directory is None:
        context.say(f"The menu with job status and logs: {places.program()}")
    _answer(context, results)
    return _exit_code(results if judged is None else judged)


def _run_all(context: Context, orders: Sequence[Order]) -> list[LoadResult]:
    """Run what was asked for, showing each load as it ends."""
    with _recorded(context, orders) as batch:
        if len(orders) > 1:
            return _batch(context, orders)
        result = orders[0].run(context.progress, threading.Event())
        _show(context, result)
        batch.cut_off = _was_cut_off(context, result.exit_code)
        return [result]


def orders_again(context: Context, commands: Sequence[str]) -> tuple[Context, list[Order]]:
    """Return the loads of recorded commands, and the context to run them in: for ``recover``."""
    from snowflake_etl.cli.load_orders import resumed_orders

    parser = _parser()
    arguments = parser.parse_args(["--resume"])
    for name in ("json", "quiet", "verbose", "scheduled", "set"):
        setattr(arguments, name, getattr(context.arguments, name))
    again = Context(arguments)
    return again, resumed_orders(again, commands, parser.parse_args)


def run_again(context: Context, orders: Sequence[Order]) -> tuple[list[LoadResult], ExitCode]:
    """Run orders of ``orders_again`` and show what became of them; the final answer is the caller's task."""
    results = _run_all(context, orders)
    return results, _exit_code(results)


def _verify(context: Context, orders: Sequence[Order]) -> ExitCode:
    """Compare each month; a difference leads to exit code 6, but the others are still compared."""
    from snowflake_etl.operations.verify_load import verify
    from snowflake_etl.reports.verify_text import verify_text

    results = []
    for order in orders:
        configuration = context.configuration.configuration
        results.append(verify(order.planned, configuration, context.warehouse, context.progress))
        context.close()
        context.say(verify_text(results[-1]))
    _answer(context, results)
    return ExitCode(max(result.exit_code for result in results))


def _resumed(context: Context) -> list[Order]:
    from snowflake_etl.cli.load_orders import resumed_orders
    from snowflake_etl.history.batch_record import BatchRecords
    from snowflake_etl.history.run_record import RunRecords

    commands = [run.command for run in RunRecords(context.state_directory).interrupted()]
    # An interrupted batch may have had loads that had not begun.
    commands += [command for batch in BatchRecords(context.state_directory).cut_off() for command in batch.commands]
    return resumed_orders(context, commands, _parser().parse_args)


def _parser() -> Parser:
    """Reads recorded flags."""
    parser = Parser(prog="load", allow_abbrev=False)
    add_arguments(parser)
    return parser


def _batch(context: Context, orders: Sequence[Order]) -> list[LoadResult]:
    """Show the plan, run the loads, show what became of each."""
    from snowflake_etl.operations.batch import BatchProgress, run_batch

    arguments, stop = context.arguments, threading.Event()
    _show_plan(context, orders)
    progress = BatchProgress(context.progress, sum(order.planned.bytes for order in orders))
    results = run_batch(
        [
            lambda order=order, number=number: order.run(progress.of_load(number), stop)  # type: ignore[misc]
            for number, order in enumerate(orders)
        ],
        at_once=arguments.jobs,
        continue_on_error=arguments.continue_on_error,
        stop=stop,
        on_result=lambda result: _show(context, result),
    )
    _show_table(context, orders, results)
    return results


@contextmanager
def _recorded(context: Context, orders: Sequence[Order]) -> Iterator[Batch]:
    """Record what is to be loaded, for ``load --resume``."""
    from snowflake_etl.history.batch_record import Batch, BatchRecords

    if context.arguments.dry_run:
        yield Batch()
        return
    records = BatchRecords(context.state_directory)
    with records.batch(orders[0].context.warehouse.place, [order.recorded for order in orders]) as batch:
        try:
            yield batch
        except Stopped as stopped:
            batch.cut_off = _was_cut_off(context, stopped.exit_code)
            raise


def _was_cut_off(context: Context, exit_code: int) -> bool:
    """True after SIGHUP or SIGTERM: a lost connection or a shutdown; Ctrl-C and ``jobs cancel`` are intentional."""
    cancelled = context.job_directory is not None and (context.job_directory / "cancelled").exists()
    return exit_code == ExitCode.TERMINATED and not cancelled


def _exit_code(results: Sequence[LoadResult]) -> ExitCode:
    """A failure decides first, then a refusal; among several months, those already loaded do not count as refusals."""
    failed = [one.exit_code for one in results if one.status == "failed"]
    refused = [one.exit_code for one in results if one.status == "refused" and not one.already_loaded]
    some_loaded = any(one.status in ("loaded", "staged", "planned") for one in results)
    nothing_to_do = [] if some_loaded else [one.exit_code for one in results if one.already_loaded]
    return ExitCode(next(iter([*failed, *refused, *nothing_to_do]), ExitCode.OK))


def _show_plan(context: Context, orders: Sequence[Order]) -> None:
    from snowflake_etl.operations.batch import preview
    from snowflake_etl.reports.load_text import human_bytes

    loads = [order.planned for order in orders]
    rows = [
        (
            one.month,
            one.table,
            one.files,
            human_bytes(one.bytes),
            one.state,
            f"{one.seconds:.0f} s" if one.seconds else "",
        )
        for one in preview(context.warehouse, context.configuration.configuration, loads)
    ]
    context.say(ascii_table(("month", "table", "files", "size", "in the ledger", "estimate"), rows) + "\n")


def _show(context: Context, result: LoadResult) -> None:
    from snowflake_etl.reports.load_text import load_text

    context.close()
    context.say(load_text(result, context.width))


def _show_table(context: Context, orders: Sequence[Order], results: Sequence[LoadResult]) -> None:
    by_load = {(result.month, result.table): result for result in results}
    rows: list[tuple[Any, ...]] = []
    for order in orders:
        month, table = str(order.planned.month), order.planned.entry.table_name
        result = by_load.get((month, table))
        status = "not started" if result is None else "loaded before" if result.already_loaded else result.status
        rows.append((month, table, status, f"{result.rows_published:,}" if result else "0"))
    context.say("\n" + ascii_table(("month", "table", "status", "rows published"), rows))


def _answer(context: Context, results: Sequence[LoadResult] | Sequence[VerifyResult]) -> None:
    documents = [dataclasses.asdict(result) for result in results]
    document = documents[0] if len(documents) == 1 else documents
    context.answer(document)
    if context.arguments.output:
        import json

        write_private(context.arguments.output, json.dumps(document, indent=2, default=str) + "\n")
