"""A disk that is full is said in a sentence with the place, never as a bug; what is published stays right."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from desk import Desk
from snowflake_etl.history import database


def full() -> sqlite3.OperationalError:
    """The very error that SQLite raises on a full disk."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (b)")
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(sqlite3.OperationalError) as raised:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    connection.close()
    return raised.value


@pytest.mark.parametrize("step", ["leased", "staged", "copy", "publishing"])
def test_a_load_whose_record_cannot_be_written_publishes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    error = full()

    class Full(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            if sql.startswith("INSERT INTO steps") and step in parameters:
                raise error
            return super().execute(sql, parameters)

    desk.month("2024-01-01", "2024-01-31")
    genuine = sqlite3.connect
    with monkeypatch.context() as patched:
        patched.setattr(database.sqlite3, "connect", lambda *words, **named: genuine(*words, **named, factory=Full))
        answer = desk.load("--month", "2024-01")
    assert answer.code == 1, answer
    place = desk.state / database.FILE_NAME
    assert f"The disk is full while writing {place}. Free some space and run the command again." in answer.err
    assert "bug" not in answer.err
    assert desk.sql("SHOW TABLES LIKE 'T'") == [] or desk.count() == 0
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310
    assert desk.work_tables() == []


def test_a_log_that_cannot_be_written_is_said_once_and_the_load_goes_on(own_desk: Desk) -> None:
    log = own_desk.state / "snowflake_etl.log"
    log.symlink_to("/dev/full")
    own_desk.month("2024-01-01", "2024-01-31")
    process = own_desk.process("load", "--config", str(own_desk.config), "--month", "2024-01")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err.count(f"The log {log} cannot be written (No space left on device); continuing without it.") == 1
    assert "Traceback" not in err
    assert own_desk.count() == 310
