"""What every run did and how far it got (floor 3): SQLite in the state folder, one lock file per run.

A step is written down before it happens and its outcome after it, so that the next run knows what may have
been done.  The lock file shows whether the run is still alive: the kernel releases it, whatever ends the run.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from snowflake_etl.config.state import open_private
from snowflake_etl.history import database
from snowflake_etl.history.batch_record import BatchRecords

# A small file's time is mostly the fixed cost of a load: a rate from it would turn a large file's minutes into hours.
_LEAST_TELLING_BYTES = 16_000_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, table_name TEXT NOT NULL, month TEXT NOT NULL, mode TEXT NOT NULL,
    command TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, status TEXT, message TEXT,
    bytes INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, target TEXT NOT NULL DEFAULT '',
    full_name TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS steps (
    run_id TEXT NOT NULL REFERENCES runs, at TEXT NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS steps_of_run ON steps (run_id);
"""


@dataclass(frozen=True)
class PastRun:
    """One run as recorded; ``ended_at`` and ``status`` are None for one that was cut off or is still alive.
    ``command`` is the JSON list of its flags; ``target`` is account, database and work schema
    (see ``signin.Warehouse.place``), ``full_name`` the table with its database and schema; both are "" for runs
    recorded before they were kept.
    """

    run_id: str
    table_name: str
    month: str
    mode: str
    command: str
    started_at: str
    ended_at: str | None
    status: str | None
    message: str | None
    target: str
    full_name: str
    last_step: str | None

    @property
    def table(self) -> str:
        """The table's name for display: its full name if known."""
        return self.full_name or self.table_name

    @property
    def subject(self) -> tuple[str, str, str]:
        """What was to be loaded; tables with the same name in two schemas are different."""
        return self.target, self.table, self.month


