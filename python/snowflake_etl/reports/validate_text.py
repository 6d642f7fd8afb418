"""Checks of tables as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.reports.check_text import findings_on_screen, fitted
from snowflake_etl.results_tables import TableCheck, ValidateResult


def validate_text(result: ValidateResult, all_of_it: str, width: int | None = None) -> str:
    """One line per table and month, its findings below, the outcome last; ``all_of_it`` says where to find
    everything.
    """
    lines = [line for check in result.checks for line in _check(check, all_of_it)]
    return "\n".join(fitted([*lines, f"{result.status}: {result.message}"], width))


def _check(check: TableCheck, all_of_it: str) -> Iterator[str]:
    yield f"  {check.table} {check.days}: {check.status}, {check.message}"
    if check.report is not None:
        yield from findings_on_screen(check.report.findings, all_of_it)
