"""One table of a report (floor 5): counted with the same statements as ``validate``, judged by the same rules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from snowflake_etl.errors import ConfigError, ExitCode, UsageError, WarehouseError
from snowflake_etl.month import DayRange
from snowflake_etl.operations.read_refusals import refused_to_read
from snowflake_etl.operations.report_subjects import Subject
from snowflake_etl.operations.table_check import Counted, count_table, judged
from snowflake_etl.quality.day_checks import expected_days, gaps_of
from snowflake_etl.quality.profile import Profile
from snowflake_etl.quality.score import STRANGE_DAYS, facts_of, quality_score
from snowflake_etl.results import CheckReport, Finding, Severity
from snowflake_etl.results_report import DuplicateCount, LastLoad, TableReport, TableStatus
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse.known_tables import KnownTable
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.session import Session


class CountingQueries:
    """A session that counts its queries."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.count = 0

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        self.count += 1
        return self._session.query(sql, binds)


def table_report(
    session: Session,
    name: ObjectName,
    subject: Subject,
    known: KnownTable,
    live: Sequence[LedgerRow],
    days: DayRange | None,
    state_directory: Path,
) -> tuple[TableReport, CheckReport]:
    """Check one existing table, for some ``days`` or (None) all; ``live`` are its live rows in the ledger.

    Raise ConfigError for a configuration that the table does not fit, WarehouseError with the grant that is
    missing, ConnectError.
    """
    started = time.monotonic()
    queries = CountingQueries(session)
    entry = subject.entry
    try:
        counted = count_table(
            queries,
            name,
            known.types,
            entry,
            subject.configuration,
            days if entry.date_column else None,
            state_directory,
            claimed=[row.days for row in live if row.days],
        )
    except UsageError as error:
        raise ConfigError(str(error)) from error
    except WarehouseError as error:
        raise refused_to_read(error, session, subject.configuration, name) from error
    if days and not entry.date_column:
        counted = replace(counted, notes=(*counted.notes, _without_days(name)))
    check = judged(counted, time.monotonic() - started)
    return _row(subject, name, known, live, counted, check, queries.count), check


def _row(
    subject: Subject,
    name: ObjectName,
    known: KnownTable,
    live: Sequence[LedgerRow],
    counted: Counted,
    check: CheckReport,
    statements: int,
) -> TableReport:
    profile = counted.profile
    has_days = profile.rows_per_day is not None
    rows_per_day = profile.rows_per_day or {}
    missing = [day for day in expected_days(counted.expected) if not rows_per_day.get(day)] if profile.rows else []
    status = status_of(check)
    return TableReport(
        config=subject.config,
        table=str(name),
        status=status,
        exit_code=int(ExitCode.PROBLEMS_FOUND if status in (TableStatus.FAILED, TableStatus.EMPTY) else ExitCode.OK),
        rows=profile.rows,
        columns=len(known.types),
        bytes=known.bytes,
        first_day=min((day for day, rows in rows_per_day.items() if rows), default=None),
        last_day=max((day for day, rows in rows_per_day.items() if rows), default=None),
        days_expected=check.days_expected if has_days else None,
        days_found=check.days_found if has_days else None,
        gaps=tuple(gaps_of(missing)),
        anomalies=sum(finding.code in STRANGE_DAYS for finding in check.findings) if has_days else None,
        duplicates=_duplicates(profile, check),
        last_load=last_load(live),
        score=quality_score(facts_of(check)),
        findings=check.findings,
        rows_per_day=check.rows_per_day,
        seconds=check.seconds,
        statements=statements,
    )


def status_of(check: CheckReport) -> TableStatus:
    """EMPTY takes precedence: rows that do not exist cannot be wrong in any other way."""
    if not check.rows:
        return TableStatus.EMPTY
    if check.errors:
        return TableStatus.FAILED
    return TableStatus.WARNING if check.warnings else TableStatus.OK


def _without_days(name: ObjectName) -> Finding:
    return Finding(
        "not_checked_days",
        Severity.INFO,
        f"{name} has no date_column in the configuration: all of its rows were counted, whatever days were asked for.",
    )


def _duplicates(profile: Profile, check: CheckReport) -> DuplicateCount | None:
    found = profile.duplicates
    if found is None or not found.searched:
        return None
    numbers = next((one.numbers for one in check.findings if one.code == "duplicate_keys"), {})
    return DuplicateCount(
        found.key, found.groups, found.excess, float(numbers.get("percent", 0)), str(numbers.get("grade", ""))
    )


def last_load(live: Sequence[LedgerRow]) -> LastLoad | None:
    """The newest row, None if the ledger has none."""
    known = [(row.published_at, row) for row in live if row.published_at]
    if not known:
        return None
    at, row = max(known, key=lambda one: one[0])
    return LastLoad(at, row.month, row.file_name, row.row_count, row.loaded_by)
