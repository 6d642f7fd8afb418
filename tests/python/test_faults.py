"""What passes is asked again, what does not is not: loads through a proxy that lets requests fail."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk import Answer, Desk, days_between, rows_for
from faults.faults import Asked, Fault
from faults.front import account, set_up
from faults.proxy import FaultProxy, behind
from snowflake_etl.warehouse.local.folder import LocalEndpoint

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
AGAIN = "Asking pond again"


@pytest.fixture
def proxy(desk: Desk, endpoint: LocalEndpoint) -> Iterator[FaultProxy]:
    """A proxy in front of the worker's warehouse; our objects and the target are made, the file lies there."""
    set_up(desk)
    desk.file(NAME, rows_for(JANUARY))
    with FaultProxy(behind(lambda: endpoint)) as made:
        yield made


def load(desk: Desk, proxy: FaultProxy, *words: str, **snowflake: object) -> Answer:
    return desk.run("load", "--config", str(account(desk, proxy, **snowflake)), "--month", "2024-01", *words)


def right(desk: Desk) -> None:
    assert desk.sql("SELECT COUNT(*), COUNT(DISTINCT ID) FROM T") == [(310, 310)]
    assert [row[2:] for row in desk.ledger()] == [(310, "append", "live")]
    assert desk.work_tables() + desk.staged() == []
    assert desk.sql("SELECT * FROM ETL_WORK.ETL_LOAD_LEASE") == []


def statement(word: str, part: str = "", number: int = 1) -> Callable[[Asked], bool]:
    """The ``number``-th and later statements that begin with ``word`` and hold ``part``."""
    seen = 0

    def picks(asked: Asked) -> bool:
        nonlocal seen
        seen += asked.word == word and part in asked.sql
        return asked.word == word and part in asked.sql and seen >= number

    return picks


# -- what passes is asked again


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.TOO_MANY, Fault.RESET_BEFORE])
def test_a_request_that_fails_for_the_moment_is_sent_again_with_one_log_line_each(
    desk: Desk, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.faults.order(fault, statement("COPY"), 2)
    answer = load(desk, proxy)
    assert answer.code == 0, answer
    assert answer.err.count(AGAIN) == 2
    assert "attempt 2" in answer.err
    assert "attempt 3" in answer.err
    right(desk)


@pytest.mark.parametrize("word", ["CREATE", "UPDATE", "PUT", "COPY", "BEGIN", "INSERT", "COMMIT", "DROP", "REMOVE"])
def test_a_statement_whose_answer_was_lost_is_carried_out_once(desk: Desk, proxy: FaultProxy, word: str) -> None:
    # The first INSERT and COMMIT are the lease's; the publish's are the last ones.
    part, number = {"INSERT": (f'INTO "{desk.database}"."PUBLIC"', 1), "COMMIT": ("", 2)}.get(word, ("", 1))
    proxy.faults.order(Fault.RESET_AFTER, statement(word, part, number))
    answer = load(desk, proxy)
    assert answer.code == 0, answer
    assert proxy.faults.injected == {Fault.RESET_AFTER: 1}
    right(desk)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RESET_BEFORE, Fault.RESET_AFTER])
def test_an_upload_that_fails_for_the_moment_is_sent_again(desk: Desk, proxy: FaultProxy, fault: Fault) -> None:
    proxy.faults.order(fault, lambda asked: asked.kind == "object" and asked.method == "PUT")
    assert load(desk, proxy).code == 0
    assert proxy.faults.injected == {fault: 1}
    right(desk)


# -- sessions that expire


@pytest.mark.parametrize("word", ["SELECT", "UPDATE", "PUT", "COPY", "BEGIN", "INSERT", "COMMIT", "DROP"])
def test_an_expired_session_is_renewed_and_the_load_goes_on(desk: Desk, proxy: FaultProxy, word: str) -> None:
    proxy.faults.order(Fault.EXPIRED, statement(word))
    answer = load(desk, proxy)
    assert answer.code == 0, answer
    assert proxy.faults.injected == {Fault.EXPIRED: 1}
    right(desk)


@pytest.mark.parametrize(
    ("word", "number"),
    [("SELECT", 1), ("UPDATE", 1), ("PUT", 1), ("BEGIN", 2), ("INSERT", 2), ("COMMIT", 2), ("DROP", 1)],
)
def test_a_session_that_cannot_be_renewed_is_left_for_a_new_one(
    desk: Desk, proxy: FaultProxy, word: str, number: int
) -> None:
    proxy.faults.order(Fault.SIGNED_OUT, statement(word, number=number))
    answer = load(desk, proxy)
    assert answer.code == 0, answer
    assert proxy.faults.injected == {Fault.SIGNED_OUT: 1}
    assert "rying again" in answer.err or "tried again" in answer.err
    right(desk)


