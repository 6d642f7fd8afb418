"""What can be brought back, and from where (floor 5): read from the warehouse's audit log, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from snowflake_etl.month import DayRange
from snowflake_etl.sqltext import ObjectName, literal
from snowflake_etl.warehouse import audit, catalog, safety_copy
from snowflake_etl.warehouse.audit import AuditRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

_DELETIONS = (audit.DROPPED, audit.REPLACED, audit.RESTORED)


@dataclass(frozen=True)
class Restorable:
    """One deletion: the ``rows`` that it removed, on ``days``.
    ``source`` is the SQL from which the rows can be read, "" if nothing has them any more; ``until`` is when that ends,
    in UTC.  ``restored_by`` is the run that brought them back, "" when none did.
    """

    run_id: str
    event: str
    at: datetime
    table: str
    month: str
    days: tuple[DayRange, ...]
    rows: int
    columns: tuple[str, ...]
    ledger_keys: tuple[tuple[str, str], ...]
    who: str
    copy: ObjectName | None
    copied: bool
    source: str
    until: datetime
    restored_by: str

    @property
    def source_in_words(self) -> str:
        if self.restored_by:
            return f"restored by run {self.restored_by}"
        if not self.source:
            return "gone: the rows are nowhere any more"
        return f"can be restored from safety copy {self.copy}" if self.copy else "can be restored by Time Travel"

    @property
    def lost_copy(self) -> bool:
        """True if a copy was made but no longer exists."""
        return self.copied and self.copy is None


def time_travel(table: ObjectName, statement: str) -> str:
    """The table as it was right before a statement; the table itself stays what it is."""
    return f"{table.sql} BEFORE(STATEMENT => {literal(statement)})"


def deletions(session: Session, objects: WorkObjects, table: ObjectName | None = None) -> list[Restorable]:
    """Return every deletion that removed rows, oldest first, and where its rows are now."""
    if catalog.describe_table(session, objects.audit_log) is None:
        return []
    rows = audit.rows_of(session, objects, table)
    copies = {copy.name.name for copy in safety_copy.copies(session, objects)}
    restored = {str(row.detail.get("of")): row.run_id for row in rows if row.event == audit.RESTORED}
    found = [row for row in rows if row.event in _DELETIONS and int(row.detail.get("rows_out") or 0)]
    return [_restorable(objects, row, copies, restored, table) for row in found]


def _restorable(
    objects: WorkObjects, row: AuditRow, copies: set[str], restored: dict[str, str], asked: ObjectName | None
) -> Restorable:
    detail = row.detail
    until = datetime.fromisoformat(str(detail["until"]))
    copy = objects.name(str(detail["copy"])) if detail.get("copy") in copies else None
    copied = bool(detail.get("copy"))
    if copied and copy is None:
        # Somebody dropped the copy; the table's own Time Travel may still reach back.
        until = datetime.fromisoformat(str(detail.get("travel_until") or detail["until"]))
    source = ""
    if copy is not None:
        source = copy.sql
    elif detail.get("statement") and until > datetime.now(UTC) and (not copied or detail.get("travel_until")):
        source = time_travel(asked or _object_name(str(row.table_name)), str(detail["statement"]))
    return Restorable(
        run_id=row.run_id,
        event=row.event,
        at=row.at,
        table=str(row.table_name),
        month=str(row.month),
        days=_days(detail["days"]),
        rows=int(detail["rows_out"]),
        columns=tuple(detail["columns"]),
        ledger_keys=tuple((str(publish_id), str(file)) for publish_id, file in detail["ledger"]),
        who=f"{detail.get('who')} on {detail.get('host')}",
        copy=copy,
        copied=copied,
        source=source,
        until=until,
        restored_by=restored.get(row.run_id, ""),
    )


def _days(pairs: Sequence[Sequence[str]]) -> tuple[DayRange, ...]:
    return tuple(DayRange(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs)


def _object_name(text: str) -> ObjectName:
    """The audit log names tables by their three stored parts; a caller that asks about one table knows it already."""
    database, schema, name = text.split(".", 2)
    return ObjectName(database, schema, name)
