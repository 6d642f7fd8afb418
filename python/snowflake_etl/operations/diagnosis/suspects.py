"""Finds the field that makes a record wrong (floor 5, pure)."""

from __future__ import annotations

from collections.abc import Sequence

from snowflake_etl.files.layout import Layout

_OF_BYTES = ("encoding", "nul_bytes")


def suspect(
    cause: str, fields: Sequence[bytes], columns: Sequence[str], told: int, layout: Layout
) -> tuple[int, bytes | None]:
    """Return the field's number from 0 (-1: none) and its value, None if nothing can be said.
    ``told`` is the field that the warehouse pointed at, -1 if it did not.
    """
    if cause == "column_count":
        return _counted_wrong(fields, columns, layout)
    if cause in _OF_BYTES:
        at = next((place for place, value in enumerate(fields) if _is_odd(cause, value)), told)
    elif cause == "quotes" and layout.quote:
        at = next((place for place, value in enumerate(fields) if _is_open(value, layout.quote.encode())), told)
    else:
        at = told
    return (at, fields[at]) if 0 <= at < len(fields) else (at, None)


def _counted_wrong(fields: Sequence[bytes], columns: Sequence[str], layout: Layout) -> tuple[int, bytes | None]:
    """With too many fields, the last column's and all that follow; with too few, the first column without one."""
    if len(fields) > len(columns) > 0:
        last = len(columns) - 1
        return last, layout.delimiter.encode().join(fields[last:])
    return len(fields), None


def _is_odd(cause: str, value: bytes) -> bool:
    if cause == "nul_bytes":
        return b"\0" in value
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _is_open(value: bytes, quote: bytes) -> bool:
    return value.startswith(quote) and (len(value) < 2 or not value.endswith(quote))
