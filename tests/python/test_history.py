"""``history``: runs and checks are listed, one check is shown, the last check is compared with the one before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from desk import Answer, Desk
from snowflake_etl.history.check_record import CheckRecords, CheckScope, CheckSubject
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.month import DayRange, Month
from snowflake_etl.results import CheckReport, Finding, Severity

JANUARY, FEBRUARY = Month(2024, 1).days(), Month(2024, 2).days()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a state folder of its own and no warehouse: the history needs none."""
    (tmp_path / "state").mkdir()
    return Desk(tmp_path / "desk", tmp_path / "state", "NONE")


def history(desk: Desk, *words: str) -> Answer:
    return desk.run("history", *words)


def missing(days: int) -> Finding:
    return Finding("missing_days", Severity.ERROR, f"{days} days without rows.", {"missing_days": days})


def few(day: str) -> Finding:
    return Finding("few_rows_on_day", Severity.WARNING, f"{day} has few rows.", {"day": day})


def kept(
    desk: Desk,
    rows_per_day: dict[str, int],
    *findings: Finding,
    days: DayRange | None = JANUARY,
    table: str = "D.S.T",
    verb: str = "validate",
    target: str = "local",
    **more: Any,
) -> None:
    rows = sum(rows_per_day.values())
    report = CheckReport("snowflake", table, rows, 31, len(rows_per_day), "", "", findings, 0.0, rows_per_day)
    CheckRecords(desk.state).add(verb, CheckSubject(target, table, days), report, **more)


def test_without_a_past_there_is_nothing_to_list(desk: Desk) -> None:
    for words in ((), ("list",), ("diff",)):
        answer = history(desk, *words)
        assert answer.code == 0
        assert answer.out.startswith("0 ")
    assert not (desk.state / "runs.sqlite").exists()


def test_runs_and_checks_are_listed_newest_first_and_can_be_narrowed(desk: Desk) -> None:
    loaded = RunRecords(desk.state).begin("r1", "T", "2024-01", "append", "[]")
    loaded.step("published", rows=310)
    loaded.end("loaded", "310 rows.")
    RunRecords(desk.state).begin("r2", "U", "2024-02", "replace", "[]")
    kept(desk, {"2024-01-01": 5}, missing(30), few("2024-01-01"))
    kept(desk, {"2024-02-01": 5}, days=FEBRUARY)
    kept(desk, {}, days=None, table="D.S.U", verb="duplicates", scope=CheckScope.KEYS)
    answer = history(desk, "--json")
    assert answer.code == 0
    told = [(one["what"], one["table"], one["days"], one["rows"], one["status"]) for one in answer.result["entries"]]
    assert told == [
        ("duplicates table", "D.S.U", "all", 0, "ok"),
        ("validate", "D.S.T", "2024-02", 5, "ok"),
        ("validate", "D.S.T", "2024-01", 5, "1 error, 1 warning"),
        ("load replace", "U", "2024-02", None, "interrupted"),
        ("load append", "T", "2024-01", 310, "loaded"),
    ]
    assert len(history(desk, "list", "--table", "s.t", "--json").result["entries"]) == 3
    assert len(history(desk, "--table", "u", "--json").result["entries"]) == 2
    assert len(history(desk, "--month", "2024-01", "--json").result["entries"]) == 2
    assert len(history(desk, "--month", "2024-01..2024-02", "--table", "T", "--json").result["entries"]) == 3
    limited = history(desk, "--limit", "2")
    assert "Left out by --limit 2: 3 older ones." in limited.out
    assert "loaded" not in limited.out
    text = history(desk).out
    assert max(map(len, text.splitlines())) <= 78, "it fits a terminal"
    assert "  T      2024-01     5  1 error       1\n" in text
    assert text.endswith("2 runs and 3 checks.\n")


def test_a_named_configuration_restricts_to_its_target(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 5})
    kept(desk, {"2024-01-01": 6}, target="prod")
    (entry,) = history(desk, "--config", str(desk.config), "--json").result["entries"]
    assert entry["target"] == "local"


def test_one_check_is_shown_with_findings_and_days(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 5, "2024-01-02": 1234}, missing(29))
    answer = history(desk, "show", "1")
    assert answer.code == 0
    assert "error: 29 days without rows." in answer.out
    assert "2024-01-02: 1,234 rows" in answer.out
    assert history(desk, "show", "2").code == 2
    assert "There is no check 2" in history(desk, "show", "2").err


