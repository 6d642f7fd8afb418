"""Measures the exact search for duplicate keys of a file against a bare DuckDB GROUP BY of the same keys.

    python bench/duplicates.py --keys 50M [--memory-limit 2G] [--planted 1000] [--repeat 1] [--temporary DIR]

Both run in a process of their own, within the same memory limit and spilling to the same disk; what was planted has
to be found exactly.  The last line is JSON.
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

COLUMNS = ("DAY", "ID", "NAME")
_ROWS_OF_A_BLOCK = 100_000
_TEMPORARY_LIMIT = 100 << 30
_MILLION = 1_000_000


def number_of_keys(text: str) -> int:
    """Read 50M (millions) or 1000.  For argparse."""
    if text.upper().endswith("M"):
        return int(float(text[:-1]) * _MILLION)
    return int(text)


def make_file(path: Path, keys: int, planted: int) -> None:
    """Records of ``keys`` different keys; the first ``planted`` of them are repeated at the end."""
    with path.open("w", encoding="ascii") as out:
        out.write("\t".join(COLUMNS) + "\n")
        for first in range(0, keys, _ROWS_OF_A_BLOCK):
            out.write("".join(map(_record, range(first, min(first + _ROWS_OF_A_BLOCK, keys)))))
        out.write("".join(map(_record, range(planted))))


def _record(number: int) -> str:
    # Keys in an order from which a search cannot profit.
    return f"202401{number % 31 + 1:02d}\t{number * 2_654_435_761 % 4_294_967_296}\tname {number % 9973}\n"


def ours(path: Path, memory_limit: int, planted: int) -> None:
    from snowflake_etl.files.layout import Layout
    from snowflake_etl.quality.duck import Resources
    from snowflake_etl.quality.key_counts import keys_of_file
    from snowflake_etl.quality.profile import Expectations
    from snowflake_etl.sqltext import column_type

    types = {"DAY": column_type("DATE"), "ID": column_type("NUMBER(12,0)"), "NAME": column_type("VARCHAR")}
    profile = keys_of_file(
        path,
        Layout("\t", None, True, COLUMNS),
        Expectations(date_column="DAY", date_format="YYYYMMDD", key_columns=("DAY", "ID"), types=types),
        None,
        Resources(path.parent, memory_limit, _TEMPORARY_LIMIT),
    )
    found = profile.duplicates
    assert found is not None
    assert found.searched, "the search did not fit"
    assert (found.groups, found.excess) == (planted, planted)


def group_by(path: Path, memory_limit: int, planted: int) -> None:
    """The yardstick: plain texts, no types, no worst keys."""
    import duckdb

    connection = duckdb.connect()
    for name, value in {
        "memory_limit": f"{memory_limit}B",
        "temp_directory": str(path.parent / "bare"),
        "preserve_insertion_order": "false",
        "enable_progress_bar": "false",
    }.items():
        connection.execute(f"SET {name} = '{value}'")
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    source = f"read_csv('{path}', delim='\t', quote='', header=true, auto_detect=false, columns={{{columns}}})"
    statement = f"SELECT COUNT(*) FROM (SELECT DAY, ID FROM {source} GROUP BY DAY, ID HAVING COUNT(*) > 1)"
    assert connection.execute(statement).fetchall() == [(planted,)]


MEASURES: dict[str, Callable[[Path, int, int], None]] = {"duplicates": ours, "bare GROUP BY": group_by}


def measured(name: str, given: argparse.Namespace, path: Path) -> tuple[float, int]:
    """(seconds, bytes of peak memory) of one run in a separate process."""
    words = ["--measure", name, "--file", str(path), "--memory-limit", str(given.memory_limit)]
    command = [sys.executable, __file__, *words, "--planted", str(given.planted)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    facts = json.loads(done.stdout.splitlines()[-1])
    return facts["seconds"], facts["peak"]


def bench(given: argparse.Namespace, directory: Path) -> None:
    path = directory / "keys.tsv"
    make_file(path, given.keys, given.planted)
    size = path.stat().st_size
    runs = {name: [measured(name, given, path) for _ in range(given.repeat)] for name in MEASURES}
    seconds = {name: statistics.median(one[0] for one in several) for name, several in runs.items()}
    peaks = {name: max(one[1] for one in several) for name, several in runs.items()}
    print(f"{given.keys:,} keys, {given.planted:,} of them twice, {in_words(size)}; {load_average()}")
    rows = [[name, f"{seconds[name]:.1f} s", in_words(peaks[name])] for name in MEASURES]
    print_table(("search", "time", "peak memory"), rows)
    print_result(
        bench="duplicates",
        keys=given.keys,
        bytes=size,
        memory_limit=given.memory_limit,
        seconds=round(seconds["duplicates"], 2),
        vs_bare_group_by=round(seconds["duplicates"] / seconds["bare GROUP BY"], 2),
        peak=peaks["duplicates"],
        peak_vs_limit=round(peaks["duplicates"] / given.memory_limit, 2),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keys", type=number_of_keys, default="5M", help="different keys (default 5M: five million)")
    parser.add_argument("--memory-limit", type=size_in_bytes, default="2G", help="of the search (default 2G)")
    parser.add_argument("--planted", type=int, default=1000, help="keys that stand twice (default 1000)")
    parser.add_argument("--repeat", type=int, default=1, help="runs; the median counts (default 1)")
    parser.add_argument("--temporary", type=Path, help="where the file is made (default: a temporary folder)")
    parser.add_argument("--measure", choices=list(MEASURES), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        began = time.monotonic()
        MEASURES[given.measure](given.file, given.memory_limit, given.planted)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": time.monotonic() - began, "peak": peak}))
        # DuckDB's threads need not be waited for.
        sys.stdout.flush()
        os._exit(0)
    with tempfile.TemporaryDirectory(dir=given.temporary, prefix="bench-duplicates-") as directory:
        bench(given, Path(directory))


if __name__ == "__main__":
    main()
