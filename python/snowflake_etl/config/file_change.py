"""A change of a configuration file (floor 2): shown as a diff, written atomically, with a backup of the previous
content.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.parsing import read_text
from snowflake_etl.errors import Refused, UsageError

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Change:
    """A configuration file as it is (``before`` None: there is none yet) and as it would be."""

    path: Path
    before: str | None
    after: str
    notes: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        return self.before != self.after

    @property
    def difference(self) -> str:
        """What would change, as a unified diff."""
        old, new = ((self.before or "").splitlines(), self.after.splitlines())
        name = self.path.name
        return "\n".join(difflib.unified_diff(old, new, f"{name} (now)", f"{name} (new)", lineterm="", n=2))


def write(change: Change) -> Path | None:
    """Write the change and return the backup of what was there before.

    Raise Refused when somebody else has changed the file meanwhile.
    """
    if change.before is None:
        if os.path.lexists(change.path):
            raise _meanwhile(change.path)
        with temporary_file(change) as temporary:
            # Do not overwrite a file that somebody creates at this moment.
            try:
                os.link(temporary, change.path)
            except FileExistsError:
                raise _meanwhile(change.path) from None
        return None
    if read_text(change.path) != change.before:
        raise _meanwhile(change.path)
    if not change.path.stat().st_mode & _WRITABLE:
        # The file is replaced, which its own mode does not prevent.
        raise Refused(
            f"{_shown(change.path)} is read-only (mode {change.path.stat().st_mode & 0o777:04o}); nothing was written. "
            "Make it writable with chmod u+w, or name another file."
        )
    backup = _backup(change.path)
    with temporary_file(change) as temporary:
        temporary.replace(change.path)
    return backup


@contextlib.contextmanager
def temporary_file(change: Change) -> Iterator[Path]:
    """Write the new text beside the file, with its mode (0600 for a new one); removed afterwards."""
    path = change.path
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    mode = 0o600 if change.before is None else path.stat().st_mode & 0o777
    try:
        temporary.unlink(missing_ok=True)
        _write(temporary, change.after.encode(), mode)
        yield temporary
    except PermissionError as error:
        raise UsageError(
            f"{_shown(path)} cannot be written: {error.strerror}. Make it writable, or name another file."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _backup(path: Path) -> Path:
    """Make a copy for its owner alone: the replaced file may contain a password that others could read."""
    content = path.read_bytes()
    stem = f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(1, 1000):
        backup = path.with_name(f"{stem}.bak" if number == 1 else f"{stem}-{number}.bak")
        try:
            _write(backup, content, 0o600)
        except FileExistsError:
            continue
        return backup
    raise Refused(f"There are too many backups of {_shown(path)} from this second. Wait a moment.")


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _meanwhile(path: Path) -> Refused:
    return Refused(f"{_shown(path)} was changed by somebody else meanwhile; nothing was written. Run it again.")


def _shown(path: Path) -> str:
    return ascii(str(path))
