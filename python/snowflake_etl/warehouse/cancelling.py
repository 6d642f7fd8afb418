"""Ends a running statement in the warehouse as well when a signal comes (floor 3).
Otherwise it would continue there, and the following ROLLBACK would wait for its end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from snowflake_etl.errors import ExitCode, Stopped

# These take no time, and nobody could say whether a cancelled COMMIT took effect.
_NEVER_CANCELLED = frozenset({"BEGIN", "COMMIT", "ROLLBACK"})


@contextlib.contextmanager
def cancelled_when_stopped(connection: Any, cursor: Any, sql: str) -> Iterator[None]:
    """Wrap the driver's execution of ``sql`` by ``cursor``: Stopped says what became of the statement.

    Without ``sql`` nothing is cancelled here.
    """
    if not sql:
        yield
        return
    is_cancelled = sql.split(None, 1)[0].upper() not in _NEVER_CANCELLED
    try:
        yield
    except KeyboardInterrupt:
        # While a statement runs, the driver replaces our handler for Ctrl-C with its own, which cancels the statement.
        said = " The running statement was cancelled in the warehouse." if is_cancelled else ""
        raise Stopped(f"Stopped by SIGINT.{said}", ExitCode.INTERRUPTED) from None
    except Stopped as stopped:
        if not is_cancelled:
            raise
        answer: Any = {}
        with contextlib.suppress(Exception):
            # A synchronous statement has no query id yet; the driver cancels it by its request.
            answer = connection._cancel_query(sql, cursor._request_id)
        said = "was cancelled" if answer and answer.get("success") else "could not be cancelled or had ended"
        raise Stopped(f"{stopped} The running statement {said} in the warehouse.", stopped.exit_code) from None
