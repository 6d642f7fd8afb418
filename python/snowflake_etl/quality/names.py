"""Column names of files and of expectations made comparable, and texts as literals (floor 4, pure)."""

from __future__ import annotations

from collections.abc import Collection

from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import fold


def stored(name: str, known: Collection[str] = ()) -> str:
    """The name that Snowflake stores for a header's or configuration's name.

    One of the ``known`` stored names is meant by exactly that spelling; anything else is folded like SQL, and what
    cannot be a name stands for itself.
    """
    if name in known:
        return name
    try:
        return fold(name)
    except UsageError:
        return name


def text_literal(text: str) -> str:
    """A DuckDB string literal, in which only the quote is special."""
    return "'" + text.replace("'", "''") + "'"
