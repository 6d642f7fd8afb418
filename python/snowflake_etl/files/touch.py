"""Tells without reading a file whether anybody may have written to it since it was last read (floor 3)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.naming import shown

# File system clocks advance in steps: a second write within one step would leave no trace.
_SETTLED_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True)
class Touch:
    """The attributes that change with every write to a file, and with every other file in its place.
    They include the time of the inode's last change, which, unlike the modification time, cannot be set back.
    ``seen`` is when they were read, in nanoseconds since 1970.
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
        """Whether nobody wrote to it in between; a new name or mode does not change its bytes."""
        ours, theirs = ((one.device, one.inode, one.size, one.written) for one in (self, other))
        return ours == theirs

    @property
    def settled(self) -> bool:
        """False for a file that was changed just now: another write might go unnoticed."""
        return self.seen - self.changed > _SETTLED_NANOSECONDS


def touch_of(path: Path) -> Touch:
    """Read a file's attributes.  Raise FileError when it cannot be opened."""
    try:
        # The file is opened because network file systems ask their server only then.
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
    except OSError as error:
        raise FileError(
            f"{shown(path)} cannot be read: {error.strerror}. Check the file and its permissions."
        ) from None
    return Touch(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, time.time_ns())
