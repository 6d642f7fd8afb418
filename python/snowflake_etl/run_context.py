"""Which run is at work, and the queries that its step has sent (floor 1): log lines carry it, phases tell them.

A process is one invocation with an id of its own; inside of it loads run, each with the id of its record, several at
a time.  Threads that a load starts know its id as long as it is the only one.
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
    """The id of the run that this thread works for, "" outside of any."""
    if run_id := _run.get():
        return run_id
    with _lock:
        return _active[0] if len(_active) == 1 else ""


@contextlib.contextmanager
def running(run_id: str) -> Iterator[None]:
    """While the block runs, this thread works for a run."""
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
    """The ids of the queries that this thread sends in the block, in order, each once."""
    found: list[str] = []
    token = _queries.set(found)
    try:
        yield found
    finally:
        _queries.reset(token)


def note_query(query_id: str) -> None:
    """A query that changes something was sent by this thread."""
    found = _queries.get()
    if found is not None and query_id and query_id not in found:
        found.append(query_id)
