"""Profile, checks and timing in one call: the interface for operations (floor 4)."""

from __future__ import annotations

import time
from pathlib import Path

from snowflake_etl.files.layout import Layout
from snowflake_etl.month import DayRange
from snowflake_etl.progress import Progress, no_progress
from snowflake_etl.quality.checks import run_checks
from snowflake_etl.quality.day_checks import expected_days
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_engine import profile_file
from snowflake_etl.quality.file_rejects import OnReject
from snowflake_etl.quality.names import stored
from snowflake_etl.quality.profile import ColumnProfile, Expectations, Profile, Scope, type_text
from snowflake_etl.quality.table_engine import Queries, profile_table
from snowflake_etl.results import CheckedColumn, CheckReport
from snowflake_etl.sqltext import ObjectName


def check_file(
    path: Path,
    layout: Layout,
    expectations: Expectations,
    resources: Resources,
    *,
    scope: Scope = Scope.ALL,
    progress: Progress = no_progress,
    sample_rows: int | None = None,
    on_reject: OnReject | None = None,
) -> CheckReport:
    """Check one file; arguments and errors are those of ``profile_file``."""
    started = time.monotonic()
    profile = profile_file(
        path,
        layout,
        expectations,
        resources,
        scope=scope,
        progress=progress,
        sample_rows=sample_rows,
        on_reject=on_reject,
    )
    return report_of(profile, expectations, time.monotonic() - started)


def check_table(
    session: Queries,
    table: ObjectName,
    expectations: Expectations,
    *,
    days: DayRange | None = None,
    scope: Scope = Scope.ALL,
) -> CheckReport:
    """Check one table or work table; arguments and errors are those of ``profile_table``."""
    started = time.monotonic()
    profile = profile_table(session, table, expectations, days=days, scope=scope)
    return report_of(profile, expectations, time.monotonic() - started)


def report_of(profile: Profile, expectations: Expectations, seconds: float) -> CheckReport:
    """Judge a profile."""
    days = sorted(day for day, rows in (profile.rows_per_day or {}).items() if rows)
    expected = expected_days(expectations)
    return CheckReport(
        engine=profile.engine,
        subject=profile.subject,
        rows=profile.rows,
        days_expected=len(expected),
        days_found=len(set(days).intersection(expected) if expectations.days else days),
        first_day=str(days[0]) if days else "",
        last_day=str(days[-1]) if days else "",
        findings=run_checks(profile, expectations),
        seconds=seconds,
        rows_per_day={str(day): profile.rows_per_day[day] for day in days} if profile.rows_per_day else {},
        columns=_columns(profile, expectations),
        sample_rows=profile.sample_rows,
    )


def _columns(profile: Profile, expectations: Expectations) -> tuple[CheckedColumn, ...]:
    """Every column; without numbers if only days were counted."""
    counted = {column.name: column for column in profile.column_profiles}
    named = [(name, counted.get(stored(name, expectations.types), ColumnProfile(name))) for name in profile.columns]
    types = {name: type_text(kind) for name, kind in expectations.types.items()}
    return tuple(
        CheckedColumn(name, types.get(column.name, ""), column.nulls, column.longest) for name, column in named
    )
