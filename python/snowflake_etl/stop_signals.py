"""What a signal that stops the program does, and when it has to wait (floor 1).
Its handler runs in the main thread and raises there, between any two steps.  During the start of a thread that would
leave a lock taken, or an untracked thread; inside a library it may be swallowed, or reported as an error.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from snowflake_etl.errors import ExitCode, Stopped

_depth = 0
_came: list[int] = []
_told: list[int] = []


def stop(number: int, _frame: object = None) -> None:
    """The handler: raise Stopped, now or at the end of a ``held_back`` block."""
    if _depth:
        _came[:] = [number]
        return
    _told[:] = [number]
    raise _stopped(number)


def forget() -> None:
    """Reset: no stop has been requested."""
    _told.clear()


def check() -> None:
    """Raise Stopped when the program was told to stop, even if a library has swallowed that."""
    if _told:
        raise _stopped(_told[-1])


def check_error(error: BaseException) -> None:
    """Raise Stopped when a library has turned it into ``error``."""
    if _told and str(_stopped(_told[-1])) in str(error):
        raise _stopped(_told[-1]) from None


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Defer a signal that comes during the block to its end.  Only for what takes no time; it affects only us."""
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


def _stopped(number: int) -> Stopped:
    code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
    return Stopped(f"Stopped by {signal.Signals(number).name}.", code)
