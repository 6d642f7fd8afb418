"""Rows in = rows kept + rows rejected (floor 5): counted again in the written files, in a different way."""

from __future__ import annotations

from pathlib import Path

from snowflake_etl.errors import EtlError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.operations.cleaning.output import HEADINGS, Places
from snowflake_etl.quality.cleaner import Tally
from snowflake_etl.quality.duck import Duck, Resources
from snowflake_etl.quality.file_bytes import chunks
from snowflake_etl.quality.file_relation import FileRelation


def prove(places: Places, written: Layout, tally: Tally, resources: Resources) -> None:
    """Read the partial copy and rejects back.  Raise EtlError, so that neither gets its final name, when the counts do
    not add up.

    In the source, lines were counted in its bytes and rows by record; the copy's rows are its lines or, where values
    may hold line ends, what DuckDB counts.
    """
    kept_lines = sum(chunk.count(b"\n") for chunk in chunks(places.partial_copy, written, resources.stopped))
    rejected = _lines_of(places.partial_rejects) - HEADINGS.count(b"\n")
    one_line_each = written.quote is None
    rows = kept_lines - tally.header_lines if one_line_each else _rows_of(places.partial_copy, written, resources)
    in_lines = kept_lines + tally.rejected_lines
    if in_lines != tally.lines_read or rows != tally.kept or rejected != tally.rejected:
        raise EtlError(
            f"{shown(places.source)} has {tally.lines_read:,} lines and {tally.rows:,} rows, but copy and rejects hold "
            f"{in_lines:,} lines and {rows:,} + {rejected:,} rows. Nothing was written; this is a bug: report it."
        )


def _lines_of(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _rows_of(path: Path, written: Layout, resources: Resources) -> int:
    with Duck(resources) as duck:
        relation = FileRelation(path, written, (), duck)
        return int(relation.query(lambda source: f"SELECT count(*) FROM {source}")[0][0])
