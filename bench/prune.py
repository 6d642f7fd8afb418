"""Measures how long it takes to bring a large state folder back to its limits.

    python bench/prune.py [--jobs 10000] [--size 1G] [--unfinished 20] [--temporary DIR]

It makes job folders as jobs leave them and old logs, of that size together, and prunes to half of both.  Beside it
stands what ``rm -rf`` takes for the very same folders of a twin.  Before each the disk has written what it was given:
otherwise the making would be measured with them.  The last line is JSON.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from measuring import in_words, load_average, print_result, print_table, size_in_bytes
from snowflake_etl.config.model import LogsSection
from snowflake_etl.operations.pruning import prune
from snowflake_etl.progress import no_progress

_FACTS = ("title", "command", "started_at", "directory", "host", "boot_id", "lock", "pid", "progress", "finished_at")
_LOGS = 10


def make(state: Path, jobs: int, total: int, unfinished: int) -> None:
    """Make the folder: half of the bytes in job logs, half in old application logs; the oldest jobs have not ended."""
    text = os.urandom(1 << 10).hex().encode() * 512
    each, rest = total // 2 // jobs, total // 2 // _LOGS
    now = time.time()
    for number in range(jobs):
        folder = state / "jobs" / f"20240101-{number:06}-load-{number}"
        folder.mkdir(parents=True)
        for name in _FACTS:
            (folder / name).write_text("x\n")
        with (folder / "output.log").open("wb") as stream:
            _fill(stream, text, each)
        if number >= unfinished:
            (folder / "exit_code").write_text("0\n")
            at = now - 80 * 86_400 + number * 60
            os.utime(folder / "exit_code", (at, at))
    for number in range(_LOGS):
        path = state / f"snowflake_etl-20240101-{number:06}.1-1.log.gz"
        with path.open("wb") as stream:
            _fill(stream, text, rest)
        os.utime(path, (now - (60 - number) * 86_400,) * 2)


def remove_barely(twin: Path, pruned: Path) -> float:
    """Seconds that ``rm -rf`` takes for what is no longer in ``pruned``."""
    trash = twin / "trash"
    trash.mkdir()
    for path in (*(twin / "jobs").iterdir(), *twin.glob("*.log.gz")):
        if not (pruned / path.relative_to(twin)).exists():
            path.rename(trash / path.name)
    os.sync()
    began = time.monotonic()
    subprocess.run(["rm", "-rf", "--", str(trash)], check=True)
    return time.monotonic() - began


def _fill(stream: BinaryIO, text: bytes, count: int) -> None:
    while count > 0:
        count -= stream.write(text[:count])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--size", type=size_in_bytes, default=size_in_bytes("1G"))
    parser.add_argument("--unfinished", type=int, default=20)
    parser.add_argument("--temporary", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prune-", dir=arguments.temporary) as folder:
        state, twin = Path(folder) / "state", Path(folder) / "twin"
        for one in (state, twin):
            make(one, arguments.jobs, arguments.size, arguments.unfinished)
        limits = LogsSection(keep_jobs=arguments.jobs // 2, keep_bytes=max(arguments.size // 2, 1_000_000))
        os.sync()
        began = time.monotonic()
        result = prune(state, limits, no_progress)
        seconds = time.monotonic() - began
        intact = sum((state / "jobs" / f"20240101-{n:06}-load-{n}").is_dir() for n in range(arguments.unfinished))
        bare = remove_barely(twin, state)
    rows = [
        ("jobs", f"{arguments.jobs:,}, {result.jobs:,} removed"),
        ("bytes", f"{in_words(result.bytes_before)}, {in_words(result.bytes_after)} left"),
        ("prune", f"{seconds:.2f} s"),
        ("rm -rf of the same", f"{bare:.2f} s"),
        ("unfinished", f"{intact} of {arguments.unfinished} untouched"),
    ]
    print_table(("what", "measured"), rows)
    print_result(
        bench="prune",
        jobs=arguments.jobs,
        removed=result.jobs,
        bytes_before=result.bytes_before,
        bytes_after=result.bytes_after,
        limit=limits.keep_bytes,
        seconds=round(seconds, 2),
        vs_rm=round(seconds / bare, 2) if bare else 0,
        unfinished_kept=intact,
        load=load_average(),
    )
    return 0 if intact == arguments.unfinished and result.bytes_after <= limits.keep_bytes else 1


if __name__ == "__main__":
    sys.exit(main())
