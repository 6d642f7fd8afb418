"""Divides ``load.memory_limit`` between staging and the check of the file (floor 5, pure).

Only how much runs at once depends on the limit and the host; where a file is cut does not, so that another host, or
another limit, can continue a load with the existing parts.  The figures below are measured with ``bench/memory.py``.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snowflake_etl.errors import ConfigError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.parts import reads_in_place
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.processors import processors

MOST_SESSIONS = 4
BASE_BYTES = 120_000_000
"""Python, the driver and its sessions, zstd, and what is read at the moment."""

CHECK_BASE_BYTES = 80_000_000
"""What the check of a file takes beyond the memory that DuckDB accounts for."""

LEAST_CHECK_BYTES = 64 << 20
"""DuckDB needs it for the vectors of a file with 500 columns."""

LEAST_WITH_CHECK = BASE_BYTES + CHECK_BASE_BYTES + LEAST_CHECK_BYTES
"""What a load with a check of its file needs before it holds anything of the file."""

_CHECK_BYTES_A_THREAD = 32 << 20
# Of malloc.h; setting it also keeps it from growing with the blocks that are freed.
_M_MMAP_THRESHOLD = -3
# More than a block of an uncompressed file, since reusing those is better.
_MAPPED_BLOCK_BYTES = 4 << 20
# Parts are planned from samples of the file; some turn out larger.
_PART_MARGIN = 1.1
# For a part being sent the driver also holds an encrypted copy, and what it has read of that for the request.
_COPIES_OF_A_SENT_PART = 2


@dataclass(frozen=True)
class Concurrency:
    """How much of a staging runs at once.
    ``workers`` compress, ``sessions`` upload; ``cuts`` are being read, waiting or being compressed; ``parts`` are
    anywhere between the reader and the stage.
    """

    workers: int
    sessions: int
    cuts: int
    parts: int


@dataclass(frozen=True)
class MemoryPlan:
    """How one load keeps to its limit.  ``check_bytes`` is DuckDB's memory limit, 0 if no file is checked."""

    staging: Concurrency
    check_bytes: int
    check_threads: int


def concurrency(workers: int | None = None, sessions: int | None = None) -> Concurrency:
    """The concurrency that keeps all ``workers`` busy (default: the processors this process may use)."""
    workers = workers or processors()
    return _concurrency(workers, sessions or _sessions_for(workers), spare=1)


def plan_memory(
    limit: int, files: Sequence[tuple[CutPlan, Layout]], *, workers: int | None, check_bytes: int
) -> MemoryPlan:
    """Plan a load of ``files``, one after the other, within ``limit`` bytes.

    ``workers`` and ``check_bytes`` (0: no check) are the requested values; if the limit is too small, less is given.
    Staging comes first, since a check that spills to disk takes about as long.  Raise ConfigError, naming the smallest
    sufficient limit, when not even one worker and one session fit.
    """
    left = limit - BASE_BYTES
    if check_bytes:
        left -= CHECK_BASE_BYTES + LEAST_CHECK_BYTES
    wished = workers or processors()
    for planned in _candidates(wished):
        needed = max(staging_bytes(planned, plan, layout) for plan, layout in files)
        if needed <= left:
            break
    else:
        raise ConfigError(
            f"load.memory_limit is {_megabytes(limit)}, but this load needs at least "
            f"{_megabytes(limit - left + needed)}. Raise the limit{', or load with --qc skip' if check_bytes else ''}."
        )
    if not check_bytes:
        return MemoryPlan(planned, 0, 0)
    granted = min(check_bytes, LEAST_CHECK_BYTES + left - needed)
    # The staging that runs alongside needs the other half of the processors.
    return MemoryPlan(planned, granted, max(1, min(processors() // 2, granted // _CHECK_BYTES_A_THREAD)))


def staging_bytes(planned: Concurrency, plan: CutPlan, layout: Layout) -> int:
    """The most that staging a file takes on top of ``BASE_BYTES``."""
    part = int(plan.part_bytes * _PART_MARGIN)
    carried = 0 if reads_in_place(layout) else plan.cut_bytes
    return planned.cuts * carried + (planned.parts + _COPIES_OF_A_SENT_PART * planned.sessions) * part


def peak_memory() -> int:
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def give_back_freed_blocks() -> None:
    """Have the C library return freed blocks of some MiB to the system at once.

    Otherwise glibc keeps a part or two for each thread that ever had one, about 150 MB in a load.  With another C
    library nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BLOCK_BYTES)


def _candidates(workers: int) -> Iterator[Concurrency]:
    """Candidates from the fastest to the smallest; a single session comes last, since sending takes longest."""
    for count in range(workers, 0, -1):
        for sessions in range(_sessions_for(count), 1, -1):
            yield _concurrency(count, sessions, spare=1)
            yield _concurrency(count, sessions, spare=0)
    yield _concurrency(1, 1, spare=0)
    yield Concurrency(1, 1, cuts=1, parts=1)


def _sessions_for(workers: int) -> int:
    return max(2, min(workers, MOST_SESSIONS))


def _concurrency(workers: int, sessions: int, spare: int) -> Concurrency:
    """With ``spare`` 1 there is one cut and one part more than are being worked on, so that no stage waits for the
    previous.
    """
    return Concurrency(workers, sessions, workers + spare, workers + sessions + spare)


def _megabytes(size: int) -> str:
    return f"{-(-size // 1_000_000)} MB"
