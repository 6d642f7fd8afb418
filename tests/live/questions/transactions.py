"""Questions about transactions: what ends them, what they leave behind, what the driver counts."""

from __future__ import annotations

import time
from collections.abc import Callable

from asking import Finding, UnanswerableError, question, told
from questions.copying import COLUMNS, FORMAT, GOOD, put_parts
from room import Room, until
from snowflake_etl.errors import Refused, WarehouseError
from snowflake_etl.warehouse import lease, ledger
from snowflake_etl.warehouse.copy import copy_statement
from snowflake_etl.warehouse.lease import Holder
from snowflake_etl.warehouse.session import Session

_NUMBER = "N NUMBER(9,0)"


@question(
    501,
    "What does COMMIT answer, with and without a transaction?",
    assumption="One row that says it was executed; without a transaction it is no error.",
    source="design 4, Publish",
    otherwise="Session.execute takes a COMMIT for failed: change it.",
)
def the_answer_of_commit(room: Room) -> Finding:
    table = room.table("T", _NUMBER)
    room.main.execute("BEGIN")
    room.main.execute(f"INSERT INTO {table.sql} VALUES (1)")
    inside, outside = room.main.table("COMMIT"), room.main.table("COMMIT")
    rows = room.count(table, room.session())
    return Finding(len(inside[1]) == len(outside[1]) == 1 == rows, f"{inside}, then {outside}; {rows} row(s) there.")


@question(
    502,
    "Is the driver's rowcount the number of rows that INSERT, UPDATE and DELETE changed, 0 included?",
    assumption="Yes; publish compares it with what was counted before.",
    source="design 4, Publish",
    otherwise="Every publish is rolled back: read the counts from the statement's own row in Session.execute.",
)
def rowcounts_of_dml(room: Room) -> Finding:
    table = room.table("T", _NUMBER, "1", "2", "3")
    statements = (
        f"INSERT INTO {table.sql} (N) SELECT N + 10 FROM {table.sql}",
        f"UPDATE {table.sql} SET N = N + 1 WHERE N > 10",
        f"UPDATE {table.sql} SET N = 0 WHERE N = 99",
        f"DELETE FROM {table.sql} WHERE N < 3",
        f"DELETE FROM {table.sql} WHERE N = 99",
    )
    counts = [room.main.execute(statement).rowcount for statement in statements]
    return Finding(counts == [3, 3, 0, 2, 0], f"{counts}")


@question(
    503,
    "Does DDL commit an open transaction?",
    assumption="Yes: so between BEGIN and COMMIT there is only DML.",
    source="practice notes, Transactions and sessions; design 4, Publish",
    otherwise="Nothing breaks: no DDL is sent there.",
)
def ddl_commits(room: Room) -> Finding:
    table = room.table("T", _NUMBER)
    room.main.execute("BEGIN")
    room.main.execute(f"INSERT INTO {table.sql} VALUES (1)")
    room.main.execute(f"CREATE TABLE {room.name('U').sql} ({_NUMBER})")
    room.main.execute("ROLLBACK")
    rows = room.count(table)
    return Finding(rows == 1, f"{rows} row(s) after ROLLBACK.")


@question(
    504,
    "Does a transaction stay open, with what it did, when a statement in it fails?",
    assumption="Yes: so a failed publish has to send ROLLBACK itself.",
    source="design 4, Publish; transaction.transact",
    otherwise="Nothing breaks: ROLLBACK without a transaction is no error.",
    differs="DuckDB ends a transaction at an error, and it says so at the next statement",
)
def a_failed_statement_leaves_the_transaction(room: Room) -> Finding:
    table = room.table("T", _NUMBER)
    room.main.execute("BEGIN")
    room.main.execute(f"INSERT INTO {table.sql} VALUES (1)")
    try:
        room.main.execute(f"INSERT INTO {table.sql} SELECT CAST('no number' AS NUMBER)")
    except WarehouseError as error:
        room.main.execute("COMMIT")
        rows = room.count(table)
        return Finding(rows == 1, f"{error.code:06d}, then COMMIT; {rows} row(s) there.")
    return Finding(False, "The statement that had to fail went through.")


@question(
    505,
    "Is a transaction rolled back when its session is closed?",
    assumption="Yes, at once.",
    source="Session.close; practice notes, Transactions and sessions",
    otherwise="Locks stay after every stopped publish: send ROLLBACK before closing.",
)
def closing_rolls_back(room: Room) -> Finding:
    table = room.table("T", _NUMBER, "1")
    other = room.session()
    other.execute("BEGIN")
    other.execute(f"UPDATE {table.sql} SET N = 2")
    other.close()
    began = time.monotonic()
    room.main.execute(f"UPDATE {table.sql} SET N = N + 10")
    value = room.main.query(f"SELECT N FROM {table.sql}")[0][0]
    return Finding(value == 11, f"{value} after {time.monotonic() - began:.1f} s.")


