"""Writes a file as a stream, compressed as its name says (floor 3): ``.gz``, ``.zst``, ``.bz2``, else uncompressed."""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from snowflake_etl.files.layout import Compression

_BY_SUFFIX = {".gz": Compression.GZIP, ".zst": Compression.ZSTD, ".bz2": Compression.BZIP2}
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 2


class Writable(Protocol):
    """An object that content can be written to."""

    def write(self, data: bytes, /) -> object: ...


def packing_of(path: Path) -> Compression:
    """The compression that a file's name implies."""
    return _BY_SUFFIX.get(path.suffix.lower(), Compression.NONE)


@contextmanager
def packed(stream: BinaryIO, compression: Compression) -> Iterator[Writable]:
    """Yield a writer that compresses into ``stream``; the output is complete once the block ends without an error."""
    if compression is Compression.NONE:
        yield stream
        return
    packer = _packer(stream, compression)
    try:
        yield packer
    except BaseException:
        # Nobody will read it: closing it properly could fail for the same reason, such as a full disk.
        raise
    else:
        packer.close()


def _packer(stream: BinaryIO, compression: Compression) -> BinaryIO:
    if compression is Compression.BZIP2:
        return cast(BinaryIO, bz2.BZ2File(stream, "wb"))
    if compression is Compression.ZSTD:
        import zstandard

        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
        return cast(BinaryIO, compressor.stream_writer(stream, closefd=False))
    from isal import igzip

    # The compressed file contains neither its name nor a time, so that the same rows give the same bytes.
    return cast(BinaryIO, igzip.IGzipFile(filename="", mode="wb", fileobj=stream, compresslevel=_GZIP_LEVEL, mtime=0))
