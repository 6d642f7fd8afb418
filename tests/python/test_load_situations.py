"""What happens when something is there already: the design's table, one test a row, through the loader's door."""

from __future__ import annotations

import shlex

import pytest

from desk import Desk, days_between, rows_for


def test_a_month_is_loaded_once_and_the_second_time_refused(desk: Desk) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    first = desk.load_json("--month", "2024-01")
    assert (first["status"], first["exit_code"], first["rows_published"]) == ("loaded", 0, 310)
    assert first["files"][0]["rows_read"] == first["rows_staged"] == first["rows_loaded"] == 310
    again = desk.load("--month", "2024-01")
    assert again.code == 7
    assert "is in" in again.out
    assert "--mode replace --expect-rows 310 --yes" in again.out
    assert desk.count() == 310
    assert desk.ledger() == [("2024-01", path.name, 310, "append", "live")]


def test_the_same_content_under_another_name_is_refused_too(desk: Desk) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    path.rename(path.with_name("t_20240101-20240131.tsv.bak"))
    desk.file("t_20240101-20240131.tsv.gz", rows_for(days_between("2024-01-01", "2024-01-31")))
    answer = desk.load("--month", "2024-01", "--allow-existing")
    assert answer.code == 7
    assert "is in" in answer.out
    assert desk.count() == 310


