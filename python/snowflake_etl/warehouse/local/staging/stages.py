"""Stages of the embedded warehouse: definitions in one JSON file, objects as files (floor 3).

An object ``a/b.zst`` of a stage is the file ``stage/<stage id>/a/b.zst``.  It appears by rename, complete or not at
all.  Names on disk come from checked identifiers and paths: nothing can escape the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from snowflake_etl.warehouse.local.folder import WarehouseFolder, write_private
from snowflake_etl.warehouse.local.sql_errors import SqlError, exists, missing

_LONGEST_NAME_BYTES = 255
_RETRIES_WHEN_FOLDERS_GO = 20


@dataclass(frozen=True)
class Stage:
    """One stage: a named one, a table's (``%TABLE``) or the user's (``~``).

    ``session`` is the id of the session that a temporary stage belongs to, 0 for lasting ones.
    """

    id: str
    database: str
    schema: str
    name: str
    created: float
    comment: str = ""
    session: int = 0

    @property
    def label(self) -> str:
        """What LIST and COPY put before an object's path: the name in lower case, nothing for other stages."""
        return "" if self.name.startswith(("%", "~")) else f"{self.name.lower()}/"


@dataclass(frozen=True)
class StagedFile:
    """One object: its path within the stage, its file, its size in bytes and its time of arrival (epoch seconds)."""

    stage: Stage
    path: str
    file: Path
    size: int
    modified: float

    @property
    def name(self) -> str:
        """The object's name as LIST shows it."""
        return self.stage.label + self.path

    @property
    def md5(self) -> str:
        """32 hexadecimal digits that change with the object (as on Snowflake: not the MD5 of the data)."""
        facts = f"{self.path}\0{self.size}\0{self.modified!r}"
        return hashlib.md5(facts.encode(), usedforsecurity=False).hexdigest()


