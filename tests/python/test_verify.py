"""``load --verify``: a loaded month held against its files; every difference is named, nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor

from desk import Answer, Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def verified(desk: Desk, *words: str, code: int = 6) -> Any:
    answer = desk.load("--verify", "--json", *(words or ("--month", "2024-01")))
    assert answer.code == code, answer
    return answer.result


def told(result: Any) -> list[tuple[str, Any, Any]]:
    return [(one["what"], one["files"], one["warehouse"]) for one in result["differences"]]


def test_a_month_that_is_what_its_file_says_is_equal_and_nothing_is_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    sent: list[str] = []
    genuine = SnowflakeCursor.execute

    def recording(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        sent.append(command.split()[0])
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", recording)
    answer = desk.load("--verify", "--month", "2024-01")
    assert answer.code == 0
    assert answer.out.endswith(f"equal: {desk.database}.PUBLIC.T 2024-01 is what its files say: 310 rows.\n")
    assert "rows: files 310, ledger 310, table 310" in answer.out
    assert set(sent) <= {"SELECT", "DESCRIBE", "SHOW"}


def test_a_packed_copy_is_equal_too(desk: Desk) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    path.unlink()
    packed = desk.file(f"{NAME}.gz", rows_for(JANUARY))
    assert verified(desk, "--file", str(packed), code=0)["differences"] == []


def test_rows_that_were_deleted_are_named_by_day_and_against_the_ledger(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-05' AND ID >= 5007")
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-31'")
    result = verified(desk)
    assert told(result) == [("rows", 310, 297), ("day", 10, 7), ("day", 10, 0)]
    assert result["differences"][1]["message"] == "2024-01-05: 10 rows in the files, 7 in the table."
    assert (result["status"], result["rows_in_table"], result["exit_code"]) == ("different", 297, 6)


def test_values_that_were_changed_show_in_the_columns(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.sql("UPDATE T SET NAME = NULL WHERE ID = 5003")
    desk.sql("UPDATE T SET NAME = 'very long' WHERE ID = 5004")
    result = verified(desk)
    assert told(result) == [("nulls", 0, 1), ("longest", 6, 9)]
    assert result["differences"][0]["message"] == "Column NAME: 0 NULLs in the files, 1 in the table."


def test_another_file_of_the_same_shape_differs_by_its_content_alone(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.file(NAME, [line.replace("name", "game") for line in rows_for(JANUARY)])
    result = verified(desk)
    assert [one["what"] for one in result["differences"]] == ["content"]
    assert "is not the file that was loaded" in result["differences"][0]["message"]


def test_a_file_with_more_rows_differs_in_content_ledger_and_days(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.file(NAME, [*rows_for(JANUARY), "20240131\t31999\tname 1"])
    result = verified(desk)
    assert [one["what"] for one in result["differences"]] == ["content", "ledger", "day"]
    assert told(result)[1:] == [("ledger", 311, 310), ("day", 11, 10)]


def test_two_files_of_a_month_and_one_of_them_alone(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    second = desk.month("2024-01-16", "2024-01-31")
    desk.load("--month", "2024-01")
    assert verified(desk, code=0)["rows_in_files"] == 310
    alone = verified(desk, "--file", str(second), code=0)
    assert (alone["rows_in_files"], alone["rows_in_ledger"], alone["rows_in_table"]) == (160, 160, 160)
    assert alone["notes"] == ["'t_20240101-20240115.tsv' claims other days and was not compared."]


def test_rows_that_the_ledger_knows_besides_are_a_difference(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    more = [line.replace("name", "more") for line in rows_for(days_between("2024-01-10", "2024-01-10"))]
    path = desk.file("t_20240110-20240110.tsv", more)
    assert desk.load("--file", str(path), "--allow-existing").code == 0
    path.unlink()
    result = verified(desk)
    assert ("ledger", None, path.name) in told(result)
    assert ("day", 10, 20) in told(result)


def test_a_month_that_was_never_loaded_differs(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.month("2024-02-01", "2024-02-29")
    results = verified(desk, "--month", "2024-01..2024-02")
    assert [one["status"] for one in results] == ["equal", "different"]
    assert len([one for one in results[1]["differences"] if one["what"] == "day"]) == 29
    assert results[1]["differences"][0]["what"] == "ledger"


def test_without_a_table_there_is_nothing_to_compare(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--verify", "--month", "2024-01")
    assert answer.code == 6
    assert "There is no table" in answer.err


def test_late_rows_that_were_kept_are_left_out_of_the_comparison_and_said(desk: Desk) -> None:
    desk.file(NAME, [*rows_for(JANUARY), "20240205\t99\tlate"])
    assert desk.load("--month", "2024-01", "--outside", "keep").code == 0
    result = verified(desk, code=0)
    assert "1 rows of the files are outside" in result["notes"][0]
    desk.sql("DELETE FROM T WHERE ID = 5003")
    assert told(verified(desk)) == [("rows", 311, 309), ("day", 10, 9)]


def test_without_a_date_column_the_whole_table_is_compared(desk: Desk) -> None:
    desk.entry |= {"date_column": None, "duplicate_key_columns": []}
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    assert verified(desk, code=0)["rows_in_table"] == 310
    desk.sql("DELETE FROM T WHERE ID = 5003")
    assert told(verified(desk)) == [("rows", 310, 309), ("rows", 310, 309)]


def test_a_damaged_file_is_said(desk: Desk) -> None:
    desk.file(f"{NAME}.gz", rows_for(JANUARY))
    desk.load("--month", "2024-01")
    path = desk.files / f"{NAME}.gz"
    path.write_bytes(path.read_bytes()[:-20])
    answer: Answer = desk.load("--verify", "--month", "2024-01")
    assert answer.code == 6
    assert NAME in answer.err


@pytest.mark.parametrize("words", [("--mode", "replace"), ("--dry-run",), ("--stage-only",)])
def test_flags_of_loading_are_refused(desk: Desk, words: tuple[str, ...]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--verify", "--month", "2024-01", *words)
    assert answer.code == 2
    assert "--verify loads nothing" in answer.err
