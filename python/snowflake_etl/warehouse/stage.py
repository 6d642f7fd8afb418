"""The stage (floor 3): paths, PUT from memory, LIST, REMOVE.

Objects lie below ``@<work schema>.ETL_STAGE/<table>/<month>/<fingerprint>-<plan>/``, or below
``@~/snowflake_etl/<work schema>/`` on the user's own stage; their names prove their content, so an object with a given
name is either right or missing.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import ObjectName, literal
from snowflake_etl.warehouse.session import Session

_SAFE = re.compile(r"[A-Za-z0-9_.$-]+", re.ASCII)


@dataclass(frozen=True)
class UserStage:
    """The stage that every user has, ``@~``: nobody else sees what lies there."""

    sql: str = "~"

    def __str__(self) -> str:
        return self.sql


@dataclass(frozen=True)
class StagePath:
    """A folder on a stage, "" for the whole stage; it ends with ``/``, since COPY and LIST match by prefix."""

    stage: ObjectName | UserStage
    folder: str

    def __post_init__(self) -> None:
        if not self.folder:
            return
        if not self.folder.endswith("/") or self.folder.startswith("/") or "//" in self.folder:
            raise UsageError(f"'{self.folder}' is not a folder of a stage: write a/b/.")

    @property
    def sql(self) -> str:
        """The reference as PUT, LIST, COPY and REMOVE take it, without the quotes of the literal."""
        return f"@{self.stage.sql}/{self.folder}"

    def __str__(self) -> str:
        return f"@{self.stage}/{self.folder}"

    def below(self, name: str) -> StagePath:
        return StagePath(self.stage, f"{self.folder}{name}/")

    def at(self, folder: str) -> StagePath:
        """Another folder of the same stage, by its whole path."""
        return StagePath(self.stage, folder)

    def relative(self, listed: str) -> str:
        """An object's path on the stage: LIST puts a named stage's name in lower case before it."""
        return listed if isinstance(self.stage, UserStage) else listed.split("/", 1)[1]


@dataclass(frozen=True)
class StagedObject:
    """One object that LIST shows: ``path`` is relative to the stage, size in bytes (as encrypted)."""

    path: str
    size: int
    last_modified: datetime

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        return self.path[: -len(self.name)]


def table_folder(root: StagePath, table: ObjectName) -> StagePath:
    """The folder of everything staged for ``table`` below ``root``."""
    return root.below(folder_name(str(table)))


def folder_name(name: str) -> str:
    """An object's name in lower case, made safe for a path; different names stay different."""
    text = name.lower()
    if _SAFE.fullmatch(text) and name == name.upper():
        return text
    # Names that only differ in case get separate folders, too.
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return re.sub(r"[^A-Za-z0-9_.$-]+", "-", text, flags=re.ASCII).strip("-") + "-" + digest


def place_of(table_name: str, fingerprint: str) -> tuple[str, str]:
    """What distinguishes a file's parts for one table from all others; the same file may be for several tables."""
    return folder_name(table_name), fingerprint


def place_of_folder(folder: str) -> tuple[str, str]:
    """The same for a folder ``.../<table>/<month>/<fingerprint>-<plan>/``."""
    table, _, name = ["", "", "", *folder.rstrip("/").split("/")][-3:]
    return table, name.split("-")[0]


def list_objects(session: Session, path: StagePath) -> list[StagedObject]:
    """LIST a folder and everything below it."""
    objects = []
    for record in session.records(f"LIST {literal(path.sql)}"):
        relative = path.relative(str(record["name"]))
        objects.append(StagedObject(relative, int(record["size"]), _time_of(record["last_modified"])))
    return objects


def remove(session: Session, path: StagePath, name: str = "") -> None:
    """REMOVE one object of a folder, or the folder with everything below it."""
    session.ensure(f"REMOVE {literal(path.sql + name)}")


def remove_older(
    session: Session, path: StagePath, before: datetime, keep: Callable[[str, Sequence[StagedObject]], bool]
) -> list[str]:
    """Remove the folders below ``path`` in which nothing is younger than ``before``; return their names.
    ``keep``, given a folder and its content, says whether it must stay, whatever its age.
    """
    folders: dict[str, list[StagedObject]] = {}
    for found in list_objects(session, path):
        folders.setdefault(found.folder, []).append(found)
    old = [
        folder
        for folder, members in sorted(folders.items())
        if max(member.last_modified for member in members) < before and not keep(folder, members)
    ]
    for folder in old:
        remove(session, path.at(folder))
    return old


class StageWriter:
    """PUTs objects over its own session; one writer serves one thread."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> str:
        return self._session.put(stream, name, stage_path)

    def close(self) -> None:
        self._session.close()


def put_bytes(session: Session, content: bytes, name: str, path: StagePath) -> str:
    """PUT a small object from memory."""
    return session.put(io.BytesIO(content), name, path.sql)


def _time_of(text: object) -> datetime:
    """Read LIST's last_modified, for example ``Mon, 7 Jan 2013 12:00:00 GMT``."""
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=UTC)
    moment = parsedate_to_datetime(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
