"""What ``history`` returns (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowflake_etl.results import Finding


@dataclass(frozen=True)
class PastEntry:
    """One run of a load or one check; ``at`` is UTC, when it began or was kept.

    ``what`` is the verb with the mode of a load, or with what was checked (file, table); ``days`` the month, the
    days or ``all``.  ``check_id`` is None for a run; ``rows`` is None if none are recorded,
    ``key`` the columns that a check of duplicates looked at.  ``status`` of a run is how
    it ended, running or interrupted; that of a check ok, or how many errors and warnings it found.
    """

    at: str
    what: str
    target: str
    table: str
    days: str
    rows: int | None
    status: str
    message: str
    run_id: str = ""
    check_id: int | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckDetail:
    """One check with its numbers; the samples of its findings are in the result of the run itself."""

    entry: PastEntry
    rows_per_day: Mapping[str, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class DayChange:
    """A day whose number of rows has changed."""

    day: str
    before: int
    now: int


@dataclass(frozen=True)
class FindingChange:
    """One finding that is in only one of two checks (the other is None), or differs in its numbers."""

    change: str
    before: Finding | None
    now: Finding | None


@dataclass(frozen=True)
class CheckComparison:
    """The last check of a table's days and the one before; ``before`` is None if there was none."""

    now: PastEntry
    before: PastEntry | None
    rows_changed: int = 0
    days: tuple[DayChange, ...] = ()
    findings: tuple[FindingChange, ...] = field(default=())

    @property
    def differs(self) -> bool:
        return bool(self.rows_changed or self.days or self.findings)


@dataclass(frozen=True)
class HistoryResult:
    """``status`` is ok or, where checks differ, different.  Of the three lists only the requested one is filled."""

    status: str
    message: str
    exit_code: int
    entries: tuple[PastEntry, ...] = ()
    checks: tuple[CheckDetail, ...] = ()
    comparisons: tuple[CheckComparison, ...] = ()
