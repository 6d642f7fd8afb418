"""Keeps a run's leases alive while it works (floor 5): a heartbeat in a thread with a session of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from snowflake_etl.errors import LeaseLost
from snowflake_etl.stop_signals import held_back
from snowflake_etl.warehouse import lease
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)


class LeaseKeeper:
    """Renews ``count`` leases of ``run_id`` every third of ``seconds``; ``on_lost`` is called once when they are lost.
    An unreachable warehouse does not count as a loss until the leases have expired.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        objects: WorkObjects,
        run_id: str,
        count: int,
        seconds: int,
        on_lost: Callable[[], None],
    ) -> None:
        self._open_session = open_session
        self._objects = objects
        self._run_id = run_id
        self._count = count
        self._seconds = seconds
        self._on_lost = on_lost
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> LeaseKeeper:
        with held_back():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raise Refused when the leases are lost: somebody else may be working on the files by now."""
        if self._lost.is_set():
            raise LeaseLost(
                "The lease on the files is lost: the warehouse was out of reach for too long, or another run took "
                "this one for dead. Nothing was published; run the load again."
            )

    def _beat(self) -> None:
        session: Session | None = None
        renewed = time.monotonic()
        while not self._ended.wait(self._seconds / 3):
            try:
                session = session or self._open_session()
                held = lease.renew(session, self._objects, self._run_id, self._seconds)
                renewed = time.monotonic()
            except Exception as error:
                # Whatever the driver raises, the leases hold until they expire.
                LOGGER.warning("The lease could not be renewed: %s", error)
                if session is not None:
                    session.close()
                session = None
                held = self._count if time.monotonic() - renewed < self._seconds else 0
            if held < self._count:
                self._lost.set()
                self._on_lost()
                break
        if session is not None:
            session.close()
