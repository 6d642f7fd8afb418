"""``stage clean`` (floor 5): removes what was chosen, never what a live lease holds, and proves it with LIST."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from snowflake_etl.errors import UsageError
from snowflake_etl.operations.staged.folders import StagedFolder, StageReader, State, is_ours
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath

LOGGER = logging.getLogger(__name__)

_ORPHANS = frozenset({State.FAILED, State.INCOMPLETE})


@dataclass(frozen=True)
class CleanChoice:
    """Which of the listed folders to remove; every condition must hold.
    ``orphans`` are folders of failed runs and incomplete ones.  Foreign objects are removed only on request.
    """

    older_than: timedelta | None = None
    orphans: bool = False
    foreign: bool = False

    def takes(self, folder: StagedFolder) -> bool:
        if folder.state is State.LOADING:
            return False
        if folder.state is State.FOREIGN:
            return self.foreign and self._is_old(folder)
        return (not self.orphans or folder.state in _ORPHANS) and self._is_old(folder)

    def _is_old(self, folder: StagedFolder) -> bool:
        return self.older_than is None or folder.age >= self.older_than


@dataclass(frozen=True)
class StageCleaned:
    """What LIST no longer shows; what was kept, each with the reason; and what REMOVE failed to remove."""

    removed: tuple[StagedFolder, ...]
    spared: tuple[tuple[StagedFolder, str], ...]
    still_there: tuple[str, ...]

    @property
    def objects(self) -> int:
        return sum(len(folder.objects) for folder in self.removed)

    @property
    def bytes(self) -> int:
        return sum(folder.bytes for folder in self.removed)


def clean_stage(
    session: Session, objects: WorkObjects, reader: StageReader, chosen: Sequence[StagedFolder]
) -> StageCleaned:
    """Remove the chosen folders; each is checked again right before removal, and listed again afterwards."""
    removed: list[StagedFolder] = []
    spared: list[tuple[StagedFolder, str]] = []
    still_there: list[str] = []
    for folder in chosen:
        reason = _remove(session, objects, reader, folder)
        if reason:
            spared.append((folder, reason))
            continue
        left = sorted(set(folder.objects) & set(_names(session, objects, folder)))
        still_there += [f"{folder.path}{name}" for name in left]
        if not left:
            removed.append(folder)
    return StageCleaned(tuple(removed), tuple(spared), tuple(still_there))


def _remove(session: Session, objects: WorkObjects, reader: StageReader, folder: StagedFolder) -> str:
    """Remove one folder, or say why it stays."""
    if reader.is_being_loaded(folder):
        return "a run has taken it up meanwhile"
    added = set(_names(session, objects, folder)) - set(folder.objects)
    if folder.state is not State.FOREIGN and any(map(is_ours, added)):
        return "parts were added to it meanwhile"
    path = _path(objects, folder)
    if path is None:
        return "its path cannot be written as a folder: remove it by hand"
    if folder.state is not State.FOREIGN and not added:
        LOGGER.info("Removing %s", path)
        stage.remove(session, path)
        return ""
    below = [found.path.removeprefix(path.folder) for found in stage.list_objects(session, path)]
    for name in folder.objects:
        # REMOVE takes a prefix: it would also remove any name that begins with this one.
        if any(other != name and other.startswith(name) for other in below):
            return f"REMOVE of {name} would remove others whose names begin so: remove it by hand"
    for name in folder.objects:
        LOGGER.info("Removing %s%s", path, name)
        stage.remove(session, path, name)
    return ""


def _names(session: Session, objects: WorkObjects, folder: StagedFolder) -> list[str]:
    """The names now in the folder itself, including those of the other kind in a mixed folder."""
    path = _path(objects, folder)
    if path is None:
        return list(folder.objects)
    return [found.name for found in stage.list_objects(session, path) if found.folder == folder.path]


def _path(objects: WorkObjects, folder: StagedFolder) -> StagePath | None:
    try:
        return objects.stage_root.at(folder.path)
    except UsageError:
        return None
