"""Refuses files that are not text: archives, other compressions and formats, recognised by their first bytes (floor
3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown

_LOOKED_AT = 4096


@dataclass(frozen=True)
class _Format:
    """``begins`` matches the first bytes; no row of text begins like that."""

    begins: re.Pattern[bytes]
    what: str
    advice: str


def _format(begins: bytes, what: str, advice: str) -> _Format:
    return _Format(re.compile(begins, re.DOTALL), what, advice)


_UNPACK = "Unpack it ({}) and load the result"
_EXPORT = "Ask for it as delimited text (CSV or TSV) and load that"
_TWICE = "Unpack it once ({}) and load the result"

_FORMATS = (
    # A workbook is also a ZIP archive, so it comes first.
    _format(rb"PK\x03\x04.{0,4000}(\[Content_Types\]\.xml|xl/)", "an Excel workbook", _EXPORT),
    _format(rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a ZIP archive", _UNPACK.format("unzip")),
    _format(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (.xls)", _EXPORT),
    _format(rb"PAR1\x15", "a Parquet file", _EXPORT),
    _format(rb"Obj\x01", "an Avro file", _EXPORT),
    _format(rb"ARROW1\0\0", "an Arrow file", _EXPORT),
    _format(rb"%PDF-\d", "a PDF document", _EXPORT),
    _format(rb".{257}ustar(\0| {2}\0)", "a tar archive", _UNPACK.format("tar -xf")),
    _format(rb"\xfd7zXZ\0", "packed with xz", _UNPACK.format("xz -dc")),
    _format(rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK.format("7z x")),
    _format(rb"Rar!\x1a\x07", "a RAR archive", _UNPACK.format("unrar x")),
    _format(rb"\x04\x22\x4d\x18", "packed with lz4", _UNPACK.format("lz4 -dc")),
    _format(rb"\x1f\x9d", "packed with compress (.Z)", _UNPACK.format("gzip -dc")),
    _format(rb"\xff\x06\0\0sNaPpY", "packed with snappy", _UNPACK.format("snzip -dc")),
    _format(rb"-----BEGIN PGP MESSAGE-----", "encrypted with PGP", "Decrypt it (gpg -d) and load the result"),
)
# These are unpacked once when read; finding one here means that it is compressed twice.
_AGAIN = (
    _format(rb"\x1f\x8b\x08", "gzip data again", _TWICE),
    _format(rb"\x28\xb5\x2f\xfd", "zstd data again", _TWICE),
    _format(rb"BZh[1-9]1AY&SY", "bzip2 data again", _TWICE),
)
_UNPACKS = {Compression.GZIP: "gzip -dc", Compression.ZSTD: "zstd -dc", Compression.BZIP2: "bzip2 -dc"}


def refuse_foreign(path: Path, content: bytes, compression: Compression) -> None:
    """Raise FileError when the content, once decompressed, does not begin like text."""
    packed = compression is not Compression.NONE
    for known in (*_FORMATS, *(_AGAIN if packed else ())):
        if known.begins.match(content[:_LOOKED_AT]):
            inside = f", once its {compression} packing is undone," if packed else ""
            advice = known.advice.format(_UNPACKS.get(compression, ""))
            raise FileError(f"{shown(path)}{inside} is {known.what}, not rows of text. {advice}.")
