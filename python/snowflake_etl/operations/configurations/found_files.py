"""Which files there are for the patterns of a configuration (floor 5)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import FileError
from snowflake_etl.files.find import names_below
from snowflake_etl.files.patterns import FilePattern


@dataclass(frozen=True)
class FoundByPattern:
    """A pattern and how many files match it; ``newest`` by the days in the name, ``nearest`` if none matches."""

    pattern: str
    table: str
    files: int
    newest: str = ""
    nearest: str = ""


def files_of_patterns(base_path: Path, entries: Sequence[FileSection]) -> tuple[FoundByPattern, ...]:
    """Return one result per entry, in their order; a base path that cannot be read has no files."""
    try:
        names = names_below(base_path)
    except FileError:
        names = []
    return tuple(_one(entry, names) for entry in entries)


def _one(entry: FileSection, names: Sequence[str]) -> FoundByPattern:
    pattern = FilePattern(entry.file_pattern, entry.table_name)
    fitting = [(claim.digits, name) for name in names if (claim := pattern.claim(name)) is not None]
    newest = max(fitting)[1] if fitting else ""
    sample = entry.file_pattern.replace("{date_range}", "20240101-20240131").replace("{month}", "2024-01")
    nearest = [] if fitting else difflib.get_close_matches(sample, names, n=1, cutoff=0.5)
    return FoundByPattern(entry.file_pattern, entry.table_name, len(fitting), newest, nearest[0] if nearest else "")
