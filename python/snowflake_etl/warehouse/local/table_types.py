"""Column types as they were declared (floor 3).

DuckDB forgets the length of a VARCHAR and the precision of a timestamp.  They are kept in the column's
comment (``declared:VARCHAR(10)``), which lives, is renamed and dies with the table, over restarts too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local.engine import literal

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

LONGEST_TEXT = 16777216
_MARK = "declared:"
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

_LENGTH = "try_cast(regexp_extract(comment, '^declared:VARCHAR\\((\\d+)\\)$', 1) AS INTEGER)"
_TEXT_LENGTH = f"CASE WHEN data_type = 'VARCHAR' THEN coalesce({_LENGTH}, {LONGEST_TEXT}) END"
_DECLARED_TIME = "regexp_extract(comment, '^declared:(TIME[A-Z_]*)', 1)"

# Replaces fakesnow's view of the same name, on which its information_schema and SHOW COLUMNS stand.
COLUMNS_VIEW = f"""
CREATE OR REPLACE VIEW _fs_global._fs_information_schema._fs_columns AS
SELECT
    database_name AS TABLE_CATALOG,
    schema_name AS TABLE_SCHEMA,
    table_name AS TABLE_NAME,
    column_name AS COLUMN_NAME,
    column_index AS ORDINAL_POSITION,
    column_default AS COLUMN_DEFAULT,
    CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
    CASE WHEN {_DECLARED_TIME} <> '' THEN {_DECLARED_TIME}
         WHEN data_type LIKE 'DECIMAL%' OR data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT')
             THEN 'NUMBER'
         WHEN data_type = 'VARCHAR' THEN 'TEXT'
         WHEN data_type IN ('DOUBLE', 'FLOAT') THEN 'FLOAT'
         WHEN data_type = 'BLOB' THEN 'BINARY'
         WHEN data_type = 'TIMESTAMP' THEN 'TIMESTAMP_NTZ'
         WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ'
         WHEN data_type = 'JSON' THEN 'VARIANT'
         ELSE data_type END AS DATA_TYPE,
    {_TEXT_LENGTH} AS CHARACTER_MAXIMUM_LENGTH,
    least({_TEXT_LENGTH} * 4, {LONGEST_TEXT}) AS CHARACTER_OCTET_LENGTH,
    CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_precision
         WHEN data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT') THEN 38 END AS NUMERIC_PRECISION,
    CASE WHEN data_type LIKE 'DECIMAL%' OR data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT')
         THEN 10 END AS NUMERIC_PRECISION_RADIX,
    CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_scale
         WHEN data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT') THEN 0 END AS NUMERIC_SCALE,
    CASE WHEN data_type LIKE 'TIME%'
         THEN coalesce(try_cast(regexp_extract(comment, '^declared:TIME[A-Z_]*\\((\\d)\\)$', 1) AS INTEGER), 9)
         END AS DATETIME_PRECISION,
    NULL::VARCHAR AS COLLATION_NAME,
    'NO' AS IS_IDENTITY,
    NULL::VARCHAR AS IDENTITY_GENERATION,
    NULL::VARCHAR AS IDENTITY_CYCLE,
    CASE WHEN starts_with(comment, '{_MARK}') THEN NULL ELSE comment END AS COMMENT,
    NULL::VARCHAR AS IDENTITY_START,
    NULL::VARCHAR AS IDENTITY_INCREMENT,
    NULL::VARCHAR AS IDENTITY_ORDERED,
    NULL::VARCHAR AS DATA_TYPE_ALIAS
FROM duckdb_columns()
WHERE NOT internal AND schema_name <> '_fs_information_schema' AND database_name <> '_fs_global'
"""

_TABLE_COLUMNS = """
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision,
       is_nullable, column_default
FROM _fs_global._fs_information_schema._fs_columns
WHERE table_catalog = ? AND table_schema = ? AND table_name = ?
ORDER BY ordinal_position
"""


@dataclass(frozen=True)
class TableColumn:
    """One column of a table in Snowflake's words.

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
    """The columns of a table or view in their order; none when there is no such table."""
    return [
        TableColumn(
            str(row[0]),
            str(row[1]),
            int(row[2] or 0),
            int(row[3] or 0),
            int(row[4] if row[4] is not None else row[5] or 0),
            row[6] == "YES",
            row[7],
        )
        for row in session.execute(_TABLE_COLUMNS, list(name))
    ]


def declared_types(create: Expr) -> dict[str, str]:
    """Per column of a CREATE TABLE or ALTER TABLE what DuckDB would forget of its type."""
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
    """``VARCHAR(10)``, ``TIMESTAMP_LTZ(6)``, ... or nothing where DuckDB keeps all of it."""
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
        f"COMMENT ON COLUMN {table}.{quoted(column)} IS {literal(_MARK + text)};" for column, text in declared.items()
    ]
    session.execute("BEGIN; " + " ".join(statements) + " COMMIT;")


def copy_declared(session: Session, source: tuple[str, str, str], target: tuple[str, str, str]) -> None:
    """A clone and a table LIKE another have the other's types."""
    rows = session.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? "
        f"AND table_name = ? AND starts_with(comment, '{_MARK}')",
        list(source),
    )
    remember(session, target, {str(column): str(comment).removeprefix(_MARK) for column, comment in rows})


def quoted(name: str) -> str:
    """A name as an identifier of DuckDB's."""
    return '"' + name.replace('"', '""') + '"'


def readable_default(text: str) -> str:
    """A column's default without DuckDB's casts."""
    return re.sub(r"^CAST\((.*) AS [A-Z ]+(?:\([\d,]+\))?\)$", r"\1", text)
