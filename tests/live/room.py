"""Where the questions are asked: an account, a schema of the run's own in it, and a room for each question.

The schema has a random name and is dropped at the end, whatever happens.  Sessions are the tools' own, so that
what is asked goes the way that a load goes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import zstandard

from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.stage import StagePath

HOW_TO_RUN = (
    "ETL_TEST_CONNECTION names no connection: to ask a real account, set it to a name in connections.toml and run "
    "tests/live/ask.py (see docs/live.md)"
)
CLIENT = Path(__file__).with_name("dying_client.py")
_ADDRESS = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)*\.(?:snowflakecomputing|amazonaws|windows|googleapis)\.\w+")
_SHORTEST_MASKED = 3
_CLIENT_SECONDS = 90

Value = TypeVar("Value")


@dataclass(frozen=True)
class Account:
    """Which account is asked: names in the operator's own files, never addresses or secrets.

    ``state`` is the folder of the embedded warehouse (connection ``local``) and of whole loads.
    """

    connection: str
    database: str | None
    warehouse: str | None
    state: str

    @classmethod
    def of_environment(cls, state: Path) -> Account | None:
        """The account that ETL_TEST_CONNECTION, _DATABASE and _WAREHOUSE name; None when they name none."""
        connection, database, warehouse = (
            os.environ.get(f"ETL_TEST_{name}") or None for name in ("CONNECTION", "DATABASE", "WAREHOUSE")
        )
        return cls(connection, database, warehouse, str(state)) if connection else None

    @property
    def is_local(self) -> bool:
        return self.connection == "local"

    def open(
        self, tag: str, schema: str | None = None, *, lock_timeout: int = 30, statement_timeout: int = 100
    ) -> Session:
        """Sign in as a load does, with time-outs in seconds that suit questions."""
        section = SnowflakeSection(
            connection=self.connection,
            database=self.database,
            schema=schema,
            warehouse=self.warehouse,
            login_timeout=60,
            network_timeout=90,
        )
        load = LoadSection(lock_timeout=lock_timeout, statement_timeout=statement_timeout)
        return Warehouse(section, load, Path(self.state)).open(tag)


class Place:
    """The run's own schema, with a stage in it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.session = account.open("snowflake_etl live questions")
        self.database = self.session.database
        if not self.database:
            self.session.close()
            raise UsageError("The connection names no database: set ETL_TEST_DATABASE.")
        self.schema = f"ETL_LIVE_{datetime.now(UTC):%Y%m%d%H%M%S}_{secrets.token_hex(4)}".upper()
        self.objects = WorkObjects(self.database, self.schema)
        self._secrets = self._names_to_mask()
        self.session.execute(f"CREATE SCHEMA {self.sql}")

    @property
    def sql(self) -> str:
        return f"{quote(self.database)}.{quote(self.schema)}"

    def furnish(self) -> None:
        self.session.execute(f"CREATE STAGE {self.objects.stage.sql}")

    def drop(self) -> None:
        """Drop the schema with everything in it; over a new session where the old one is gone."""
        try:
            self.session.ensure(f"DROP SCHEMA IF EXISTS {self.sql} CASCADE")
        finally:
            self.session.close()

    def masked(self, text: str) -> str:
        """``text`` without the names of the account and its objects, so that answers can be shown to others."""
        text = _ADDRESS.sub("<address>", text)
        for word, name in self._secrets:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"<{word}>", text, flags=re.IGNORECASE)
        return text

    def _names_to_mask(self) -> list[tuple[str, str]]:
        words = ("account", "user", "role", "warehouse", "database")
        row = self.session.query("SELECT " + ", ".join(f"CURRENT_{word.upper()}()" for word in words))[0]
        if not row[3]:
            self.session.close()
            raise UsageError("The connection names no warehouse that may be used: set ETL_TEST_WAREHOUSE.")
        pairs = [*zip(words, map(str, row), strict=True), ("connection", self.account.connection)]
        return sorted((pair for pair in pairs if len(pair[1]) >= _SHORTEST_MASKED), key=lambda pair: -len(pair[1]))


@contextlib.contextmanager
def place_in(account: Account) -> Iterator[Place]:
    """A schema of the run's own for the time of the context."""
    place = Place(account)
    try:
        place.furnish()
        yield place
    finally:
        place.drop()


@contextlib.contextmanager
def temporary_state() -> Iterator[Path]:
    """A folder for state; an embedded warehouse that was started in it is stopped at the end."""
    from snowflake_etl.warehouse.local import lifecycle

    state = Path(tempfile.mkdtemp(prefix="etl-live-"))
    try:
        yield state
    finally:
        lifecycle.stop(state)
        shutil.rmtree(state, ignore_errors=True)


