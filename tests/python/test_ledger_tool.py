"""``ledger``: what is loaded is listed, and rows that were loaded before the tool are recorded, never touched."""

from __future__ import annotations

from typing import Any

import pytest

from desk import Answer, Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def ledger(desk: Desk, *words: str) -> Answer:
    return desk.run("ledger", words[0], "--config", str(desk.config), *words[1:])


def loaded_before(desk: Desk, first: str = "2024-01-01", last: str = "2024-01-31") -> None:
    """Rows that another tool has put into the table."""
    desk.sql("CREATE TABLE IF NOT EXISTS T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    values = []
    for line in rows_for(days_between(first, last)):
        day, number, name = line.split("\t")
        values.append(f"('{day[:4]}-{day[4:6]}-{day[6:]}', {number}, '{name}')")
    desk.sql(f"INSERT INTO T VALUES {', '.join(values)}")


def test_nothing_loaded_is_listed_as_nothing(desk: Desk) -> None:
    answer = ledger(desk, "list")
    assert (answer.code, answer.out) == (0, "0 live files with 0 rows; 0 in the ledger.\n")


def test_the_list_shows_live_and_former_files_and_can_be_narrowed(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    desk.load("--month", "2024-01..2024-02")
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310")
    rows = ledger(desk, "list", "--json").result["rows"]
    assert [(row["month"], row["row_count"], row["state"], row["mode"]) for row in rows] == [
        ("2024-01", 310, "replaced", "append"),
        ("2024-02", 290, "live", "append"),
        ("2024-01", 341, "live", "replace"),
    ]
    text = ledger(desk, "list", "--month", "2024-01", "--table", "t").out
    assert text.count(NAME) == 2
    assert "2024-01-01..2024-01-31" in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.endswith("1 live file with 341 rows; 2 in the ledger.\n")
    assert ledger(desk, "list", "--table", "OTHER", "--json").result["rows"] == []


def test_a_table_without_days_is_listed_without_a_month(desk: Desk) -> None:
    desk.entry |= {"date_column": None, "duplicate_key_columns": []}
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    assert f"live: {desk.database}.PUBLIC.T, 310 rows\n" in ledger(desk, "list").out


def test_rows_loaded_before_are_recorded_with_their_file(desk: Desk) -> None:
    loaded_before(desk)
    desk.month("2024-01-01", "2024-01-31")
    answer = ledger(desk, "adopt", "--month", "2024-01", "--yes")
    assert answer.code == 0, answer
    assert f"  {NAME}: 310 rows, 2024-01-01..2024-01-31, content " in answer.out
    assert "310 rows of" in answer.out
    assert desk.ledger() == [("2024-01", NAME, 310, "adopted", "live")]
    assert desk.count() == 310
    refused = desk.load("--month", "2024-01")
    assert refused.code == 7
    assert f"'{NAME}' is in" in refused.out
    assert desk.load("--verify", "--month", "2024-01").code == 0
    # From now on it is a month like any other.
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    assert desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310").code == 0
    assert [row[4] for row in desk.ledger()] == ["replaced", "live"]


@pytest.mark.parametrize("way", [(), ("--without-file",)])
def test_a_dry_run_says_what_would_be_recorded_and_records_nothing(desk: Desk, way: tuple[str, ...]) -> None:
    loaded_before(desk)
    desk.month("2024-01-01", "2024-01-31")
    answer = ledger(desk, "adopt", "--month", "2024-01", *way, "--dry-run")
    assert answer.code == 0, answer
    assert "planned: Record in the ledger, without touching" in answer.out
    assert ": 310 rows, 2024-01-01..2024-01-31, " in answer.out
    assert answer.out.endswith("Nothing was recorded.\n")
    assert ledger(desk, "adopt", "--month", "2024-01", *way, "--dry-run", "--json").result["status"] == "planned"
    assert ledger(desk, "list", "--json").result["rows"] == []


def test_rows_that_are_not_what_the_file_says_are_not_recorded(desk: Desk) -> None:
    loaded_before(desk)
    desk.sql("DELETE FROM T WHERE ID = 5003")
    desk.month("2024-01-01", "2024-01-31")
    answer = ledger(desk, "adopt", "--month", "2024-01", "--yes")
    assert answer.code == 6
    assert "differs: 2024-01-05: 10 rows in the files, 9 in the table." in answer.out
    document = ledger(desk, "adopt", "--month", "2024-01", "--yes", "--json").result
    assert (document["status"], document["rows"], document["exit_code"]) == ("different", [], 6)
    assert ledger(desk, "list", "--json").result["rows"] == []


def test_rows_of_the_file_outside_its_days_are_a_difference(desk: Desk) -> None:
    loaded_before(desk)
    desk.file(NAME, [*rows_for(JANUARY), "20240205\t99\tlate"])
    answer = ledger(desk, "adopt", "--month", "2024-01", "--yes")
    assert answer.code == 6
    assert "1 rows of the files are outside" in answer.out


def test_what_the_ledger_knows_is_refused(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    for words in (("--month", "2024-01"), ("--month", "2024-01", "--without-file")):
        answer = ledger(desk, "adopt", *words, "--yes")
        assert answer.code == 7
        assert "The ledger already has those rows" in answer.err
    assert len(desk.ledger()) == 1


def test_nobody_is_asked_and_nothing_recorded_without_yes(desk: Desk) -> None:
    loaded_before(desk)
    desk.month("2024-01-01", "2024-01-31")
    answer = ledger(desk, "adopt", "--month", "2024-01")
    assert answer.code == 7
    assert "Record in the ledger" in answer.out
    assert "Not confirmed" in answer.err
    assert ledger(desk, "list", "--json").result["rows"] == []


def test_without_the_file_the_counts_are_recorded_and_what_that_means_is_said(desk: Desk) -> None:
    loaded_before(desk)
    answer = ledger(desk, "adopt", "--month", "2024-01", "--without-file", "--yes")
    assert answer.code == 0, answer
    assert "Without the file no content hash is known" in answer.out
    (row,) = ledger(desk, "list", "--json").result["rows"]
    assert (row["row_count"], row["content_hash"], row["mode"], row["first_day"]) == (310, "", "adopted", "2024-01-01")
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 7
    verified = desk.load_json("--verify", "--month", "2024-01")
    assert verified["status"] == "equal"
    assert "adopted without its file" in verified["notes"][0]


def test_without_rows_there_is_nothing_to_record(desk: Desk) -> None:
    loaded_before(desk)
    answer = ledger(desk, "adopt", "--month", "2024-02", "--without-file", "--yes")
    assert answer.code == 7
    assert "has no rows for 2024-02" in answer.err


def test_half_a_month_may_be_recorded_beside_the_other_half(desk: Desk) -> None:
    second = desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    loaded_before(desk, "2024-01-01", "2024-01-14")
    loaded_before(desk, "2024-01-15", "2024-01-15")
    first = desk.month("2024-01-01", "2024-01-14")
    result = ledger(desk, "adopt", "--file", str(first), "--yes", "--json").result
    assert result["status"] == "adopted"
    assert result["notes"] == ["10 other rows of the month are still unknown to the ledger."]
    assert {row[1] for row in desk.ledger()} == {first.name, second.name}


def test_a_table_without_days_is_recorded_as_a_whole(desk: Desk) -> None:
    desk.entry |= {"date_column": None, "duplicate_key_columns": []}
    loaded_before(desk)
    desk.month("2024-01-01", "2024-01-31")
    assert ledger(desk, "adopt", "--month", "2024-01", "--yes").code == 0
    assert desk.ledger() == [(None, NAME, 310, "adopted", "live")]
    assert desk.load("--month", "2024-01").code == 7


def test_a_change_after_the_question_records_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.cli.commands import ledger_tool

    loaded_before(desk)
    desk.month("2024-01-01", "2024-01-31")

    def somebody_deletes(*_: Any) -> bool:
        desk.sql("DELETE FROM T WHERE ID = 5003")
        return True

    monkeypatch.setattr(ledger_tool, "_confirmed", somebody_deletes)
    answer = ledger(desk, "adopt", "--month", "2024-01")
    assert answer.code == 7
    assert "changed while it was looked at" in answer.err
    assert ledger(desk, "list", "--json").result["rows"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("adopt",),
        ("adopt", "--without-file"),
        ("adopt", "--month", "2024-01", "--without-file", "--file", "x.tsv"),
        ("adopt", "--month", "2024-01", "--without-file", "--table", "OTHER"),
        ("list", "--without-file"),
        ("list", "--dry-run"),
        ("list", "--file", "x.tsv"),
        ("drop",),
    ],
)
def test_flags_that_cannot_be_meant_are_usage_errors(desk: Desk, words: tuple[str, ...]) -> None:
    assert ledger(desk, *words).code == 2
