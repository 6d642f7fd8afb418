"""Rows per day as a chart for terminals (floor 3): plotext, in ASCII."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from snowflake_etl.reports.cells import visible
from snowflake_etl.results_report import TableReport

_HEIGHT = 12
_LEFT = 12
# plotext frames its charts with box characters, which some terminals cannot show.
_ASCII = str.maketrans(
    {"\u2524": "|", "\u2502": "|", "\u251c": "|", "\u2500": "-", "\u252c": "+", "\u2534": "+", "\u253c": "+"}
    | dict.fromkeys("\u250c\u2510\u2514\u2518", "+")
)


def rows_chart(table: TableReport, width: int) -> str:
    """A chart of at most ``width`` characters, "" for a table without days."""
    if not table.first_day or not table.last_day:
        return ""
    days, rows, step = _series(table.rows_per_day, table.first_day, table.last_day, max(10, width - _LEFT))
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, _HEIGHT)
    numbers = list(range(len(days)))
    plotext.plot(numbers, rows, marker="#", fillx=True)
    plotext.ylim(0, max(rows) or 1)
    plotext.xticks(*_ticks(days))
    plotext.yticks(*_heights(max(rows) or 1))
    average = f", each column the average of {step} days" if step > 1 else ""
    text = plotext.uncolorize(plotext.build()).translate(_ASCII)
    lines = [f"{visible(table.table)}: rows per day{average}", *(line.rstrip() for line in text.splitlines())]
    return "\n".join(line for line in lines if line)


def _series(
    rows_per_day: Mapping[str, int], first: date, last: date, columns: int
) -> tuple[list[date], list[float], int]:
    """The first day and the rows of every chart column, and the number of its days; a day without rows counts as 0."""
    count = (last - first).days + 1
    step = -(-count // columns)
    days = [first + timedelta(days=number) for number in range(0, count, step)]
    sums = [0.0] * len(days)
    for text, rows in rows_per_day.items():
        sums[(date.fromisoformat(text) - first).days // step] += rows
    widths = [min(step, count - number * step) for number in range(len(days))]
    return days, [total / wide for total, wide in zip(sums, widths, strict=True)], step


def _ticks(days: Sequence[date]) -> tuple[list[int], list[str]]:
    """The first, the middle and the last day."""
    places = sorted({0, len(days) // 2, len(days) - 1})
    return places, [days[place].isoformat() for place in places]


def _heights(most: float) -> tuple[list[float], list[str]]:
    values = [0.0, most / 2, most]
    return values, [f"{value:,.0f}" for value in values]
