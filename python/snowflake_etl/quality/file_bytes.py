"""The bytes of a file, uncompressed and in UTF-8, and a quick look at them (floor 4).
A file's ``records`` are examined in three ways: DuckDB counts (``file_engine``), ``ByteLook`` notices at
memory speed that something is odd, ``line_look`` says exactly where.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from snowflake_etl.errors import FileError, Stopped
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import UTF8_MARK, SourceFile, is_utf8
from snowflake_etl.files.unpacking import unpacked

Seen = Callable[[int, int], None]

_LINES_OF_A_RECORD = 10_000


def unseen(_done: int, _total: int) -> None:
    """Ignore the progress of reading."""


def chunks(path: Path, layout: Layout, stopped: Callable[[], bool], seen: Seen = unseen) -> Iterator[bytes]:
    """Yield the file uncompressed, in UTF-8 and without a byte order mark, in pieces of about half a MiB.
    ``seen`` is called with the number of bytes of the file on disk read so far, and their total.  Unlike the reader for
    staging this one continues at bytes that are invalid in the encoding: they stay as they are, to be found later.
    Raise FileError for a file that cannot be read, is damaged or changes meanwhile, Stopped when ``stopped`` says so.
    """
    with SourceFile(path) as source:
        blocks = unpacked(source, layout.compression)
        at_start = True
        for block in blocks if is_utf8(layout.encoding) else _transcoded(blocks, layout.encoding, path):
            if stopped():
                raise Stopped(f"The check of {shown(path)} was stopped. Nothing was changed; run it again.")
            yield block.removeprefix(UTF8_MARK) if at_start else block
            at_start = False
            seen(source.position, source.size)


def first_lines(source: Iterator[bytes], lines: int, quote: str | None) -> Iterator[bytes]:
    """Yield only so many lines; with quoting, extended to where no quote is open."""
    mark = quote.encode() if quote else None
    left, more, is_open = lines, _LINES_OF_A_RECORD, False
    for chunk in source:
        position = 0
        while left > 0 or (is_open and more > 0):
            end = chunk.find(b"\n", position) + 1
            piece = chunk[position : end or len(chunk)]
            if mark and piece.count(mark) % 2:
                is_open = not is_open
            position += len(piece)
            if not end:
                break
            left, more = (left - 1, more) if left > 0 else (left, more - 1)
        yield chunk[:position]
        if left <= 0 and not (is_open and more > 0):
            return


def _transcoded(blocks: Iterator[bytes], encoding: str, path: Path) -> Iterator[bytes]:
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding)("strict" if wide else "surrogateescape")
    try:
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "surrogateescape")
        if rest := decoder.decode(b"", final=True):
            yield rest.encode("utf-8", "surrogateescape")
    except UnicodeError as error:
        raise FileError(
            f"{shown(path)} is not {encoding}: {error}. Set 'encoding' to the file's own, or have it made again."
        ) from error


def without_lines(source: Iterator[bytes], runs: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield all lines except some, given as runs (first, last) in ascending order, counted from 1."""
    firsts = [first for first, _ in runs]

    def is_left_out(number: int) -> bool:
        place = bisect_right(firsts, number) - 1
        return place >= 0 and number <= runs[place][1]

    number, rest = 1, b""
    for chunk in source:
        *lines, rest = (rest + chunk).split(b"\n")
        yield b"".join(line + b"\n" for place, line in enumerate(lines, number) if not is_left_out(place))
        number += len(lines)
    if rest and not is_left_out(number):
        yield rest


class ByteLook:
    """Notices at memory speed what DuckDB ignores: blank lines, NUL bytes, wrong encoding, stray CRs.

    It only counts; ``suspicious`` means that an exact look is needed.
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
        """Examine the next bytes."""
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
        """Note the end of the bytes: a character cut off there is not valid text."""
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.is_text = False

    @property
    def lines(self) -> int:
        """The number of lines, including a last one without a newline."""
        return self.newlines + (self._last != b"\n")

    @property
    def suspicious(self) -> bool:
        expected = self.newlines if self._crlf else 0
        return self.has_nul or not self.is_text or self.carriage_returns != expected
