"""A file whose sender corrected a digit between the samples of its fingerprint: never taken for the loaded one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desk import Desk, days_between
from snowflake_etl.files import touch
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.parts import FileCutter

MONTH = ("--month", "2024-01", "--qc", "skip")
NAME = "t_20240101-20240131.tsv"


@pytest.fixture
def large(desk: Desk) -> Desk:
    """A desk whose file is larger than its fingerprint reads, with lines of 64 bytes."""
    desk.entry["create_table"] = {"DAY": "DATE", "ID": "NUMBER(9,0)", "NAME": "VARCHAR(60)"}
    days = days_between("2024-01-01", "2024-01-31")
    desk.file(NAME, [f"{day:%Y%m%d}\t{number:07}\t{'x' * 46}" for day in days for number in range(3000)])
    return desk


def correct(path: Path) -> None:
    """Change one digit that no sample has, in place and without a new time of writing, as rsync -t would leave it."""
    before, status = fingerprint(path), path.stat()
    content = bytearray(path.read_bytes())
    # The first gap between two samples.
    place = content.index(b"\t00", 66_000) + 3
    content[place : place + 1] = b"9"
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(path) == before


def corrected_rows(desk: Desk) -> int:
    return desk.count("ID >= 3000")


def test_a_corrected_file_is_refused_by_its_content_and_replaces(large: Desk) -> None:
    assert large.load(*MONTH).code == 0
    correct(large.files / NAME)
    answer = large.load(*MONTH)
    assert answer.code == 7
    assert "has other content than what is in" in answer.out
    assert "--mode replace --expect-rows 93000 --yes" in answer.out
    assert large.count() == 93_000
    assert large.load(*MONTH, "--mode", "replace", "--expect-rows", "93000", "--yes").code == 0
    assert (large.count(), corrected_rows(large)) == (93_000, 1)
    again = large.load(*MONTH)
    assert (again.code, "already" in again.out, "with the same content" in again.out) == (7, True, True)


def test_a_batch_and_if_missing_do_not_pass_a_corrected_file_over(large: Desk) -> None:
    large.month("2024-02-01", "2024-02-29")
    both = ("--month", "2024-01,2024-02", "--qc", "skip")
    assert large.load(*both).code == 0
    assert large.load(*both).code == 7
    missing = ("--if-missing", "--settle", "0")
    assert large.load(*both, *missing).code == 0
    correct(large.files / NAME)
    batch = large.load(*both)
    assert batch.code == 7
    assert "seems loaded" in batch.out
    assert "2024-01  T      refused" in batch.out
    assert large.load(*both, *missing).code == 7


def test_without_days_a_corrected_file_is_not_appended_to_the_wrong_one(large: Desk) -> None:
    large.entry["date_column"] = None
    assert large.load(*MONTH).code == 0
    correct(large.files / NAME)
    answer = large.load(*MONTH)
    assert answer.code == 7
    assert "the rows of both would be there. To replace all rows of the table:" in answer.out
    assert large.count() == 93_000
    # Of another size it is known by its name, packed or not.
    (large.files / NAME).unlink()
    large.file(f"{NAME}.gz", ["20240101\t1\tname"])
    assert large.load(*MONTH).code == 7
    assert large.load(*MONTH, "--allow-existing").code == 0
    assert large.count() == 93_001


def test_what_is_staged_is_not_loaded_in_place_of_a_corrected_file(large: Desk) -> None:
    assert large.load(*MONTH, "--stage-only").code == 0
    correct(large.files / NAME)
    refused = large.load("--month", "2024-01", "--qc", "skip", "--from-stage")
    assert refused.code == 7
    assert "is not what is staged" in refused.err
    assert large.load(*MONTH).code == 0
    assert (large.count(), corrected_rows(large)) == (93_000, 1)
    assert large.staged() == []


def test_a_file_that_nobody_touched_is_not_read_again(large: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large.files / NAME
    # The time of the last change cannot be set back: an hour goes by.
    now = touch.time.time_ns
    monkeypatch.setattr(touch.time, "time_ns", lambda: now() + 3_600_000_000_000)
    read: list[Path] = []
    cuts = FileCutter.cuts
    monkeypatch.setattr(FileCutter, "cuts", lambda self: read.append(self.path) or cuts(self))
    assert large.load(*MONTH).code == 0
    read.clear()
    answer = large.load(*MONTH)
    assert (answer.code, "with the same content" in answer.out) == (7, True)
    assert "loaded already. Nothing to do." in large.load(*MONTH, "--if-missing", "--settle", "0").out
    assert read == []
    # Whoever writes to it, or puts another file there, is seen.
    correct(path)
    assert large.load(*MONTH).code == 7
    assert read == [path]
