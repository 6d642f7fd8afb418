"""What interrupted loads left in the warehouse (floor 5): listed, and removed on request, but never a live run's."""

from __future__ import annotations

import logging
import re
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from snowflake_etl.errors import WarehouseError
from snowflake_etl.history.batch_record import BatchRecords, CutOffBatch
from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.operations.manifest import is_manifest
from snowflake_etl.plural import counted
from snowflake_etl.sqltext import quote
from snowflake_etl.warehouse import catalog, lease, ledger, locks, stage
from snowflake_etl.warehouse.lease import LeaseRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagedObject

LOGGER = logging.getLogger(__name__)

_WORK_TABLE = re.compile(r".+__(\d{8})_(\d{6})_([0-9A-F]{8})_\d+")


class State(StrEnum):
    """What a thing belongs to: a live run, a dead run, a failed or a future load, or the operator's own wish."""

    LIVE = "live"
    DEAD = "dead"
    FAILED = "of a failed load, which uses them when it is tried again"
    WAITING = "staged, waiting for a load"
    KEPT = "kept after its load"


@dataclass(frozen=True)
class Leftover:
    """One thing in the warehouse: ``kind`` is lease, work table, running query or staged parts."""

    kind: str
    name: str
    run_id: str
    detail: str
    state: State

    @property
    def live(self) -> bool:
        return self.state is State.LIVE

    @property
    def kept(self) -> bool:
        return self.state is State.KEPT

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.name, self.run_id


@dataclass(frozen=True)
class Recovery:
    """Interrupted runs of this host for one target, all that is ours there, and the number of loads for other targets.
    ``left_to_do`` are the interrupted batches, with what remains of them besides the interrupted runs; ``locks``
    are sentences on who holds tables of ours.
    """

    interrupted: tuple[PastRun, ...]
    left_to_do: tuple[CutOffBatch, ...]
    leftovers: tuple[Leftover, ...]
    interrupted_elsewhere: dict[str, int]
    locks: tuple[str, ...] = ()

    @property
    def loads_left(self) -> int:
        return len({command for batch in self.left_to_do for command in batch.commands})

    def removable(self, *, waiting: bool = False) -> tuple[Leftover, ...]:
        """What belongs to nobody; with ``waiting`` also what a future load would find staged."""
        spared = {State.LIVE} if waiting else {State.LIVE, State.WAITING}
        return tuple(leftover for leftover in self.leftovers if leftover.state not in spared)


@dataclass(frozen=True)
class Cleaned:
    """What was removed, and what was not because it is in use again."""

    removed: tuple[Leftover, ...]
    spared: tuple[Leftover, ...]


