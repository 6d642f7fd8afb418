"""Checks are kept with their numbers, and earlier days are those that checks of the table itself have seen."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.history.check_record import CheckRecords, CheckScope, CheckSubject
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import check_history
from snowflake_etl.results import CheckReport, Finding, Severity

JANUARY, FEBRUARY = Month(2024, 1).days(), Month(2024, 2).days()


def report(rows_per_day: dict[str, int], *findings: Finding) -> CheckReport:
    return CheckReport(
        "file", "t.tsv", sum(rows_per_day.values()), 31, len(rows_per_day), "", "", findings, 0.5, rows_per_day
    )


def about(days: DayRange | None, table: str = "D.S.T", target: str = "local") -> CheckSubject:
    return CheckSubject(target, table, days)


def test_a_check_is_kept_with_everything_but_its_samples(tmp_path: Path) -> None:
    finding = Finding("missing_days", Severity.ERROR, "One day.", {"missing_days": 1}, ("2024-01-02",))
    CheckRecords(tmp_path).add("load", about(JANUARY), report({"2024-01-01": 7}, finding), run_id="r1")
    (kept,) = CheckRecords(tmp_path).all()
    assert (kept.verb, kept.run_id, kept.about, kept.engine, kept.subject, kept.rows, kept.seconds) == (
        "load",
        "r1",
        about(JANUARY),
        "file",
        "t.tsv",
        7,
        0.5,
    )
    assert kept.rows_per_day == {"2024-01-01": 7}
    assert kept.findings == (Finding("missing_days", Severity.ERROR, "One day.", {"missing_days": 1}),)
    assert kept.count(Severity.ERROR) == 1


def test_the_file_is_its_owners_alone_and_shared_with_the_runs(tmp_path: Path) -> None:
    CheckRecords(tmp_path).add("load", about(JANUARY), report({}))
    (database,) = tmp_path.iterdir()
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    RunRecords(tmp_path).begin("r1", "T", "2024-01", "append", "[]").end("loaded", "")
    assert [run.run_id for run in RunRecords(tmp_path).all()] == ["r1"]
    assert len(CheckRecords(tmp_path).all()) == 1


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert CheckRecords(tmp_path).all() == []
    assert check_history.earlier_days(tmp_path, about(JANUARY)) == {}
    assert list(tmp_path.iterdir()) == []


def test_earlier_days_are_the_newest_of_the_same_table_and_target(tmp_path: Path) -> None:
    records = CheckRecords(tmp_path)
    records.add("load", about(JANUARY), report({"2024-01-01": 1, "2024-01-02": 2, "2023-12-31": 99}))
    records.add("validate", about(JANUARY), report({"2024-01-01": 10}))
    records.add("validate", about(JANUARY, table="D.S.OTHER"), report({"2024-01-01": 77}))
    records.add("validate", about(JANUARY, target="prod"), report({"2024-01-01": 78}))
    records.add("duplicates", about(JANUARY), report({"2024-01-01": 79}), scope=CheckScope.KEYS)
    records.add("check-file", about(JANUARY), report({"2024-01-01": 80}), scope=CheckScope.SAMPLE)
    records.add("validate", about(FEBRUARY), report({"2024-02-01": 81}))
    assert check_history.earlier_days(tmp_path, about(FEBRUARY)) == {date(2024, 1, 1): 10, date(2024, 1, 2): 2}


def test_a_check_of_all_rows_tells_of_every_day_and_old_days_are_left_out(tmp_path: Path) -> None:
    CheckRecords(tmp_path).add("validate", about(None), report({"2023-01-01": 5, "2023-12-31": 6, "2024-01-01": 7}))
    assert check_history.earlier_days(tmp_path, about(JANUARY)) == {date(2023, 12, 31): 6}
    assert check_history.earlier_days(tmp_path, about(None)) == {}
    assert check_history.earlier_days(tmp_path, about(JANUARY, table="")) == {}


def test_a_history_that_cannot_be_kept_or_read_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "runs.sqlite").write_text("no database at all, whatever its name is" * 100)
    check_history.keep(tmp_path, "load", about(JANUARY), report({}))
    assert check_history.earlier_days(tmp_path, about(JANUARY)) == {}
    assert "could not be kept" in caplog.text
    assert "could not be read" in caplog.text


@pytest.mark.parametrize(
    ("section", "table", "name"),
    [
        (SnowflakeSection(connection="local"), "t", "DEMO.PUBLIC.T"),
        (SnowflakeSection(connection="local", database="d", schema="s"), '"t"', "D.S.t"),
        (SnowflakeSection(connection="acme"), "t", "T"),
        (SnowflakeSection(connection="acme", database="D"), "s.t", "D.S.T"),
        (SnowflakeSection(connection="acme"), "d.s.t", "D.S.T"),
        (SnowflakeSection(connection="acme"), "", ""),
    ],
)
def test_a_table_has_one_name_in_the_history(section: SnowflakeSection, table: str, name: str) -> None:
    assert check_history.subject_of(section, table, None).table == name


@pytest.mark.parametrize(
    ("days", "span"),
    [
        (JANUARY, "2024-01"),
        (DayRange(date(2024, 1, 3), date(2024, 1, 10)), "2024-01-03..2024-01-10"),
        (DayRange(date(2024, 1, 1), date(2024, 2, 29)), "2024-01-01..2024-02-29"),
        (None, "all"),
    ],
)
def test_days_are_called_by_their_month_where_they_are_one(days: DayRange | None, span: str) -> None:
    assert about(days).span == span
