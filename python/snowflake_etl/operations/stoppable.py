"""Long work in a thread of its own (floor 5), so that a signal is noticed at once and the work ends in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def stoppable(work: Callable[[threading.Event], Result]) -> Result:
    """Do ``work`` and return its result; whatever interrupts the waiting sets the event that it is given.

    A signal's handler runs in the main thread only, and there not while a library computes.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="work") as pool:
        future = pool.submit(work, stop)
        try:
            return future.result()
        except BaseException:
            stop.set()
            raise
