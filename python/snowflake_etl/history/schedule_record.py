"""Runs that cron or systemd starts (floor 3): a lock, so that two never overlap, and a heartbeat for monitors.

The heartbeat is one small JSON file per name in the state folder's ``schedules``, replaced as a whole at the beginning
and the end of each run.  Its lock shows whether a run is still going on; the kernel releases it whatever ends the run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO

from snowflake_etl.config.state import open_private
from snowflake_etl.errors import UsageError
from snowflake_etl.history import database

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Heartbeat:
    """The last run of one name, times in UTC.
    ``ended_at`` and ``exit_code`` are None while it runs, and remain so if it is cut off; ``succeeded_at`` is when the
    last run with exit code 0 ended.  ``exit_code`` 0 to 7, 130, 143 as everywhere.
    """

    name: str
    command: str
    host: str
    pid: int
    started_at: str
    ended_at: str | None = None
    exit_code: int | None = None
    succeeded_at: str | None = None


def check_name(name: str) -> str:
    """Return the name.  Raise UsageError for one that cannot be a file name."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a scheduled run. Use up to 64 letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit: --scheduled sales-hourly."
        )
    return name


def _locked(lock: IO[str]) -> bool:
    """Take the lock; a mere check whether somebody has it (``is_running``) also holds it for a moment."""
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False


class ScheduleRecords:
    """The scheduled runs of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self._folder = state_directory / "schedules"

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Hold the lock of a name; yields False if a run of that name holds it, and then nothing may be started."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(self._lock_file(name)) as lock:
            yield _locked(lock)

    def begin(self, name: str, command: str) -> None:
        """Record that a run begins, before anything else happens."""
        before = self.of(name)
        self._write(
            Heartbeat(
                name,
                command,
                socket.gethostname(),
                os.getpid(),
                database.now(),
                succeeded_at=before.succeeded_at if before else None,
            )
        )

    def end(self, name: str, exit_code: int) -> None:
        """Record that the run announced by ``begin`` has ended with this code."""
        beat, now = self.of(name), database.now()
        if beat is not None:
            succeeded = now if exit_code == 0 else beat.succeeded_at
            self._write(replace(beat, ended_at=now, exit_code=exit_code, succeeded_at=succeeded))

    def of(self, name: str) -> Heartbeat | None:
        """The heartbeat of a name; None if there is no readable one."""
        try:
            document = json.loads((self._folder / f"{name}.json").read_text("utf-8"))
            return Heartbeat(**{one.name: document[one.name] for one in fields(Heartbeat)})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def all(self) -> list[Heartbeat]:
        """Every readable heartbeat, by name."""
        names = sorted(path.stem for path in self._folder.glob("*.json")) if self._folder.is_dir() else []
        return [beat for name in names if _NAME.fullmatch(name) and (beat := self.of(name))]

    def is_running(self, name: str) -> bool:
        """True while a run of that name holds the lock here; never creates a file."""
        try:
            with self._lock_file(name).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _lock_file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def _write(self, beat: Heartbeat) -> None:
        path = self._folder / f"{beat.name}.json"
        temporary = self._folder / f".{beat.name}.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(beat), indent=1) + "\n")
        temporary.replace(path)
