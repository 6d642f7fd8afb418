"""Extra tasks that runs do once a day (floor 2): the first run does them, tracked by a file in the state folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS = 86_400


@contextmanager
def once_a_day(stamp: Path) -> Iterator[bool]:
    """True for the first caller of the day; never waits for another that is doing it now."""
    if not _is_due(stamp):
        yield False
        return
    descriptor = os.open(stamp, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _is_ours(descriptor, stamp)
    finally:
        os.close(descriptor)


def _is_due(stamp: Path) -> bool:
    try:
        status = stamp.stat()
    except FileNotFoundError:
        return True
    # The file is empty until somebody has done it for the first time.
    return not status.st_size or time.time() - status.st_mtime >= _SECONDS


def _is_ours(descriptor: int, stamp: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not _is_due(stamp):
        return False
    os.pwrite(descriptor, b"1", 0)
    return True
