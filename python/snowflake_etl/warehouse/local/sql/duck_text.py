"""Texts and names in DuckDB's own SQL (floor 3)."""

from __future__ import annotations


def literal(text: str) -> str:
    """A text as a DuckDB literal, in which only quotes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'
