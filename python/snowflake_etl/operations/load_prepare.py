"""Before anything is staged (floor 5): the target, the files' layouts, and whether the load may go on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import FileError, Refused
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.find import FoundFile
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.touch import Touch, touch_of
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import load_target, loaded_files, situation
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.file_tools.parts_manifest import PackedParts
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_target import Target
from snowflake_etl.operations.manifest import Manifest
from snowflake_etl.operations.situation import Mode, Permission, Situation, Wishes
from snowflake_etl.quality.formats import to_snowflake
from snowflake_etl.warehouse.copy import CsvFormat
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects, ensure_objects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath, table_folder

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """One file of a load, looked at but not yet read: ``columns`` are the target's, in the file's order.

    With a ``manifest`` it is staged already, or its parts are in the folder of ``packed``, and these are loaded instead
    of the file.  ``touch`` is the file's state before anything of it was read.
    """

    found: FoundFile
    layout: Layout
    columns: tuple[str, ...]
    fingerprint: str
    manifest: Manifest | None = None
    packed: PackedParts | None = None
    touch: Touch | None = None

    @property
    def path(self) -> Path:
        return self.found.path


@dataclass(frozen=True)
class Prepared:
    """Everything that is settled before the first byte is staged.

    ``left_out`` names files that are in the table already, one sentence each.  ``everything`` holds the table's live
    ledger rows of all months.
    """

    objects: WorkObjects
    target: Target
    month: Month
    sources: tuple[Source, ...]
    situation: Situation
    permission: Permission
    left_out: tuple[str, ...]
    everything: tuple[LedgerRow, ...] = ()

    @property
    def stage_path(self) -> StagePath:
        """The stage folder of the month, with a subfolder for each of its files."""
        return table_folder(self.objects.stage_root, self.target.name).below(str(self.month))

    @property
    def bytes(self) -> int:
        """Size of the files on disk."""
        return sum(source.found.size for source in self.sources)

    @property
    def days(self) -> DayRange | None:
        """From the first to the last claimed day; None where the table has no days."""
        claimed = self.situation.claimed
        return DayRange(claimed[0].first, claimed[-1].last) if claimed else None

    @property
    def claimed(self) -> tuple[str, list[str]] | None:
        """SQL and binds that select the claimed days; None if the table has no days."""
        return self.target.condition(self.situation.claimed) if self.situation.claimed else None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.sources[0].columns

    @property
    def layout(self) -> Layout:
        return self.sources[0].layout

    def csv_format(self, entry: FileSection) -> CsvFormat:
        """How COPY must read the parts of this load."""
        return CsvFormat(
            self.layout.delimiter,
            self.layout.quote,
            entry.null_values,
            to_snowflake(entry.date_format),
            to_snowflake(entry.timestamp_format),
        )


class AlreadyLoaded(Refused):
    """Every file is in the table already; ``prepared`` says which, ``rows`` are their ledger rows."""

    def __init__(self, message: str, prepared: Prepared, rows: Sequence[LedgerRow]) -> None:
        super().__init__(message)
        self.prepared = prepared
        self.rows = rows


def prepare(
    session: Session,
    planned: PlannedLoad,
    configuration: Configuration,
    wishes: Wishes,
    contents: FileContents,
    *,
    dry_run: bool,
) -> Prepared:
    """Settle everything that can be known without reading whole files, unless one seems to be loaded already.
    A dry run creates no object.  Raise Refused, with the command that would work, FileError for files that do not fit
    the table, WarehouseError for missing objects.
    """
    objects = WorkObjects.of(session.database, configuration.load)
    if not dry_run:
        ensure_objects(session, objects)
    target = load_target.resolve_target(session, planned.entry, may_create=not dry_run)
    everything = load_target.live_rows_of_table(session, objects, target)
    live = load_target.of_planned_month(everything, target, planned)
    sources = _sources(planned, target)
    _check_alike(sources)
    loaded = loaded_files.find(sources, everything, planned.entry, contents) if wishes.mode is Mode.APPEND else {}
    there = [source for source in sources if source.fingerprint in loaded]
    missing = [source for source in sources if source.fingerprint not in loaded]

    def situation_with(some: Sequence[Source]) -> Situation:
        files = tuple(source.found for source in some)
        return load_target.situation_of(session, target, replace(planned, files=files or planned.files), live)

    present = situation_with(missing)
    if missing and there and wishes.command_of_files:
        # What is said about the remaining files must be true for them alone.
        wishes = replace(wishes, command=wishes.command_of_files([source.path for source in missing]))
    left_out = _left_out(there, loaded, situation_with(there) if missing and there else present, wishes)
    if not missing:
        done = Prepared(objects, target, planned.month, tuple(sources), present, Permission(), ())
        rows = list(loaded.values())
        raise AlreadyLoaded(" ".join([*left_out, situation.how_to_replace(present, wishes)]), done, rows)
    if wishes.mode is Mode.APPEND and not wishes.allow_existing:
        loaded_files.refuse_other_versions(missing, present, planned.entry, wishes)
    permission = situation.permit(present, wishes)
    if not dry_run:
        _say_what_was_detected(missing)
    return Prepared(
        objects, target, planned.month, tuple(missing), present, permission, tuple(left_out), tuple(everything)
    )


def _left_out(there: Sequence[Source], loaded: Mapping[str, LedgerRow], now: Situation, wishes: Wishes) -> list[str]:
    """Sentences about the files that are loaded already.  Raise Refused when their rows are no longer there."""
    if not there:
        return []
    said = [situation.same_content(loaded[source.fingerprint], shown(source.path.name)) for source in there]
    return said + loaded_files.still_there(now, list(loaded.values()), wishes)


def _say_what_was_detected(sources: list[Source]) -> None:
    for source in sources:
        for note in source.layout.notes:
            LOGGER.info("%s: %s", shown(source.path.name), note)


def _sources(planned: PlannedLoad, target: Target) -> list[Source]:
    if not planned.manifests:
        return [read_source(file, planned.entry, target) for file in planned.files]
    sources = []
    packed = planned.packed or (None,) * len(planned.manifests)
    for file, manifest, parts in zip(planned.files, planned.manifests, packed, strict=True):
        columns = load_target.loaded_columns(target.table, planned.entry, manifest.layout, shown(manifest.file))
        sources.append(Source(file, manifest.layout, columns, manifest.fingerprint, manifest, parts))
    return sources


def read_source(file: FoundFile, entry: FileSection, target: Target) -> Source:
    """Examine one file: its layout, how its columns map to the target's, its fingerprint.  Raise FileError."""
    wishes = LayoutWishes(
        delimiter=entry.wished_delimiter,
        quote=entry.quote_char,
        header=entry.header,
        encoding=entry.encoding,
        columns=entry.columns or tuple(column.name for column in target.table.columns),
    )
    touch = touch_of(file.path)
    layout = read_layout(file.path, wishes)
    columns = load_target.loaded_columns(target.table, entry, layout, shown(file.path.name))
    return Source(file, layout, columns, fingerprint(file.path), touch=touch)


def refuse_twins(what: str, contents: Iterable[tuple[str, Path]]) -> None:
    """Raise FileError when two files of a load have the same content, by its hash: their rows would be duplicated."""
    seen: dict[str, Path] = {}
    for content, path in contents:
        if content in seen:
            raise FileError(
                f"{shown(seen[content])} and {shown(path)} hold the same {what} for different days. One of them is a "
                "copy under a wrong name: remove it. Nothing was published."
            )
        seen[content] = path


def _check_alike(sources: list[Source]) -> None:
    """One COPY reads all parts, so the files of one load must have the same layout."""
    first = sources[0]
    refuse_twins("bytes", ((source.fingerprint, source.path) for source in sources))
    for other in sources[1:]:
        same = (first.columns, first.layout.delimiter, first.layout.quote)
        if same != (other.columns, other.layout.delimiter, other.layout.quote):
            raise FileError(
                f"{shown(first.path.name)} and {shown(other.path.name)} are laid out differently (delimiter, quoting "
                "or order of columns). Load them one after the other with --file."
            )
