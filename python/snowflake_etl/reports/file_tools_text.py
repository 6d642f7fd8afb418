"""What the file tools found, as text for people (floor 3)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from snowflake_etl.config import places
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.load_text import human_bytes, human_seconds
from snowflake_etl.results_files import CompressedFile


def compressed_text(one: CompressedFile) -> str:
    """One compressed file: the result, and what to do with it."""
    return "\n".join(_compressed(one))


def _compressed(one: CompressedFile) -> Iterator[str]:
    yield from (f"  note: {note}" for note in one.notes)
    if one.manifest:
        took = f" in {human_seconds(one.seconds)}" if human_seconds(one.seconds) else ""
        yield f"  {visible(one.file)}: {human_bytes(one.bytes)} -> {human_bytes(one.packed_bytes)}{took}"
        yield f"  manifest: {visible(one.manifest)}"
        yield "  Take its folder to a host that reaches the warehouse, and run there:"
        yield f"    {places.program()} load --from-parts {shlex.quote('/'.join(one.manifest.split('/')[-2:]))}"
    yield f"{one.status}: {visible(one.file) + ': ' if not one.manifest else ''}{one.message}"
