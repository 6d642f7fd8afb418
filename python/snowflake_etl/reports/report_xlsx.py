"""A report as an Excel workbook (floor 3): summary, findings, samples, rows per day.

Numbers are numbers, days are dates, everything else is text, whatever it looks like.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from snowflake_etl.reports.cells import begins_like_formula, visible
from snowflake_etl.results import Finding
from snowflake_etl.results_report import ReportResult, TableReport

Value = str | int | float | date | datetime | None

# Excel's own limits: rows of a sheet, characters of a cell, the first valid date.
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
_LINE_POINTS = 15
_MOST_POINTS = 405
_FIRST_DAY = date(1900, 3, 1)

# Heading, width in characters.
_SUMMARY = (
    ("Config", 18),
    ("Table", 34),
    ("Status", 12),
    ("Score", 8),
    ("Rows", 16),
    ("Columns", 9),
    ("Bytes", 18),
    ("First day", 12),
    ("Last day", 12),
    ("Days expected", 14),
    ("Days found", 12),
    ("Missing days", 13),
    ("Gaps", 8),
    ("Anomalies", 11),
    ("Duplicate keys", 15),
    ("Duplicate rows", 15),
    ("Duplicates %", 13),
    ("Grade", 10),
    ("Last load (UTC)", 20),
    ("Last file", 40),
    ("Errors", 8),
    ("Warnings", 10),
    ("Message", 60),
)
_FINDINGS = (("Config", 18), ("Table", 34), ("Severity", 10), ("Code", 22), ("Finding", 100), ("Numbers", 40))
_SAMPLES = (("Config", 18), ("Table", 34), ("Code", 22), ("Sample", 80))
_DAYS = (("Config", 18), ("Table", 34), ("Day", 12), ("Weekday", 11), ("Rows", 14))

# Status or severity: text and background colour of its cell.
_COLOURS = {
    "ERROR": ("#7A1712", "#F6D5D2"),
    "NOT_FOUND": ("#7A1712", "#F6D5D2"),
    "FAILED": ("#7A1712", "#F6D5D2"),
    "EMPTY": ("#6B4400", "#F8E6BF"),
    "WARNING": ("#6B4400", "#F8E6BF"),
    "OK": ("#1E5230", "#D5EBDB"),
    "INFO": ("#33475B", "#E2E9F0"),
}


def report_xlsx(result: ReportResult) -> bytes:
    """The workbook's bytes."""
    import xlsxwriter

    out = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, settings) as workbook:
        workbook.set_properties({"title": "Table report", "created": result.made_at.replace(tzinfo=None)})
        book = _Book(workbook)
        summary = book.sheets("Summary", _SUMMARY, _summary_rows(result))
        for sheet, last in summary:
            book.colour_statuses(sheet, 2, last)
            book.colour_scores(sheet, 3, last)
        for sheet, last in book.sheets("Findings", _FINDINGS, _finding_rows(result.worst_first())):
            book.colour_statuses(sheet, 2, last)
        book.sheets("Samples", _SAMPLES, _sample_rows(result.worst_first()))
        for sheet, last in book.sheets("Rows per day", _DAYS, _day_rows(result.tables)):
            book.bars(sheet, 4, last)
    return out.getvalue()


