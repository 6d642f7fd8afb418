"""Moments at which a signal that stops the program has to wait (floor 1).

Its handler runs in the main thread and raises there, between any two steps: inside of what starts a thread that would
leave a lock taken, or a thread of which nobody knows.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_depth = 0
_came: list[int] = []


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """A signal that comes in the block is obeyed at its end.  For what takes no time; it holds nobody back but us."""
    global _depth
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth and _came:
            signal.raise_signal(_came.pop())


def has_to_wait(number: int) -> bool:
    """For a handler: True when it has to return, and will be called again."""
    if _depth:
        _came[:] = [number]
    return bool(_depth)
