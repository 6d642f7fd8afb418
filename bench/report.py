"""Measures a report on many tables: statements sent per table, time with one and with four workers.

    python bench/report.py [--tables 50] [--days 90] [--rows 100] [--repeat 3] [--latency 0.1] [--temporary DIR]

The tables are made in an embedded warehouse of the bench's own, which runs on the same processors as the report; so
the times are taken once as they are, and once with a pause before every statement, as an account far away makes
one.  Every statement that the driver is given is counted.  The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from measuring import in_words, load_average, print_result, print_table
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.operations.report import report
from snowflake_etl.operations.report_subjects import Subject, read_all, subjects_of
from snowflake_etl.progress import no_progress
from snowflake_etl.reports.report_html import report_html
from snowflake_etl.reports.report_xlsx import report_xlsx
from snowflake_etl.results_report import ReportResult
from snowflake_etl.warehouse.local import lifecycle
from snowflake_etl.warehouse.signin import Warehouse

WORKERS = (1, 4)
_FIRST_DAY = date(2024, 1, 1)


@dataclass
class Counter:
    """The number of statements given to the driver, and how long each waits first."""

    statements: int = 0
    latency: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        with self._lock:
            self.statements += 1
        time.sleep(self.latency)


@contextmanager
def counted() -> Iterator[Counter]:
    """Count what goes through the driver's cursors."""
    from snowflake.connector.cursor import SnowflakeCursor

    counter = Counter()
    genuine = SnowflakeCursor.execute

    def counting(cursor: Any, command: str, *arguments: Any, **named: Any) -> Any:
        counter.count()
        return genuine(cursor, command, *arguments, **named)

    SnowflakeCursor.execute = counting
    try:
        yield counter
    finally:
        SnowflakeCursor.execute = genuine


def make_tables(state: Path, folder: Path, tables: int, days: int, rows: int) -> list[Subject]:
    """Make tables of ``days`` days with ``rows`` rows each, eight columns and unique keys; and their configuration."""
    names = [f"BENCH_{number:03d}" for number in range(tables)]
    each = ", ".join(f"('{_FIRST_DAY + timedelta(days=number)}'::DATE)" for number in range(days))
    with Warehouse(SnowflakeSection(connection="local"), LoadSection(), state).open("bench") as session:
        for name in names:
            session.execute(
                f"CREATE TABLE {name} AS SELECT D::DATE AS DAY, I::NUMBER(9,0) AS ID, 'a name'::VARCHAR(40) AS NAME, "
                "I::NUMBER(12,2) AS AMOUNT, 'EUR'::VARCHAR(3) AS CURRENCY, D::TIMESTAMP_NTZ AS AT, NULL::VARCHAR(9) "
                f"AS NOTE, TRUE AS PAID FROM (SELECT COLUMN1 AS D FROM VALUES {each}), "
                f"(SELECT ROW_NUMBER() OVER (ORDER BY 1) AS I FROM TABLE(GENERATOR(ROWCOUNT => {rows})))"
            )
    entries = [
        {
            "file_pattern": f"{name.lower()}_{{month}}.tsv",
            "table_name": name,
            "date_column": "DAY",
            "duplicate_key_columns": ["DAY", "ID"],
        }
        for name in names
    ]
    path = folder / "bench.json"
    path.write_text(json.dumps({"snowflake": {"connection": "local"}, "files": entries}), encoding="utf-8")
    loaded, _ = read_all([path])
    return subjects_of(loaded, [])


def run_report(subjects: list[Subject], state: Path, workers: int) -> tuple[ReportResult, float]:
    """Run one whole report; a table that is not fine would be our fault."""
    began = time.perf_counter()
    result = report(subjects, [], None, state, workers=workers, strict=False, progress=no_progress)
    seconds = time.perf_counter() - began
    if result.exit_code:
        raise SystemExit(f"bench: {result.message}")
    return result, seconds


def bench(given: argparse.Namespace, state: Path, folder: Path) -> None:
    subjects = make_tables(state, folder, given.tables, given.days, given.rows)
    print(f"{given.tables} tables, {given.days * given.rows:,} rows each, {given.repeat} runs, {load_average()}")
    times: dict[tuple[float, int], float] = {}
    with counted() as counter:
        for latency in (0.0, given.latency):
            for workers in WORKERS:
                counter.latency = latency
                runs = []
                for _ in range(given.repeat if not latency else 1):
                    counter.statements = 0
                    result, seconds = run_report(subjects, state, workers)
                    runs.append(seconds)
                times[latency, workers] = statistics.median(runs)
        sent = counter.statements
    of_tables = sum(table.statements for table in result.tables)
    rendered = {name: _rendered(make, result) for name, make in (("html", report_html), ("xlsx", report_xlsx))}
    print_table(
        ("what", "seconds", "tables/s"),
        [
            (
                f"{workers} worker(s){f', {latency:g} s more a statement' if latency else ''}",
                f"{seconds:.2f}",
                f"{given.tables / seconds:.1f}",
            )
            for (latency, workers), seconds in times.items()
        ],
    )
    print(f"statements: {sent} in all, {of_tables / given.tables:g} a table, {sent - of_tables} for all of them")
    for name, (seconds, size) in rendered.items():
        print(f"{name}: {in_words(size)} in {seconds:.2f} s")
    few, many = WORKERS
    print_result(
        bench="report",
        tables=given.tables,
        rows_per_table=given.days * given.rows,
        statements=sent,
        statements_per_table=round(of_tables / given.tables, 2),
        statements_reported=result.statements,
        seconds_1_worker=round(times[0.0, few], 3),
        seconds_4_workers=round(times[0.0, many], 3),
        speedup_4_workers=round(times[0.0, few] / times[0.0, many], 2),
        latency=given.latency,
        far_seconds_1_worker=round(times[given.latency, few], 3),
        far_seconds_4_workers=round(times[given.latency, many], 3),
        far_speedup_4_workers=round(times[given.latency, few] / times[given.latency, many], 2),
        html_bytes=rendered["html"][1],
        xlsx_bytes=rendered["xlsx"][1],
    )


def _rendered(make: Any, result: ReportResult) -> tuple[float, int]:
    began = time.perf_counter()
    size = len(make(result))
    return time.perf_counter() - began, size


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tables", type=int, default=50, help="default 50")
    parser.add_argument("--days", type=int, default=90, help="days of each table (default 90)")
    parser.add_argument("--rows", type=int, default=100, help="rows of a day (default 100)")
    parser.add_argument("--repeat", type=int, default=3, help="runs as they are; the median counts (default 3)")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds more a statement (default 0.1)")
    parser.add_argument("--temporary", type=Path, help="where the warehouse is made (default: a temporary folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.temporary, prefix="bench-report-") as name:
        folder = Path(name)
        state = folder / "state"
        state.mkdir()
        try:
            bench(given, state, folder)
        finally:
            lifecycle.stop(state)


if __name__ == "__main__":
    main()
