"""Texts as numbers in DuckDB's SQL, as Snowflake would take them (floor 4, pure text)."""

from __future__ import annotations

from snowflake_etl.sqltext import ColumnType


def number_type(kind: ColumnType | None) -> str | None:
    """DuckDB's type for numbers of that kind; None for non-numeric types."""
    if kind and kind.is_number:
        return f"DECIMAL({kind.length}, {kind.scale})"
    return "DOUBLE" if kind and kind.base == "FLOAT" else None


def number(value: str, type_name: str) -> str:
    """The text as that DuckDB type, NULL if it is not a number.  Only DuckDB reads ``1_000`` as one."""
    return f"CASE WHEN NOT contains({value}, '_') THEN TRY_CAST({value} AS {type_name}) END"
