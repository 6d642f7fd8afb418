"""A file's parts as files in a folder (floor 3): written by ``compress``, read and verified by a load elsewhere.
A part file holds what a staged part holds, compressed with zstd or gzip, under the same name except for the ending.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile, changed_while_read
from snowflake_etl.files.parts import Cut, FileRange, Part, compressed_blocks, part_of, read_range
from snowflake_etl.files.unpacking import PackedSource, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

STAGED_SUFFIX = ".zst"
SUFFIXES = {Compression.ZSTD: ".zst", Compression.GZIP: ".gz"}
PART_FILE = re.compile(r"part-([0-9]+)-([0-9a-f]{32})[.]([a-z]+)[.](?:zst|gz)", re.ASCII)
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class PartFile:
    """A part in a folder: ``bytes`` is its size there, ``sha256`` its checksum in hex."""

    name: str
    bytes: int
    sha256: str


def file_name(staged_name: str, packing: Compression) -> str:
    """The file name of a part, from its name on the stage."""
    return staged_name.removesuffix(STAGED_SUFFIX) + SUFFIXES[packing]


class FolderSink:
    """Writes parts into a folder, each completely or not at all, readable by the owner only; ``written`` lists them."""

    def __init__(self, packing: Compression, written: dict[str, PartFile]) -> None:
        self._packing = packing
        self._written = written

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> str:
        path = Path(stage_path) / file_name(name, self._packing)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        digest, size = hashlib.sha256(), 0
        try:
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                while block := stream.read(_COPY_BYTES):
                    file.write(block)
                    digest.update(block)
                    size += len(block)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and not error.filename:
                # The error for a full disk does not say what was being written.
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise
        self._written[name] = PartFile(path.name, size, digest.hexdigest())
        return "WRITTEN"

    def close(self) -> None:
        """Do nothing: nothing is kept open."""


def proven_part(path: Path, packing: Compression) -> PartFile | None:
    """The part file if it holds the rows that its name promises, else None."""
    match = PART_FILE.fullmatch(path.name)
    if match is None or not path.is_file() or path.is_symlink():
        return None
    try:
        with SourceFile(path) as source:
            read = _Hashed(source)
            if _rows_hash(read, packing) != match[2]:
                return None
            return PartFile(path.name, source.size, read.sha256.hexdigest())
    except FileError:
        return None


def _rows_hash(source: PackedSource, packing: Compression) -> str:
    import xxhash

    digest = xxhash.xxh3_128()
    for block in unpacked(source, packing):
        digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class Entry:
    """One part that a manifest names: its file, its name on the stage, its records and its first line."""

    file: PartFile
    staged_name: str
    rows: int
    first_line: int


@dataclass(frozen=True)
class PackedCut(Cut):
    """A cut that is compressed already; its piece is the part file, ``packed_hash`` the xxh3-128 of that file."""

    packing: Compression = Compression.ZSTD
    packed_hash: str = ""


def repack(cut: PackedCut) -> Part:
    """Return the part in a part file; only gzip has to be recompressed.  Raise FileError when it has changed."""
    import xxhash

    (piece,) = cut.pieces
    if not isinstance(piece, FileRange):
        raise TypeError("a packed cut is a range of its file")
    data = bytearray(piece.length)
    read_range(piece, memoryview(data))
    if xxhash.xxh3_128_hexdigest(data) != cut.packed_hash:
        raise changed_while_read(Path(piece.path), "has other bytes than before")
    if cut.packing is Compression.ZSTD:
        return part_of(cut, bytes(data))
    return part_of(cut, compressed_blocks(unpacked(_InMemory(piece.path, bytes(data)), cut.packing), cut.size))


class PartFilesReader:
    """Reads part files in order and verifies each by checksum and content; see ``FileCutter`` for the rest."""

    def __init__(
        self, path: Path, folder: Path, entries: Sequence[Entry], packing: Compression, stopped: Callable[[], bool]
    ) -> None:
        import xxhash

        self.path = path
        self.rows = self.size = self.bytes_read = 0
        self.bytes_total = sum(entry.file.bytes for entry in entries)
        self._folder = folder
        self._entries = entries
        self._packing = packing
        self._stopped = stopped
        self._content = xxhash.xxh3_128()

    @property
    def content_hash(self) -> str:
        return self._content.hexdigest()

    def cuts(self) -> Iterator[Cut]:
        """Yield every part.  Raise FileError for one that does not match the manifest."""
        for entry in self._entries:
            cut = self._cut(entry)
            if cut is None:
                return
            yield cut

    def _cut(self, entry: Entry) -> PackedCut | None:
        import xxhash

        path = self._folder / entry.file.name
        match = PART_FILE.fullmatch(entry.file.name)
        if match is None:
            raise FileError(f"{shown(entry.file.name)} is no name of a part.")
        digest, size, lines = xxhash.xxh3_128(), 0, 0
        with SourceFile(path) as source:
            read = _Hashed(source)
            for block in unpacked(read, self._packing):
                if self._stopped():
                    return None
                self._content.update(block)
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
            if read.sha256.hexdigest() != entry.file.sha256 or digest.hexdigest() != match[2]:
                raise FileError(
                    f"{shown(path)} is not the part that the manifest names: its checksum differs. Copy it again from "
                    "where it was made; nothing of it was published."
                )
            self.bytes_read += source.size
            piece = FileRange(str(path.absolute()), 0, source.size)
            packed_hash = read.packed.hexdigest()
        self.rows += entry.rows
        self.size += size
        return PackedCut(
            int(match[1]),
            entry.first_line,
            entry.rows,
            lines,
            size,
            match[2],
            match[3],
            (piece,),
            self._packing,
            packed_hash,
        )


class _Hashed:
    """A compressed source whose bytes are hashed as they are read."""

    def __init__(self, source: SourceFile) -> None:
        import xxhash

        self._source = source
        self.sha256 = hashlib.sha256()
        self.packed = xxhash.xxh3_128()

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def position(self) -> int:
        return self._source.position

    def read(self) -> bytes:
        block = self._source.read()
        self.sha256.update(block)
        self.packed.update(block)
        return block

    def check_unchanged(self) -> None:
        self._source.check_unchanged()


class _InMemory:
    """A compressed source in memory."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.position = 0
        self._data = data

    def read(self) -> bytes:
        block, self._data = self._data, b""
        self.position += len(block)
        return block

    def check_unchanged(self) -> None:
        """Do nothing: it cannot change."""
