"""``metrics``: loads, jobs and scheduled runs for a monitor (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.result_file import result_file

DESCRIPTION = "Print the state of loads, jobs and scheduled runs for monitoring, in Prometheus' text format."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write them to FILE atomically (mode 0644), for node_exporter's textfile collector",
    )
    parser.add_argument(
        "--live", action="store_true", help="also ask the ledger of the configuration's target: rows and age of tables"
    )
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    """Print or write what is known; an unreachable warehouse is also a metric, and gives exit code 4."""
    from snowflake_etl.config.places import today
    from snowflake_etl.operations.metrics import live_metrics, local_metrics
    from snowflake_etl.reports.metrics_text import metrics_text

    metrics, problem = local_metrics(context.state_directory, today()), ""
    if context.arguments.live:
        configuration = context.configuration.configuration
        live, problem = live_metrics(configuration, context.warehouse, today())
        metrics += live
    text = metrics_text(metrics)
    if context.arguments.output:
        _write_for_all(context.arguments.output, text)
    elif not context.arguments.json:
        context.write(text)
    if problem:
        LOGGER.error("The ledger could not be asked: %s", problem)
    context.answer(
        {
            "status": "failed" if problem else "ok",
            "message": problem,
            "metrics": [dataclasses.asdict(metric) for metric in metrics],
        }
    )
    return ExitCode.CONNECTION if problem else ExitCode.OK


def _write_for_all(path: Path, text: str) -> None:
    """Replace the file atomically, so that the exporter, which is another user, never reads half of it."""
    try:
        with result_file(path, mode=0o644) as stream:
            stream.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Correct --output, or make its folder.") from None
