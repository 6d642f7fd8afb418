"""Cuts a file into parts at record boundaries and compresses them (floor 3).

One pass of one thread reads, checks, counts and hashes the file and says where the cuts are (``FileCutter``).
``compress_cut`` is a plain function of a picklable argument, so that the threads or processes of any executor
can run it.  A plain UTF-8 file with LF ends is not passed through memory: its cuts name ranges of the file,
which the workers read again from the page cache, and verify by hash.  Everything else
(compressed, transcoded, CR LF) travels inside the cut.

The positions of the cuts depend only on the content and ``CutPlan.cut_bytes``, never on how blocks arrive.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.errors import FileError
from snowflake_etl.files import packing
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import UTF8_MARK, SourceFile, UndecodableText, changed_while_read, is_utf8, text_blocks
from snowflake_etl.files.records import Chunk, RecordFormat, RecordScanner
from snowflake_etl.files.sample import undecodable

if TYPE_CHECKING:
    import xxhash

COMPRESSION_LEVEL = 1
_RANGE_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class FileRange:
    """``length`` bytes of the file at ``path`` from byte ``offset``."""

    path: str
    offset: int
    length: int


@dataclass(frozen=True)
class Cut:
    """Whole records that become one part.

    ``number`` counts from 1; ``first_line`` is the file's line (from 1, header included) that the part's line 1
    is; ``rows`` counts records, ``lines`` line ends (more than rows where fields hold some); ``size`` is the total
    number of bytes of ``pieces``, ``rows_hash`` their xxh3-128.
    """

    number: int
    first_line: int
    rows: int
    lines: int
    size: int
    rows_hash: str
    extension: str
    pieces: tuple[bytes | FileRange, ...]

    @property
    def name(self) -> str:
        """The part's name on the stage: equal names prove equal rows."""
        return f"part-{self.number:05d}-{self.rows_hash}.{self.extension}.zst"


@dataclass(frozen=True)
class Part:
    """A compressed cut: ``data`` is one zstd frame with checksum that unpacks to ``size`` bytes."""

    number: int
    name: str
    rows: int
    first_line: int
    lines: int
    size: int
    data: bytes = field(repr=False)


def compress_cut(cut: Cut) -> Part:
    """Return the part of a cut.  Raise FileError when a range of the file is not what was counted."""
    return part_of(cut, compressed_blocks(_blocks_of(cut), cut.size))


def gzip_cut(cut: Cut) -> Part:
    """The same, compressed with gzip for those without zstd; the part keeps its name on the stage."""
    packed = io.BytesIO()
    with packing.packed(packed, Compression.GZIP) as content:
        for block in _blocks_of(cut):
            content.write(bytes(block))
    return part_of(cut, packed.getvalue())


def part_of(cut: Cut, data: bytes) -> Part:
    return Part(cut.number, cut.name, cut.rows, cut.first_line, cut.lines, cut.size, data)


def compressed_blocks(blocks: Iterable[bytes | memoryview], size: int) -> bytes:
    """Return one zstd frame, with checksum, of ``size`` bytes that come in blocks."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    # In blocks: as fast as the whole cut at once (measured), without holding the whole cut.
    frame = compressor.compressobj(size=size)
    packed = io.BytesIO()
    for block in blocks:
        packed.write(frame.compress(block))
    packed.write(frame.flush())
    return packed.getvalue()


def _blocks_of(cut: Cut) -> Iterator[bytes | memoryview]:
    """Yield the cut's bytes; raise FileError at their end when they are not what was counted."""
    import xxhash

    digest = xxhash.xxh3_128()
    for block in _blocks(cut):
        digest.update(block)
        yield block
    if digest.hexdigest() != cut.rows_hash:
        raise changed_while_read(
            _path_of(cut), f"has other bytes in lines {cut.first_line:,} and following than before"
        )


def _blocks(cut: Cut) -> Iterator[bytes | memoryview]:
    for piece in cut.pieces:
        if isinstance(piece, FileRange):
            yield from _range_blocks(piece)
        else:
            yield piece


def _range_blocks(piece: FileRange) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(_RANGE_BLOCK_BYTES))
    for offset in range(piece.offset, piece.offset + piece.length, len(buffer)):
        length = min(len(buffer), piece.offset + piece.length - offset)
        read_range(FileRange(piece.path, offset, length), buffer[:length])
        yield buffer[:length]


def read_range(piece: FileRange, target: memoryview) -> None:
    """Fill ``target`` with the range.  Raise FileError when the file no longer contains it."""
    try:
        descriptor = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise changed_while_read(Path(piece.path), f"cannot be opened again ({error.strerror})") from None
    try:
        filled = 0
        while filled < piece.length:
            count = os.preadv(descriptor, [target[filled:]], piece.offset + filled)
            if not count:
                raise changed_while_read(Path(piece.path), f"ends {piece.length - filled:,} bytes earlier than before")
            filled += count
    except OSError as error:
        raise FileError(f"{shown(piece.path)} cannot be read: {error.strerror}. Check the disk.") from None
    finally:
        os.close(descriptor)


def _path_of(cut: Cut) -> Path:
    return Path(next((piece.path for piece in cut.pieces if isinstance(piece, FileRange)), "the file"))


