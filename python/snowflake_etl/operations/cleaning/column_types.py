"""The types that the rows of a file must fit (floor 5): the configuration's, or the live table's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.operations.checked_files import configured_types
from snowflake_etl.operations.checked_tables import table_of
from snowflake_etl.operations.refusals import explaining
from snowflake_etl.sqltext import ColumnType, column_type, fold
from snowflake_etl.warehouse.catalog import NOT_NULL
from snowflake_etl.warehouse.signin import Warehouse


@dataclass(frozen=True)
class Types:
    """Column types by stored name, the columns that must not be NULL, and where both come from."""

    of: Mapping[str, ColumnType] = field(default_factory=dict)
    not_null: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


NO_TYPES = Types(notes=("No column types were asked for: rows are kept or rejected by their layout alone.",))


def types_of_configuration(entry: FileSection, path: Path) -> Types:
    """What ``create_table`` says, without any connection; ``path`` is the configuration's."""
    declared = {fold(name): text for name, text in entry.create_table.items()}
    return Types(
        {name: column_type(text.removesuffix(NOT_NULL)) for name, text in declared.items()},
        frozenset(name for name, text in declared.items() if text.endswith(NOT_NULL)),
        (configured_types(entry, path).note,),
    )


def types_of_table(entry: FileSection, configuration: Configuration, warehouse: Warehouse) -> Types:
    """What the live table has.  Raise WarehouseError when it does not exist, ConnectError when the warehouse is
    unreachable.
    """
    with (
        warehouse.open(f"snowflake_etl clean-file table={entry.table_name}") as session,
        explaining(session, configuration, entry.table_name),
    ):
        table = table_of(session, entry)
    return Types(
        {column.name: column.type for column in table.columns},
        frozenset(column.name for column in table.columns if not column.nullable),
        (f"Types of {entry.table_name}: the table {table.name}.",),
    )
