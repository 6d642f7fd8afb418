"""Measures the checks of a file against a bare DuckDB GROUP BY and a Python csv loop, in one run on one file.

    python bench/quality.py --size 1G [--repeat 3] [--threads 2] [--directory DIR]

Each measurement is a process of its own, so that its peak memory is its own; a quarter of the file shows whether
memory grows with the size.  The csv loop reads a slice and is scaled to the whole file.  The last line is JSON.
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
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from measuring import in_words, print_table, size_in_bytes

COLUMNS = {
    "flight_date": "DATE",
    "carrier": "VARCHAR(2)",
    "flight": "NUMBER(12,0)",
    "tailnum": "VARCHAR(6)",
    "origin": "VARCHAR(3)",
    "dest": "VARCHAR(3)",
    "sched_dep_time": "NUMBER(4,0)",
    "dep_time": "NUMBER(4,0)",
    "dep_delay": "NUMBER(5,0)",
    "sched_arr_time": "NUMBER(4,0)",
    "arr_time": "NUMBER(4,0)",
    "arr_delay": "NUMBER(5,0)",
    "air_time": "NUMBER(5,0)",
    "distance": "NUMBER(6,0)",
    "time_hour": "TIMESTAMP_NTZ",
}
KEY = ("flight_date", "carrier", "flight", "origin", "sched_dep_time")
CSV_SLICE_BYTES = 128 << 20
_BLOCK_ROWS = 20_000
_DAYS = 31
_NAMES = {
    "group by": "bare DuckDB GROUP BY day",
    "completeness": "completeness of the days",
    "all but keys": "all checks without a key",
    "all": "all default checks",
    "rules": "all without a key, six rules",
    "csv": "Python csv loop (a slice, scaled)",
}


def make_month(path: Path, size: int) -> int:
    """Write a header and about ``size`` bytes of flights of January 2024, every key once; return the rows."""
    rows = [_row(number) for number in range(_BLOCK_ROWS)]
    block = ("\n".join(rows) + "\n").encode()
    blocks = max(_DAYS, round(size / len(block)))
    with path.open("wb") as out:
        out.write(("\t".join(COLUMNS) + "\n").encode())
        for number in range(blocks):
            day = b"202401%02d" % (number * _DAYS // blocks + 1)
            out.write(block.replace(b"@@@@@@@@", day).replace(b"######", b"%06d" % number))
    return blocks * _BLOCK_ROWS


def _row(number: int) -> str:
    """One flight of a block: the day and the block's part of the flight number are filled in later."""
    carrier = ("UA", "AA", "B6", "DL", "EV", "MQ")[number % 6]
    origin = ("EWR", "LGA", "JFK")[number % 3]
    destination = ("IAH", "MIA", "BQN", "ATL", "ORD", "FLL", "IAD")[number % 7]
    leave, late, fly = 500 + number % 1800, number % 97 - 20, 40 + number % 300
    actual = "NA" if number % 37 == 0 else str(leave + late % 60)
    hour = f"2024-01-01T{number % 24:02d}:00:00Z"
    cells = ("@@@@@@@@", carrier, f"######{number:05d}", f"N{number % 99999:05d}", origin, destination, leave, actual)
    return "\t".join(map(str, (*cells, late, leave + 200, leave + 210, late + 5, fly, fly * 7, hour)))


def group_by(path: Path, threads: int) -> None:
    """The yardstick: what DuckDB needs to count the rows of each day and nothing else."""
    import duckdb

    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute("SET enable_progress_bar = false")
    source = f"read_csv('{path}', delim='\t', quote='', header=true, auto_detect=false, columns={{{columns}}})"
    days = connection.execute(f"SELECT flight_date, COUNT(*) FROM {source} GROUP BY 1").fetchall()
    assert len(days) == _DAYS


def our_checks(
    path: Path, threads: int, *, everything: bool, key: tuple[str, ...] = KEY, with_rules: bool = False
) -> None:
    """Run ``check_file`` on a file without faults; any finding would be our fault."""
    from snowflake_etl.files.layout import Layout
    from snowflake_etl.month import Month
    from snowflake_etl.quality.duck import Resources
    from snowflake_etl.quality.profile import Expectations, Rule, RuleKind, Scope
    from snowflake_etl.quality.runner import check_file
    from snowflake_etl.sqltext import column_type, fold

    rules = (
        Rule(RuleKind.NOT_NULL, "carrier", columns=("CARRIER",)),
        Rule(RuleKind.ACCEPTED_VALUES, "origin", columns=("ORIGIN",), values=("EWR", "LGA", "JFK")),
        Rule(RuleKind.RANGE, "distance", columns=("DISTANCE",), minimum=0, maximum=6000),
        Rule(RuleKind.REGEX, "dest", columns=("DEST",), pattern="[A-Z]{3}"),
        Rule(RuleKind.MAX_LENGTH, "tailnum", columns=("TAILNUM",), maximum=6),
        Rule(RuleKind.CONDITION, "air time", condition="AIR_TIME < DISTANCE OR ARR_DELAY IS NULL"),
    )
    expected = Expectations(
        days=(Month(2024, 1).days(),),
        columns=tuple(map(fold, COLUMNS)),
        date_column="flight_date",
        date_format="YYYYMMDD",
        key_columns=key,
        types={fold(name): column_type(text) for name, text in COLUMNS.items()},
        null_values=("NA", ""),
        rules=rules if with_rules else (),
    )
    report = check_file(
        path,
        Layout("\t", None, True, tuple(COLUMNS)),
        expected,
        Resources(path.parent, threads=threads),
        scope=Scope.ALL if everything else Scope.DAYS,
    )
    assert report.days_found == _DAYS
    assert not report.errors, report.errors
    left_out = [finding.code for finding in report.findings if finding.code == "not_checked_duplicates"]
    assert not left_out, left_out


