"""drop-month and restore-month cut off at any statement, and met by others: before or after, never between."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor

from crashing import KILLED, crash_of
from desk import ROOT, Answer, Desk

# A drop sends fewer statements than this, as does a restore.
STATEMENTS = 40
FULL = os.environ.get("ETL_TEST_CHAOS") == "full"
NUMBERS = range(1, STATEMENTS + 1) if FULL else range(3, STATEMENTS + 1, 6)


@pytest.fixture
def january(desk: Desk) -> Desk:
    """January is loaded, 310 rows, and a row of February."""
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("INSERT INTO T SELECT '2024-02-05', 1, 'february'")
    return desk


def drop(desk: Desk) -> Answer:
    words = ("--table", "T", "--month", "2024-01", "--yes", "--expect-rows", "any")
    return desk.run("drop-month", "--config", str(desk.config), *words)


def restore(desk: Desk) -> Answer:
    return desk.run("restore-month", "--config", str(desk.config), "--table", "T", "--month", "2024-01", "--yes")


def whole_or_gone(desk: Desk) -> int:
    """The month is there as it was or not at all, and ledger and audit log say which; its rows."""
    rows = desk.sql("SELECT COUNT(*), COUNT(DISTINCT ID) FROM T WHERE DAY < '2024-02-01'")
    assert rows in ([(310, 310)], [(0, 0)])
    assert desk.count("NAME = 'february'") == 1
    there = bool(rows[0][0])
    assert desk.ledger()[0][4] == ("live" if there else "dropped")
    events = [row[0] for row in desk.sql('SELECT EVENT FROM ETL_WORK.ETL_AUDIT_LOG ORDER BY "AT"')]
    assert events.count("dropped") == events.count("restored") + (0 if there else 1)
    return int(rows[0][0])


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_cut_off_at_any_statement_the_month_is_whole_or_gone(january: Desk, after: bool) -> None:
    kills = 0
    for number in NUMBERS:
        at = lambda count, _, number=number: count == number  # noqa: E731
        kills += crash_of(lambda: drop(january), at, after=after) == KILLED
        if whole_or_gone(january):
            assert drop(january).code == 0
        assert whole_or_gone(january) == 0
        kills += crash_of(lambda: restore(january), at, after=after) == KILLED
        if not whole_or_gone(january):
            assert restore(january).code == 0
        assert whole_or_gone(january) == 310
    # Before and after each statement of a drop and of a restore: more than a hundred together.
    assert kills >= (51 if FULL else len(NUMBERS))


def at_statement(monkeypatch: pytest.MonkeyPatch, start: str, action: Callable[[], None]) -> None:
    """Do something right before the first statement that starts so."""
    genuine, done = SnowflakeCursor.execute, []

    def execute(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        if command.startswith(start) and not done:
            done.append(command)
            action()
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", execute)


@pytest.mark.parametrize(("start", "says"), [("BEGIN", "would have been deleted"), ("CREATE TRANSIENT", "safety copy")])
def test_rows_that_come_after_the_count_stop_the_drop(
    january: Desk, monkeypatch: pytest.MonkeyPatch, start: str, says: str
) -> None:
    at_statement(monkeypatch, start, lambda: january.sql("INSERT INTO T SELECT '2024-01-09', 999999, 'late'") and None)
    answer = drop(january)
    monkeypatch.undo()
    assert answer.code == 7
    assert says in answer.out
    assert january.count() == 312
    assert january.ledger()[0][4] == "live"
    assert january.safety_copies() == []


def test_a_month_that_is_loaded_in_between_stops_the_restore(january: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drop(january).code == 0
    at_statement(monkeypatch, "BEGIN", lambda: january.sql("INSERT INTO T SELECT '2024-01-09', 9, 'late'") and None)
    answer = restore(january)
    monkeypatch.undo()
    assert answer.code == 7
    assert "would be there afterwards" in answer.out
    assert january.count("DAY < '2024-02-01'") == 1


# -- on a terminal


def typed(desk: Desk, text: str) -> tuple[int, str]:
    """Run a drop on a terminal of its own and type something at its question; exit code and what stood there."""
    master, slave = pty.openpty()
    words = ["drop-month", "--config", str(desk.config), "--table", "T", "--month", "2024-01"]
    command = [sys.executable, str(ROOT / "python" / "drop_month.py"), *words[1:]]
    environment = {**os.environ, "ETL_STATE_DIR": str(desk.state), "TERM": "dumb"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True)
    os.close(slave)
    shown = b""
    deadline = time.monotonic() + 60
    answered = False
    while time.monotonic() < deadline:
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
        if b"to go on: " in shown and not answered:
            os.write(master, text.encode() + b"\n")
            answered = True
    os.close(master)
    return process.wait(30), shown.decode()


@pytest.mark.parametrize(("text", "code", "rows"), [("yes", 7, 311), ("delete T 2024-01", 7, 311), ("", 7, 311)])
def test_only_the_exact_words_delete(january: Desk, text: str, code: int, rows: int) -> None:
    answer, shown = typed(january, text)
    assert (answer, january.count()) == (code, rows), shown
    assert "Type DELETE T 2024-01 to go on" in shown


def test_the_exact_words_delete(january: Desk) -> None:
    code, shown = typed(january, "DELETE T 2024-01")
    assert (code, january.count()) == (0, 1), shown
    assert "account local, role " in shown


def test_a_drop_that_another_transaction_blocks_says_so(january: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowflake_etl.warehouse.transaction.RETRY_SECONDS", 0.5)
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        from snowflake_etl.config.model import LoadSection, SnowflakeSection
        from snowflake_etl.warehouse.signin import Warehouse

        section = SnowflakeSection(connection="local", database=january.database, schema="PUBLIC")
        with Warehouse(section, LoadSection(), january.state).open("holder") as session:
            session.execute("BEGIN")
            session.execute("DELETE FROM T WHERE ID = 1000")
            holding.set()
            # An idle transaction would be taken for deserted.
            while not let_go.wait(0.3):
                session.query("SELECT 1")
            session.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert holding.wait(30)
        answer = drop(january)
    finally:
        let_go.set()
        thread.join()
    assert answer.code == 5, answer
    assert "another transaction" in answer.out
    assert january.count() == 311
    assert drop(january).code == 0
