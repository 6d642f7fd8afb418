"""Keeps a state folder within its limits (floor 5): old logs, ended jobs with their reports, and the history.
First what exceeds age or number is removed, then the oldest of all until the rest fits.  Nothing unfinished is touched:
a job without an exit code, a run or batch without an end.  The audit log, settings and waiting notices are not
affected.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from snowflake_etl.config import places
from snowflake_etl.config.model import LogsSection
from snowflake_etl.history import database, job_record
from snowflake_etl.history.batch_record import BatchRecords
from snowflake_etl.history.check_record import CheckRecords
from snowflake_etl.history.known_contents import KnownContents
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results_pruning import PruneResult

_DAY = 86_400
# What has just ended may still be reported, viewed or compared.
_YOUNG_SECONDS = 3_600
_LEAST_HISTORY_DAYS = 30
_LOG = "snowflake_etl.log"
_STEP = 500
_BLOCK = 4096
# On a busy disk every removal has to wait: let several wait in parallel.
_THREADS = 4


@dataclass(frozen=True)
class _Thing:
    """Something that may be removed: a job's folder or a log; its age counts from its end."""

    ended: float
    size: int
    path: Path
    is_job: bool


def prune(state: Path, limits: LogsSection, progress: Progress, *, dry_run: bool = False) -> PruneResult:
    """Remove what exceeds the limits and report it; with ``dry_run`` only report it."""
    began, now = time.monotonic(), time.time()
    jobs, unfinished, held = _jobs(state, progress)
    lost = sum(job_record.read_job(path).state == "lost" for path in unfinished)
    logs = sorted(_logs(state), key=lambda log: log.ended)
    history = _size(state / database.FILE_NAME)
    held += _size(state / _LOG)
    before = sum(thing.size for thing in (*jobs, *logs)) + history + held
    gone = _beyond(jobs, logs, limits, now)
    left = before - sum(thing.size for thing in gone)
    runs = checks = 0
    if not dry_run:
        runs, checks = _prune_history(state, limits.keep_history_days, now)
        left += _size(state / database.FILE_NAME) - history
    for thing in sorted({*jobs, *logs} - gone, key=lambda one: one.ended):
        if left <= limits.keep_bytes or now - thing.ended < _YOUNG_SECONDS:
            break
        gone.add(thing)
        left -= thing.size
    if not dry_run:
        _remove(state, sorted(gone, key=lambda one: one.ended), progress)
        if left > limits.keep_bytes:
            shrunk = _size(state / database.FILE_NAME)
            more = _prune_history(state, _LEAST_HISTORY_DAYS, now)
            runs, checks = runs + more[0], checks + more[1]
            left += _size(state / database.FILE_NAME) - shrunk
    counts = (sum(thing.is_job for thing in gone), sum(not thing.is_job for thing in gone), runs, checks)
    return PruneResult(
        "planned" if dry_run else "pruned",
        *counts,
        len(unfinished),
        lost,
        before,
        left,
        limits.keep_bytes,
        round(time.monotonic() - began, 3),
        _in_words(counts, (len(unfinished), lost), left, limits.keep_bytes, dry_run=dry_run),
    )


def _beyond(jobs: Sequence[_Thing], logs: Sequence[_Thing], limits: LogsSection, now: float) -> set[_Thing]:
    """What is too old, and jobs beyond their number."""
    oldest = now - limits.keep_days * _DAY
    gone = {thing for thing in (*jobs, *logs) if thing.ended < oldest}
    newest_first = sorted((job for job in jobs if now - job.ended >= _YOUNG_SECONDS), key=lambda job: -job.ended)
    young = len(jobs) - len(newest_first)
    gone.update(newest_first[max(limits.keep_jobs - young, 0) :])
    return gone


def _jobs(state: Path, progress: Progress) -> tuple[list[_Thing], list[Path], int]:
    """Ended jobs, those that have not ended, and the bytes of these."""
    found: list[_Thing] = []
    unfinished: list[Path] = []
    held = 0
    folder = state / "jobs"
    for number, path in enumerate(_folders(folder), 1):
        if number % _STEP == 0:
            progress("look", number, 0, "jobs")
        size, ended = _look(path)
        if ended:
            found.append(_Thing(ended, size, path, is_job=True))
        else:
            unfinished.append(path)
            held += size
    return found, unfinished, held


