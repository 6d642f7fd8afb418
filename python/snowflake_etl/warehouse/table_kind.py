"""What kind of thing a name stands for (floor 3): only ordinary tables can be loaded exactly once.

A view stores nothing; external and Iceberg tables keep their rows elsewhere, hybrid and dynamic ones follow other
rules of locking and of writing.  All of them answer DESCRIBE TABLE like a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snowflake_etl.errors import Refused
from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse.session import Session

_FLAGS = {
    "is_external": "an external table",
    "is_iceberg": "an Iceberg table",
    "is_hybrid": "a hybrid table",
    "is_dynamic": "a dynamic table",
    "is_event": "an event table",
}
_YES = frozenset({"Y", "YES", "TRUE"})


def refuse_unloadable(session: Session, name: ObjectName) -> None:
    """Raise Refused, which names the kind, when ``name`` is anything other than an ordinary table."""
    kind = kind_of(session, name)
    if kind:
        raise Refused(
            f"{name} is {kind}, and rows are published exactly once into ordinary tables only. "
            "Name a table as table_name in the configuration, and let what is there now read from it."
        )


def kind_of(session: Session, name: ObjectName) -> str:
    """The kind with its article, for example ``a view``; "" for an ordinary table and if it is unknown."""
    place = f"LIKE {literal(name.name)} IN SCHEMA {quote(name.database)}.{quote(name.schema)}"
    tables = [row for row in session.records(f"SHOW TABLES {place}") if row["name"] == name.name]
    if tables:
        return special_table(tables[0])
    # SHOW TABLES omits views; what is in neither list is visible by a privilege that SHOW does not count.
    views = [row for row in session.records(f"SHOW VIEWS {place}") if row["name"] == name.name]
    if not views:
        return ""
    return "a materialized view" if _is_set(views[0], "is_materialized") else "a view"


def special_table(record: Mapping[str, Any]) -> str:
    """The kind according to a row of SHOW TABLES, "" for an ordinary table; accounts differ in their columns."""
    return next((kind for column, kind in _FLAGS.items() if _is_set(record, column)), "")


def _is_set(record: Mapping[str, Any], column: str) -> bool:
    return str(record.get(column, "")).upper() in _YES
