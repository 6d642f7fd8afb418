"""Publish a work table into its target (floor 5): one transaction, with the lock, the counts and the ledger.

Between BEGIN and COMMIT there is only DML, since DDL would commit.  The lock row is updated late, so that
others wait only briefly; after that the ledger and the claimed days are read again, and any deviation from the plan
rolls everything back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.errors import Refused, WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.month import Month
from snowflake_etl.sqltext import ObjectName, column_list, with_values
from snowflake_etl.warehouse import audit, lease, ledger
from snowflake_etl.warehouse.catalog import count_rows
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Outcome, Session
from snowflake_etl.warehouse.transaction import Sides, roll_back, transact_or_tell


@dataclass(frozen=True)
class PublishPlan:
    """What a publish is going to do, with counts taken before.

    ``claimed`` is the condition (SQL and binds) of the claimed days, None for the whole table.  ``rows_before``
    are the rows that it selects in the target now, ``rows_in_claimed`` those that it selects among the new ones
    (None: not known).  ``fill`` puts the new rows into the target by ``fill_statement`` and returns their number;
    where it is None they come from the work table.
    ``undo`` is what restore-month needs to know about a replace (None: nothing is deleted), for the audit log.
    ``live_before`` are the live ledger rows of the month (None: of the whole table) as the plan knows them.
    """

    table: ObjectName
    month: Month | None
    work_table: ObjectName
    columns: tuple[str, ...]
    replace: bool
    claimed: tuple[str, list[str]] | None
    rows_before: int
    rows_in: int
    rows_in_claimed: int | None
    live_before: tuple[LedgerRow, ...]
    replaced_rows: tuple[LedgerRow, ...]
    new_rows: tuple[LedgerRow, ...]
    fill: Callable[[Session], int] | None = None
    fill_statement: str = ""
    undo: Mapping[str, Any] | None = None

    @property
    def publish_id(self) -> str:
        return self.new_rows[0].publish_id

    @property
    def rows_after(self) -> int | None:
        """The number of rows that the claimed days must have before COMMIT; None if unknown."""
        if self.rows_in_claimed is None:
            return None
        return self.rows_in_claimed + (0 if self.replace else self.rows_before)

    def statements(self) -> list[str]:
        """The statements that change the target, for people to read."""
        binds = self.claimed[1] if self.claimed else []
        delete = [with_values(f"DELETE FROM {self.table.sql}{_where(self.claimed)}", binds)] if self.replace else []
        return ["BEGIN", *delete, self.fill_statement or self.insert_statement(), "COMMIT"]

    def insert_statement(self) -> str:
        columns = column_list(self.columns)
        return f"INSERT INTO {self.table.sql} ({columns}) SELECT {columns} FROM {self.work_table.sql}"


@dataclass(frozen=True)
class Published:
    """What a publish did, in rows."""

    inserted: int
    deleted: int


def publish(session: Session, objects: WorkObjects, plan: PublishPlan) -> Published:
    """Run the transaction and return what it did.

    After a conflict or a lost connection the whole transaction is retried; the ledger shows whether a COMMIT took place
    whose answer was lost.  Raise Refused when the target is no longer as planned or the lease is lost (nothing
    was changed), Stopped when a signal came before the COMMIT; after it the signal is only logged.
    """
    ledger.ensure_lock_row(session, objects, plan.table)
    sides = Sides(
        before="Nothing was published.",
        after="the rows are published.",
        unsure=f"Whether the rows are published the ledger tells: run the same load again ({plan.publish_id}).",
    )
    return transact_or_tell(
        session, lambda: _change(session, objects, plan), lambda: _committed_before(session, objects, plan), sides
    )


def _committed_before(session: Session, objects: WorkObjects, plan: PublishPlan) -> Published | None:
    """What an earlier attempt published, whatever happened to it since; None if none did or still can.
    The lock comes first: a COMMIT still in progress holds it, and the ledger is reliable only after that.
    """
    session.execute("BEGIN")
    try:
        ledger.take_lock(session, objects, plan.table, plan.publish_id)
        published = ledger.is_published(session, objects, plan.publish_id)
    finally:
        roll_back(session)
    if not published:
        return None
    return Published(plan.rows_in, plan.rows_before if plan.replace else 0)


def _change(session: Session, objects: WorkObjects, plan: PublishPlan) -> Published:
    deleted = _delete(session, plan) if plan.replace else Outcome(0, "")
    inserted = plan.fill(session) if plan.fill else session.execute(plan.insert_statement()).rowcount
    if inserted != plan.rows_in:
        raise WarehouseError(
            f"INSERT put {inserted:,} rows into {plan.table} instead of {plan.rows_in:,}; it was rolled back. "
            "Run the load again."
        )
    if not ledger.take_lock(session, objects, plan.table, plan.publish_id):
        raise WarehouseError(f"The lock row of {plan.table} in {objects.lock} is gone. Run the load again.")
    _check_lease(session, objects, plan)
    _check_unchanged(session, objects, plan)
    ledger.set_state(session, objects, plan.replaced_rows, ledger.REPLACED)
    ledger.insert_rows(session, objects, plan.new_rows)
    if plan.undo is not None:
        detail = {**plan.undo, "rows_out": deleted.rowcount, "rows_in": inserted, "statement": deleted.query_id}
        audit.insert(session, objects, plan.publish_id, audit.REPLACED, plan.table, plan.undo["month"], detail)
    return Published(inserted, deleted.rowcount)


def _delete(session: Session, plan: PublishPlan) -> Outcome:
    binds = plan.claimed[1] if plan.claimed else []
    deleted = session.execute(f"DELETE FROM {plan.table.sql}{_where(plan.claimed)}", binds)
    if deleted.rowcount != plan.rows_before:
        raise _changed(plan, f"{deleted.rowcount:,} rows would have been deleted instead of {plan.rows_before:,}")
    return deleted


def _check_lease(session: Session, objects: WorkObjects, plan: PublishPlan) -> None:
    """A run that was presumed dead, and whose files another run has taken over, must not publish."""
    if lease.held_by(session, objects, plan.publish_id) < len(plan.new_rows):
        raise Refused(
            f"The lease on the files for {plan.table} is lost: another run took this one for dead. Nothing was "
            "published; run the load again to see who it was."
        )


def _check_unchanged(session: Session, objects: WorkObjects, plan: PublishPlan) -> None:
    """Read the ledger and the counts again, now that nobody else can publish into the table."""
    planned = {(row.publish_id, row.file_name) for row in plan.live_before}
    live = ledger.live_rows(session, objects, plan.table)
    present = ledger.rows_of_month(live, plan.month)
    if others := [row for row in present if (row.publish_id, row.file_name) not in planned]:
        last = others[-1]
        raise _changed(
            plan, f"{last.loaded_by} on {last.host} loaded {shown(last.file_name)} ({last.row_count:,} rows)"
        )
    if len(present) != len(planned):
        raise _changed(plan, "files were replaced or dropped")
    if twin := _twin(live, plan):
        raise _changed(plan, f"{shown(twin.file_name)} for {twin.days or 'it'} has the same content")
    condition, binds = plan.claimed or ("", [])
    rows = count_rows(session, plan.table, condition, binds)
    if plan.fill and plan.rows_after is not None and rows < plan.rows_after:
        # COPY went straight into the table, so the files' rows have not been counted by day before.
        raise Refused(
            f"The claimed days of {plan.table} would have {rows:,} rows instead of {plan.rows_after:,}: rows of the "
            "files lie outside the days of their names (--qc file names those days), or rows were deleted meanwhile. "
            "Nothing was published."
        )
    if plan.rows_after is not None and rows != plan.rows_after:
        raise _changed(plan, f"the claimed days have {rows:,} rows instead of {plan.rows_after:,}")


def _twin(live: Sequence[LedgerRow], plan: PublishPlan) -> LedgerRow | None:
    """A live file of any month, not being replaced, with the same content as a new one: its rows would be
    duplicated.
    """
    replaced = {(row.publish_id, row.file_name) for row in plan.replaced_rows}
    new = {row.content_hash for row in plan.new_rows}
    left = (row for row in live if (row.publish_id, row.file_name) not in replaced)
    return next((row for row in left if row.content_hash in new), None)


def _changed(plan: PublishPlan, what: str) -> Refused:
    return Refused(
        f"{plan.table} changed while the files were staged: {what}. Nothing was published; run the load again "
        "to see the new situation."
    )


def _where(claimed: tuple[str, list[str]] | None) -> str:
    return f" WHERE {claimed[0]}" if claimed else ""
