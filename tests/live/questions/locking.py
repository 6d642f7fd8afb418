"""Questions about locks: who waits for whom, what a wait that ends in vain says, what is read after a wait."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from asking import Finding, question, told
from room import Room, until
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import locks
from snowflake_etl.warehouse.session import Outcome, Session

_SHORT_LOCK_SECONDS = 4
_WAITING_SECONDS = 3.0
_SNAPSHOTS = "DuckDB has row conflicts and snapshots instead of locks"
_MODEL = "design 4, Publish; the model of Snowflake's rules"


def _lock_table(room: Room) -> ObjectName:
    return room.table("L", "K NUMBER(9,0), HOLDER VARCHAR(20)", "1, ''", "2, ''")


def _update(table: ObjectName, key: int, holder: str) -> str:
    return f"UPDATE {table.sql} SET HOLDER = '{holder}' WHERE K = {key}"


def _holding(room: Room, *statements: str) -> Session:
    """The main session with an open transaction in which ``statements`` have run."""
    room.main.execute("BEGIN")
    for statement in statements:
        room.main.execute(statement)
    return room.main


def _attempt(room: Room, statement: str) -> tuple[WarehouseError | None, float]:
    """Another session's attempt that does not wait long: its error, if any, and the seconds that it took."""
    other = room.session(lock_timeout=_SHORT_LOCK_SECONDS)
    began = time.monotonic()
    try:
        other.execute(statement)
    except WarehouseError as error:
        return error, time.monotonic() - began
    return None, time.monotonic() - began


def _told(attempt: tuple[WarehouseError | None, float]) -> str:
    error, seconds = attempt
    return f"After {seconds:.1f} s: {told(error) if error else 'it went through'}"


def _must_wait(room: Room, statement: str) -> Finding:
    attempt = _attempt(room, statement)
    return Finding(attempt[0] is not None and attempt[0].is_conflict, _told(attempt))


def _must_not_wait(room: Room, statement: str) -> Finding:
    attempt = _attempt(room, statement)
    return Finding(attempt[0] is None, _told(attempt))


def _waits(future: Future[Outcome]) -> bool:
    try:
        future.result(timeout=_WAITING_SECONDS)
    except FutureTimeoutError:
        return True
    return False


@question(
    401,
    "Does an UPDATE wait for another transaction that has updated the same row, and what number ends the wait?",
    assumption="It waits for LOCK_TIMEOUT, then error 000625, after which the whole transaction may be tried again.",
    source="design 4, Publish (LOCK_TIMEOUT; a conflict retries); errors.is_conflict",
    otherwise="Two writers fail instead of taking turns: put the number into errors.py.",
)
def an_update_waits_for_the_same_row(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, _update(table, 1, "a"))
    return _must_wait(room, _update(table, 1, "b"))


@question(
    402,
    "Does an UPDATE wait for another transaction that has updated another row of the table?",
    assumption="Yes: locks are the table's. Loads into different tables wait for each other, for moments.",
    source=_MODEL,
    otherwise="Better than thought: the model explores more than can happen.",
    differs=_SNAPSHOTS,
)
def an_update_waits_for_another_row(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, _update(table, 1, "a"))
    return _must_wait(room, _update(table, 2, "b"))


@question(
    403,
    "Does an INSERT go through beside another transaction's INSERT into the same table?",
    assumption="Yes: two appends into one target do not wait before the lock row.",
    source="practice notes, Transactions and sessions; design 4, Publish (the lock comes late)",
    otherwise="Publishes wait for each other's INSERT: nothing breaks, LOCK_TIMEOUT bounds it.",
)
def an_insert_beside_an_insert(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"INSERT INTO {table.sql} VALUES (3, 'a')")
    return _must_not_wait(room, f"INSERT INTO {table.sql} VALUES (4, 'b')")


