"""A year in one go, its process killed three times: whatever is run again, twelve months are there once each."""

from __future__ import annotations

import calendar
import os
import time
from datetime import date
from pathlib import Path

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.history.run_record import RunRecords

pytestmark = pytest.mark.slow

YEAR = "2023-01..2023-12"
LIMIT_SECONDS = 120
# The second way to come through a year takes six months of it, all with ETL_TEST_CHAOS=full.
RESUMED_MONTHS = 12 if os.environ.get("ETL_TEST_CHAOS") == "full" else 6
# How many loads have published, and which step one of the running ones has come to, when the kill comes.
MOMENTS = ((1, "staged"), (4, "copy"), (7, "publishing"))


def write_year(desk: Desk, months: int = 12) -> dict[str, list[str]]:
    """A file a month, each with its own number of rows a day; their records by month."""
    year = {}
    for number in range(1, months + 1):
        last = date(2023, number, calendar.monthrange(2023, number)[1])
        days = days_between(f"2023-{number:02d}-01", last.isoformat())
        lines = rows_for(days, 5 + number)
        desk.file(f"t_{days[0]:%Y%m%d}-{last:%Y%m%d}.tsv", lines)
        year[f"2023-{number:02d}"] = lines
    return year


def steps_of_runs(records: RunRecords) -> dict[str, tuple[bool, set[str]]]:
    """Of every run that is written down by now: whether it has ended, and the steps that it has come to."""
    return {
        run.run_id: (run.ended_at is not None, {step for _, step, _ in records.steps(run.run_id)})
        for run in records.all()
    }


def kill_at(desk: Desk, published: int, step: str, words: tuple[str, ...], output: Path) -> None:
    """Start the batch as a real process and kill it (-9) once so many loads have published and one is at ``step``."""
    records = RunRecords(desk.state)
    before = steps_of_runs(records).keys()
    with output.open("a") as stream:
        process = desk.process("load", *words, output=stream)
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            now = steps_of_runs(records)
            running = [steps for run_id, (ended, steps) in now.items() if run_id not in before and not ended]
            if sum("published" in steps for _, steps in now.values()) >= published and any(
                step in steps for steps in running
            ):
                break
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, f"never at {step}:\n{output.read_text()}"
            time.sleep(0.01)
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
    assert desk.run("load", "--resume").out == "No load was interrupted here: nothing to resume.\n"
    again = desk.run("load", *words)
    assert (again.code, again.out.count("loaded before")) == (7, 12)
    assert_loaded_once(desk, year)


def test_resumed_after_each_kill_it_ends_with_all_months_once_each(own_desk: Desk, tmp_path: Path) -> None:
    """What the batch had not begun is carried on with as well, in whatever folder and by whatever process."""
    desk = own_desk
    year = write_year(desk, RESUMED_MONTHS)
    output = tmp_path / "output"
    words: tuple[str, ...] = (
        "--config",
        str(desk.config),
        "--month",
        f"2023-01..2023-{RESUMED_MONTHS:02d}",
        "--jobs",
        "2",
    )
    for published, step in MOMENTS:
        kill_at(desk, published * RESUMED_MONTHS // 12, step, words, output)
        words = ("--resume", "--jobs", "2")
    listed = desk.run("recover", "--config", str(desk.config))
    assert "left to do: " in listed.out
    assert f" of {RESUMED_MONTHS} loads asked for at 20" in listed.out
    last = desk.run("load", *words)
    assert last.code == 0, last
    assert_loaded_once(desk, year)
    listed = desk.run("recover", "--config", str(desk.config))
    assert listed.out == "No load is interrupted and nothing is left behind.\n"
