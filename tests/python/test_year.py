"""A year in one go, its process killed three times: whatever is run again, twelve months are there once each."""

from __future__ import annotations

import calendar
import sqlite3
import time
from datetime import date
from pathlib import Path

import pytest

from desk import Desk, days_between, rows_for

pytestmark = pytest.mark.slow

YEAR = "2023-01..2023-12"
LIMIT_SECONDS = 120
# How many loads have published, and which step one of the running ones has just written down, when the kill comes.
MOMENTS = ((1, "staged"), (4, "copy"), (7, "publishing"))
_STEPS = """
SELECT run_id, ended_at, (SELECT step FROM steps WHERE steps.run_id = runs.run_id ORDER BY rowid DESC LIMIT 1)
FROM runs
"""


def write_year(desk: Desk) -> dict[str, list[str]]:
    """Twelve files, each month with its own number of rows a day; their records by month."""
    year = {}
    for number in range(1, 13):
        last = date(2023, number, calendar.monthrange(2023, number)[1])
        days = days_between(f"2023-{number:02d}-01", last.isoformat())
        lines = rows_for(days, 5 + number)
        desk.file(f"t_{days[0]:%Y%m%d}-{last:%Y%m%d}.tsv", lines)
        year[f"2023-{number:02d}"] = lines
    return year


def runs(desk: Desk) -> list[tuple[str, str | None, str | None]]:
    """(run id, time of its end, last step) of every run, as far as they are written down by now."""
    path = desk.state / "runs.sqlite"
    if not path.exists():
        return []
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        return database.execute(_STEPS).fetchall()
    except sqlite3.OperationalError:
        # The tables are not made yet.
        return []
    finally:
        database.close()


def kill_at(desk: Desk, published: int, step: str, words: tuple[str, ...], output: Path) -> None:
    """Start the batch as a real process and kill it (-9) once so many loads have published and one is at ``step``."""
    before = {run_id for run_id, _, _ in runs(desk)}
    with output.open("a") as stream:
        process = desk.process("load", *words, output=stream)
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            now = runs(desk)
            mine = [last for run_id, ended, last in now if run_id not in before and not ended]
            if sum(last == "published" for _, _, last in now) >= published and step in mine:
                break
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, f"never at {step}:\n{output.read_text()}"
            time.sleep(0.002)
        process.kill()
        process.wait()


def assert_loaded_once(desk: Desk, year: dict[str, list[str]]) -> None:
    loaded = desk.sql("SELECT TO_CHAR(DAY, 'YYYYMMDD'), ID, NAME FROM T")
    in_files = sorted(line for lines in year.values() for line in lines)
    assert sorted("\t".join(map(str, row)) for row in loaded) == in_files
    assert sorted((row[0], row[2], row[4]) for row in desk.ledger()) == [
        (month, len(lines), "live") for month, lines in sorted(year.items())
    ]
    assert desk.work_tables() == []
    assert desk.sql("SELECT * FROM ETL_WORK.ETL_LOAD_LEASE") == []
    assert desk.staged() == []


def test_the_same_command_after_each_kill_ends_with_twelve_months_once_each(own_desk: Desk, tmp_path: Path) -> None:
    desk = own_desk
    year = write_year(desk)
    words = ("--config", str(desk.config), "--month", YEAR, "--jobs", "2")
    output = tmp_path / "output"
    for published, step in MOMENTS:
        kill_at(desk, published, step, words, output)
    last = desk.run("load", *words)
    assert last.code == 0, last
    assert_loaded_once(desk, year)
    again = desk.run("load", *words)
    assert (again.code, again.out.count("loaded before")) == (7, 12)
    assert_loaded_once(desk, year)
