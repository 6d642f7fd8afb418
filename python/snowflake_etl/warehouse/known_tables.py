"""What the catalog says about many tables at once (floor 3): their columns and sizes, with two statements per
schema.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snowflake_etl.errors import UsageError, WarehouseError
from snowflake_etl.sqltext import ColumnType, ObjectName, column_type, quote
from snowflake_etl.warehouse.session import Session

# Does not exist or not authorized; 2043: the same for a schema.
_OBJECT_MISSING = frozenset({2003, 2043})


@dataclass(frozen=True)
class KnownTable:
    """A table or view that the role may see: its column types in order, and its size in bytes if reported."""

    types: dict[str, ColumnType]
    bytes: int | None


def schemas_of(names: Iterable[ObjectName]) -> dict[tuple[str, str], list[ObjectName]]:
    """The names by database and schema: each group can be passed to one call of ``known_tables``."""
    schemas: dict[tuple[str, str], list[ObjectName]] = defaultdict(list)
    for name in dict.fromkeys(names):
        schemas[name.database, name.schema].append(name)
    return dict(schemas)


def known_tables(session: Session, names: Sequence[ObjectName]) -> dict[ObjectName, KnownTable]:
    """Those of ``names``, all of one schema, that exist and are visible; none if the database is not visible."""
    try:
        return _known(session, names)
    except WarehouseError as error:
        if error.code in _OBJECT_MISSING:
            return {}
        raise


def _known(session: Session, names: Sequence[ObjectName]) -> dict[ObjectName, KnownTable]:
    first = names[0]
    places = ", ".join("?" for _ in names)
    condition = f"TABLE_SCHEMA = ? AND TABLE_NAME IN ({places})"
    binds = [first.schema, *(name.name for name in names)]
    catalog = f"{quote(first.database)}.INFORMATION_SCHEMA"
    sizes = {
        str(name): int(size)
        for name, size in session.query(f"SELECT TABLE_NAME, BYTES FROM {catalog}.TABLES WHERE {condition}", binds)
        # Views have none, and 0 bytes for a table only means that its size is not recorded.
        if size
    }
    types: dict[ObjectName, dict[str, ColumnType]] = defaultdict(dict)
    columns = session.query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
        f"DATETIME_PRECISION FROM {catalog}.COLUMNS WHERE {condition} ORDER BY TABLE_NAME, ORDINAL_POSITION",
        binds,
    )
    for table, column, kind, length, precision, scale, fraction in columns:
        size = int(length or precision or fraction or 0)
        types[first.sibling(str(table))][str(column)] = ColumnType(_base(str(kind)), size, int(scale or 0))
    return {name: KnownTable(kinds, sizes.get(name.name)) for name, kinds in types.items()}


def _base(kind: str) -> str:
    """The base of a type; for one that files cannot be loaded into (VECTOR, MAP, ...) its first word."""
    try:
        return column_type(kind).base
    except UsageError:
        return kind.split("(")[0].strip().upper()
