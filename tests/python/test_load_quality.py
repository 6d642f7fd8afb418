"""Loads and the history of checks: every check is kept, earlier months are learned from, both engines are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.history.check_record import CheckRecords
from snowflake_etl.operations import load_checks
from snowflake_etl.results import CheckReport

JANUARY = days_between("2024-01-01", "2024-01-31")


def kept(desk: Desk) -> list[tuple[str, str, str, int]]:
    """(verb, engine, days, rows) of this desk's checks, oldest first."""
    table = f"{desk.database}.PUBLIC.T"
    checks = [check for check in CheckRecords(desk.state).all() if check.about.table == table]
    return [(check.verb, check.engine, check.about.span, check.rows) for check in reversed(checks)]


@pytest.mark.parametrize(
    ("method", "engines"),
    [("file", ["file"]), ("snowflake", ["snowflake"]), ("both", ["file", "snowflake"]), ("skip", [])],
)
def test_every_check_of_a_load_is_kept_with_its_run(desk: Desk, method: str, engines: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    run_id = desk.load_json("--month", "2024-01", "--qc", method)["run_id"]
    assert kept(desk) == [("load", engine, "2024-01", 310) for engine in engines]
    checks = [check for check in CheckRecords(desk.state).all() if check.run_id == run_id]
    assert len(checks) == len(engines)


def test_files_are_kept_for_their_days_the_work_table_for_all_of_them(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01", "--qc", "both").code == 0
    assert kept(desk) == [
        ("load", "file", "2024-01-01..2024-01-15", 150),
        ("load", "file", "2024-01-16..2024-01-31", 160),
        ("load", "snowflake", "2024-01", 310),
    ]


def test_a_check_that_stops_a_load_is_kept_as_well(desk: Desk) -> None:
    desk.file("t_20240101-20240131.tsv", rows_for(JANUARY[:10]))
    assert desk.load("--month", "2024-01").code == 6
    (check,) = [one for one in CheckRecords(desk.state).all() if one.about.table.startswith(f"{desk.database}.")]
    assert [finding.code for finding in check.findings] == ["missing_days"]


def test_a_dry_run_and_a_refusal_keep_nothing(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01", "--dry-run")
    assert kept(desk) == []
    desk.load("--month", "2024-01")
    assert desk.load("--month", "2024-01").code == 7
    assert len(kept(desk)) == 1


@pytest.mark.parametrize("method", ["file", "snowflake"])
def test_a_load_learns_from_the_months_before(desk: Desk, method: str) -> None:
    desk.month("2024-01-01", "2024-01-31", per_day=50)
    desk.month("2024-02-01", "2024-02-29", per_day=10)
    assert desk.load("--month", "2024-01", "--qc", method).code == 0
    # By itself February is as even as can be; beside January it is a fifth.
    stopped = desk.load("--month", "2024-02", "--qc", method, "--strict")
    assert stopped.code == 6, stopped
    assert desk.count("DAY >= '2024-02-01'") == 0


def test_without_a_past_an_even_month_is_no_finding(desk: Desk) -> None:
    desk.month("2024-02-01", "2024-02-29", per_day=10)
    assert desk.load("--month", "2024-02", "--strict").code == 0


def test_both_engines_agree_on_what_was_loaded(desk: Desk) -> None:
    lines = [line.replace("name 3", "") for line in rows_for(JANUARY)]
    desk.file("t_20240101-20240131.tsv", lines)
    result = desk.load_json("--month", "2024-01", "--qc", "both")
    assert [check["findings"] for check in result["checks"]] == [[], []]
    by_engine = [{column["name"]: column["nulls"] for column in check["columns"]} for check in result["checks"]]
    assert by_engine == [{"DAY": 0, "ID": 0, "NAME": 31}] * 2


def changed(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let the warehouse count something else than was in the file."""
    genuine = load_checks.check_rows

    def counting(*arguments: Any, **named: Any) -> CheckReport:
        return change(genuine(*arguments, **named))

    monkeypatch.setattr(load_checks, "check_rows", counting)


def test_days_that_differ_between_file_and_table_stop_the_publish(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    changed(
        monkeypatch,
        lambda report: replace(report, rows_per_day={**report.rows_per_day, "2024-01-05": 9, "2024-01-06": 11}),
    )
    result = desk.load_json("--month", "2024-01", "--qc", "both")
    assert (result["status"], result["exit_code"]) == ("failed", 6)
    (finding,) = result["checks"][1]["findings"]
    assert (finding["code"], finding["severity"]) == ("file_and_table_differ", "error")
    assert finding["samples"] == [
        "2024-01-05: 10 rows in the files, 9 in the table",
        "2024-01-06: 10 rows in the files, 11 in the table",
    ]
    assert desk.count() == 0


def test_values_that_differ_between_file_and_table_are_a_warning(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")

    def blank(report: CheckReport) -> CheckReport:
        columns = [replace(column, nulls=5) if column.name == "NAME" else column for column in report.columns]
        return replace(report, columns=tuple(columns))

    changed(monkeypatch, blank)
    strict = desk.load_json("--month", "2024-01", "--qc", "both", "--strict")
    assert strict["exit_code"] == 6
    result = desk.load_json("--month", "2024-01", "--qc", "both")
    assert result["status"] == "loaded"
    (finding,) = result["checks"][1]["findings"]
    assert (finding["code"], finding["severity"]) == ("file_and_table_differ", "warning")
    assert finding["samples"] == ["Column NAME: 0 NULLs in the files, 5 in the table"]


def test_only_both_compares(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    changed(monkeypatch, lambda report: replace(report, rows_per_day={**report.rows_per_day, "2024-01-05": 9}))
    assert desk.load("--month", "2024-01", "--qc", "snowflake").code == 0


def test_a_direct_load_compares_where_nothing_else_stands_in_those_days(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sections["load"] = {"via": "direct"}
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--qc", "both").code == 0
    again = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert desk.load("--month", "2024-01", "--qc", "both", *again).code == 0
    changed(monkeypatch, lambda report: replace(report, rows_per_day={**report.rows_per_day, "2024-01-05": 9}))
    assert desk.load("--month", "2024-01", "--qc", "both", *again).code == 6
    # Beside rows that were there already, file and table have to differ.
    desk.month("2024-02-01", "2024-02-29")
    desk.sql("INSERT INTO T VALUES ('2024-02-05', 1, 'there')")
    assert desk.load("--month", "2024-02", "--qc", "both", "--allow-existing").code == 0
