"""``stage list`` (floor 5): what is on the stage, folder by folder, and what it belongs to."""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from snowflake_etl.errors import EtlError, UsageError
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations.manifest import Manifest, is_manifest, read_manifest
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog, lease, ledger, stage
from snowflake_etl.warehouse.lease import LeaseRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagedObject

# <table>/<month>/<fingerprint>-<plan>/ below the stage's root.
_OURS = re.compile(r"(?P<table>[^/]+)/(?P<month>\d{4}-\d{2})/[0-9a-f]{32}-[0-9a-f]{16}/", re.ASCII)
_PART = re.compile(r"part-\d+-[0-9a-f]+\.[a-z]+\.zst", re.ASCII)


class State(StrEnum):
    """What a staged folder is."""

    WAITING = "waiting"
    LOADING = "being loaded"
    KEPT = "kept after its load"
    FAILED = "left by a failed run"
    INCOMPLETE = "incomplete"
    FOREIGN = "foreign"


IN_WORDS = {
    State.WAITING: "staged completely, for a load to come",
    State.LOADING: "a run has a lease on it and may be at work",
    State.KEPT: "its rows are in the table; kept by --keep-staged",
    State.FAILED: "staged completely by a run that did not load it; the next one takes it up",
    State.INCOMPLETE: "parts are missing; the next run of the same load sends them",
    State.FOREIGN: "not of this tool's making",
}


@dataclass(frozen=True)
class StagedFolder:
    """One folder of the stage; ``path`` is its place on the stage, as LIST and REMOVE take it.
    ``table`` is its name in the path, ``bytes`` the encrypted size on the stage; ``newest`` is in UTC.  ``file`` and
    ``rows`` are the manifest's, "" and None without one.  ``missing`` are parts that the manifest names and LIST
    does not.  ``until`` is the expiry of a live lease.
    """

    path: str
    state: State
    table: str
    month: str
    file: str
    rows: int | None
    objects: tuple[str, ...]
    bytes: int
    newest: datetime
    run_id: str
    until: datetime | None = None
    missing: tuple[str, ...] = ()

    @property
    def parts(self) -> int:
        return sum(not is_manifest(name) for name in self.objects)

    @property
    def age(self) -> timedelta:
        return datetime.now(UTC) - self.newest


class StageReader:
    """Reads the stage of one work schema; ``place`` is the target's name in the run records."""

    def __init__(self, session: Session, objects: WorkObjects, records: RunRecords, place: str) -> None:
        self._session = session
        self._objects = objects
        self._records = records
        self._place = place

    def folders(self, table: ObjectName | None = None) -> list[StagedFolder]:
        """Everything on the stage, or of one table; [] where nothing was ever staged.

        Files in the same folder that are neither part nor manifest are listed as a separate foreign folder.
        """
        if catalog.describe_table(self._session, self._objects.lease) is None:
            return []
        root = self._objects.stage_root
        listed = stage.list_objects(self._session, stage.table_folder(root, table) if table else root)
        groups: dict[tuple[str, bool], list[StagedObject]] = defaultdict(list)
        for found in listed:
            ours = bool(_OURS.fullmatch(self._relative(found.folder))) and is_ours(found.name)
            groups[found.folder, ours].append(found)
        leases = lease.rows_of(self._session, self._objects)
        live = self._living(leases)
        files = ledger.live_files(self._session, self._objects) if groups else []
        loaded = {stage.place_of(*file) for file in files}
        return [
            self._ours(folder, members, leases, live, loaded) if ours else _foreign(folder, members)
            for (folder, ours), members in sorted(groups.items())
        ]

    def is_being_loaded(self, folder: StagedFolder) -> bool:
        """Whether a live run currently has a lease on the folder's file."""
        live = self._living(lease.rows_of(self._session, self._objects))
        return any(_is_for(row, folder.path) for row in live)

    def _relative(self, folder: str) -> str:
        return folder.removeprefix(self._objects.stage_root.folder)

    def _living(self, leases: Sequence[LeaseRow]) -> list[LeaseRow]:
        now = lease.now(self._session)
        return [row for row in leases if row.expires_at > now and not self._is_dead(row)]

    def _is_dead(self, row: LeaseRow) -> bool:
        return row.host == socket.gethostname() and self._records.is_dead(row.run_id)

    def _ours(
        self,
        folder: str,
        members: Sequence[StagedObject],
        leases: Sequence[LeaseRow],
        live: Sequence[LeaseRow],
        loaded: set[tuple[str, str]],
    ) -> StagedFolder:
        match = _OURS.fullmatch(self._relative(folder))
        if match is None:
            raise ValueError(f"{folder} is no folder of parts")
        names = tuple(sorted(found.name for found in members))
        manifest = self._manifest(folder, members)
        missing = tuple(sorted({part.name for part in manifest.parts} - set(names))) if manifest else ()
        holder = next((row for row in [*live, *leases] if _is_for(row, folder)), None)
        staged_by, ended = self._records.staging_run(folder.rstrip("/").rsplit("/", 1)[-1], self._place)
        if holder in live:
            state = State.LOADING
        elif manifest is None or missing:
            state = State.INCOMPLETE
        elif stage.place_of_folder(folder) in loaded:
            state = State.KEPT
        else:
            state = State.WAITING if holder is None and ended in (None, "staged") else State.FAILED
        return StagedFolder(
            path=folder,
            state=state,
            table=match["table"],
            month=match["month"],
            file=manifest.file if manifest else "",
            rows=manifest.rows if manifest else None,
            objects=names,
            bytes=sum(found.size for found in members),
            newest=max(found.last_modified for found in members),
            run_id=holder.run_id if holder else staged_by,
            until=holder.expires_at if holder and state is State.LOADING else None,
            missing=missing,
        )

    def _manifest(self, folder: str, members: Sequence[StagedObject]) -> Manifest | None:
        """The newest manifest that can be read; None without one."""
        manifests = [found for found in members if is_manifest(found.name)]
        for found in sorted(manifests, key=lambda one: one.last_modified, reverse=True):
            try:
                return read_manifest(self._session, self._objects.stage_root.at(folder), found)
            except EtlError:
                continue
        return None


def _is_for(row: LeaseRow, folder: str) -> bool:
    return stage.place_of(row.table_name, row.fingerprint) == stage.place_of_folder(folder)


def is_ours(name: str) -> bool:
    return is_manifest(name) or _PART.fullmatch(name) is not None


def _foreign(folder: str, members: Sequence[StagedObject]) -> StagedFolder:
    return StagedFolder(
        path=folder,
        state=State.FOREIGN,
        table="",
        month="",
        file="",
        rows=None,
        objects=tuple(sorted(found.name for found in members)),
        bytes=sum(found.size for found in members),
        newest=max(found.last_modified for found in members),
        run_id="",
    )


def parse_age(text: str) -> timedelta:
    """``14d``, ``36h``, ``14`` (days).  Raise UsageError for anything else."""
    match = re.fullmatch(r"(\d{1,5})\s*([dh]?)", text.strip().lower(), re.ASCII)
    if match is None:
        raise UsageError(f"--older-than takes days or hours, for example 14d or 36h, not '{text}'.")
    return timedelta(hours=int(match[1])) if match[2] == "h" else timedelta(days=int(match[1]))
