"""What the file tools answer (floor 2): frozen values whose field names are the contract of --json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CompressedFile:
    """One file in parts; sizes are in bytes.

    ``status`` is compressed, complete (every part was there already) or failed; ``parts_written`` of ``parts`` were
    not there yet.
    """

    status: str
    file: str
    manifest: str
    bytes: int
    rows: int
    content_hash: str
    packed_bytes: int
    parts: int
    parts_written: int
    seconds: float
    notes: tuple[str, ...]
    message: str
    exit_code: int


@dataclass(frozen=True)
class CompressResult:
    """All files of one run of ``compress``; ``status`` is ok or failed."""

    status: str
    files: tuple[CompressedFile, ...]
    message: str
    exit_code: int
