"""One session with the warehouse (floor 3): the only module that uses Snowflake's driver.

Everything above deals with sessions, statements and query ids; only this module knows the driver and its errors.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from snowflake_etl import stop_signals
from snowflake_etl.errors import ConfigError, ConnectError, EtlError, ExitCode, LeaseLost, Stopped, WarehouseError
from snowflake_etl.sqltext import literal
from snowflake_etl.warehouse.cancelling import cancelled_when_stopped
from snowflake_etl.warehouse.driver_arguments import for_driver
from snowflake_etl.warehouse.driver_errors import our_error
from snowflake_etl.warehouse.retry import pause_before_retry, request_pauses
from snowflake_etl.warehouse.statement_log import logged
from snowflake_etl.warehouse.trust import trust

LOGGER = logging.getLogger(__name__)

_FIRST_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 2.0
_UNKNOWN_SECONDS = 20.0
_LOST_SECONDS = 600.0
_ATTEMPTS = 4

SESSION_PARAMETERS: Mapping[str, object] = {
    "TIMEZONE": "UTC",
    # The connector reads 'AUTO' formats; a user's own defaults must not change what a load means.
    "DATE_INPUT_FORMAT": "AUTO",
    "TIME_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    # A COPY survives its client; the next run attaches to it or finds its result.
    "ABORT_DETACHED_QUERY": False,
    "CLIENT_TELEMETRY_ENABLED": False,
    "AUTOCOMMIT": True,
}

Result = TypeVar("Result")


class QueryState(StrEnum):
    """The state of an asynchronous query."""

    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


class QueryUnknownError(WarehouseError):
    """The warehouse does not know a query: it may have run, failed, or never arrived."""


@dataclass(frozen=True)
class Outcome:
    """What a statement did: its number of rows (DML: affected, else returned) and its query id."""

    rowcount: int
    query_id: str


class Session:
    """A signed-in session; used by one thread at a time.

    The driver itself resends a request that got no answer or "not now" (HTTP 429, 5xx), for network_timeout
    seconds.  When the connection is lost for good, statements that only read (``query``, ``records``) or may safely
    happen twice (``ensure``, ``put``) are repeated over a new one; anything else that changes something is not, since
    nobody knows whether it happened: the caller decides.
    ``manages_own_objects`` is true if our stage and tables may be created without asking a DBA: on the
    embedded warehouse.  ``database`` and ``schema`` are the defaults for names without them.
    """

    def __init__(
        self,
        open_connection: Callable[[], Any],
        target: str,
        manages_own_objects: bool,
        retry_seconds: float = 300.0,
        statement_seconds: int | None = None,
    ) -> None:
        self._retry_seconds = retry_seconds
        # Without it the driver cancels every statement that takes longer than its network_timeout.
        self._statement_seconds = statement_seconds
        self._open_connection = open_connection
        self._connection = open_connection()
        self._in_transaction = False
        self.target = target
        self.manages_own_objects = manages_own_objects
        # Extra tasks that are done once the work is done.
        self.before_end: Callable[[Session], None] = lambda _: None
        # Those at sign-in: CREATE SCHEMA, for one, changes the session's current ones.
        self.database = str(self._connection.database or "")
        self.schema = str(self._connection.schema or "")
        if not (self.database and self.schema):
            self.close()
            raise ConfigError(
                f"The session with {target} has no {'schema' if self.database else 'database'}: set snowflake.database "
                "and snowflake.schema, or GRANT USAGE on them to the role, if they are set."
            )

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement that only reads and return its rows; ``?`` in it stands for the values of ``binds``."""
        return self._read(sql, binds, lambda cursor: [tuple(row) for row in cursor.fetchall()])

    def records(self, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Like ``query``, the rows by lower-cased column name: for SHOW, LIST and DESCRIBE."""
        return self._read(sql, binds, _records)

    def table(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run any one statement, once, and return its column names as the warehouse spells them and its rows."""
        with self._cursor(sql) as cursor:
            cursor.execute(sql, timeout=self._statement_seconds)
            rows = [tuple(row) for row in cursor.fetchall()]
            return [str(column[0]) for column in cursor.description or ()], rows

    def _read(self, sql: str, binds: Sequence[object], fetch: Callable[[Any], list[Any]]) -> list[Any]:
        def ask() -> list[Any]:
            with self._cursor(sql) as cursor:
                cursor.execute(sql, tuple(binds) or None, timeout=self._statement_seconds)
                return fetch(cursor)

        return self._again(ask)

    def _again(self, action: Callable[[], Result]) -> Result:
        """Do what may happen twice, over a new connection if one is lost; in a transaction only once.
        What the driver has tried for retry_seconds is not retried here.
        """
        began = time.monotonic()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return action()
            except (ConnectError, WarehouseError) as error:
                lost = isinstance(error, ConnectError)
                conflict = isinstance(error, WarehouseError) and error.is_conflict
                given_up = attempt == _ATTEMPTS or time.monotonic() - began > self._retry_seconds
                if self._in_transaction or given_up or not (lost or conflict):
                    raise
                LOGGER.warning("Trying again (attempt %d of %d): %s", attempt + 1, _ATTEMPTS, error)
                pause_before_retry(attempt)
                if lost:
                    # Without a connection the next attempt fails at once and leads to another one.
                    with contextlib.suppress(ConnectError):
                        self.reconnect()
        raise AssertionError("the last attempt returns or raises")

    def ensure(self, sql: str, binds: Sequence[object] = ()) -> Outcome:
        """Run a statement for its effect that may safely run twice, such as DROP TABLE IF EXISTS."""
        return self._again(lambda: self.execute(sql, binds))

    def execute(self, sql: str, binds: Sequence[object] = ()) -> Outcome:
        """Run a statement for its effect."""
        word = sql.split(None, 1)[0].upper()
        with self._cursor(sql) as cursor:
            # Until the transaction's end is answered, reads belong to it and are not repeated elsewhere.
            self._in_transaction = self._in_transaction or word == "BEGIN"
            cursor.execute(sql, tuple(binds) or None, timeout=self._statement_seconds)
            if word in ("COMMIT", "ROLLBACK"):
                self._in_transaction = False
            return Outcome(int(cursor.rowcount or 0), str(cursor.sfqid or ""))

    def reconnect(self) -> None:
        """Abandon the connection, with any open transaction, and sign in again.  Raise ConnectError."""
        self.close()
        self._in_transaction = False
        self._connection = self._open_connection()

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> str:
        """PUT an already compressed stream as ``name`` below ``stage_path`` (``@"D"."S"."STAGE"/a/b/``).

        Return the driver's status, UPLOADED or SKIPPED (an object of that name existed already).
        """
        # Names prove content, but a run presumed dead must not replace an object while another run's COPY reads it.
        # OVERWRITE=TRUE would save the driver's second SHA-256 of a part: measured, a twentieth of the processor time.
        options = "AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=ZSTD OVERWRITE=FALSE PARALLEL=1"
        statement = f"PUT {literal('file://' + name)} {literal(stage_path)} {options}"

        def send() -> list[dict[str, Any]]:
            stream.seek(0)
            with self._cursor() as cursor:
                cursor.execute(statement, file_stream=stream)
                return _records(cursor)

        rows = self._again(send)
        if len(rows) != 1:
            raise WarehouseError(f"PUT of {name} answered {len(rows)} rows instead of one. Run the load again.")
        status = str(rows[0]["status"]).upper()
        if status not in ("UPLOADED", "SKIPPED"):
            message = rows[0].get("message") or "no reason given"
            raise WarehouseError(f"PUT of {name} ended with {status}: {message}. Run the load again.")
        return status

    def get(self, stage_path: str) -> bytes:
        """GET one small object, ``@"D"."S"."STAGE"/a/b/name``, via a private folder that is removed afterwards."""
        with tempfile.TemporaryDirectory(prefix="snowflake-etl-") as folder:
            self.ensure(f"GET {literal(stage_path)} {literal(f'file://{folder}/')} PARALLEL=1")
            files = list(Path(folder).iterdir())
            if len(files) != 1:
                raise WarehouseError(f"GET of {stage_path} brought {len(files)} files instead of one.")
            return files[0].read_bytes()

    def submit(self, sql: str) -> str:
        """Start a statement asynchronously and return its query id."""
        with self._cursor() as cursor, logged(cursor, sql):
            cursor.execute_async(sql)
            return str(cursor.sfqid)

    def wait(self, query_id: str, while_waiting: Callable[[], None]) -> list[dict[str, Any]]:
        """Wait for a submitted query, possibly another session's, and return its records.

        ``while_waiting`` is called at every poll.  What it raises, or a signal, ends the wait, and the query is
        cancelled in the warehouse before the exception propagates; Stopped then says so.  A lost connection is
        replaced and the wait continues.  Raise WarehouseError when the query failed, QueryUnknownError when the
        warehouse does not know it (any more).
        """
        try:
            return self._wait(query_id, while_waiting)
        except (ConnectError, WarehouseError, LeaseLost):
            # After losing the lease, the query may be another run's by now.
            raise
        except Stopped as stopped:
            cancelled = self.cancel(query_id)
            said = "was cancelled in the warehouse" if cancelled else "could not be cancelled or had ended"
            raise Stopped(f"{stopped} Query {query_id} {said}.", stopped.exit_code) from None
        except BaseException:
            self.cancel(query_id)
            raise

    def _wait(self, query_id: str, while_waiting: Callable[[], None]) -> list[dict[str, Any]]:
        pause = _FIRST_POLL_SECONDS
        lost = unknown_since = 0.0
        while True:
            while_waiting()
            try:
                state = self.query_state(query_id)
                if state is QueryState.ENDED:
                    return self.result_of(query_id)
                lost = 0.0
            except ConnectError as error:
                lost = lost or time.monotonic()
                if time.monotonic() - lost > _LOST_SECONDS:
                    raise
                LOGGER.warning("Attaching to query %s again: %s", query_id, error)
                pause_before_retry(1)
                with contextlib.suppress(ConnectError):
                    self.reconnect()
                continue
            if state is QueryState.RUNNING:
                unknown_since = 0.0
            else:
                unknown_since = unknown_since or time.monotonic()
                if time.monotonic() - unknown_since > _UNKNOWN_SECONDS:
                    raise QueryUnknownError(f"{self.target} does not know query {query_id}.")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)

    def query_state(self, query_id: str) -> QueryState:
        """Return a query's state; raise WarehouseError when it failed."""
        with _translated(self.target):
            status = self._connection.get_query_status_throw_if_error(query_id)
            if status.name == "NO_DATA":
                # Also the answer for another user's query, so never proof of failure.
                return QueryState.UNKNOWN
            return QueryState.RUNNING if self._connection.is_still_running(status) else QueryState.ENDED

    def result_of(self, query_id: str) -> list[dict[str, Any]]:
        """The records of a query that ended well; Snowflake keeps them for about a day."""
        with self._cursor() as cursor:
            cursor.get_results_from_sfqid(query_id)
            return _records(cursor)

    def cancel(self, query_id: str) -> bool:
        """Cancel a query in the warehouse; False when it could not be, for example because it had ended."""
        try:
            answer = self.query(f"SELECT SYSTEM$CANCEL_QUERY({literal(query_id)})")
        except EtlError:
            return False
        return "terminated" in str(answer[0][0])

    def end(self, kind: type[BaseException] | None = None) -> None:
        """Close the session after its work, which ended with an exception of that kind, or normally.
        The extra tasks are skipped if a connection is lost, somebody wants to stop, or a transaction is
        open, which DDL would commit.
        """
        orderly = kind is None or (issubclass(kind, EtlError) and not issubclass(kind, ConnectError))
        try:
            if orderly and not self._in_transaction:
                self.before_end(self)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection at once; an open transaction is rolled back by the warehouse."""
        with contextlib.suppress(Exception):
            self._connection.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end(kind)

    @contextlib.contextmanager
    def _cursor(self, sql: str = "") -> Iterator[Any]:
        with _translated(self.target):
            cursor = self._connection.cursor()
            try:
                with cancelled_when_stopped(self._connection, cursor, sql), logged(cursor, sql):
                    yield cursor
            finally:
                cursor.close()


def connect(
    arguments: Callable[[], Mapping[str, object]],
    *,
    target: str,
    manages_own_objects: bool,
    parameters: Mapping[str, object],
    retry_seconds: float,
    statement_seconds: int,
) -> Session:
    """Sign in with the driver's own ``arguments`` (asked for again at every reconnect) and return the session.

    ``parameters`` are session parameters on top of SESSION_PARAMETERS.  A statement may take ``statement_seconds``;
    temporary failures are retried for ``retry_seconds``.  Raise ConnectError, naming the target and
    what to check, when the warehouse is out of reach or refuses us.
    """
    import snowflake.connector

    major = int(snowflake.connector.__version__.split(".")[0])

    def open_connection() -> Any:
        with _translated(target, signing_in=True):
            given = {
                "paramstyle": "qmark",
                "application": "snowflake_etl",
                "client_session_keep_alive": True,
                # Otherwise every sign-in asks the cloud providers' metadata services first.
                "platform_detection_timeout_seconds": 0,
                "backoff_policy": lambda: request_pauses(target, retry_seconds),
                **arguments(),
                "session_parameters": {**SESSION_PARAMETERS, **parameters},
            }
            if major < 5 and "ca_file" in given:
                trust(Path(str(given["ca_file"])))
            return snowflake.connector.connect(**for_driver(given, major))

    return Session(open_connection, target, manages_own_objects, retry_seconds, statement_seconds)


def _records(cursor: Any) -> list[dict[str, Any]]:
    # The result of an asynchronous query is only described once it is fetched.
    rows = cursor.fetchall()
    names = [str(column[0]).lower() for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


@contextlib.contextmanager
def _translated(target: str, *, signing_in: bool = False) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except EtlError:
        raise
    except KeyboardInterrupt:
        # While a statement runs, the driver replaces our handler for Ctrl-C with its own.
        raise Stopped("Stopped by SIGINT.", ExitCode.INTERRUPTED) from None
    except Exception as error:
        from snowflake.connector.errors import Error, HttpError

        stop_signals.check_error(error)
        if not isinstance(error, Error | HttpError | OSError):
            raise
        raise our_error(error, target, signing_in) from error
