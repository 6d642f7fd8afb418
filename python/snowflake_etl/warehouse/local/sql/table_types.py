"""Column types as they were declared (floor 3).

DuckDB forgets the length of a VARCHAR and the precision of a timestamp.  They are kept in the column's
comment (``declared:VARCHAR(10)``), which is renamed and dropped with the table and survives restarts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local.sql.columns_view import DECLARED, LONGEST_TEXT
from snowflake_etl.warehouse.local.sql.duck_text import literal, quoted

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_TEXT_TYPES = {"VARCHAR", "TEXT", "NVARCHAR", "STRING"}
_FIXED_TEXT_TYPES = {"CHAR", "NCHAR"}
_TIME_TYPES = {
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMPNTZ": "TIMESTAMP_NTZ",
    "DATETIME": "TIMESTAMP_NTZ",
    "TIMESTAMPLTZ": "TIMESTAMP_LTZ",
    "TIMESTAMPTZ": "TIMESTAMP_TZ",
    "TIME": "TIME",
}

# Not from the view in columns_view.py, which says the same: planning it takes longer than most statements.
_TABLE_COLUMNS = """
SELECT column_name, data_type, comment, numeric_precision, numeric_scale, is_nullable, column_default
FROM duckdb_columns()
WHERE NOT internal AND schema_name <> '_fs_information_schema' AND database_name <> '_fs_global'
  AND database_name = ? AND schema_name = ? AND table_name = ?
ORDER BY column_index
"""
_INTEGERS = {"BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT"}
_KINDS = {
    **dict.fromkeys(_INTEGERS, "NUMBER"),
    "VARCHAR": "TEXT",
    "DOUBLE": "FLOAT",
    "BLOB": "BINARY",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
    "JSON": "VARIANT",
}
_SIZE = re.compile(r"[A-Z_]+\((\d+)\)")


@dataclass(frozen=True)
class TableColumn:
    """One column of a table in Snowflake's terms.

    ``kind`` is NUMBER, TEXT, DATE, ...; ``length`` counts characters of TEXT; ``precision`` and ``scale``
    are those of NUMBER, ``scale`` also the digits of a second of the TIME kinds.
    """

    name: str
    kind: str
    length: int
    precision: int
    scale: int
    nullable: bool
    default: str | None

    @property
    def type(self) -> str:
        """The type as DESCRIBE TABLE shows it."""
        match self.kind:
            case "TEXT":
                return f"VARCHAR({self.length})"
            case "NUMBER":
                return f"NUMBER({self.precision},{self.scale})"
            case "BINARY":
                return "BINARY(8388608)"
            case kind if kind.startswith("TIME"):
                return f"{kind}({self.scale})"
            case kind:
                return kind


def table_columns(session: Session, name: tuple[str, str, str]) -> list[TableColumn]:
    """The columns of a table or view in order; none if it does not exist."""
    known = session.services.engine.columns
    if (columns := known.find(name)) is None:
        state = known.state(name)
        columns = [_column(row) for row in session.execute(_TABLE_COLUMNS, list(name))]
        known.keep(name, state, columns)
    return list(columns)


def _column(row: tuple[Any, ...]) -> TableColumn:
    name, type_, comment, precision, scale, nullable, default = row
    declared = comment.removeprefix(DECLARED) if comment and comment.startswith(DECLARED) else ""
    size = _SIZE.fullmatch(declared)
    length = 0
    if type_.startswith("DECIMAL"):
        kind = "NUMBER"
    else:
        kind = _KINDS.get(type_, type_)
        precision, scale = (38, 0) if type_ in _INTEGERS else (0, 0)
    if type_ == "VARCHAR":
        length = int(size[1]) if size and declared.startswith("VARCHAR") else LONGEST_TEXT
    if type_.startswith("TIME"):
        scale = int(size[1]) if size and declared.startswith("TIME") else 9
    if declared.startswith("TIME"):
        kind = declared.partition("(")[0]
    return TableColumn(str(name), kind, length, int(precision or 0), int(scale or 0), bool(nullable), default)


def declared_types(create: Expr) -> dict[str, str]:
    """What DuckDB would forget about the type of each column in a CREATE TABLE or ALTER TABLE."""
    found: dict[str, str] = {}
    for column in create.find_all(exp.ColumnDef):
        if isinstance(column.kind, exp.DataType) and (text := declared_text(column.kind)):
            found[_column_name(column.this)] = text
    for change in create.find_all(exp.AlterColumn):
        kind = change.args.get("dtype")
        if isinstance(kind, exp.DataType) and (text := declared_text(kind)):
            found[_column_name(change.this)] = text
    return found


def _column_name(identifier: Expr) -> str:
    name = identifier if isinstance(identifier, exp.Identifier) else identifier.find(exp.Identifier)
    if not isinstance(name, exp.Identifier):
        return identifier.name.upper()
    return str(name.this) if name.quoted else str(name.this).upper()


def declared_text(kind: exp.DataType) -> str:
    """``VARCHAR(10)``, ``TIMESTAMP_LTZ(6)``, ... or nothing if DuckDB keeps all of it."""
    name = kind.this.name if isinstance(kind.this, exp.DataType.Type) else str(kind.this)
    size = next((int(param.name) for param in kind.expressions if param.name.isdigit()), None)
    if name in _TEXT_TYPES:
        return f"VARCHAR({size})" if size is not None else ""
    if name in _FIXED_TEXT_TYPES:
        return f"VARCHAR({size if size is not None else 1})"
    if name in _TIME_TYPES:
        return f"{_TIME_TYPES[name]}({size if size is not None else 9})"
    return ""


def remember(session: Session, name: tuple[str, str, str], declared: dict[str, str]) -> None:
    """Write declared types into the comments of the table's columns."""
    if not declared:
        return
    table = ".".join(quoted(part) for part in name)
    statements = [
        f"COMMENT ON COLUMN {table}.{quoted(column)} IS {literal(DECLARED + text)};"
        for column, text in declared.items()
    ]
    session.execute("BEGIN; " + " ".join(statements) + " COMMIT;")


def copy_declared(session: Session, source: tuple[str, str, str], target: tuple[str, str, str]) -> None:
    """Copy the types to a clone or a table LIKE another."""
    rows = session.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? "
        f"AND table_name = ? AND starts_with(comment, '{DECLARED}')",
        list(source),
    )
    remember(session, target, {str(column): str(comment).removeprefix(DECLARED) for column, comment in rows})


def readable_default(text: str) -> str:
    """A column's default without DuckDB's casts."""
    return re.sub(r"^CAST\((.*) AS [A-Z ]+(?:\([\d,]+\))?\)$", r"\1", text)