# -- what does not pass


def test_a_warehouse_that_is_never_available_ends_the_load_in_time_with_a_clear_sentence(
    desk: Desk, proxy: FaultProxy
) -> None:
    proxy.faults.order(Fault.UNAVAILABLE, lambda asked: asked.kind == "statement", None)
    began = time.monotonic()
    answer = load(desk, proxy, network_timeout=3)
    assert answer.code in (4, 5), answer
    # The last pause may begin just before the time is over.
    assert time.monotonic() - began < 3 * 3 + 10
    assert "503" in answer.out
    assert "Run the same command again" in answer.out
    assert "Traceback" not in answer.err
    proxy.faults.forget_orders()
    assert load(desk, proxy).code == 0
    right(desk)


def test_a_wrong_password_is_sent_once(desk: Desk, proxy: FaultProxy) -> None:
    answer = load(desk, proxy, password="wrong")
    assert answer.code == 4
    assert AGAIN not in answer.err
    assert proxy.faults.requests == 1


def test_a_statement_that_the_warehouse_refuses_is_sent_once(desk: Desk, proxy: FaultProxy) -> None:
    desk.file(NAME, [*rows_for(JANUARY), "20240131\tx\tname"])
    # Slow does no harm: it counts.
    proxy.faults.order(Fault.SLOW, statement("COPY"), None)
    answer = load(desk, proxy, "--qc", "skip")
    assert answer.code == 6, answer
    assert AGAIN not in answer.err
    assert proxy.faults.injected == {Fault.SLOW: 1}
    assert desk.count() == 0


# -- COPY and COMMIT


def test_a_connection_lost_during_copy_is_made_again_and_attaches(desk: Desk, proxy: FaultProxy) -> None:
    proxy.running_seconds = 1.0
    proxy.faults.order(Fault.SIGNED_OUT, lambda asked: asked.kind == "monitor")
    answer = load(desk, proxy)
    assert answer.code == 0, answer
    assert answer.err.count("Attaching to query") == 1
    assert history(desk) == [("SUCCESS", None)]
    right(desk)


def test_a_commit_whose_answer_is_lost_for_good_is_decided_by_the_ledger(desk: Desk, proxy: FaultProxy) -> None:
    gone = False

    def commit(asked: Asked) -> bool:
        nonlocal gone
        picked = second(asked)
        gone = gone or picked
        return picked

    second = statement("COMMIT", number=2)
    proxy.faults.order(Fault.RESET_AFTER, commit)
    proxy.faults.order(Fault.UNAVAILABLE, lambda asked: gone and asked.word == "COMMIT", None)
    answer = load(desk, proxy, network_timeout=2)
    assert answer.code == 0, answer
    assert "tried again" in answer.err
    right(desk)


def test_ctrl_c_during_copy_cancels_the_query_in_the_warehouse_and_says_so(
    desk: Desk, proxy: FaultProxy, tmp_path: Path
) -> None:
    desk.file(NAME, rows_for(JANUARY, 40_000))
    job = tmp_path / "job"
    job.mkdir()
    words = ("load", "--config", str(account(desk, proxy)), "--month", "2024-01", "--qc", "skip")
    process = desk.process(*words, ETL_JOB_DIR=str(job))
    deadline = time.monotonic() + 120
    while not (job / "progress").exists() or not (job / "progress").read_text().startswith("copy"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "was cancelled in the warehouse" in out
    ((status, code),) = history(desk)
    assert (status, int(code)) == ("FAILED_WITH_ERROR", 604)
    assert json.loads((job / "result.json").read_text())["exit_code"] == 130
    assert desk.count() == 0
    assert desk.work_tables() == []


def history(desk: Desk) -> list[tuple[object, ...]]:
    """(status, error code) of every COPY into this desk's work tables, as the warehouse tells it."""
    return desk.sql(
        "SELECT EXECUTION_STATUS, ERROR_CODE FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        "WHERE STARTSWITH(QUERY_TEXT, 'COPY INTO') AND CONTAINS(QUERY_TEXT, ?)",
        f'"{desk.database}"."ETL_WORK"',
    )
