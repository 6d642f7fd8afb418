"""Leases (floor 3): which run is working on which file, visible to every host in the warehouse.
One committed row per file and table, with an expiry by the warehouse's clock that the run keeps extending.  A
run that loses its lease stops before COPY and before COMMIT.  The row also says how far the run got - work
table, content, query - so that whoever takes over, on any host, can continue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from snowflake_etl.errors import Refused
from snowflake_etl.sqltext import NOW, ObjectName, column_list
from snowflake_etl.warehouse import ledger
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.transaction import transact


@dataclass(frozen=True)
class LeaseRow:
    """One row of ETL_LOAD_LEASE; ``expires_at`` in UTC.  The last three fields are empty until COPY.

    ``work_table`` is the bare name, ``copy_hash`` says what its COPY reads and how.
    """

    table_name: str
    fingerprint: str
    run_id: str
    host: str
    taken_by: str
    expires_at: datetime
    work_table: str
    copy_hash: str
    copy_query_id: str


@dataclass(frozen=True)
class Holder:
    """The run that asks for a lease."""

    run_id: str
    host: str
    taken_by: str


_COLUMNS = tuple(field.name.upper() for field in fields(LeaseRow))


def now(session: Session) -> datetime:
    """The time on the warehouse's clock, by which leases expire."""
    moment: datetime = session.query(f"SELECT {NOW}")[0][0]
    return moment


def rows_of(session: Session, objects: WorkObjects, table: ObjectName | None = None) -> list[LeaseRow]:
    """All leases, or those on files for one table, including expired ones."""
    where, binds = (" WHERE TABLE_NAME = ?", [str(table)]) if table else ("", [])
    sql = f"SELECT {column_list(_COLUMNS)} FROM {objects.lease.sql}{where} ORDER BY TABLE_NAME, FINGERPRINT"
    return [LeaseRow(*row) for row in session.query(sql, binds)]


def take(
    session: Session,
    objects: WorkObjects,
    table: ObjectName,
    fingerprints: Sequence[str],
    holder: Holder,
    seconds: int,
    is_dead: Callable[[LeaseRow], bool],
) -> list[LeaseRow]:
    """Take the leases of several files in one transaction; return the rows of dead runs that were taken over.

    A row is dead when it expired by the warehouse's clock or ``is_dead`` knows better.  How far a dead run got stays in
    the row until this run gets further: it may be cut off before it has read that.  Raise Refused, naming the run, its
    host and the expiry, when a live run holds one of them.
    """
    ledger.ensure_lock_row(session, objects, table)
    taken_over: dict[str, LeaseRow] = {}

    def change() -> list[LeaseRow]:
        ledger.take_lock(session, objects, table, holder.run_id)
        now = session.query(f"SELECT {NOW}")[0][0]
        present = [row for row in rows_of(session, objects, table) if row.fingerprint in fingerprints]
        for row in present:
            if row.run_id != holder.run_id and row.expires_at > now and not is_dead(row):
                raise _held(row)
        earlier = {row.fingerprint: row for row in present}
        for fingerprint in fingerprints:
            _put(session, objects, table, fingerprint, holder, seconds, earlier.get(fingerprint))
        taken_over.update({row.fingerprint: row for row in present if row.run_id != holder.run_id})
        return list(taken_over.values())

    # An attempt that succeeded after all is simply repeated: the rows are our own by then.
    return transact(session, change, lambda: None)


def _put(
    session: Session,
    objects: WorkObjects,
    table: ObjectName,
    fingerprint: str,
    holder: Holder,
    seconds: int,
    earlier: LeaseRow | None,
) -> None:
    progress = [earlier.work_table, earlier.copy_hash, earlier.copy_query_id] if earlier else ["", "", ""]
    session.execute(
        f"DELETE FROM {objects.lease.sql} WHERE TABLE_NAME = ? AND FINGERPRINT = ?", [str(table), fingerprint]
    )
    session.execute(
        f"INSERT INTO {objects.lease.sql} ({column_list(_COLUMNS)}) "
        f"SELECT ?, ?, ?, ?, ?, DATEADD('second', {seconds:d}, {NOW}), ?, ?, ?",
        [str(table), fingerprint, holder.run_id, holder.host, holder.taken_by, *progress],
    )


def _held(row: LeaseRow) -> Refused:
    return Refused(
        f"Run {row.run_id} of {row.taken_by} on {row.host} is loading the same file into {row.table_name} right now; "
        f"its lease runs until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC. Wait for it, or look at its job there."
    )


def renew(session: Session, objects: WorkObjects, run_id: str, seconds: int) -> int:
    """Extend a run's leases; return how many it still holds."""
    return session.ensure(
        f"UPDATE {objects.lease.sql} SET EXPIRES_AT = DATEADD('second', {seconds:d}, {NOW}) WHERE RUN_ID = ?",
        [run_id],
    ).rowcount


def note(session: Session, objects: WorkObjects, run_id: str, **values: str) -> int:
    """Write ``work_table``, ``copy_hash`` or ``copy_query_id`` into a run's leases; return how many it holds."""
    settings = ", ".join(f"{name.upper()} = ?" for name in values)
    return session.ensure(
        f"UPDATE {objects.lease.sql} SET {settings} WHERE RUN_ID = ?", [*values.values(), run_id]
    ).rowcount


def held_by(session: Session, objects: WorkObjects, run_id: str) -> int:
    """How many leases of a run have not expired."""
    sql = f"SELECT COUNT(*) FROM {objects.lease.sql} WHERE RUN_ID = ? AND EXPIRES_AT > {NOW}"
    return int(session.query(sql, [run_id])[0][0])


def owned_by(session: Session, objects: WorkObjects, run_id: str) -> int:
    """How many leases still name a run, expired or not: 0 when others have taken all of them over."""
    return int(session.query(f"SELECT COUNT(*) FROM {objects.lease.sql} WHERE RUN_ID = ?", [run_id])[0][0])


def release(session: Session, objects: WorkObjects, run_id: str) -> None:
    """Release a run's leases."""
    session.ensure(f"DELETE FROM {objects.lease.sql} WHERE RUN_ID = ?", [run_id])
