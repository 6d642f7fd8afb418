"""``history`` (floor 5): past runs and checks, and what has changed since the check before.  Only reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.history.check_record import CheckRecords, PastCheck
from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.month import Month
from snowflake_etl.plural import counted
from snowflake_etl.results import Finding, Severity
from snowflake_etl.results_history import (
    CheckComparison,
    CheckDetail,
    DayChange,
    FindingChange,
    HistoryResult,
    PastEntry,
)

# The numbers that tell two findings of the same code apart.
_IDENTITY = ("column", "day", "rule", "type")


@dataclass(frozen=True)
class Selection:
    """Which part of the history is wanted; None means everything.  ``limit`` is how many of the newest."""

    table: str | None = None
    months: Collection[Month] | None = None
    target: str | None = None
    limit: int = 50

    def takes_table(self, name: str) -> bool:
        """True for the table itself, with or without its schema and database, in any case."""
        if self.table is None:
            return True
        wanted, known = self.table.replace('"', "").upper(), name.replace('"', "").upper()
        return known == wanted or known.endswith(f".{wanted}") or wanted.endswith(f".{known}")

    def takes(self, table: str, month: str, place: str = "") -> bool:
        """True for what was done to that table and month; ``place`` is target and work schema, "" if unknown."""
        of_months = self.months is None or month in {str(one) for one in self.months}
        of_target = self.target is None or place in ("", self.target) or place.startswith(f"{self.target}/")
        return of_months and of_target and self.takes_table(table)

    def takes_run(self, run: PastRun) -> bool:
        return self.takes(run.table, run.month, run.target)

    def takes_check(self, check: PastCheck) -> bool:
        days = check.about.days
        of_months = self.months is None or (
            days is not None and any(month.days().overlaps(days) for month in self.months)
        )
        of_target = self.target is None or check.about.target == self.target
        return of_months and of_target and self.takes_table(check.about.table)


def list_entries(state_directory: Path, selection: Selection) -> HistoryResult:
    """Runs and checks, the newest first."""
    records = RunRecords(state_directory)
    published = records.published()
    entries = [
        _run_entry(run, records, published.get(run.run_id, {})) for run in records.all() if selection.takes_run(run)
    ]
    entries += [_check_entry(check) for check in CheckRecords(state_directory).all() if selection.takes_check(check)]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    shown = tuple(entries[: selection.limit])
    hidden = len(entries) - len(shown)
    more = f" Left out by --limit {selection.limit}: {counted(hidden, 'older one')}." if hidden else ""
    runs = sum(entry.check_id is None for entry in shown)
    return HistoryResult(
        "ok", f"{counted(runs, 'run')} and {counted(len(shown) - runs, 'check')}.{more}", ExitCode.OK, entries=shown
    )


def show_check(state_directory: Path, check_id: int) -> HistoryResult:
    """One check with its findings and days.  Raise UsageError when there is none with that number."""
    for check in CheckRecords(state_directory).all():
        if check.check_id == check_id:
            entry = _check_entry(check)
            detail = CheckDetail(entry, check.rows_per_day, check.findings)
            return HistoryResult("ok", entry.message, ExitCode.OK, checks=(detail,))
    raise UsageError(f"There is no check {check_id} in the history of {state_directory}. See: history list.")


def compare_checks(state_directory: Path, selection: Selection) -> HistoryResult:
    """Compare the last check of each table and its days with the previous one that looked at the same things.
    Duplicates of a file are not compared with those of the table, nor those of one key with those of another.
    Two checks of one run (file and work table of one load) do not count as before and after.
    """
    groups: dict[tuple[object, ...], list[PastCheck]] = {}
    for check in CheckRecords(state_directory).all():
        if selection.takes_check(check) and check.about.table:
            groups.setdefault(check.series, []).append(check)
    compared = tuple(_compared(checks) for checks in list(groups.values())[: selection.limit])
    different = sum(one.differs for one in compared)
    alone = sum(one.before is None for one in compared)
    message = f"{len(compared) - alone} compared with the check before, {different} different"
    message += f"; {alone} checked once only." if alone else "."
    code = ExitCode.PROBLEMS_FOUND if different else ExitCode.OK
    return HistoryResult("different" if different else "ok", message, code, comparisons=compared)


def _compared(checks: Sequence[PastCheck]) -> CheckComparison:
    """``checks`` all belong to one group, newest first."""
    now = checks[0]
    earlier = [
        check for check in checks[1:] if check.scope == now.scope and (not check.run_id or check.run_id != now.run_id)
    ]
    if not earlier:
        return CheckComparison(_check_entry(now), None)
    before = earlier[0]
    days = sorted({*now.rows_per_day, *before.rows_per_day})
    pairs = [(day, before.rows_per_day.get(day, 0), now.rows_per_day.get(day, 0)) for day in days]
    return CheckComparison(
        _check_entry(now),
        _check_entry(before),
        now.rows - before.rows,
        tuple(DayChange(day, then, today) for day, then, today in pairs if then != today),
        tuple(_finding_changes(before.findings, now.findings)),
    )


def _finding_changes(before: Sequence[Finding], now: Sequence[Finding]) -> list[FindingChange]:
    then, today = ({_identity(finding): finding for finding in findings} for findings in (before, now))
    changes = [FindingChange("new", None, finding) for key, finding in today.items() if key not in then]
    changes += [FindingChange("gone", finding, None) for key, finding in then.items() if key not in today]
    changes += [
        FindingChange("changed", then[key], finding)
        for key, finding in today.items()
        if key in then and (then[key].numbers != finding.numbers or then[key].severity != finding.severity)
    ]
    return changes


def _identity(finding: Finding) -> tuple[object, ...]:
    return (finding.code, *(finding.numbers.get(name) for name in _IDENTITY))


def _run_entry(run: PastRun, records: RunRecords, published: Mapping[str, object]) -> PastEntry:
    rows = published.get("rows")
    status = run.status or ("interrupted" if records.is_dead(run.run_id) else "running")
    return PastEntry(
        run.started_at,
        f"load {run.mode}",
        run.target,
        run.table,
        run.month,
        rows if isinstance(rows, int) else None,
        status,
        run.message or "",
        run.run_id,
    )


def _what(check: PastCheck) -> str:
    """The verb, and whether it looked at a file or a table if it can do both."""
    of_either = check.verb in ("load", "duplicates")
    return f"{check.verb} {'file' if check.engine == 'file' else 'table'}" if of_either else check.verb


def _check_entry(check: PastCheck) -> PastEntry:
    errors, warnings = check.count(Severity.ERROR), check.count(Severity.WARNING)
    counts = [counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    status = ", ".join(counts) or "ok"
    return PastEntry(
        check.at,
        _what(check),
        check.about.target,
        check.about.table or check.subject,
        check.about.span,
        check.rows,
        status,
        f"{check.subject}: {counted(check.rows, 'row')}, {status}",
        check.run_id,
        check.check_id,
        check.key,
    )
