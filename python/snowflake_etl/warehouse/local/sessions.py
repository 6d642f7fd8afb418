"""Sessions: who is signed in, with which parameters, in which transaction (floor 3).

DuckDB ends a transaction at the first error in it; Snowflake keeps it open.  A session remembers
such an end and refuses every further statement except ROLLBACK, so that nothing is lost silently.
"""

from __future__ import annotations

import enum
import itertools
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snowflake_etl.warehouse.local.folder import USER
from snowflake_etl.warehouse.local.parameters import Parameters
from snowflake_etl.warehouse.local.sql_errors import SqlError, from_engine, transaction_lost

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.engine import Engine
    from snowflake_etl.warehouse.local.staging.stages import StageStore
    from snowflake_etl.warehouse.local.staging.tickets import Tickets


class TransactionState(enum.Enum):
    """NONE: every statement commits by itself. OPEN: until COMMIT or ROLLBACK. LOST: ended by an error."""

    NONE = "none"
    OPEN = "open"
    LOST = "lost"


@dataclass
class Services:
    """What all sessions share."""

    engine: Engine
    stages: StageStore
    tickets: Tickets
    base_url: str = ""


@dataclass
class Session:
    """One signed-in client.  ``lock`` is held while a statement runs on ``connection``."""

    id: int
    services: Services
    connection: Any
    parameters: Parameters
    warehouse: str = "LOCAL_WH"
    role: str = "SYSADMIN"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    master_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    last_query_id: str = ""
    last_used: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock)
    sockets: set[tuple[str, int]] = field(default_factory=set)
    state: TransactionState = TransactionState.NONE
    lost_because: str = ""
    skips_by_itself: bool = False
    canceled: threading.Event = field(default_factory=threading.Event)

    @property
    def user(self) -> str:
        return USER

    @property
    def duck(self) -> Any:
        """The session's own DuckDB connection."""
        return self.connection._duck_conn

    @property
    def database(self) -> str | None:
        return self.connection.database if self.connection.database_set else None

    @property
    def schema(self) -> str | None:
        return self.connection.schema if self.connection.schema_set else None

    def fork(self) -> Session:
        """The same session on a separate connection, for a statement that runs in parallel with the others."""
        connection = self.services.engine.connect(self.database, self.schema)
        return Session(
            self.id,
            self.services,
            connection,
            self.parameters,
            self.warehouse,
            self.role,
            self.token,
            self.master_token,
        )

    def execute(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run DuckDB SQL on the session's connection.  Raise SqlError in Snowflake's terms."""
        try:
            self.duck.execute(sql, values) if values else self.duck.execute(sql)
            return list(self.duck.fetchall())
        except Exception as error:
            raise from_engine(error) from error

    # -- transactions ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Open a transaction; in an open one this does nothing, as on Snowflake."""
        if self.state is TransactionState.NONE:
            self.execute("BEGIN TRANSACTION")
            self.state = TransactionState.OPEN

    def commit(self) -> None:
        """End the transaction.  Raise SqlError if an error has already ended it: nothing was kept."""
        if self.state is TransactionState.LOST:
            cause = self.lost_because
            self.rollback()
            raise transaction_lost(cause)
        if self.state is TransactionState.OPEN:
            self.state = TransactionState.NONE
            try:
                self.execute("COMMIT")
            except SqlError:
                self._end_quietly()
                raise

    def rollback(self) -> None:
        """Undo the transaction; without one this does nothing."""
        if self.state is TransactionState.OPEN:
            self._end_quietly()
        self.state, self.lost_because = TransactionState.NONE, ""

    def lose(self, cause: str) -> None:
        """Note that an error has ended the open transaction."""
        if self.state is TransactionState.OPEN:
            self._end_quietly()
            self.state, self.lost_because = TransactionState.LOST, cause

    def _end_quietly(self) -> None:
        with suppress(Exception):
            self.duck.execute("ROLLBACK")

    def before_statement(self, *, is_ddl: bool, is_dml: bool) -> None:
        """Commit before DDL; open a transaction before DML if AUTOCOMMIT is off.  Raise SqlError if lost."""
        if self.state is TransactionState.LOST:
            raise transaction_lost(self.lost_because)
        if is_ddl:
            self.commit()
        elif is_dml and not self.parameters.autocommit:
            self.begin()

    def close(self) -> None:
        """Undo what is open and release the connection and the temporary stages."""
        self.rollback()
        with suppress(Exception):
            self.connection.close()


class Sessions:
    """All sessions of the server, found by their tokens."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._lock = threading.Lock()
        self._by_token: dict[str, Session] = {}
        self._ids = itertools.count(int(time.time() * 1000))

    def open(self, database: str | None, schema: str | None, given: dict[str, Any]) -> Session:
        """Sign a client in; its database and schema are created if missing."""
        engine = self.services.engine
        if database:
            engine.create_database(database)
            if schema and schema != "INFORMATION_SCHEMA":
                engine.create_schema(database, schema)
        session = Session(next(self._ids), self.services, engine.connect(database, schema), Parameters(given))
        with self._lock:
            self._by_token[session.token] = session
        return session

    def find(self, token: str) -> Session | None:
        session = self._by_token.get(token)
        if session:
            session.last_used = time.monotonic()
        return session

    def by_master(self, token: str) -> Session | None:
        return next((session for session in self.all() if session.master_token == token), None)

    def renew(self, session: Session) -> None:
        """Give the session new tokens; the old one stops working."""
        with self._lock:
            self._by_token.pop(session.token, None)
            session.token = secrets.token_urlsafe(32)
            self._by_token[session.token] = session

    def all(self) -> list[Session]:
        with self._lock:
            return list(self._by_token.values())

    def close(self, session: Session) -> None:
        """Sign a client out: its open transaction is undone, its temporary stages are dropped."""
        with self._lock:
            self._by_token.pop(session.token, None)
        with session.lock:
            session.close()
        self.services.stages.drop_where(session=session.id)

    def socket_closed(self, socket: tuple[str, int]) -> None:
        """Note that a client's TCP connection has ended."""
        for session in self.all():
            if socket in session.sockets:
                session.sockets.discard(socket)
                session.last_used = time.monotonic()

    def roll_back_deserted(self, seconds: float) -> None:
        """Undo the open transactions of clients that are gone: no TCP connection for that long."""
        for session in self.all():
            deserted = not session.sockets and time.monotonic() - session.last_used > seconds
            if deserted and session.state is TransactionState.OPEN and session.lock.acquire(blocking=False):
                try:
                    session.lose("the client's connection was gone")
                finally:
                    session.lock.release()
