"""Texts and names in DuckDB's own SQL (floor 3)."""

from __future__ import annotations


def literal(text: str) -> str:
    """A text as a literal of DuckDB's, in which only quotes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as an identifier of DuckDB's."""
    return '"' + name.replace('"', '""') + '"'
