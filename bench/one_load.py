"""Runs one whole load in a separate process, with its own file and embedded warehouse, watched from outside.
Shared by ``bench/load.py`` and ``bench/memory.py``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from big_file import MONTH_TYPES

ROOT = Path(__file__).resolve().parents[1]
FILE_NAME = "rows_20240101-20240131.tsv"
TABLE = "BENCH_ROWS"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOOK_AT_MEMORY_SECONDS = 0.02
_LOOK_AT_DISK_SECONDS = 0.5


@dataclass(frozen=True)
class LoadRun:
    """What a load did and used.  Sizes are in bytes, ``processor_seconds`` are those of the loader without the
    warehouse.

    ``sampled_peak`` is the largest resident memory of the loader and its children together, ``own_peak`` the
    kernel's figure for the loader alone.  ``written_beside`` is how much changed in the source's folder.
    """

    result: dict[str, Any]
    seconds: float
    processor_seconds: float
    sampled_peak: int
    own_peak: int
    temporary_disk: int
    written_beside: int

    @property
    def peak(self) -> int:
        return max(self.sampled_peak, self.own_peak)

    def phase(self, name: str) -> float:
        return sum(float(phase["seconds"]) for phase in self.result["phases"] if phase["name"] == name)


@dataclass
class LoadBench:
    """A folder with ``source`` in it; every run gets a new state folder and embedded warehouse, removed afterwards."""

    folder: Path
    load_section: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The month's file; the benchmark makes it."""
        path = self.folder / "files" / FILE_NAME
        path.parent.mkdir(exist_ok=True)
        return path

    def run(self, *, qc: str, encrypted: bool, packed: bool = False, flags: tuple[str, ...] = ()) -> LoadRun:
        """Load the whole file and discard what was loaded.  Raise SystemExit with its message when it fails."""
        state = self.folder / "state"
        state.mkdir()
        try:
            with running_warehouse(state):
                return self._run_and_watch(state, self._command(qc, encrypted, packed, flags))
        finally:
            shutil.rmtree(state, ignore_errors=True)

    def _command(self, qc: str, encrypted: bool, packed: bool, flags: tuple[str, ...]) -> list[str]:
        name = FILE_NAME + (".gz" if packed else "")
        shim = [str(ROOT / "bench" / "encrypting.py")] if encrypted else []
        script = [str(ROOT / "python" / "loader.py"), "--json", "--qc", qc, "--quiet"]
        what = ["--config", str(self._configuration()), "--file", str(self.source.with_name(name))]
        return [sys.executable, *shim, *script, *what, *flags]

    def _configuration(self) -> Path:
        entry = {
            "file_pattern": "rows_{date_range}.tsv",
            "table_name": TABLE,
            "header": True,
            "date_column": "flight_date",
            "date_format": "YYYYMMDD",
            "duplicate_key_columns": ["flight_date", "record_id"],
            "create_table": MONTH_TYPES,
        }
        path = self.folder / "bench.json"
        path.write_text(json.dumps({"base_path": "files", "files": [entry], "load": self.load_section}))
        return path

    def _run_and_watch(self, state: Path, command: list[str]) -> LoadRun:
        temporary = state / "tmp"
        temporary.mkdir()
        beside = _Folder(self.source.parent)
        before = time.perf_counter()
        with (state / "stderr").open("w+") as errors, (state / "stdout").open("w+") as answer:
            loader = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=errors,
                env={**os.environ, "ETL_STATE_DIR": str(state), "TMPDIR": str(temporary)},
            )
            watch = _Watch(loader.pid, state)
            _, status, usage = os.wait4(loader.pid, 0)
            seconds = time.perf_counter() - before
            watch.end()
            loader.returncode = os.waitstatus_to_exitcode(status)
            answer.seek(0)
            errors.seek(0)
            said, complaints = answer.read(), errors.read()
        if loader.returncode:
            raise SystemExit(f"The load failed with exit code {loader.returncode}: {complaints}{said[-2000:]}")
        return LoadRun(
            json.loads(said),
            seconds,
            usage.ru_utime + usage.ru_stime,
            watch.peak,
            usage.ru_maxrss * 1024,
            watch.disk,
            beside.written(),
        )


@contextlib.contextmanager
def running_warehouse(state: Path) -> Iterator[None]:
    """Start the server ourselves, so that it is not a child of the measured loader."""
    from snowflake_etl.warehouse.local.lifecycle import ensure_running, stop

    ensure_running(state)
    try:
        yield
    finally:
        stop(state)


class _Folder:
    """The source's folder: its modification time changes with every file created or removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._facts()
        self._changed = path.stat().st_mtime_ns

    def _facts(self) -> dict[str, tuple[int, int]]:
        return {entry.name: (entry.stat().st_size, entry.stat().st_mtime_ns) for entry in os.scandir(self._path)}

    def written(self) -> int:
        """Bytes of files that are new or changed; at least 1 if something was created and removed."""
        now = self._facts()
        written = sum(now[name][0] for name in now if now[name] != self._before.get(name))
        return written or int(self._path.stat().st_mtime_ns != self._changed)


class _Watch:
    """Watches memory and temporary disk space of a process and its children until told to end."""

    def __init__(self, pid: int, state: Path) -> None:
        self.peak = self.disk = 0
        self._pid = pid
        self._state = state
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        next_disk = 0.0
        while not self._ended.wait(_LOOK_AT_MEMORY_SECONDS):
            self.peak = max(self.peak, sum(map(_resident, _family(self._pid))))
            if time.monotonic() >= next_disk:
                self.disk = max(self.disk, _disk_below(self._state))
                next_disk = time.monotonic() + _LOOK_AT_DISK_SECONDS


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _disk_below(state: Path) -> int:
    """Bytes on disk in the state folder, without the embedded warehouse's."""
    total = 0
    for root, folders, names in os.walk(state):
        if "local-warehouse" in folders:
            folders.remove("local-warehouse")
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(root) / name).lstat().st_blocks * 512
    return total
