"""The embedded warehouse as an operator sees it: start, stop, status, one SQL statement, reset (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import WarehouseError
from snowflake_etl.warehouse.local import lifecycle
from snowflake_etl.warehouse.local.lifecycle import LocalStatus
from snowflake_etl.warehouse.signin import Warehouse

_NETWORK_TIMEOUT_SECONDS = 86400


@dataclass(frozen=True)
class Rows:
    """The result of a statement: the column names and the rows, values in Python's own types."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def start(state_dir: Path) -> LocalStatus:
    """Start the embedded warehouse unless it is running.  Raise ConnectError when it does not start."""
    lifecycle.ensure_running(state_dir)
    return lifecycle.status(state_dir)


def stop(state_dir: Path) -> bool:
    """Have it write its data and end; return whether it was running."""
    return lifecycle.stop(state_dir)


def status(state_dir: Path) -> LocalStatus:
    """Return its state, without starting it."""
    return lifecycle.status(state_dir)


def reset(state_dir: Path, *, force: bool) -> None:
    """Delete all of its data.  Raise Refused while somebody is signed in, unless ``force``."""
    lifecycle.reset(state_dir, force=force)


def ask(state_dir: Path, statement: str, database: str | None, schema: str | None) -> Rows:
    """Run one statement on the embedded warehouse, starting it if needed.
    Raise WarehouseError with its answer when it refuses the statement.
    """
    section = SnowflakeSection.model_validate(
        {
            "connection": "local",
            "database": database,
            "schema": schema,
            # A person is waiting: the statement may take as long as it needs.
            "network_timeout": _NETWORK_TIMEOUT_SECONDS,
        }
    )
    with Warehouse(section, LoadSection(), state_dir, sweeps=False).open("local sql") as session:
        try:
            columns, rows = session.table(statement)
        except WarehouseError as error:
            # Snowflake's messages span lines; ours are one.
            message = " ".join(str(error).split())
            raise WarehouseError(message, code=error.code, sqlstate=error.sqlstate, query_id=error.query_id) from error
    return Rows(tuple(columns), tuple(rows))