def test_the_last_check_is_compared_with_the_one_before(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 5, "2024-01-02": 7}, missing(29), few("2024-01-02"))
    kept(desk, {"2024-02-01": 5}, days=FEBRUARY)
    kept(desk, {"2024-01-01": 5, "2024-01-03": 9}, missing(28), few("2024-01-03"))
    kept(desk, {}, scope=CheckScope.KEYS, verb="duplicates")
    answer = history(desk, "diff", "--table", "T", "--month", "2024-01", "--json")
    assert answer.code == 6
    keys, full = answer.result["comparisons"]
    assert keys["before"] is None
    assert full["rows_changed"] == 2
    assert full["days"] == [
        {"day": "2024-01-02", "before": 7, "now": 0},
        {"day": "2024-01-03", "before": 0, "now": 9},
    ]
    changes = [(one["change"], (one["now"] or one["before"])["message"]) for one in full["findings"]]
    assert changes == [
        ("new", "2024-01-03 has few rows."),
        ("gone", "2024-01-02 has few rows."),
        ("changed", "28 days without rows."),
    ]
    text = history(desk, "diff", "--month", "2024-01").out
    assert "    2024-01-02: 7 -> 0 rows (-7)" in text
    assert "    gone warning: 2024-01-02 has few rows." in text
    assert "    changed error: 28 days without rows.\n      before: 29 days without rows." in text
    assert "1 compared with the check before, 1 different; 1 checked once only." in text


def test_duplicates_are_compared_by_what_was_looked_at_and_by_key(tmp_path: Path) -> None:
    """A file, a table and another key are series of their own: none of them is the check before another."""
    (tmp_path / "state").mkdir()
    desk = Desk(tmp_path / "desk", tmp_path / "state", "NONE")
    desk.month("2024-01-01", "2024-01-31")
    path = desk.files / "t_20240101-20240131.tsv"
    again = desk.file("t_20240101-20240131.tsv.gz", path.read_bytes())
    duplicates = ("duplicates", "--config", str(desk.config), "--file")
    for file, key in ((path, "DAY"), (path, "ID"), (path, "DAY,ID"), (again, "DAY,ID")):
        assert desk.run(*duplicates, str(file), "--key", key).code in (0, 6)
    assert "0 compared with the check before, 0 different; 4 checked once only." in history(desk, "diff").out
    kept(desk, {}, days=None, table="NONE.PUBLIC.T", verb="duplicates", scope=CheckScope.KEYS, key=("DAY", "ID"))
    assert "; 5 checked once only." in history(desk, "diff").out
    path.write_bytes(path.read_bytes() + b"20240131\t31009\tname 9\n")
    assert desk.run(*duplicates, str(path), "--key", "DAY,ID").code == 6
    answer = history(desk, "diff")
    assert answer.code == 6
    assert "1 compared with the check before, 1 different; 4 checked once only." in answer.out
    assert "duplicates file by DAY, ID, 311 rows" in answer.out
    assert "rows: +1" in answer.out


def test_a_history_of_an_earlier_version_is_read_and_written_on(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 5}, missing(30))
    with closing(sqlite3.connect(desk.state / "runs.sqlite")) as connection:
        connection.execute("ALTER TABLE checks DROP COLUMN key_columns")
    kept(desk, {"2024-01-01": 6}, missing(30))
    (compared,) = history(desk, "diff", "--json").result["comparisons"]
    assert compared["rows_changed"] == 1


def test_equal_checks_are_no_difference(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 5}, missing(30))
    kept(desk, {"2024-01-01": 5}, missing(30))
    answer = history(desk, "diff")
    assert answer.code == 0
    assert "no difference" in answer.out


def test_two_checks_of_one_run_are_not_before_and_after(desk: Desk) -> None:
    kept(desk, {"2024-01-01": 4}, verb="load", run_id="r1")
    kept(desk, {"2024-01-01": 5}, verb="load", run_id="r2")
    kept(desk, {"2024-01-01": 6}, verb="load", run_id="r2")
    (compared,) = history(desk, "diff", "--json").result["comparisons"]
    assert compared["rows_changed"] == 2


def test_what_does_not_fit_the_screen_is_in_the_output_file(desk: Desk, tmp_path: Path) -> None:
    many = {str(day): 5 for day in DayRange(JANUARY.first, FEBRUARY.last)}
    kept(desk, many, days=None)
    kept(desk, {}, days=None)
    output = tmp_path / "diff.json"
    answer = history(desk, "diff", "--output", str(output))
    assert f"and 29 more days, all of them in {output}" in answer.out
    assert output.read_text().count('"before": 5') == 60


def test_a_history_that_is_damaged_is_said_in_a_sentence(desk: Desk) -> None:
    (desk.state / "runs.sqlite").write_text("no database, whatever it is called" * 100)
    answer = history(desk)
    assert answer.code == 6
    assert "runs.sqlite cannot be read: file is not a database. Move it away" in answer.err


@pytest.mark.parametrize(
    "words", [("show",), ("list", "1"), ("show", "x"), ("--limit", "0"), ("--month", "2024-13"), ("forget",)]
)
def test_flags_that_cannot_be_meant_are_usage_errors(desk: Desk, words: tuple[str, ...]) -> None:
    assert history(desk, *words).code == 2
