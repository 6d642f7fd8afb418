"""Which files are checked (floor 5), how they are read, and which types their columns must have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import FileError, UsageError
from snowflake_etl.files.find import match_file
from snowflake_etl.files.naming import shown
from snowflake_etl.month import DayRange
from snowflake_etl.operations import refusals
from snowflake_etl.operations.checked_tables import table_of
from snowflake_etl.operations.load_plan import PlannedLoad, patterns_of
from snowflake_etl.sqltext import ColumnType, column_type, fold
from snowflake_etl.warehouse.catalog import NOT_NULL
from snowflake_etl.warehouse.signin import Warehouse


@dataclass(frozen=True)
class CheckedFile:
    """One file, read as ``entry`` says; ``days`` None where its name claims none.

    ``size`` is in bytes on disk.  With a ``problem`` there is no file to check.
    """

    path: Path
    size: int
    entry: FileSection
    days: DayRange | None
    problem: str = ""


@dataclass(frozen=True)
class ColumnTypes:
    """The columns that files must have, with their types by stored name, and where these come from.
    Empty ``columns`` means that the file's own are used; ``not_null`` are those that may not be NULL.
    """

    types: Mapping[str, ColumnType]
    columns: tuple[str, ...]
    not_null: tuple[str, ...]
    note: str


def files_of_plan(loads: Sequence[PlannedLoad]) -> list[CheckedFile]:
    """Return the files of the planned months, in the plan's order."""
    files = []
    for load in loads:
        if load.problem:
            name = Path(f"{load.entry.table_name} {load.month}")
            files.append(CheckedFile(name, 0, load.entry, load.month.days(), load.problem))
        files += [CheckedFile(file.path, file.size, load.entry, file.days) for file in load.files]
    return files


def refuse_overwriting(files: Sequence[CheckedFile], written: Sequence[Path | None]) -> None:
    """Raise UsageError if a result would overwrite a file to be checked."""
    for path in written:
        for file in files:
            if path is not None and path.exists() and file.path.exists() and path.samefile(file.path):
                raise UsageError(f"{shown(path)} is a file to be checked: write the result somewhere else.")


def named_files(loaded: LoadedConfiguration, paths: Sequence[Path], table: str | None) -> list[CheckedFile]:
    """Return the files named one by one.

    A name that matches no pattern is accepted if it is clear how to read the file; it then claims no days.
    Raise FileError for a missing file, UsageError if it is not clear what a file is.
    """
    patterns = patterns_of(loaded, table)
    entries = {(entry.file_pattern, entry.table_name): entry for entry in loaded.configuration.files}
    chosen = [entries[pattern.text, pattern.table] for pattern in patterns]
    files = []
    for path in dict.fromkeys(Path(path).absolute() for path in paths):
        if not os.path.lexists(path):
            raise FileError(f"There is no file {shown(path)}. Check its name and folder.")
        try:
            found = match_file(path, patterns)
        except UsageError:
            if len(chosen) != 1:
                raise
            files.append(CheckedFile(path, path.stat().st_size, chosen[0], None))
        else:
            files.append(CheckedFile(path, found.size, chosen[found.pattern_index], found.days))
    return files


def configured_types(entry: FileSection, path: Path) -> ColumnTypes:
    """Types of ``create_table``, without any connection."""
    declared = {fold(name): text for name, text in entry.create_table.items()}
    types = {name: column_type(text.removesuffix(NOT_NULL)) for name, text in declared.items()}
    not_null = tuple(name for name, text in declared.items() if text.endswith(NOT_NULL))
    if types:
        note = f"Types of {entry.table_name}: those of create_table in {path}; no warehouse was asked."
    else:
        note = f"Types of {entry.table_name}: none, {path} has no create_table for it; no warehouse was asked."
    return ColumnTypes(types, entry.columns, not_null, note)


def types_of_tables(
    files: Sequence[CheckedFile], loaded: LoadedConfiguration, warehouse: Warehouse
) -> dict[str, ColumnTypes]:
    """The current types of the files' tables in the warehouse, by ``table_name``."""
    return dict(_live_types(files, loaded, warehouse))


def _live_types(
    files: Sequence[CheckedFile], loaded: LoadedConfiguration, warehouse: Warehouse
) -> Iterator[tuple[str, ColumnTypes]]:
    entries = {file.entry.table_name: file.entry for file in files}
    with warehouse.open("snowflake_etl check-file") as session:
        for name, entry in entries.items():
            with refusals.explaining(session, loaded.configuration, name):
                table = table_of(session, entry)
            types = {column.name: column.type for column in table.columns}
            not_null = tuple(column.name for column in table.columns if not column.nullable)
            note = f"Types of {name}: the table {table.name}."
            yield name, ColumnTypes(types, entry.columns or tuple(types), not_null, note)
