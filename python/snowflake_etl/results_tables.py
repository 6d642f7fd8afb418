"""What ``validate`` and ``duplicates`` return (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from dataclasses import dataclass

from snowflake_etl.results import CheckReport, Finding


@dataclass(frozen=True)
class TableCheck:
    """One table and the requested days (``2024-01``, ``2024-01-03..2024-01-10`` or ``all``).

    ``status`` is ok, warning, failed (the check found errors) or error (it could not be checked, and ``report`` is
    None).  ``exit_code`` is 0 unless that is a reason for another one.
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
    """One key that is in several rows."""

    key: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class DuplicateCheck:
    """Duplicate keys of one table or file on the requested days.

    ``status`` is unique, duplicates, null_keys (none twice, but rows without a key), not_checked or error (it could not
    be checked; ``message`` says why).  ``excess_rows`` are those beyond the first of each key, ``percent`` of all
    ``rows``; ``grade`` is CRITICAL, HIGH, MEDIUM or LOW, "" without duplicates.  ``worst`` are the keys with most
    rows, most first, at most as many as requested.  ``delete_sql`` is "" unless requested and needed.
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


@dataclass(frozen=True)
class Elsewhere:
    """Another table or view of the same name: ``kind`` is TABLE or VIEW."""

    table: str
    kind: str
    owner: str


@dataclass(frozen=True)
class InfoColumn:
    """One column: ``type`` as declared, "" for one that the table lacks.

    ``roles`` are what the configuration uses it for (date, key); ``remark`` is "" if both agree.
    """

    name: str
    type: str
    nullable: bool
    roles: tuple[str, ...]
    configured: str
    remark: str


@dataclass(frozen=True)
class InfoGrant:
    """What one role (``kind`` as SHOW GRANTS says) may do; ``in_session`` when our session's role has it."""

    role: str
    kind: str
    privileges: tuple[str, ...]
    in_session: bool


@dataclass(frozen=True)
class InfoLoad:
    """One file of the ledger; ``published_at`` in UTC."""

    month: str
    file: str
    rows: int
    mode: str
    state: str
    loaded_by: str
    host: str
    published_at: str


@dataclass(frozen=True)
class TableInfo:
    """One table: ``status`` is ok, differs (see ``problems``), missing or error (see ``message``).

    What the warehouse does not report is None or "".  ``loads`` are the newest of all ``loads_in_ledger``.
    """

    status: str
    table: str
    message: str
    exit_code: int
    kind: str = ""
    rows: int | None = None
    bytes: int | None = None
    owner: str = ""
    created: str = ""
    clustered_by: str = ""
    retention_days: int | None = None
    comment: str = ""
    columns: tuple[InfoColumn, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    role: str = ""
    grants: tuple[InfoGrant, ...] = ()
    policies: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    loads: tuple[InfoLoad, ...] = ()
    loads_in_ledger: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableInfoResult:
    """All tables of one run of ``table-info``; ``status`` is ok, problems or error."""

    status: str
    tables: tuple[TableInfo, ...]
    message: str
    exit_code: int
