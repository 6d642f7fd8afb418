"""``load --qc both`` (floor 5): compares the counts in the files with those in the table loaded from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from snowflake_etl.month import DayRange
from snowflake_etl.operations.month_counts import Counts, differences
from snowflake_etl.plural import counted
from snowflake_etl.quality import names
from snowflake_etl.quality.wording import few
from snowflake_etl.results import CheckReport, Finding, Severity

FILE_AND_TABLE_DIFFER = "file_and_table_differ"
# Different rows or days mean that the load went wrong; values may differ by how NULL and blanks were read.
_ERRORS = frozenset({"rows", "day"})


def compared(
    checks: Sequence[CheckReport], table: CheckReport, claimed: Sequence[DayRange], columns: Sequence[str]
) -> CheckReport:
    """Return the table's report, with a finding for each difference from the files' reports among ``checks``.
    ``columns`` are the loaded columns' stored names.  Rows, rows of each claimed day, NULLs and longest values are
    compared; without the files' reports there is nothing to compare.
    """
    # A transaction that is retried has left the table's report there as well.
    files = [check for check in checks if check.engine == "file"]
    if not files:
        return table
    has_days = bool(table.rows_per_day or any(file.rows_per_day for file in files))
    found, _ = differences(_counts(files, columns, has_days), _counts([table], columns, has_days), claimed)
    if not found:
        return table
    severity = Severity.ERROR if any(one.what in _ERRORS for one in found) else Severity.WARNING
    messages = [one.message.rstrip(".") for one in found]
    finding = Finding(
        FILE_AND_TABLE_DIFFER,
        severity,
        f"File and table differ in {counted(len(found), 'point')}: {few(messages)}. "
        "Look at these values in the file and in the table before anybody relies on them.",
        {"differences": len(found)},
        tuple(messages),
    )
    order = list(Severity)
    return replace(table, findings=tuple(sorted((*table.findings, finding), key=lambda one: order.index(one.severity))))


def _counts(reports: Sequence[CheckReport], columns: Sequence[str], has_days: bool) -> Counts:
    days: dict[date, int] = {}
    nulls: dict[str, int] = {}
    longest: dict[str, int] = {}
    for report in reports:
        for text, rows in report.rows_per_day.items():
            day = date.fromisoformat(text)
            days[day] = days.get(day, 0) + rows
        for column in report.columns:
            name = names.stored(column.name, columns)
            if column.nulls is not None:
                nulls[name] = nulls.get(name, 0) + column.nulls
            if column.longest is not None:
                longest[name] = max(longest.get(name, 0), column.longest)
    return Counts(sum(report.rows for report in reports), days if has_days else None, nulls, longest)