@question(
    404,
    "Does an INSERT go through beside another transaction's DELETE from the same table?",
    assumption="Yes: INSERT and COPY mostly do not wait.",
    source="practice notes, Transactions and sessions",
    otherwise="An append waits for a replace: nothing breaks, LOCK_TIMEOUT bounds it.",
)
def an_insert_beside_a_delete(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"DELETE FROM {table.sql} WHERE K = 1")
    return _must_not_wait(room, f"INSERT INTO {table.sql} VALUES (4, 'b')")


@question(
    405,
    "Does a DELETE wait for another transaction's DELETE of other rows of the same table?",
    assumption="Yes: UPDATE, DELETE and MERGE block each other per table.",
    source=_MODEL,
    otherwise="Better than thought: the model explores more than can happen.",
    differs=_SNAPSHOTS,
)
def a_delete_waits_for_a_delete(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"DELETE FROM {table.sql} WHERE K = 1")
    return _must_wait(room, f"DELETE FROM {table.sql} WHERE K = 2")


@question(
    406,
    "Does a DELETE that matches nothing take no lock?",
    assumption="It may take none: so the lock is an UPDATE of a row that exists.",
    source="practice notes, Transactions and sessions",
    otherwise="Nothing breaks.",
)
def a_delete_of_nothing_takes_no_lock(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"DELETE FROM {table.sql} WHERE K = 99")
    return _must_not_wait(room, _update(table, 1, "b"))


@question(
    407,
    "Does an UPDATE that waits go on by itself after the other transaction's COMMIT?",
    assumption="Yes, without an error, and its row count is 1.",
    source="design 4, Publish; practice notes, Two writers",
    otherwise="The second writer gets an error: it is tried again where it is 625, else put the number into errors.py.",
    differs=_SNAPSHOTS,
)
def a_waiting_update_goes_on(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, _update(table, 1, "a"))
    other = room.session()
    future = room.background(lambda: other.execute(_update(table, 1, "b")))
    waited = _waits(future)
    room.main.execute("COMMIT")
    rows = future.result(timeout=60).rowcount
    return Finding(waited and rows == 1, f"It {'waited' if waited else 'did not wait'}; {rows} row(s) updated.")


@question(
    408,
    "After waiting for the lock row, does a transaction that began earlier read what the other one committed?",
    assumption="Yes, read committed: the ledger read after the lock is the newest.",
    source="design 4, Publish (read the ledger and count the claimed days again)",
    otherwise="Two writers could both publish: the lock has to come before BEGIN's first read.",
    differs=_SNAPSHOTS,
)
def reading_after_the_wait(room: Room) -> Finding:
    table, ledger = _lock_table(room), room.table("G", "N NUMBER(9,0)")
    other = room.session()
    other.execute("BEGIN")
    other.execute(f"INSERT INTO {ledger.sql} VALUES (2)")
    _holding(room, _update(table, 1, "a"), f"INSERT INTO {ledger.sql} VALUES (1)")
    future = room.background(lambda: other.execute(_update(table, 1, "b")))
    waited = _waits(future)
    room.main.execute("COMMIT")
    future.result(timeout=60)
    seen = other.query(f"SELECT N FROM {ledger.sql} ORDER BY N")
    other.execute("ROLLBACK")
    return Finding(waited and seen == [(1,), (2,)], f"It {'waited' if waited else 'did not wait'} and read {seen}.")


@question(
    409,
    "Does an open transaction see what others commit meanwhile?",
    assumption="Yes: every statement reads what is committed when it begins.",
    source=_MODEL,
    otherwise="Transactions have snapshots: the model has to be changed.",
    differs=_SNAPSHOTS,
)
def an_open_transaction_reads_committed_rows(room: Room) -> Finding:
    table = _lock_table(room)
    other = room.session()
    _holding(room, f"INSERT INTO {table.sql} VALUES (3, 'a')")
    before = room.count(table)
    other.execute(f"INSERT INTO {table.sql} VALUES (4, 'b')")
    after = room.count(table)
    room.main.execute("ROLLBACK")
    return Finding((before, after) == (3, 4), f"{before} rows, then {after}.")


