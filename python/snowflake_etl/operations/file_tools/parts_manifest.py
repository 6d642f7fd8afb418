"""The manifest of part files (floor 5): what the parts in a folder are, for a load on another host.

``manifest.json`` holds the manifest that goes to the stage, and each file's size and checksum.  ``seal`` is the
SHA-256 of all the rest of it, so that a digit that changed on the way is noticed before anything is believed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown
from snowflake_etl.files.part_files import SUFFIXES, Entry, PartFile, file_name
from snowflake_etl.operations.manifest import VERSION as STAGE_VERSION
from snowflake_etl.operations.manifest import Manifest

KIND = "snowflake-etl parts"
VERSION = 1
MANIFEST_NAME = "manifest.json"
CHECKSUMS_NAME = "SHA256SUMS"
_LARGEST_MANIFEST_BYTES = 256 << 20


@dataclass(frozen=True)
class _Document:
    """The content of the file, apart from its kind, version and seal."""

    packing: Literal["zstd", "gzip"]
    source: Manifest
    files: Annotated[tuple[PartFile, ...], Field(min_length=1)]


@dataclass(frozen=True)
class PackedParts:
    """The parts of one file in ``folder``; ``files`` are in the order of the manifest's parts."""

    folder: Path
    packing: Compression
    manifest: Manifest
    files: tuple[PartFile, ...]

    @property
    def path(self) -> Path:
        return self.folder / MANIFEST_NAME

    @property
    def entries(self) -> list[Entry]:
        return [
            Entry(file, part.name, part.rows, part.first_line)
            for file, part in zip(self.files, self.manifest.parts, strict=True)
        ]

    @property
    def content(self) -> bytes:
        """The manifest as it is written."""
        document = {
            "packing": self.packing.value,
            "source": dataclasses.asdict(self.manifest),
            "files": [dataclasses.asdict(file) for file in self.files],
        }
        plain = json.loads(json.dumps(document, default=str))
        head = {"kind": KIND, "version": VERSION, "seal": _seal(plain)}
        return (json.dumps({**head, **plain}, indent=1) + "\n").encode()

    @property
    def checksums(self) -> bytes:
        """What ``sha256sum -c`` takes."""
        return "".join(f"{file.sha256}  {file.name}\n" for file in self.files).encode()


def read_parts(path: Path) -> PackedParts:
    """Read a manifest, or that of a folder, and check that every part is beside it and has the right size.
    Raise FileError when it is missing, is no manifest, was changed, comes from another version, or a part is missing.
    """
    if path.is_dir():
        path = path / MANIFEST_NAME
    parts = parse_parts(path)
    _refuse_missing(parts)
    return parts


def parse_parts(path: Path) -> PackedParts:
    """Read a manifest alone."""
    try:
        if (not path.is_file() and path.exists()) or path.stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise _no_manifest(path)
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileError(f"There is no manifest {shown(path)}. Name the {MANIFEST_NAME} that compress wrote.") from None
    except OSError as error:
        raise FileError(f"{shown(path)} cannot be read: {error.strerror}. Check its permissions.") from None
    except (ValueError, RecursionError):
        raise _no_manifest(path) from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise _no_manifest(path)
    version = (found.get("version"), (found.get("source") or {}).get("version"))
    if version != (VERSION, STAGE_VERSION):
        raise FileError(
            f"{shown(path)} was written by another version of compress (its format is {version[0]}, this one reads "
            f"{VERSION}). Use the same version on both hosts, or compress the file again."
        )
    return _checked(path, found)


def _checked(path: Path, found: dict[str, Any]) -> PackedParts:
    body = {key: value for key, value in found.items() if key not in ("kind", "version", "seal")}
    damaged = FileError(f"{shown(path)} was changed or damaged since compress wrote it. Copy it again.")
    if found.get("seal") != _seal(body):
        raise damaged
    try:
        document = TypeAdapter(_Document).validate_json(json.dumps(body))
    except ValidationError:
        raise damaged from None
    packing = Compression(document.packing)
    parts = PackedParts(path.parent, packing, document.source, document.files)
    names = [file_name(part.name, packing) for part in parts.manifest.parts]
    rows = sum(part.rows for part in parts.manifest.parts)
    if names != [file.name for file in parts.files] or rows != parts.manifest.rows:
        raise damaged
    return parts


def _refuse_missing(parts: PackedParts) -> None:
    missing, torn = [], []
    for file in parts.files:
        try:
            size = (parts.folder / file.name).stat().st_size
        except OSError:
            missing.append(file.name)
            continue
        if size != file.bytes:
            torn.append(f"{file.name} has {size:,} bytes instead of {file.bytes:,}")
    if missing or torn:
        what = [f"missing: {', '.join(missing)}"] if missing else []
        what += [f"not whole: {', '.join(torn)}"] if torn else []
        raise FileError(
            f"{len(missing) + len(torn)} of {len(parts.files)} parts beside {shown(parts.path)} cannot be used "
            f"({'; '.join(what)}). Copy them again; nothing was loaded."
        )


def strangers(parts: PackedParts) -> list[str]:
    """Names of part files in the folder that the manifest does not name."""
    known = {file.name for file in parts.files}
    return sorted(
        path.name
        for suffix in SUFFIXES.values()
        for path in parts.folder.glob(f"part-*{suffix}")
        if path.name not in known
    )


def _seal(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _no_manifest(path: Path) -> FileError:
    return FileError(f"{shown(path)} is no manifest of compress. Name the {MANIFEST_NAME} that it wrote.")
