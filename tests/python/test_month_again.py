"""Months that went and came again: no row is doubled, none is left that nobody knows, and what is said can be done."""

from __future__ import annotations

from typing import Any

import pytest

from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.history import audit_file

JANUARY = days_between("2024-01-01", "2024-01-31")
TAKING = ("--yes", "--expect-rows", "any")


def change(desk: Desk, verb: str, *words: str, month: str = "2024-01") -> Answer:
    return desk.run(verb, "--config", str(desk.config), "--table", desk.entry["table_name"], "--month", month, *words)


def loaded(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0


def test_a_month_that_was_loaded_again_does_not_come_back_beside_itself(desk: Desk) -> None:
    loaded(desk)
    assert change(desk, "drop-month", *TAKING).code == 0
    assert desk.load("--month", "2024-01").code == 0
    for words in ((), ("--allow-existing",)):
        refused = change(desk, "restore-month", "--yes", *words)
        assert (refused.code, desk.count()) == (7, 310), refused
        assert "loaded again since" in refused.out
        assert "--mode replace" in refused.out
    assert change(desk, "restore-month", *TAKING, "--mode", "replace").code == 0
    assert desk.count() == 310


def test_a_restore_never_takes_a_part_of_a_loaded_file(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    half = desk.file("t_20240101-20240115.tsv", rows_for(days_between("2024-01-01", "2024-01-15"), 11))
    run = desk.load_json("--file", str(half), "--mode", "replace", *TAKING)["run_id"]
    assert change(desk, "drop-month", *TAKING).code == 0
    for path in desk.files.iterdir():
        path.unlink()
    loaded(desk)
    restoring = ("restore-month", *TAKING, "--mode", "replace", "--run", run)
    refused = change(desk, *restoring)
    assert (refused.code, desk.count()) == (7, 310), refused
    assert "only a part of 't_20240101-20240131.tsv'" in refused.out
    # What it says to do.
    assert change(desk, "drop-month", *TAKING).code == 0
    assert change(desk, *restoring).code == 0
    assert desk.count() == 150


@pytest.mark.parametrize("via", ["work_table", "direct"])
def test_rows_outside_a_dropped_month_are_not_doubled_by_its_next_load(desk: Desk, via: str) -> None:
    desk.sections |= {"load": {"via": via}}
    desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240205\t1\tlate"])
    keeping = ("--month", "2024-01", "--outside", "keep")
    assert desk.load(*keeping).code == 0
    dropped = change(desk, "drop-month", *TAKING)
    assert "knows 311 rows of the month, the table has 310: the others are in other months and stay" in dropped.err
    refused = desk.load(*keeping)
    assert (refused.code, desk.count()) == (7, 1), refused
    assert "has 1 row already where rows outside the days" in refused.out
    desk.sql("DELETE FROM T")
    assert desk.load(*keeping).code == 0
    assert desk.count() == 311


def test_late_rows_come_beside_those_of_a_month_that_is_loaded(desk: Desk) -> None:
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-02").code == 0
    loaded(desk)
    assert change(desk, "drop-month", *TAKING).code == 0
    desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240205\t1\tlate"])
    assert desk.load("--month", "2024-01", "--outside", "keep").code == 0
    assert desk.count() == 290 + 311


def test_a_replace_says_which_rows_of_its_files_stay(desk: Desk) -> None:
    half = days_between("2024-01-01", "2024-01-15")
    path = desk.file("t_20240101-20240115.tsv", [*rows_for(half), "20240120\t1\tlate"])
    assert desk.load("--file", str(path), "--outside", "keep").code == 0
    desk.file(path.name, rows_for(half))
    result = desk.load_json("--file", str(path), "--mode", "replace", *TAKING)
    assert result["status"] == "loaded"
    assert any("loaded with 151 rows, and 150 are in their days" in warning for warning in result["warnings"])


def test_a_month_without_rows_leaves_the_ledger_and_promises_no_way_back(desk: Desk) -> None:
    loaded(desk)
    desk.sql("DELETE FROM T")
    answer = change(desk, "drop-month", *TAKING)
    assert answer.code == 0
    assert "The month had none" in answer.out
    assert "restore-month" not in answer.out
    assert desk.safety_copies() == []
    assert [row[4] for row in desk.ledger()] == ["dropped"]
    assert desk.load("--month", "2024-01").code == 0


def test_the_list_takes_tables_and_months_as_the_other_verbs_do(desk: Desk) -> None:
    loaded(desk)
    assert change(desk, "drop-month", *TAKING).code == 0

    def listed(*words: str) -> int:
        answer = desk.run("restore-month", "--config", str(desk.config), "--list", "--json", *words)
        return len(answer.result["deletions"])

    assert [listed("--table", name) for name in ("t", f"{desk.database}.PUBLIC.T", "PUBLIC.t", "AT")] == [1, 1, 1, 0]
    assert [listed("--month", month) for month in ("012024", "2024-01..2024-02", "2024-02")] == [1, 1, 0]


def test_a_name_with_an_apostrophe_is_loaded_dropped_restored_and_audited(desk: Desk) -> None:
    desk.entry |= {"table_name": '"the Client\'s"'}
    loaded(desk)
    assert change(desk, "drop-month", *TAKING).code == 0
    assert change(desk, "restore-month", "--yes").code == 0
    assert desk.count(table='"the Client\'s"') == 310
    for name in ("the client's", '"the Client\'s"'):
        words = ("history", "list", "--audit", "--json", "--config", str(desk.config), "--table", name)
        outcomes = [entry["outcome"] for entry in desk.run(*words).result["entries"] if is_here(desk, entry)]
        assert outcomes == ["started", "dropped", "started", "restored"]


def is_here(desk: Desk, entry: dict[str, Any]) -> bool:
    return desk.database in entry["target"]


def test_a_number_that_is_no_yyyymmdd_has_no_days_to_choose(desk: Desk) -> None:
    desk.entry |= {
        "date_format": "YYYYMMDDHH24MISS",
        "create_table": {"DAY": "NUMBER(14,0)", "ID": "NUMBER(9,0)", "NAME": "VARCHAR(10)"},
    }
    desk.file("t_20240101-20240131.tsv", [line.replace("\t", "101500\t", 1) for line in rows_for(JANUARY)])
    refused = desk.load("--month", "2024-01")
    assert refused.code == 2
    assert "Store it as DATE or TIMESTAMP, as text, or as a NUMBER of YYYYMMDD" in refused.out
    desk.sql("INSERT INTO T SELECT 20240101101500, 1, 'x'")
    assert change(desk, "drop-month", *TAKING).code == 2
    assert desk.count() == 1


def test_the_same_file_of_two_tables_is_told_apart_on_the_stage(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.entry |= {"table_name": "OTHER"}
    assert desk.load("--month", "2024-01").code == 0
    desk.entry |= {"table_name": "T"}
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    (folder,) = desk.run("stage", "list", "--json", "--config", str(desk.config)).result["folders"]
    assert folder["state"] == "waiting"
    assert desk.run("recover", "--clean", "--yes", "--config", str(desk.config)).code == 0
    assert desk.load_json("--month", "2024-01", "--from-stage")["rows_published"] == 310


def test_an_entry_behind_a_cut_off_one_is_read(tmp_path: Any) -> None:
    (tmp_path / audit_file.NAME).write_text('{"verb": "drop-mo')
    audit_file.append(tmp_path, {"verb": "restore-month"})
    audit_file.append(tmp_path, {"verb": "drop-month"})
    assert [entry["verb"] for entry in audit_file.entries(tmp_path)] == ["restore-month", "drop-month"]
