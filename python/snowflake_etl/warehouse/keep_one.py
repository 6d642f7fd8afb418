"""SQL that would leave one row of each key (floor 3): printed for a person to read and run, never run by us."""

from __future__ import annotations

import re
from collections.abc import Sequence

from snowflake_etl.sqltext import column_list, literal, quote
from snowflake_etl.warehouse.catalog import Table

_BIND = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\'\\]|\'\'|\\.)*\'|\?')
# Types that ORDER BY does not accept, or not in a way that decides which row comes first.
_NO_ORDER = frozenset({"GEOGRAPHY", "GEOMETRY", "VECTOR", "MAP", "ARRAY", "OBJECT", "VARIANT", "FILE"})
_LONGEST_NAME = 255


def keep_one_statements(table: Table, key: Sequence[str], condition: str, binds: Sequence[str]) -> list[str]:
    """The statements, in order.  Rows with a NULL in the key are not duplicates of anything and stay.
    ``key`` are stored names; ``condition``, with ``?`` for its ``binds``, selects some rows, "" all of them.  Rows in
    Snowflake have no identity, so identical ones can only be deleted together: one row of each duplicate key is set
    aside, all rows of those keys are deleted, and the one is put back, in one transaction.
    """
    names = column_list(column.name for column in table.columns)
    keys, keep = column_list(key), table.name.sibling(f"ETL_KEEP_{table.name.name}"[:_LONGEST_NAME]).sql
    chosen = f"({inlined(condition, binds)}) AND " if condition else ""
    complete = " AND ".join(f"{quote(name)} IS NOT NULL" for name in key)
    return [
        # Not TEMPORARY: the rows set aside must survive the loss of the session.
        f"CREATE TRANSIENT TABLE {keep} AS\n  SELECT {names} FROM {table.name.sql}\n  WHERE {chosen}{complete}\n"
        f"  QUALIFY COUNT(*) OVER (PARTITION BY {keys}) > 1\n"
        f"    AND ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {_order(table, key)}) = 1",
        "BEGIN",
        f"DELETE FROM {table.name.sql}\n  WHERE {chosen}({keys}) IN (SELECT {keys} FROM {keep})",
        f"INSERT INTO {table.name.sql} ({names})\n  SELECT {names} FROM {keep}",
        "COMMIT",
        f"DROP TABLE {keep}",
    ]


def inlined(condition: str, binds: Sequence[str]) -> str:
    """The condition with its binds written as literals, for a statement that is read before it is run."""
    values = iter(binds)
    return _BIND.sub(lambda match: literal(next(values)) if match[0] == "?" else match[0], condition)


def _order(table: Table, key: Sequence[str]) -> str:
    """Order by the other columns: the first row stays, the same one whenever the statement runs."""
    others = [column.name for column in table.columns if column.name not in key and column.type.base not in _NO_ORDER]
    return column_list(others or key)
