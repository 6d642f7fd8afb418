"""``ledger adopt`` (floor 5): make rows known to this tool that were loaded before it was in use.

With the file, the rows are first compared with it, as by ``load --verify``.  Without it, only the number of rows is
known: a later load of those days is refused because they have rows, but no content can be recognised.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from snowflake_etl.config import places
from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import ExitCode, Refused, WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import load_target, month_counts, refusals
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_target import Target
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results import ComparedFile, Difference
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects, ensure_objects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.transaction import transact

ADOPTED = "adopted"
PLANNED = "planned"
WITHOUT_FILE = "(adopted without its file)"


@dataclass(frozen=True)
class AdoptResult:
    """``status`` is adopted, planned or different; ``rows`` are those in the ledger, none if anything differs."""

    status: str
    table: str
    month: str | None
    rows: tuple[LedgerRow, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class _Proposal:
    """What will be recorded; ``rows_counted`` in ``claimed`` must still be there at that moment."""

    objects: WorkObjects
    target: Target
    month: Month | None
    claimed: tuple[DayRange, ...]
    rows_counted: int
    live: tuple[LedgerRow, ...]
    rows: tuple[LedgerRow, ...]
    notes: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.target.name} {self.month}" if self.month else str(self.target.name)

    def in_words(self) -> str:
        lines = [f"Record in the ledger, without touching {self.target.name}:"]
        for row in self.rows:
            days = f"{row.first_day}..{row.last_day}" if row.first_day else "the whole table"
            content = f"content {row.content_hash}" if row.content_hash else "no content hash"
            lines.append(f"  {row.file_name}: {counted(row.row_count, 'row')}, {days}, {content}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def adopt_files(
    planned: PlannedLoad,
    configuration: Configuration,
    warehouse: Warehouse,
    confirm: Callable[[str], bool] | None,
    progress: Progress,
) -> AdoptResult:
    """Record the rows of the days that the files in ``planned`` claim, if they match the files.

    Without ``confirm`` the result says what would be recorded, and nothing is.
    Differences are returned in the result, and nothing is recorded then.  Raise Refused when live rows exist or
    consent is missing, ProblemsFound when there is no table, FileError for files that cannot be read.
    """
    with _session(warehouse, configuration, planned.entry, planned.month) as session:
        prepared = month_counts.look(session, planned, configuration)
        now, quality = prepared.situation, configuration.quality
        _refuse_live(now.table, now.live_in_claimed())
        read = month_counts.read_through(prepared.sources, progress)
        in_files = month_counts.count_files(prepared, planned, quality, warehouse.state_directory, progress)
        in_table = month_counts.count_table(session, prepared, planned, quality)
        found, notes = month_counts.differences(in_files, in_table, now.claimed)
        outside = month_counts.rows_outside(in_files, now.claimed)
        if outside:
            found.append(Difference("rows", notes.pop(0), outside, None))
        if found:
            return _different(now.place, now.table, now.month, found, notes)
        rows = _file_rows(prepared, read)
        if other := now.rows_in_month - now.ledger_rows - in_table.rows:
            notes.append(f"{other:,} other rows of the month are still unknown to the ledger.")
        if now.policies:
            notes.append(f"The table has {', '.join(now.policies)}: what this role sees was compared.")
        proposal = _Proposal(
            prepared.objects,
            prepared.target,
            now.month,
            now.claimed,
            in_table.rows,
            now.live,
            rows,
            tuple(notes),
        )
        return _record(session, proposal, confirm)


def _file_rows(prepared: Prepared, read: Sequence[ComparedFile]) -> tuple[LedgerRow, ...]:
    """One ledger row per file, with what was read from it."""
    month = prepared.situation.month
    template = _template(prepared.target, month)
    return tuple(
        replace(
            template,
            file_name=source.path.name,
            file_bytes=file.bytes,
            fingerprint=source.fingerprint,
            content_hash=file.content_hash,
            row_count=file.rows,
            first_day=source.found.days.first if month else None,
            last_day=source.found.days.last if month else None,
        )
        for source, file in zip(prepared.sources, read, strict=True)
    )


def adopt_counts(
    entry: FileSection,
    month: Month,
    configuration: Configuration,
    warehouse: Warehouse,
    confirm: Callable[[str], bool] | None,
) -> AdoptResult:
    """Record the number of rows in a month (in the whole table if it has no days), without any file.

    Without ``confirm`` the result says what would be recorded, and nothing is.
    Raise Refused when live rows exist, when there are no rows, or when it is not confirmed.
    """
    with _session(warehouse, configuration, entry, month) as session:
        objects = WorkObjects.of(session.database, configuration.load)
        target = load_target.resolve_target(session, entry, may_create=False)
        of_month = month if target.date_column else None
        live = load_target.live_rows_of(session, objects, target, PlannedLoad(entry, month, ()))
        _refuse_live(str(target.name), live)
        claimed = (month.days(),) if of_month else ()
        rows = _count(session, target, claimed) if target.exists else 0
        if not rows:
            raise Refused(f"{target.name} has no rows for {month}: there is nothing to record.")
        days = claimed[0] if claimed else None
        row = replace(
            _template(target, of_month),
            file_name=WITHOUT_FILE,
            row_count=rows,
            first_day=days.first if days else None,
            last_day=days.last if days else None,
        )
        note = (
            "Without the file no content hash is known: a load of these days is refused because they have rows, but "
            "the file they came from cannot be recognised, and load --verify can only compare counts."
        )
        proposal = _Proposal(objects, target, of_month, claimed, rows, tuple(live), (row,), (note,))
        return _record(session, proposal, confirm)


@contextmanager
def _session(warehouse: Warehouse, configuration: Configuration, entry: FileSection, month: Month) -> Iterator[Session]:
    tag = f"snowflake_etl adopt table={entry.table_name} month={month}"
    with warehouse.open(tag) as session, refusals.explaining(session, configuration, entry.table_name):
        yield session


def _different(
    place: str, table: str, month: Month | None, found: Sequence[Difference], notes: Sequence[str]
) -> AdoptResult:
    return AdoptResult(
        "different",
        table,
        str(month) if month else None,
        (),
        tuple(found),
        tuple(notes),
        f"{place} differs from the files in {counted(len(found), 'point')}. Nothing was recorded.",
        int(ExitCode.PROBLEMS_FOUND),
    )


def _refuse_live(table: str, live: Sequence[LedgerRow]) -> None:
    if live:
        last = live[-1]
        raise Refused(
            f"The ledger already has those rows of {table}: {shown(last.file_name)}, "
            f"{counted(last.row_count, 'row')}, by "
            f"{last.loaded_by} on {last.host}. See them with: {places.program()} ledger list --table {table}"
        )


def _template(target: Target, month: Month | None) -> LedgerRow:
    """A ledger row with everything that all files of one adoption share."""
    run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    return LedgerRow(
        publish_id=run_id,
        run_id=run_id,
        table_name=str(target.name),
        month=str(month) if month else None,
        first_day=None,
        last_day=None,
        file_name="",
        file_bytes=0,
        fingerprint="",
        content_hash="",
        row_count=0,
        mode=ADOPTED,
        loaded_by=getpass.getuser(),
        host=socket.gethostname(),
        started_at=datetime.now(UTC),
        published_at=None,
        copy_query_id="",
    )


def _count(session: Session, target: Target, claimed: Sequence[DayRange]) -> int:
    condition, binds = (target.condition(claimed) if claimed else None) or ("", [])
    return catalog.count_rows(session, target.name, condition, binds)


def _record(session: Session, proposal: _Proposal, confirm: Callable[[str], bool] | None) -> AdoptResult:
    """Ask, then write the rows under the table's lock, unless something has changed meanwhile."""
    if confirm is None:
        return _result(PLANNED, proposal, f"{proposal.in_words()}\nNothing was recorded.")
    if not confirm(proposal.in_words()):
        raise Refused("Not confirmed: nothing was recorded. Without a terminal add --yes.")
    ensure_objects(session, proposal.objects)
    ledger.ensure_lock_row(session, proposal.objects, proposal.target.name)
    publish_id = proposal.rows[0].publish_id

    def committed_before() -> bool | None:
        return ledger.is_published(session, proposal.objects, publish_id) or None

    transact(session, lambda: _write(session, proposal), committed_before)
    rows = sum(row.row_count for row in proposal.rows)
    files = counted(len(proposal.rows), "file")
    return _result(ADOPTED, proposal, f"{rows:,} rows of {proposal.place} are in the ledger now, from {files}.")


def _result(status: str, proposal: _Proposal, message: str) -> AdoptResult:
    month = str(proposal.month) if proposal.month else None
    return AdoptResult(
        status, str(proposal.target.name), month, proposal.rows, (), proposal.notes, message, int(ExitCode.OK)
    )


def _write(session: Session, proposal: _Proposal) -> bool:
    objects, table = proposal.objects, proposal.target.name
    if not ledger.take_lock(session, objects, table, proposal.rows[0].publish_id):
        raise WarehouseError(f"The lock row of {table} in {objects.lock} is gone. Run the same command again.")
    present = ledger.rows_of_month(ledger.live_rows(session, objects, table), proposal.month)
    rows = _count(session, proposal.target, proposal.claimed)
    if {_key(row) for row in present} != {_key(row) for row in proposal.live} or rows != proposal.rows_counted:
        raise Refused(f"{table} changed while it was looked at. Nothing was recorded; run the same command again.")
    ledger.insert_rows(session, objects, proposal.rows)
    return True


def _key(row: LedgerRow) -> tuple[str, str]:
    return row.publish_id, row.file_name
