"""Runs long work in a separate thread (floor 5), so that a signal is noticed at once and the work ends in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

from snowflake_etl.stop_signals import held_back

Result = TypeVar("Result")


class StopSignal(threading.Event):
    """An event that is set when it, or the signal above it, is set."""

    def __init__(self, above: threading.Event | None = None) -> None:
        super().__init__()
        self._above = above

    def is_set(self) -> bool:
        return super().is_set() or (self._above is not None and self._above.is_set())


def stoppable(work: Callable[[threading.Event], Result], above: threading.Event | None = None) -> Result:
    """Do ``work`` and return its result; an interruption of the wait, or ``above``, sets the event passed to ``work``.

    A signal's handler runs in the main thread only, and there not while a library computes.  What it raises can
    come between any two steps, so work that shares locks and counts with its own threads must not be done there.
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
    """``ended`` announces the end twice: for the first wait, and for a second one after an interruption.
    Taking from a queue is a single step, unlike the condition inside a future or an event, which a signal may leave
    locked or unlocked.
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
