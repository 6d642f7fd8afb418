"""Questions about queries: submitted, attached to, looked up, cancelled, outliving their sessions."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace

from asking import Finding, UnanswerableError, question, told
from questions.copying import COLUMNS, FORMAT, GOOD, put_parts
from room import Room, until
from snowflake_etl.errors import WarehouseError
from snowflake_etl.operations import load_resume
from snowflake_etl.sqltext import literal, quote
from snowflake_etl.warehouse.copy import copy_statement
from snowflake_etl.warehouse.session import QueryState, Session

_TAG_SECONDS = 60


def _wait(seconds: int) -> str:
    return f"SELECT SYSTEM$WAIT({seconds})"


@question(
    301,
    "Can another session of the same user attach to a running query and read its result?",
    assumption="Yes: it sees RUNNING, then the end, then the rows; the first session can read them as well.",
    source="design 4, COPY (found = attach)",
    otherwise="A resumed load cannot wait for a COPY: the rows of the work table alone decide.",
)
def attaching_from_another_session(room: Room) -> Finding:
    other = room.session()
    query_id = room.main.submit(_wait(room.seconds(5)))
    # It may take a moment until the other session's query is known.
    first, seconds = until(lambda: _known_state(other, query_id), room.seconds(5))
    rows = other.wait(query_id, lambda: None)
    again = room.main.result_of(query_id)
    holds = first is QueryState.RUNNING and len(rows) == 1 and list(rows[0].values()) == list(again[0].values())
    seen = f"{first or 'unknown'} after {seconds:.1f} s, then {list(rows[0].values())}; again {len(again)} row(s)."
    return Finding(holds, seen)


def _known_state(session: Session, query_id: str) -> QueryState | None:
    state = session.query_state(query_id)
    return None if state is QueryState.UNKNOWN else state


@question(
    302,
    "Can a result be fetched by its query id after the session that submitted it was closed?",
    assumption="Yes, for about a day: get_results_from_sfqid fills the cursor and returns None.",
    source="practice notes, Transactions and sessions; design 4, COPY",
    otherwise="COPY's counts are lost with the session: the work table's count decides.",
)
def a_result_outlives_its_session(room: Room) -> Finding:
    first = room.session()
    query_id = first.submit("SELECT 42 AS ANSWER")
    first.wait(query_id, lambda: None)
    first.close()
    cursor = room.cursor(room.main)
    returned = cursor.get_results_from_sfqid(query_id)
    rows = [tuple(row) for row in cursor.fetchall()]
    return Finding(returned is None and rows == [(42,)], f"Returned {returned}, fetched {rows}.")


@question(
    303,
    "Does close() leave a query running that the session submitted?",
    assumption="Yes: the connector knows its id and does not end the session.",
    source="practice notes, Transactions and sessions (server_session_keep_alive)",
    otherwise="A lost connection ends the COPY: sign in with server_session_keep_alive.",
)
def a_query_outlives_close(room: Room) -> Finding:
    first = room.session()
    query_id = first.submit(_wait(room.seconds(8)))
    first.close()
    state = room.main.query_state(query_id)
    rows = room.main.wait(query_id, lambda: None)
    return Finding(state is QueryState.RUNNING and len(rows) == 1, f"After close() {state}, then {len(rows)} row(s).")


@question(
    304,
    "Does a query go on when the process that submitted it is killed?",
    assumption="Yes, with ABORT_DETACHED_QUERY=FALSE.",
    source="design 4, COPY",
    otherwise="Every kill costs the COPY: the next run makes a new attempt.",
)
def a_query_outlives_its_process(room: Room) -> Finding:
    query_id = room.dying_client([], submit=_wait(room.seconds(15)))
    state = room.main.query_state(query_id)
    rows = room.main.wait(query_id, lambda: None)
    return Finding(len(rows) == 1, f"After the kill {state}, then {len(rows)} row(s).")


@question(
    305,
    "Does it go on beyond the five minutes after which Snowflake looks for a detached client?",
    assumption="Yes, with ABORT_DETACHED_QUERY=FALSE.",
    source="design 4, COPY; practice notes, Transactions and sessions",
    otherwise="A killed load's COPY lives five minutes at most: resuming waits for nothing longer.",
    seconds=600,
    long=True,
)
def a_query_outlives_its_process_for_long(room: Room) -> Finding:
    wait = 2 if room.place.account.is_local else 420
    margin = room.seconds(10)
    query_id = room.dying_client([f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {wait + 60}"], submit=_wait(wait))
    # To ask for its state would be a sign of life.
    time.sleep(wait + margin)
    state = room.main.query_state(query_id)
    return Finding(state is QueryState.ENDED, f"{state} after {wait + margin} seconds without a client.")


@question(
    306,
    "What does the driver say of a query id that never was?",
    assumption="NO_DATA, which the tools take for unknown and never for failed.",
    source="design 4, COPY (NO_DATA means unknown, never failed)",
    otherwise="A resumed load fails instead of looking at the rows: change Session.query_state.",
)
def a_query_that_never_was(room: Room) -> Finding:
    state = room.main.query_state(str(uuid.uuid4()))
    return Finding(state is QueryState.UNKNOWN, f"{state}.")


@question(
    307,
    "What do the tools learn of another user's query, and may that user cancel it?",
    assumption="NO_DATA, so unknown; cancelling it needs OPERATE on the warehouse, which that user lacks. [check]",
    source="design 4, COPY; practice notes, Transactions and sessions",
    otherwise="A colleague's COPY can be attached to or cancelled after all: say so in recover.",
    cannot="it has one user",
)
def another_users_query(room: Room) -> Finding:
    connection = os.environ.get("ETL_TEST_OTHER_CONNECTION")
    if not connection:
        raise UnanswerableError("It needs a second user: name a connection of one in ETL_TEST_OTHER_CONNECTION.")
    other = replace(room.place.account, connection=connection).open("snowflake_etl live question 307")
    query_id = room.main.submit(_wait(8))
    try:
        state, cancelled = other.query_state(query_id), other.cancel(query_id)
    finally:
        other.close()
        room.main.cancel(query_id)
    return Finding(state is QueryState.UNKNOWN and not cancelled, f"{state}; cancelled: {cancelled}.")


@question(
    308,
    "Is a query found by its tag in QUERY_HISTORY_BY_USER while it runs?",
    assumption="Yes, within seconds, with its id.",
    source="practice notes, Transactions and sessions; design 4, COPY (looked up by query tag)",
    otherwise="A COPY that was submitted but not written down is seen too late: wait before the rows decide.",
)
def a_running_query_by_its_tag(room: Room) -> Finding:
    tag = f"run={uuid.uuid4()} live"
    other = room.session(tag=tag)
    query_id = other.submit(_wait(20))
    history = f"TABLE({quote(room.place.database)}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(RESULT_LIMIT => 1000))"
    sql = f"SELECT QUERY_ID, EXECUTION_STATUS FROM {history} WHERE CONTAINS(QUERY_TAG, ?)"
    try:
        rows, seconds = until(lambda: room.main.query(sql, [tag]), 18)
    finally:
        room.main.cancel(query_id)
    holds = (query_id, "RUNNING") in rows
    return Finding(holds, f"{len(rows)} row(s) after {seconds:.1f} s: {[status for _, status in rows]}.")


@question(
    309,
    "Is a COPY that has ended found by tag, text and work table, as a resumed load looks it up?",
    assumption="Yes, within a minute.",
    source="design 4, COPY; load_resume",
    otherwise="The query id in the ledger stays 'unknown'; the rows decide.",
)
def an_ended_copy_by_its_tag(room: Room) -> Finding:
    run_id = str(uuid.uuid4())
    table = room.table("T", COLUMNS)
    put_parts(room, "p-1", GOOD)
    other = room.session(tag=f"snowflake_etl run={run_id} table=T")
    query_id = other.submit(copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT))
    other.wait(query_id, lambda: None)
    found, seconds = until(lambda: load_resume.copy_of_work_table(room.main, table), _TAG_SECONDS)
    return Finding(found == query_id, f"{'Found' if found else 'Not found'} after {seconds:.1f} s.")


@question(
    310,
    "Does SYSTEM$CANCEL_QUERY cancel a running query, and say 'terminated'?",
    assumption="Yes; for one that has ended it says something else. The wait then ends with error 604.",
    source="design 4, COPY (Ctrl-C cancels the query)",
    otherwise="The tools say that a query was not cancelled although it was: change Session.cancel.",
)
def cancelling_a_query(room: Room) -> Finding:
    query_id = room.main.submit(_wait(30))
    cancelled = room.main.cancel(query_id)
    try:
        room.main.wait(query_id, lambda: None)
    except WarehouseError as error:
        later = room.main.cancel(query_id)
        return Finding(cancelled and not later and error.code == 604, f"{cancelled}, later {later}; {told(error)}")
    return Finding(False, f"Cancelled: {cancelled}, and yet it ended well.")


@question(
    311,
    "Is LAST_QUERY_ID() the id that the driver gave for the statement before?",
    assumption="Yes.",
    source="design 4, Ledger (query ids)",
    otherwise="Query ids in the ledger do not lead to the statement.",
)
def the_last_query_id(room: Room) -> Finding:
    table = room.table("T", "N NUMBER(9,0)")
    outcome = room.main.execute(f"INSERT INTO {table.sql} VALUES (1)")
    last = room.main.query("SELECT LAST_QUERY_ID()")[0][0]
    return Finding(outcome.query_id == last != "", f"{'The same' if outcome.query_id == last else 'Another'} id.")


@question(
    312,
    "Does a statement that runs into STATEMENT_TIMEOUT_IN_SECONDS end with error 630?",
    assumption="Yes, and the session goes on.",
    source="practice notes, Transactions and sessions; load.statement_timeout",
    otherwise="Nothing breaks; the number is only shown.",
)
def a_statement_that_times_out(room: Room) -> Finding:
    session = room.session(statement_timeout=3)
    began = time.monotonic()
    try:
        session.execute("SELECT SYSTEM$WAIT(20)")
    except WarehouseError as error:
        alive = session.query("SELECT 1") == [(1,)]
        seen = f"After {time.monotonic() - began:.1f} s {told(error)}"
        return Finding(alive and error.code in (604, 630), seen)
    return Finding(False, f"It ended well after {time.monotonic() - began:.1f} s.")


@question(
    313,
    "Are the session parameters that a load signs in with in force?",
    assumption="Yes: time zone, input formats, time-outs, query tag and ABORT_DETACHED_QUERY.",
    source="design 4, COPY and Columns are explicit; session.SESSION_PARAMETERS",
    otherwise="An account's own settings change what a load means: ALTER SESSION after signing in.",
)
def session_parameters_are_in_force(room: Room) -> Finding:
    wanted = {
        "TIMEZONE": "UTC",
        "DATE_INPUT_FORMAT": "AUTO",
        "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
        "ABORT_DETACHED_QUERY": "false",
        "LOCK_TIMEOUT": "30",
        "STATEMENT_TIMEOUT_IN_SECONDS": "100",
        "QUERY_TAG": f"snowflake_etl live question {room.number}",
    }
    found = {}
    for name in wanted:
        records = room.main.records(f"SHOW PARAMETERS LIKE {literal(name)} IN SESSION")
        found[name] = str(records[0]["value"]) if records else "(none)"
    other = {name: value for name, value in found.items() if value.lower() != wanted[name].lower()}
    return Finding(not other, f"Not as set: {other}." if other else f"All {len(wanted)} are.")
