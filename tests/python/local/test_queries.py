"""Queries that run on their own: submitted, watched, cancelled, read again, found by tag."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from snowflake.connector.constants import QueryStatus
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_client import FORMAT, Client

LONG = "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 100000000000)) WHERE SEQ8() % 7 = 3"
WAIT = "SELECT SYSTEM$WAIT(60)"


def submit(client: Client, sql: str) -> str:
    cursor = client.connection.cursor()
    cursor.execute_async(sql)
    return str(cursor.sfqid)


def results(client: Client, query_id: str) -> list[tuple[object, ...]]:
    cursor = client.connection.cursor()
    cursor.get_results_from_sfqid(query_id)
    return [tuple(row) for row in cursor.fetchall()]


def test_a_submitted_query_returns_at_once_runs_and_ends(client: Client, clients: Callable[..., Client]) -> None:
    started = time.monotonic()
    query_id = submit(client, "SELECT SYSTEM$WAIT(1)")
    assert time.monotonic() - started < 0.9
    assert client.connection.get_query_status(query_id) is QueryStatus.RUNNING
    assert client.one("SELECT 1") == 1, "the session answers meanwhile"
    assert client.finish(query_id) is QueryStatus.SUCCESS
    assert results(client, query_id) == [("waited 1 seconds",)]
    assert results(clients(), query_id) == [("waited 1 seconds",)], "another session of the user reads it too"
    assert client.rows(f"SELECT * FROM TABLE(RESULT_SCAN('{query_id}'))") == [("waited 1 seconds",)]


def test_a_submitted_copy_and_its_result(client: Client, clients: Callable[..., Client]) -> None:
    client.rows("CREATE TABLE T (A INT)")
    client.put("part-1.zst", b"1\n2\n")
    query_id = submit(client, f"COPY INTO T FROM '{client.stage}in/' PATTERN='.*/part-.*' {FORMAT}")
    client.finish(query_id)
    for session in (client, clients()):
        assert results(session, query_id)[0][:4] == ("etl_stage/in/part-1.zst", "LOADED", 2, 2)
    scanned = client.rows(f"""SELECT "file", SUM("rows_loaded") FROM TABLE(RESULT_SCAN('{query_id}')) GROUP BY 1""")
    assert scanned == [("etl_stage/in/part-1.zst", 2)]


def test_a_failed_query_tells_number_and_message(client: Client) -> None:
    client.rows("CREATE TABLE T (A INT)")
    client.put("a.zst", b"1\nbad\n")
    query_id = submit(client, f"COPY INTO T FROM '{client.stage}in/' {FORMAT}")
    assert client.finish(query_id) is QueryStatus.FAILED_WITH_ERROR
    with pytest.raises(ProgrammingError, match="Numeric value 'bad' is not recognized") as failed:
        client.connection.get_query_status_throw_if_error(query_id)
    assert failed.value.errno == 100038
    assert "line 2, character 1" in str(failed.value)
    with pytest.raises(DatabaseError):
        results(client, query_id)


@pytest.mark.parametrize("sql", [LONG, WAIT])
def test_cancel_by_id_really_ends_it(client: Client, clients: Callable[..., Client], sql: str) -> None:
    query_id = submit(client, sql)
    assert client.connection.get_query_status(query_id) is QueryStatus.RUNNING
    assert "terminated" in str(clients().one("SELECT SYSTEM$CANCEL_QUERY(?)", query_id))
    assert client.finish(query_id, 10) is QueryStatus.FAILED_WITH_ERROR
    with pytest.raises(ProgrammingError, match="SQL execution canceled") as canceled:
        client.connection.get_query_status_throw_if_error(query_id)
    assert canceled.value.errno == 604
    assert "not currently executing" in str(client.one(f"SELECT SYSTEM$CANCEL_QUERY('{query_id}')"))
    assert client.one("SELECT 1") == 1


def test_the_connectors_own_cancel(client: Client) -> None:
    query_id = submit(client, LONG)
    assert client.connection.cursor().abort_query(query_id)
    assert client.finish(query_id, 10) is QueryStatus.FAILED_WITH_ERROR


def test_the_connectors_timeout_cancels_a_waiting_statement(client: Client) -> None:
    started = time.monotonic()
    with pytest.raises(ProgrammingError, match="cancel"):
        client.connection.cursor().execute(LONG, timeout=1)
    assert time.monotonic() - started < 10
    assert client.one("SELECT 1") == 1


def test_the_statement_timeout_of_the_session(client: Client) -> None:
    client.rows("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    with pytest.raises(ProgrammingError, match="timeout of 1 second") as late:
        client.rows(LONG)
    assert late.value.errno == 630


def test_a_statement_longer_than_one_request_is_asked_for_again(client: Client) -> None:
    """The server answers 'in progress' after 15 s; the connector then waits for the rest."""
    cursor = client.connection.cursor()
    cursor.execute("SELECT SYSTEM$WAIT(16)", timeout=60)
    assert cursor.fetchall() == [("waited 16 seconds",)]


def test_statements_of_several_sessions_run_at_the_same_time(client: Client, clients: Callable[..., Client]) -> None:
    sessions = [clients() for _ in range(4)]
    started = time.monotonic()
    threads = [threading.Thread(target=session.rows, args=("SELECT SYSTEM$WAIT(1)",)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 3.5


def test_the_history_knows_tag_status_error_and_times(client: Client) -> None:
    tag = f"run {client.database}"
    client.rows(f"ALTER SESSION SET QUERY_TAG = '{tag}'")
    client.rows("SELECT 1 AS ONE")
    with pytest.raises(ProgrammingError):
        client.rows("SELECT * FROM NOSUCH")
    running = submit(client, WAIT)
    sql = (
        "SELECT QUERY_ID, QUERY_TEXT, EXECUTION_STATUS, ERROR_MESSAGE, START_TIME, END_TIME "
        f"FROM TABLE({client.database}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(RESULT_LIMIT => 1000)) "
        "WHERE QUERY_TAG = ? AND NOT CONTAINS(QUERY_TEXT, 'QUERY_HISTORY') ORDER BY START_TIME"
    )
    rows = client.rows(sql, tag)
    assert [(row[1], row[2]) for row in rows] == [
        ("SELECT 1 AS ONE", "SUCCESS"),
        ("SELECT * FROM NOSUCH", "FAILED_WITH_ERROR"),
        (WAIT, "RUNNING"),
    ]
    assert "NOSUCH" in rows[1][3]
    assert rows[0][4] <= rows[0][5]
    assert rows[2][0] == running
    assert rows[2][5] is None
    client.connection.cursor().abort_query(running)


def test_an_unknown_query_has_no_data(client: Client) -> None:
    unknown = "01234567-89ab-4def-8123-456789abcdef"
    assert client.connection.get_query_status(unknown) is QueryStatus.NO_DATA
    with pytest.raises(ProgrammingError, match="not found"):
        client.rows(f"SELECT * FROM TABLE(RESULT_SCAN('{unknown}'))")


def test_last_query_id(client: Client) -> None:
    client.rows("SELECT 7")
    assert client.last.sfqid == client.one("SELECT LAST_QUERY_ID()")
    client.rows("SELECT 8 AS EIGHT")
    assert client.rows("SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))") == [(8,)]


def test_a_query_outlives_the_session_that_sent_it_when_asked_to(
    client: Client, clients: Callable[..., Client]
) -> None:
    sender = clients(server_session_keep_alive=True)
    query_id = submit(sender, "SELECT SYSTEM$WAIT(1)")
    sender.connection.close()
    assert client.finish(query_id) is QueryStatus.SUCCESS
