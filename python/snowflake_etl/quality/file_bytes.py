"""The bytes of a file, unpacked and in UTF-8, and a quick look at them (floor 4).

``records`` of a file are looked at three ways: DuckDB counts (``file_engine``), ``ByteLook`` notices at
memory speed that something is odd, ``line_look`` says exactly where.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from snowflake_etl.errors import FileError, Stopped
from snowflake_etl.files.layout import Compression, Layout

CHUNK_BYTES = 1 << 20
_UTF8 = frozenset({"utf-8", "ascii"})
_MARK = codecs.BOM_UTF8


def is_utf8(encoding: str) -> bool:
    """True where the bytes can be read as they are (a mark at the start or not)."""
    return codecs.lookup(encoding).name.removesuffix("-sig") in _UTF8


def chunks(path: Path, layout: Layout, stopped: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the file unpacked, in UTF-8 and without a byte order mark, about a MiB at a time.

    Bytes that the encoding does not know stay as they are, to be found as invalid.  Raise FileError for a
    file that cannot be read or is damaged, Stopped when ``stopped`` says so.
    """
    try:
        with _opened(path, layout.compression) as stream:
            source = iter(lambda: stream.read(CHUNK_BYTES), b"")
            first = True
            for chunk in source if is_utf8(layout.encoding) else _transcoded(source, layout.encoding):
                if stopped():
                    raise Stopped(f"The check of {path.name} was stopped. Nothing was changed; run it again.")
                yield chunk.removeprefix(_MARK) if first else chunk
                first = False
    except UnicodeError as error:
        raise FileError(
            f"{path.name} is not {layout.encoding}: {error}. Give the encoding that it has, or have it made again."
        ) from error
    except (OSError, EOFError, zlib.error, _zstd_error()) as error:
        raise FileError(f"{path.name} cannot be read to its end: {error}. Fetch it again and compare sizes.") from error


def _opened(path: Path, compression: Compression) -> BinaryIO:
    if compression is Compression.GZIP:
        try:
            from isal import igzip

            return cast(BinaryIO, igzip.open(path, "rb"))
        except ImportError:
            return cast(BinaryIO, gzip.open(path, "rb"))
    if compression is Compression.ZSTD:
        import zstandard

        return cast(BinaryIO, zstandard.open(path, "rb"))
    if compression is Compression.BZIP2:
        return cast(BinaryIO, bz2.open(path, "rb"))
    return cast(BinaryIO, path.open("rb", buffering=0))


def _zstd_error() -> type[Exception]:
    import zstandard

    return zstandard.ZstdError


def _transcoded(source: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_error_handling(encoding))
    for chunk in source:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    if rest := decoder.decode(b"", final=True):
        yield rest.encode("utf-8", "surrogateescape")


def _error_handling(encoding: str) -> str:
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    return "strict" if wide else "surrogateescape"


class ByteLook:
    """Notices at memory speed what DuckDB passes over: blank lines, NUL bytes, wrong encoding, stray CRs.

    It only counts; ``suspicious`` then calls for an exact look.
    """

    def __init__(self, line_ending: str) -> None:
        self._crlf = line_ending == "\r\n"
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = b"\n"
        self.newlines = 0
        self.carriage_returns = 0
        self.has_nul = False
        self.is_text = True

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        self.newlines += chunk.count(b"\n")
        self.has_nul = self.has_nul or b"\0" in chunk
        if self._crlf or b"\r" in chunk:
            self.carriage_returns += chunk.count(b"\r")
        if self.is_text and not (chunk.isascii() and self._decoder.getstate()[0] == b""):
            try:
                self._decoder.decode(chunk)
            except UnicodeDecodeError:
                self.is_text = False
        self._last = chunk[-1:] or self._last

    def finish(self) -> None:
        """Note that there is nothing more: a character cut off at the end is no text."""
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.is_text = False

    @property
    def lines(self) -> int:
        """Lines, the last one also without its newline."""
        return self.newlines + (self._last != b"\n")

    @property
    def suspicious(self) -> bool:
        expected = self.newlines if self._crlf else 0
        return self.has_nul or not self.is_text or self.carriage_returns != expected
