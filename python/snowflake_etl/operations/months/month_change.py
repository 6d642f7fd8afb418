"""One change of a month's rows (floor 5): rows out, rows in, ledger and audit log in a single transaction.

``drop-month`` takes rows out, ``restore-month`` puts them back.  The locks are taken in the order of a publish (target,
lock row, ledger), so that no load or other change can come between what was shown and what is done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.errors import Refused
from snowflake_etl.month import Month
from snowflake_etl.sqltext import ObjectName, with_values
from snowflake_etl.warehouse import audit, ledger
from snowflake_etl.warehouse.catalog import count_rows
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.transaction import Sides, roll_back, transact_or_tell


@dataclass(frozen=True)
class Selected:
    """The rows to change: a condition on the target and its binds."""

    condition: str
    binds: tuple[str, ...]

    @property
    def where(self) -> str:
        return f" WHERE {self.condition}" if self.condition else ""


@dataclass(frozen=True)
class StateChange:
    """Ledger rows that change from one state to another."""

    rows: tuple[LedgerRow, ...]
    was: str
    becomes: str


@dataclass(frozen=True)
class MonthChange:
    """What is going to be done, with counts taken before.
    ``by_month`` is false for a table without days, where the month is only that of the load that was replaced.
    ``rows_out`` are deleted (None: nothing is), ``rows_in`` come by ``insert``, a statement that takes the binds
    of ``selected``; ``rows_after`` is the number of selected rows that there must be in the end.  ``live_before`` are
    the month's live ledger rows, which must still be the same.
    """

    run_id: str
    event: str
    table: ObjectName
    month: Month
    by_month: bool
    selected: Selected
    rows_out: int | None
    insert: str | None
    rows_in: int
    rows_after: int
    live_before: tuple[LedgerRow, ...]
    states: tuple[StateChange, ...]
    detail: Mapping[str, Any]

    @property
    def delete(self) -> str:
        return f"DELETE FROM {self.table.sql}{self.selected.where}"

    def statements(self) -> list[str]:
        """The statements that change the target, for people to read."""
        changing = [*([self.delete] if self.rows_out is not None else []), *([self.insert] if self.insert else [])]
        return ["BEGIN", *(with_values(statement, self.selected.binds) for statement in changing), "COMMIT"]


@dataclass(frozen=True)
class Changed:
    """What was done, in rows; the query ids are "" if there was no statement or an earlier attempt did it."""

    deleted: int
    inserted: int
    delete_query_id: str = ""
    insert_query_id: str = ""


def change_month(session: Session, objects: WorkObjects, change: MonthChange) -> Changed:
    """Run the transaction.

    Raise Refused when the target or the ledger is no longer as planned (nothing was changed), Stopped when a signal
    came before the COMMIT.
    """
    ledger.ensure_lock_row(session, objects, change.table)
    sides = Sides(
        before="Nothing was changed.",
        after=f"the rows are {change.event}.",
        unsure=f"Whether the rows are {change.event} the audit log tells (run {change.run_id}).",
    )
    return transact_or_tell(
        session, lambda: _change(session, objects, change), lambda: _committed_before(session, objects, change), sides
    )


def _committed_before(session: Session, objects: WorkObjects, change: MonthChange) -> Changed | None:
    """What an earlier attempt did; a COMMIT still in progress holds the lock that is taken first here."""
    session.execute("BEGIN")
    try:
        ledger.take_lock(session, objects, change.table, change.run_id)
        done = audit.has_row(session, objects, change.run_id, change.event, change.table, str(change.month))
    finally:
        roll_back(session)
    return Changed(change.rows_out or 0, change.rows_in) if done else None


def _change(session: Session, objects: WorkObjects, change: MonthChange) -> Changed:
    binds = change.selected.binds
    done = Changed(0, 0)
    if change.rows_out is not None:
        deleted = session.execute(change.delete, binds)
        _expect(change, "would have been deleted", deleted.rowcount, change.rows_out)
        done = Changed(deleted.rowcount, 0, deleted.query_id)
    if change.insert:
        inserted = session.execute(change.insert, binds)
        _expect(change, "would have been put back", inserted.rowcount, change.rows_in)
        done = dataclasses.replace(done, inserted=inserted.rowcount, insert_query_id=inserted.query_id)
    ledger.take_lock(session, objects, change.table, change.run_id)
    live = ledger.live_rows(session, objects, change.table)
    present = ledger.rows_of_month(live, change.month if change.by_month else None)
    if _keys(present) != _keys(change.live_before):
        raise _other(change, "the ledger's rows of the month have changed")
    left = count_rows(session, change.table, change.selected.condition, binds)
    _expect(change, "would be there afterwards", left, change.rows_after)
    for states in change.states:
        ledger.set_state(session, objects, states.rows, states.becomes, was=states.was)
    detail = {**change.detail, "rows_out": done.deleted, "rows_in": done.inserted, "statement": done.delete_query_id}
    audit.insert(session, objects, change.run_id, change.event, change.table, str(change.month), detail)
    return done


def _keys(rows: Sequence[LedgerRow]) -> list[tuple[str, str]]:
    return sorted((row.publish_id, row.file_name) for row in rows)


def _expect(change: MonthChange, what: str, rows: int, expected: int) -> None:
    if rows != expected:
        raise _other(change, f"{rows:,} rows {what} instead of {expected:,}")


def _other(change: MonthChange, what: str) -> Refused:
    return Refused(
        f"{change.table} {change.month} changed since it was counted: {what}. Nothing was changed; run it again to "
        "see the new counts."
    )
