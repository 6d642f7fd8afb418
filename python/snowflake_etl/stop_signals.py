"""What a signal that stops the program does, and when it has to wait (floor 1).

Its handler runs in the main thread and raises there, between any two steps.  Inside of what starts a thread that would
leave a lock taken, or a thread of which nobody knows; inside of a library it may be swallowed, or told as an error.
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
    """The handler: raise Stopped, now or at the end of the block that is held back."""
    if _depth:
        _came[:] = [number]
        return
    _told[:] = [number]
    raise _stopped(number)


def forget() -> None:
    """Begin anew: nobody has been told to stop."""
    _told.clear()


def check() -> None:
    """Raise Stopped when the program was told to stop, though a library may have swallowed that."""
    if _told:
        raise _stopped(_told[-1])


def check_error(error: BaseException) -> None:
    """Raise Stopped when a library has made ``error`` of it."""
    if _told and str(_stopped(_told[-1])) in str(error):
        raise _stopped(_told[-1]) from None


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


def _stopped(number: int) -> Stopped:
    code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
    return Stopped(f"Stopped by {signal.Signals(number).name}.", code)