def csv_loop(path: Path, _: int) -> float:
    """Do what a script without a database does; return the share of the file that was read."""
    import csv

    days: Counter[str] = Counter()
    read = 0
    with path.open(encoding="utf-8", newline="") as source:
        for row in csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE):
            days[row[0]] += 1
            read += sum(map(len, row)) + len(row)
            if read >= CSV_SLICE_BYTES:
                break
    return min(1.0, read / path.stat().st_size)


MEASURES: dict[str, Callable[[Path, int], float | None]] = {
    "group by": group_by,
    "completeness": lambda path, threads: our_checks(path, threads, everything=False),
    "all but keys": lambda path, threads: our_checks(path, threads, everything=True, key=()),
    "all": lambda path, threads: our_checks(path, threads, everything=True),
    "rules": lambda path, threads: our_checks(path, threads, everything=True, key=(), with_rules=True),
    "csv": csv_loop,
}


def measure(name: str, path: Path, threads: int) -> dict[str, float]:
    """Run one measurement in this process: elapsed and processor seconds, and peak bytes."""
    import duckdb  # noqa: F401 - loading it is nobody's work

    started, worked = time.perf_counter(), time.process_time()
    share = MEASURES[name](path, threads) or 1.0
    return {
        "seconds": (time.perf_counter() - started) / share,
        "processor": (time.process_time() - worked) / share,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def in_process(name: str, path: Path, threads: int) -> dict[str, float]:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--measure", name, "--threads", str(threads), "--file", str(path)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def bench(directory: Path, size: int, threads: int, repeat: int) -> None:
    whole, quarter = directory / "whole.tsv", directory / "quarter.tsv"
    rows = make_month(whole, size)
    make_month(quarter, size // 4)
    print(f"{in_words(whole.stat().st_size)}, {rows:,} rows, {len(COLUMNS)} columns, {threads} threads, {repeat} runs")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in MEASURES}
    for turn in range(repeat):
        for name in MEASURES:
            if name == "csv" and turn:
                continue
            found[name].append(in_process(name, whole, threads))
    small = {name: in_process(name, quarter, threads)["peak"] for name in MEASURES}
    times = {name: statistics.median(each["seconds"] for each in runs) for name, runs in found.items()}
    work = {name: statistics.median(each["processor"] for each in runs) for name, runs in found.items()}
    peaks = {name: max(each["peak"] for each in runs) for name, runs in found.items()}
    base = times["group by"]
    print_table(
        ("what", "seconds", "MiB/s", "x GROUP BY", "processor x", "peak", "peak at 1/4"),
        [
            (
                _NAMES[name],
                f"{times[name]:.2f}",
                f"{whole.stat().st_size / times[name] / (1 << 20):.0f}",
                f"{times[name] / base:.2f}",
                f"{work[name] / work['group by']:.2f}",
                in_words(peaks[name]),
                in_words(small[name]),
            )
            for name in MEASURES
        ],
    )
    ratios = {
        "bench": "quality",
        "bytes": whole.stat().st_size,
        "completeness_vs_group_by": round(times["completeness"] / base, 2),
        "all_checks_vs_group_by": round(times["all"] / base, 2),
        "all_but_keys_vs_group_by": round(times["all but keys"] / base, 2),
        "rules_vs_all_but_keys": round(times["rules"] / times["all but keys"], 2),
        "completeness_processor_ratio": round(work["completeness"] / work["group by"], 2),
        "all_checks_processor_ratio": round(work["all"] / work["group by"], 2),
        "csv_vs_completeness": round(times["csv"] / times["completeness"], 1),
        "completeness_peak_mib": round(peaks["completeness"] / (1 << 20)),
        "all_checks_peak_mib": round(peaks["all"] / (1 << 20)),
        "all_checks_peak_vs_quarter_file": round(peaks["all"] / small["all"], 2),
    }
    print(json.dumps(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=size_in_bytes, default="256M", help="size of the file (default 256M)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of DuckDB")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median counts (default 3)")
    parser.add_argument("--directory", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--measure", choices=list(MEASURES), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.file, given.threads)))
        return
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="bench-quality-") as directory:
        bench(Path(directory), given.size, given.threads, given.repeat)


if __name__ == "__main__":
    main()
