"""Whether anybody may have written to a file since it was last read (floor 3), told without reading it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.naming import shown

# Clocks of file systems go in steps: a second write in one step would leave no mark.
_SETTLED_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True)
class Touch:
    """The marks that every write to a file, and every other file in its place, changes.

    The time of the last change of the inode is among them, which cannot be set back as the time of writing can.
    ``seen`` is when they were looked at, in nanoseconds since 1970.
    """

    device: int
    inode: int
    size: int
    written: int
    changed: int
    seen: int = 0

    @property
    def mark(self) -> str:
        """Equal for a file that nobody has touched."""
        return f"{self.device}:{self.inode}:{self.size}:{self.written}:{self.changed}"

    def same_bytes(self, other: Touch) -> bool:
        """Whether nobody wrote to it in between; a new name or mode changes no byte."""
        ours, theirs = ((one.device, one.inode, one.size, one.written) for one in (self, other))
        return ours == theirs

    @property
    def settled(self) -> bool:
        """False for a file that was changed just now: the next write might not be seen."""
        return self.seen - self.changed > _SETTLED_NANOSECONDS


def touch_of(path: Path) -> Touch:
    """Look at a file.  Raise FileError when it cannot be opened."""
    try:
        # Opened, since network file systems ask their server only then.
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
    except OSError as error:
        raise FileError(
            f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
        ) from None
    return Touch(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, time.time_ns())
