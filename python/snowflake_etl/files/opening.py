"""Opens a source file and yields its content as UTF-8 blocks, whatever its compression and encoding (floor 3).
The file is watched: if its size, its modification time or the file behind the name changed during
reading, or a read comes up short, reading ends in a FileError, because nobody knows what was read.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.unpacking import unpacked

READ_BYTES = 256 << 10
UTF8_MARK = codecs.BOM_UTF8


class UndecodableText(Exception):  # noqa: N818 - turned into a FileError by those who know the line
    """Bytes that are not text in the file's encoding.

    ``offset`` counts bytes of the uncompressed content, ``newlines`` the line ends in the failing block before it.
    """

    def __init__(self, encoding: str, offset: int, newlines: int, reason: str) -> None:
        super().__init__(reason)
        self.encoding = encoding
        self.offset = offset
        self.newlines = newlines
        self.reason = reason


def refuse_no_file(path: Path) -> None:
    """Raise FileError unless there is a regular file: nothing there, a folder, or something that can be read only once.

    Files are read more than once here, and opening a pipe would wait for somebody to write into it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise FileError(f"There is no file {shown(path)}. Check its name and folder.") from None
    except OSError as error:
        raise FileError(
            f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
        ) from None
    if stat.S_ISDIR(mode):
        raise FileError(f"{shown(path)} is a folder. Name a file in it.")
    if not stat.S_ISREG(mode):
        raise FileError(f"{shown(path)} is a pipe, socket or device, not a file. Copy its data to a regular file.")


class SourceFile:
    """An operator's file, open to be read once from its first byte to its last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._descriptor = -1
        refuse_no_file(path)
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._opened = os.fstat(self._descriptor)
        except OSError as error:
            self.close()
            raise FileError(
                f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
            ) from None
        self.size = self._opened.st_size

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def name(self) -> str:
        return str(self.path)

    def read(self) -> bytes:
        """Return the next ``READ_BYTES`` (fewer only at the end, none after it).  Raise FileError when it changed."""
        try:
            block = os.read(self._descriptor, READ_BYTES)
        except OSError as error:
            raise FileError(
                f"{shown(self.path)} cannot be read after byte {self.position:,}: {error.strerror}. Check the disk."
            ) from None
        self.position += len(block)
        if len(block) < READ_BYTES and self.position != self.size:
            self.check_unchanged()
        return block

    def check_unchanged(self) -> None:
        """Raise FileError when the file has changed since it was opened."""
        try:
            by_name = self.path.stat()
        except OSError:
            raise self._changed("is no longer there") from None
        now = os.fstat(self._descriptor)
        if (by_name.st_dev, by_name.st_ino) != (now.st_dev, now.st_ino):
            raise self._changed("was replaced by another file")
        if now.st_size != self.size:
            raise self._changed(f"had {self.size:,} bytes and has {now.st_size:,} now")
        if now.st_mtime_ns != self._opened.st_mtime_ns:
            raise self._changed("was written to")

    def _changed(self, how: str) -> FileError:
        return changed_while_read(self.path, how)


def changed_while_read(path: Path, how: str) -> FileError:
    """The message for a file that changed while it was read."""
    return FileError(
        f"{shown(path)} was changed while it was read: it {how}. "
        "Nothing of it was published; wait until it is complete and run again."
    )


def text_blocks(source: SourceFile, layout: Layout) -> Iterator[bytes]:
    """Yield the uncompressed content as UTF-8 without byte order mark.

    Raise FileError for damage and change, UndecodableText for bytes that are not in ``layout.encoding``.
    Blocks end anywhere, except that no character is split between two of them if they had to be transcoded.
    """
    blocks = unpacked(source, layout.compression)
    if is_utf8(layout.encoding):
        yield from _checked_utf8(_without_mark(blocks, layout.byte_order_mark), layout.byte_order_mark)
    else:
        yield from _transcoded(blocks, layout.encoding)


def is_utf8(encoding: str) -> bool:
    """True for the names of UTF-8 and of ASCII, which is a subset of it."""
    return codecs.lookup(encoding).name in ("utf-8", "ascii", "utf-8-sig")


def _without_mark(blocks: Iterator[bytes], has_mark: bool) -> Iterator[bytes]:
    if has_mark:
        first = b""
        while len(first) < len(UTF8_MARK):
            first += next(blocks)
        yield first[len(UTF8_MARK) :]
    yield from blocks


def _checked_utf8(blocks: Iterator[bytes], has_mark: bool) -> Iterator[bytes]:
    """Pass blocks on as they are.  ASCII is recognised at memory speed; only the rest is decoded, to prove it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = len(UTF8_MARK) if has_mark else 0
    half_character = False
    for block in blocks:
        if half_character or not block.isascii():
            _decode(decoder, block, "utf-8", offset, final=False)
            half_character = bool(decoder.getstate()[0])
        offset += len(block)
        yield block
    _decode(decoder, b"", "utf-8", offset, final=True)


def _transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    at_start = True
    for block in blocks:
        text = _decode(decoder, block, encoding, offset, final=False)
        offset += len(block)
        if at_start and text:
            text, at_start = text.removeprefix("\ufeff"), False
        if text:
            yield text.encode("utf-8")
    rest = _decode(decoder, b"", encoding, offset, final=True)
    if rest:
        yield rest.encode("utf-8")


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, encoding: str, offset: int, *, final: bool) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        carried = len(error.object) - len(block)
        good = error.object[: error.start].decode(encoding, "ignore")
        raise UndecodableText(encoding, offset - carried + error.start, good.count("\n"), error.reason) from None
    except UnicodeError as error:
        raise UndecodableText(encoding, offset, 0, str(error)) from None