def test_days_that_have_rows_are_refused_and_allow_existing_overrides(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    other = [line.replace("name", "more") for line in rows_for(days_between("2024-01-10", "2024-01-10"))]
    path = desk.file("t_20240110-20240110.tsv", other)
    refused = desk.load("--file", str(path))
    assert refused.code == 7
    assert "has 10 rows for 2024-01-10..2024-01-10 already" in refused.out
    assert f"--file {path} --table T --mode replace --expect-rows 10 --yes" in refused.out
    assert desk.load("--file", str(path), "--allow-existing").code == 0
    assert desk.count() == 320


def test_a_replace_deletes_exactly_the_claimed_days_and_records_it(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-01..2024-02").code == 0
    desk.file(
        "t_20240101-20240131.tsv",
        [line.replace("name", "new") for line in rows_for(days_between("2024-01-01", "2024-01-31"), 11)],
    )
    result = desk.load_json("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310")
    assert (result["status"], result["rows_replaced"], result["rows_published"]) == ("loaded", 310, 341)
    assert desk.count("DAY < '2024-02-01' AND NAME LIKE 'new%'") == 341
    assert desk.count() == 341 + 290
    assert [(row[0], row[2], row[4]) for row in desk.ledger()] == [
        ("2024-01", 310, "replaced"),
        ("2024-02", 290, "live"),
        ("2024-01", 341, "live"),
    ]


def test_a_second_file_for_other_days_of_the_month_is_allowed(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    assert desk.load("--month", "2024-01").code == 0
    desk.month("2024-01-16", "2024-01-31")
    result = desk.load_json("--month", "2024-01")
    assert (result["status"], result["rows_published"]) == ("loaded", 160)
    assert [file["rows_read"] for file in result["files"]] == [160]
    assert any("is in" in warning for warning in result["warnings"])
    assert desk.count() == 310


def test_a_replace_of_one_half_leaves_the_other_half(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    second = desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    answer = desk.load("--file", str(second), "--mode", "replace", "--yes", "--expect-rows", "160")
    assert answer.code == 0
    assert desk.count("DAY < '2024-01-16'") == 150
    assert desk.count() == 310


def test_several_files_of_one_month_are_one_load(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.month("2024-01-16", "2024-01-31")
    result = desk.load_json("--month", "2024-01")
    assert [file["rows_read"] for file in result["files"]] == [150, 160]
    assert result["rows_published"] == desk.count() == 310
    assert len({row[0] for row in desk.sql("SELECT PUBLISH_ID FROM ETL_WORK.ETL_LOAD_LEDGER")}) == 1


def test_rows_outside_the_claimed_days_are_a_finding_and_keep_loads_them(desk: Desk) -> None:
    days = days_between("2024-01-01", "2024-01-31")
    lines = [*rows_for(days), "20240205\t1\tlate"]
    desk.file("t_20240101-20240131.tsv", lines)
    for quality in ("file", "snowflake", "skip"):
        answer = desk.load("--month", "2024-01", "--qc", quality)
        assert answer.code == 6, quality
        assert "outside" in answer.out
    assert desk.count() == 0
    kept = desk.load_json("--month", "2024-01", "--outside", "keep")
    assert (kept["status"], kept["rows_published"]) == ("loaded", 311)
    assert desk.count("DAY = '2024-02-05'") == 1


def test_a_replace_refuses_rows_outside_the_claimed_days(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.file("t_20240101-20240131.tsv", [*rows_for(days_between("2024-01-01", "2024-01-31")), "20240205\t1\tlate"])
    consent = ("--mode", "replace", "--yes", "--expect-rows", "any")
    assert desk.load("--month", "2024-01", "--qc", "skip", *consent).code == 6
    assert desk.load("--month", "2024-01", "--outside", "keep", *consent).code == 7
    assert desk.count() == 310


def test_a_replace_by_far_fewer_rows_needs_allow_shrink(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.month("2024-01-01", "2024-01-31", per_day=5)
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    refused = desk.load("--month", "2024-01", *consent)
    assert refused.code == 7
    assert "--allow-shrink" in refused.out
    assert desk.count() == 310
    assert desk.load("--month", "2024-01", *consent, "--allow-shrink").code == 0
    assert desk.count() == 155


def test_live_in_the_ledger_but_gone_from_the_table_proposes_a_replace(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.sql("DELETE FROM T")
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    refused = desk.load("--month", "2024-01")
    assert refused.code == 7
    assert "ledger says" in refused.out
    assert "--mode replace --expect-rows 0 --yes" in refused.out
    assert desk.load("--month", "2024-01", "--mode", "replace", "--expect-rows", "0", "--yes").code == 0
    assert desk.count() == 341


def test_a_month_that_differs_from_the_ledger_warns(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.load("--month", "2024-01")
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-01'")
    desk.month("2024-01-16", "2024-01-31")
    result = desk.load_json("--month", "2024-01")
    assert result["status"] == "loaded"
    assert any("has 140 rows, the ledger knows of 150" in warning for warning in result["warnings"])


def test_without_a_date_column_only_append_is_allowed(desk: Desk) -> None:
    desk.entry |= {"date_column": None, "duplicate_key_columns": []}
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    again = desk.load("--month", "2024-01")
    assert (again.code, "--mode replace" in again.out) == (7, False), "it would be refused"
    assert "set full_refresh: true" in again.out
    refused = desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "any")
    assert refused.code == 7
    assert "full_refresh" in refused.out
    desk.entry["full_refresh"] = True
    assert desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310").code == 0
    assert desk.count() == 310


def test_a_replace_is_never_done_unasked(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    for words in ((), ("--yes",), ("--expect-rows", "310")):
        answer = desk.load("--month", "2024-01", "--mode", "replace", *words)
        assert answer.code == 7
        assert "--expect-rows" in answer.err
    wrong = desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "309")
    assert wrong.code == 7
    assert "310 rows, not the 309" in wrong.out
    assert desk.count() == 310


@pytest.mark.parametrize("quality", ["file", "snowflake", "both", "skip"])
def test_the_quality_method_is_obeyed(desk: Desk, quality: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    result = desk.load_json("--month", "2024-01", "--qc", quality)
    engines = {"file": ["file"], "snowflake": ["snowflake"], "both": ["file", "snowflake"], "skip": []}
    assert [check["engine"] for check in result["checks"]] == engines[quality]
    assert result["status"] == "loaded"


def test_the_command_shown_for_a_corrected_half_names_that_half_and_works(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    second = desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.month("2024-01-16", "2024-01-31", per_day=11)
    refused = desk.load("--month", "2024-01")
    assert refused.code == 7
    command = refused.out.split("To replace them: ")[1].split(";")[0]
    assert f"--file {second} --table T --mode replace --expect-rows 160 --yes" in command
    words = shlex.split(command)[2:]
    assert desk.run("load", *words).code == 0
    assert desk.count() == 150 + 176
