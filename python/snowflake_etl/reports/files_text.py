"""Checked files as text for people (floor 3): the worst first, the counts, and where to find the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from snowflake_etl.plural import counted
from snowflake_etl.reports.check_text import findings_on_screen, fitted
from snowflake_etl.results import CheckedColumn, CheckReport, CheckResult

MOST_COLUMNS = 40
MOST_NOTES = 10


def files_text(result: CheckResult, all_of_it: str, width: int | None = None) -> str:
    """Every file with its findings, for a single file also the counts; ``all_of_it`` says where to find everything."""
    ordered = sorted(result.checks, key=lambda check: (not check.errors, not check.warnings))
    lines = [line for check in ordered for line in _check(check, all_of_it, is_only=len(ordered) == 1)]
    lines += [f"  note: {note}" for note in result.notes[:MOST_NOTES]]
    if len(result.notes) > MOST_NOTES:
        lines.append(f"  and {counted(len(result.notes) - MOST_NOTES, 'more note')}, all of them {all_of_it}")
    if result.rejects_file:
        lines.append(f"  rejected values and rows: {result.rejected:,}, all of them in {result.rejects_file}")
    return "\n".join(fitted([*lines, f"{result.status}: {result.message}"], width))


def _check(check: CheckReport, all_of_it: str, *, is_only: bool) -> Iterator[str]:
    if any(finding.code == "unreadable" for finding in check.findings):
        yield f"  {check.subject}: could not be checked"
    else:
        yield f"  {check.subject}: {_status(check)}{_sample(check)}, {counted(check.rows, 'row')}{_days(check)}"
    if is_only and check.columns:
        yield from _per_day(check)
        yield from _columns(check.columns, all_of_it)
    yield from findings_on_screen(check.findings, all_of_it)


def _status(check: CheckReport) -> str:
    if not (check.errors or check.warnings):
        return "nothing found"
    return f"{counted(len(check.errors), 'error')}, {counted(len(check.warnings), 'warning')}"


def _sample(check: CheckReport) -> str:
    return "" if check.sample_rows is None else f" in a SAMPLE of the first {check.sample_rows:,} rows"


def _days(check: CheckReport) -> str:
    if not check.first_day:
        return ""
    judged = check.days_expected and check.sample_rows is None
    found = f", {check.days_found} of {counted(check.days_expected, 'day')}" if judged else ""
    return f"{found}, {check.first_day} to {check.last_day}"


def _per_day(check: CheckReport) -> Iterator[str]:
    rows = sorted(check.rows_per_day.values())
    if rows:
        yield f"    rows a day: {rows[0]:,} to {rows[-1]:,}, median {median(rows):,.0f}"


def _columns(columns: Sequence[CheckedColumn], all_of_it: str) -> Iterator[str]:
    """A table of the columns."""
    rows = [("column", "type", "NULLs", "longest")]
    rows += [(column.name, column.type, _number(column.nulls), _number(column.longest)) for column in columns]
    shown = rows[: MOST_COLUMNS + 1]
    name, kind, nulls, longest = (max(len(row[place]) for row in shown) for place in range(4))
    for row in shown:
        yield f"    {row[0]:<{name}}  {row[1]:<{kind}}  {row[2]:>{nulls}}  {row[3]:>{longest}}".rstrip()
    if len(rows) > len(shown):
        yield f"    and {counted(len(rows) - len(shown), 'more column')}, all of them {all_of_it}"


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"
