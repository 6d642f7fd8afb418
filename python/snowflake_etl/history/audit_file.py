"""The audit log of this state folder (floor 3): one JSON line per run that deletes or restores rows, including
refusals.  It is only ever appended to, is readable by its owner alone, and is never rotated.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = "audit.jsonl"


def append(state_directory: Path, entry: Mapping[str, Any]) -> None:
    """Append one entry, with the time, in a single write.  Raise OSError when it cannot be kept."""
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **entry}, default=str) + "\n"
    descriptor = os.open(state_directory / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # The previous line was cut off by a full disk; do not lose this one with it.
            line = "\n" + line
        if os.write(descriptor, line.encode("ascii")) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries(state_directory: Path) -> list[dict[str, Any]]:
    """All entries, oldest first; a line cut off by a full disk is left out."""
    try:
        text = (state_directory / NAME).read_text("ascii")
    except FileNotFoundError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
