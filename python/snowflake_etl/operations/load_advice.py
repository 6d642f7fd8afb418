"""Advice on the warehouse before a large load (floor 5): how many parts there will be, and what size of warehouse
they need.
"""

from __future__ import annotations

import logging

from snowflake_etl.files.layout import Compression
from snowflake_etl.files.plan import plan_cuts
from snowflake_etl.operations.load_prepare import Prepared, Source
from snowflake_etl.warehouse import advice
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)

_PACKED_RATIO = 4
"""Text shrinks about this much when compressed: good enough for an estimate before the file is read."""


def warehouse_warnings(session: Session, prepared: Prepared) -> list[str]:
    """Log what to expect from the COPY; return the warning about the warehouse's size, if there is one.

    Raise Refused, with the statement to run, for a suspended warehouse that does not resume by itself.
    """
    if prepared.bytes < advice.LARGE_BYTES:
        return []
    expected = [_text_and_parts(source) for source in prepared.sources]
    text_bytes, parts = (sum(column) for column in zip(*expected, strict=True))
    found = advice.advise(session, prepared.bytes, text_bytes, parts)
    if found is None:
        return []
    LOGGER.info(found.plan)
    return [found.warning] if found.warning else []


def _text_and_parts(source: Source) -> tuple[int, int]:
    """Uncompressed bytes and number of parts, both estimated from the size on disk."""
    packed = source.layout.compression is not Compression.NONE
    text = source.found.size * (_PACKED_RATIO if packed else 1)
    return text, max(1, -(-text // plan_cuts(source.path, source.layout).cut_bytes))
