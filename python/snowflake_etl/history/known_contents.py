"""Content hashes of files from when they were last read completely (floor 3), so that unchanged ones are not read
again.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

from snowflake_etl.history import database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS known_contents (
    path TEXT PRIMARY KEY, mark TEXT NOT NULL, content_hash TEXT NOT NULL, read_at TEXT NOT NULL
) STRICT;
"""


class KnownContents:
    """What this host knows about its files, one row per path."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory

    def of(self, path: Path, mark: str) -> str | None:
        """The content hash that the file had when it was last read, if it still has the same mark (see files.touch)."""
        if not database.exists(self._state):
            return None
        sql = "SELECT content_hash FROM known_contents WHERE path = ? AND mark = ?"
        with self._connection() as connection:
            found = connection.execute(sql, (str(path.absolute()), mark)).fetchone()
        return found[0] if found else None

    def keep(self, path: Path, mark: str, content_hash: str) -> None:
        """Keep the hash of a file that had that mark before and after reading; a mere lookup makes no record."""
        if not database.exists(self._state):
            return
        row = (str(path.absolute()), mark, content_hash, database.now())
        with self._connection() as connection:
            connection.execute("INSERT OR REPLACE INTO known_contents VALUES (?, ?, ?, ?)", row)

    def forget(self, before: str) -> None:
        """Remove records of files read before that time."""
        with self._connection() as connection:
            connection.execute("DELETE FROM known_contents WHERE read_at < ?", (before,))

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.transaction(self._state, _SCHEMA)
