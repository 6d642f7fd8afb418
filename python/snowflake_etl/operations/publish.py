"""Publish a work table into its target (floor 5): one transaction, with the lock, the counts and the ledger.

Between BEGIN and COMMIT there is only DML, since DDL would commit.  The lock row is updated late, so that
others wait for moments only; after it the ledger and the claimed days are read again, and anything that is
not as planned rolls everything back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from snowflake_etl.errors import EtlError, Refused, Stopped, WarehouseError
from snowflake_etl.month import Month
from snowflake_etl.sqltext import ObjectName, column_list
from snowflake_etl.warehouse import ledger
from snowflake_etl.warehouse.catalog import count_rows
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

_ATTEMPTS = 6
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class PublishPlan:
    """What a publish is going to do, counted before it.

    ``claimed`` is the condition (SQL and binds) of the claimed days, None for the whole table.  ``rows_before``
    are the rows that it selects in the target now, ``rows_in_claimed`` those that it selects in the work table.
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
    rows_in_claimed: int
    live_before: tuple[LedgerRow, ...]
    replaced_rows: tuple[LedgerRow, ...]
    new_rows: tuple[LedgerRow, ...]

    @property
    def publish_id(self) -> str:
        return self.new_rows[0].publish_id

    @property
    def rows_after(self) -> int:
        """Rows that the claimed days have to have before COMMIT."""
        return self.rows_in_claimed + (0 if self.replace else self.rows_before)

    def statements(self) -> list[str]:
        """The statements that change the target, for people to read."""
        delete = [f"DELETE FROM {self.table.sql}{_where(self.claimed)}"] if self.replace else []
        return ["BEGIN", *delete, self.insert_statement(), "COMMIT"]

    def insert_statement(self) -> str:
        columns = column_list(self.columns)
        return f"INSERT INTO {self.table.sql} ({columns}) SELECT {columns} FROM {self.work_table.sql}"


@dataclass(frozen=True)
class Published:
    """What a publish did, in rows."""

    inserted: int
    deleted: int


def publish(
    open_session: Callable[[], Session], session: Session, objects: WorkObjects, plan: PublishPlan
) -> Published:
    """Run the transaction and return what it did.

    A lock conflict is tried again as a whole, a few times, with growing pauses.  Raise Refused when the target
    is no longer as planned (nothing was changed), Stopped when a signal came, which says on which side of the
    COMMIT it fell, and WarehouseError otherwise.
    """
    ledger.ensure_lock_row(session, objects, plan.table)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _attempt(open_session, session, objects, plan)
        except WarehouseError as error:
            if not error.is_conflict or attempt == _ATTEMPTS:
                raise
            pause = min(0.1 * 2**attempt, _LONGEST_PAUSE_SECONDS)
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
    raise AssertionError("the last attempt returns or raises")


def _attempt(
    open_session: Callable[[], Session], session: Session, objects: WorkObjects, plan: PublishPlan
) -> Published:
    session.execute("BEGIN")
    try:
        published = _change(session, objects, plan)
    except BaseException as error:
        _roll_back(session)
        if isinstance(error, Stopped):
            raise Stopped(f"{error} Nothing was published: the transaction was rolled back.", error.exit_code) from None
        raise
    try:
        session.execute("COMMIT")
    except BaseException as error:
        return _after_lost_commit(open_session, objects, plan, published, error)
    return published


def _change(session: Session, objects: WorkObjects, plan: PublishPlan) -> Published:
    deleted = _delete(session, plan) if plan.replace else 0
    inserted = session.execute(plan.insert_statement()).rowcount
    if inserted != plan.rows_in:
        raise WarehouseError(
            f"INSERT put {inserted:,} rows into {plan.table} instead of {plan.rows_in:,}; it was rolled back. "
            "Run the load again."
        )
    if not ledger.take_lock(session, objects, plan.table, plan.publish_id):
        raise WarehouseError(f"The lock row of {plan.table} in {objects.lock} is gone. Run the load again.")
    _check_unchanged(session, objects, plan)
    ledger.set_state(session, objects, plan.replaced_rows, ledger.REPLACED)
    ledger.insert_rows(session, objects, plan.new_rows)
    return Published(inserted, deleted)


def _delete(session: Session, plan: PublishPlan) -> int:
    binds = plan.claimed[1] if plan.claimed else []
    deleted = session.execute(f"DELETE FROM {plan.table.sql}{_where(plan.claimed)}", binds).rowcount
    if deleted != plan.rows_before:
        raise _changed(plan, f"{deleted:,} rows would have been deleted instead of {plan.rows_before:,}")
    return deleted


def _check_unchanged(session: Session, objects: WorkObjects, plan: PublishPlan) -> None:
    """Read ledger and counts again, now that nobody else can publish into the table."""
    planned = {(row.publish_id, row.file_name) for row in plan.live_before}
    present = ledger.rows_of_month(ledger.live_rows(session, objects, plan.table), plan.month)
    if others := [row for row in present if (row.publish_id, row.file_name) not in planned]:
        last = others[-1]
        raise _changed(plan, f"{last.loaded_by} on {last.host} loaded {last.file_name} ({last.row_count:,} rows)")
    if len(present) != len(planned):
        raise _changed(plan, "files were replaced or dropped")
    condition, binds = plan.claimed or ("", [])
    rows = count_rows(session, plan.table, condition, binds)
    if rows != plan.rows_after:
        raise _changed(plan, f"the claimed days have {rows:,} rows instead of {plan.rows_after:,}")


def _changed(plan: PublishPlan, what: str) -> Refused:
    return Refused(
        f"{plan.table} changed while the files were staged: {what}. Nothing was published; run the load again "
        "to see the new situation."
    )


def _roll_back(session: Session) -> None:
    """Undo; a session that is gone has been rolled back by the warehouse."""
    try:
        session.execute("ROLLBACK")
    except EtlError:
        session.close()


def _after_lost_commit(
    open_session: Callable[[], Session],
    objects: WorkObjects,
    plan: PublishPlan,
    published: Published,
    error: BaseException,
) -> Published:
    """COMMIT gave no good answer: the ledger tells whether it happened."""
    if isinstance(error, WarehouseError) and error.is_conflict:
        raise error
    try:
        with open_session() as witness:
            present = ledger.live_rows(witness, objects, plan.table)
    except EtlError:
        raise WarehouseError(
            f"The answer to COMMIT was lost and {plan.table} cannot be asked. Run the same load again: it looks into "
            f"the ledger for {plan.publish_id} and loads nothing twice."
        ) from error
    committed = any(row.publish_id == plan.publish_id for row in present)
    if isinstance(error, Stopped):
        side = "It came after the COMMIT: the rows are published." if committed else "Nothing was published."
        raise Stopped(f"{error} {side}", error.exit_code) from None
    if committed:
        return published
    raise error


def _where(claimed: tuple[str, list[str]] | None) -> str:
    return f" WHERE {claimed[0]}" if claimed else ""
