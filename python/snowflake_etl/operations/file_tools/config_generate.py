"""``config generate`` (floor 5): generates ``files`` entries from files, and from their table if it exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConnectError, FileError, UsageError
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.operations.file_tools import looking
from snowflake_etl.operations.file_tools.sample import Looked, SampleWishes, look
from snowflake_etl.operations.file_tools.suggestion import DEFAULT_NULLS, pattern_of, suggest
from snowflake_etl.operations.read_refusals import reading
from snowflake_etl.progress import Progress
from snowflake_etl.quality.column_facts import ColumnFacts
from snowflake_etl.quality.names import stored
from snowflake_etl.sqltext import object_name
from snowflake_etl.warehouse import catalog
from snowflake_etl.warehouse.catalog import NOT_NULL, Table
from snowflake_etl.warehouse.signin import Warehouse

_DIFFERENT = 5


@dataclass(frozen=True)
class GenerateRequest:
    """Which files to read, for which table (None: its name is made from the files'), and how many of the first rows.
    ``rows`` None reads all rows.  With a ``table``, the warehouse is asked for its real columns.
    """

    files: tuple[Path, ...]
    table: str | None = None
    rows: int | None = 10_000
    layout: LayoutWishes = field(default_factory=LayoutWishes)


@dataclass(frozen=True)
class Generated:
    """Entries for ``files``, and notes for the person who adopts them."""

    entries: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


def generate(
    request: GenerateRequest,
    loaded: LoadedConfiguration,
    warehouse: Warehouse,
    state_directory: Path,
    progress: Progress,
) -> Generated:
    """Read every file; those whose names share a pattern become one entry.
    Raise FileError for a file that cannot be read, or whose columns differ from another file of its pattern.
    """
    groups: dict[str, list[Path]] = {}
    for path in dict.fromkeys(request.files):
        groups.setdefault(pattern_of(path.name).text, []).append(path)
    if request.table and len(groups) > 1:
        raise UsageError(
            f"--table takes files of one pattern, and these have {len(groups)}: {', '.join(map(shown, groups))}. "
            "Generate for one table at a time."
        )
    notes: list[str] = []
    table = _table(request.table, loaded, warehouse, notes) if request.table else None
    entries = [_entry(paths, request, table, loaded, state_directory, progress, notes) for paths in groups.values()]
    return Generated(tuple(entries), tuple(dict.fromkeys(notes)))


def _table(name: str, loaded: LoadedConfiguration, warehouse: Warehouse, notes: list[str]) -> Table | None:
    """The table as it is in the warehouse; None, with a note, if it does not exist or the warehouse does not answer."""
    try:
        with warehouse.open(f"snowflake_etl config generate table={name}") as session:
            full = object_name(name, session.database, session.schema)
            with reading(session, loaded.configuration, name):
                table = catalog.describe_table(session, full)
    except ConnectError as error:
        notes.append(
            f"The warehouse could not be asked for the columns of {name}: {error} Types are those of the files."
        )
        return None
    if table is None:
        notes.append(f"There is no table {full} that this role may see: types are those of the files.")
    else:
        notes.append(f"Types are those of the table {full}.")
    return table


def _entry(
    paths: Sequence[Path],
    request: GenerateRequest,
    table: Table | None,
    loaded: LoadedConfiguration,
    state_directory: Path,
    progress: Progress,
    notes: list[str],
) -> dict[str, Any]:
    wishes = SampleWishes(request.rows, 0, request.layout)
    found: list[Looked] = []
    nulls: tuple[str, ...] = DEFAULT_NULLS
    for path in paths:
        known = looking.entry_of(path, loaded)
        nulls = known.null_values if known else nulls
        found.append(look(path, known, loaded, state_directory, wishes, progress))
        notes += [f"{path.name}: {note}" for note in found[-1].layout.notes]
    _refuse_other_columns(found)
    columns = tuple(reduce(ColumnFacts.merged, each) for each in zip(*(one.columns for one in found), strict=True))
    if table is not None and not found[0].layout.header and len(table.columns) == len(columns):
        columns = tuple(replace(facts, name=column.name) for facts, column in zip(columns, table.columns, strict=True))
    suggestion = suggest(paths[0], found[0].layout, columns, request.table, nulls)
    notes += [note for note in suggestion.notes if table is None or "put the names" not in note]
    entry = dict(suggestion.entry)
    if table is not None:
        entry["create_table"] = _real_types(entry["create_table"], table, notes)
    return entry


def _refuse_other_columns(found: Sequence[Looked]) -> None:
    first = found[0]
    for other in found[1:]:
        one, two = ([stored(name) for name in each.layout.columns] for each in (first, other))
        if one == two and first.layout.delimiter == other.layout.delimiter:
            continue
        odd = [name for name in (*one, *two) if (name in one) != (name in two)]
        what = f"different columns ({', '.join(odd[:_DIFFERENT])})" if odd else "their columns in another order"
        if one == two:
            what = "another delimiter"
        raise FileError(
            f"{shown(first.path.name)} and {shown(other.path.name)} have one pattern but {what}. Generate from those "
            f"that are alike, or correct the others."
        )


def _real_types(guessed: dict[str, str], table: Table, notes: list[str]) -> dict[str, str]:
    """The table's own types for the file's columns; columns that only one of them has are noted."""
    known = {column.name: column for column in table.columns}
    types = {}
    for name, kind in guessed.items():
        column = known.pop(stored(name, known), None)
        if column is None:
            notes.append(f"{table.name} has no column {name} of the files: a load would refuse them.")
            types[name] = kind
        else:
            types[name] = f"{column.declared}{'' if column.nullable else NOT_NULL}"
    for column in known.values():
        notes.append(
            f"The files have no column {column.name} of {table.name}: list theirs in expected_columns to load them."
        )
    return types
