"""What only Snowflake answers: records of SHOW, and errors that the embedded warehouse does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse.objects import WorkObjects

OBJECTS = WorkObjects("D", "ETL_WORK")
TARGET = ObjectName("D", "S", "T")
LOCKED = (
    "Statement '01b43b22-0509-2fce-0003-29019743c0af' has locked table 'T' in transaction 1715330074481000000 and this "
    "lock has not yet been released.\nYour statement '01b43b22-0509-2fce-0003-29019743c13b' was aborted because the "
    "number of waiters for this lock exceeds the 20 statements limit."
)


class Answering:
    """A session that answers some statements by their beginning, with what Snowflake answers."""

    def __init__(self, **records: Sequence[dict[str, Any]]) -> None:
        self.records_of = {key.replace("_", " ").upper(): rows for key, rows in records.items()}

    def records(self, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        for beginning, rows in self.records_of.items():
            if sql.startswith(beginning):
                return list(rows)
        raise WarehouseError("SQL access control error: not for you", code=3001)

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        assert sql == "SELECT CURRENT_ROLE()"
        return [("LOADER",)]


def failing(monkeypatch: pytest.MonkeyPatch, beginning: str, text: str, number: int, state: str) -> None:
    """Let the warehouse answer statements that begin so with an error of Snowflake's."""
    genuine = SnowflakeCursor.execute

    def execute(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        if command.startswith(beginning):
            raise ProgrammingError(msg=text, errno=number, sqlstate=state, sfqid="01b43b22-0509-2fce-0003-29019743c0af")
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", execute)