@question(
    506,
    "Can the transaction of a killed process be found in SHOW TRANSACTIONS and aborted by its own user?",
    assumption="Yes: it is detached and holds its locks until SYSTEM$ABORT_TRANSACTION ends it.",
    source="practice notes, Transactions and sessions; issue 3, Two writers",
    otherwise="After a kill the next run waits until Snowflake ends it: say so instead of aborting it.",
    cannot="it rolls back what a lost connection leaves, and SHOW TRANSACTIONS is empty",
)
def a_detached_transaction_is_aborted(room: Room) -> Finding:
    table = room.table("T", _NUMBER, "1")
    number = room.dying_client(["BEGIN", f"UPDATE {table.sql} SET N = 2"], answer="SELECT CURRENT_TRANSACTION()")
    other = room.session(lock_timeout=5)
    held = ""
    try:
        other.execute(f"UPDATE {table.sql} SET N = N + 10")
    except WarehouseError as error:
        held = told(error)
    if not held:
        return Finding(False, "It was rolled back within seconds: nothing is left to abort.")
    shown = [record for record in room.main.records("SHOW TRANSACTIONS") if str(record["id"]) == number]
    answer = room.main.query(f"SELECT SYSTEM$ABORT_TRANSACTION({int(number)})")[0][0]
    other.execute(f"UPDATE {table.sql} SET N = N + 10")
    value = room.main.query(f"SELECT N FROM {table.sql}")[0][0]
    columns = ", ".join(shown[0]) if shown else "it is not shown"
    return Finding(bool(shown) and value == 11, f"Held: {held}. SHOW: {columns}. Abort: {answer}. Then {value}.")


@question(
    507,
    "Is the transaction of a killed process ended by itself when it blocks others?",
    assumption="Yes, after five idle minutes.",
    source="practice notes, Transactions and sessions",
    otherwise="A kill in a publish blocks the table for hours: abort the transaction.",
    seconds=500,
    long=True,
)
def a_detached_transaction_ends(room: Room) -> Finding:
    table = room.table("T", _NUMBER, "1")
    room.dying_client(["BEGIN", f"UPDATE {table.sql} SET N = 2"], answer="SELECT 1")
    other = room.session(lock_timeout=420, statement_timeout=450)
    began = time.monotonic()
    # On the embedded warehouse a conflict is an error at once.
    went_through, _ = until(lambda: _goes_through(other, f"UPDATE {table.sql} SET N = N + 10"), 10)
    value = room.main.query(f"SELECT N FROM {table.sql}")[0][0]
    return Finding(went_through and value == 11, f"{value} after {time.monotonic() - began:.0f} s.")


def _goes_through(session: Session, statement: str) -> bool:
    try:
        session.execute(statement)
    except WarehouseError as error:
        if not error.is_conflict:
            raise
        return False
    return True


@question(
    508,
    "Does CURRENT_TIMESTAMP go on within a transaction?",
    assumption="Yes: it is the statement's time, so a lease can expire while a publish runs.",
    source="design 4, Publish (a lease with expiry by the warehouse's clock)",
    otherwise="A publish never notices that its lease expired in it: the lock row and the ledger decide.",
    differs="DuckDB's time is that of the transaction's begin",
)
def time_goes_on_in_a_transaction(room: Room) -> Finding:
    session = room.main
    session.execute("BEGIN")
    first = lease.now(session)
    session.query("SELECT SYSTEM$WAIT(2)")
    second = lease.now(session)
    session.execute("ROLLBACK")
    return Finding(second > first, f"{(second - first).total_seconds():.1f} s between two statements 2 s apart.")


def _make_objects(room: Room) -> None:
    for statement in room.objects.create_statements():
        room.main.ensure(statement)


@question(
    509,
    "Does the lease keep a second run out, in the statements that the tools send?",
    assumption="Yes: taken once, refused to another run, renewed, held, released.",
    source="design 4, Publish (a lease is taken before the first PUT)",
    otherwise="Change warehouse/lease.py.",
)
def the_lease_keeps_others_out(room: Room) -> Finding:
    _make_objects(room)
    table, mark = room.name("T"), "f" * 32
    first, second = Holder("run-1", "host-1", "one"), Holder("run-2", "host-2", "two")
    lease.take(room.main, room.objects, table, [mark], first, 60, lambda row: False)
    try:
        lease.take(room.session(), room.objects, table, [mark], second, 60, lambda row: False)
        refused = "not refused"
    except Refused as error:
        refused = f"refused ({error})"
    counts = [lease.renew(room.main, room.objects, "run-1", 60), lease.held_by(room.main, room.objects, "run-1")]
    lease.release(room.main, room.objects, "run-1")
    counts.append(lease.held_by(room.main, room.objects, "run-1"))
    return Finding(refused.startswith("refused") and counts == [1, 1, 0], f"{refused}; {counts}")


