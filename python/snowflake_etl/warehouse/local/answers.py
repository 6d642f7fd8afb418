"""The result of a statement, and its form on the wire (floor 3).
Our own statements return rows of texts (the connector's JSON format); what DuckDB computed is sent as Arrow,
inline, whatever its size.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

# Statement kinds that tell the connector how to count rows.
SELECT = 0x1000
INSERT = 0x3100
UPDATE = 0x3200
DELETE = 0x3300
MERGE = 0x3400
COPY = 0x3600
OTHER = 0x0000
TRANSACTION = 0x5000
DDL = 0x6000
DML_KINDS = frozenset({INSERT, UPDATE, DELETE, MERGE})


@dataclass(frozen=True)
class Column:
    """One column of an answer; ``type`` in the wire format's terms (text, fixed, real, ...)."""

    name: str
    type: str = "text"
    scale: int = 0


@dataclass
class Answer:
    """The result of one statement: rows of Python values, or an Arrow table, or a file transfer."""

    columns: Sequence[Column] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    kind: int = OTHER
    table: pyarrow.Table | None = None
    rowtype: list[dict[str, Any]] | None = None
    transfer: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def row_count(self) -> int:
        return self.table.num_rows if self.table is not None else len(self.rows)

    @property
    def size(self) -> int:
        """The approximate size in memory, in bytes."""
        return int(self.table.nbytes) if self.table is not None else 100 * len(self.rows) * (len(self.columns) or 1)

    def data(self) -> dict[str, Any]:
        """The ``data`` of the reply, without the session's part."""
        if self.transfer is not None:
            return dict(self.transfer)
        return {
            "rowtype": self._rowtype(),
            "total": self.row_count,
            "returned": self.row_count,
            "statementTypeId": self.kind,
            **self._rows(),
            **self.extra,
        }

    def _rowtype(self) -> list[dict[str, Any]]:
        return self.rowtype if self.rowtype is not None else [_describe(column) for column in self.columns]

    def _rows(self) -> dict[str, Any]:
        if self.table is None:
            return {"queryResultFormat": "json", "rowset": [[_text(value) for value in row] for row in self.rows]}
        if self.kind in DML_KINDS:
            # The connector reads the number of affected rows from a rowset of texts.
            columns = [column.to_pylist() for column in self.table.columns]
            return {
                "queryResultFormat": "json",
                "rowset": [[_text(value) for value in row] for row in zip(*columns, strict=True)],
            }
        return {"queryResultFormat": "arrow", "rowsetBase64": self._arrow()}

    def _arrow(self) -> str:
        from fakesnow.arrow import to_ipc, to_sf

        return b64encode(to_ipc(to_sf(self.table, self._rowtype()))).decode("ascii")


def success(message: str = "Statement executed successfully.", kind: int = OTHER) -> Answer:
    """The one-row answer of statements that have nothing to return."""
    return Answer([Column("status")], [(message,)], kind)


def _describe(column: Column) -> dict[str, Any]:
    text = column.type == "text"
    return {
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": True,
        "type": column.type,
        "byteLength": 16777216 if text else None,
        "length": 16777216 if text else None,
        "scale": column.scale if column.type in ("fixed", "timestamp_ltz", "timestamp_ntz") else None,
        "precision": 38 if column.type == "fixed" else None,
        "collation": None,
    }


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
