"""Compares the columns that a configuration names with those of the table (floor 5)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from snowflake_etl.config.model import FileSection
from snowflake_etl.sqltext import fold, object_name
from snowflake_etl.warehouse.catalog import describe_table
from snowflake_etl.warehouse.session import Session


def column_problems(session: Session, entry: FileSection) -> Iterator[tuple[str, str]]:
    """Key and sentence for each column that the table does not have, or for a table that does not exist."""
    name = object_name(entry.table_name, session.database, session.schema)
    table = describe_table(session, name)
    if table is None:
        if not (entry.create_table and session.manages_own_objects):
            yield (
                "table_name",
                f"there is no table {name}, or the role may not see it. Create it, correct the name or grant access "
                f"to it.",
            )
        return
    known = [column.name for column in table.columns]
    for key in ("expected_columns", "date_column", "duplicate_key_columns", "create_table"):
        value = getattr(entry, key)
        for column in [value] if isinstance(value, str) else list(value or ()):
            if fold(column) not in known:
                nearest = difflib.get_close_matches(fold(column), known, n=1)
                hint = f"did you mean {nearest[0]}?" if nearest else f"it has {', '.join(known)}."
                yield key, f"table {name} has no column {fold(column)}; {hint}"
