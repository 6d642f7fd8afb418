"""Says who holds the lock that a run waits for (floor 5), instead of hanging silently for minutes.
It asks in a separate thread with its own session, and only once the run has waited for a while.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from types import TracebackType

from snowflake_etl.errors import EtlError
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import locks
from snowflake_etl.warehouse.locks import LockHolder
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)

FIRST_SECONDS = 10.0
_EVERY_SECONDS = 60.0


class LockWatch:
    """Wraps statements that may wait for locks on ``tables`` (full names); ``own`` is the session that sends them."""

    def __init__(self, open_session: Callable[[], Session], tables: Collection[str], own: str) -> None:
        self._open_session = open_session
        self._tables = tables
        self._own = own
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="locks", daemon=True)

    def __enter__(self) -> LockWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its query may take a while on a busy warehouse: do not wait for it.
        self._ended.set()

    def _watch(self) -> None:
        if self._ended.wait(FIRST_SECONDS):
            return
        try:
            with self._open_session() as session:
                self._ask(session)
        except EtlError as error:
            LOGGER.info("Who holds a lock cannot be asked: %s", error)

    def _ask(self, session: Session) -> None:
        told: set[str] = set()
        while not self._ended.is_set():
            holder = locks.holder_besides(session, self._tables, self._own)
            if holder is not None and holder.transaction not in told and not self._ended.is_set():
                told.add(holder.transaction)
                LOGGER.warning("Waiting: %s", _in_words(holder))
            self._ended.wait(_EVERY_SECONDS)


def watching(warehouse: Warehouse, session: Session, table: ObjectName, objects: WorkObjects) -> LockWatch:
    """Wrap statements of ``session`` that may wait for the locks of other changes to a table."""
    tables = [str(table), str(objects.lock)]
    return LockWatch(lambda: warehouse.open("snowflake_etl locks"), tables, locks.session_id(session))


def _in_words(holder: LockHolder) -> str:
    return locks.lock_in_words(holder, datetime.now(UTC), waits=True)
