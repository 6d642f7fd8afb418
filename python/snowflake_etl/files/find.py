"""Finds the files of a month below the base path (floor 3).

A file is looked for in the base path itself and in its month folders (``YYYY-MM`` or ``MMYYYY``), no deeper.
Its name says what it claims (see ``patterns``).  Anything ambiguous is an error: a plain file beside its
compressed copy, two files that claim the same day of a table, two patterns that match one file, a file in
another month's folder.  A wrong guess would load rows twice or not at all.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.errors import ConfigError, FileError, NothingFound, UsageError
from snowflake_etl.files.naming import shown, shown_all
from snowflake_etl.files.patterns import PACKED_SUFFIXES, Claim, FilePattern, patterns_in_words
from snowflake_etl.month import DayRange, Month

_YEAR_FIRST_FOLDER = re.compile(r"([0-9]{4})-([0-9]{2})")
_MONTH_FIRST_FOLDER = re.compile(r"([0-9]{2})([0-9]{4})")


@dataclass(frozen=True)
class FoundFile:
    """A file that claims ``days`` of ``month`` for ``table``; ``size`` in bytes on disk."""

    path: Path
    size: int
    month: Month
    days: DayRange
    table: str
    pattern_index: int


@dataclass(frozen=True)
class _Candidate:
    """A directory entry whose name matches a pattern; nothing about the file itself is known yet."""

    path: Path
    folder_month: Month | None
    claim: Claim
    pattern: FilePattern
    pattern_index: int

    def concerns(self, month: Month) -> bool:
        """True when loading ``month`` must consider this file, if only to complain about it."""
        return month in self._months()

    def _months(self) -> Iterator[Month]:
        if self.folder_month is not None:
            yield self.folder_month
        if self.claim.days is not None:
            yield Month.of(self.claim.days.first)
            return
        for text in re.findall(r"([0-9]{4})-?([0-9]{2})", self.claim.digits):
            month = _month_or_none(text[0], text[1])
            if month is not None:
                yield month


def find_files(
    base_path: Path,
    patterns: Sequence[FilePattern],
    months: Iterable[Month] | None,
    on_problem: Callable[[str, Month, FileError], None] | None = None,
) -> tuple[FoundFile, ...]:
    """Return the files of every requested table and month, by table, month and first day.
    Without ``months``, each table's months are those that its file names claim.  Raise FileError when a table has
    no file for a month or when what is there is ambiguous or unreadable, or call ``on_problem`` and continue with
    the others; raise ConfigError when patterns cannot be used or overlap.
    """
    candidates = list(_candidates(base_path, patterns))
    found: list[FoundFile] = []
    wanted = None if months is None else months_in_order(months)
    for table in dict.fromkeys(pattern.table for pattern in patterns):
        of_table = [candidate for candidate in candidates if candidate.pattern.table == table]
        for month in _months_of(of_table) if wanted is None else wanted:
            try:
                files = _files_of_month(candidates, table, month)
                if not files:
                    raise NothingFound(_nothing_found(base_path, patterns, table, month, candidates))
            except FileError as error:
                if on_problem is None:
                    raise
                on_problem(table, month, error)
            else:
                found.extend(files)
    return tuple(found)


def match_file(path: Path, patterns: Sequence[FilePattern]) -> FoundFile:
    """Return what one file named by the operator is, wherever it is.

    Raise UsageError when its name matches no pattern, ConfigError when it matches several, FileError when it
    cannot be read.
    """
    claims = [(index, claim) for index, pattern in enumerate(patterns) if (claim := pattern.claim(path.name))]
    if not claims:
        raise UsageError(
            f"The name of {shown(path)} matches no file pattern. Patterns are {patterns_in_words(patterns)}; "
            "rename the file, or add a pattern to 'files' in the configuration."
        )
    candidates = [_Candidate(path, None, claim, patterns[index], index) for index, claim in claims]
    _refuse_two_patterns(candidates)
    return _found(candidates[0])


def claimed_by_name(path: Path, patterns: Sequence[FilePattern]) -> tuple[str, Month] | None:
    """The table and month that a file name alone claims, whether or not the file exists; None if unclear."""
    claims = [(pattern.table, claim.days) for pattern in patterns if (claim := pattern.claim(path.name))]
    if len(claims) != 1 or claims[0][1] is None:
        return None
    return claims[0][0], Month.of(claims[0][1].first)


def names_below(base_path: Path) -> list[str]:
    """The names of all files in the base path and its month folders, in order.  Raise FileError."""
    names: list[str] = []
    for entry in _entries(base_path):
        if entry.is_file():
            names.append(entry.name)
        elif _folder_month(entry.name) is not None and entry.is_dir():
            names += [inner.name for inner in _entries(Path(entry.path)) if inner.is_file()]
    return names


def months_in_order(months: Iterable[Month]) -> list[Month]:
    """Each month once, in order."""
    return sorted(set(months))


def _candidates(base_path: Path, patterns: Sequence[FilePattern]) -> Iterator[_Candidate]:
    for pattern in patterns:
        pattern.check()
    folders: list[tuple[Path, Month]] = []
    for entry in _entries(base_path):
        yield from _matching(entry, None, patterns)
        folder_month = _folder_month(entry.name)
        if folder_month is not None and entry.is_dir():
            folders.append((Path(entry.path), folder_month))
    for folder, month in folders:
        for entry in _entries(folder):
            yield from _matching(entry, month, patterns)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except NotADirectoryError:
        raise FileError(f"{shown(folder)} is not a folder. Give the folder that holds the monthly files.") from None
    except FileNotFoundError:
        raise FileError(
            f"The folder {shown(folder)} does not exist. Check 'base_path' in the configuration or --base-path."
            f"{hint_of_braces(folder)}"
        ) from None
    except OSError as error:
        raise FileError(
            f"The folder {shown(folder)} cannot be read: {error.strerror}. Check its permissions."
        ) from None


def _matching(
    entry: os.DirEntry[str], folder_month: Month | None, patterns: Sequence[FilePattern]
) -> Iterator[_Candidate]:
    for index, pattern in enumerate(patterns):
        claim = pattern.claim(entry.name)
        if claim is not None:
            yield _Candidate(Path(entry.path), folder_month, claim, pattern, index)


def _folder_month(name: str) -> Month | None:
    if match := _YEAR_FIRST_FOLDER.fullmatch(name):
        return _month_or_none(match[1], match[2])
    if match := _MONTH_FIRST_FOLDER.fullmatch(name):
        return _month_or_none(match[2], match[1])
    return None


def _month_or_none(year: str, number: str) -> Month | None:
    try:
        return Month(int(year), int(number))
    except UsageError:
        return None


def _files_of_month(candidates: Sequence[_Candidate], table: str, month: Month) -> list[FoundFile]:
    concerned = [candidate for candidate in candidates if candidate.concerns(month)]
    by_path = defaultdict(list)
    for candidate in concerned:
        by_path[candidate.path].append(candidate)
    for same_path in by_path.values():
        if any(candidate.pattern.table == table for candidate in same_path):
            _refuse_two_patterns(same_path)
    ours = [candidate for candidate in concerned if candidate.pattern.table == table]
    _refuse_plain_and_packed(ours)
    found = sorted((_found(candidate) for candidate in ours), key=lambda file: (file.days, file.path))
    refuse_overlap(found, table)
    return found


def _refuse_two_patterns(same_path: Sequence[_Candidate]) -> None:
    if len(same_path) > 1:
        raise ConfigError(
            f"Several file patterns match {shown(same_path[0].path)}: "
            f"{patterns_in_words([candidate.pattern for candidate in same_path])}. "
            "Make the patterns in 'files' narrower, so that each file belongs to one table."
        )


def _refuse_plain_and_packed(candidates: Sequence[_Candidate]) -> None:
    by_plain_path = defaultdict(list)
    for candidate in candidates:
        by_plain_path[candidate.path.with_name(candidate.claim.plain_name)].append(candidate)
    for same in by_plain_path.values():
        if len(same) > 1:
            names = shown_all([str(candidate.path) for candidate in same])
            raise FileError(
                f"{names} are the same file, plain and packed, and loading both would double its rows. "
                "Move all but one of them away."
            )


def refuse_overlap(found: Sequence[FoundFile], table: str) -> None:
    """Raise FileError when two files, in the order of their days, claim the same day: its rows would be loaded
    twice.
    """
    for one, other in pairwise(found):
        if one.days.overlaps(other.days):
            raise FileError(
                f"{shown(one.path)} ({one.days}) and {shown(other.path)} ({other.days}) claim the same days of table "
                f"{table}. Leave one of them out or move it away, or name it after the days that it really contains."
            )


def _found(candidate: _Candidate) -> FoundFile:
    """Look at the file itself.  Raise FileError when it cannot be what its name claims."""
    path, days = candidate.path, candidate.claim.days
    if days is None:
        raise FileError(
            f"{shown(path)} cannot be loaded: {candidate.claim.problem}. "
            "Name each file after days of one month, and split a file that spans several."
        )
    month = Month.of(days.first)
    if candidate.folder_month not in (None, month):
        raise FileError(
            f"{shown(path)} is in the folder of {candidate.folder_month} but claims days of {month}. "
            "Move it to the folder of its month, or correct its name."
        )
    return FoundFile(path, _readable_size(path), month, days, candidate.pattern.table, candidate.pattern_index)


def _readable_size(path: Path) -> int:
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            target = shown(path.readlink())
            raise FileError(
                f"{shown(path)} is a link to {target}, which does not exist. Repair or remove it."
            ) from None
        raise FileError(f"There is no file {shown(path)}. Check its name and folder.") from None
    except OSError as error:
        raise FileError(f"{shown(path)} cannot be examined: {error.strerror}. Check its permissions.") from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"{shown(path)} is a folder though it is named like a file. Move or rename it.")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{shown(path)} is a pipe, socket or device, not a file. Copy its data to a regular file.")
    if not os.access(path, os.R_OK):
        raise FileError(f"{shown(path)} may not be read by this user. Ask its owner for read permission.")
    return status.st_size


def _months_of(candidates: Iterable[_Candidate]) -> tuple[Month, ...]:
    return tuple(months_in_order(Month.of(one.claim.days.first) for one in candidates if one.claim.days is not None))


def _nothing_found(
    base_path: Path, patterns: Sequence[FilePattern], table: str, month: Month, candidates: Sequence[_Candidate]
) -> str:
    names = " or ".join(shown(pattern.text) for pattern in patterns if pattern.table == table)
    there = _months_of(candidate for candidate in candidates if candidate.pattern.table == table)
    rest = f"There are files for {months_in_words(there)}." if there else "There are files for no month at all."
    return (
        f"No file of table {table} for {month}: looked for {names} (also with {', '.join(PACKED_SUFFIXES)}) in "
        f"{shown(base_path)} and its folders {month} and {month.number:02d}{month.year:04d}. {rest} "
        "Check the month, 'base_path' and the pattern."
    )


def months_in_words(months: Sequence[Month]) -> str:
    """Months as runs, never abbreviated: ``2013-01..2013-03, 2013-05``."""
    runs: list[list[Month]] = []
    for month in months:
        if runs and runs[-1][-1].next() == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)
