"""What the file tools answer (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CompressedFile:
    """One file in parts; sizes are in bytes.

    ``status`` is compressed, complete (every part was there already) or failed; ``parts_written`` of ``parts`` were
    not there yet.
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
    """One column as it was looked at; ``type`` is suggested, ``format`` how its days are written.

    ``formats`` are all formats of days that fit every value.  ``distinct`` is estimated, ``lowest``, ``highest`` and
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
    """What one file looks like; ``bytes`` is its size on the disk.

    ``rows_looked_at`` of ``rows`` were looked at; ``rows_exact`` is False where ``rows`` is estimated from the size.
    ``first_rows`` are fields as they stand in the file, ``entry`` is a suggestion for ``files`` in a configuration.
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
