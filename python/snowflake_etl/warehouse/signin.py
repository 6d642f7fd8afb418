"""From a configuration to a session (floor 3): which arguments the driver gets for each way of signing in."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.config.secret import remember_secret
from snowflake_etl.sqltext import fold
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session, connect
from snowflake_etl.warehouse.sweeping import stamp_of, sweep_once_a_day
from snowflake_etl.warehouse.ways_in import Ask, account_arguments

LOCAL_DATABASE = "DEMO"
LOCAL_SCHEMA = "PUBLIC"
LOOPBACK = "127.0.0.1"
_LOCAL_NETWORK_SECONDS = 5


@dataclass(frozen=True)
class Warehouse:
    """A target to which sessions can be opened, any number and from any thread.
    ``ask`` gets a passphrase or password from the operator, if somebody is there.  What must not change anything (a dry
    run) does not sweep old safety copies either.
    """

    section: SnowflakeSection
    load: LoadSection
    state_directory: Path
    ask: Ask | None = field(default=None, repr=False, compare=False)
    sweeps: bool = True
    _answers: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _asking: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def target(self) -> str:
        return self.section.target

    @property
    def place(self) -> str:
        """Account (or connection), database and work schema in one text, for the run's record."""
        database = self.section.database or (LOCAL_DATABASE if self.section.is_local else None)
        return f"{self.target}/{fold(database) if database else '(its own)'}.{fold(self.load.work_schema)}"

    def open(self, query_tag: str, warehouse: str | None = None) -> Session:
        """Sign in; ``query_tag`` makes the session's queries findable.  Raise ConnectError or ConfigError.

        ``warehouse`` is used instead of ``snowflake.warehouse``, in this session only.
        """
        queue = self.load.queue_timeout
        parameters = {
            "QUERY_TAG": query_tag,
            "LOCK_TIMEOUT": self.load.lock_timeout,
            "STATEMENT_TIMEOUT_IN_SECONDS": self.load.statement_timeout,
            **({} if queue is None else {"STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": queue}),
        }
        session = connect(
            lambda: self._arguments(warehouse),
            target=self.target,
            manages_own_objects=self.section.is_local,
            parameters=parameters,
            retry_seconds=self.section.network_timeout,
            statement_seconds=self.load.statement_timeout,
        )
        if self.sweeps:
            session.before_end = self._sweep
        return session

    def _sweep(self, session: Session) -> None:
        user, role = self.section.user or "", self.section.role or ""
        stamp = stamp_of(self.state_directory, self.place, user, role)
        sweep_once_a_day(session, WorkObjects.of(session.database, self.load), stamp)

    def _arguments(self, warehouse: str | None) -> dict[str, object]:
        return {
            "login_timeout": self.section.login_timeout,
            "network_timeout": self.section.network_timeout,
            **(self._local_arguments() if self.section.is_local else account_arguments(self.section, self._asker())),
            **({"warehouse": warehouse} if warehouse else {}),
        }

    def _local_arguments(self) -> dict[str, object]:
        from snowflake_etl.warehouse.local.lifecycle import ensure_running

        _never_by_proxy(LOOPBACK)
        endpoint = ensure_running(self.state_directory)
        remember_secret(endpoint.secret)
        return {
            "account": "local",
            # If the connection is refused, only we restart it, and on another port: do not wait for long.
            "network_timeout": min(self.section.network_timeout, _LOCAL_NETWORK_SECONDS),
            "host": endpoint.host,
            "port": endpoint.port,
            "protocol": "http",
            "user": endpoint.user,
            "password": endpoint.secret,
            "database": self.section.database or LOCAL_DATABASE,
            "schema": self.section.schema_ or LOCAL_SCHEMA,
        }

    def _asker(self) -> Ask | None:
        """Wrap ``ask`` so that it asks nothing twice: every worker and every reconnect signs in."""
        ask = self.ask
        if ask is None:
            return None

        def once(question: str) -> str:
            with self._asking:
                if question not in self._answers:
                    self._answers[question] = ask(question)
                return self._answers[question]

        return once


def _never_by_proxy(host: str) -> None:
    """Never use a proxy for this host itself, whatever HTTP_PROXY says."""
    for name in ("no_proxy", "NO_PROXY"):
        there = [part for part in os.environ.get(name, "").split(",") if part]
        if host not in there and "*" not in there:
            os.environ[name] = ",".join([*there, host])
