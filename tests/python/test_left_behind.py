"""Transactions that a cut off run left open: the next run ends its own, and says whom it waits for otherwise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from crashing import KILLED, crash, right
from desk import Desk
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations import lock_watch
from snowflake_etl.warehouse import ledger
from snowflake_etl.warehouse.session import Session

TRANSACTION = "1715330074481000000"


class Locks:
    """Lets the warehouse show a lock on ``resource`` for each of ``sessions``, until its transaction is aborted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, resource: str, sessions: Sequence[str]) -> None:
        self.aborted: list[str] = []
        records, query = Session.records, Session.query
        row = {"resource": resource, "transaction": int(TRANSACTION), "status": "HOLDING", "query_id": "q"}
        started = datetime(2024, 5, 10, 8, 34, 34, tzinfo=UTC)

        def shown(session: Session, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
            if sql == "SHOW LOCKS" and not self.aborted:
                return [{**row, "session": int(name), "transaction_started_on": started} for name in sessions]
            return records(session, sql, binds)

        def asked(session: Session, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            if "SYSTEM$ABORT_TRANSACTION" in sql:
                self.aborted.append(sql)
                return [("terminated",)]
            return query(session, sql, binds)

        monkeypatch.setattr(Session, "records", shown)
        monkeypatch.setattr(Session, "query", asked)


def killed_in_publish(desk: Desk) -> tuple[str, str]:
    """A run that is killed right before COMMIT; its id and its session."""
    desk.month("2024-01-01", "2024-01-31")
    commits = 0

    def second_commit(_: int, command: str) -> bool:
        nonlocal commits
        commits += command == "COMMIT"
        return command == "COMMIT" and commits == 2

    assert crash(desk, second_commit, after=False) == KILLED
    records = RunRecords(desk.state)
    run = records.interrupted()[-1]
    (session,) = (name for name, run_id in records.sessions_of_dead(run.target).items() if run_id == run.run_id)
    return run.run_id, session


@pytest.mark.parametrize("resource", ["PUBLIC.T", "ETL_WORK.ETL_LOAD_LOCK"])
def test_what_a_killed_run_left_open_is_aborted_and_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, resource: str
) -> None:
    run_id, session = killed_in_publish(desk)
    locks = Locks(monkeypatch, f"{desk.database}.{resource}", [session])
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0, answer
    assert locks.aborted == [f"SELECT SYSTEM$ABORT_TRANSACTION({TRANSACTION})"]
    said = f"Transaction {TRANSACTION} is aborted: run {run_id} left it open when it was cut off."
    assert said in answer.err
    right(desk)


@pytest.mark.parametrize(("resource", "add"), [("ETL_WORK.W_20240101", 0), ("PUBLIC.T", 1)])
def test_a_copy_to_attach_to_and_other_peoples_transactions_are_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, resource: str, add: int
) -> None:
    _, session = killed_in_publish(desk)
    locks = Locks(monkeypatch, f"{desk.database}.{resource}", [str(int(session) + add)])
    assert desk.load("--month", "2024-01").code == 0
    assert locks.aborted == []
    right(desk)


@pytest.mark.parametrize("verb", ["load", "drop-month", "restore-month"])
def test_a_run_that_waits_for_a_lock_says_who_holds_it(desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    words = [verb, "--config", str(desk.config), "--month", "2024-01"]
    drop = ["drop-month", *words[1:], "--table", "T", "--yes", "--expect-rows", "any"]
    if verb != "load":
        assert desk.run("load", *words[1:]).code == 0
        words = drop
    if verb == "restore-month":
        assert desk.run(*drop).code == 0
        words = [verb, *drop[1:-2]]
    (desk.state / "snowflake_etl.log").unlink(missing_ok=True)
    Locks(monkeypatch, f"{desk.database}.ETL_WORK.ETL_LOAD_LOCK", ["77"])
    monkeypatch.setattr(lock_watch, "FIRST_SECONDS", 0.0)
    genuine, waited = ledger.take_lock, []

    def waiting(*words: Any) -> int:
        deadline = time.monotonic() + 60
        while not waited and "Waiting: " not in (desk.state / "snowflake_etl.log").read_text():
            assert time.monotonic() < deadline, "nothing is said"
            time.sleep(0.02)
        waited.append(words)
        return genuine(*words)

    monkeypatch.setattr(ledger, "take_lock", waiting)
    answer = desk.run(*words)
    assert answer.code == 0, answer
    assert (
        f"Waiting: {desk.database}.ETL_WORK.ETL_LOAD_LOCK is locked by transaction {TRANSACTION} (session 77), open "
        "since 2024-05-10 08:34:34 UTC"
    ) in answer.err
    assert "This run goes on when it ends" in answer.err
    if verb != "drop-month":
        right(desk)