def reads_in_place(layout: Layout) -> bool:
    """True for a file whose bytes are staged as they are, so that cuts can name ranges of it."""
    return layout.compression is Compression.NONE and is_utf8(layout.encoding) and layout.line_ending == "\n"


class FileCutter:
    """Reads one file once, from its first byte to its last, and yields its cuts in order.

    ``rows``, ``lines`` (header included), ``size`` (record bytes) and ``bytes_read`` (of the file on disk, out of
    ``bytes_total``) grow while ``cuts`` is consumed.  ``content_hash`` is complete after the last cut: the xxh3-128 of
    the record bytes, uncompressed, in UTF-8, without byte order mark and header, with CR LF at record ends as LF, and a
    newline after the last record whether the file has one or not.
    """

    def __init__(self, path: Path, layout: Layout, cut_bytes: int) -> None:
        import xxhash

        self.path = path
        self.rows = self.size = self.bytes_read = self.bytes_total = 0
        self.lines = 0
        self._layout = layout
        self._cut_bytes = cut_bytes
        self._in_place = reads_in_place(layout)
        self._extension = "tsv" if layout.delimiter == "\t" else "csv"
        self._content = xxhash.xxh3_128()

    @property
    def content_hash(self) -> str:
        return self._content.hexdigest()

    def cuts(self) -> Iterator[Cut]:
        """Yield every record of the file in exactly one cut, in order.

        A cut ends with the first record that fills ``cut_bytes``; only the last one is smaller.  Raise
        FileError when the file is damaged, not text in its encoding, has a quote that is never closed, or is
        changed meanwhile.  What was yielded before must then be discarded.
        """
        with SourceFile(self.path) as source:
            self.bytes_total = source.size
            builder: _CutBuilder | None = None
            number = 0
            for whole in self._chunks(source):
                chunk: Chunk | None = whole
                while chunk is not None:
                    if builder is None:
                        number += 1
                        builder = _CutBuilder(number, self.lines + 1)
                    head, chunk = self._share(chunk, self._cut_bytes - builder.size)
                    self._count(builder, head)
                    if builder.size >= self._cut_bytes and head.ends_record:
                        yield self._finished(builder, source)
                        builder = None
            source.check_unchanged()
            if builder is not None:
                yield self._finished(builder, source)

    @staticmethod
    def _share(chunk: Chunk, room: int) -> tuple[Chunk, Chunk | None]:
        return chunk.split(room) if len(chunk.text) > room else (chunk, None)

    def _chunks(self, source: SourceFile) -> Iterator[Chunk]:
        """Yield the file's records without the header."""
        layout = self._layout
        quote = layout.quote.encode() if layout.quote else None
        record_format = RecordFormat(layout.delimiter.encode(), quote, crlf=layout.line_ending == "\r\n")
        scanner = RecordScanner(record_format, str(self.path))
        self._offset = len(UTF8_MARK) if layout.byte_order_mark else 0
        skip_header = layout.header
        for chunk in self._scanned(scanner, source):
            self.bytes_read = source.position
            rows: Chunk | None = chunk
            if skip_header:
                header, rows = chunk.split(1)
                self.lines += header.lines
                self._offset += len(header.text)
                skip_header = not header.ends_record
            if rows is not None:
                yield rows
        self.bytes_read = source.position

    def _scanned(self, scanner: RecordScanner, source: SourceFile) -> Iterator[Chunk]:
        try:
            for block in text_blocks(source, self._layout):
                if chunk := scanner.feed(block):
                    yield chunk
        except UndecodableText as error:
            line = scanner.line + scanner.pending_newlines + error.newlines
            raise undecodable(self.path, error.encoding, line, error.offset, error.reason) from None
        if chunk := scanner.finish():
            yield chunk

    def _count(self, builder: _CutBuilder, chunk: Chunk) -> None:
        self._content.update(chunk.text)
        builder.digest.update(chunk.text)
        builder.rows += chunk.rows
        builder.lines += chunk.lines
        builder.size += len(chunk.text)
        if not self._in_place:
            builder.pieces.append(chunk.text)
        self.rows += chunk.rows
        self.lines += chunk.lines
        self.size += len(chunk.text)

    def _finished(self, builder: _CutBuilder, source: SourceFile) -> Cut:
        pieces: tuple[bytes | FileRange, ...] = tuple(builder.pieces)
        if self._in_place:
            pieces = self._ranges(builder.size, source.size)
        return Cut(
            builder.number,
            builder.first_line,
            builder.rows,
            builder.lines,
            builder.size,
            builder.digest.hexdigest(),
            self._extension,
            pieces,
        )

    def _ranges(self, size: int, file_size: int) -> tuple[bytes | FileRange, ...]:
        """The cut as a range of the file, plus a newline if its last record lacks one."""
        start = self._offset
        self._offset += size
        missing = self._offset - file_size
        path = os.path.abspath(self.path)  # noqa: PTH100 - resolve() would follow links, which may be re-pointed
        if missing > 0:
            return FileRange(path, start, size - missing), b"\n" * missing
        return (FileRange(path, start, size),)


class _CutBuilder:
    """A cut that is not full yet."""

    def __init__(self, number: int, first_line: int) -> None:
        import xxhash

        self.number = number
        self.first_line = first_line
        self.rows = self.lines = self.size = 0
        self.digest: xxhash.xxh3_128 = xxhash.xxh3_128()
        self.pieces: list[bytes] = []
