"""Measures clean-file on a file with some bad rows against a bare DuckDB copy of it, in one run.

    python bench/clean.py --size 1G [--bad 0.001] [--repeat 3] [--threads 2] [--directory DIR]

The bare copy reads every column as text, passes over what it cannot read and writes the rest: no values are looked
at.  Each measurement is a process of its own, so that its peak memory is its own; a quarter of the file shows whether
memory grows with the size.  The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from measuring import in_words, load_average, print_result, print_table, size_in_bytes
from quality import COLUMNS, KEY, make_month

# In turn: too few columns, an invalid number, an invalid date, too long, a NUL byte.
_SPOIL: tuple[Callable[[bytes], bytes], ...] = (
    lambda row: row.rpartition(b"\t")[0],
    lambda row: _with(row, 7, b"late"),
    lambda row: _with(row, 0, b"20240199"),
    lambda row: _with(row, 4, b"NEWARK"),
    lambda row: _with(row, 3, b"N\0"),
)
_NAMES = {
    "copy": "bare DuckDB copy",
    "layout": "clean-file, layout alone",
    "clean": "clean-file",
    "duplicates": "clean-file --duplicates",
}


def _with(row: bytes, place: int, value: bytes) -> bytes:
    cells = row.split(b"\t")
    cells[place] = value
    return b"\t".join(cells)


def make_dirty(path: Path, size: int, share: float) -> tuple[int, int]:
    """Write about ``size`` bytes of flights, with ``share`` of the rows spoilt; return the numbers of all and of
    spoilt rows.
    """
    clean = path.with_suffix(".clean")
    rows = make_month(clean, size)
    spoilt, step = 0, round(1 / share)
    with clean.open("rb") as source, path.open("wb") as out:
        out.write(next(source))
        for number, row in enumerate(source, 1):
            if number % step == 0:
                out.write(_SPOIL[spoilt % len(_SPOIL)](row.rstrip(b"\n")) + b"\n")
                spoilt += 1
            else:
                out.write(row)
    clean.unlink()
    return rows, spoilt


def bare_copy(path: Path, threads: int) -> int:
    """The yardstick: DuckDB reads the file and writes it; return the number of rows written."""
    import duckdb

    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET enable_progress_bar = false")
    source = (
        f"read_csv('{path}', delim='\t', quote='', escape='', header=true, auto_detect=false, ignore_errors=true, "
        f"columns={{{columns}}})"
    )
    target = path.parent / "copied.tsv"
    connection.execute(f"COPY (FROM {source}) TO '{target}' (DELIMITER '\t', HEADER, QUOTE '')")
    target.unlink()
    return 0


def our_clean(path: Path, threads: int, *, types: bool = True, duplicates: bool = False) -> int:
    """Run ``clean_file`` by the types of the columns; return the number of rows rejected."""
    from snowflake_etl.config.reading import read_configuration
    from snowflake_etl.operations.cleaning.clean_file import CleanRequest, clean_file
    from snowflake_etl.operations.cleaning.column_types import NO_TYPES, types_of_configuration
    from snowflake_etl.progress import no_progress

    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    entry = {
        "file_pattern": "{date_range}.tsv",
        "table_name": "FLIGHTS",
        "file_format": "TSV",
        "header": True,
        "date_column": "flight_date",
        "date_format": "YYYYMMDD",
        "null_values": ["NA", ""],
        "create_table": COLUMNS,
    }
    config = path.parent / "config.json"
    config.write_text(json.dumps({"files": [entry]}), encoding="utf-8")
    loaded = read_configuration(config)
    (section,) = loaded.configuration.files
    chosen = types_of_configuration(section, config) if types else NO_TYPES
    request = CleanRequest(path, path.with_suffix(".kept"), path.with_suffix(".rejects"), KEY if duplicates else None)
    result = clean_file(request, section, chosen, loaded, path.parent, no_progress)
    assert result.rows == result.kept + result.rejected
    return result.rejected


MEASURES: dict[str, Callable[[Path, int], int]] = {
    "copy": bare_copy,
    "layout": lambda path, threads: our_clean(path, threads, types=False),
    "clean": our_clean,
    "duplicates": lambda path, threads: our_clean(path, threads, duplicates=True),
}


def measure(name: str, path: Path, threads: int) -> dict[str, float]:
    """Run one measurement in this process: elapsed and processor seconds, peak bytes, rows rejected."""
    import duckdb  # noqa: F401 - loading it is nobody's work

    started, worked = time.perf_counter(), time.process_time()
    rejected = MEASURES[name](path, threads)
    return {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - worked,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "rejected": rejected,
    }


def in_process(name: str, path: Path, threads: int) -> dict[str, float]:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--measure", name, "--threads", str(threads), "--file", str(path)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def bench(directory: Path, size: int, share: float, threads: int, repeat: int) -> None:
    whole, quarter = directory / "whole.tsv", directory / "quarter.tsv"
    rows, spoilt = make_dirty(whole, size, share)
    make_dirty(quarter, size // 4, share)
    length = whole.stat().st_size
    print(
        f"{in_words(length)}, {rows:,} rows, {spoilt:,} of them bad, {threads} threads, {repeat} runs, {load_average()}"
    )
    found = {name: [in_process(name, whole, threads) for _ in range(repeat)] for name in MEASURES}
    small = {name: in_process(name, quarter, threads)["peak"] for name in MEASURES}
    for name in ("clean", "duplicates"):
        assert {run["rejected"] for run in found[name]} == {spoilt}, found[name]
    times = {name: statistics.median(run["seconds"] for run in runs) for name, runs in found.items()}
    work = {name: statistics.median(run["processor"] for run in runs) for name, runs in found.items()}
    peaks = {name: max(run["peak"] for run in runs) for name, runs in found.items()}
    print_table(
        ("what", "seconds", "MiB/s", "x bare copy", "processor x", "peak", "peak at 1/4"),
        [
            (
                _NAMES[name],
                f"{times[name]:.2f}",
                f"{length / times[name] / (1 << 20):.0f}",
                f"{times[name] / times['copy']:.2f}",
                f"{work[name] / work['copy']:.2f}",
                in_words(peaks[name]),
                in_words(small[name]),
            )
            for name in MEASURES
        ],
    )
    print_result(
        bench="clean",
        bytes=length,
        rows=rows,
        rejected=spoilt,
        clean_vs_copy=round(times["clean"] / times["copy"], 2),
        layout_vs_copy=round(times["layout"] / times["copy"], 2),
        duplicates_vs_copy=round(times["duplicates"] / times["copy"], 2),
        clean_peak_mib=round(peaks["clean"] / (1 << 20)),
        clean_peak_vs_quarter_file=round(peaks["clean"] / small["clean"], 2),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=size_in_bytes, default="256M", help="size of the file (default 256M)")
    parser.add_argument("--bad", type=float, default=0.001, help="share of bad rows (default 0.001)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="processors to use")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median counts (default 3)")
    parser.add_argument("--directory", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--measure", choices=list(MEASURES), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.file, given.threads)))
        return
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="bench-clean-") as directory:
        bench(Path(directory), given.size, given.bad, given.threads, given.repeat)


if __name__ == "__main__":
    main()
