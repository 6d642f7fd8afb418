"""What interrupted loads left in the warehouse (floor 5): listed, and put away on request, never a live run's."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.sqltext import quote
from snowflake_etl.warehouse import catalog, lease, stage
from snowflake_etl.warehouse.lease import LeaseRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

_WORK_TABLE = re.compile(r".+__(\d{8})_(\d{6})_([0-9A-F]{8})_\d+")


@dataclass(frozen=True)
class Leftover:
    """One thing in the warehouse: ``kind`` is lease, work table or staged parts; ``live`` ones belong to a run."""

    kind: str
    name: str
    run_id: str
    detail: str
    live: bool


@dataclass(frozen=True)
class Recovery:
    """Interrupted runs of this host and everything of ours in the warehouse, as far as it is there."""

    interrupted: tuple[PastRun, ...]
    leftovers: tuple[Leftover, ...]

    @property
    def removable(self) -> tuple[Leftover, ...]:
        return tuple(leftover for leftover in self.leftovers if not leftover.live)


def look(session: Session, objects: WorkObjects, records: RunRecords) -> Recovery:
    """List leases, work tables and staged parts, and whether a run may still be at work on them."""
    interrupted = tuple(records.interrupted())
    if catalog.describe_table(session, objects.lease) is None:
        return Recovery(interrupted, ())
    now = session.query(f"SELECT {lease.NOW}")[0][0]
    leases = lease.rows_of(session, objects)
    live = [row for row in leases if row.expires_at > now and not _is_dead(row, records)]
    found = [
        *(_lease(row, row in live) for row in leases),
        *_work_tables(session, objects, {row.run_id for row in live} | {row.work_table for row in live}),
        *_staged(session, objects, {row.fingerprint for row in live}),
    ]
    return Recovery(interrupted, tuple(found))


def _is_dead(row: LeaseRow, records: RunRecords) -> bool:
    return row.host == socket.gethostname() and records.is_dead(row.run_id)


def _lease(row: LeaseRow, live: bool) -> Leftover:
    until = f"{row.taken_by} on {row.host}, until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return Leftover("lease", f"{row.table_name} {row.fingerprint}", row.run_id, until, live)


def _work_tables(session: Session, objects: WorkObjects, live: set[str]) -> list[Leftover]:
    """A work table is made and filled under a lease only: without one nobody will ever read it."""
    rows = session.query(
        f"SELECT TABLE_NAME, ROW_COUNT FROM {quote(objects.database)}.INFORMATION_SCHEMA.TABLES "
        "WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME",
        [objects.schema],
    )
    found = []
    for name, count in rows:
        if match := _WORK_TABLE.fullmatch(name):
            run_id = f"{match[1]}-{match[2]}-{match[3].lower()}"
            detail = f"{int(count or 0):,} rows"
            found.append(Leftover("work table", name, run_id, detail, run_id in live or name in live))
    return found


def _staged(session: Session, objects: WorkObjects, live_fingerprints: set[str]) -> list[Leftover]:
    folders: dict[str, list[stage.StagedObject]] = {}
    for found in stage.list_objects(session, objects.stage_root):
        folders.setdefault(found.folder, []).append(found)
    leftovers = []
    for folder, members in sorted(folders.items()):
        fingerprint = folder.rstrip("/").rsplit("/", 1)[-1].split("-")[0]
        age = datetime.now(UTC) - max(member.last_modified for member in members)
        size = sum(member.size for member in members)
        detail = f"{len(members)} objects, {size:,} bytes, {age.days} days old"
        leftovers.append(Leftover("staged parts", folder, "", detail, fingerprint in live_fingerprints))
    return leftovers


def clean(session: Session, objects: WorkObjects, records: RunRecords, recovery: Recovery) -> int:
    """Remove everything that no live run has; return how many things that were."""
    _remove(session, objects, recovery.removable)
    for run in recovery.interrupted:
        records.finish(run.run_id, "cleaned", "What it left behind was removed.")
        records.forget_lock(run.run_id)
    return len(recovery.removable)


def _remove(session: Session, objects: WorkObjects, leftovers: Sequence[Leftover]) -> None:
    for leftover in leftovers:
        if leftover.kind == "work table":
            session.ensure(f"DROP TABLE IF EXISTS {objects.name(leftover.name).sql}")
        elif leftover.kind == "staged parts":
            stage.remove(session, objects.stage_root.at(leftover.name))
    # Leases last: until then they tell whose the things are.
    for leftover in leftovers:
        if leftover.kind == "lease":
            lease.release(session, objects, leftover.run_id)
