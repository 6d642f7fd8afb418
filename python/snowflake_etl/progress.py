"""Progress of one run: a value that operations report and a higher layer shows (floor 1, no printing).

An operation calls ``report(phase, done, total, unit)``; the caller decides who listens: the job
folder's one-line file, a bar on a terminal, or nobody.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

MINIMUM_SECONDS_BETWEEN_WRITES = 0.5


class Progress(Protocol):
    """The progress of an operation: ``done`` of ``total`` ``unit``; total 0 means unknown."""

    def __call__(self, phase: str, done: int, total: int, unit: str) -> None: ...


def no_progress(phase: str, done: int, total: int, unit: str) -> None:
    """Listen to nothing."""


class ProgressFile:
    """Keeps a job's ``progress`` file: phase, done, total, unit, epoch, epoch of the phase's start.

    One tab-separated line, replaced by rename so that a reader never sees half of it, at most twice
    a second except when a phase begins or ends.  Safe to call from several threads.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._phase = ""
        self._phase_started = 0.0
        self._written = 0.0

    def __call__(self, phase: str, done: int, total: int, unit: str) -> None:
        with self._lock:
            now = self._clock()
            begins = phase != self._phase
            if begins:
                self._phase, self._phase_started = phase, now
            ends = total > 0 and done >= total
            if not (begins or ends) and now - self._written < MINIMUM_SECONDS_BETWEEN_WRITES:
                return
            self._written = now
            line = f"{phase}\t{done}\t{total}\t{unit}\t{int(now)}\t{int(self._phase_started)}\n"
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii", errors="replace") as stream:
                stream.write(line)
            temporary.replace(self._path)
