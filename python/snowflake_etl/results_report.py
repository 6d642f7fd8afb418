"""What ``report`` returns: one row per table, and the whole (floor 2, no I/O).

The field names are the contract of ``docs/report-schema.json``; nothing here computes, prints or connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from snowflake_etl.month import DayRange
from snowflake_etl.results import Finding, Severity


class TableStatus(StrEnum):
    """The state of a table, the worst first.
    ERROR: it could not be checked.  NOT_FOUND: it does not exist, or may not be seen.  EMPTY: no rows (on the requested
    days).  FAILED: findings that are errors.  WARNING: findings that are warnings.  OK: neither.
    """

    ERROR = "ERROR"
    NOT_FOUND = "NOT_FOUND"
    FAILED = "FAILED"
    EMPTY = "EMPTY"
    WARNING = "WARNING"
    OK = "OK"


@dataclass(frozen=True)
class LastLoad:
    """The newest live row of the ledger: ``at`` is UTC, ``rows`` those of that file."""

    at: datetime
    month: str | None
    file: str
    rows: int
    by: str


@dataclass(frozen=True)
class DuplicateCount:
    """Keys in more than one row: ``keys`` of them, ``rows`` beyond the first of each, ``percent`` of all rows.

    ``grade`` is CRITICAL, HIGH, MEDIUM or LOW, "" if there are none.
    """

    key: tuple[str, ...]
    keys: int = 0
    rows: int = 0
    percent: float = 0.0
    grade: str = ""


@dataclass(frozen=True)
class TableReport:
    """One table of one configuration.

    Unknown values are None: everything about a table that does not exist or could not be checked, the days of
    one without a date column, ``bytes`` if the catalog does not tell, ``duplicates`` without a declared key.
    ``gaps`` are expected days without rows; ``rows_per_day`` has a key (``2013-01-31``) for every day with rows.
    ``message`` says what is wrong with an ERROR or NOT_FOUND; ``exit_code`` is that table's own.
    ``statements`` were sent for this table alone.
    """

    config: str
    table: str
    status: TableStatus
    message: str = ""
    exit_code: int = 0
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    days_expected: int | None = None
    days_found: int | None = None
    gaps: tuple[DayRange, ...] = ()
    anomalies: int | None = None
    duplicates: DuplicateCount | None = None
    last_load: LastLoad | None = None
    score: int | None = None
    findings: tuple[Finding, ...] = ()
    rows_per_day: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    statements: int = 0

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    @property
    def missing_days(self) -> int:
        """How many expected days have no rows."""
        return sum(len(gap) for gap in self.gaps)


@dataclass(frozen=True)
class UnreadConfig:
    """A configuration that could not be read, so that nothing is known about its tables."""

    config: str
    message: str
    exit_code: int


@dataclass(frozen=True)
class ReportResult:
    """All tables in the order of their configurations; ``days`` None means all data.

    ``statements`` counts those for all tables together, including what each configuration needed once.
    """

    made_at: datetime
    days: DayRange | None
    tables: tuple[TableReport, ...]
    unread: tuple[UnreadConfig, ...]
    seconds: float
    workers: int
    statements: int
    message: str
    exit_code: int

    def worst_first(self) -> tuple[TableReport, ...]:
        """The tables by status, then by score, else in their order."""
        order = list(TableStatus)
        return tuple(
            sorted(self.tables, key=lambda one: (order.index(one.status), 101 if one.score is None else one.score))
        )

    def count(self, status: TableStatus) -> int:
        return sum(one.status is status for one in self.tables)
