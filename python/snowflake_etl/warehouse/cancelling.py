"""A signal that comes while a statement runs ends the statement in the warehouse as well (floor 3).

Otherwise it would go on there, and the ROLLBACK behind it would wait for its end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from snowflake_etl.errors import ExitCode, Stopped

# What they do takes no time, and of a cancelled COMMIT nobody could say on which side it fell.
_NEVER_CANCELLED = frozenset({"BEGIN", "COMMIT", "ROLLBACK"})


@contextlib.contextmanager
def cancelled_when_stopped(connection: Any, cursor: Any, sql: str) -> Iterator[None]:
    """Around the driver's execution of ``sql`` by ``cursor``: Stopped says what became of the statement.

    Without ``sql`` nothing is cancelled here.
    """
    if not sql:
        yield
        return
    is_cancelled = sql.split(None, 1)[0].upper() not in _NEVER_CANCELLED
    try:
        yield
    except KeyboardInterrupt:
        # While a statement runs the driver has its own handler for Ctrl-C in place of ours, which cancels it.
        said = " The running statement was cancelled in the warehouse." if is_cancelled else ""
        raise Stopped(f"Stopped by SIGINT.{said}", ExitCode.INTERRUPTED) from None
    except Stopped as stopped:
        if not is_cancelled:
            raise
        answer: Any = {}
        with contextlib.suppress(Exception):
            # A statement that is waited for has no query id yet; the driver cancels it by its request.
            answer = connection._cancel_query(sql, cursor._request_id)
        said = "was cancelled" if answer and answer.get("success") else "could not be cancelled or had ended"
        raise Stopped(f"{stopped} The running statement {said} in the warehouse.", stopped.exit_code) from None