class StageStore:
    """All stages of one warehouse folder; safe to use from several threads."""

    def __init__(self, folder: WarehouseFolder) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._stages: dict[tuple[str, str, str, int], Stage] = {}
        self._load()

    def _load(self) -> None:
        try:
            text = self._folder.stages.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = "[]"
        for facts in json.loads(text):
            stage = Stage(**facts)
            self._stages[(stage.database, stage.schema, stage.name, 0)] = stage
        kept = {stage.id for stage in self._stages.values()}
        for leftover in self._folder.stage.iterdir():
            if leftover.name not in kept:
                shutil.rmtree(leftover, ignore_errors=True)

    def _save(self) -> None:
        lasting = [asdict(stage) for stage in self._stages.values() if not stage.session]
        write_private(self._folder.stages, json.dumps(lasting, indent=1) + "\n")

    def find(self, database: str, schema: str, name: str, session: int) -> Stage | None:
        """The stage that this session sees under the name: its own temporary one hides a lasting one."""
        with self._lock:
            for owner in (session, 0):
                if stage := self._stages.get((database, schema, name, owner)):
                    return stage
        return None

    def get(self, database: str, schema: str, name: str, session: int) -> Stage:
        """The stage.  Raise SqlError when there is none."""
        if stage := self.find(database, schema, name, session):
            return stage
        raise missing("Stage", f"{database}.{schema}.{name}")

    def implicit(self, database: str, schema: str, name: str) -> Stage:
        """A table's or the user's stage, which exists without having been created."""
        with self._lock:
            return self.find(database, schema, name, 0) or self._add(database, schema, name, "", 0)

    def create(
        self, database: str, schema: str, name: str, *, replace: bool, if_missing: bool, session: int, comment: str
    ) -> bool:
        """Create a stage; return whether one was created.  Raise SqlError when the name is taken."""
        with self._lock:
            known = self._stages.get((database, schema, name, session))
            if known and not replace:
                if if_missing:
                    return False
                raise exists("Object", f"{database}.{schema}.{name}")
            if known:
                self._forget(known)
            self._add(database, schema, name, comment, session)
            return True

    def _add(self, database: str, schema: str, name: str, comment: str, session: int) -> Stage:
        stage = Stage(secrets.token_hex(8), database, schema, name, time.time(), comment, session)
        (self._folder.stage / stage.id).mkdir(mode=0o700)
        self._stages[(database, schema, name, session)] = stage
        self._save()
        return stage

    def drop(self, stage: Stage) -> None:
        """Remove a stage and its objects."""
        with self._lock:
            self._forget(stage)
            self._save()

    def _forget(self, stage: Stage) -> None:
        self._stages.pop((stage.database, stage.schema, stage.name, stage.session), None)
        shutil.rmtree(self._folder.stage / stage.id, ignore_errors=True)

    def drop_where(self, *, database: str = "", schema: str = "", session: int = 0) -> None:
        """Remove the stages of a dropped database or schema, or the temporary ones of an ended session."""
        with self._lock:
            gone = [
                stage
                for stage in self._stages.values()
                if (session and stage.session == session)
                or (database and stage.database == database and schema in ("", stage.schema))
            ]
            for stage in gone:
                self._forget(stage)
            if gone:
                self._save()

    def all(self, session: int) -> list[Stage]:
        """The named stages that the session sees."""
        with self._lock:
            seen = [stage for stage in self._stages.values() if stage.session in (0, session)]
        return sorted(
            (stage for stage in seen if not stage.name.startswith(("%", "~"))),
            key=lambda stage: (stage.database, stage.schema, stage.name),
        )

    def root(self, stage: Stage) -> Path:
        return self._folder.stage / stage.id

    def file(self, stage: Stage, path: str) -> Path:
        """The file of the object ``path``, existing or not.  Raise SqlError for an invalid path."""
        return self.root(stage).joinpath(*_safe_parts(path))

    def look(self, stage: Stage, path: str) -> StagedFile | None:
        """The object, if it exists."""
        file = self.file(stage, path)
        try:
            facts = file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return StagedFile(stage, path, file, facts.st_size, facts.st_mtime) if file.is_file() else None

    def put(self, stage: Stage, path: str, uploaded: Path, *, overwrite: bool) -> bool:
        """Move a complete upload to its place; return False if an object was there and had to stay."""
        target = self.file(stage, path)
        for _ in range(_RETRIES_WHEN_FOLDERS_GO):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                if overwrite:
                    uploaded.replace(target)
                    return True
                os.link(uploaded, target)
                uploaded.unlink()
                return True
            except FileExistsError:
                if target.is_file():
                    uploaded.unlink(missing_ok=True)
                    return False
                raise _unstorable(path) from None
            except FileNotFoundError:  # REMOVE took the empty folder away in between
                if not self.root(stage).is_dir():
                    raise missing("Stage", stage.name) from None
            except (NotADirectoryError, IsADirectoryError):
                raise _unstorable(path) from None
        raise _unstorable(path)

    def files(self, stage: Stage, prefix: str) -> list[StagedFile]:
        """The objects whose path starts with ``prefix``, by path (``x`` also finds ``x_other/y``)."""
        folder, _, start = prefix.rpartition("/")
        parts = folder.split("/") if folder else []
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            return []
        base = self.root(stage).joinpath(*parts)
        found = _walk(base, f"{folder}/" if folder else "", start)
        return sorted((StagedFile(stage, *facts) for facts in found), key=lambda file: file.path)

    def remove(self, file: StagedFile) -> None:
        """Remove one object, and the folders that it leaves empty."""
        file.file.unlink(missing_ok=True)
        root = self.root(file.stage)
        for folder in file.file.parents:
            if folder == root:
                return
            try:
                folder.rmdir()
            except OSError:
                return


def _walk(folder: Path, path: str, start: str) -> Iterator[tuple[str, Path, int, float]]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            if not entry.name.startswith(start):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{path}{entry.name}/", "")
            elif entry.is_file(follow_symlinks=False):
                try:
                    facts = entry.stat()
                except FileNotFoundError:
                    continue
                yield path + entry.name, Path(entry.path), facts.st_size, facts.st_mtime


def _safe_parts(path: str) -> list[str]:
    parts = path.split("/")
    for part in parts:
        if part in ("", ".", "..") or "\0" in part or len(part.encode()) > _LONGEST_NAME_BYTES:
            raise _unstorable(path)
    return parts


def _unstorable(path: str) -> SqlError:
    return SqlError(f"The embedded warehouse cannot keep a staged file under the name '{path}'.", 253003, "22000")
