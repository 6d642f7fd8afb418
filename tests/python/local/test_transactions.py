"""Transactions: what stays, what goes, and who gets in whose way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from snowflake.connector.errors import DatabaseError, IntegrityError, ProgrammingError

from local_client import Client, sign_in
from snowflake_etl.warehouse.local.folder import LocalEndpoint


@pytest.fixture
def table(client: Client) -> Client:
    client.rows("CREATE TABLE T (I INT NOT NULL, D DATE, C VARCHAR(5))")
    client.rows("INSERT INTO T SELECT SEQ4() + 1, '2013-01-01', 'x' FROM TABLE(GENERATOR(ROWCOUNT => 3))")
    client.rows("CREATE TABLE L (NAME VARCHAR(10), HOLDER VARCHAR(10))")
    client.rows("INSERT INTO L VALUES ('T', '')")
    return client


def test_a_publish_is_seen_by_others_only_after_commit(table: Client, clients: Callable[..., Client]) -> None:
    table.rows("CREATE TRANSIENT TABLE W (I INT, D DATE)")
    table.rows("INSERT INTO W VALUES (10, '2013-01-01'), (11, '2013-01-02')")
    other = clients()
    table.rows("BEGIN")
    assert table.count("DELETE FROM T WHERE D >= ? AND D < ?", "2013-01-01", "2013-02-01") == 3
    assert table.count("INSERT INTO T (I, D) SELECT I, D FROM W") == 2
    assert table.count("UPDATE L SET HOLDER = ? WHERE NAME = ?", "run1", "T") == 1
    assert table.rows("SELECT D, COUNT(*) FROM T GROUP BY D ORDER BY D")[0][1] == 1
    assert other.rows("SELECT COUNT(*), MAX(I) FROM T") == [(3, 3)]
    table.rows("COMMIT")
    assert other.rows("SELECT COUNT(*), MAX(I) FROM T") == [(2, 11)]


def test_rollback_undoes_everything(table: Client) -> None:
    table.rows("BEGIN TRANSACTION")
    table.rows("DELETE FROM T")
    assert table.one("SELECT COUNT(*) FROM T") == 0
    table.rows("ROLLBACK")
    assert table.one("SELECT COUNT(*) FROM T") == 3
    table.rows("ROLLBACK")
    table.rows("COMMIT")


def test_ddl_commits_what_is_open(table: Client) -> None:
    table.rows("BEGIN")
    table.rows("DELETE FROM T WHERE I = 1")
    table.rows("CREATE TABLE X (A INT)")
    table.rows("ROLLBACK")
    assert table.one("SELECT COUNT(*) FROM T") == 2


def test_autocommit_off_opens_a_transaction_at_the_first_change(table: Client, clients: Callable[..., Client]) -> None:
    quiet = clients(session_parameters={"AUTOCOMMIT": False})
    quiet.rows("DELETE FROM T")
    assert table.one("SELECT COUNT(*) FROM T") == 3
    quiet.connection.commit()
    assert table.one("SELECT COUNT(*) FROM T") == 0
    quiet.rows("INSERT INTO T (I) VALUES (1)")
    quiet.connection.rollback()
    assert quiet.one("SELECT COUNT(*) FROM T") == 0


@pytest.mark.parametrize(
    "mistake",
    ["SELECT NOSUCH FROM T", "SELECT * FROM NOSUCH", "SELEC 1", "INSERT INTO T (NOSUCH) VALUES (1)", "LIST @NOSUCH",
     "ALTER SESSION SET NOSUCH=1", "READ_TEXT('x')"],
)  # fmt: skip
def test_a_mistake_in_a_statement_leaves_the_transaction_open(table: Client, mistake: str) -> None:
    table.rows("BEGIN")
    table.rows("DELETE FROM T WHERE I = 1")
    with pytest.raises(ProgrammingError):
        table.rows(mistake)
    table.rows("DELETE FROM T WHERE I = 2")
    table.rows("COMMIT")
    assert table.one("SELECT COUNT(*) FROM T") == 1


@pytest.mark.parametrize(
    ("failing", "errno"),
    [("INSERT INTO T (I) VALUES (NULL)", 100072), ("INSERT INTO T (I, C) VALUES (1, 'too long')", 100078),
     ("SELECT CAST(C AS INT) FROM T", 100038)],
)  # fmt: skip
def test_what_an_error_has_ended_is_never_committed_in_part(table: Client, failing: str, errno: int) -> None:
    """Snowflake would keep the transaction open; DuckDB cannot, so nothing may look as if it did."""
    table.rows("BEGIN")
    table.rows("DELETE FROM T WHERE I = 1")
    with pytest.raises(DatabaseError) as first:
        table.rows(failing)
    assert first.value.errno == errno
    for sql in ("SELECT COUNT(*) FROM T", "DELETE FROM T", "COMMIT"):
        with pytest.raises(ProgrammingError, match="rolled back because a statement in it failed") as lost:
            table.rows(sql)
        assert lost.value.errno == 90232
    assert table.one("SELECT COUNT(*) FROM T") == 3, "COMMIT has ended it"


def test_rollback_clears_a_lost_transaction(table: Client) -> None:
    table.rows("BEGIN")
    with pytest.raises(IntegrityError):
        table.rows("INSERT INTO T (I) VALUES (NULL)")
    table.rows("ROLLBACK")
    assert table.count("DELETE FROM T") == 3


def test_two_writers_of_one_row_conflict_at_once_and_the_second_may_retry(
    table: Client, clients: Callable[..., Client]
) -> None:
    other = clients()
    for session in (table, other):
        session.rows("BEGIN")
    table.rows("UPDATE L SET HOLDER = 'one' WHERE NAME = 'T'")
    started = time.monotonic()
    with pytest.raises(ProgrammingError, match="another transaction") as conflict:
        other.rows("UPDATE L SET HOLDER = 'two' WHERE NAME = 'T'")
    assert time.monotonic() - started < 5
    assert (conflict.value.errno, conflict.value.sqlstate) == (625, "57014")
    table.rows("COMMIT")
    other.rows("ROLLBACK")
    other.rows("BEGIN")
    assert other.count("UPDATE L SET HOLDER = 'two' WHERE NAME = 'T'") == 1
    other.rows("COMMIT")
    assert table.one("SELECT HOLDER FROM L") == "two"


def test_three_publishers_with_the_lock_row_publish_once(table: Client, clients: Callable[..., Client]) -> None:
    """UPDATE of one existing row, then a look, then the insert: exactly one finds nothing there."""
    table.rows("CREATE TABLE LEDGER (RUN INT)")
    sessions = [clients() for _ in range(3)]
    published: list[int] = []

    def publish(number: int) -> None:
        session = sessions[number]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            session.rows("BEGIN")
            try:
                session.rows("UPDATE L SET HOLDER = ? WHERE NAME = 'T'", str(number))
                if session.one("SELECT COUNT(*) FROM LEDGER"):
                    session.rows("ROLLBACK")
                    return
                session.rows("INSERT INTO LEDGER VALUES (?)", number)
                session.rows("COMMIT")
                published.append(number)
                return
            except ProgrammingError as error:
                assert error.errno == 625
                session.rows("ROLLBACK")

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(published) == 1
    assert table.one("SELECT COUNT(*) FROM LEDGER") == 1


def test_closing_a_session_rolls_back(table: Client, clients: Callable[..., Client]) -> None:
    other = clients()
    other.rows("BEGIN")
    other.rows("DELETE FROM T")
    other.connection.close()
    assert table.count("UPDATE T SET C = 'y'") == 3


def test_a_client_that_is_gone_loses_its_transaction(table: Client, endpoint: LocalEndpoint) -> None:
    lost = Client(sign_in(endpoint, database=table.database, schema="WORK"), table.database)
    lost.rows("BEGIN")
    lost.rows("UPDATE T SET C = 'z'")
    _drop_connection(lost.connection)
    deadline = time.monotonic() + 20
    while True:
        try:
            assert table.count("UPDATE T SET C = 'y'") == 3
            return
        except ProgrammingError as error:
            assert error.errno == 625
            assert time.monotonic() < deadline, "the transaction of a client that is gone still holds its rows"
            time.sleep(0.2)


def _drop_connection(connection: Any) -> None:
    """Close the sockets as a killed process does, without a word to the server."""
    connection.rest.session_manager.close()


def test_merge_and_rowcounts(table: Client) -> None:
    table.rows("CREATE TABLE S (I INT, C VARCHAR(5))")
    assert table.count("INSERT INTO S VALUES (1, 'a'), (9, 'b')") == 2
    merged = table.rows(
        "MERGE INTO T USING S ON T.I = S.I WHEN MATCHED THEN UPDATE SET T.C = S.C "
        "WHEN NOT MATCHED THEN INSERT (I, C) VALUES (S.I, S.C)"
    )
    assert merged == [(1, 1)]
    assert table.count("UPDATE T SET C = 'q' WHERE I > 1") == 3
    assert table.count("DELETE FROM T WHERE I = 77") == 0
    assert table.count("INSERT INTO T (I) SELECT 5 WHERE NOT EXISTS (SELECT 1 FROM T WHERE I = 1)") == 0
