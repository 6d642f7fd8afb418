"""A load that is cut off at any statement, as by kill -9, and run again: every row is in the table once.

The process ends without any tidying up, right before or right after the warehouse executed a statement.
"""

from __future__ import annotations

import os

import pytest

from crashing import KILLED, crash, right
from desk import Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
pytestmark = pytest.mark.slow
# A load of one small file sends fewer statements than this; the last of them end after the load.
STATEMENTS = 44
# Each takes seconds: all of them with ETL_TEST_CHAOS=full, every third one otherwise.
STEP = 1 if os.environ.get("ETL_TEST_CHAOS") == "full" else 3


@pytest.mark.parametrize("number", range(1, STATEMENTS + 1, STEP))
def test_cut_off_at_any_statement_the_same_command_ends_right(desk: Desk, number: int) -> None:
    desk.file(NAME, rows_for(JANUARY))
    code = crash(desk, lambda count, _: count == number, after=bool(number % 2))
    assert code in (KILLED, 0)
    again = desk.load("--month", "2024-01")
    assert again.code in (0, 7), again
    right(desk)
    assert desk.load("--month", "2024-01").code == 7


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("word", ["COPY INTO", "BEGIN", "DELETE", "INSERT INTO", "COMMIT", "DROP TABLE", "REMOVE"])
def test_a_replace_cut_off_leaves_the_old_rows_or_the_new_ones(desk: Desk, word: str, after: bool) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert desk.load("--month", "2024-01").code == 0
    desk.file(NAME, [line.replace("name", "new") for line in rows_for(JANUARY, 11)])
    seen = 0

    def last_of_its_kind(_: int, command: str) -> bool:
        # The first BEGIN and INSERT are the lease's; the publish's are the second ones.
        nonlocal seen
        seen += command.startswith(word)
        return command.startswith(word) and seen == (2 if word in ("BEGIN", "COMMIT", "INSERT INTO", "DELETE") else 1)

    consent = ("--mode", "replace", "--yes", "--expect-rows", "any")
    assert crash(desk, last_of_its_kind, after=after, words=consent) == KILLED
    assert desk.count() in (310, 341)
    assert desk.load("--month", "2024-01", *consent).code == 0
    assert desk.count("NAME LIKE 'new%'") == 341
    right(desk, 341)


def test_parts_that_are_staged_are_not_sent_again(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: command.startswith("COPY"), after=False) == KILLED
    result = desk.load_json("--month", "2024-01")
    (file,) = result["files"]
    assert (file["parts"], file["parts_sent"]) == (1, 0)
    assert any("was interrupted" in warning for warning in result["warnings"])
    right(desk)


def test_a_copy_that_ended_while_nobody_looked_is_not_sent_again(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    (work_table,) = desk.work_tables()
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0
    assert work_table in answer.err
    assert "Carrying on with the COPY" in answer.err
    right(desk)


@pytest.mark.parametrize("written_down", [False, True])
def test_a_copy_outlives_a_second_run_that_was_cut_off_before_it_looked(desk: Desk, written_down: bool) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=written_down) == KILLED
    (work_table,) = desk.work_tables()
    assert crash(desk, lambda _, command: command == "COMMIT", after=True) == KILLED
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0
    assert work_table in answer.err
    assert "Carrying on with the COPY" in answer.err
    right(desk)


def test_a_copy_whose_query_was_not_written_down_is_found_by_its_tag(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=False) == KILLED
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0
    assert "Carrying on with the COPY" in answer.err
    right(desk)


def test_other_null_values_make_a_new_copy(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    desk.entry["null_values"] = ["name 1"]
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0
    assert "Carrying on" not in answer.err
    assert desk.count("NAME IS NULL") == 31
    right(desk)


def test_a_publish_that_had_committed_is_recognised(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    seen = 0

    def publishes(_: int, command: str) -> bool:
        nonlocal seen
        seen += command == "COMMIT"
        return command == "COMMIT" and seen == 2

    assert crash(desk, publishes, after=True) == KILLED
    assert desk.count() == 310
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0
    assert "interrupted after its COMMIT" in answer.out
    right(desk)


def test_another_file_in_its_place_starts_anew(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    desk.file(NAME, rows_for(JANUARY, 11))
    result = desk.load_json("--month", "2024-01")
    assert (result["status"], result["rows_published"]) == ("loaded", 341)
    assert result["files"][0]["parts_sent"] == 1
    # What the first file had left - parts, work table, lease - is gone as well.
    right(desk, 341)
    assert desk.run("recover", "--config", str(desk.config), "--json").result["interrupted"] == []


def test_another_file_in_its_place_leaves_alone_what_another_run_has(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    # As if a colleague elsewhere had carried on with the first file.
    desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET HOST = 'elsewhere', RUN_ID = '20240101-000000-0000abcd'")
    work_tables, staged = desk.work_tables(), desk.staged()
    desk.file(NAME, rows_for(JANUARY, 11))
    assert desk.load("--month", "2024-01").code == 0
    assert desk.work_tables() == work_tables
    assert desk.staged() == staged
