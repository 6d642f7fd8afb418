"""Stage the files of a load (floor 5): parts under content names, then a manifest, then LIST must agree.

``@<work schema>.ETL_STAGE/<table>/<month>/<fingerprint>-<plan>/part-00001-<hash of its rows>.tsv.zst``
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.operations.load_prepare import Source
from snowflake_etl.operations.memory import Concurrency
from snowflake_etl.operations.staging import StagedPart, stage_file
from snowflake_etl.progress import Progress
from snowflake_etl.results import LoadedFile
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath, StageWriter

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class StagedSource:
    """A file whose every record is on the stage, in ``folder`` below the month's path."""

    source: Source
    folder: str
    parts: tuple[StagedPart, ...]
    rows: int
    content_hash: str

    @property
    def path(self) -> Path:
        return self.source.path

    @property
    def manifest(self) -> str:
        """The manifest's name: equal names prove equal content, as with parts."""
        return f"manifest-{self.content_hash}.json"

    @property
    def loaded_file(self) -> LoadedFile:
        sent = sum(part.compressed_bytes > 0 for part in self.parts)
        return LoadedFile(str(self.path), self.source.found.size, self.rows, self.content_hash, len(self.parts), sent)


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
    the stage is out of reach.  What was staged until then stays.
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
    result = StagedSource(source, folder, staged.parts, staged.rows, staged.content_hash)
    _put_manifest(session, path, result)
    _check_listing(session, path, result)
    LOGGER.info("Staged %s: %s rows in %s part(s) at %s", shown(source.path.name), staged.rows, len(staged.parts), path)
    return result


def _put_manifest(session: Session, path: StagePath, staged: StagedSource) -> None:
    """The manifest goes last: where it stands, every part stands."""
    document = {
        "rows": staged.rows,
        "content_hash": staged.content_hash,
        "parts": [{"name": part.name, "rows": part.rows, "first_line": part.first_line} for part in staged.parts],
    }
    stage.put_bytes(session, json.dumps(document, indent=1).encode(), staged.manifest, path)


def _check_listing(session: Session, path: StagePath, staged: StagedSource) -> None:
    """LIST has to show exactly the manifest's names: strangers are removed, a missing part stops."""
    expected = {staged.manifest, *(part.name for part in staged.parts)}
    present = {found.name for found in stage.list_objects(session, path)}
    if missing := sorted(expected - present):
        raise WarehouseError(
            f"{', '.join(missing)} should be at {path} and LIST does not show it. Another run may have cleaned up "
            "there; run the load again."
        )
    for name in sorted(present - expected):
        LOGGER.warning("Removing %s from %s: it belongs to no part of this file", name, path)
        stage.remove(session, path, name)
