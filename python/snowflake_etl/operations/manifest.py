"""The manifest of a staged file (floor 5): it is uploaded last, and holds all that a load needs in place of the file.

``manifest-<hash of its bytes>.json`` is stored beside the parts; its name proves its content, as theirs do.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from snowflake_etl.errors import WarehouseError
from snowflake_etl.files.layout import Layout
from snowflake_etl.month import DayRange
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagedObject, StagePath

VERSION = 1
_PREFIX = "manifest-"
_HASH = r"^[0-9a-f]{32}$"
_FOLDER = r"^[0-9a-f]{32}-[0-9a-f]{16}$"
_PART = r"^part-[0-9]+-[0-9a-f]+[.][a-z]+[.]zst$"


@dataclass(frozen=True)
class ManifestPart:
    """One part: its records and the line of the file (1 is the first) where its first record begins."""

    name: Annotated[str, Field(pattern=_PART)]
    rows: Annotated[int, Field(ge=1)]
    first_line: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Manifest:
    """A file whose every record is staged in ``folder``, with what its name and its first bytes said about it.

    ``file`` is its name without folders, ``file_bytes`` its size on disk.
    """

    version: int
    file: Annotated[str, Field(min_length=1)]
    file_bytes: Annotated[int, Field(ge=0)]
    first_day: date
    last_day: date
    layout: Layout
    fingerprint: Annotated[str, Field(pattern=_HASH)]
    content_hash: Annotated[str, Field(pattern=_HASH)]
    folder: Annotated[str, Field(pattern=_FOLDER)]
    rows: Annotated[int, Field(ge=1)]
    parts: Annotated[tuple[ManifestPart, ...], Field(min_length=1)]

    @property
    def path(self) -> Path:
        """The file's name, in place of a path that may no longer be known."""
        return Path(self.file)

    @property
    def days(self) -> DayRange:
        return DayRange(self.first_day, self.last_day)

    @property
    def content(self) -> bytes:
        return json.dumps(dataclasses.asdict(self), default=str, indent=1).encode()

    @property
    def name(self) -> str:
        return _name_of(self.content)


def is_manifest(name: str) -> bool:
    return name.startswith(_PREFIX)


def put_manifest(session: Session, path: StagePath, manifest: Manifest) -> None:
    """Put it beside its parts: if it is there, so is every part."""
    stage.put_bytes(session, manifest.content, manifest.name, path)


def read_manifest(session: Session, path: StagePath, found: StagedObject) -> Manifest:
    """Fetch and read one.  Raise WarehouseError when it is not what a load wrote."""
    content = session.get(f"{path.sql}{found.name}")
    folder = found.folder.rstrip("/").rsplit("/", 1)[-1]
    try:
        manifest = TypeAdapter(Manifest).validate_json(content)
    except ValidationError:
        manifest = None
    if manifest is None or manifest.version != VERSION or _name_of(content) != found.name or manifest.folder != folder:
        raise WarehouseError(
            f"{path}{found.name} is no manifest of this version. Stage the file again: the same load with --stage-only."
        )
    return manifest


def _name_of(content: bytes) -> str:
    import xxhash

    return f"{_PREFIX}{xxhash.xxh3_128_hexdigest(content)}.json"
