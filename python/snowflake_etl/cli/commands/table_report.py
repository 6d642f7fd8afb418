"""``report``: every table of one configuration or of several (floor 6)."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.output import write_private
from snowflake_etl.cli.spans import add_span_flags, asked_spans
from snowflake_etl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from snowflake_etl.month import DayRange
    from snowflake_etl.results_report import ReportResult

DESCRIPTION = "Report on all tables: status, rows, days, gaps, anomalies, duplicates, size, last load, score."
FORMATS = ("text", "json", "csv", "xlsx", "html")
_DEFAULT_WORKERS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("which tables")
    which.add_argument(
        "--config", action="append", type=Path, default=[], metavar="FILE", help="a configuration (may be repeated)"
    )
    which.add_argument(
        "--configs", action="append", type=Path, default=[], metavar="DIR", help="all configurations of a folder"
    )
    which.add_argument(
        "--name", action="append", default=[], metavar="PATTERN", help="only those with this name: 'prod*'"
    )
    which.add_argument(
        "--table", action="append", default=[], metavar="PATTERN", help="only these tables: 'FL*', 'SALES.*'"
    )
    add_span_flags(which)
    how = parser.add_argument_group("how")
    how.add_argument(
        "--workers",
        type=int,
        default=_DEFAULT_WORKERS,
        metavar="N",
        help=f"examine N tables at a time, 1 to 32 (default {_DEFAULT_WORKERS})",
    )
    how.add_argument("--strict", action="store_true", help="warnings lead to exit code 6 as well")
    out = parser.add_argument_group("output")
    out.add_argument("--format", choices=FORMATS, help="default: by the ending of --output, otherwise text")
    out.add_argument("--output", type=Path, metavar="FILE", help="write the report to a file (mode 0600)")
    out.add_argument("--width", type=int, metavar="N", help="columns of the text, from 80; 132 shows more")
    out.add_argument("--chart", action="store_true", help="with text: draw the rows per day of each table")
    add_common_flags(parser, config=False)


def run(context: Context) -> ExitCode:
    from snowflake_etl.config import places
    from snowflake_etl.operations.report import report
    from snowflake_etl.operations.report_subjects import configuration_files, read_all, subjects_of

    arguments = context.arguments
    form = _format(arguments)
    if not 1 <= arguments.workers <= 32:
        raise UsageError(f"--workers takes 1 to 32, not {arguments.workers}.")
    days = _days(arguments)
    files = arguments.config or ([] if arguments.configs else [places.default_configuration()])
    loaded, unread = read_all(configuration_files(files, arguments.configs, arguments.name), context.choice)
    context.ending.configurations = loaded
    result = report(
        subjects_of(loaded, arguments.table),
        unread,
        days,
        context.state_directory,
        workers=arguments.workers,
        strict=arguments.strict,
        progress=context.progress,
        ask=context.ask_secret if context.is_interactive else None,
    )
    context.close()
    _deliver(context, result, form)
    return ExitCode(result.exit_code)


def _format(arguments: argparse.Namespace) -> str:
    """The requested format.  Raise UsageError, before any work, for one that could not be delivered."""
    output: Path | None = arguments.output
    ending = output.suffix.lower().removeprefix(".") if output else ""
    form: str = arguments.format or {"htm": "html", "txt": "text"}.get(ending, ending if ending in FORMATS else "text")
    if output is None and form == "xlsx":
        raise UsageError("A workbook is no text: name its file with --output FILE.xlsx.")
    if arguments.chart and form != "text":
        raise UsageError("--chart draws in text: leave it out, or --format; the HTML report has charts of its own.")
    if arguments.width is not None and arguments.width < 80:
        raise UsageError(f"--width takes 80 or more, not {arguments.width}.")
    return form


def _days(arguments: argparse.Namespace) -> DayRange | None:
    """The requested days, as one run; None means all."""
    from snowflake_etl.operations.report import contiguous

    spans = [span for span in asked_spans(arguments) if span is not None]
    if not spans:
        return None
    if (days := contiguous(spans)) is None:
        raise UsageError("A report is about months in a row, such as 2024-01..2024-03. Make one for each of these.")
    return days


def _deliver(context: Context, result: ReportResult, form: str) -> None:
    """Write the report to its file or the screen; the document goes to --json and the job's folder."""
    from snowflake_etl.reports.report_document import report_document

    output = context.arguments.output
    if output is None:
        context.say(_as_text(result, form, context))
    else:
        write_private(output, _workbook(result) if form == "xlsx" else _as_text(result, form, context))
        context.say(f"{result.message}\nThe report is in {output}.")
    context.answer(report_document(result))


def _workbook(result: ReportResult) -> bytes:
    from snowflake_etl.reports.report_xlsx import report_xlsx

    return report_xlsx(result)


def _as_text(result: ReportResult, form: str, context: Context) -> str:
    if form == "html":
        from snowflake_etl.reports.report_html import report_html

        return report_html(result)
    if form == "csv":
        from snowflake_etl.reports.report_csv import report_csv

        return report_csv(result).removesuffix("" if context.arguments.output else "\n")
    if form == "json":
        import json

        from snowflake_etl.reports.report_document import report_document

        return json.dumps(report_document(result), indent=2) + ("\n" if context.arguments.output else "")
    return _text(result, context)


def _text(result: ReportResult, context: Context) -> str:
    from snowflake_etl.reports.report_chart import rows_chart
    from snowflake_etl.reports.report_text import report_text

    arguments = context.arguments
    width = arguments.width or min(132, max(80, shutil.get_terminal_size().columns))
    in_file = arguments.output is not None
    text = report_text(result, width, None if in_file else 5, "with --format json")
    charts = [rows_chart(table, width) for table in result.worst_first()] if arguments.chart else []
    return "\n\n".join([text, *(chart for chart in charts if chart)]) + ("\n" if in_file else "")
