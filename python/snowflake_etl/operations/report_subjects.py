"""Which tables a report is about (floor 5): configurations to tables, each table of one configuration once."""

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
# What decides how rows are judged.
_JUDGED_BY = ("date_column", "date_format", "duplicate_key_columns")


@dataclass(frozen=True)
class Subject:
    """One table to look at, as its configuration names it.

    Several entries of one table (one for each pattern of its files) are one subject; ``conflict`` is the sentence
    that says where they do not agree on what its rows should be, "" else.
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
    """The files themselves and those of the folders, each once, whose name fits one of the patterns.

    Raise UsageError where a folder is none or nothing is left.
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
    """Read the configurations; of several, those that cannot be read are set aside.  Raise ConfigError for one."""
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
    """The tables that fit one of the patterns, in the order of the configurations.

    A pattern fits the table's name alone or as much of its full name as it has: ``FL*``, ``PUBLIC.FL*``.
    Raise UsageError where there are tables and none of them fits.
    """
    subjects = [subject for loaded in configurations for subject in _subjects_of_one(loaded)]
    wanted = [subject for subject in subjects if not tables or _fits(tables, *_names(subject.entry.table_name))]
    if subjects and not wanted:
        known = ", ".join(sorted({subject.entry.table_name for subject in subjects}))
        raise UsageError(f"No table fits --table {' '.join(tables)}. There are: {known}.")
    return wanted


def _subjects_of_one(loaded: LoadedConfiguration) -> Iterable[Subject]:
    section = loaded.configuration.snowflake
    # Where the configuration does not name database and schema, the session's stand for them all.
    database, schema = fold(section.database or _ANY), fold(section.schema_ or _ANY)
    entries: dict[ObjectName, list[FileSection]] = {}
    for entry in loaded.configuration.files:
        entries.setdefault(object_name(entry.table_name, database, schema), []).append(entry)
    return [_one(loaded, several) for several in entries.values()]


def _one(loaded: LoadedConfiguration, entries: Sequence[FileSection]) -> Subject:
    """One subject of all entries of a table, which have to agree on what its rows should be."""
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
    """Names as Snowflake stores them; a format is nothing but a text."""
    if isinstance(value, tuple):
        return ", ".join(fold(name) for name in value)
    return value.upper() if value else ""


def _names(table_name: str) -> list[str]:
    """A table's name, its schema and name, its full name: as far as the configuration tells."""
    name = object_name(table_name, "", "")
    parts = [part for part in (name.database, name.schema, name.name) if part]
    return [".".join(parts[start:]) for start in range(len(parts))]


def _fits(patterns: Sequence[str], *names: str) -> bool:
    return any(fnmatchcase(name.upper(), pattern.upper()) for name in names for pattern in patterns)
