"""Packs bytes for tests as operators' tools do."""

from __future__ import annotations

import bz2
import gzip

import zstandard

SUFFIXES = {"none": "", "gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2"}


def pack(content: bytes, kind: str) -> bytes:
    """``content`` packed as ``kind``, a value of ``Compression``."""
    if kind == "gzip":
        return gzip.compress(content, 1)
    if kind == "zstd":
        return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(content)
    return bz2.compress(content) if kind == "bzip2" else content
