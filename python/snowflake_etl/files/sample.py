"""The first bytes of a file as text, with what they say about compression and encoding (floor 3)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import ConfigError, FileError, NoRows
from snowflake_etl.files.foreign import refuse_foreign
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.files.unpacking import compression_of, unpacked

SAMPLE_BYTES = 64 << 10
LONGEST_FIRST_LINE_BYTES = 4 << 20

_NAMED = {".gz": Compression.GZIP, ".zst": Compression.ZSTD, ".bz2": Compression.BZIP2}
# What a codec substitutes for bytes that it cannot decode.
_HALF_READ = re.compile("[\udc80-\udcff]")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Sample:
    """The beginning of a file: ``text`` without byte order mark, ``whole`` when that is all there is.

    If the file continues, ``text`` ends with a complete line.
    """

    text: str
    whole: bool
    compression: Compression
    encoding: str
    byte_order_mark: bool
    notes: tuple[str, ...]


def read_sample(path: Path, encoding: str | None, *, tolerant: bool = False) -> Sample:
    """Read the beginning of a file, in ``encoding`` or, if that is None, as its first bytes say.
    ``tolerant`` leaves out lines that cannot be decoded, except the first.
    Raise FileError when it is empty, damaged, not text in that encoding, or one endless line, and ConfigError
    for an encoding that does not exist.
    """
    with SourceFile(path) as source:
        first = source.read()
    compression = compression_of(first)
    notes = _name_and_content(path, compression)
    content, whole = _beginning(path, compression)
    if not content:
        packed = "" if compression is Compression.NONE else f" once its {compression} packing is undone"
        raise NoRows(f"{shown(path)} is empty{packed}. Ask its sender for the complete file.")
    if not content.strip(b"\0"):
        raise FileError(
            f"{shown(path)} holds nothing but NUL bytes, like a file whose space was reserved and never written. "
            "Ask its sender for it again."
        )
    used, marked, encoding_notes = _encoding(path, content, encoding)
    decode = _decoded_lines if tolerant and not used.startswith(("utf-16", "utf-32")) else _decoded
    text = decode(path, content, used, whole).removeprefix("\ufeff")
    if not whole:
        text = text[: text.rfind("\n") + 1]
    return Sample(text, whole, compression, used, marked, (*notes, *encoding_notes))


def _name_and_content(path: Path, compression: Compression) -> tuple[str, ...]:
    named = _NAMED.get(path.suffix.lower(), Compression.NONE)
    if named is compression:
        return () if compression is Compression.NONE else (f"The file is packed with {compression}.",)
    says = "an unpacked file" if named is Compression.NONE else f"{named} data"
    holds = "no packed data" if compression is Compression.NONE else f"{compression} data"
    return (f"The file's name says {says} but it contains {holds}; it is read as what it contains.",)


def _beginning(path: Path, compression: Compression) -> tuple[bytes, bool]:
    """Return the first ``SAMPLE_BYTES`` up to the next line end, and whether that is all there is."""
    content = b""
    with SourceFile(path) as source:
        for block in unpacked(source, compression):
            content += block
            refuse_foreign(path, content, compression)
            if len(content) > LONGEST_FIRST_LINE_BYTES and b"\n" not in content:
                raise _no_line_end(path, content)
            if len(content) > SAMPLE_BYTES and b"\n" in content[:-2]:
                return _whole_lines(content), False
    return content, True


def _whole_lines(content: bytes) -> bytes:
    """Cut after the first line end after ``SAMPLE_BYTES``, plus one byte: UTF-16 has a zero there."""
    end = content.find(b"\n", SAMPLE_BYTES)
    return content[: (end if end >= 0 else content.rfind(b"\n")) + 2]


def _no_line_end(path: Path, content: bytes) -> FileError:
    if b"\r" in content:
        return FileError(
            f"{shown(path)} ends its lines with a carriage return alone. Convert it, e.g. with: tr '\\r' '\\n'."
        )
    return FileError(
        f"{shown(path)} has no line end in its first {len(content):,} bytes. It does not look like rows of text."
    )


def _encoding(path: Path, content: bytes, wished: str | None) -> tuple[str, bool, tuple[str, ...]]:
    """Return the codec, whether there is a byte order mark, and notes."""
    if wished is not None:
        try:
            name = codecs.lookup(wished).name
        except LookupError:
            raise ConfigError(
                f"'encoding' is {shown(wished)}, which is no known encoding. Write utf-8, latin-1, cp1252 or utf-16."
            ) from None
    mark, marked_as = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", ""))
    if wished is None:
        if not mark and _looks_like_utf16(content):
            raise FileError(
                f"{shown(path)} has a zero byte in every other place, like UTF-16 without a byte order mark. "
                "Write 'encoding' (utf-16-le or utf-16-be) for it in the configuration."
            )
        notes = (f"The file begins with the byte order mark of {marked_as}.",) if mark else ()
        return marked_as or "utf-8", bool(mark), notes
    if mark and not _same_family(name, marked_as):
        raise FileError(
            f"{shown(path)} begins with the byte order mark of {marked_as} but 'encoding' says {shown(wished)}. "
            "Correct 'encoding' in the configuration."
        )
    return ("utf-8" if name == "utf-8-sig" else name), bool(mark), ()


def _same_family(name: str, marked_as: str) -> bool:
    if not name.startswith("utf"):
        return False
    return name.replace("-", "").startswith(marked_as.replace("-", ""))


def _looks_like_utf16(content: bytes) -> bool:
    start = content[:4096]
    odd, even = start[1::2].count(0), start[0::2].count(0)
    return max(odd, even) > len(start) // 3


def _decoded(path: Path, content: bytes, encoding: str, whole: bool) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(content, whole)
    except UnicodeDecodeError as error:
        good = content[: error.start].decode(encoding, "ignore")
        raise undecodable(path, encoding, good.count("\n") + 1, error.start, error.reason) from None


def _decoded_lines(path: Path, content: bytes, encoding: str, whole: bool) -> str:
    """The lines that can be decoded; the first must be, since it may be the header."""
    first, end, rest = content.partition(b"\n")
    text = _decoded(path, first + end, encoding, whole)
    lines = rest.decode(encoding, "surrogateescape").split("\n")
    return text + "\n".join(line for line in lines if not _HALF_READ.search(line))


def undecodable(path: Path, encoding: str, line: int, offset: int, reason: str) -> FileError:
    """The message for bytes that are not text in the encoding; ``line`` from 1, ``offset`` in bytes from 0."""
    return FileError(
        f"{shown(path)} is not {encoding} on line {line:,}, at byte {offset:,} ({reason}). Write the right 'encoding' "
        "(latin-1, cp1252, utf-16, ...) for it in the configuration, or ask its sender for a repaired file."
    )
