"""The content of a job's folder (floor 3): read only, in the same way as ``lib/jobs_read.sh``.  Bash creates and
ends jobs.
"""

from __future__ import annotations

import fcntl
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_JOB_ID = re.compile(r"(?P<stamp>[0-9]{8}-[0-9]{6})-(?P<verb>[a-z-]+)-[0-9]+")
_TAIL_BYTES = 64 << 10
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STATES = ("running", "queued", "done", "problems", "refused", "failed", "stopped", "lost", "unknown")
_STATES = {0: "done", 6: "problems", 7: "refused", 130: "stopped", 143: "stopped"}


@dataclass(frozen=True)
class Job:
    """One job: ``words`` are the arguments after its script, given in ``directory``; ``output`` is the end of its log.
    ``state`` is computed as everywhere (running, queued, done, problems, refused, failed, stopped, lost, unknown).
    ``result`` is the content of result.json, None if there is none.  ``rebooted``: this host was restarted since.
    """

    job_id: str
    folder: Path
    verb: str
    title: str
    words: tuple[str, ...]
    directory: str
    started_at: datetime
    state: str
    exit_code: int | None
    result: Any
    output: str
    cancelled: bool
    rebooted: bool


def states(state_directory: Path) -> Iterator[str]:
    """The state of every job, without reading its output."""
    folder = state_directory / "jobs"
    for path in folder.iterdir() if folder.is_dir() else ():
        if is_job_id(path.name):
            code = _text(path, "exit_code").strip()
            cancelled = (path / "cancelled").exists()
            yield _state(path, int(code) if code.isdigit() else None, cancelled=cancelled)


def is_job_id(text: str) -> bool:
    return _JOB_ID.fullmatch(text) is not None


def find_job(state_directory: Path, job_id: str) -> Job | None:
    """The job with that id; None if there is none."""
    folder = state_directory / "jobs" / job_id
    return read_job(folder) if is_job_id(job_id) and folder.is_dir() else None


def newest_first(state_directory: Path) -> Iterator[Job]:
    """All jobs of a state folder, newest first."""
    folder = state_directory / "jobs"
    names = sorted((path.name for path in folder.iterdir()), reverse=True) if folder.is_dir() else []
    for name in names:
        if job := find_job(state_directory, name):
            yield job


def read_job(folder: Path) -> Job:
    """Read a job's folder; missing values are empty."""
    match = _JOB_ID.fullmatch(folder.name)
    code = _text(folder, "exit_code").strip()
    exit_code = int(code) if code.isdigit() else None
    started = _text(folder, "started_at").strip()
    cancelled = (folder / "cancelled").exists()
    return Job(
        job_id=folder.name,
        folder=folder,
        verb=match["verb"] if match else "",
        title=_text(folder, "title").strip(),
        words=tuple(_text(folder, "command").split("\0")[2:-1]),
        directory=_text(folder, "directory").removesuffix("\n"),
        started_at=datetime.fromtimestamp(int(started) if started.isdigit() else 0, UTC),
        state=_state(folder, exit_code, cancelled=cancelled),
        exit_code=exit_code,
        result=_result(folder),
        output=_tail(folder / "output.log"),
        cancelled=cancelled,
        rebooted=_text(folder, "boot_id").strip() not in ("", _boot_id()),
    )


def _state(folder: Path, exit_code: int | None, *, cancelled: bool) -> str:
    if exit_code is not None:
        return _STATES.get(exit_code, "stopped" if cancelled else "failed")
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "running" if (folder / "pid").exists() else "queued"
    except OSError:
        return "unknown"
    # Locks of another host may not be visible here.
    return "lost" if _text(folder, "host").strip() == socket.gethostname() else "unknown"


def _result(folder: Path) -> Any:
    try:
        return json.loads(_text(folder, "result.json"))
    except ValueError:
        return None


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text("utf-8", "replace")
    except OSError:
        return ""


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return "unknown"
