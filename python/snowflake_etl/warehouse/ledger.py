"""The ledger and the lock (floor 3): what is loaded, by whom, from which bytes.

One row per file.  ``live`` means that its rows are in the table; ``replaced`` and ``dropped`` that they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from snowflake_etl.month import DayRange, Month
from snowflake_etl.sqltext import NOW, ObjectName, column_list
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

LIVE = "live"
REPLACED = "replaced"
DROPPED = "dropped"


@dataclass(frozen=True)
class LedgerRow:
    """One loaded file; the fields are the columns of ETL_LOAD_LEDGER in lower case, times in UTC."""

    publish_id: str
    run_id: str
    table_name: str
    month: str | None
    first_day: date | None
    last_day: date | None
    file_name: str
    file_bytes: int
    fingerprint: str
    content_hash: str
    row_count: int
    mode: str
    loaded_by: str
    host: str
    started_at: datetime
    published_at: datetime | None
    copy_query_id: str
    state: str = LIVE

    @property
    def days(self) -> DayRange | None:
        return DayRange(self.first_day, self.last_day) if self.first_day and self.last_day else None


_COLUMNS = tuple(field.name.upper() for field in fields(LedgerRow))


def live_rows(session: Session, objects: WorkObjects, table: ObjectName) -> list[LedgerRow]:
    """The live rows of a table, oldest first."""
    sql = (
        f"SELECT {column_list(_COLUMNS)} FROM {objects.ledger.sql} "
        f"WHERE TABLE_NAME = ? AND STATE = '{LIVE}' ORDER BY PUBLISHED_AT, FILE_NAME"
    )
    return [LedgerRow(*row) for row in session.query(sql, [str(table)])]


def all_rows(session: Session, objects: WorkObjects, table: ObjectName | None = None) -> list[LedgerRow]:
    """The rows of a table, or of all, whatever their state; by table, then by the time of loading."""
    where, binds = (" WHERE TABLE_NAME = ?", [str(table)]) if table else ("", [])
    sql = (
        f"SELECT {column_list(_COLUMNS)} FROM {objects.ledger.sql}{where} ORDER BY TABLE_NAME, PUBLISHED_AT, FILE_NAME"
    )
    return [LedgerRow(*row) for row in session.query(sql, binds)]


def live_files(session: Session, objects: WorkObjects) -> list[tuple[str, str]]:
    """Table and fingerprint of all files whose rows are in a table."""
    rows = session.query(f"SELECT DISTINCT TABLE_NAME, FINGERPRINT FROM {objects.ledger.sql} WHERE STATE = '{LIVE}'")
    return [(str(table), str(fingerprint)) for table, fingerprint in rows]


def is_published(session: Session, objects: WorkObjects, publish_id: str) -> bool:
    """Whether a publish took place, even if its rows were replaced or dropped since."""
    sql = f"SELECT COUNT(*) FROM {objects.ledger.sql} WHERE PUBLISH_ID = ?"
    return int(session.query(sql, [publish_id])[0][0]) > 0


def insert_rows(session: Session, objects: WorkObjects, rows: Iterable[LedgerRow]) -> None:
    """Insert rows; the warehouse's clock gives the time of publishing."""
    for row in rows:
        values = [_bindable(getattr(row, name.lower())) for name in _COLUMNS if name != "PUBLISHED_AT"]
        columns = [name for name in _COLUMNS if name != "PUBLISHED_AT"]
        places = ", ".join(_PLACES.get(name, "?") for name in columns)
        session.execute(
            f"INSERT INTO {objects.ledger.sql} ({column_list([*columns, 'PUBLISHED_AT', 'STATE_CHANGED_AT'])}) "
            f"SELECT {places}, {NOW}, {NOW}",
            values,
        )


def set_state(
    session: Session, objects: WorkObjects, rows: Sequence[LedgerRow], state: str, *, was: str = LIVE
) -> None:
    """Change the state of rows that are live (or ``was``), in the caller's transaction."""
    for row in rows:
        session.execute(
            f"UPDATE {objects.ledger.sql} SET STATE = ?, STATE_CHANGED_AT = {NOW} "
            f"WHERE PUBLISH_ID = ? AND FILE_NAME = ? AND TABLE_NAME = ? AND STATE = '{was}'",
            [state, row.publish_id, row.file_name, row.table_name],
        )


def ensure_lock_row(session: Session, objects: WorkObjects, table: ObjectName) -> None:
    """Make the table's row in ETL_LOAD_LOCK, outside any transaction; a second row does no harm."""
    session.ensure(
        f"INSERT INTO {objects.lock.sql} (TABLE_NAME, HOLDER, UPDATED_AT) SELECT ?, '', {NOW} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {objects.lock.sql} WHERE TABLE_NAME = ?)",
        [str(table), str(table)],
    )


def take_lock(session: Session, objects: WorkObjects, table: ObjectName, holder: str) -> int:
    """UPDATE the table's lock row: whoever else publishes into the table waits until we commit.

    Return the number of rows updated; 0 would mean that nothing is locked.
    """
    return session.execute(
        f"UPDATE {objects.lock.sql} SET HOLDER = ?, UPDATED_AT = {NOW} WHERE TABLE_NAME = ?", [holder, str(table)]
    ).rowcount


def rows_of_month(rows: Iterable[LedgerRow], month: Month | None) -> list[LedgerRow]:
    """Those rows that belong to a month; all rows where there are no months (no date column)."""
    return [row for row in rows if month is None or row.month == str(month)]


_PLACES = {
    "FIRST_DAY": "CAST(? AS DATE)",
    "LAST_DAY": "CAST(? AS DATE)",
    "STARTED_AT": "CAST(? AS TIMESTAMP_NTZ)",
}


def _bindable(value: object) -> object:
    """Dates and times are passed as ISO text, which every driver version binds in the same way."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value
