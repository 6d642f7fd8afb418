"""What operations return: plain frozen values that reports render and ``--json`` prints (floor 2).

The field names are the contract of ``result.json``; nothing here computes, prints or connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: errors stop a publish, warnings only with ``--strict``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing a check found: a stable ``code``, one sentence, its numbers and samples.

    ``samples`` are line numbers of a file or key values of a table, as text, never shortened.  ``examples`` are the
    first ten wrong values, each with its line in a file or its number of rows in a table.
    """

    code: str
    severity: Severity
    message: str
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckedColumn:
    """One column as it was counted: ``type`` is "" if unknown, a number is None if it was not counted.

    ``longest`` is in characters.
    """

    name: str
    type: str
    nulls: int | None = None
    longest: int | None = None


@dataclass(frozen=True)
class CheckReport:
    """What one engine found out about one subject (a file, a work table or a table).

    ``days_found`` are the expected days that have rows; if no days are expected, all days with rows.
    ``rows_per_day`` has a key (``2013-01-31``) for every day that has rows; it is empty without a date column.
    ``sample_rows`` is not None if only that many rows were checked.
    """

    engine: str
    subject: str
    rows: int
    days_expected: int
    days_found: int
    first_day: str
    last_day: str
    findings: tuple[Finding, ...]
    seconds: float
    rows_per_day: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[CheckedColumn, ...] = ()
    sample_rows: int | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)


@dataclass(frozen=True)
class CheckResult:
    """The end of a verb that only checks: ``status`` is ok or problems (errors, with --strict warnings too).

    ``notes`` say what was decided, such as where the types came from.  ``rejects_file`` holds the
    ``rejected`` values and rows, one per line; "" if not requested.
    """

    status: str
    checks: tuple[CheckReport, ...]
    notes: tuple[str, ...]
    message: str
    exit_code: int
    rejects_file: str = ""
    rejected: int = 0


@dataclass(frozen=True)
class LoadedFile:
    """One file of a load: its size in bytes on disk, the records read from it, and their hash.

    ``parts_sent`` of its ``parts`` had to be sent; the others were on the stage already.
    """

    file: str
    bytes: int
    rows_read: int
    content_hash: str
    parts: int
    parts_sent: int


@dataclass(frozen=True)
class Rejection:
    """The first record that COPY rejected, in the operator's file and in its part on the stage.

    ``line`` and ``part_line`` count from 1.  ``column`` is a stored name and ``place`` its number in the file from 1;
    "" and 0 if the warehouse does not tell.
    """

    file: str
    line: int
    column: str
    place: int
    reason: str
    folder: str
    part: str
    part_line: int


@dataclass(frozen=True)
class Phase:
    """How long one step took; ``bytes`` and ``bytes_per_second`` are 0 if a step moves none.

    ``peak_memory`` is the most that the process had used by its end, in bytes; ``query_ids`` are those of the
    statements that move rows: COPY, INSERT, DELETE.
    """

    name: str
    seconds: float
    bytes_per_second: int
    bytes: int = 0
    peak_memory: int = 0
    query_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadResult:
    """The end of one load of one month to one table.

    ``status`` is loaded, staged (--stage-only), planned (a dry run), refused (nothing was done, on purpose) or
    failed; only for the last two is ``exit_code`` not 0; ``already_loaded`` is true if that is why it was refused.
    ``rows_replaced`` is the number of rows that a replace deleted, ``rejected`` is the record at which COPY stopped.
    """

    status: str
    run_id: str
    table: str
    month: str | None
    mode: str
    files: tuple[LoadedFile, ...]
    rows_staged: int
    rows_loaded: int
    rows_published: int
    rows_replaced: int
    checks: tuple[CheckReport, ...]
    phases: tuple[Phase, ...]
    warnings: tuple[str, ...]
    message: str
    exit_code: int
    already_loaded: bool = False
    rejected: Rejection | None = None


@dataclass(frozen=True)
class Difference:
    """One difference between the files and the warehouse.

    ``what`` is content, ledger, rows, day, nulls or longest; ``files`` and ``warehouse`` are the two values.
    """

    what: str
    message: str
    files: int | str | None
    warehouse: int | str | None


@dataclass(frozen=True)
class ComparedFile:
    """One file as it was read, every byte: its size in bytes, records and content hash."""

    file: str
    bytes: int
    rows: int
    content_hash: str


@dataclass(frozen=True)
class VerifyResult:
    """The comparison of a loaded month with its files: ``status`` is equal or different.

    ``rows_in_table`` are those of the claimed days; ``notes`` say what could not be compared.
    """

    status: str
    table: str
    month: str | None
    files: tuple[ComparedFile, ...]
    rows_in_files: int
    rows_in_ledger: int
    rows_in_table: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class DropResult:
    """The end of dropping one month of one table.

    ``status`` is dropped, planned (a dry run), nothing (the month is empty), refused or failed.  ``rows_counted`` is
    what the month had, ``rows_in_table`` what the table has now (None: not known).  ``sample`` are the first rows to be
    deleted, as text under ``columns``.  ``query_id`` is that of the DELETE.
    """

    status: str
    run_id: str
    table: str
    month: str
    message: str
    exit_code: int
    rows_counted: int = 0
    rows_deleted: int = 0
    rows_in_table: int | None = None
    days: int = 0
    first_day: str = ""
    last_day: str = ""
    safety_copy: str | None = None
    restorable_until: str | None = None
    statements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    query_id: str = ""

    @property
    def audited(self) -> Mapping[str, object]:
        """What the audit log keeps about it."""
        return {
            "rows": self.rows_deleted,
            "rows_counted": self.rows_counted,
            "rows_in_table": self.rows_in_table,
            "query_ids": [self.query_id] if self.query_id else [],
            "safety_copy": self.safety_copy,
            "restorable_until": self.restorable_until,
            "message": self.message,
        }


@dataclass(frozen=True)
class RestoreResult:
    """The end of restoring one month of one table; ``source`` is where the rows came from."""

    status: str
    run_id: str
    table: str
    month: str
    message: str
    exit_code: int
    source: str = ""
    rows_restored: int = 0
    rows_deleted: int = 0
    rows_in_table: int | None = None
    statements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    query_ids: tuple[str, ...] = ()
    safety_copy: str | None = None

    @property
    def audited(self) -> Mapping[str, object]:
        """What the audit log keeps about it."""
        return {
            "rows": self.rows_restored,
            "rows_deleted": self.rows_deleted,
            "rows_in_table": self.rows_in_table,
            "query_ids": list(self.query_ids),
            "source": self.source,
            "safety_copy": self.safety_copy,
            "message": self.message,
        }
