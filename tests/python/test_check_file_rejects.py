"""``check-file --rejects``: every wrong value and row with its reason, nothing half, nothing over the source."""

from __future__ import annotations

import csv
import stat

import pytest

from check_file_desk import JANUARY, NAME, check, check_json, faulty
from desk import Desk, rows_for


def test_rejects_are_written_one_by_one_as_text_and_private(nobody_home: Desk) -> None:
    faulty(nobody_home)
    path = nobody_home.folder / "rejects.csv"
    document = check_json(nobody_home, "--month", "2024-01", "--rejects", str(path))
    assert document["rejected"] == 5
    assert document["rejects_file"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(int(row["line"]), row["column"], row["value"], row["reason"]) for row in rows] == [
        (5, "ID", "some", "cannot be NUMBER(9,0)"),
        (6, "", "20240101\\x091004", "2 columns where 3 are expected"),
        (7, "NAME", "a name too long", "too long for VARCHAR(10)"),
        (8, "ID", "", "no value in the key"),
        (9, "DAY", "'=1+1", "not a date of the format YYYYMMDD"),
    ]
    assert {row["file"] for row in rows} == {NAME}


def test_every_reject_is_written_however_many_different_ones_there_are(
    nobody_home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("file_faults", "file_rejects", "file_rules"):
        monkeypatch.setattr(f"snowflake_etl.quality.{module}.MOST_BAD_VALUES", 40)
    lines = rows_for(JANUARY)
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "regex", "column": "NAME", "pattern": "name [0-9]"}]
    }
    for place in range(0, 300, 2):
        day, number, _ = lines[place].split("\t")
        lines[place] = f"{day}\tx{number}\tnot {number}" if place % 4 else f"no {place}\t{number}\tname 1"
    nobody_home.file(NAME, [*lines, "short", "20240201\t5\tname 1"])
    path = nobody_home.folder / "rejects.csv"
    check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    with path.open(newline="", encoding="utf-8") as stream:
        found = sorted((row["column"], int(row["line"])) for row in csv.DictReader(stream))
    by_column = {name: [line for column, line in found if column == name] for name in ("DAY", "ID", "NAME", "")}
    typed = [place + 2 for place in range(0, 300, 2) if place % 4]
    assert by_column["DAY"] == sorted([*(place + 2 for place in range(0, 300, 4)), 313])
    assert by_column["ID"] == by_column["NAME"] == typed
    assert by_column[""] == [312]


def test_rows_that_are_wrong_as_a_whole_are_rejected_whole(nobody_home: Desk) -> None:
    nobody_home.entry["quote_char"] = '"'
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "condition", "condition": "ID > 1000 OR NAME = 'x'", "name": "ids"}]
    }
    lines = [line.encode() for line in rows_for(JANUARY, 3000)]
    lines[3] = b'20240101\t1003\t"stray'
    lines[4] = b"20240101\t4\tna\0me"
    lines[60_000] = b"20240121\t21000\tna\xffme"
    lines[5] = b"20240101\t1005\tna\rme"
    nobody_home.file(NAME, b"DAY\tID\tNAME\n" + b"\n".join(lines) + b"\n")
    path = nobody_home.folder / "rejects.csv"
    check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [(int(row["line"]), row["column"], row["value"], row["reason"]) for row in csv.DictReader(stream)]
    assert (5, "", '20240101\\x091003\\x09"stray', "a quote that does not close as it should") in rows
    assert (6, "", "20240101\\x094\\x09na\\x00me", "a NUL byte") in rows
    assert (6, "", "4\\x09na\\x00me", "breaks the rule ids") in rows
    assert [row[3] for row in rows if row[0] == 7] == ["a carriage return that the file's line ending does not have"]
    assert [row[3] for row in rows if row[0] == 60_002] == ["bytes that are not of the encoding"]


def test_a_run_that_fails_leaves_no_half_list_of_rejects(nobody_home: Desk) -> None:
    nobody_home.month("2024-01-01", "2024-01-31")
    nobody_home.entry["date_column"] = "DAYS"
    nobody_home.entry["create_table"] = None
    path = nobody_home.folder / "rejects.csv"
    answer = check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    assert answer.code == 3
    assert "date column DAYS is not among the 3 columns of the file. Nearest: DAY" in answer.err
    assert not path.exists()
    assert [each.name for each in nobody_home.folder.iterdir() if "reject" in each.name] == []


@pytest.mark.parametrize("flag", ["--rejects", "--output"])
def test_a_result_is_never_written_over_the_file_that_is_checked(flag: str, nobody_home: Desk) -> None:
    path = nobody_home.month("2024-01-01", "2024-01-31")
    before = path.read_bytes()
    answer = check(nobody_home, "--month", "2024-01", flag, str(path))
    assert answer.code == 2
    assert "is a file to be checked" in answer.err
    assert path.read_bytes() == before
