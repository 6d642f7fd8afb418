"""Duplicate keys as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.check_text import fitted
from snowflake_etl.results_tables import DuplicateCheck, DuplicatesResult


def duplicates_text(result: DuplicatesResult, width: int | None = None) -> str:
    """One line per table or file with its grade, its worst keys below, then the statements, the outcome last."""
    lines = [line for check in result.checks for line in _check(check)]
    return "\n".join(fitted([*lines, f"{result.status}: {result.message}"], width))


def _check(check: DuplicateCheck) -> Iterator[str]:
    key = f", key {', '.join(check.key)}" if check.key else ""
    grade = f" ({check.grade})" if check.grade else ""
    yield f"  {check.subject} {check.days}{key}: {check.status}{grade}, {check.message}"
    for worst in check.worst:
        named = ", ".join(f"{column}={visible(value)}" for column, value in zip(check.key, worst.key, strict=True))
        yield f"    {counted(worst.rows, 'row')}: {named}"
    if check.keys > len(check.worst):
        yield f"    {len(check.worst)} of {check.keys:,} keys are shown; --show N shows more."
    yield from (f"    note: {note}" for note in check.notes)
    yield from (
        f"    {finding.severity}: {finding.message}" for finding in check.findings if finding.severity == "info"
    )
    if check.delete_sql:
        yield from ("", check.delete_sql, "")
        if not check.delete_sql.isascii():
            yield "    note: Names beyond ASCII are escapes here: take the statements from delete_sql of --json."
