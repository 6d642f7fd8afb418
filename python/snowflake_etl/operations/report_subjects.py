"""Which tables a report covers (floor 5): each table of a configuration once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.config.reading import NO_CHOICE, Choice, LoadedConfiguration, read_configuration
from snowflake_etl.errors import ConfigError, UsageError
from snowflake_etl.results_report import UnreadConfig
from snowflake_etl.sqltext import ObjectName, fold, object_name

CONFIGURATION_SUFFIXES = (".json", ".yaml", ".yml")
_ANY = "*"
# The settings that decide how rows are judged.
_JUDGED_BY = ("date_column", "date_format", "duplicate_key_columns")


@dataclass(frozen=True)
class Subject:
    """One table to look at, as its configuration names it.

    Several entries of one table (one for each pattern of its files) are one subject; ``conflict`` is a sentence on
    where they disagree about what its rows should be, "" if they agree.
    """

    loaded: LoadedConfiguration
    entry: FileSection
    conflict: str = ""

    @property
    def config(self) -> str:
        """The configuration as a report shows it: the name of its file."""
        return self.loaded.path.name

    @property
    def configuration(self) -> Configuration:
        return self.loaded.configuration


def configuration_files(files: Sequence[Path], folders: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The given files and those in the given folders, each once, whose names match one of the patterns.
    Raise UsageError if a folder does not exist or nothing is left.
    """
    found = list(files)
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}. Name one that holds configurations with --configs.")
        found += sorted(path for path in folder.iterdir() if path.suffix.lower() in CONFIGURATION_SUFFIXES)
    wanted = [path for path in dict.fromkeys(found) if not names or _fits(names, path.name, path.stem)]
    if not wanted:
        there = ", ".join(path.name for path in found) or "none"
        raise UsageError(f"No configuration to report on: {there} found. Choose with --config, --configs and --name.")
    return wanted


def read_all(paths: Sequence[Path], choice: Choice = NO_CHOICE) -> tuple[list[LoadedConfiguration], list[UnreadConfig]]:
    """Read the configurations; of several, those that cannot be read are set aside.  A single one raises
    ConfigError.
    """
    loaded, unread = [], []
    for path in paths:
        try:
            loaded.append(read_configuration(path, choice=choice))
        except ConfigError as error:
            if len(paths) == 1:
                raise
            unread.append(UnreadConfig(path.name, str(error), int(error.exit_code)))
    return loaded, unread


def subjects_of(configurations: Sequence[LoadedConfiguration], tables: Sequence[str]) -> list[Subject]:
    """The tables that match one of the patterns, in the order of the configurations.
    A pattern matches the table's name alone or as much of the full name as it contains: ``FL*``, ``PUBLIC.FL*``.
    Raise UsageError if there are tables but none matches.
    """
    subjects = [subject for loaded in configurations for subject in _subjects_of_one(loaded)]
    wanted = [subject for subject in subjects if not tables or _fits(tables, *_names(subject.entry.table_name))]
    if subjects and not wanted:
        known = ", ".join(sorted({subject.entry.table_name for subject in subjects}))
        raise UsageError(f"No table fits --table {' '.join(tables)}. There are: {known}.")
    return wanted


def _subjects_of_one(loaded: LoadedConfiguration) -> Iterable[Subject]:
    section = loaded.configuration.snowflake
    # If the configuration does not name database and schema, the session's apply to all tables.
    database, schema = fold(section.database or _ANY), fold(section.schema_ or _ANY)
    entries: dict[ObjectName, list[FileSection]] = {}
    for entry in loaded.configuration.files:
        entries.setdefault(object_name(entry.table_name, database, schema), []).append(entry)
    return [_one(loaded, several) for several in entries.values()]


def _one(loaded: LoadedConfiguration, entries: Sequence[FileSection]) -> Subject:
    """Merge all entries of a table, which must agree on what its rows should be, into one subject."""
    first = entries[0]
    differences = []
    for key in _JUDGED_BY:
        said = list(dict.fromkeys(_comparable(getattr(entry, key)) for entry in entries))
        if len(said) > 1:
            differences.append(f"{key} ({'; '.join(one or 'none' for one in said)})")
    if not differences:
        return Subject(loaded, first)
    return Subject(
        loaded,
        first,
        f"{loaded.path.name} names {first.table_name} in {len(entries)} entries that differ in "
        f"{' and '.join(differences)}. Make them agree.",
    )


def _comparable(value: str | tuple[str, ...] | None) -> str:
    """Names as Snowflake stores them, for comparison; a format is compared as plain text."""
    if isinstance(value, tuple):
        return ", ".join(fold(name) for name in value)
    return value.upper() if value else ""


def _names(table_name: str) -> list[str]:
    """A table's name, its schema and name, its full name: as far as configured."""
    name = object_name(table_name, "", "")
    parts = [part for part in (name.database, name.schema, name.name) if part]
    return [".".join(parts[start:]) for start in range(len(parts))]


def _fits(patterns: Sequence[str], *names: str) -> bool:
    return any(fnmatchcase(name.upper(), pattern.upper()) for name in names for pattern in patterns)
