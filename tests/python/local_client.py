"""A thin client over the genuine connector, for the tests of the embedded warehouse."""

from __future__ import annotations

import io
import time
from typing import Any

import zstandard

from snowflake_etl.warehouse.local.folder import LocalEndpoint

FORMAT = (
    "FILE_FORMAT=(TYPE=CSV COMPRESSION=ZSTD FIELD_DELIMITER='\\t' RECORD_DELIMITER='\\n' SKIP_HEADER=0 "
    "FIELD_OPTIONALLY_ENCLOSED_BY=NONE ESCAPE=NONE ESCAPE_UNENCLOSED_FIELD=NONE NULL_IF=('NA') "
    "EMPTY_FIELD_AS_NULL=TRUE DATE_FORMAT='YYYYMMDD' TIMESTAMP_FORMAT='AUTO' TRIM_SPACE=FALSE ENCODING='UTF8' "
    "SKIP_BLANK_LINES=FALSE ERROR_ON_COLUMN_COUNT_MISMATCH=TRUE REPLACE_INVALID_CHARACTERS=FALSE)"
)
STAGE = '@"{database}"."WORK"."ETL_STAGE"/'


def sign_in(endpoint: LocalEndpoint, **given: Any) -> Any:
    """The connector's connection to an endpoint, with what the load also sends."""
    import snowflake.connector

    arguments = {
        "user": endpoint.user,
        "password": endpoint.secret,
        "account": "local",
        "host": endpoint.host,
        "port": endpoint.port,
        "protocol": "http",
        "login_timeout": 10,
        "network_timeout": 20,
        "platform_detection_timeout_seconds": 0,
        "paramstyle": "qmark",
        "session_parameters": {
            "QUERY_TAG": "test",
            "TIMEZONE": "UTC",
            "ABORT_DETACHED_QUERY": False,
            "LOCK_TIMEOUT": 900,
            "STATEMENT_TIMEOUT_IN_SECONDS": 600,
            "AUTOCOMMIT": True,
        },
    }
    return snowflake.connector.connect(**{**arguments, **given})


class Client:
    """One session: ``rows`` runs a statement, ``put`` stages bytes, ``copy`` loads them."""

    def __init__(self, connection: Any, database: str) -> None:
        self.connection = connection
        self.database = database
        self.stage = STAGE.format(database=database)
        self.last: Any = None

    def rows(self, sql: str, *binds: object) -> list[tuple[Any, ...]]:
        self.last = self.connection.cursor()
        self.last.execute(sql, binds or None)
        return [tuple(row) for row in self.last.fetchall()]

    def one(self, sql: str, *binds: object) -> Any:
        return self.rows(sql, *binds)[0][0]

    def count(self, sql: str, *binds: object) -> int:
        """Run DML; the number of rows that it says it changed."""
        self.rows(sql, *binds)
        return int(self.last.rowcount)

    def records(self, sql: str) -> list[dict[str, Any]]:
        rows = self.rows(sql)
        names = [column.name for column in self.last.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def put(self, name: str, data: bytes, path: str = "in/", *, pack: bool = True, options: str = "") -> str:
        """PUT a stream as the load does; the status."""
        self.last = self.connection.cursor()
        options = options or "AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=ZSTD OVERWRITE=FALSE PARALLEL=1"
        self.last.execute(
            f"PUT 'file://{name}' '{self.stage}{path}' {options}",
            file_stream=io.BytesIO(zstandard.compress(data) if pack else data),
        )
        return str(self.last.fetchall()[0][6])

    def copy(self, table: str = "T", path: str = "in/", rest: str = FORMAT) -> list[dict[str, Any]]:
        return self.records(f"COPY INTO {table} FROM '{self.stage}{path}' {rest}")

    def names(self, path: str = "") -> list[str]:
        return [str(row[0]) for row in self.rows(f"LIST '{self.stage}{path}'")]

    def finish(self, query_id: str, seconds: float = 20) -> Any:
        """Wait until a query has ended; its status."""
        deadline = time.monotonic() + seconds
        while self.connection.is_still_running(status := self.connection.get_query_status(query_id)):
            assert time.monotonic() < deadline, f"query {query_id} still runs after {seconds} s"
            time.sleep(0.02)
        return status
