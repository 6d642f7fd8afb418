"""What every check found (floor 3): kept in SQLite in the state folder, to be listed, compared and learned from.

It keeps the numbers: rows, rows per day, findings with their messages and figures.  The samples of findings (lines,
keys) stay in the result of the run itself: they can be as long as the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from snowflake_etl.history import database
from snowflake_etl.month import DayRange
from snowflake_etl.results import CheckReport, Finding, Severity

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checks (
    check_id INTEGER PRIMARY KEY, at TEXT NOT NULL, verb TEXT NOT NULL, run_id TEXT NOT NULL, target TEXT NOT NULL,
    table_name TEXT NOT NULL, first_day TEXT NOT NULL, last_day TEXT NOT NULL, scope TEXT NOT NULL,
    engine TEXT NOT NULL, subject TEXT NOT NULL, rows INTEGER NOT NULL, seconds REAL NOT NULL,
    rows_per_day TEXT NOT NULL, findings TEXT NOT NULL, key_columns TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX IF NOT EXISTS checks_of_table ON checks (target, table_name, check_id);
"""
_COLUMNS = (
    "check_id, at, verb, run_id, target, table_name, first_day, last_day, scope, engine, subject, rows, seconds, "
    "rows_per_day, findings, key_columns"
)


class CheckScope(StrEnum):
    """What was checked: everything, only the days, only the keys, or a sample of the rows."""

    ALL = "all"
    DAYS = "days"
    KEYS = "keys"
    SAMPLE = "sample"


@dataclass(frozen=True)
class CheckSubject:
    """What a check was about: a table of a target, by the name that all verbs use, and the requested days.

    ``table`` is "" for a file that belongs to no table, ``days`` is None for all days.
    """

    target: str
    table: str
    days: DayRange | None

    @property
    def span(self) -> str:
        """``2024-01``, ``2024-01-03..2024-01-10`` or ``all``."""
        if self.days is None:
            return "all"
        month = self.days.month
        return str(month) if month and month.days() == self.days else str(self.days)


@dataclass(frozen=True)
class PastCheck:
    """One check as recorded; ``findings`` come without samples, ``run_id`` is "" outside loads.

    ``key`` are the columns of a check of keys alone, () for other checks.
    """

    check_id: int
    at: str
    verb: str
    run_id: str
    about: CheckSubject
    scope: CheckScope
    engine: str
    subject: str
    rows: int
    seconds: float
    rows_per_day: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[object, ...]:
        """What checks must share to count as before and after: the table and days, for keys also what was checked."""
        alike = (self.about.target, self.about.table, self.about.span, self.scope is CheckScope.KEYS)
        if self.scope is not CheckScope.KEYS:
            return alike
        return (*alike, self.subject if self.engine == "file" else "", self.key)

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


class CheckRecords:
    """All checks of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory

    def add(
        self,
        verb: str,
        about: CheckSubject,
        report: CheckReport,
        *,
        scope: CheckScope = CheckScope.ALL,
        run_id: str = "",
        key: Sequence[str] = (),
    ) -> None:
        """Keep one check.  Raise sqlite3.Error or OSError if it cannot be stored."""
        days = about.days
        with self._connection() as connection:
            connection.execute(
                f"INSERT INTO checks ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    database.now(),
                    verb,
                    run_id,
                    about.target,
                    about.table,
                    str(days.first) if days else "",
                    str(days.last) if days else "",
                    scope.value,
                    report.engine,
                    report.subject,
                    report.rows,
                    report.seconds,
                    json.dumps(dict(report.rows_per_day)),
                    json.dumps([_finding_document(finding) for finding in report.findings]),
                    json.dumps(list(key)),
                ),
            )

    def forget(self, before: str) -> int:
        """Remove checks that were made before that time; return how many."""
        with self._connection() as connection:
            return connection.execute("DELETE FROM checks WHERE at < ?", (before,)).rowcount

    def all(self) -> list[PastCheck]:
        """Every check, newest first."""
        return self._select("", ())

    def earlier_days(self, target: str, table: str, days: DayRange) -> dict[date, int]:
        """Rows per day of a table within ``days``, each day from the newest check that covered it.
        Only checks of all rows count, and only for the days they were asked about: a stray row of another month
        does not count as a day.
        """
        known: dict[date, int] = {}
        condition = "WHERE target = ? AND table_name = ? AND scope IN ('all', 'days') AND first_day <= ? AND "
        condition += "(last_day >= ? OR last_day = '')"
        for check in self._select(condition, (target, table, str(days.last), str(days.first))):
            for text, rows in check.rows_per_day.items():
                day = date.fromisoformat(text)
                if day in days and (check.about.days is None or day in check.about.days):
                    known.setdefault(day, rows)
        return dict(sorted(known.items()))

    def _select(self, condition: str, binds: Sequence[str]) -> list[PastCheck]:
        if not database.exists(self._state):
            return []
        with self._connection() as connection:
            statement = f"SELECT {_COLUMNS} FROM checks {condition} ORDER BY check_id DESC"
            connection.row_factory = sqlite3.Row
            return [_past_check(row) for row in connection.execute(statement, binds)]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with database.transaction(self._state, _SCHEMA) as connection:
            database.add_missing_columns(connection, "checks", {"key_columns": "'[]'"})
            yield connection


def _past_check(row: sqlite3.Row) -> PastCheck:
    first, last = row["first_day"], row["last_day"]
    days = DayRange(date.fromisoformat(first), date.fromisoformat(last)) if first else None
    return PastCheck(
        check_id=row["check_id"],
        at=row["at"],
        verb=row["verb"],
        run_id=row["run_id"],
        about=CheckSubject(row["target"], row["table_name"], days),
        scope=CheckScope(row["scope"]),
        engine=row["engine"],
        subject=row["subject"],
        rows=row["rows"],
        seconds=row["seconds"],
        rows_per_day=json.loads(row["rows_per_day"]),
        findings=tuple(
            Finding(one["code"], Severity(one["severity"]), one["message"], one["numbers"])
            for one in json.loads(row["findings"])
        ),
        key=tuple(json.loads(row["key_columns"])),
    )


def _finding_document(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "numbers": dict(finding.numbers),
    }
