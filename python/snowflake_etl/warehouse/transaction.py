"""One transaction, retried as a whole (floor 3).

A conflict with another transaction or a lost connection ends an attempt with nothing done - or, when only
COMMIT's answer was lost, with everything done.  So before each further attempt the warehouse is asked which of the two
happened.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from snowflake_etl.errors import ConnectError, EtlError, Stopped, WarehouseError
from snowflake_etl.warehouse.retry import pause_before_retry
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)

# Snowflake itself waits for locks (LOCK_TIMEOUT) and ends abandoned transactions; an attempt may take long.
RETRY_SECONDS = 60.0
_LEAST_ATTEMPTS = 3

Result = TypeVar("Result")


def transact(session: Session, change: Callable[[], Result], committed_before: Callable[[], Result | None]) -> Result:
    """BEGIN, ``change``, COMMIT; return what ``change`` returned.

    ``committed_before`` returns the result of an earlier attempt that succeeded after all, None if none did.
    It must read what ``change`` wrote; a COMMIT still in progress holds the lock that ``change`` takes, so a
    further attempt waits for it and then finds things changed.  Raise what ``change`` raises, and the last
    conflict or lost connection when they persist for RETRY_SECONDS after the first one, which may have taken long.
    """
    first_failure, lost = 0.0, False
    for attempt in itertools.count(1):
        try:
            if lost:
                session.reconnect()
                lost = False
            if attempt > 1 and (earlier := committed_before()) is not None:
                return earlier
            return _once(session, change)
        except EtlError as error:
            lost = isinstance(error, ConnectError)
            if not lost and not (isinstance(error, WarehouseError) and error.is_conflict):
                if attempt > 1 and (earlier := committed_before()) is not None:
                    return earlier
                raise
            first_failure = first_failure or time.monotonic()
            if attempt >= _LEAST_ATTEMPTS and time.monotonic() - first_failure > RETRY_SECONDS:
                raise
            LOGGER.warning("The transaction is tried again (attempt %d): %s", attempt + 1, error)
            pause_before_retry(attempt)
    raise AssertionError("an attempt returns or raises")


@dataclass(frozen=True)
class Sides:
    """The messages for a signal near the COMMIT: ``before`` it, ``after`` it, or when nobody can tell."""

    before: str
    after: str
    unsure: str


def transact_or_tell(
    session: Session, change: Callable[[], Result], committed_before: Callable[[], Result | None], sides: Sides
) -> Result:
    """Like ``transact``; a signal that came after the COMMIT is only logged, since there is nothing left to stop.

    Raise Stopped, with the matching message, when it came before.
    """
    try:
        return transact(session, change, committed_before)
    except Stopped as stopped:
        try:
            session.reconnect()
            result = committed_before()
        except EtlError:
            raise Stopped(f"{stopped} {sides.unsure}", stopped.exit_code) from None
        if result is None:
            raise Stopped(f"{stopped} {sides.before}", stopped.exit_code) from None
        LOGGER.warning("%s It came after the COMMIT: %s", stopped, sides.after)
        return result


def _once(session: Session, change: Callable[[], Result]) -> Result:
    session.execute("BEGIN")
    try:
        result = change()
    except BaseException:
        roll_back(session)
        raise
    try:
        session.execute("COMMIT")
    except WarehouseError as error:
        roll_back(session)
        if error.is_conflict:
            raise
        # Whatever the driver raises: after a COMMIT without a positive answer only the warehouse knows.
        raise ConnectError(f"COMMIT was not answered well: {error}") from error
    except BaseException:
        roll_back(session)
        raise
    return result


def roll_back(session: Session) -> None:
    """Undo; a session that is gone is rolled back by the warehouse, and closing it makes sure of that."""
    try:
        session.execute("ROLLBACK")
    except EtlError:
        session.close()
