"""Past checks, alone and compared, as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.plural import counted
from snowflake_etl.reports.check_text import findings_on_screen, fitted
from snowflake_etl.results_history import CheckComparison, CheckDetail, FindingChange, PastEntry

_MOST_DAYS = 31


def check_text(detail: CheckDetail, all_of_it: str, width: int | None = None) -> str:
    """One check: what it was, its findings, rows per day."""
    entry = detail.entry
    lines = [
        f"  check {entry.check_id} of {_when(entry.at)}, {_what(entry)}, {entry.table} {entry.days}: {entry.status}"
    ]
    lines += findings_on_screen(detail.findings, all_of_it)
    days = [f"    {day}: {counted(rows, 'row')}" for day, rows in detail.rows_per_day.items()]
    return "\n".join(fitted([*lines, *_few(days, "day", all_of_it)], width))


def comparison_text(comparison: CheckComparison, all_of_it: str, width: int | None = None) -> str:
    """What changed between two checks, or that nothing did."""
    return "\n".join(fitted(_changes(comparison, all_of_it), width))


def _changes(comparison: CheckComparison, all_of_it: str) -> list[str]:
    now, before = comparison.now, comparison.before
    lines = [f"  {now.table} {now.days}: {_when(now.at)} {_what(now)}, {counted(now.rows or 0, 'row')}, {now.status}"]
    if before is None:
        return [*lines, "    no check before it"]
    lines.append(f"    before: {_when(before.at)} {_what(before)}, {counted(before.rows or 0, 'row')}, {before.status}")
    if not comparison.differs:
        return [*lines, "    no difference"]
    if comparison.rows_changed:
        lines.append(f"    rows: {comparison.rows_changed:+,}")
    days = [
        f"    {one.day}: {one.before:,} -> {counted(one.now, 'row')} ({one.now - one.before:+,})"
        for one in comparison.days
    ]
    lines += _few(days, "day", all_of_it)
    return [*lines, *(line for change in comparison.findings for line in _finding(change))]


def _finding(change: FindingChange) -> Iterator[str]:
    told = change.now or change.before
    if told is not None:
        yield f"    {change.change} {told.severity}: {told.message}"
    if change.change == "changed" and change.before is not None:
        yield f"      before: {change.before.message}"


def _few(lines: list[str], thing: str, all_of_it: str) -> list[str]:
    hidden = len(lines) - _MOST_DAYS
    rest = [f"    and {counted(hidden, f'more {thing}')}, all of them {all_of_it}"] if hidden > 0 else []
    return [*lines[:_MOST_DAYS], *rest]


def _what(entry: PastEntry) -> str:
    return f"{entry.what} by {', '.join(entry.key)}" if entry.key else entry.what


def _when(at: str) -> str:
    """``2024-02-01 06:15:00 UTC`` from a recorded time."""
    return f"{at[:19].replace('T', ' ')} UTC"