class RunRecords:
    """All runs of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory
        self._locks = state_directory / "run-locks"

    def begin(
        self, run_id: str, table_name: str, month: str, mode: str, command: str, target: str = "", full_name: str = ""
    ) -> RunRecord:
        """Record the beginning of a run and hold its lock until ``end``."""
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open_private(self._lock_file(run_id))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO runs (run_id, table_name, month, mode, command, started_at, target, full_name) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (run_id, table_name, month, mode, command, database.now(), target, full_name),
            )
        return RunRecord(self, run_id, lock)

    def is_dead(self, run_id: str) -> bool:
        """True for a run of this host and state folder that has ended in any way; False if unknown.
        One that ended in an orderly way may still have a lease: the warehouse may have been out of reach then.
        """
        if any(run.run_id == run_id and run.ended_at for run in self.all()):
            return True
        try:
            with self._lock_file(run_id).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def interrupted(self) -> list[PastRun]:
        """Runs that were cut off, oldest first."""
        return [run for run in self.all() if run.ended_at is None and self.is_dead(run.run_id)]

    def all(self) -> list[PastRun]:
        """Every run, oldest first."""
        if not database.exists(self._state):
            return []
        columns = "run_id, table_name, month, mode, command, started_at, ended_at, status, message, target, full_name"
        last_step = "(SELECT step FROM steps WHERE steps.run_id = runs.run_id ORDER BY rowid DESC LIMIT 1)"
        with self._connection() as connection:
            rows = connection.execute(f"SELECT {columns}, {last_step} FROM runs ORDER BY started_at, run_id").fetchall()
        return [PastRun(*row) for row in rows]

    def steps(self, run_id: str) -> list[tuple[str, str, dict[str, object]]]:
        """(time, step, detail) of a run, in order."""
        with self._connection() as connection:
            rows = connection.execute("SELECT at, step, detail FROM steps WHERE run_id = ? ORDER BY rowid", (run_id,))
            return [(at, step, json.loads(detail)) for at, step, detail in rows.fetchall()]

    def published(self) -> dict[str, dict[str, object]]:
        """Return run -> what was recorded when its rows were published (rows, last_day), oldest first."""
        if not database.exists(self._state):
            return {}
        with self._connection() as connection:
            found = connection.execute("SELECT run_id, detail FROM steps WHERE step = 'published' ORDER BY rowid")
            return {run_id: json.loads(detail) for run_id, detail in found.fetchall()}

    def end_of_staging_run(self, folder: str, target: str) -> str | None:
        """How the last run that staged ``folder`` completely ended; None if none here did, or it was cut off."""
        return self.staging_run(folder, target)[1]

    def staging_run(self, folder: str, target: str) -> tuple[str, str | None]:
        """The last run that staged ``folder`` completely ("" if none here did) and how it ended (see above)."""
        if not database.exists(self._state):
            return "", None
        sql = (
            "SELECT runs.run_id, runs.status FROM steps JOIN runs USING (run_id) "
            "WHERE step = 'staged' AND target = ? AND json_extract(detail, '$.folder') = ? "
            "ORDER BY steps.rowid DESC LIMIT 1"
        )
        with self._connection() as connection:
            found = connection.execute(sql, (target, folder)).fetchone()
        return (found[0], found[1]) if found else ("", None)

    def sessions_of_dead(self, target: str) -> dict[str, str]:
        """Return session -> run for the last day's runs of a target that were cut off or lost their connection."""
        if not database.exists(self._state):
            return {}
        sql = (
            "SELECT json_extract(detail, '$.session'), run_id FROM steps JOIN runs USING (run_id) "
            "WHERE step = 'sign-in' AND target = ? AND julianday('now') - julianday(at) < 1 "
            "AND (status IS NULL OR status IN ('failed', 'superseded'))"
        )
        with self._connection() as connection:
            found = connection.execute(sql, (target,)).fetchall()
        return {session: run_id for session, run_id in found if self.is_dead(run_id)}

    def superseded(self, run_id: str, by: str) -> None:
        """Mark a cut-off run as continued by another one, possibly of another command."""
        commands = {run.run_id: run.command for run in self.all()}
        # A run of another host is not recorded here.
        if run_id in commands and commands[run_id] != commands.get(by):
            BatchRecords(self._state).cross_out(commands[run_id])
        self.finish(run_id, "superseded", f"Carried on by run {by}.")
        self.forget_lock(run_id)

    def carried_on(self, command: str, target: str, by: str) -> None:
        """Mark the cut-off runs of a command as continued: run ``by`` has done their work."""
        for run in self.interrupted():
            # Records of earlier versions do not name their target.
            if run.command == command and run.target in (target, ""):
                self.superseded(run.run_id, by)

    def finish(self, run_id: str, status: str, message: str, moved: int = 0, seconds: float = 0) -> None:
        with self._connection() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, status = ?, message = ?, bytes = ?, seconds = ? WHERE run_id = ?",
                (database.now(), status, message, moved, seconds, run_id),
            )

    def bytes_per_second(self) -> float:
        """The rate of the last successful loads of some size, 0 if there are none."""
        if not database.exists(self._state):
            return 0.0
        last = "SELECT bytes, seconds FROM runs WHERE bytes >= ? AND seconds > 0 ORDER BY started_at DESC LIMIT 20"
        with self._connection() as connection:
            telling = (_LEAST_TELLING_BYTES,)
            moved, seconds = connection.execute(f"SELECT SUM(bytes), SUM(seconds) FROM ({last})", telling).fetchone()
        return moved / seconds if seconds else 0.0

    def add_step(self, run_id: str, step: str, detail: Mapping[str, object]) -> None:
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO steps (run_id, at, step, detail) VALUES (?, ?, ?, ?)",
                (run_id, database.now(), step, json.dumps(detail, default=str)),
            )

    def forget(self, before: str) -> int:
        """Remove runs that ended before that time, with their steps; return how many.  Runs without an end stay."""
        with self._connection() as connection:
            ended = "SELECT run_id FROM runs WHERE ended_at < ?"
            connection.execute(f"DELETE FROM steps WHERE run_id IN ({ended})", (before,))
            return connection.execute("DELETE FROM runs WHERE ended_at < ?", (before,)).rowcount

    def forget_lock(self, run_id: str) -> None:
        self._lock_file(run_id).unlink(missing_ok=True)

    def _lock_file(self, run_id: str) -> Path:
        return self._locks / run_id

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with database.transaction(self._state, _SCHEMA) as connection:
            database.add_missing_columns(connection, "runs", {"target": "''", "full_name": "''"})
            yield connection


class RunRecord:
    """The record of the run in progress; its lock is held as long as this object's process lives."""

    def __init__(self, records: RunRecords, run_id: str, lock: object) -> None:
        self._records = records
        self.run_id = run_id
        self._lock = lock

    def step(self, step: str, **detail: object) -> None:
        """Write down a step before it happens, or its outcome after it."""
        self._records.add_step(self.run_id, step, detail)

    def end(self, status: str, message: str, moved: int = 0, seconds: float = 0) -> None:
        """Record an orderly end of the run, successful or not; it moved so many bytes in so many seconds."""
        self._records.finish(self.run_id, status, message, moved, seconds)
        self._records.forget_lock(self.run_id)

    def __enter__(self) -> RunRecord:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.end("failed", f"{type(error).__name__}: {error}")