@dataclass
class Room:
    """What one question works with: sessions, tables, a folder on the stage, all named after its number."""

    place: Place
    number: int
    _sessions: list[Session] = field(default_factory=list)
    _background: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "question"))

    @property
    def objects(self) -> WorkObjects:
        return self.place.objects

    @cached_property
    def main(self) -> Session:
        return self.session()

    def session(self, *, tag: str = "", lock_timeout: int = 30, statement_timeout: int = 100) -> Session:
        """One more session, closed after the question; the time-outs in seconds."""
        session = self.place.account.open(
            tag or f"snowflake_etl live question {self.number}",
            self.place.schema,
            lock_timeout=lock_timeout,
            statement_timeout=statement_timeout,
        )
        self._sessions.append(session)
        return session

    def seconds(self, real: int) -> int:
        """How long something has to take to be seen at work; the embedded warehouse answers sooner."""
        return max(2, real // 5) if self.place.account.is_local else real

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self._background.shutdown(wait=False, cancel_futures=True)

    # -- tables ---------------------------------------------------------------------------------

    def name(self, stem: str) -> ObjectName:
        return self.objects.name(f"{stem}_{self.number}")

    def table(self, stem: str, columns: str, *rows: str) -> ObjectName:
        """Make a table with ``columns`` (SQL) and ``rows`` (SQL values, one row each)."""
        name = self.name(stem)
        self.main.execute(f"CREATE OR REPLACE TABLE {name.sql} ({columns})")
        if rows:
            self.main.execute(f"INSERT INTO {name.sql} VALUES {', '.join(f'({row})' for row in rows)}")
        return name

    def count(self, table: ObjectName, session: Session | None = None) -> int:
        return int((session or self.main).query(f"SELECT COUNT(*) FROM {table.sql}")[0][0])

    # -- the stage ------------------------------------------------------------------------------

    def folder(self, name: str = "in") -> StagePath:
        return StagePath(self.objects.stage, f"q{self.number}/{name}/")

    def put(self, name: str, content: str, folder: StagePath | None = None) -> str:
        """PUT text as the load does, compressed; the status."""
        return stage.put_bytes(self.main, packed(content), name, folder or self.folder())

    def put_over(self, name: str, content: str, folder: StagePath) -> dict[str, Any]:
        """PUT with OVERWRITE=TRUE, which the load never does; the driver's record."""
        sql = (
            f"PUT {literal('file://' + name)} {literal(folder.sql)} "
            "AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=ZSTD OVERWRITE=TRUE PARALLEL=1"
        )
        cursor = self.cursor(self.main)
        cursor.execute(sql, file_stream=io.BytesIO(packed(content)))
        titles = [column[0].lower() for column in cursor.description]
        return dict(zip(titles, cursor.fetchall()[0], strict=True))

    def listed(self, folder: StagePath) -> dict[str, dict[str, Any]]:
        """LIST's records by the objects' base names."""
        records = self.main.records(f"LIST {literal(folder.sql)}")
        return {str(record["name"]).rsplit("/", 1)[-1]: record for record in records}

    # -- beside the session ---------------------------------------------------------------------

    @staticmethod
    def cursor(session: Session) -> Any:
        """The driver itself, for what the session leaves out on purpose."""
        return session._connection.cursor()

    def background(self, action: Callable[[], Value]) -> Future[Value]:
        """Do something that waits, beside the question."""
        return self._background.submit(action)

    def dying_client(self, statements: Sequence[str], *, answer: str = "", submit: str = "") -> str:
        """Another process that runs ``statements``, asks ``answer`` or starts ``submit``, and kills itself at once.

        Return the answer's one value, or the query id of what it started.
        """
        order: Mapping[str, object] = {
            "account": asdict(self.place.account),
            "schema": self.place.schema,
            "statements": list(statements),
            "answer": answer,
            "submit": submit,
        }
        done = subprocess.run(
            [sys.executable, str(CLIENT)],
            input=json.dumps(order),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=_CLIENT_SECONDS,
            check=False,
        )
        if not done.stdout.strip():
            raise RuntimeError(f"the other process said nothing but {done.stderr[-300:]!r}")
        return done.stdout.strip()


def packed(content: str) -> bytes:
    return zstandard.compress(content.encode())


def until(condition: Callable[[], Value], seconds: float) -> tuple[Value, float]:
    """Ask until the answer is true or the time is over; the last answer and the seconds that it took."""
    began = time.monotonic()
    while not (answer := condition()) and time.monotonic() - began < seconds:
        time.sleep(0.3)
    return answer, time.monotonic() - began
