#!/usr/bin/env python3
"""Peak memory of whole loads: real processes, the driver's encryption switched on, small and large files.

    bench/memory.py [--size 1G] [--large [20G]] [--qc skip,file] [--memory-limit BYTES] [--temporary DIR]

Makes a month's file, loads it with ``python/loader.py`` into an embedded warehouse of its own and deletes both.
Counted are the loader and its children, not the warehouse.  Exit code 1 when a load takes more than its limit.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "bench")]

from big_file import make_month  # noqa: E402
from measuring import in_words, load_average, print_result, print_table, size_in_bytes  # noqa: E402
from one_load import LoadBench, LoadRun  # noqa: E402

BUDGET_BYTES = 500_000_000
# Disk space for file, parts, work table and target, and what DuckDB keeps until its next checkpoint.
_DISK_FOR_EACH_BYTE = 2.5


def main() -> int:
    options = _options()
    runs: dict[tuple[int, str], LoadRun] = {}
    for size in (options.size, *([options.large] if options.large else [])):
        with tempfile.TemporaryDirectory(prefix="etl-bench-", dir=options.temporary) as folder:
            _check_space(Path(folder), size)
            section = {"memory_limit": options.memory_limit} if options.memory_limit else {}
            bench = LoadBench(Path(folder), section)
            _say(f"making {in_words(size)} of rows")
            make_month(bench.source, size)
            for qc in options.qc.split(","):
                _say(f"loading {in_words(size)} with --qc {qc}")
                flags = ("--workers", str(options.workers)) if options.workers else ()
                runs[size, qc] = bench.run(qc=qc, encrypted=not options.unencrypted, flags=flags)
    limit = options.budget or options.memory_limit or BUDGET_BYTES
    _show(runs, limit)
    return int(any(run.peak > limit for run in runs.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=size_in_bytes, default=1 << 30, help="bytes of rows (default 1G)")
    parser.add_argument(
        "--large", type=size_in_bytes, nargs="?", const=20 << 30, help="load a file of this size as well (20G)"
    )
    parser.add_argument("--qc", default="skip,file", help="the loads to measure (default skip,file)")
    parser.add_argument("--workers", type=int, help="compressing threads (default: the tool's own)")
    parser.add_argument("--memory-limit", type=size_in_bytes, help="load.memory_limit (default: the tool's own)")
    parser.add_argument("--budget", type=size_in_bytes, help="fail above this (default: the limit, 500 MB)")
    parser.add_argument("--unencrypted", action="store_true", help="without the driver's encryption")
    parser.add_argument("--temporary", type=Path, help="folder for file and warehouse (default: TMPDIR)")
    return parser.parse_args()


def _check_space(folder: Path, size: int) -> None:
    facts = os.statvfs(folder)
    free, wanted = facts.f_bavail * facts.f_frsize, int(size * _DISK_FOR_EACH_BYTE)
    if free < wanted:
        raise SystemExit(f"{folder} has {in_words(free)} free; {in_words(size)} of rows need {in_words(wanted)}.")


def _show(runs: dict[tuple[int, str], LoadRun], limit: int) -> None:
    print_table(
        ("load", "seconds", "peak memory", "of the limit", "temporary disk", "beside the source"),
        [
            (
                f"{in_words(size)}, --qc {qc}",
                f"{run.seconds:.1f}",
                f"{run.peak / 1e6:.0f} MB",
                f"{run.peak / limit:.0%}",
                in_words(run.temporary_disk),
                f"{run.written_beside} B",
            )
            for (size, qc), run in runs.items()
        ],
    )
    print(f"limit {limit / 1e6:.0f} MB; {load_average()}")
    print_result(
        bench="memory",
        limit=limit,
        peak=max(run.peak for run in runs.values()),
        loads=[
            {
                "bytes": size,
                "qc": qc,
                "peak_rss_bytes": run.peak,
                "sampled_rss_bytes": run.sampled_peak,
                "temporary_disk_bytes": run.temporary_disk,
                "bytes_beside_source": run.written_beside,
                "rows": run.result["rows_published"],
                "seconds": round(run.seconds, 1),
            }
            for (size, qc), run in runs.items()
        ],
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