def _look(job: Path) -> tuple[int, float]:
    """What a job's folder takes on disk, and when the job ended, 0 if it has not.

    Names without a dot are one-line facts, one block each: they are not examined, since a job has many of them.
    """
    size, ended = 0, 0.0
    with contextlib.suppress(FileNotFoundError), _opened(job) as folder, os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != "exit_code" and "." not in entry.name:
                size += _BLOCK
                continue
            facts = entry.stat(follow_symlinks=False)
            size += max(facts.st_blocks * 512, facts.st_size)
            if entry.name == "exit_code":
                ended = facts.st_mtime
    return size, ended


@contextlib.contextmanager
def _opened(folder: Path | str, within: int | None = None) -> Iterator[int]:
    """A folder's descriptor: names in it are found without walking the whole path each time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if job_record.is_job_id(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield folder / entry.name


def _logs(state: Path) -> Iterator[_Thing]:
    """Rotated logs, and what a killed compression left of one at least a day ago."""
    stem = _LOG.removesuffix(".log")
    yesterday = time.time() - _DAY
    for pattern in (f"{stem}-*.log", f"{stem}-*.log.gz", f".{stem}-*.gz"):
        for path in state.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                facts = path.lstat()
                if not path.name.startswith(".") or facts.st_mtime < yesterday:
                    yield _Thing(facts.st_mtime, facts.st_size, path, is_job=False)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _prune_history(state: Path, days: int, now: float) -> tuple[int, int]:
    """Forget runs, batches and checks that ended so long ago; return how many runs and checks."""
    if not database.exists(state):
        return 0, 0
    before = (datetime.fromtimestamp(now, UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    counts = RunRecords(state).forget(before), CheckRecords(state).forget(before)
    BatchRecords(state).forget(before)
    KnownContents(state).forget(before)
    if any(counts):
        # Somebody may be writing: then the next pruning frees the space.
        with contextlib.suppress(sqlite3.OperationalError):
            database.shrink(state)
    return counts


def _remove(state: Path, gone: Sequence[_Thing], progress: Progress) -> None:
    for thing in gone:
        if not thing.is_job:
            thing.path.unlink(missing_ok=True)
    names = [thing.path.name for thing in gone if thing.is_job]
    if not names:
        return
    trash = state / "jobs" / f".old.{os.getpid()}"
    trash.mkdir(mode=0o700, exist_ok=True)
    news = state / "jobs" / ".news"
    untold = {path.name for path in news.iterdir()} if news.is_dir() else set()
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="prune")
    try:
        with _opened(trash.parent) as jobs, _opened(trash) as hidden, pool:
            for number, _ in enumerate(pool.map(lambda name: _remove_job(name, jobs, hidden), names), 1):
                if number % _STEP == 0 or number == len(names):
                    progress("remove", number, len(names), "jobs")
        for name in untold.intersection(names):
            (news / name).unlink(missing_ok=True)
    finally:
        # Something unexpected in a folder of ours, such as a subfolder.
        shutil.rmtree(trash, ignore_errors=True)


def _remove_job(name: str, jobs: int, hidden: int) -> None:
    """Rename it out of sight first, so that nobody reads half a job; then remove file by file."""
    with contextlib.suppress(OSError):
        os.rename(name, name, src_dir_fd=jobs, dst_dir_fd=hidden)
        with _opened(name, hidden) as folder:
            for file in os.listdir(folder):  # noqa: PTH208 - by its descriptor
                os.unlink(file, dir_fd=folder)
        os.rmdir(name, dir_fd=hidden)


def _in_words(counts: Sequence[int], alone: tuple[int, int], left: int, limit: int, *, dry_run: bool) -> str:
    jobs, logs, runs, checks = counts
    unfinished, lost = alone
    words = "would be removed" if dry_run else "removed"
    history = "" if dry_run else f", {counted(runs, 'run')} and {counted(checks, 'check')} of the history"
    gone = f"{counted(jobs, 'job')}, {counted(logs, 'old log')}{history}"
    text = f"{gone} {words}; {human_bytes(left)} are left of {human_bytes(limit)}."
    if unfinished:
        text += f" Left alone: {counted(unfinished, 'unfinished job')}."
    if left > limit:
        text += " What is left has not ended, or ended within the last hour."
    if lost:
        # Nobody saw how they ended; they are removed by whoever has looked at them.
        command = f"{places.program()} jobs prune --state lost --older-than 0"
        text += f" {counted(lost, 'job')} of these {'was' if lost == 1 else 'were'} lost. To remove them: {command}"
    return text
