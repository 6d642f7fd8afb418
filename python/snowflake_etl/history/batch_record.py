"""What one command was asked to load (floor 3): recorded before the first load begins, each crossed out when done.
An interrupted batch is recognised by its lock file, which the kernel has released, and what is not crossed out
remains to be done.  A single load is a batch too: it may be cut off before it has a run record.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.state import open_private
from snowflake_etl.history import database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    batch_id TEXT PRIMARY KEY, target TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS batch_loads (
    batch_id TEXT NOT NULL REFERENCES batches, number INTEGER NOT NULL, command TEXT NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (batch_id, number)
) STRICT;
CREATE INDEX IF NOT EXISTS batch_loads_by_command ON batch_loads (command);
"""


@dataclass(frozen=True)
class CutOffBatch:
    """A batch whose process is gone: of its ``total`` loads these ``commands`` (JSON lists of flags) are left.
    ``target`` is the same as in its run records.
    """

    batch_id: str
    target: str
    started_at: str
    total: int
    commands: tuple[str, ...]


class Batch:
    """A batch in progress."""

    cut_off = False
    """Set to True if its end does not count: after a lost connection or a signal for shutdown it is to be continued."""


class BatchRecords:
    """All batches of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory
        self._locks = state_directory / "run-locks"

    @contextmanager
    def batch(self, target: str, commands: Sequence[str]) -> Iterator[Batch]:
        """Record what is to be loaded; the batch is alive while the block runs, and ends with any orderly end of the
        block.
        """
        batch = Batch()
        batch_id = database.new_id()
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(self._lock_file(batch_id)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with self._connection() as connection:
                connection.execute(
                    "INSERT INTO batches (batch_id, target, started_at) VALUES (?, ?, ?)",
                    (batch_id, target, database.now()),
                )
                connection.executemany(
                    "INSERT INTO batch_loads (batch_id, number, command) VALUES (?, ?, ?)",
                    [(batch_id, number, command) for number, command in enumerate(commands)],
                )
            try:
                yield batch
            finally:
                if not batch.cut_off:
                    self.end(batch_id)

    def cross_out(self, command: str) -> None:
        """Mark a load as done in every batch that asked for it."""
        if database.exists(self._state):
            with self._connection() as connection:
                connection.execute("UPDATE batch_loads SET ended = 1 WHERE command = ? AND ended = 0", (command,))

    def end(self, batch_id: str) -> None:
        """End a batch: nothing of it is to be continued."""
        with self._connection() as connection:
            connection.execute("UPDATE batches SET ended_at = ? WHERE batch_id = ?", (database.now(), batch_id))
        self._lock_file(batch_id).unlink(missing_ok=True)

    def forget(self, before: str) -> None:
        """Remove batches that ended before that time; one with work left has not ended."""
        with self._connection() as connection:
            ended = "SELECT batch_id FROM batches WHERE ended_at < ?"
            connection.execute(f"DELETE FROM batch_loads WHERE batch_id IN ({ended})", (before,))
            connection.execute("DELETE FROM batches WHERE ended_at < ?", (before,))

    def cut_off(self) -> list[CutOffBatch]:
        """Batches that did not end in an orderly way and have loads left, oldest first."""
        if not database.exists(self._state):
            return []
        with self._connection() as connection:
            batches = connection.execute(
                "SELECT batch_id, target, started_at, (SELECT COUNT(*) FROM batch_loads AS loads "
                "WHERE loads.batch_id = batches.batch_id) FROM batches WHERE ended_at IS NULL ORDER BY started_at"
            ).fetchall()
            to_do = connection.execute("SELECT batch_id, command FROM batch_loads WHERE ended = 0 ORDER BY number")
            commands: dict[str, list[str]] = {}
            for batch_id, command in to_do.fetchall():
                commands.setdefault(batch_id, []).append(command)
        return [
            CutOffBatch(batch_id, target, started_at, total, tuple(commands[batch_id]))
            for batch_id, target, started_at, total in batches
            if batch_id in commands and not self._lives(batch_id)
        ]

    def _lives(self, batch_id: str) -> bool:
        try:
            with self._lock_file(batch_id).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return not isinstance(error, FileNotFoundError)
        return False

    def _lock_file(self, batch_id: str) -> Path:
        return self._locks / f"batch-{batch_id}"

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.transaction(self._state, _SCHEMA)
