"""A report as text for people (floor 3): a table for 80 or for 132 columns, then the findings, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snowflake_etl.month import DayRange
from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.check_text import wrapped
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results import Finding
from snowflake_etl.results_report import ReportResult, TableReport, TableStatus

WIDE = 132
NARROW = 80
_SMALLEST_NAME = 12


@dataclass(frozen=True)
class _Column:
    heading: str
    width: int
    only_wide: bool = False
    to_the_right: bool = True


# The column of width 0 takes the remaining space.
_COLUMNS = (
    _Column("STATUS", 9, to_the_right=False),
    _Column("TABLE", 0, to_the_right=False),
    _Column("ROWS", 13),
    _Column("COLS", 4, only_wide=True),
    _Column("DAYS", 9),
    _Column("FIRST DAY", 10, only_wide=True),
    _Column("LAST DAY", 10, only_wide=True),
    _Column("GAPS", 4),
    _Column("ODD", 4),
    _Column("DUPL", 6),
    _Column("SIZE", 8, only_wide=True),
    _Column("LOADED", 10, only_wide=True),
    _Column("SCORE", 5),
)


def report_text(result: ReportResult, width: int = NARROW, samples: int | None = 5, all_of_them: str = "") -> str:
    """The report in ``width`` columns; ``samples`` is how many of each finding are listed (None: all).
    ``all_of_them`` follows "93 more": where to find them.
    """
    width = max(NARROW, width)
    lines = [f"Table report of {result.made_at:%Y-%m-%d %H:%M} UTC, {_span(result.days)}", ""]
    for one in result.unread:
        lines += wrapped(f"ERROR      {visible(one.config)}: {visible(one.message)}", width, 11)
    configs = list(dict.fromkeys(table.config for table in result.tables))
    columns = [column for column in _COLUMNS if width >= WIDE or not column.only_wide]
    for config in configs:
        lines += [f"{visible(config)}:"] if len(configs) > 1 else []
        lines += _head(columns, width)
        for table in result.worst_first():
            if table.config == config:
                lines += _row(table, columns, width)
        lines.append("")
    for table in result.worst_first():
        if table.findings or table.message:
            lines += [*_details(table, width, samples, all_of_them), ""]
    if any(table.anomalies for table in result.tables):
        lines += ["ODD: days with far fewer or more rows than days like them.", ""]
    return "\n".join([*lines, result.message])


def _span(days: DayRange | None) -> str:
    if days is None:
        return "all data"
    month = days.month
    return str(month) if month and month.days() == days else f"{days.first} to {days.last}"


def _head(columns: Sequence[_Column], width: int) -> list[str]:
    widths = _widths(columns, width)
    names = [_cell(column.heading, size, column) for column, size in zip(columns, widths, strict=True)]
    return [" ".join(names).rstrip(), " ".join("-" * size for size in widths)]


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    rest = width - sum(column.width for column in columns) - (len(columns) - 1)
    return [column.width or max(_SMALLEST_NAME, rest) for column in columns]


def _row(table: TableReport, columns: Sequence[_Column], width: int) -> list[str]:
    """One line; a name that does not fit goes on a separate line above, in full."""
    values, widths = _values(table), _widths(columns, width)
    name, place = values["TABLE"], [column.heading for column in columns].index("TABLE")
    too_long = len(name) > widths[place]
    shown = {**values, "TABLE": ""} if too_long else values
    cells = [_cell(shown[column.heading], size, column) for column, size in zip(columns, widths, strict=True)]
    if not too_long:
        return [" ".join(cells).rstrip()]
    indent = " " * (columns[0].width + 1)
    return [f"{values['STATUS']:<{columns[0].width}} {name}", indent + " ".join(cells[1:]).rstrip()]


def _cell(text: str, width: int, column: _Column) -> str:
    return text.rjust(width) if column.to_the_right else text.ljust(width)


def _values(table: TableReport) -> dict[str, str]:
    with_days = table.days_expected is not None
    return {
        "STATUS": table.status.value,
        "TABLE": visible(table.table),
        "ROWS": _number(table.rows),
        "COLS": _number(table.columns),
        "DAYS": f"{table.days_found}/{table.days_expected}" if table.days_expected else "",
        "FIRST DAY": str(table.first_day or ""),
        "LAST DAY": str(table.last_day or ""),
        "GAPS": str(len(table.gaps)) if with_days else "",
        "ODD": _number(table.anomalies),
        "DUPL": _short(table.duplicates.rows) if table.duplicates else "",
        "SIZE": human_bytes(table.bytes) if table.bytes is not None else "",
        "LOADED": f"{table.last_load.at:%Y-%m-%d}" if table.last_load else "",
        "SCORE": _number(table.score),
    }


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _short(value: int) -> str:
    """At most six characters: 999,999 and more in thousands or millions."""
    for unit in ("", "k", "M", "G"):
        if len(f"{value:,}{unit}") <= 6:
            return f"{value:,}{unit}"
        value //= 1000
    return f"{value}T"


def _details(table: TableReport, width: int, samples: int | None, all_of_them: str) -> Iterator[str]:
    """What to know about a table that is not simply fine."""
    yield from wrapped(f"{table.status.value:<9}  {visible(table.table)} ({visible(table.config)})", width, 11)
    if table.message:
        yield from wrapped(f"  {visible(table.message)}", width, 2)
    if table.status in (TableStatus.ERROR, TableStatus.NOT_FOUND):
        return
    yield from wrapped(f"  {', '.join(_facts(table))}", width, 2)
    for finding in table.findings:
        yield from _finding(finding, width, samples, all_of_them)


def _facts(table: TableReport) -> Iterator[str]:
    yield f"{counted(table.rows or 0, 'row')}, {counted(table.columns or 0, 'column')}"
    if table.first_day:
        yield f"{table.first_day} to {table.last_day}"
    if table.bytes is not None:
        yield human_bytes(table.bytes)
    if table.last_load:
        yield f"last load {table.last_load.at:%Y-%m-%d %H:%M} UTC from {visible(table.last_load.file)}"


def _finding(finding: Finding, width: int, samples: int | None, all_of_them: str) -> Iterator[str]:
    yield from wrapped(f"  {finding.severity}: {visible(finding.message)}", width, 4)
    samples_or_examples = finding.samples or finding.examples
    # A single sample says no more than the message.
    listed = samples_or_examples if len(samples_or_examples) > 1 else ()
    shown = listed if samples is None else listed[:samples]
    for sample in shown:
        yield from wrapped(f"      {visible(sample)}", width, 8)
    if len(listed) > len(shown):
        yield f"      {len(listed) - len(shown):,} more {all_of_them}".rstrip()