@question(
    410,
    "Does a DELETE that has waited delete what the other transaction put in meanwhile?",
    assumption="Yes: after the wait it reads what is committed then; its row count tells.",
    source=_MODEL,
    otherwise="Rows could stand twice after two replaces at once: the count after the lock refuses that.",
    differs=_SNAPSHOTS,
)
def a_waiting_delete_sees_new_rows(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"DELETE FROM {table.sql} WHERE K = 1", f"INSERT INTO {table.sql} VALUES (1, 'a'), (1, 'a')")
    other = room.session()
    future = room.background(lambda: other.execute(f"DELETE FROM {table.sql} WHERE K = 1"))
    waited = _waits(future)
    room.main.execute("COMMIT")
    rows = future.result(timeout=60).rowcount
    return Finding(waited and rows == 2, f"It {'waited' if waited else 'did not wait'}; {rows} row(s) deleted.")


@question(
    411,
    "Does a deadlock end with an error for one of the two, and which?",
    assumption="Yes, 000625 for one of them; the other goes on.",
    source="errors.is_conflict; design 4, Publish (a conflict retries the whole transaction)",
    otherwise="Put the number into errors.py.",
)
def a_deadlock_ends(room: Room) -> Finding:
    one, two = _lock_table(room), room.table("M", "K NUMBER(9,0), HOLDER VARCHAR(20)", "1, ''")
    _holding(room, _update(one, 1, "a"))
    other = room.session(lock_timeout=40)
    other.execute("BEGIN")
    other.execute(_update(two, 1, "b"))
    began = time.monotonic()
    futures = [
        room.background(lambda: room.main.execute(_update(two, 1, "a"))),
        room.background(lambda: other.execute(_update(one, 1, "b"))),
    ]
    until(lambda: any(future.done() and future.exception() for future in futures), 60)
    seconds = time.monotonic() - began
    errors = [future.exception() for future in futures if future.done()]
    found = [error for error in errors if isinstance(error, WarehouseError)]
    for session in (room.main, other):
        session.close()
    seen = f"After {seconds:.1f} s: {'; '.join(map(told, found)) or 'no error'}"
    return Finding(bool(found) and all(error.is_conflict for error in found), seen)


@question(
    412,
    "Does a SELECT go through beside an open DELETE, and read the old rows?",
    assumption="Yes: reports and counts never wait.",
    source=_MODEL,
    otherwise="Reports wait for publishes: nothing breaks.",
)
def reading_beside_a_delete(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, f"DELETE FROM {table.sql}")
    rows = room.count(table, room.session(lock_timeout=_SHORT_LOCK_SECONDS))
    return Finding(rows == 2, f"{rows} rows.")


@question(
    413,
    "Does a wait that ends in vain tell which transaction holds the lock, in its error and in SHOW LOCKS?",
    assumption="Yes: 'has locked table .. in transaction ..', and a row HOLDING with transaction and session.",
    source="issue 3, Bad input (who, how long); warehouse/locks.py",
    otherwise="Nobody is told who holds a lock: change locks.holder_of or locks.completed.",
    cannot="it has row conflicts, and SHOW LOCKS is empty",
)
def the_holder_of_a_lock_is_told(room: Room) -> Finding:
    table = _lock_table(room)
    _holding(room, _update(table, 1, "a"))
    other = room.session(lock_timeout=_SHORT_LOCK_SECONDS)
    try:
        other.execute(_update(table, 1, "b"))
    except WarehouseError as error:
        holder = locks.ask_for_holder(other, str(error), [str(table)])
        transaction = str(room.main.query("SELECT CURRENT_TRANSACTION()")[0][0])
        rows = [row for row in other.records("SHOW LOCKS") if str(row.get("transaction")) == transaction]
        held = locks.held_by(other, [locks.session_id(room.main)], [str(table)])
        seen = f"{told(error)}; {holder}; SHOW LOCKS: {rows}; held by the session: {held}"
        return Finding(holder is not None and holder.transaction == transaction and transaction in held, seen)
    return Finding(False, "It went through.")
