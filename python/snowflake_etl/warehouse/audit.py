"""The audit log in the warehouse (floor 3): what was deleted and restored, by whom, and what undoes it.

Rows are only ever inserted.  The row of a deletion is inserted in its own transaction, so it is true whatever happened
to the process; ``restore-month`` reads from it what can be restored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snowflake_etl.sqltext import NOW, ObjectName, column_list, quote
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

DROPPED = "dropped"
REPLACED = "replaced"
RESTORED = "restored"

# Quoted in statements, since AT is a keyword of Time Travel.
_COLUMNS = ("AT", "RUN_ID", "EVENT", "TABLE_NAME", "MONTH", "DETAIL")


@dataclass(frozen=True)
class AuditRow:
    """One row of ETL_AUDIT_LOG; ``at`` in UTC, ``detail`` what the event's writer put there."""

    at: datetime
    run_id: str
    event: str
    table_name: str | None
    month: str | None
    detail: Mapping[str, Any]


def insert(
    session: Session,
    objects: WorkObjects,
    run_id: str,
    event: str,
    table: ObjectName,
    month: str | None,
    detail: Mapping[str, Any],
) -> None:
    """Insert a row, in the caller's transaction if there is one."""
    session.execute(
        f"INSERT INTO {objects.audit_log.sql} ({column_list(_COLUMNS)}) SELECT {NOW}, ?, ?, ?, ?, ?",
        [run_id, event, str(table), month, json.dumps(detail, default=str)],
    )


def has_row(session: Session, objects: WorkObjects, run_id: str, event: str, table: ObjectName, month: str) -> bool:
    """Whether that run's transaction on that month was committed."""
    sql = (
        f"SELECT COUNT(*) FROM {objects.audit_log.sql} WHERE RUN_ID = ? AND EVENT = ? AND TABLE_NAME = ? AND MONTH = ?"
    )
    return int(session.query(sql, [run_id, event, str(table), month])[0][0]) > 0


def rows_of(session: Session, objects: WorkObjects, table: ObjectName | None = None) -> list[AuditRow]:
    """The rows of a table, or of all, oldest first."""
    where, binds = (" WHERE TABLE_NAME = ?", [str(table)]) if table else ("", [])
    sql = f"SELECT {column_list(_COLUMNS)} FROM {objects.audit_log.sql}{where} ORDER BY {quote('AT')}"
    return [
        AuditRow(at, run_id, event, name, month, json.loads(detail) if detail else {})
        for at, run_id, event, name, month, detail in session.query(sql, binds)
    ]
