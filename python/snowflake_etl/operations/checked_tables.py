"""Which tables are checked (floor 5): those configured, each once, as they are in the warehouse."""

from __future__ import annotations

from collections.abc import Sequence

from snowflake_etl.config.model import FileSection, SnowflakeSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, UsageError, WarehouseError
from snowflake_etl.operations import check_history
from snowflake_etl.operations.read_refusals import not_there
from snowflake_etl.sqltext import fold, nearest_names, object_name
from snowflake_etl.warehouse import catalog
from snowflake_etl.warehouse.catalog import Table
from snowflake_etl.warehouse.session import Session

# What decides which rows belong together: two entries for one table must agree on it.
_JUDGED_BY = ("date_column", "duplicate_key_columns")


def chosen_entries(loaded: LoadedConfiguration, tables: Sequence[str]) -> list[FileSection]:
    """Return the entries of the requested tables (none: all tables), each table once, in the configuration's order.

    A table may have several entries, one for each pattern of its files.  Raise UsageError for a table that the
    configuration does not have, ConfigError where two entries of one table say different things about its rows.
    """
    entries, section = loaded.configuration.files, loaded.configuration.snowflake
    by_name: dict[str, list[tuple[int, FileSection]]] = {}
    for place, entry in enumerate(entries):
        by_name.setdefault(full_name(section, entry.table_name), []).append((place, entry))
    wanted = list(by_name)
    if tables:
        asked = {_asked_name(loaded, by_name, text) for text in tables}
        wanted = [name for name in by_name if name in asked]
    for name in wanted:
        _refuse_contradiction(loaded, by_name[name])
    return [by_name[name][0][1] for name in wanted]


def full_name(section: SnowflakeSection, table_name: str) -> str:
    """The table's name, as full as the configuration gives it, so that ``t`` and ``PUBLIC.T`` are one table."""
    return check_history.subject_of(section, table_name, None).table


def table_of(session: Session, entry: FileSection) -> Table:
    """Describe the table of an entry, which may be a view.

    Raise WarehouseError, naming the grants, when it does not exist or the role may not see it.
    """
    name = object_name(entry.table_name, session.database, session.schema)
    table = catalog.describe_table(session, name)
    if table is not None:
        return table
    raise WarehouseError(not_there(session, name))


def _asked_name(loaded: LoadedConfiguration, known: dict[str, list[tuple[int, FileSection]]], text: str) -> str:
    name = full_name(loaded.configuration.snowflake, text)
    if name in known:
        return name
    # Accepted as in load: the name as configured, in upper or lower case.
    for other, entries in known.items():
        if any(entry.table_name.upper() == text.upper() for _, entry in entries):
            return other
    tables = list(dict.fromkeys(entry.table_name for entry in loaded.configuration.files))
    raise UsageError(f"{loaded.path} has no table '{text}'. {nearest_names(text, tables)}.")


def _refuse_contradiction(loaded: LoadedConfiguration, entries: Sequence[tuple[int, FileSection]]) -> None:
    (first_place, first), *others = entries
    for place, other in others:
        for key in _JUDGED_BY:
            one, two = _comparable(key, first), _comparable(key, other)
            if one != two:
                raise ConfigError(
                    f"{loaded.path} names table {first.table_name} twice with different {key}: "
                    f"files[{first_place}] says {_shown(one)}, files[{place}] says {_shown(two)}. Make them agree."
                )


def _comparable(key: str, entry: FileSection) -> object:
    if key == "date_column":
        return fold(entry.date_column) if entry.date_column else None
    return tuple(fold(name) for name in entry.duplicate_key_columns)


def _shown(value: object) -> str:
    return (", ".join(value) if isinstance(value, tuple) else str(value or "")) or "none"
