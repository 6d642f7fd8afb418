"""A report as one HTML file (floor 3): everything in it, nothing fetched, no script; the page itself is a template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.month import DayRange
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.load_text import human_bytes, human_seconds
from snowflake_etl.reports.report_calendar import (
    CELL,
    PITCH,
    TREND_HEIGHT,
    TREND_WIDTH,
    MonthBlock,
    Trend,
    month_blocks,
    sparkline,
    trend,
)
from snowflake_etl.results_report import ReportResult, TableReport, TableStatus

_TEMPLATES = Path(__file__).parent / "templates"
# Up to this many tables are all expanded; with more, only those with findings.
_ALL_OPEN = 3
_WORDS = {
    TableStatus.OK: "fine",
    TableStatus.WARNING: "with warnings",
    TableStatus.FAILED: "failed",
    TableStatus.EMPTY: "empty",
    TableStatus.NOT_FOUND: "not found",
    TableStatus.ERROR: "not looked at",
}


@dataclass(frozen=True)
class _Section:
    """One table as the page shows it: its ``name`` alone, and its ``place`` (database and schema)."""

    anchor: str
    name: str
    place: str
    table: TableReport
    is_open: bool
    months: list[MonthBlock]
    trend: Trend | None
    sparkline: str


def report_html(result: ReportResult) -> str:
    """The page, in ASCII: any other character is written as a character reference."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(number=_number, size=human_bytes, duration=human_seconds)
    tables = result.worst_first()
    page = environment.get_template("report.html").render(
        result=result,
        title=_title(result.days),
        tallies=[(status, _WORDS[status], result.count(status)) for status in TableStatus],
        sections=[
            _section(number, table, result.days is None or len(tables) > 1, len(tables))
            for number, table in enumerate(tables, 1)
        ],
        with_sizes=any(table.bytes is not None for table in tables),
        with_loads=any(table.last_load for table in tables),
        configs={*(table.config for table in tables), *(one.config for one in result.unread)},
        cell=CELL,
        calendar_width=6 * PITCH + CELL,
        trend_width=TREND_WIDTH,
        trend_height=TREND_HEIGHT,
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _section(number: int, table: TableReport, with_sparkline: bool, tables: int) -> _Section:
    *place, name = table.table.split(".", 2)
    return _Section(
        anchor=f"table-{number}",
        name=name,
        place=".".join(place),
        table=table,
        is_open=tables <= _ALL_OPEN or table.status is not TableStatus.OK,
        months=month_blocks(table),
        trend=trend(table),
        sparkline=sparkline(table) if with_sparkline else "",
    )


def _title(days: DayRange | None) -> str:
    if days is None:
        return "All data"
    month = days.month
    if month and month.days() == days:
        return f"{days.first:%B %Y}"
    return f"{days.first} to {days.last}"


def _shown(value: Any) -> Any:
    """Applied to every expression of the template before escaping: makes control codes visible."""
    return visible(value) if type(value) is str else value


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
