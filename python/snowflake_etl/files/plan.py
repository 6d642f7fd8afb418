"""Decides how large the cuts of a file are, before it is read (floor 3).

The plan is fixed when a load first starts; a later run that wants to reuse the parts of an earlier one has to cut by
the same plan, so the stage path contains its hash.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.files.parts import COMPRESSION_LEVEL, reads_in_place
from snowflake_etl.files.unpacking import unpacked

CUTTER_VERSION = 1
"""Increase it when the same file, layout and cut size give different parts than before."""

PART_BYTES = 16 << 20
"""Target for the compressed bytes of a part: large enough for COPY, small enough that the driver's copies of it fit."""

SMALLEST_CUT_BYTES = 8 << 20
LARGEST_CUT_BYTES_IN_PLACE = 512 << 20
LARGEST_CUT_BYTES_CARRIED = 32 << 20
_LEAST_PARTS = 16
_SAMPLES = 6
_SAMPLE_BYTES = 512 << 10


@dataclass(frozen=True)
class CutPlan:
    """How a file is cut.

    ``cut_bytes``: uncompressed bytes of a cut.  ``plan_hash``: everything that decides where cuts lie, in hex.
    ``part_bytes``: the expected size of a compressed cut; it limits concurrency and does not affect cuts.
    """

    cut_bytes: int
    plan_hash: str
    part_bytes: int


def plan_cuts(path: Path, layout: Layout) -> CutPlan:
    """Plan the cuts of a file from its size and how well samples of it compress.

    A large file gets parts of about ``PART_BYTES``, a smaller one enough parts to keep workers busy, a small
    one a single part.  The same file and layout give the same plan on every host, whatever its memory and processors,
    so that a load can be continued anywhere.  Raise FileError when the file cannot be read.
    """
    total, ratio = _measure(path, layout)
    largest = LARGEST_CUT_BYTES_IN_PLACE if reads_in_place(layout) else LARGEST_CUT_BYTES_CARRIED
    wanted = min(int(PART_BYTES * ratio), max(SMALLEST_CUT_BYTES, -(-total // _LEAST_PARTS)), largest)
    wanted = max(wanted, SMALLEST_CUT_BYTES)
    count = max(1, -(-total // wanted))
    # A little more than an even share, so that no tiny remainder makes an extra part.
    cut_bytes = total // count + (256 << 10)
    return CutPlan(cut_bytes, _plan_hash(cut_bytes, layout), int(min(cut_bytes, total) / ratio))


def plan_of_size(cut_bytes: int, layout: Layout) -> CutPlan:
    """The plan for a given cut size, recorded by an earlier run or set by hand."""
    return CutPlan(cut_bytes, _plan_hash(cut_bytes, layout), cut_bytes)


def _plan_hash(cut_bytes: int, layout: Layout) -> str:
    import xxhash

    decisive = (
        CUTTER_VERSION,
        cut_bytes,
        layout.delimiter,
        layout.quote,
        layout.header,
        layout.encoding,
        layout.byte_order_mark,
        layout.line_ending,
    )
    return xxhash.xxh3_64_hexdigest(repr(decisive).encode())


def _measure(path: Path, layout: Layout) -> tuple[int, float]:
    """Return the uncompressed size in bytes (estimated for compressed files) and the compression ratio of samples."""
    import zstandard

    if reads_in_place(layout):
        total, samples = _spread_samples(path)
    else:
        total, samples = _first_samples(path, layout)
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
    packed = sum(len(compressor.compress(sample)) for sample in samples)
    return total, sum(map(len, samples)) / packed if packed else 1.0


def _spread_samples(path: Path) -> tuple[int, list[bytes]]:
    try:
        with path.open("rb", buffering=0) as file:
            total = os.fstat(file.fileno()).st_size
            last = max(0, total - _SAMPLE_BYTES)
            offsets = sorted({last * number // (_SAMPLES - 1) for number in range(_SAMPLES)})
            return total, [os.pread(file.fileno(), _SAMPLE_BYTES, offset) for offset in offsets]
    except OSError as error:
        raise FileError(
            f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
        ) from None


def _first_samples(path: Path, layout: Layout) -> tuple[int, list[bytes]]:
    samples: list[bytes] = []
    size = 0
    with SourceFile(path) as source:
        for block in unpacked(source, layout.compression):
            samples.append(block)
            size += len(block)
            if size >= _SAMPLES * _SAMPLE_BYTES:
                break
        total = size * source.size // max(1, source.position)
    return total, samples
