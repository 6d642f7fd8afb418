"""The one SQLite file of the state folder (floor 3): runs and checks, readable by its owner alone."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "runs.sqlite"


@contextlib.contextmanager
def transaction(state_directory: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """Open a connection for one transaction, after the idempotent ``schema``; several processes may write at once."""
    path = state_directory / FILE_NAME
    # O_EXCL: opening and closing the file while this process has a connection would release SQLite's locks.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.executescript(schema)
        with connection:
            yield connection
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        connection.close()


def add_missing_columns(connection: sqlite3.Connection, table: str, wanted: Mapping[str, str]) -> None:
    """Update a table of an earlier version; each text column comes with its value for existing rows."""
    known = {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}
    for name, value in wanted.items():
        if name in known:
            continue
        try:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} TEXT NOT NULL DEFAULT {value}")
        except sqlite3.OperationalError as error:
            # Another process may have been faster.
            if "duplicate column" not in str(error):
                raise


def shrink(state_directory: Path) -> None:
    """Return the space of what was removed to the disk.  Raise sqlite3.OperationalError when somebody writes."""
    connection = sqlite3.connect(state_directory / FILE_NAME, timeout=2)
    try:
        connection.execute("VACUUM")
    finally:
        connection.close()


def exists(state_directory: Path) -> bool:
    """False if nothing was ever recorded, so that reading does not create the file."""
    return (state_directory / FILE_NAME).exists()


def new_id() -> str:
    """An id of a run or a batch: when it began (UTC), plus what distinguishes it from others in the same second."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def now() -> str:
    """The current time in its recorded form: UTC, sortable as text, fine enough to tell two records in a row apart."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
