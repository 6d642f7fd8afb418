"""Texts as numbers in DuckDB's SQL, which takes a little more than Snowflake does (floor 4, pure text)."""

from __future__ import annotations

from snowflake_etl.sqltext import ColumnType


def number_type(kind: ColumnType | None) -> str | None:
    """DuckDB's type for numbers of that kind; None for non-numeric types."""
    if kind and kind.is_number:
        return f"DECIMAL({kind.length}, {kind.scale})"
    return "DOUBLE" if kind and kind.base == "FLOAT" else None


def number(value: str, type_name: str) -> str:
    """The text as that DuckDB type, NULL if it is not a number.

    DuckDB also reads ``1_000``.  Looking for that would make all checks of a file a sixth slower, so it is left to
    COPY, which refuses it.
    """
    return f"TRY_CAST({value} AS {type_name})"
