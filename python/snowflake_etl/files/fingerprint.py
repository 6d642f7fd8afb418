"""A file's fingerprint: equal for equal bytes, whatever the file's name and modification time (floor 3)."""

from __future__ import annotations

import os
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.naming import shown

_SAMPLES = 64
_SAMPLE_BYTES = 64 << 10


def fingerprint(path: Path) -> str:
    """Return the xxh3-128 of the size and of up to 64 blocks of 64 KiB spread evenly over the file, in hex.

    It reads 4 MiB at most, so it is quick for a file of any size.  It finds what an earlier run
    of the same file left; it does not prove that every byte is equal (the content hash does).  Raise
    FileError when the file cannot be read.
    """
    import xxhash

    digest = xxhash.xxh3_128()
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(b"%d\n" % size)
            for offset in _offsets(size):
                digest.update(os.pread(file.fileno(), _SAMPLE_BYTES, offset))
    except OSError as error:
        raise FileError(
            f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
        ) from None
    return digest.hexdigest()


def reads_all(size: int) -> bool:
    """Whether the fingerprint of a file of that size has read every byte of it."""
    return size <= _SAMPLES * _SAMPLE_BYTES


def _offsets(size: int) -> list[int]:
    """The first and the last block and those between them; all of them for a small file."""
    if reads_all(size):
        return list(range(0, size, _SAMPLE_BYTES))
    last = size - _SAMPLE_BYTES
    return [last * number // (_SAMPLES - 1) for number in range(_SAMPLES)]
