"""How a file is laid out: delimiter, quoting, header, encoding, compression (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Compression(StrEnum):
    """What a file's first bytes say it is packed with (never its name alone)."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"


@dataclass(frozen=True)
class Layout:
    """The layout of one file, settled before its records are read.

    ``quote`` is None where a quote is a character like any other.  ``columns`` are the names in the
    file's order: from its header, else from the configuration.  ``encoding`` is a Python codec name.
    ``notes`` say in one sentence each what was detected rather than configured.
    """

    delimiter: str
    quote: str | None
    header: bool
    columns: tuple[str, ...]
    encoding: str = "utf-8"
    byte_order_mark: bool = False
    line_ending: str = "\n"
    compression: Compression = Compression.NONE
    notes: tuple[str, ...] = ()
