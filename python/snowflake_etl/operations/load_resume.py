"""What an interrupted run left of its COPY (floor 5): attach to it, use its result, or drop it.

The lease of the dead run names its work table, what the COPY into it reads and, if the run lived long enough
to write it down, the query.  There was one COPY for that work table and there will never be another, so
it loaded either every row or none.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence

from snowflake_etl.errors import WarehouseError
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.sqltext import ObjectName, quote
from snowflake_etl.warehouse import catalog
from snowflake_etl.warehouse.copy import CsvFormat
from snowflake_etl.warehouse.lease import LeaseRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import QueryUnknownError, Session

LOGGER = logging.getLogger(__name__)


def copy_hash(columns: Sequence[tuple[str, str]], file_format: CsvFormat, staged: Sequence[StagedSource]) -> str:
    """Hash everything that decides what the work table holds after the COPY: columns, format, content."""
    content = sorted((source.folder, source.content_hash) for source in staged)
    return hashlib.sha256(repr((list(columns), file_format.sql, content)).encode()).hexdigest()[:32]


def earlier_copy(
    session: Session,
    objects: WorkObjects,
    previous: Sequence[LeaseRow],
    wanted_hash: str,
    rows: int,
    while_waiting: Callable[[], None],
) -> tuple[ObjectName, str] | None:
    """Return the work table that a dead run filled with exactly what is needed, and its query id; None if there is
    none.  A COPY that is still running is waited for.  Work tables that cannot be used are dropped; a COPY still
    running into one of them then fails or loads where nobody reads.
    """
    usable = None
    for row in {row.work_table: row for row in previous if row.work_table}.values():
        work_table = objects.name(row.work_table)
        if usable is None and row.copy_hash == wanted_hash:
            query_id = _finished_copy(session, work_table, row, rows, while_waiting)
            if query_id is not None:
                LOGGER.warning("Carrying on with the COPY of run %s in %s", row.run_id, work_table)
                usable = work_table, query_id
                continue
        LOGGER.warning("Dropping %s, left behind by run %s", work_table, row.run_id)
        session.ensure(f"DROP TABLE IF EXISTS {work_table.sql}")
    return usable


def _finished_copy(
    session: Session, work_table: ObjectName, row: LeaseRow, rows: int, while_waiting: Callable[[], None]
) -> str | None:
    """Wait for the COPY if it runs; its query id when the work table holds all ``rows``, else None."""
    if catalog.describe_table(session, work_table) is None:
        return None
    query_id = row.copy_query_id or copy_of_work_table(session, work_table)
    if query_id:
        try:
            session.wait(query_id, while_waiting)
        except QueryUnknownError:
            # Unknown does not mean failed: the rows decide.
            LOGGER.info("Query %s is not known any more; counting the rows of %s instead", query_id, work_table)
        except WarehouseError as error:
            LOGGER.info("The COPY of run %s failed: %s", row.run_id, error)
            return None
    if catalog.count_rows(session, work_table) != rows:
        return None
    return query_id or "unknown"


def copy_of_work_table(session: Session, work_table: ObjectName) -> str:
    """The COPY that a run of ours submitted but did not survive to record; '' if there is none.

    The work table's name contains the run, which need not be the last holder of the lease.
    """
    history = f"TABLE({quote(work_table.database)}.INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(RESULT_LIMIT => 10000))"
    sql = (
        f"SELECT QUERY_ID FROM {history} "
        "WHERE CONTAINS(QUERY_TAG, ?) AND STARTSWITH(QUERY_TEXT, 'COPY INTO') AND CONTAINS(QUERY_TEXT, ?) "
        "ORDER BY START_TIME DESC LIMIT 1"
    )
    try:
        found = session.query(sql, ["snowflake_etl run=", work_table.name])
    except WarehouseError as error:
        LOGGER.info("The query history cannot be read: %s", error)
        return ""
    return str(found[0][0]) if found else ""
