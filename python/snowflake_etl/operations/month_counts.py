"""Counts files and the rows loaded from them, side by side (floor 5): days, NULLs, longest values.  Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from snowflake_etl.config.model import Configuration, QualitySection
from snowflake_etl.errors import ProblemsFound
from snowflake_etl.files.parts import FileCutter
from snowflake_etl.files.plan import SMALLEST_CUT_BYTES
from snowflake_etl.month import DayRange
from snowflake_etl.operations import load_target
from snowflake_etl.operations.load_checks import expectations
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Prepared, Source, read_source
from snowflake_etl.operations.situation import Permission
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_engine import profile_file
from snowflake_etl.quality.profile import Expectations, Profile
from snowflake_etl.quality.table_engine import profile_table
from snowflake_etl.results import ComparedFile, Difference
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session


@dataclass(frozen=True)
class Counts:
    """``days`` is None if there is no date column; columns that were not counted are missing from the mappings."""

    rows: int
    days: Mapping[date, int] | None
    nulls: Mapping[str, int]
    longest: Mapping[str, int]


def look(session: Session, planned: PlannedLoad, configuration: Configuration) -> Prepared:
    """Collect everything that is known before anything is compared.  Raise ProblemsFound when there is no table."""
    objects = WorkObjects.of(session.database, configuration.load)
    target = load_target.resolve_target(session, planned.entry, may_create=False)
    if not target.exists:
        raise ProblemsFound(f"There is no table {target.name}: nothing of {planned.month} is loaded.")
    live = load_target.live_rows_of(session, objects, target, planned)
    present = load_target.situation_of(session, target, planned, live)
    sources = tuple(read_source(file, planned.entry, target) for file in planned.files)
    return Prepared(objects, target, planned.month, sources, present, Permission(), ())


def read_through(sources: Sequence[Source], progress: Progress) -> list[ComparedFile]:
    """Read every byte of the files as a load does, without compressing: records and content hash.

    Raise FileError for a damaged file.
    """
    total, before = sum(source.found.size for source in sources), 0
    read = []
    for source in sources:
        cutter = FileCutter(source.path, source.layout, SMALLEST_CUT_BYTES)
        for _ in cutter.cuts():
            progress("read", before + cutter.bytes_read, total, "bytes")
        before += source.found.size
        read.append(ComparedFile(str(source.path), source.found.size, cutter.rows, cutter.content_hash))
    return read


def count_files(
    prepared: Prepared, planned: PlannedLoad, quality: QualitySection, temp_directory: Path, progress: Progress
) -> Counts:
    """Count the files with the engine that checks files; temporary data goes below ``temp_directory``."""
    profiles = []
    for number, source in enumerate(prepared.sources):
        progress("count files", number, len(prepared.sources), "files")
        profile = profile_file(
            source.path,
            source.layout,
            _wanted(prepared, planned, quality, [source]),
            Resources.of(quality, temp_directory),
        )
        # The profile has the header's spelling, but the same order of columns.
        columns = zip(profile.column_profiles, source.columns, strict=True)
        profiles.append(replace(profile, column_profiles=tuple(replace(column, name=name) for column, name in columns)))
    return _sum(profiles)


def count_table(session: Session, prepared: Prepared, planned: PlannedLoad, quality: QualitySection) -> Counts:
    """Count the claimed days in the table (all of it if there are no days) with the engine that checks tables."""
    wanted = _wanted(prepared, planned, quality, prepared.sources)
    ranges: Sequence[DayRange | None] = prepared.situation.claimed or [None]
    return _sum([profile_table(session, prepared.target.name, wanted, days=days) for days in ranges])


def _wanted(
    prepared: Prepared, planned: PlannedLoad, quality: QualitySection, sources: Sequence[Source]
) -> Expectations:
    """Without the key: duplicates that both sides have are not a difference."""
    return replace(expectations(prepared, planned.entry, quality, sources), key_columns=())


def _sum(profiles: Sequence[Profile]) -> Counts:
    days: dict[date, int] = {}
    for profile in profiles:
        for day, rows in (profile.rows_per_day or {}).items():
            days[day] = days.get(day, 0) + rows
    columns = [column for profile in profiles for column in profile.column_profiles]
    nulls = [(column.name, column.nulls) for column in columns if column.nulls is not None]
    longest = [(column.name, column.longest) for column in columns if column.longest is not None]
    return Counts(
        sum(profile.rows for profile in profiles),
        None if profiles[0].rows_per_day is None else days,
        {name: sum(count for other, count in nulls if other == name) for name, _ in nulls},
        {name: max(length for other, length in longest if other == name) for name, _ in longest},
    )


def differences(files: Counts, table: Counts, claimed: Sequence[DayRange]) -> tuple[list[Difference], list[str]]:
    """Return every difference; what could not be compared goes into the notes."""
    if files.days is None or table.days is None:
        found = _rows(files.rows, table.rows)
        return [*found, *_columns(files, table)], []
    found = [difference for days in claimed for difference in _days(files.days, table.days, days)]
    outside = rows_outside(files, claimed)
    if outside:
        return found, [
            f"{outside:,} rows of the files are outside the days of the files' names: they and the values of the "
            "columns were not compared."
        ]
    return [*found, *_columns(files, table)], []


def rows_outside(counts: Counts, claimed: Sequence[DayRange]) -> int:
    """The number of rows on no claimed day; 0 if there are no days."""
    if counts.days is None:
        return 0
    return counts.rows - sum(rows for day, rows in counts.days.items() if any(day in days for days in claimed))


def _rows(in_files: int, in_table: int) -> list[Difference]:
    if in_files == in_table:
        return []
    message = f"The files have {counted(in_files, 'row')}, the table {in_table:,}."
    return [Difference("rows", message, in_files, in_table)]


def _days(files: Mapping[date, int], table: Mapping[date, int], claimed: DayRange) -> Iterable[Difference]:
    for day in claimed:
        one, other = files.get(day, 0), table.get(day, 0)
        if one != other:
            yield Difference("day", f"{day}: {counted(one, 'row')} in the files, {other:,} in the table.", one, other)


def _columns(files: Counts, table: Counts) -> Iterable[Difference]:
    for what, label, ours, theirs in (
        ("nulls", "NULLs", files.nulls, table.nulls),
        ("longest", "characters in the longest value", files.longest, table.longest),
    ):
        for name in [name for name in ours if name in theirs and ours[name] != theirs[name]]:
            message = f"Column {name}: {ours[name]:,} {label} in the files, {theirs[name]:,} in the table."
            yield Difference(what, message, ours[name], theirs[name])
