"""Values bound to ``?``, as the connector sends them (floor 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local.sql_errors import SqlError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bindings:
    """The values of one request: one row of them, or many for a batch (``executemany``)."""

    def __init__(self, sent: dict[str, Any] | None) -> None:
        places = sorted(sent or {}, key=_place)
        columns = [(sent or {})[place] for place in places]
        self.is_batch = any(isinstance(column["value"], list) for column in columns)
        if self.is_batch:
            read = [[_read(column["type"], value) for value in column["value"]] for column in columns]
            self.rows: list[list[Any]] = [list(row) for row in zip(*read, strict=True)]
        else:
            self.rows = [[_read(column["type"], column["value"]) for column in columns]]

    @property
    def values(self) -> list[Any] | None:
        """The one row's values; None if nothing is bound."""
        return self.rows[0] if self.rows and self.rows[0] else None

    def text(self, placeholder: Expr) -> str:
        """The value for a ``?`` of a statement.  Raise SqlError if none was sent."""
        found = list(placeholder.root().find_all(exp.Placeholder, bfs=False))
        place = next((number for number, node in enumerate(found) if node is placeholder), -1)
        values = self.values or []
        if not 0 <= place < len(values):
            raise SqlError("SQL compilation error:\nBind variable not set.", 2049, "42601")
        return str(values[place])


def _place(name: str) -> int:
    if not name.isdigit():
        raise SqlError(f"Unsupported feature 'bind variable {name}' of the embedded warehouse.", 2, "0A000")
    return int(name)


def _read(kind: str, value: str | None) -> Any:
    """One bound value as a Python value."""
    if value is None:
        return None
    match kind:
        case "FIXED":
            return int(value) if value.removeprefix("-").isdigit() else Decimal(value)
        case "REAL":
            return float(value)
        case "BOOLEAN":
            return value.lower() == "true"
        case "BINARY":
            return bytes.fromhex(value)
        case "DATE":
            return _day(int(value))
        case "TIME":
            return _clock(int(value))
        case "TIMESTAMP_NTZ":
            return _moment(value).replace(tzinfo=None)
        case "TIMESTAMP_LTZ":
            return _moment(value)
        case "TIMESTAMP_TZ":
            nanoseconds, _, offset = value.partition(" ")
            return _moment(nanoseconds).astimezone(timezone(timedelta(minutes=int(offset or 1440) - 1440)))
        case _:
            return value


def _day(milliseconds: int) -> date:
    return (_EPOCH + timedelta(milliseconds=milliseconds)).date()


def _clock(nanoseconds: int) -> time:
    return (_EPOCH + timedelta(microseconds=nanoseconds // 1000)).time()


def _moment(nanoseconds: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)
