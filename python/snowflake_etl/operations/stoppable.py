"""Long work in a thread of its own (floor 5), so that a signal is noticed at once and the work ends in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

from snowflake_etl.stop_signals import held_back

Result = TypeVar("Result")


class StopSignal(threading.Event):
    """Set by itself or by the signal that it stands below."""

    def __init__(self, above: threading.Event | None = None) -> None:
        super().__init__()
        self._above = above

    def is_set(self) -> bool:
        return super().is_set() or (self._above is not None and self._above.is_set())


def stoppable(work: Callable[[threading.Event], Result], above: threading.Event | None = None) -> Result:
    """Do ``work`` and return its result; what interrupts the waiting, or ``above``, sets the event that it is given.

    A signal's handler runs in the main thread only, and there not while a library computes.  What it raises can come
    between any two steps, so that work that shares locks and counts with threads of its own must not be done there.
    """
    stop = StopSignal(above)
    thread = _Work(work, stop)
    try:
        with held_back():
            thread.start()
        thread.ended.get()
    except BaseException:
        stop.set()
        if thread.ident is not None:
            thread.ended.get()
        raise
    return thread.outcome.result()


class _Work(threading.Thread, Generic[Result]):
    """``ended`` hands out that it has, twice: to who waits for it, and to who was interrupted and waits again.

    A queue is one step, unlike the condition inside of a future or an event, which a signal leaves locked or unlocked.
    """

    def __init__(self, work: Callable[[threading.Event], Result], stop: threading.Event) -> None:
        super().__init__(name="work")
        self.outcome: Future[Result] = Future()
        self.ended: SimpleQueue[None] = SimpleQueue()
        self._work = work
        self._stop_signal = stop

    def run(self) -> None:
        try:
            self.outcome.set_result(self._work(self._stop_signal))
        except BaseException as error:
            self.outcome.set_exception(error)
        finally:
            self.ended.put(None)
            self.ended.put(None)
