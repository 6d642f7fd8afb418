"""What the warehouse knows about tables (floor 3): columns, counts, policies, dependents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snowflake_etl.errors import UsageError, WarehouseError
from snowflake_etl.sqltext import ColumnType, ObjectName, column_type, literal, nearest_names, quote
from snowflake_etl.warehouse.session import Session

# Does not exist or not authorized; 2043: the same for its schema.
_OBJECT_MISSING = frozenset({2003, 2043})
NOT_NULL = " NOT NULL"


@dataclass(frozen=True)
class Column:
    """One column as declared: ``declared`` is the type in Snowflake's words, for example NUMBER(38,0)."""

    name: str
    declared: str
    type: ColumnType
    nullable: bool


@dataclass(frozen=True)
class Table:
    """A table and its columns in their order."""

    name: ObjectName
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column with that stored name.  Raise UsageError, which names the nearest ones, when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        known = [column.name for column in self.columns]
        raise UsageError(f"Table {self.name} has no column {name}. {nearest_names(name, known)}.")


def describe_table(session: Session, name: ObjectName) -> Table | None:
    """Read the table's columns; None when it does not exist or the role may not see it."""
    try:
        records = session.records(f"DESCRIBE TABLE {name.sql}")
    except WarehouseError as error:
        if error.code in _OBJECT_MISSING:
            return None
        raise
    return Table(
        name,
        tuple(
            Column(str(record["name"]), str(record["type"]), _type_of(str(record["type"])), record["null?"] == "Y")
            for record in records
            if record.get("kind", "COLUMN") == "COLUMN"
        ),
    )


def _type_of(declared: str) -> ColumnType:
    """The type of a column; for one that files cannot be loaded into (VECTOR, MAP, ...) its first word."""
    try:
        return column_type(declared)
    except UsageError:
        return ColumnType(declared.split("(")[0].strip().upper())


def planned_table(name: ObjectName, columns: Sequence[tuple[str, str]]) -> Table:
    """The table that ``create_table_statement`` would create, for plans that must not create it."""
    return Table(
        name,
        tuple(
            Column(column, declared, column_type(declared.removesuffix(NOT_NULL)), not declared.endswith(NOT_NULL))
            for column, declared in columns
        ),
    )


def create_table_statement(name: ObjectName, columns: Sequence[tuple[str, str]], *, transient: bool = False) -> str:
    """``CREATE TABLE`` with explicit columns (stored name, declared type).

    A table of our own is TRANSIENT, and its statement may be sent twice.
    """
    kind = "TRANSIENT TABLE IF NOT EXISTS" if transient else "TABLE"
    lines = ",\n  ".join(f"{quote(column)} {declared}" for column, declared in columns)
    return f"CREATE {kind} {name.sql} (\n  {lines}\n)"


def widen_statement(table: ObjectName, column: str, length: int) -> str:
    """``ALTER TABLE`` that lets a VARCHAR column hold longer values; rows are not touched.  Needs OWNERSHIP."""
    return f"ALTER TABLE {table.sql} ALTER COLUMN {quote(column)} SET DATA TYPE VARCHAR({length:d})"


def count_rows(session: Session, table: ObjectName, condition: str = "", binds: Sequence[object] = ()) -> int:
    """Count the rows for which ``condition`` holds."""
    where = f" WHERE {condition}" if condition else ""
    return int(session.query(f"SELECT COUNT(*) FROM {table.sql}{where}", binds)[0][0])


def policies_on(session: Session, table: ObjectName) -> list[str]:
    """Name the masking and row access policies on a table, each as ``KIND NAME``.

    If the role may not list them, return one entry that says so: there may be some.
    """
    function = f"{quote(table.database)}.INFORMATION_SCHEMA.POLICY_REFERENCES"
    sql = (
        "SELECT POLICY_KIND, POLICY_NAME "
        f"FROM TABLE({function}(REF_ENTITY_NAME => {literal(table.sql)}, REF_ENTITY_DOMAIN => 'TABLE'))"
    )
    try:
        return [f"{kind} {name}" for kind, name in session.query(sql)]
    except WarehouseError as error:
        return [f"perhaps policies (this role may not list them: {str(error).splitlines()[-1]})"]


def dependents_of(session: Session, table: ObjectName) -> list[str]:
    """Name the streams, dynamic tables and materialized views of the table's schema that read it.

    A DELETE affects them as well: streams pass it to their consumers, the others recompute.
    """
    place = f"{quote(table.database)}.{quote(table.schema)}"
    found = []
    for record in session.records(f"SHOW STREAMS IN SCHEMA {place}"):
        if str(record.get("table_name", "")).replace('"', "").upper() == str(table).upper():
            found.append(f"stream {record['name']}")
    for kind in ("DYNAMIC TABLE", "MATERIALIZED VIEW"):
        for record in session.records(f"SHOW {kind}S IN SCHEMA {place}"):
            if table.name.upper() in str(record.get("text", "")).upper():
                found.append(f"{kind.lower()} {record['name']}")
    return found
