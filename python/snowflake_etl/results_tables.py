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
class DuplicateCheck:
    """Duplicate keys of one table or file and of the days that were asked for.

    ``status`` is unique, duplicates, null_keys (none twice, but rows without a key), not_checked or error (it could
    not be looked at; ``message`` says why).  ``excess_rows`` are those beyond the first of each key, ``percent`` of all
    ``rows``; ``grade`` is CRITICAL, HIGH, MEDIUM or LOW, "" without duplicates.  ``worst`` are the keys with most
    rows, most first, at most as many as were asked for.  ``delete_sql`` is "" unless asked for and needed.
    """

    status: str
    subject: str
    days: str
    message: str
    exit_code: int
    engine: str = ""
    key: tuple[str, ...] = ()
    rows: int = 0
    keys: int = 0
    excess_rows: int = 0
    percent: float = 0.0
    most_of_one_key: int = 0
    grade: str = ""
    null_rows: int = 0
    worst: tuple[DuplicateKey, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    delete_sql: str = ""


@dataclass(frozen=True)
class DuplicatesResult:
    """All tables, or the files, of one run of ``duplicates``; ``status`` is ok, problems or error."""

    status: str
    checks: tuple[DuplicateCheck, ...]
    message: str
    exit_code: int
