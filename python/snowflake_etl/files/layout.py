"""How a file is laid out: delimiter, quoting, header, encoding, compression (floor 3).

``detect.read_layout`` determines it from the configuration and, where that says nothing, from the file's
first ``SAMPLE_BYTES``.  Every guess becomes a note; if a guess would be a gamble, it is an error that names the setting
to add.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Compression(StrEnum):
    """How a file is compressed, judged by its first bytes (never its name alone)."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"


@dataclass(frozen=True)
class LayoutWishes:
    """What the configuration says about a file's layout; None where it says nothing.
    ``quote`` is "" if the configuration switches quoting off.  ``columns`` are the expected columns in the
    expected order, empty when not configured.  ``encoding`` is a Python codec name such as ``cp1252``.
    """

    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The layout of one file, determined before its records are read.
    ``quote`` is None if a quote is a character like any other.  ``columns`` are the names in the
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
