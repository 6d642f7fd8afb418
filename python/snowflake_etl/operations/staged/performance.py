"""``stage performance`` (floor 5): how fast past COPYs were, and what would have made them faster."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import WarehouseError
from snowflake_etl.operations import refusals
from snowflake_etl.plural import counted
from snowflake_etl.sqltext import ObjectName, object_name, quote
from snowflake_etl.warehouse import advice, catalog, ledger, past_copies
from snowflake_etl.warehouse.advice import WarehouseState
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.past_copies import PastCopy
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

_TAG = re.compile(r"snowflake_etl run=(\S+) table=(.*) month=(\S+)")
_RESULTS_KEPT = timedelta(hours=23)
_QUEUE_SHARE = 0.1
_LEAST_SECONDS = 5.0


@dataclass(frozen=True)
class CopyFigures:
    """One COPY with what is known about it; None and "" for what is unknown.
    ``bytes`` are those of the files on disk, ``rows`` those published or loaded.  ``advice`` says what would have been
    faster, "" if nothing would or nothing is known.
    """

    query_id: str
    table: str
    month: str
    run_id: str
    status: str
    started: datetime
    seconds: float
    queued: float | None
    rows: int | None
    bytes: int | None
    parts: int | None
    warehouse: str
    size: str
    advice: str

    @property
    def running_seconds(self) -> float:
        return max(self.seconds - (self.queued or 0), 0.001)

    @property
    def rows_per_second(self) -> int | None:
        return None if self.rows is None else round(self.rows / self.running_seconds)

    @property
    def bytes_per_second(self) -> int | None:
        return None if self.bytes is None else round(self.bytes / self.running_seconds)


@dataclass(frozen=True)
class Performance:
    """The COPYs, newest first, and what could not be seen, with the grant needed to see it."""

    copies: tuple[CopyFigures, ...]
    notes: tuple[str, ...]


def performance(
    configuration: Configuration, warehouse: Warehouse, table: str | None, days: int, limit: int
) -> Performance:
    """The newest ``limit`` COPYs of the last ``days``, of one table or of all.

    Raise ConnectError when signing in fails; what the role may not see becomes a note.
    """
    with warehouse.open("snowflake_etl stage") as session, refusals.explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        known = catalog.describe_table(session, objects.ledger) is not None
        rows = ledger.all_rows(session, objects) if known else []
        name = object_name(table, session.database, session.schema) if table else None
        try:
            copies = past_copies.past_copies(session, days)
        except WarehouseError as error:
            return Performance((), (f"{_grant(session, configuration)} The warehouse said: {_line(error)}",))
        wanted = [copy for copy in copies if name is None or _table_of(copy, session) == name]
        parts = _Parts(session, configuration)
        loaded: dict[str, list[LedgerRow]] = defaultdict(list)
        for row in rows:
            loaded[row.copy_query_id].append(row)
        figures = [_figures(copy, loaded.get(copy.query_id, []), parts) for copy in wanted[:limit]]
        unseen = _unseen(rows, {copy.query_id for copy in copies}, name, days)
        return Performance(tuple(figures), tuple(_notes(session, configuration, unseen, len(wanted), limit)))


class _Parts:
    """How many parts a COPY loaded: known from its result for a day, or from COPY_HISTORY if it loaded directly."""

    def __init__(self, session: Session, configuration: Configuration) -> None:
        self._session = session
        self._direct = configuration.load.via == "direct"
        self._folders: dict[ObjectName, dict[str, tuple[int, int]]] = {}

    def of(self, copy: PastCopy, rows: Sequence[LedgerRow]) -> int | None:
        if copy.status == "SUCCESS" and datetime.now(UTC) - copy.started < _RESULTS_KEPT:
            parts = past_copies.parts_of_result(self._session, copy.query_id)
            if parts is not None:
                return parts
        name = _table_of(copy, self._session)
        if not (self._direct and rows and name):
            return None
        if name not in self._folders:
            self._folders[name] = past_copies.parts_by_folder(self._session, name)
        fingerprints = {row.fingerprint for row in rows}
        found = [
            parts for folder, (parts, _) in self._folders[name].items() if folder.partition("-")[0] in fingerprints
        ]
        return sum(found) or None


def _figures(copy: PastCopy, rows: Sequence[LedgerRow], parts: _Parts) -> CopyFigures:
    match = _TAG.fullmatch(copy.tag)
    run_id, table, month = match.groups() if match else ("", "", "")
    size = sum(row.file_bytes for row in rows) or None
    count = parts.of(copy, rows)
    return CopyFigures(
        query_id=copy.query_id,
        table=rows[0].table_name if rows else table,
        month=(rows[0].month if rows else month) or "",
        run_id=run_id,
        status=copy.status,
        started=copy.started,
        seconds=copy.seconds,
        queued=copy.queued,
        rows=sum(row.row_count for row in rows) or copy.rows,
        bytes=size,
        parts=count,
        warehouse=copy.warehouse,
        size=copy.size,
        advice=" ".join(_advice(copy, size, count)),
    )


def _advice(copy: PastCopy, size: int | None, parts: int | None) -> Iterable[str]:
    """What would certainly have been faster, judging by the figures."""
    if copy.seconds < _LEAST_SECONDS:
        return
    starting = copy.provisioning or 0
    waiting = (copy.queued or 0) - starting
    if waiting > _QUEUE_SHARE * copy.seconds:
        yield (
            f"It waited {waiting:.0f} s behind other queries of {copy.warehouse}: a warehouse of its own "
            "(load.warehouse) would not have."
        )
    if starting > _QUEUE_SHARE * copy.seconds:
        yield f"{copy.warehouse} took {starting:.0f} s to start: load several months in one run."
    step = WarehouseState(copy.warehouse, copy.size, "", auto_resume=True).step
    if step is None or not parts:
        return
    at_once = advice.files_at_once(step)
    if parts * 2 <= at_once:
        yield f"{parts} parts keep at most {parts} of its {at_once} threads busy: a smaller warehouse is as fast."
    elif parts >= 2 * at_once:
        faster = advice.copy_seconds(step, size or 1, parts) / advice.copy_seconds(step + 1, size or 1, parts)
        yield f"{parts} parts took turns on {at_once} threads: the next larger size is up to {faster:.1f} x as fast."


def _table_of(copy: PastCopy, session: Session) -> ObjectName | None:
    match = _TAG.fullmatch(copy.tag)
    return object_name(match[2], session.database, session.schema) if match else None


def _unseen(rows: Sequence[LedgerRow], seen: set[str], table: ObjectName | None, days: int) -> int:
    """Loads of those days that are in the ledger but not in the query history."""
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=min(days, past_copies.MOST_DAYS))
    ids = {
        row.copy_query_id
        for row in rows
        if row.copy_query_id
        and row.published_at is not None
        and row.published_at.replace(tzinfo=None) > since
        and (table is None or row.table_name == str(table))
    }
    return len(ids - seen)


def _notes(session: Session, configuration: Configuration, unseen: int, found: int, limit: int) -> Iterable[str]:
    if unseen:
        yield (
            f"Not in the history that this role may see: {counted(unseen, 'load')} that the ledger knows. "
            f"{_grant(session, configuration)}"
        )
    if found > limit:
        yield f"The newest {limit} of {found} are shown: --limit shows more."


def _grant(session: Session, configuration: Configuration) -> str:
    wanted = configuration.load.warehouse or configuration.snowflake.warehouse
    name = str(session.query("SELECT CURRENT_WAREHOUSE()")[0][0] or wanted or "<warehouse>")
    role = refusals.role_of(session)
    return (
        "Queries of other users are seen with MONITOR on their warehouse; its owner runs: "
        f"GRANT MONITOR ON WAREHOUSE {quote(name)} TO ROLE {quote(role)};"
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
