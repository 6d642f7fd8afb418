"""Past COPYs as the warehouse remembers them (floor 3): QUERY_HISTORY for 7 days, COPY_HISTORY for 14.

A role sees its own user's queries, and those of others on warehouses on which it has MONITOR.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse.session import Session

MOST_QUERIES = 10_000
MOST_DAYS = 7
_COPY_DAYS = 14
_QUEUES = ("queued_provisioning_time", "queued_repair_time", "queued_overload_time")


@dataclass(frozen=True)
class PastCopy:
    """One COPY: times in seconds and UTC; what the warehouse does not report is None or "".

    ``queued`` is the time before it ran; ``provisioning`` the part of it in which the warehouse started;
    ``bytes_scanned`` are those of the compressed parts.
    """

    query_id: str
    tag: str
    status: str
    started: datetime
    seconds: float
    queued: float | None
    provisioning: float | None
    warehouse: str
    size: str
    rows: int | None
    bytes_scanned: int | None


def past_copies(session: Session, days: int) -> list[PastCopy]:
    """The COPYs of this tool in the last ``days`` (7 at most), newest first.
    Only the newest 10,000 queries that the role may see are searched for ours.
    """
    since = f"DATEADD('day', {-min(days, MOST_DAYS):d}, CURRENT_TIMESTAMP())"
    records = session.records(
        f"SELECT * FROM TABLE({quote(session.database)}.INFORMATION_SCHEMA.QUERY_HISTORY("
        f"END_TIME_RANGE_START => {since}, RESULT_LIMIT => {MOST_QUERIES})) "
        "WHERE QUERY_TAG LIKE 'snowflake_etl run=%' AND QUERY_TEXT LIKE 'COPY INTO%' ORDER BY START_TIME DESC"
    )
    return [_copy_of(record) for record in records]


def _copy_of(record: Mapping[str, Any]) -> PastCopy:
    queues = [_number(record.get(name)) for name in _QUEUES]
    told = [value for value in queues if value is not None]
    return PastCopy(
        query_id=str(record["query_id"]),
        tag=str(record.get("query_tag") or ""),
        status=str(record.get("execution_status") or ""),
        started=_moment(record["start_time"]),
        seconds=(_number(record.get("total_elapsed_time")) or 0) / 1000,
        queued=sum(told) / 1000 if told else None,
        provisioning=queues[0] / 1000 if queues[0] is not None else None,
        warehouse=str(record.get("warehouse_name") or ""),
        size=str(record.get("warehouse_size") or ""),
        rows=_number(record.get("rows_inserted")),
        bytes_scanned=_number(record.get("bytes_scanned")),
    )


def parts_of_result(session: Session, query_id: str) -> int | None:
    """How many parts a COPY of our own user loaded in the last day, by its result; None if that is gone."""
    try:
        return int(session.query(f"SELECT COUNT(*) FROM TABLE(RESULT_SCAN({literal(query_id)}))")[0][0])
    except WarehouseError:
        return None


def parts_by_folder(session: Session, table: ObjectName) -> dict[str, tuple[int, int]]:
    """(parts, bytes) of each stage folder that was loaded into ``table`` in the last 14 days; {} if unknown.
    COPY_HISTORY only covers tables that still exist: loads with ``load.via: direct``, not those over a work table.
    """
    function = f"{quote(table.database)}.INFORMATION_SCHEMA.COPY_HISTORY"
    since = f"DATEADD('day', -{_COPY_DAYS}, CURRENT_TIMESTAMP())"
    sql = f"SELECT * FROM TABLE({function}(TABLE_NAME => {literal(table.sql)}, START_TIME => {since}))"
    try:
        records: Sequence[Mapping[str, Any]] = session.records(sql)
    except WarehouseError:
        return {}
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for record in records:
        place = f"{record.get('stage_location') or ''}{record.get('file_name') or ''}"
        folder = place.rpartition("/")[0].rpartition("/")[2]
        parts, size = found[folder]
        found[folder] = parts + 1, size + (_number(record.get("file_size")) or 0)
    return dict(found)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value).split(".")[0])


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise WarehouseError(f"The query history tells a start time that is none: {value}.")
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
