"""Rows per day as calendar months and as a line chart (floor 3): where every mark of a page goes, and what it says.
Pure functions; ``templates`` draw what they return.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from snowflake_etl.results import Finding
from snowflake_etl.results_report import TableReport

# Pixels from one day's square to the next; the square itself is CELL.
PITCH = 15
CELL = 13
# Colour levels, each up to a share of the usual day.
LEVEL_SHARES = (0.10, 0.50, 0.90, 1.10)
# Up to this many consecutive months without a row are drawn; more become one line of text.
_MOST_EMPTY_MONTHS = 3
TREND_WIDTH = 1000
TREND_HEIGHT = 120
_ODD = {"few_rows_on_day", "many_rows_on_day"}


@dataclass(frozen=True)
class DayCell:
    """One square: its place in pixels, its classes (``none``, ``missing``, ``level-0`` to ``level-4``, ``error``,
    ``warning``), and what it says."""

    x: int
    y: int
    classes: str
    label: str


@dataclass(frozen=True)
class MonthBlock:
    """A month of squares; without ``cells`` it stands for ``title``, several months without rows."""

    title: str
    cells: tuple[DayCell, ...]
    height: int


@dataclass(frozen=True)
class Trend:
    """Rows per day as points of a line in a box of TREND_WIDTH by TREND_HEIGHT, with gaps and odd days marked on it."""

    points: str
    area: str
    usual: float
    most: int
    typical: int
    marks: tuple[tuple[float, str], ...]


def month_blocks(table: TableReport) -> list[MonthBlock]:
    """The calendar from the first to the last day that has or should have rows."""
    rows = _rows(table)
    missing = {day for gap in table.gaps for day in gap}
    if not rows and not missing:
        return []
    odd = odd_days(table.findings)
    usual = median(rows.values()) if rows else 0.0
    blocks: list[MonthBlock] = []
    empty: list[tuple[int, int]] = []
    months_with_rows = {(day.year, day.month) for day in rows}
    for month in _months(min([*rows, *missing]), max([*rows, *missing])):
        if month not in months_with_rows:
            empty.append(month)
            continue
        blocks += _empty_blocks(empty, missing)
        empty = []
        blocks.append(_block(*month, rows, missing, odd, usual))
    return [*blocks, *_empty_blocks(empty, missing)]


def odd_days(findings: Sequence[Finding]) -> dict[date, str]:
    """The days that findings report as odd, with ``error`` or ``warning``."""
    return {
        date.fromisoformat(str(finding.numbers["day"])): finding.severity.value
        for finding in findings
        if finding.code in _ODD and "day" in finding.numbers
    }


def trend(table: TableReport) -> Trend | None:
    """The line from the first to the last day with rows; None if there are fewer than two."""
    rows = _rows(table)
    if len(rows) < 2:
        return None
    first, last, most = min(rows), max(rows), max(rows.values())
    span = (last - first).days
    typical = median(rows.values())
    missing = sorted(day for gap in table.gaps for day in gap if first < day < last)

    def across(day: date) -> float:
        return round(TREND_WIDTH * (day - first).days / span, 1)

    def down(count: float) -> float:
        return round(TREND_HEIGHT * (1 - count / most), 1)

    days = _drawn_days(rows, missing)
    points = " ".join(f"{across(day):g},{down(rows.get(day, 0)):g}" for day in days)
    marks = [(across(day), severity) for day, severity in odd_days(table.findings).items() if first <= day <= last]
    return Trend(
        points,
        f"0,{TREND_HEIGHT} {points} {TREND_WIDTH},{TREND_HEIGHT}",
        down(typical),
        most,
        round(typical),
        tuple(marks),
    )


def sparkline(table: TableReport, points: int = 40, width: int = 120, height: int = 24) -> str:
    """A small line of averages: the points of an SVG polyline in a box of that size, "" if there are too few."""
    rows = _rows(table)
    if len(rows) < 2:
        return ""
    first, last = min(rows), max(rows)
    count = (last - first).days + 1
    step = max(1, -(-count // points))
    sums = [0] * -(-count // step)
    for day, number in rows.items():
        sums[(day - first).days // step] += number
    averages = [total / min(step, count - place * step) for place, total in enumerate(sums)]
    most, right = max(averages), max(1, len(averages) - 1)
    return " ".join(
        f"{round(width * place / right, 1):g},{round(1 + (height - 2) * (1 - value / most), 1):g}"
        for place, value in enumerate(averages)
    )


def _drawn_days(rows: Mapping[date, int], missing: Sequence[date]) -> list[date]:
    """Days with rows and the first and last day of every gap, so that the line drops to zero in between."""
    gaps = set(missing)
    one = timedelta(days=1)
    ends = [day for day in missing if day - one not in gaps or day + one not in gaps]
    return sorted({*rows, *ends})


def _rows(table: TableReport) -> dict[date, int]:
    return {date.fromisoformat(text): count for text, count in table.rows_per_day.items() if count}


def _months(first: date, last: date) -> Iterator[tuple[int, int]]:
    number, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    while number <= end:
        yield number // 12, number % 12 + 1
        number += 1


def _empty_blocks(months: Sequence[tuple[int, int]], missing: set[date]) -> Iterator[MonthBlock]:
    if len(months) > _MOST_EMPTY_MONTHS:
        yield MonthBlock(f"no rows {_month_text(*months[0])} to {_month_text(*months[-1])}", (), 0)
        return
    for month in months:
        yield _block(*month, {}, missing, {}, 0.0)


def _block(
    year: int, month: int, rows: Mapping[date, int], missing: set[date], odd: Mapping[date, str], usual: float
) -> MonthBlock:
    """Seven columns from Monday to Sunday, one row per week."""
    first = date(year, month, 1)
    cells: list[DayCell] = []
    lowest = 0
    day = first
    while day.month == month:
        place = first.weekday() + day.day - 1
        x, y = place % 7 * PITCH, place // 7 * PITCH
        lowest = max(lowest, y + CELL)
        cells.append(DayCell(x, y, *_look(day, rows.get(day, 0), day in missing, odd.get(day, ""), usual)))
        if day == date.max:
            break
        day += timedelta(days=1)
    return MonthBlock(_month_text(year, month), tuple(cells), lowest)


def _look(day: date, rows: int, missing: bool, odd: str, usual: float) -> tuple[str, str]:
    label = f"{day:%a} {day.isoformat()}"
    if missing:
        return "missing", f"{label}: no rows, expected"
    if not rows:
        return "none", f"{label}: no rows"
    share = rows / usual
    level = sum(share > bound for bound in LEVEL_SHARES)
    said = f"{label}: {rows:,} rows, {share:.0%} of the usual day"
    return f"level-{level} {odd}".rstrip(), f"{said} ({odd})" if odd else said


def _month_text(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}"
