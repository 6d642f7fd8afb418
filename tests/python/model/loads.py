"""What the runs of the model do: a load's steps over the production functions, and people who write by other means.

Staging and COPY are left out: they touch nothing that others see.  The work table of a run is filled already.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from model.driver import ModelConnection
from model.program import Body, Outcome
from snowflake_etl.errors import EtlError, Refused, Stopped
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import situation
from snowflake_etl.operations.months.month_change import MonthChange, Selected, StateChange, change_month
from snowflake_etl.operations.publish import PublishPlan, publish
from snowflake_etl.operations.situation import Mode, Permission, Situation, Wishes
from snowflake_etl.sqltext import ColumnType, ObjectName, column_list, day_bounds_of_any
from snowflake_etl.warehouse import audit, lease, ledger
from snowflake_etl.warehouse.catalog import count_rows
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

OBJECTS = WorkObjects("D", "ETL_WORK")
TARGET = ObjectName("D", "PUBLIC", "T")
COPY = ObjectName("D", "ETL_WORK", "COPY")
"""What a safety copy holds: the rows of the files that are there before the runs."""
COLUMNS = ("DAY", "ID")
LEASE_SECONDS = 300


@dataclass(frozen=True)
class File:
    """A file of two rows, on the first and the last of the days that it claims; ``text`` tells its rows apart."""

    text: str
    first: date
    last: date

    @property
    def name(self) -> str:
        return f"t_{self.first:%Y%m%d}-{self.last:%Y%m%d}.tsv"

    @property
    def month(self) -> Month:
        return Month.of(self.first)

    @property
    def days(self) -> DayRange:
        return DayRange(self.first, self.last)

    @property
    def rows(self) -> list[tuple[object, ...]]:
        return [(self.first, f"{self.text} first"), (self.last, f"{self.text} last")]

    @property
    def claimed(self) -> tuple[str, list[str]]:
        return day_bounds_of_any("DAY", ColumnType("DATE"), [self.days])


@dataclass(frozen=True)
class Job:
    """One load as an operator asks for it; ``same_host``: run again, it knows that the earlier run is dead."""

    file: File
    mode: Mode = Mode.APPEND
    allow_existing: bool = False
    same_host: bool = True


@dataclass(frozen=True)
class Run:
    """One attempt at a job: ``earlier`` are the ids of the attempts before it, ``work_table`` holds its file."""

    job: Job
    run_id: str
    host: str
    earlier: tuple[str, ...]
    work_table: ObjectName

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.job.mode, "load", allow_existing=self.job.allow_existing)


def load(run: Run) -> Body:
    """The load as a body of a program."""
    return lambda connect: _outcome(connect, lambda session: _load(session, run))


def _outcome(connect: Callable[[], ModelConnection], steps: Callable[[Session], Outcome]) -> Outcome:
    try:
        with Session(connect, "the model", True) as session:
            return steps(session)
    except Refused as refused:
        return Outcome("refused", str(refused))
    except Stopped as stopped:
        return Outcome("stopped", str(stopped))
    except EtlError as error:
        return Outcome("failed", f"{type(error).__name__}: {error}")


def _load(session: Session, run: Run) -> Outcome:
    facts, permission = _prepared(session, run)
    holder = lease.Holder(run.run_id, run.host, "operator")
    lease.take(
        session,
        OBJECTS,
        TARGET,
        [run.job.file.text],
        holder,
        LEASE_SECONDS,
        lambda row: row.host == run.host and run.job.same_host and row.run_id in run.earlier,
    )
    try:
        published = publish(session, OBJECTS, _plan(run, facts, permission))
    except (EtlError, Stopped):
        with contextlib.suppress(EtlError, Stopped):
            if lease.owned_by(session, OBJECTS, run.run_id):
                lease.release(session, OBJECTS, run.run_id)
        raise
    with contextlib.suppress(EtlError):
        lease.release(session, OBJECTS, run.run_id)
    return Outcome("published", f"{published.inserted} in, {published.deleted} out")


def _prepared(session: Session, run: Run) -> tuple[Situation, Permission]:
    """What load_prepare does, in its order: ledger, same file, counts, permission."""
    file = run.job.file
    live = ledger.rows_of_month(ledger.live_rows(session, OBJECTS, TARGET), file.month)
    if run.job.mode is Mode.APPEND and (row := situation.already_live(live, file.text)):
        raise Refused(situation.same_content(row, file.name))
    count = count_rows(session, TARGET, *file.claimed)
    facts = Situation(str(TARGET), file.month, (file.days,), count, count, tuple(live))
    return facts, situation.permit(facts, run.wishes)


def _plan(run: Run, facts: Situation, permission: Permission) -> PublishPlan:
    file = run.job.file
    return PublishPlan(
        table=TARGET,
        month=file.month,
        work_table=run.work_table,
        columns=COLUMNS,
        replace=run.job.mode is Mode.REPLACE,
        claimed=file.claimed,
        rows_before=facts.rows_in_claimed,
        rows_in=len(file.rows),
        rows_in_claimed=len(file.rows),
        live_before=facts.live,
        replaced_rows=permission.replaces,
        new_rows=(_ledger_row(run),),
        undo={"counted": facts.rows_in_claimed, "month": str(file.month)} if run.job.mode is Mode.REPLACE else None,
    )


def _ledger_row(run: Run) -> LedgerRow:
    file = run.job.file
    return LedgerRow(
        publish_id=run.run_id,
        run_id=run.run_id,
        table_name=str(TARGET),
        month=str(file.month),
        first_day=file.first,
        last_day=file.last,
        file_name=file.name,
        file_bytes=100,
        fingerprint=file.text,
        content_hash=file.text,
        row_count=len(file.rows),
        mode=run.job.mode.value,
        loaded_by="operator",
        host=run.host,
        started_at=datetime(2024, 2, 1),
        published_at=None,
        copy_query_id="copy",
    )


def drop(file: File, name: str) -> Body:
    """drop-month without its safety copy, which is made before the transaction."""

    def steps(session: Session) -> Outcome:
        live = _month_of(session, file, ledger.LIVE)
        rows = count_rows(session, TARGET, *file.claimed)
        if not (live or rows):
            return Outcome("done", "nothing to drop")
        states = StateChange(tuple(live), ledger.LIVE, ledger.DROPPED)
        change_month(session, OBJECTS, _month_change(file, name, audit.DROPPED, live, rows, states))
        return Outcome("done", "dropped")

    return lambda connect: _outcome(connect, steps)


def restore(file: File, name: str) -> Body:
    """restore-month of a file that was dropped, from what its work table still holds."""

    def steps(session: Session) -> Outcome:
        dropped = _month_of(session, file, ledger.DROPPED)
        live = _month_of(session, file, ledger.LIVE)
        rows = count_rows(session, TARGET, *file.claimed)
        if rows or live or not dropped:
            return Outcome("done", "nothing to restore")
        states = StateChange(tuple(dropped), ledger.DROPPED, ledger.LIVE)
        change_month(session, OBJECTS, _month_change(file, name, audit.RESTORED, live, None, states))
        return Outcome("done", "restored")

    return lambda connect: _outcome(connect, steps)


def _month_of(session: Session, file: File, state: str) -> list[LedgerRow]:
    rows = ledger.all_rows(session, OBJECTS, TARGET)
    return [row for row in ledger.rows_of_month(rows, file.month) if row.state == state]


def _month_change(
    file: File, name: str, event: str, live: list[LedgerRow], rows_out: int | None, states: StateChange
) -> MonthChange:
    columns = column_list(COLUMNS)
    condition, binds = file.claimed
    insert = f"INSERT INTO {TARGET.sql} ({columns}) SELECT {columns} FROM {COPY.sql} WHERE {condition}"
    rows_in = len(file.rows) if rows_out is None else 0
    return MonthChange(
        run_id=name,
        event=event,
        table=TARGET,
        month=file.month,
        by_month=True,
        selected=Selected(condition, tuple(binds)),
        rows_out=rows_out,
        insert=insert if rows_out is None else None,
        rows_in=rows_in,
        rows_after=rows_in,
        live_before=tuple(live),
        states=(states,),
        detail={"counted": rows_out},
    )


def written_under_lock(row: tuple[date, str]) -> Body:
    """Somebody who adds a row under the table's lock and tells the ledger nothing."""

    def steps(session: Session) -> Outcome:
        ledger.ensure_lock_row(session, OBJECTS, TARGET)
        session.execute("BEGIN")
        session.execute(
            f"INSERT INTO {TARGET.sql} ({column_list(COLUMNS)}) SELECT CAST(? AS DATE), ?", [row[0].isoformat(), row[1]]
        )
        ledger.take_lock(session, OBJECTS, TARGET, "by hand")
        session.execute("COMMIT")
        return Outcome("done", "a row by hand")

    return lambda connect: _outcome(connect, steps)
