"""Records every statement with its query id and time (floor 3): in the log with ``--verbose``, the id with its phase.
Values are bound, so statements contain no row of data; secrets are removed by whoever writes the line.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any

from snowflake_etl.run_context import note_query

LOGGER = logging.getLogger(__name__)

_MOVES_ROWS = frozenset({"COPY", "INSERT", "DELETE", "MERGE"})


@contextlib.contextmanager
def logged(cursor: Any, sql: str) -> Iterator[None]:
    """Wrap the driver's execution of ``sql`` by ``cursor``; without ``sql`` nothing is written."""
    if not sql:
        yield
        return
    began = time.monotonic()
    try:
        yield
    finally:
        query_id = str(cursor.sfqid or "")
        if sql.split(None, 1)[0].upper() in _MOVES_ROWS:
            note_query(query_id)
        if LOGGER.isEnabledFor(logging.DEBUG):
            seconds = round(time.monotonic() - began, 3)
            facts = {"sql": sql, "query_id": query_id, "seconds": seconds}
            LOGGER.debug("SQL %.3f s %s: %s", seconds, query_id or "-", " ".join(sql.split()), extra={"facts": facts})
