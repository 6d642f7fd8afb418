"""Turns the requested months or files into loads that can be run (floor 5): one for each month and table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, FileError, NothingFound, UsageError
from snowflake_etl.files.find import FoundFile, claimed_by_name, find_files, match_file, refuse_overlap
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.month import ALL_MONTHS, Month, parse_months
from snowflake_etl.operations.file_tools.parts_manifest import PackedParts
from snowflake_etl.operations.manifest import Manifest


class NoMonths(UsageError):  # noqa: N818 - an outcome, not a malfunction
    """The folder holds no file of any month."""


@dataclass(frozen=True)
class PlannedLoad:
    """The files of one month for one table, and the configuration's entry that says how to read them.

    With ``manifests``, one per file, the load uses what is staged and never reads the files; with ``packed``, one per
    manifest, it stages those parts first.  With a ``problem`` it has no files and will fail for that reason; in a batch
    it stands for the load that was asked for.  ``absent``: the problem is that there is no file; ``named`` are those of
    its files that were asked for one by one.  With a ``refusal`` it will be refused for that reason, such as missing
    consent.
    """

    entry: FileSection
    month: Month
    files: tuple[FoundFile, ...]
    manifests: tuple[Manifest, ...] = ()
    packed: tuple[PackedParts, ...] = ()
    problem: str = ""
    absent: bool = False
    named: tuple[Path, ...] = ()
    refusal: str = ""

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def plan_months(
    loaded: LoadedConfiguration,
    months_text: str,
    today: date,
    base_path: Path | None,
    table: str | None,
    *,
    go_on: bool = False,
) -> list[PlannedLoad]:
    """Find the files of the months asked for (see ``month.parse_months``; ``all`` is every month with files).

    Raise ConfigError without a base path, FileError when a month has no file, UsageError for a request that makes no
    sense.  With ``go_on`` a month whose files cannot be loaded becomes a load with a problem instead of an error.
    """
    folder = _base_folder(loaded, base_path)
    patterns = patterns_of(loaded, table)
    problems: list[PlannedLoad] = []

    def keep(name: str, month: Month, error: FileError) -> None:
        problems.append(planned_problem(loaded, name, month, str(error), absent=isinstance(error, NothingFound)))

    months = None if months_text.strip().lower() == ALL_MONTHS else parse_months(months_text, today)
    found = find_files(folder, patterns, months, keep if go_on else None)
    if not (found or problems):
        raise NoMonths(f"{folder} holds no file of any month. Check base_path and the patterns in {loaded.path}.")
    loads = [*_grouped(loaded, [(file, patterns[file.pattern_index]) for file in found]), *problems]
    return sorted(loads, key=lambda load: (load.month, load.entry.table_name))


def planned_problem(
    loaded: LoadedConfiguration, table: str, month: Month, problem: str, *, absent: bool = False
) -> PlannedLoad:
    """The placeholder in a batch for a load that is not possible."""
    entry = next(entry for entry in loaded.configuration.files if entry.table_name == table)
    return PlannedLoad(entry, month, (), problem=problem, absent=absent)


def _base_folder(loaded: LoadedConfiguration, base_path: Path | None) -> Path:
    """Where the files are.  If there is no such folder, raise UsageError or ConfigError, depending on who named it."""
    folder = base_path or loaded.base_path
    if folder is None:
        raise ConfigError(f"{loaded.path} has no base_path. Add it, or say with --base-path where the files are.")
    if os.path.lexists(folder) and not folder.is_dir():
        wrong = f"{shown(folder)} is not a folder"
    elif not folder.exists():
        wrong = f"The folder {shown(folder)} does not exist"
    else:
        return folder
    if base_path:
        raise UsageError(f"{wrong}. Correct --base-path.")
    raise ConfigError(
        f"{wrong}. Correct base_path in {loaded.path}, or say with --base-path where the files are."
        f"{hint_of_braces(folder)}"
    )


def plan_files(
    loaded: LoadedConfiguration, paths: Sequence[Path], table: str | None, *, go_on: bool = False
) -> list[PlannedLoad]:
    """Plan loads of files named one by one; those of one month and table become one load.

    Raise FileError when one cannot be read, or when two of them claim the same day, as a file and its packed copy do.
    With ``go_on`` a month and table of which a file cannot be read becomes a load with a problem instead.
    """
    patterns = patterns_of(loaded, table)
    named: dict[tuple[Month, str], list[Path]] = {}
    problems: dict[tuple[Month, str], str] = {}
    files = []
    for path in dict.fromkeys(Path(path).absolute() for path in paths):
        claimed = claimed_by_name(path, patterns)
        if claimed is not None:
            named.setdefault((claimed[1], claimed[0]), []).append(path)
        try:
            files.append(_named_file(path, patterns))
        except FileError as error:
            if claimed is None or not go_on:
                raise
            problems.setdefault((claimed[1], claimed[0]), str(error))
    # A month is loaded with all the requested files or not at all.
    usable = [file for file in files if (file.month, file.table) not in problems]
    loads = _grouped(loaded, [(file, patterns[file.pattern_index]) for file in usable])
    for (month, name), problem in problems.items():
        loads.append(replace(planned_problem(loaded, name, month, problem), named=tuple(named[month, name])))
    return sorted(loads, key=lambda load: (load.month, load.entry.table_name))


def _named_file(path: Path, patterns: Sequence[FilePattern]) -> FoundFile:
    if not os.path.lexists(path):
        raise FileError(f"There is no file {shown(path)}. Check its name and folder.")
    return match_file(path, patterns)


def patterns_of(loaded: LoadedConfiguration, table: str | None) -> list[FilePattern]:
    """The patterns of the configuration, or of one table.  Raise UsageError when it has no such table."""
    entries = loaded.configuration.files
    wanted = [entry for entry in entries if table is None or entry.table_name.upper() == table.upper()]
    if not wanted:
        known = ", ".join(dict.fromkeys(entry.table_name for entry in entries))
        raise UsageError(f"{loaded.path} has no table '{table}'. It has: {known}.")
    return [FilePattern(entry.file_pattern, entry.table_name) for entry in wanted]


def _grouped(loaded: LoadedConfiguration, files: Sequence[tuple[FoundFile, FilePattern]]) -> list[PlannedLoad]:
    entries = {(entry.file_pattern, entry.table_name): entry for entry in loaded.configuration.files}
    groups: dict[tuple[Month, str], list[tuple[FoundFile, FilePattern]]] = {}
    for file, pattern in files:
        groups.setdefault((file.month, file.table), []).append((file, pattern))
    loads = []
    for (month, table), members in sorted(groups.items(), key=lambda item: item[0]):
        used = {pattern.text for _, pattern in members}
        if len(used) > 1:
            raise ConfigError(
                f"The files of {month} for {table} match several patterns of {loaded.path}: {', '.join(sorted(used))}. "
                "Load them one after the other with --file."
            )
        found = sorted((file for file, _ in members), key=lambda file: (file.days, file.path))
        refuse_overlap(found, table)
        loads.append(PlannedLoad(entries[used.pop(), table], month, tuple(found)))
    return loads