class _Book:
    """The workbook with its formats."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        self._head = workbook.add_format({**base, "bold": True, "bg_color": "#33475B", "font_color": "#FFFFFF"})
        self._text = workbook.add_format({**base, "text_wrap": True})
        # The leading apostrophe keeps it from becoming a formula even if somebody edits the cell.
        self._quoted_text = workbook.add_format({**base, "text_wrap": True, "quote_prefix": True})
        self._whole = workbook.add_format({**base, "num_format": "#,##0"})
        self._broken = workbook.add_format({**base, "num_format": "#,##0.00"})
        self._day = workbook.add_format({**base, "num_format": "yyyy-mm-dd"})
        self._time = workbook.add_format({**base, "num_format": "yyyy-mm-dd hh:mm:ss"})
        self._colours = {
            word: workbook.add_format({"font_color": letters, "bg_color": back})
            for word, (letters, back) in _COLOURS.items()
        }

    def sheets(
        self, name: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Value]]
    ) -> list[tuple[Any, int]]:
        """Write the rows, on further sheets when one is full; return each sheet with the number of its last row."""
        made: list[tuple[Any, int]] = []
        sheet, place = self._sheet(name, columns), 0
        for row in rows:
            if place == MOST_ROWS - 1:
                made.append((sheet, place))
                sheet, place = self._sheet(f"{name} {len(made) + 1}", columns), 0
            place += 1
            self._write_row(sheet, place, columns, row)
        made.append((sheet, place))
        for one, last in made:
            one.autofilter(0, 0, last, len(columns) - 1)
        return made

    def colour_statuses(self, sheet: Any, column: int, last: int) -> None:
        for word, colours in self._colours.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": colours}
            sheet.conditional_format(1, column, max(1, last), column, rule)

    def colour_scores(self, sheet: Any, column: int, last: int) -> None:
        scale = {
            "type": "3_color_scale",
            "min_type": "num",
            "mid_type": "num",
            "max_type": "num",
            "min_value": 50,
            "mid_value": 89,
            "max_value": 100,
            "min_color": "#F0B7B2",
            "mid_color": "#F8E6BF",
            "max_color": "#BFE0C9",
        }
        sheet.conditional_format(1, column, max(1, last), column, scale)

    def bars(self, sheet: Any, column: int, last: int) -> None:
        sheet.conditional_format(1, column, max(1, last), column, {"type": "data_bar", "bar_color": "#8BB2D6"})

    def _sheet(self, name: str, columns: Sequence[tuple[str, int]]) -> Any:
        sheet = self._workbook.add_worksheet(name)
        sheet.freeze_panes(1, 2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for column, (heading, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, self._head)
        return sheet

    def _write_row(self, sheet: Any, place: int, columns: Sequence[tuple[str, int]], row: Sequence[Value]) -> None:
        """Write the values; a row with wrapped text is as high as needed, up to Excel's limit."""
        lines = max(
            (-(-len(value) // width) for (_, width), value in zip(columns, row, strict=True) if isinstance(value, str)),
            default=1,
        )
        if lines > 1:
            sheet.set_row(place, min(lines * _LINE_POINTS, _MOST_POINTS))
        for column, value in enumerate(row):
            self._write(sheet, place, column, value)

    def _write(self, sheet: Any, row: int, column: int, value: Value) -> None:
        if value is None:
            return
        if isinstance(value, str):
            text = visible(value)
            text = (
                text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 40]} (cut: Excel takes no more)"
            )
            like = self._quoted_text if begins_like_formula(value) else self._text
            sheet.write_string(row, column, text, like)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.replace(tzinfo=None), self._time)
        elif isinstance(value, date):
            if value < _FIRST_DAY:
                sheet.write_string(row, column, value.isoformat(), self._text)
            else:
                sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self._day)
        else:
            sheet.write_number(row, column, value, self._whole if isinstance(value, int) else self._broken)


def _summary_rows(result: ReportResult) -> Iterable[list[Value]]:
    for one in result.unread:
        yield [one.config, None, "ERROR", *[None] * (len(_SUMMARY) - 4), one.message]
    for table in result.worst_first():
        duplicates, load = table.duplicates, table.last_load
        with_days = table.days_expected is not None
        known = table.rows is not None
        yield [
            table.config,
            table.table,
            table.status.value,
            table.score,
            table.rows,
            table.columns,
            table.bytes,
            table.first_day,
            table.last_day,
            table.days_expected,
            table.days_found,
            table.missing_days if with_days else None,
            len(table.gaps) if with_days else None,
            table.anomalies,
            duplicates.keys if duplicates else None,
            duplicates.rows if duplicates else None,
            duplicates.percent if duplicates else None,
            duplicates.grade if duplicates else None,
            load.at if load else None,
            load.file if load else None,
            len(table.errors) if known else None,
            len(table.warnings) if known else None,
            table.message or None,
        ]


def _finding_rows(tables: Iterable[TableReport]) -> Iterable[list[Value]]:
    for table, finding in _findings(tables):
        numbers = json.dumps(dict(finding.numbers), ensure_ascii=False)
        yield [table.config, table.table, finding.severity.upper(), finding.code, finding.message, numbers]


def _sample_rows(tables: Iterable[TableReport]) -> Iterable[list[Value]]:
    for table, finding in _findings(tables):
        for sample in finding.samples or finding.examples:
            yield [table.config, table.table, finding.code, sample]


def _findings(tables: Iterable[TableReport]) -> Iterable[tuple[TableReport, Finding]]:
    return ((table, finding) for table in tables for finding in table.findings)


def _day_rows(tables: Iterable[TableReport]) -> Iterable[list[Value]]:
    for table in tables:
        for text, rows in table.rows_per_day.items():
            day = date.fromisoformat(text)
            yield [table.config, table.table, day, f"{day:%A}", rows]
