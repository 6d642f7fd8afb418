"""The check of one table of the configuration (floor 5), for some days or for all; only reads."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.expected_days import days_to_expect
from snowflake_etl.quality.profile import Expectations, Profile, Scope
from snowflake_etl.quality.runner import report_of
from snowflake_etl.quality.table_engine import Queries, profile_table
from snowflake_etl.results import CheckReport, Finding, Severity
from snowflake_etl.sqltext import ColumnType, ObjectName
from snowflake_etl.warehouse.catalog import Table


@dataclass(frozen=True)
class Counted:
    """A table's profile, what it should be like, and further notes on it."""

    profile: Profile
    expected: Expectations
    notes: tuple[Finding, ...] = ()


def check_of_table(
    session: Queries,
    table: Table,
    entry: FileSection,
    configuration: Configuration,
    span: DayRange | None,
    state_directory: Path,
    *,
    scope: Scope = Scope.ALL,
) -> CheckReport:
    """Count ``table`` and judge it by what ``entry`` and the history of its earlier days expect.

    ``span`` None means all rows; then no day may be missing between the first and the last with rows.  Raise
    UsageError for days of a table without a date column or for missing columns, and whatever the session raises.
    """
    began = time.monotonic()
    types = {column.name: column.type for column in table.columns}
    counted = count_table(session, table.name, types, entry, configuration, span, state_directory, scope=scope)
    return judged(counted, time.monotonic() - began)


def count_table(
    session: Queries,
    name: ObjectName,
    types: Mapping[str, ColumnType],
    entry: FileSection,
    configuration: Configuration,
    span: DayRange | None,
    state_directory: Path,
    *,
    scope: Scope = Scope.ALL,
    claimed: Sequence[DayRange] = (),
) -> Counted:
    """The first half of ``check_of_table``: ``types`` are the table's columns by stored name.

    For all rows (``span`` None) the days that loaded files have ``claimed`` must have rows as well.
    """
    if span is not None and entry.date_column is None:
        raise UsageError(
            f"Table {name} has no date column, so no days can be chosen. Set date_column in the configuration, "
            "or check all of it, without --month and --days."
        )
    about = check_history.subject_of(configuration.snowflake, entry.table_name, span)
    earlier = check_history.earlier_days(state_directory, about)

    def expecting(days: Sequence[DayRange]) -> Expectations:
        return replace(expectations_of(entry, configuration.quality, types, days=days), earlier_days=earlier)

    expected = expecting([span] if span else ())
    profile = profile_table(session, name, expected, days=span, scope=scope)
    if span is not None or expected.date_column is None:
        return Counted(profile, expected)
    found = [day for day, rows in (profile.rows_per_day or {}).items() if rows]
    days, notes = days_to_expect(found, claimed)
    return Counted(profile, expecting(days), tuple(notes))


def judged(counted: Counted, seconds: float) -> CheckReport:
    """The second half: the findings of the checks, with the notes, worst first."""
    report = report_of(counted.profile, counted.expected, seconds)
    order = list(Severity)
    findings = sorted((*report.findings, *counted.notes), key=lambda finding: order.index(finding.severity))
    return replace(report, findings=tuple(findings))
