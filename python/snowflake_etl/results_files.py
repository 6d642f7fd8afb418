"""What the file tools return (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CompressedFile:
    """One file in parts; sizes are in bytes.

    ``status`` is compressed, complete (every part was there already) or failed; ``parts_written`` of
    ``parts`` were not there before.
    """

    status: str
    file: str
    manifest: str
    bytes: int
    rows: int
    content_hash: str
    packed_bytes: int
    parts: int
    parts_written: int
    seconds: float
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class CompressResult:
    """All files of one run of ``compress``; ``status`` is ok or failed."""

    status: str
    files: tuple[CompressedFile, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class SampledColumn:
    """One column as it was examined; ``type`` is suggested, ``format`` is the format of its days.
    ``formats`` are all date formats that fit every value.  ``distinct`` is estimated, ``lowest``, ``highest`` and
    ``mean`` are of the values that are numbers.
    """

    name: str
    type: str
    format: str | None
    formats: tuple[str, ...]
    nulls: int
    null_words: Mapping[str, int]
    values: int
    distinct: int
    shortest: int | None
    longest: int | None
    least: str | None
    greatest: str | None
    lowest: float | None
    highest: float | None
    mean: float | None
    first_day: str
    last_day: str


@dataclass(frozen=True)
class SampleResult:
    """What one file looks like; ``bytes`` is its size on disk.
    ``rows_looked_at`` of ``rows`` were examined; ``rows_exact`` is False if ``rows`` is estimated from the size.
    ``first_rows`` are fields as in the file, ``entry`` is a suggestion for ``files`` in a configuration.
    """

    status: str
    file: str
    bytes: int
    compression: str
    encoding: str
    delimiter: str
    quote: str | None
    header: bool
    line_ending: str
    rows: int
    rows_exact: bool
    rows_looked_at: int
    columns: tuple[SampledColumn, ...]
    first_rows: tuple[tuple[str, ...], ...]
    entry: Mapping[str, Any]
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class ComparedSide:
    """One of two files: sizes in bytes, ``rows`` as they are in it, ``columns`` in its order."""

    file: str
    bytes: int
    fingerprint: str
    content_hash: str
    rows: int
    columns: tuple[str, ...]
    compression: str
    encoding: str
    delimiter: str
    quote: str | None
    header: bool
    line_ending: str


@dataclass(frozen=True)
class ColumnComparison:
    """A column that both files have; ``changed`` rows have a different value in it (None: not counted)."""

    name: str
    nulls: int
    nulls_with: int
    longest: int
    longest_with: int
    changed: int | None


@dataclass(frozen=True)
class RowDifference:
    """One row that differs: ``kind`` is added, removed or changed.

    ``key`` are its key's values, ``values`` all of an added or removed row, ``changes`` (column, value in the first
    file, value in the second) of a changed one.
    """

    kind: str
    key: tuple[str | None, ...]
    values: tuple[str | None, ...] = ()
    changes: tuple[tuple[str, str | None, str | None], ...] = ()


@dataclass(frozen=True)
class CompareResult:
    """The comparison of two files, ``file`` and ``other``.

    ``status`` is identical (every record, in order), equal (the same rows, in a different order or layout) or
    different.  ``only_in_file`` and ``only_in_other`` are columns.  Counts of rows are None if rows were not compared
    one by one; ``keys_repeated`` are keys in several rows, for each file.  ``examples`` are some of
    the rows that differ; ``differences_file`` holds all, "" if not requested.
    """

    status: str
    file: ComparedSide
    other: ComparedSide
    layout_differences: tuple[str, ...]
    only_in_file: tuple[str, ...]
    only_in_other: tuple[str, ...]
    key: tuple[str, ...]
    keys_repeated: tuple[int, int] | None
    rows_added: int | None
    rows_removed: int | None
    rows_changed: int | None
    columns: tuple[ColumnComparison, ...]
    examples: tuple[RowDifference, ...]
    differences_file: str
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class BrowseResult:
    """What was chosen in the file browser: ``status`` is chosen or nothing.

    ``command`` is the verb with its arguments for it; nothing was started.
    """

    status: str
    action: str
    files: tuple[str, ...]
    command: tuple[str, ...]
    message: str
    exit_code: int