@question(
    510,
    "Is the lock row made once and updated once?",
    assumption="Yes: made where it is missing, 1 row each time it is taken.",
    source="design 4, Publish (UPDATE the target's row in ETL_LOAD_LOCK)",
    otherwise="Publishes lock nothing: change warehouse/ledger.py.",
)
def the_lock_row(room: Room) -> Finding:
    _make_objects(room)
    table = room.name("T")
    for _ in range(2):
        ledger.ensure_lock_row(room.main, room.objects, table)
    room.main.execute("BEGIN")
    rows = ledger.take_lock(room.main, room.objects, table, "me")
    room.main.execute("ROLLBACK")
    return Finding(rows == 1, f"{rows} row(s) updated.")


@question(
    511,
    "What becomes of a statement that fills a table when the table is dropped meanwhile?",
    assumption="It fails or loads where nobody reads: the table is gone in the end.",
    source="design 4, COPY (a late orphan lands where nobody reads); load_resume",
    otherwise="An abandoned COPY brings its work table back: cancel it before dropping.",
    cannot="it cannot drop a table that a statement fills",
)
def dropping_a_table_that_is_being_filled(room: Room) -> Finding:
    table = room.table("T", "N NUMBER(38,0)")
    other = room.session()
    numbers = "SELECT SEQ8() AS N FROM TABLE(GENERATOR(TIMELIMIT => 12))"
    query_id = other.submit(f"INSERT INTO {table.sql} SELECT N FROM ({numbers}) WHERE MOD(N, 1000000) = 0")
    time.sleep(3)
    began = time.monotonic()
    room.main.execute(f"DROP TABLE {table.sql}")
    seconds = time.monotonic() - began
    try:
        other.wait(query_id, lambda: None)
        ended = "it went through"
    except WarehouseError as error:
        ended = told(error)
    try:
        room.count(table)
    except WarehouseError as error:
        if error.code == 2003:
            return Finding(True, f"DROP took {seconds:.1f} s; the INSERT: {ended}; the table is gone.")
        raise UnanswerableError(told(error)) from error
    return Finding(False, f"DROP took {seconds:.1f} s; the INSERT: {ended}; the table is there.")


@question(
    512,
    "Does a COPY belong to the open transaction: seen in it, unseen beside it, undone by ROLLBACK?",
    assumption="Yes: it neither commits nor begins one, and after ROLLBACK the same parts can be loaded.",
    source="design 4, direct; load_direct",
    otherwise="Direct loads are not exactly once: load.via has to be work_table.",
)
def a_copy_belongs_to_its_transaction(room: Room) -> Finding:
    table = room.table("T", COLUMNS, "'2023-01-01', 0, 'old'")
    put_parts(room, "p-1", GOOD)
    statement = copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT, force=True)
    beside = room.session()
    counts = []
    for end in ("ROLLBACK", "COMMIT"):
        room.main.execute("BEGIN")
        room.main.execute(f"DELETE FROM {table.sql} WHERE N = 0")
        room.main.records(statement)
        counts += [room.count(table), room.count(table, beside)]
        room.main.execute(end)
        counts.append(room.count(table, beside))
    return Finding(counts == [2, 1, 1, 2, 1, 2], f"Rows inside, beside, after ROLLBACK; then with COMMIT: {counts}")


@question(
    513,
    "Does the driver's own request cancel a statement that is waited for, and leave the transaction to ROLLBACK?",
    assumption="Yes: the statement ends with error 604 within seconds.",
    source="warehouse/cancelling.py: a signal during a direct COPY",
    otherwise="A stopped direct load goes on in the warehouse: cancel by the query id, from another session.",
)
def a_statement_that_is_waited_for_is_cancelled(room: Room) -> Finding:
    table = room.table("T", _NUMBER)
    session = room.session()
    session.execute("BEGIN")
    session.execute(f"INSERT INTO {table.sql} VALUES (1)")
    cursor, sql = room.cursor(session), f"SELECT SYSTEM$WAIT({room.seconds(60)})"
    waiting = room.background(lambda: _ending(lambda: cursor.execute(sql)))
    time.sleep(room.seconds(5) / 2)
    began = time.monotonic()
    answer = session._connection._cancel_query(sql, cursor._request_id)
    number, seconds = waiting.result(timeout=90), time.monotonic() - began
    session.execute("ROLLBACK")
    rows = room.count(table)
    seen = f"success {answer.get('success')}; error {number} after {seconds:.1f} s; {rows} row(s) after ROLLBACK."
    return Finding(bool(answer.get("success")) and number == 604 and rows == 0, seen)


def _ending(action: Callable[[], object]) -> int:
    """The number of the error that an action ends with, 0 for none."""
    try:
        action()
    except Exception as error:
        return int(getattr(error, "errno", -1) or -1)
    return 0
