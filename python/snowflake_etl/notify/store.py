"""What is kept about notices in the state folder (floor 3): what failed, what was sent when, and what is waiting.

All of it is readable by its owner alone (0600) and contains no address: a target is identified by its name.  Several
runs may end at once: memory is changed under a lock, and a waiting notice is sent by whoever holds its file's lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from snowflake_etl.notify.message import Message

_BAD_DAYS = 400
_SENT_DAYS = 30


@dataclass(frozen=True)
class Waiting:
    """A notice that is to be sent to a target of a configuration."""

    path: Path
    config: str
    target: str
    at: datetime
    message: Message


@dataclass
class Memory:
    """``bad``: what failed last, by verb, table and month; ``sent``: target and sameness to time; ``held``: counts."""

    bad: dict[str, str]
    sent: dict[str, str]
    held: dict[str, int]


class NoticeStore:
    """The notices of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self.folder = state_directory / "notices"
        self._pending = self.folder / "pending"

    @contextlib.contextmanager
    def remembering(self, now: datetime) -> Iterator[Memory]:
        """Yield the memory, written back if the block ends without an error."""
        self._make_folders()
        with _private(self.folder / ".lock", os.O_RDWR) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            memory = self._read()
            yield memory
            _forget(memory.bad, now - timedelta(days=_BAD_DAYS))
            _forget(memory.sent, now - timedelta(days=_SENT_DAYS))
            memory.held = {key: count for key, count in memory.held.items() if count and key in memory.sent}
            _write(self.folder / "memory.json", asdict(memory))

    def _read(self) -> Memory:
        try:
            found = json.loads((self.folder / "memory.json").read_text("utf-8"))
            parts = [found.get(name, {}) for name in ("bad", "sent", "held")]
        except (OSError, ValueError, AttributeError):
            parts = [{}]
        return (
            Memory(*parts) if all(isinstance(part, dict) for part in parts) and len(parts) > 1 else Memory({}, {}, {})
        )

    def _make_folders(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._pending.mkdir(mode=0o700, exist_ok=True)

    def keep(self, config: str, target: str, message: Message, now: datetime) -> None:
        """Keep a notice until it is sent: it is stored before the first attempt."""
        self._make_folders()
        name = f"{now:%Y%m%d-%H%M%S.%f}-{secrets.token_hex(4)}.json"
        document = {"config": config, "target": target, "at": now.isoformat(), "message": asdict(message)}
        _write(self._pending / name, document)

    def waiting(self) -> list[Waiting]:
        """All waiting notices, oldest first; unreadable ones are removed."""
        found = []
        for path in sorted(self._pending.glob("*.json")):
            try:
                one = json.loads(path.read_text("utf-8"))
                message = Message(**{**one["message"], "results": tuple(one["message"].get("results", ()))})
                found.append(Waiting(path, one["config"], one["target"], datetime.fromisoformat(one["at"]), message))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError):
                path.unlink(missing_ok=True)
        return found

    @contextlib.contextmanager
    def claimed(self, waiting: Waiting) -> Iterator[bool]:
        """Claim a notice; False if another run is sending it right now, or has sent it."""
        try:
            descriptor = os.open(waiting.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield os.fstat(descriptor).st_nlink > 0
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def done(self, waiting: Waiting) -> None:
        waiting.path.unlink(missing_ok=True)


def _forget(entries: dict[str, str], before: datetime) -> None:
    for key in [key for key, at in entries.items() if at < before.isoformat()]:
        del entries[key]


@contextlib.contextmanager
def _private(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(path: Path, document: Any) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with _private(temporary, os.O_WRONLY | os.O_EXCL) as descriptor, os.fdopen(os.dup(descriptor), "w") as stream:
        json.dump(document, stream)
    temporary.replace(path)