class Recoverer:
    """Examines one target and cleans it up; ``place`` is its name in the run records (``Warehouse.place``)."""

    def __init__(self, session: Session, objects: WorkObjects, state_directory: Path, place: str) -> None:
        self._session = session
        self._objects = objects
        self._records = RunRecords(state_directory)
        self._batches = BatchRecords(state_directory)
        self._place = place

    def look(self) -> Recovery:
        """List leases, work tables and staged parts, and whether a run may still be working on them."""
        runs = self._records.interrupted()
        begun = {run.command for run in runs}
        batches = [_without(batch, begun) for batch in self._batches.cut_off()]
        loads = {(run.target, run.command) for run in runs}
        loads |= {(batch.target, command) for batch in batches for command in batch.commands}
        elsewhere = dict(Counter(target for target, _ in sorted(loads) if target != self._place))
        here = tuple(run for run in runs if run.target == self._place)
        left_to_do = tuple(batch for batch in batches if batch.target == self._place)
        leftovers: tuple[Leftover, ...] = ()
        held: tuple[str, ...] = ()
        if catalog.describe_table(self._session, self._objects.lease) is not None:
            leftovers, held = tuple(self._leftovers()), self._locks()
        return Recovery(here, left_to_do, leftovers, elsewhere, held)

    def _leftovers(self) -> list[Leftover]:
        leases = lease.rows_of(self._session, self._objects)
        live = self._living(leases)
        of_leases = [_lease(row, row in live) for row in leases]
        return [*of_leases, *self._queries(live), *self._work_tables(live), *self._staged(leases, live)]

    def _locks(self) -> tuple[str, ...]:
        """Who holds a table of ours: an active transaction, or one that a dead session left open."""
        objects = self._objects
        ours = [str(name) for name in (objects.lock, objects.ledger, objects.lease)]
        holders = [locks.ask_for_holder(self._session, "", {name}) for name in ours]
        told = {holder.transaction: holder for holder in holders if holder}
        return tuple(locks.lock_in_words(holder, datetime.now(UTC)) for holder in told.values())

    def _queries(self, live: Sequence[LeaseRow]) -> list[Leftover]:
        """Our running COPYs: they are only submitted under a lease, and survive their client."""
        history = f"{quote(self._objects.database)}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(RESULT_LIMIT => 10000)"
        sql = (
            f"SELECT QUERY_ID, QUERY_TAG, START_TIME FROM TABLE({history}) WHERE EXECUTION_STATUS = 'RUNNING' "
            "AND STARTSWITH(QUERY_TAG, 'snowflake_etl run=') AND STARTSWITH(QUERY_TEXT, 'COPY INTO') "
            "ORDER BY START_TIME"
        )
        try:
            rows = self._session.query(sql)
        except WarehouseError as error:
            LOGGER.info("The query history cannot be read: %s", error)
            return []
        at_work = {row.run_id for row in live}
        found = []
        for query_id, tag, started in rows:
            run_id = str(tag).removeprefix("snowflake_etl run=").split(" ")[0]
            state = State.LIVE if run_id in at_work else State.DEAD
            found.append(Leftover("running query", str(query_id), run_id, f"COPY since {started:%H:%M:%S} UTC", state))
        return found

    def clean(self, shown: Recovery, *, waiting: bool = False) -> Cleaned:
        """Remove what was shown and still belongs to nobody; each thing is checked again right before it is removed."""
        fresh = self.look()
        wanted = {leftover.key for leftover in fresh.removable(waiting=waiting)}
        gone = {leftover.key for leftover in shown.leftovers} - {leftover.key for leftover in fresh.leftovers}
        removed, spared = [], []
        # Leases last: until then they say what the things belong to.
        for leftover in sorted(shown.removable(waiting=waiting), key=lambda one: one.kind == "lease"):
            if leftover.key in gone:
                continue
            if leftover.key in wanted and not self._has_come_to_life(leftover):
                self._remove(leftover)
                removed.append(leftover)
            else:
                spared.append(leftover)
        shown_runs = {run.run_id for run in shown.interrupted}
        for run in fresh.interrupted:
            if run.run_id in shown_runs:
                self._records.finish(run.run_id, "cleaned", "What it left behind was removed.")
                self._records.forget_lock(run.run_id)
        for batch in {one.batch_id for one in shown.left_to_do} & {one.batch_id for one in fresh.left_to_do}:
            self._batches.end(batch)
        return Cleaned(tuple(removed), tuple(spared))

    def _living(self, leases: Sequence[LeaseRow]) -> list[LeaseRow]:
        now = lease.now(self._session)
        return [row for row in leases if row.expires_at > now and not self._is_dead(row)]

    def _is_dead(self, row: LeaseRow) -> bool:
        return row.host == socket.gethostname() and self._records.is_dead(row.run_id)

    def _has_come_to_life(self, leftover: Leftover) -> bool:
        live = self._living(lease.rows_of(self._session, self._objects))
        if leftover.kind == "staged parts":
            return stage.place_of_folder(leftover.name) in _places(live)
        return leftover.run_id in {row.run_id for row in live} or leftover.name in {row.work_table for row in live}

    def _work_tables(self, live: Sequence[LeaseRow]) -> list[Leftover]:
        """A work table is only created and filled under a lease: without one nobody will ever read it."""
        rows = self._session.query(
            f"SELECT TABLE_NAME, ROW_COUNT FROM {quote(self._objects.database)}.INFORMATION_SCHEMA.TABLES "
            "WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME",
            [self._objects.schema],
        )
        in_use = {row.run_id for row in live} | {row.work_table for row in live}
        found = []
        for name, count in rows:
            if match := _WORK_TABLE.fullmatch(name):
                run_id = f"{match[1]}-{match[2]}-{match[3].lower()}"
                state = State.LIVE if run_id in in_use or name in in_use else State.DEAD
                found.append(Leftover("work table", name, run_id, counted(int(count or 0), "row"), state))
        return found

    def _staged(self, leases: Sequence[LeaseRow], live: Sequence[LeaseRow]) -> list[Leftover]:
        folders: dict[str, list[StagedObject]] = {}
        for found in stage.list_objects(self._session, self._objects.stage_root):
            folders.setdefault(found.folder, []).append(found)
        leased, alive = _places(leases), _places(live)
        files = ledger.live_files(self._session, self._objects) if folders else []
        loaded = {stage.place_of(*file) for file in files}
        leftovers = []
        for folder, members in sorted(folders.items()):
            place = stage.place_of_folder(folder)
            state = State.DEAD
            if place in alive:
                state = State.LIVE
            elif place not in leased and any(is_manifest(member.name) for member in members):
                state = State.KEPT if place in loaded else self._of_complete_parts(folder)
            leftovers.append(Leftover("staged parts", folder, "", _size_and_age(members), state))
        return leftovers

    def _of_complete_parts(self, folder: str) -> State:
        """A completely staged file is meant for a future load, unless a load of it is known here to have failed."""
        ended = self._records.end_of_staging_run(folder.rstrip("/").rsplit("/", 1)[-1], self._place)
        return State.WAITING if ended in (None, "staged") else State.FAILED

    def _remove(self, leftover: Leftover) -> None:
        if leftover.kind == "work table":
            self._session.ensure(f"DROP TABLE IF EXISTS {self._objects.name(leftover.name).sql}")
        elif leftover.kind == "running query":
            self._session.cancel(leftover.name)
        elif leftover.kind == "staged parts":
            stage.remove(self._session, self._objects.stage_root.at(leftover.name))
        else:
            lease.release(self._session, self._objects, leftover.run_id)


def _without(batch: CutOffBatch, begun: set[str]) -> CutOffBatch:
    return replace(batch, commands=tuple(command for command in batch.commands if command not in begun))


def _lease(row: LeaseRow, live: bool) -> Leftover:
    until = f"{row.taken_by} on {row.host}, until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    state = State.LIVE if live else State.DEAD
    return Leftover("lease", f"{row.table_name} {row.fingerprint}", row.run_id, until, state)


def _places(leases: Sequence[LeaseRow]) -> set[tuple[str, str]]:
    return {stage.place_of(row.table_name, row.fingerprint) for row in leases}


def _size_and_age(members: Sequence[StagedObject]) -> str:
    age = datetime.now(UTC) - max(member.last_modified for member in members)
    return f"{len(members)} objects, {sum(member.size for member in members):,} bytes, {counted(age.days, 'day')} old"
