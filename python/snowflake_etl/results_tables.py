"""What ``validate`` and ``duplicates`` answer (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from dataclasses import dataclass

from snowflake_etl.results import CheckReport, Finding


@dataclass(frozen=True)
class TableCheck:
    """One table and the days that were asked for (``2024-01``, ``2024-01-03..2024-01-10`` or ``all``).

    ``status`` is ok, warning, failed (the check found errors) or error (it could not be checked, and ``report`` is
    None).  ``exit_code`` is 0 unless that is a reason to end with another one.
    """

    status: str
    table: str
    days: str
    message: str
    exit_code: int
    report: CheckReport | None = None


@dataclass(frozen=True)
class ValidateResult:
    """All tables of one run of ``validate``; ``status`` is ok, problems or error."""

    status: str
    checks: tuple[TableCheck, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class DuplicateKey:
    """One key that stands in several rows."""

    key: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class DuplicatesResult:
    """Duplicate keys of one table or file and the days that were asked for.

    ``status`` is unique, duplicates or not_checked.  ``excess_rows`` are those beyond the first of each key,
    ``percent`` of all ``rows``; ``grade`` is CRITICAL, HIGH, MEDIUM or LOW, "" without duplicates.  ``worst`` are
    the keys with most rows, most first, at most as many as were asked for.  ``delete_sql`` is "" unless asked for.
    """

    status: str
    engine: str
    subject: str
    days: str
    key: tuple[str, ...]
    rows: int
    keys: int
    excess_rows: int
    percent: float
    most_of_one_key: int
    grade: str
    null_rows: int
    worst: tuple[DuplicateKey, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    seconds: float
    message: str
    exit_code: int
    delete_sql: str = ""
