"""A log that several processes write at once (floor 6): lines are appended whole, and it is rotated by size and age.
Writers hold a shared lock, whoever rotates the file an exclusive one: after that nobody writes to the old
file any more, so it can be compressed without losing a line.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_DAY = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LINES_BETWEEN_LOOKS = 50
_TRIES, _PAUSE_SECONDS = 10, 0.0005


@dataclass(frozen=True)
class Rotation:
    """When a log is rotated."""

    rotate_bytes: int = 10_000_000
    rotate_days: int = 30
    compress: bool = True


class LogFile:
    """An append-only file of mode 0600; without a rotation it just grows.
    A rotated file is called ``NAME-<time>-<process>.log``, with ``.gz`` appended once it is compressed.
    """

    def __init__(self, path: Path, rotation: Rotation | None) -> None:
        self.path = path
        self.rotation = rotation
        self._descriptor = -1
        self._lock = -1
        self._written = 0
        self._is_overdue = False

    def open(self) -> None:
        """Create the file if it does not exist.  Raise OSError when it cannot be written."""
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self.rotation is not None and self._lock < 0:
            # Without the lock the log is still written, but never rotated.
            with contextlib.suppress(OSError):
                name = self.path.with_name(f".{self.path.name}.lock")
                self._lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, text: str) -> None:
        """Append lines.  Raise OSError when they cannot be written."""
        with self._locked(fcntl.LOCK_SH):
            if self._was_put_aside():
                os.close(self._descriptor)
                self.open()
            rest = text.encode("utf-8", "replace")
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self._written += 1
        if self._is_overdue or self._written % _LINES_BETWEEN_LOOKS == 1:
            self._rotate_if_due()

    def close(self) -> None:
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._lock = -1

    def put_aside_unless(self, fits: Callable[[bytes], bool]) -> None:
        """Rotate the file unless its first byte is as required from here on."""
        rotation = self.rotation
        if self._lock >= 0 and rotation is not None:
            self._put_aside(rotation, lambda: not fits(self._first_byte()))

    def _first_byte(self) -> bytes:
        try:
            with self.path.open("rb") as stream:
                return stream.read(1) if stat.S_ISREG(self.path.lstat().st_mode) else b""
        except OSError:
            return b""

    def _rotate_if_due(self) -> None:
        rotation = self.rotation
        self._is_overdue = False
        if self._lock >= 0 and rotation is not None:
            self._put_aside(rotation, lambda: self._is_due(rotation))

    def _put_aside(self, rotation: Rotation, is_due: Callable[[], bool]) -> None:
        if not is_due():
            return
        try:
            with self._alone():
                # Another process may have been faster.
                if self._was_put_aside() or not is_due():
                    return
                name = f"{self.path.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S.%f}-{os.getpid()}{self.path.suffix}"
                aside = self.path.with_name(name)
                self.path.rename(aside)
                os.close(self._descriptor)
                self.open()
        except OSError:
            # Somebody is writing right now; the next line will do it.
            self._is_overdue = True
            return
        if rotation.compress:
            compress(aside)

    def _is_due(self, rotation: Rotation) -> bool:
        try:
            found = self.path.lstat()
            if not stat.S_ISREG(found.st_mode) or not found.st_size:
                return False
            return found.st_size >= rotation.rotate_bytes or self._age() >= timedelta(days=rotation.rotate_days)
        except OSError:
            return False

    def _age(self) -> timedelta:
        """How long ago the first line was written, by the date in it."""
        with self.path.open("rb") as stream:
            match = _DAY.search(stream.read(64))
        try:
            began = date.fromisoformat(match[0].decode()) if match else None
        except ValueError:
            began = None
        return datetime.now(UTC).date() - began if began else timedelta(0)

    def _was_put_aside(self) -> bool:
        try:
            ours, there = os.fstat(self._descriptor), self.path.stat()
        except FileNotFoundError:
            return True
        return (ours.st_dev, ours.st_ino) != (there.st_dev, there.st_ino)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the exclusive lock.  Raise BlockingIOError when others write all the time.
        Several busy writers leave gaps too short for a single try, and the file would grow far beyond its
        limit; waiting forever is not possible either, since one of them may have been stopped within a line.
        """
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
        else:
            raise BlockingIOError
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        if self._lock < 0:
            yield
            return
        fcntl.flock(self._lock, how)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def compress(path: Path) -> None:
    """Replace a file that nobody writes any more by its ``.gz``; a failure leaves it unchanged."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.gz")
    try:
        with path.open("rb") as source:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(path.name, "wb", 6, raw) as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
        temporary.replace(path.with_name(f"{path.name}.gz"))
        path.unlink(missing_ok=True)
    except OSError:
        temporary.unlink(missing_ok=True)
