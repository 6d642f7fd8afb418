"""Stage the files of a load (floor 5): parts under content names, then a manifest, then LIST must agree.

``@<work schema>.ETL_STAGE/<table>/<month>/<fingerprint>-<plan>/part-00001-<hash of its rows>.tsv.zst``
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import FileError, Refused, WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import changed_while_read
from snowflake_etl.files.part_files import PartFilesReader, repack
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.files.touch import touch_of
from snowflake_etl.operations import loaded_files, situation
from snowflake_etl.operations.file_tools.parts_manifest import PackedParts
from snowflake_etl.operations.load_prepare import Prepared, Source
from snowflake_etl.operations.manifest import VERSION, Manifest, ManifestPart, put_manifest
from snowflake_etl.operations.memory import Concurrency
from snowflake_etl.operations.situation import Wishes
from snowflake_etl.operations.staging import StagedFile, stage_cuts, stage_file
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results import LoadedFile
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath, StageWriter

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class StagedSource:
    """A file whose every record is on the stage, in the manifest's folder below the month's path."""

    source: Source
    manifest: Manifest
    parts_sent: int

    @property
    def path(self) -> Path:
        return self.source.path

    @property
    def folder(self) -> str:
        return self.manifest.folder

    @property
    def parts(self) -> tuple[ManifestPart, ...]:
        return self.manifest.parts

    @property
    def rows(self) -> int:
        return self.manifest.rows

    @property
    def content_hash(self) -> str:
        return self.manifest.content_hash

    @property
    def loaded_file(self) -> LoadedFile:
        size = self.source.found.size
        return LoadedFile(str(self.path), size, self.rows, self.content_hash, len(self.parts), self.parts_sent)


def source_folder(source: Source, plan: CutPlan) -> str:
    """The folder of a file's parts: other bytes or other cuts give another folder."""
    return f"{source.fingerprint}-{plan.plan_hash}"


def stage_source(
    source: Source,
    plan: CutPlan,
    month_path: StagePath,
    session: Session,
    open_session: Callable[[], Session],
    *,
    concurrency: Concurrency,
    progress: Progress,
    stop: threading.Event,
) -> StagedSource:
    """Stage one file; parts that are there already, under names that prove their content, are not sent again.

    Raise FileError when the file is damaged or changes while it is read, WarehouseError or ConnectError when
    the stage is out of reach.  What was staged by then stays.
    """
    folder = source_folder(source, plan)
    path = month_path.below(folder)
    present = {found.name for found in stage.list_objects(session, path)}
    staged = stage_file(
        source.path,
        source.layout,
        plan,
        path.sql,
        lambda: StageWriter(open_session()),
        concurrency=concurrency,
        present=frozenset(present),
        progress=progress,
        stop=stop,
    )
    return _whole(session, source, path, _manifest_of(source, folder, staged), staged)


def stage_packed(
    source: Source,
    packed: PackedParts,
    month_path: StagePath,
    session: Session,
    open_session: Callable[[], Session],
    *,
    concurrency: Concurrency,
    progress: Progress,
    stop: threading.Event,
) -> StagedSource:
    """Stage a file from parts that ``compress`` made of it, each proven by its checksum, all by the content hash.

    What lies on the stage afterwards is what ``stage_source`` would have put there.  Raise FileError for a part that
    is not what the manifest says; nothing can be loaded from what was staged by then.
    """
    manifest = packed.manifest
    path = month_path.below(manifest.folder)
    present = {found.name for found in stage.list_objects(session, path)}
    reader = PartFilesReader(packed.path, packed.folder, packed.entries, packed.packing, stop.is_set)
    staged = stage_cuts(
        reader,
        path.sql,
        lambda: StageWriter(open_session()),
        concurrency=concurrency,
        pack=repack,
        present=frozenset(present),
        progress=progress,
        stop=stop,
    )
    if (staged.content_hash, staged.rows) != (manifest.content_hash, manifest.rows):
        raise FileError(
            f"The parts beside {shown(packed.path)} are not the whole of {shown(manifest.file)}: together they hold "
            "other content than was compressed. Compress the file again; nothing was loaded."
        )
    return _whole(session, source, path, manifest, staged)


def _whole(session: Session, source: Source, path: StagePath, manifest: Manifest, staged: StagedFile) -> StagedSource:
    """Add the manifest to the parts, and check with LIST."""
    result = StagedSource(source, manifest, sum(part.compressed_bytes > 0 for part in staged.parts))
    put_manifest(session, path, manifest)
    _check_listing(session, path, manifest)
    amount = f"{counted(staged.rows, 'row')} in {counted(len(staged.parts), 'part')}"
    LOGGER.info("Staged %s: %s at %s", shown(source.path.name), amount, path)
    return result


def staged_before(source: Source, manifest: Manifest, month_path: StagePath, session: Session) -> StagedSource:
    """Use what an earlier run has staged, by its manifest.  Raise WarehouseError when a part of it is gone."""
    _check_listing(session, month_path.below(manifest.folder), manifest)
    return StagedSource(source, manifest, 0)


def refuse_loaded(staged: Sequence[StagedSource], prepared: Prepared, entry: FileSection, wishes: Wishes) -> None:
    """Raise Refused when what is to be appended is in the table already: only now, after reading, is the hash known."""
    for one in staged:
        row = situation.already_live(prepared.everything, one.content_hash)
        if row is not None:
            name = shown(one.path.name)
            loaded_files.refuse_copy(row, name, one.source.found.days, entry)
            raise Refused(f"{situation.same_content(row, name)} {situation.how_to_replace(prepared.situation, wishes)}")


def refuse_touched(staged: StagedSource) -> None:
    """Raise FileError when what was staged is not the file that was examined before."""
    touch = staged.source.touch
    if touch is not None and not touch.same_bytes(touch_of(staged.path)):
        raise changed_while_read(staged.path, "was written to, or replaced, after it was examined")


def _manifest_of(source: Source, folder: str, staged: StagedFile) -> Manifest:
    days = source.found.days
    return Manifest(
        version=VERSION,
        file=source.path.name,
        file_bytes=source.found.size,
        first_day=days.first,
        last_day=days.last,
        layout=source.layout,
        fingerprint=source.fingerprint,
        content_hash=staged.content_hash,
        folder=folder,
        rows=staged.rows,
        parts=tuple(ManifestPart(part.name, part.rows, part.first_line) for part in staged.parts),
    )


def _check_listing(session: Session, path: StagePath, manifest: Manifest) -> None:
    """LIST must show exactly the manifest's names: others are removed, a missing part is an error."""
    expected = {manifest.name, *(part.name for part in manifest.parts)}
    present = {found.name for found in stage.list_objects(session, path)}
    if missing := sorted(expected - present):
        raise WarehouseError(
            f"{', '.join(missing)} should be at {path} and LIST does not show it. Another run may have cleaned up "
            "there; run the load again, with its file."
        )
    for name in sorted(present - expected):
        LOGGER.warning("Removing %s from %s: it belongs to no part of this file", name, path)
        stage.remove(session, path, name)
