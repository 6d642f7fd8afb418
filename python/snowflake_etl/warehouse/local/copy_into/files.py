"""Reads staged files, whatever their compression, and counts what DuckDB would not report (floor 3).
DuckDB takes half a zstd file for a complete one if it is cut at certain places, and drops blank lines and
a surplus empty field at a line's end.  A row lost that way would be lost silently: so each file is
unpacked again here, and its number of lines is compared with the rows loaded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.warehouse.local.copy_into.format import CsvFormat
from snowflake_etl.warehouse.local.sql_errors import SqlError

_CHUNK_BYTES = 1 << 20
_LARGEST_WINDOW = 1 << 31
_SUFFIXES = {".gz": "GZIP", ".zst": "ZSTD", ".bz2": "BZ2"}


class Corrupt(Exception):  # noqa: N818 - a fact about a file
    """A compressed file that cannot be decompressed to its end."""


@dataclass(frozen=True)
class FileFacts:
    """What the bytes of a file tell.
    ``lines`` counts records if nothing is quoted (including the header and a last one without a line feed).
    ``plain`` says that it contains nothing that DuckDB reads differently.  ``doubtful_width``:
    a record may have one empty field too many, which DuckDB would drop.
    """

    lines: int
    plain: bool
    doubtful_width: bool = False


def compression_of(path: str, file: Path, asked: str) -> str:
    """GZIP, ZSTD, BZ2 or NONE: as requested, else by the name's ending, else by the first bytes."""
    if asked != "AUTO":
        return asked
    if found := _SUFFIXES.get(Path(path).suffix):
        return found
    with file.open("rb") as opened:
        head = opened.read(4)
    if head[:2] == b"\x1f\x8b":
        return "GZIP"
    return "ZSTD" if head == b"\x28\xb5\x2f\xfd" else "NONE"


def chunks(file: Path, compression: str) -> Iterator[bytes]:
    """Yield the decompressed bytes in pieces.  Raise Corrupt if compressed data is damaged or ends too early."""
    with file.open("rb") as opened:
        if compression == "NONE":
            while data := opened.read(_CHUNK_BYTES):
                yield data
            return
        unpacker, fed = _unpacker(compression), False
        while data := opened.read(_CHUNK_BYTES):
            while data:
                if unpacker.eof:
                    unpacker, fed = _unpacker(compression), False
                fed = True
                try:
                    unpacked = unpacker.decompress(data)
                except Exception as error:
                    raise Corrupt(str(error)) from error
                if unpacked:
                    yield unpacked
                data = unpacker.unused_data if unpacker.eof else b""
        if fed and not unpacker.eof:
            raise Corrupt("the compressed data ends too early")


def _unpacker(compression: str) -> Any:
    if compression == "ZSTD":
        import zstandard

        return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj(write_size=_CHUNK_BYTES)
    if compression == "BZ2":
        import bz2

        return bz2.BZ2Decompressor()
    return zlib.decompressobj(wbits=31)


def look_at(file: Path, compression: str, chosen: CsvFormat, width: int) -> FileFacts:
    """Count a file's lines and determine whether DuckDB may read it.  Raise Corrupt for a damaged file."""
    delimiter = chosen.field_delimiter.encode(chosen.encoding)
    foreign = _foreign(chosen)
    lines, plain, open_end, seam = 0, True, False, b"\n"
    for data in chunks(file, compression):
        lines += data.count(b"\n")
        joint = seam + data[: len(delimiter) + 1]
        plain = plain and not any(sign in data or sign in joint for sign in foreign)
        open_end = open_end or delimiter + b"\n" in data or delimiter + b"\n" in joint
        seam = (seam + data)[-len(delimiter) - 1 :]
    unended = seam != b"\n" and not seam.endswith(b"\n")
    open_end = open_end or (unended and seam.endswith(delimiter))
    lines += unended
    if not (plain and open_end):
        return FileFacts(lines, plain)
    if chosen.enclosed_by:
        return FileFacts(lines, plain, doubtful_width=True)
    delimiters = sum(data.count(delimiter) for data in chunks(file, compression))
    return FileFacts(lines, plain=delimiters == (width - 1) * lines)


def _foreign(chosen: CsvFormat) -> list[bytes]:
    """What must not occur in a file that DuckDB is to read."""
    signs = [b"\0", b"\r"]
    if chosen.enclosed_by:
        signs.append(b"\n\n")
    if chosen.escape_unenclosed:
        signs.append(chosen.escape_unenclosed.encode(chosen.encoding))
    return signs


def corrupt_error(path: str, why: str) -> SqlError:
    """The error for a damaged file."""
    return SqlError(f"Error decompressing the file '{path}': {why}.", 100139, "22000")
