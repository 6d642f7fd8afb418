"""The current run, and the queries that its step has sent (floor 1), for log lines and phases.
A process is one invocation with its own id; within it loads run, each with the id of its record, several at
a time.  Threads started by a load know its id as long as it is the only one.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

_run: ContextVar[str] = ContextVar("run", default="")
_queries: ContextVar[list[str] | None] = ContextVar("queries", default=None)
_active: list[str] = []
_lock = threading.Lock()


def current_run() -> str:
    """The id of the run that this thread works for, "" if none."""
    if run_id := _run.get():
        return run_id
    with _lock:
        return _active[0] if len(_active) == 1 else ""


@contextlib.contextmanager
def running(run_id: str) -> Iterator[None]:
    """Mark this thread as working for a run while the block runs."""
    token = _run.set(run_id)
    with _lock:
        _active.append(run_id)
    try:
        yield
    finally:
        with _lock:
            _active.remove(run_id)
        _run.reset(token)


@contextlib.contextmanager
def noting_queries() -> Iterator[list[str]]:
    """Collect the ids of the queries that this thread sends in the block, in order, each once."""
    found: list[str] = []
    token = _queries.set(found)
    try:
        yield found
    finally:
        _queries.reset(token)


def note_query(query_id: str) -> None:
    """Note a query sent by this thread that changes something."""
    found = _queries.get()
    if found is not None and query_id and query_id not in found:
        found.append(query_id)
