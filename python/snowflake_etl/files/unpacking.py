"""Unpacks gzip, zstd and bzip2 as streams, several members or frames in a row, in bounded memory (floor 3).

Damage is a FileError that names the range of the compressed file where it was found.  One exception is
due to the format: a zstd frame without a checksum can be altered so that it still unpacks.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable, Iterator
from typing import Protocol

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown

UNPACKED_BLOCK_BYTES = 1 << 20
_MAGIC_BYTES = 4
_ZSTD_STEPS = (256, 16 << 10)
_WINDOW_TOO_LARGE = "too much memory"


class PackedSource(Protocol):
    """A source to decompress: returns the next bytes, or none at the end; ``position`` is the number of bytes
    returned.
    """

    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...
    def read(self) -> bytes: ...
    def check_unchanged(self) -> None: ...


class _Decompressor(Protocol):
    """The part of bz2's and isal's decompressors that is used here: one member each."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def compression_of(first_bytes: bytes) -> Compression:
    """Return the compression of a file that begins with these bytes (at least four)."""
    if first_bytes[:2] == b"\x1f\x8b":
        return Compression.GZIP
    if first_bytes[:3] == b"BZh" and first_bytes[3:4].isdigit():
        return Compression.BZIP2
    if first_bytes[:4] == b"\x28\xb5\x2f\xfd" or _is_skippable_zstd_frame(first_bytes):
        return Compression.ZSTD
    return Compression.NONE


def unpacked(source: PackedSource, compression: Compression) -> Iterator[bytes]:
    """Yield the uncompressed content in blocks of about ``UNPACKED_BLOCK_BYTES``.  Raise FileError for damage."""
    if compression is Compression.NONE:
        yield from iter(source.read, b"")
        return
    start = _decompressor_for(compression)
    pending = source.read()
    while pending:
        decompressor = start()
        yield from _unpack_member(source, decompressor, pending, compression)
        pending = decompressor.unused_data
        if len(pending) < _MAGIC_BYTES:
            pending += source.read()
        if compression is Compression.GZIP:
            pending = _without_padding(source, pending)
        if pending and compression_of(pending) is not compression:
            raise FileError(
                f"{shown(source.name)} has {compression} data up to about byte {source.position - len(pending):,} and "
                "something else after it. Pack it again; nothing of it was published."
            )


def _unpack_member(
    source: PackedSource, decompressor: _Decompressor, pending: bytes, compression: Compression
) -> Iterator[bytes]:
    fed = len(pending)
    while not decompressor.eof:
        if decompressor.needs_input and not pending:
            pending = source.read()
            fed = len(pending)
            if not pending:
                source.check_unchanged()
                raise FileError(
                    f"{shown(source.name)} is cut off: its {compression} data goes on after the last byte, "
                    f"{source.position:,}. Copy it again; nothing of it was published."
                )
        try:
            block = decompressor.decompress(pending, UNPACKED_BLOCK_BYTES)
        except _damage_errors() as error:
            source.check_unchanged()
            if _WINDOW_TOO_LARGE in str(error):
                raise FileError(
                    f"{shown(source.name)} is packed with a window of more than 128 MiB (zstd --long), which unpacking "
                    "would hold in memory. Pack it again without --long; nothing of it was published."
                ) from None
            raise FileError(
                f"{shown(source.name)} is damaged: its {compression} data cannot be unpacked between byte "
                f"{source.position - fed:,} and byte {source.position:,} ({error}). "
                "Copy it again; nothing of it was published."
            ) from None
        pending = b""
        if block:
            yield block


def _without_padding(source: PackedSource, pending: bytes) -> bytes:
    """Skip zero bytes after a gzip member, as left by tape and block devices."""
    while pending and not pending.strip(b"\0"):
        pending = source.read()
    return pending if compression_of(pending) is Compression.GZIP else pending.lstrip(b"\0")


def _is_skippable_zstd_frame(data: bytes) -> bool:
    return len(data) >= _MAGIC_BYTES and data[1:4] == b"\x2a\x4d\x18" and 0x50 <= data[0] <= 0x5F


def _decompressor_for(compression: Compression) -> Callable[[], _Decompressor]:
    if compression is Compression.ZSTD:
        return _ZstdDecompressor
    if compression is Compression.BZIP2:
        return bz2.BZ2Decompressor
    from isal import igzip_lib

    def start_gzip() -> _Decompressor:
        decompressor: _Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        return decompressor

    return start_gzip


def _damage_errors() -> tuple[type[Exception], ...]:
    import zstandard
    from isal import igzip_lib

    gzip_error: object = igzip_lib.error  # its stub calls the class an instance
    packing_errors = (zstandard.ZstdError, gzip_error)
    return (OSError, EOFError, ValueError, *(error for error in packing_errors if isinstance(error, type)))


class _ZstdDecompressor:
    """One zstd frame behind the interface of ``bz2.BZ2Decompressor``.

    zstandard cannot limit the size of what one call returns, so the input is fed in small steps, which shrink
    while their output is large: a file of zeros does not fill the memory.
    """

    def __init__(self) -> None:
        import zstandard

        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._waiting = memoryview(b"")
        self._step = _ZSTD_STEPS[0]

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def unused_data(self) -> bytes:
        return bytes(self._frame.unused_data) + self._waiting

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._waiting = memoryview(bytes(self._waiting) + data)
        blocks: list[bytes] = []
        size = 0
        while self._waiting and size < max_length and not self._frame.eof:
            step, self._waiting = self._waiting[: self._step], self._waiting[self._step :]
            blocks.append(self._frame.decompress(step))
            size += len(blocks[-1])
            smallest, largest = _ZSTD_STEPS
            self._step = (
                max(smallest, self._step // 4) if len(blocks[-1]) > max_length else min(largest, self._step * 2)
            )
        return b"".join(blocks)
