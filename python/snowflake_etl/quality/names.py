"""Makes column names of files and of expectations comparable, and texts into literals (floor 4, pure)."""

from __future__ import annotations

from collections.abc import Collection

from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import fold


def stored(name: str, known: Collection[str] = ()) -> str:
    """The name that Snowflake stores for a header's or configuration's name.

    An exact match with one of the ``known`` stored names means that one; anything else is folded like SQL, and
    what cannot be a name stays as it is.
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
