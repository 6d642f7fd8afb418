"""Queries: each runs in a thread, can be watched, cancelled and read again by its id (floor 3)."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled, from_engine, timed_out

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.answers import Answer
    from snowflake_etl.warehouse.local.sessions import Session
    from snowflake_etl.warehouse.local.sql.bindings import Bindings

_MOST_QUERIES = 10_000
_MOST_ANSWERS = 200
_MOST_ANSWER_BYTES = 256 << 20
_MOST_THREADS = 64
_SECONDS_BETWEEN_INTERRUPTS = 0.05


class Status(StrEnum):
    """What the connector's ``get_query_status`` understands."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED_WITH_ERROR"


@dataclass
class Query:
    """One statement: what was asked, by which session, and how it went.

    ``session`` is released when it has ended; ``timeout`` (seconds) and ``deadline`` (of
    ``time.monotonic``) are 0 for none.
    """

    session: Session | None
    text: str
    tag: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    request_id: str = ""
    session_id: int = 0
    role: str = ""
    warehouse: str = ""
    timeout: float = 0.0
    deadline: float = 0.0
    started: float = field(default_factory=time.time)
    ended: float = 0.0
    answer: Answer | None = None
    error: SqlError | None = None
    stopped_by: SqlError | None = None
    future: Future[None] = field(default_factory=Future)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def finish(self, answer: Answer | None, error: SqlError | None) -> None:
        """Record the query's outcome, once; after that nothing interrupts its session on its behalf."""
        with self.guard:
            if self.ended:
                return
            self.answer, self.error = answer, error
            self.ended = time.time()
            self.session = None
        self.future.set_result(None)

    def interrupt(self) -> None:
        """Interrupt what the query's session is currently doing for it."""
        with self.guard:
            if self.session is not None:
                self.session.canceled.set()
                with suppress(Exception):
                    self.session.duck.interrupt()

    @property
    def status(self) -> Status:
        if not self.ended:
            return Status.RUNNING
        return Status.FAILED if self.error else Status.SUCCESS


class Queries:
    """Every query since the server started, the newest ones with their answers."""

    def __init__(self, runner: Callable[[Session, Query, Bindings], Answer]) -> None:
        self._run = runner
        self._lock = threading.Lock()
        self._queries: OrderedDict[str, Query] = OrderedDict()
        # Needed every second and by every health check: the cost must not grow with the server's uptime.
        self._running: dict[str, Query] = {}
        self._answered: OrderedDict[str, int] = OrderedDict()
        self._pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="query")

    def submit(
        self, session: Session, text: str, bindings: Bindings, *, request_id: str = "", beside: bool = False
    ) -> Query:
        """Start a statement and return at once.
        ``beside`` lets it run in parallel with the session's other statements, on a separate connection,
        unless a transaction is open: then it belongs to that.
        """
        query = Query(
            session,
            text,
            session.parameters.query_tag,
            request_id=request_id,
            session_id=session.id,
            role=session.role,
            warehouse=session.warehouse,
        )
        with self._lock:
            self._queries[query.id] = self._running[query.id] = query
            for oldest in list(itertools.islice(self._queries.values(), max(0, len(self._queries) - _MOST_QUERIES))):
                if oldest.ended:
                    del self._queries[oldest.id]
        self._pool.submit(self._work, session, query, bindings, beside)
        return query

    def _work(self, session: Session, query: Query, bindings: Bindings, beside: bool) -> None:
        try:
            if beside and session.state is session.state.NONE:
                query.session = fork = session.fork()
                try:
                    self._answer(fork, query, bindings)
                finally:
                    fork.close()
            else:
                with session.lock:
                    self._answer(session, query, bindings)
            session.last_query_id = query.id
        except Exception as error:
            query.finish(None, from_engine(error))
        finally:
            with self._lock:
                self._running.pop(query.id, None)

    def _answer(self, session: Session, query: Query, bindings: Bindings) -> None:
        seconds = session.parameters.statement_timeout
        query.timeout, query.deadline = seconds, time.monotonic() + seconds if seconds else 0.0
        session.canceled.clear()
        answer, failure = None, None
        try:
            if query.stopped_by:
                raise query.stopped_by
            answer = self._run(session, query, bindings)
        except Exception as error:
            failure = query.stopped_by or from_engine(error)
        session.last_query_id = query.id
        query.finish(answer, failure)
        if answer:
            self._keep(query, answer.size)

    def _keep(self, query: Query, size: int) -> None:
        """Keep the newest answers to be read again, limited in number and total size."""
        with self._lock:
            self._answered[query.id] = size
            while len(self._answered) > 1 and (
                len(self._answered) > _MOST_ANSWERS or sum(self._answered.values()) > _MOST_ANSWER_BYTES
            ):
                oldest, _ = self._answered.popitem(last=False)
                if forgotten := self._queries.get(oldest):
                    forgotten.answer = None

    def stop_overdue(self) -> None:
        """Interrupt the queries that have exceeded their STATEMENT_TIMEOUT_IN_SECONDS."""
        now = time.monotonic()
        for query in self.running():
            if query.deadline and now > query.deadline:
                self.stop(query, timed_out(query.timeout))

    def find(self, query_id: str) -> Query | None:
        return self._queries.get(query_id)

    def by_request(self, request_id: str) -> Query | None:
        """The running query that a request of the connector started."""
        with self._lock:
            return next((query for query in reversed(self._queries.values()) if query.request_id == request_id), None)

    def running(self) -> list[Query]:
        with self._lock:
            return [query for query in self._running.values() if not query.ended]

    def all(self) -> list[Query]:
        """Every query, newest first."""
        with self._lock:
            return list(reversed(self._queries.values()))

    def stop(self, query: Query, reason: SqlError | None = None) -> bool:
        """Interrupt a running query; return whether it was running."""
        if query.ended:
            return False
        query.stopped_by = query.stopped_by or reason or canceled()
        threading.Thread(target=self._interrupt, args=(query,), daemon=True).start()
        return True

    @staticmethod
    def _interrupt(query: Query) -> None:
        # DuckDB loses an interrupt that comes between two of its statements: send it until it has worked.
        while not query.ended:
            query.interrupt()
            wait([query.future], timeout=_SECONDS_BETWEEN_INTERRUPTS)

    def close(self) -> None:
        """Stop everything that is running."""
        for query in self.running():
            self.stop(query)
        self._pool.shutdown(wait=True, cancel_futures=True)
