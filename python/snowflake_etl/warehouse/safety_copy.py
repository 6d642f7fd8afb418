"""Safety copies (floor 3): a zero-copy CLONE of a table in the work schema, made before rows are deleted from it.

A clone costs nothing until the table is rewritten, and needs no Time Travel; it is transient, as a clone of a transient
table must be, without Time Travel of its own, and it is swept after two weeks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

KEPT = timedelta(days=14)
ENOUGH_TIME_TRAVEL_DAYS = 7
"""If a table's Time Travel reaches back this far, it alone is enough to undo a deletion."""

_LONGEST_TABLE_PART = 180
_NAME = re.compile(r".+__(\d{8}_\d{6})_[0-9A-F]{8}_COPY")


@dataclass(frozen=True)
class SafetyCopy:
    """An existing copy; ``made_at`` is in UTC, from its name."""

    name: ObjectName
    made_at: datetime


def copy_name(objects: WorkObjects, table: ObjectName, run_id: str) -> ObjectName:
    """The name of a run's copy; it contains the time of its creation, and no other run ever uses it."""
    return objects.name(f"{table.name[:_LONGEST_TABLE_PART]}__{run_id.replace('-', '_')}_COPY".upper())


def clone_statements(copy: ObjectName, table: ObjectName) -> list[str]:
    """The statements that make a copy; either may be sent twice."""
    return [
        f"CREATE TRANSIENT TABLE IF NOT EXISTS {copy.sql} CLONE {table.sql}",
        f"ALTER TABLE {copy.sql} SET DATA_RETENTION_TIME_IN_DAYS = 0",
    ]


def make_copy(session: Session, copy: ObjectName, table: ObjectName) -> None:
    """Clone the table as it is now.  DDL: it commits an open transaction."""
    for statement in clone_statements(copy, table):
        session.ensure(statement)


def retention_days(session: Session, table: ObjectName) -> int:
    """How many days Time Travel reaches back, 0 if there is none."""
    place = f"{quote(table.database)}.{quote(table.schema)}"
    for record in session.records(f"SHOW TABLES LIKE {literal(table.name)} IN SCHEMA {place}"):
        if record["name"] == table.name:
            return int(record.get("retention_time") or 0)
    return 0


def copies(session: Session, objects: WorkObjects) -> list[SafetyCopy]:
    """The existing copies, oldest first."""
    rows = session.query(
        f"SELECT TABLE_NAME FROM {quote(objects.database)}.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ?",
        [objects.schema],
    )
    found = []
    for (name,) in rows:
        if match := _NAME.fullmatch(name):
            made_at = datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
            found.append(SafetyCopy(objects.name(name), made_at))
    return sorted(found, key=lambda copy: copy.made_at)


def old_copies(session: Session, objects: WorkObjects, older_than: timedelta) -> list[SafetyCopy]:
    """The copies made longer ago than that."""
    before = datetime.now(UTC) - older_than
    return [copy for copy in copies(session, objects) if copy.made_at < before]


def drop_copies(session: Session, old: Iterable[SafetyCopy]) -> None:
    for copy in old:
        session.ensure(f"DROP TABLE IF EXISTS {copy.name.sql}")
