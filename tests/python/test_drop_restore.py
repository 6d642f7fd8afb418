"""drop-month and restore-month at the operator's desk: counted, consented, undone, recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.errors import Refused

CONSENT = TAKING = ("--yes", "--expect-rows", "any")


@pytest.fixture
def loaded(desk: Desk) -> Desk:
    """January and February are loaded, 310 and 290 rows."""
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-01,2024-02").code == 0
    return desk


def drop(desk: Desk, *words: str, month: str = "2024-01") -> Answer:
    return desk.run("drop-month", "--config", str(desk.config), "--table", "T", "--month", month, *words)


def restore(desk: Desk, *words: str, month: str = "2024-01") -> Answer:
    return desk.run("restore-month", "--config", str(desk.config), "--table", "T", "--month", month, *words)


def rows(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.sql("SELECT * FROM T ORDER BY DAY, ID, NAME")


def audit(desk: Desk) -> list[dict[str, Any]]:
    entries = map(json.loads, (desk.state / "audit.jsonl").read_text().splitlines())
    return [entry for entry in entries if desk.database in entry["target"]]


def states(desk: Desk) -> list[tuple[str, str]]:
    return [(row[0], row[4]) for row in desk.ledger()]


def test_a_month_goes_and_comes_back_as_it_was(loaded: Desk) -> None:
    before = rows(loaded)
    answer = drop(loaded, "--json", "--yes", "--expect-rows", "310")
    result = answer.result
    assert (answer.code, result["status"], result["rows_deleted"], result["rows_in_table"]) == (0, "dropped", 310, 290)
    assert loaded.count("DAY < '2024-02-01'") == 0
    assert states(loaded) == [("2024-01", "dropped"), ("2024-02", "live")]
    assert "restore-month" in result["message"]
    restored = restore(loaded, "--yes", "--json").result
    assert (restored["status"], restored["rows_restored"], restored["rows_in_table"]) == ("restored", 310, 600)
    assert rows(loaded) == before
    assert states(loaded) == [("2024-01", "live"), ("2024-02", "live")]
    assert loaded.load("--month", "2024-01").code == 7


def test_the_plan_shows_counts_statements_and_the_way_back_and_touches_nothing(loaded: Desk) -> None:
    answer = drop(loaded, "--dry-run", "--preview", "2")
    assert answer.code == 0
    for text in (
        "Delete 310 of 600 rows (51.7%)",
        "on 31 days, 2024-01-01 to 2024-01-31",
        "in the ledger: 1 file with 310 rows",
        "52% of the table's rows",
        'DELETE FROM "',
        "row: 2024-01-01 | 1000 | name 0",
        "to be undone from ",
        "Nothing was touched",
    ):
        assert text in answer.out, text
    assert loaded.count() == 600
    assert loaded.safety_copies() == []


@pytest.mark.parametrize("words", [(), ("--yes",), ("--expect-rows", "310")])
def test_without_a_terminal_and_without_full_consent_nothing_goes(loaded: Desk, words: tuple[str, ...]) -> None:
    answer = drop(loaded, *words)
    assert (answer.code, loaded.count()) == (7, 600)
    assert "--expect-rows" in answer.err


def test_another_count_than_expected_is_refused(loaded: Desk) -> None:
    answer = drop(loaded, "--yes", "--expect-rows", "309")
    assert (answer.code, loaded.count()) == (7, 600)
    assert "has 310 rows, not the 309" in answer.out


def test_months_and_tables_have_a_transaction_each(loaded: Desk) -> None:
    answer = drop(loaded, *CONSENT, month="2024-01..2024-03")
    assert (answer.code, loaded.count()) == (0, 0)
    assert "2024-03 has no rows and no ledger entry" in answer.out
    assert len(loaded.safety_copies()) == 2
    assert drop(loaded, "--yes", "--expect-rows", "5", month="2024-01,2024-02").code == 2
    everything = ("--all-tables", "--month", "2024-01", "--dry-run")
    assert loaded.run("drop-month", "--config", str(loaded.config), *everything).code == 0


def test_a_month_unknown_to_the_ledger_is_dropped_with_a_warning_and_comes_back(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.sql("INSERT INTO T SELECT '2024-03-05', 1, 'by hand'")
    assert "was not in the ledger" not in drop(desk, "--dry-run", month="2024-03").out
    assert "is not in the ledger" in drop(desk, "--dry-run", month="2024-03").out
    assert drop(desk, "--yes", "--expect-rows", "1", month="2024-03").code == 0
    assert desk.count() == 310
    assert restore(desk, "--yes", month="2024-03").code == 0
    assert desk.count("NAME = 'by hand'") == 1


def test_rows_that_came_by_other_means_are_told(loaded: Desk) -> None:
    loaded.sql("INSERT INTO T SELECT '2024-01-05', 99, 'by hand'")
    assert "The ledger knows 310 rows of the month, the table has 311" in drop(loaded, "--dry-run").out


def test_a_month_that_has_rows_again_is_restored_only_when_told_how(loaded: Desk) -> None:
    drop(loaded, *CONSENT)
    loaded.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 12))
    assert loaded.load("--month", "2024-01").code == 0
    answer = restore(loaded, "--yes")
    assert (answer.code, loaded.count()) == (7, 372 + 290)
    assert "has 372 rows again" in answer.out
    assert restore(loaded, *TAKING, "--mode", "replace").code == 0
    assert loaded.count() == 600
    assert [state for month, state in states(loaded) if month == "2024-01"] == ["live", "replaced"]
    listed = loaded.run("restore-month", "--config", str(loaded.config), "--list", "--json").result["deletions"]
    undone = next(one for one in listed if one["event"] == "restored")
    assert restore(loaded, *TAKING, "--mode", "replace", "--run", undone["run_id"]).code == 0
    assert loaded.count() == 372 + 290


def test_a_restore_beside_other_rows_keeps_them(loaded: Desk) -> None:
    drop(loaded, *CONSENT)
    loaded.sql("INSERT INTO T SELECT '2024-01-05', 99, 'by hand'")
    assert restore(loaded, "--yes", "--allow-existing").code == 0
    assert loaded.count("DAY < '2024-02-01'") == 311


def test_what_was_restored_or_never_dropped_is_not_restored(loaded: Desk) -> None:
    assert "was never deleted" in restore(loaded, "--yes").out
    drop(loaded, *CONSENT)
    assert restore(loaded, "--yes").code == 0
    assert "was restored already" in restore(loaded, "--yes").out
    assert loaded.count() == 600


def test_a_copy_that_is_gone_is_said(loaded: Desk) -> None:
    drop(loaded, *CONSENT)
    (copy,) = loaded.safety_copies()
    loaded.sql(f"DROP TABLE ETL_WORK.{copy}")
    answer = restore(loaded, "--yes")
    assert (answer.code, loaded.count()) == (7, 290)
    assert "are gone" in answer.out
    assert "gone" in loaded.run("restore-month", "--config", str(loaded.config), "--list").out


def test_copies_are_dropped_by_age_and_never_without_a_word(loaded: Desk) -> None:
    drop(loaded, *CONSENT)
    words = ("restore-month", "--config", str(loaded.config), "--drop-copies")
    assert loaded.run(*words, "--yes").code == 0
    assert len(loaded.safety_copies()) == 1
    assert loaded.run(*words, "--older-than", "0d").code == 7
    for which in (("--table", "T"), ("--month", "2024-01"), ("--run", "R")):
        assert loaded.run(*words, "--older-than", "0d", "--yes", *which).code == 2
    looked = loaded.run(*words, "--older-than", "0d", "--yes", "--dry-run")
    assert (looked.code, len(loaded.safety_copies())) == (0, 1), looked
    assert "would be dropped" in looked.out
    assert loaded.run(*words, "--older-than", "0d", "--yes").code == 0
    assert loaded.safety_copies() == []


def test_no_safety_copy_is_refused_where_nothing_else_could_undo(loaded: Desk) -> None:
    answer = drop(loaded, *CONSENT, "--no-safety-copy")
    assert (answer.code, loaded.count()) == (7, 600)
    assert "DATA_RETENTION_TIME_IN_DAYS is 0" in answer.out


def test_every_run_is_in_the_audit_logs(loaded: Desk) -> None:
    drop(loaded, "--dry-run")
    drop(loaded, "--yes", "--expect-rows", "1")
    drop(loaded, *CONSENT)
    restore(loaded, "--yes")
    assert [(entry["verb"], entry["outcome"]) for entry in audit(loaded)] == [
        ("drop-month", "planned"),
        ("drop-month", "refused"),
        ("drop-month", "started"),
        ("drop-month", "dropped"),
        ("restore-month", "started"),
        ("restore-month", "restored"),
    ]
    listed = loaded.run("history", "--audit", "--config", str(loaded.config), "--table", "T", "--json").result[
        "entries"
    ]
    assert [entry for entry in listed if loaded.database in entry["target"]] == audit(loaded)
    shown = loaded.run("history", "--audit", "--month", "2024-01", "--limit", "2").out
    assert "restore-month" in shown
    assert "drop-month" not in shown
    assert {"who", "host", "target", "run_id", "rows", "at"} <= audit(loaded)[3].keys()
    assert (loaded.state / "audit.jsonl").stat().st_mode & 0o777 == 0o600
    events = loaded.sql('SELECT EVENT FROM ETL_WORK.ETL_AUDIT_LOG ORDER BY "AT"')
    assert [event for (event,) in events] == ["drop-month planned", "drop-month refused", "dropped", "restored"]


def test_nothing_is_deleted_when_the_audit_log_cannot_be_written(loaded: Desk) -> None:
    (loaded.state / "audit.jsonl").unlink(missing_ok=True)
    (loaded.state / "audit.jsonl").mkdir()
    try:
        answer = drop(loaded, *CONSENT)
    finally:
        (loaded.state / "audit.jsonl").rmdir()
    assert (answer.code, loaded.count()) == (7, 600)
    assert "cannot be written" in answer.out


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"date_column": None}, "no date_column"),
        ({"table_name": "NOWHERE"}, "There is no table"),
        ({"date_column": "DAYS"}, "DAY"),
    ],
)
def test_what_has_no_months_is_refused(loaded: Desk, entry: dict[str, Any], says: str) -> None:
    loaded.entry |= {"create_table": None, "duplicate_key_columns": None, **entry}
    name = loaded.entry["table_name"]
    words = ("--table", name, "--month", "2024-01", *CONSENT)
    answer = loaded.run("drop-month", "--config", str(loaded.config), *words)
    assert answer.code in (2, 5, 7), answer
    assert says in answer.out + answer.err
    assert loaded.count() == 600


def test_a_view_is_no_table_to_drop_from(loaded: Desk) -> None:
    loaded.sql("CREATE VIEW V AS SELECT * FROM T")
    loaded.entry |= {"table_name": "V"}
    words = ("--table", "V", "--month", "2024-01", *CONSENT)
    answer = loaded.run("drop-month", "--config", str(loaded.config), *words)
    assert (answer.code, loaded.count()) == (7, 600)
    assert "is a view" in answer.out


def test_days_written_in_several_ways_are_not_told_apart(desk: Desk) -> None:
    desk.sql("CREATE TABLE T (DAY VARCHAR(10), ID NUMBER)")
    desk.sql("INSERT INTO T VALUES ('20240101', 1), ('20240102', 2), ('2024-01-03', 3)")
    desk.entry |= {"create_table": None, "duplicate_key_columns": None}
    answer = drop(desk, *CONSENT)
    assert (answer.code, desk.count()) == (7, 3)
    assert "'9999-99-99' 1 rows, '99999999' 2 rows" in answer.out
    desk.sql("DELETE FROM T WHERE ID = 3")
    assert drop(desk, "--dry-run").code == 0
    # The same shape, and no day of the format: it would be in no month at all.
    desk.sql("INSERT INTO T VALUES ('31012024', 4)")
    answer = drop(desk, *CONSENT)
    assert (answer.code, desk.count()) == (7, 3)
    assert "'99999999' 1 rows that are no days, '99999999' 2 rows" in answer.out


def test_another_format_is_seen_behind_many_shapes_of_times(desk: Desk) -> None:
    desk.sql("CREATE TABLE T (DAY VARCHAR(60), ID NUMBER)")
    shapes = [f"('20240101{'x' * number}', 1), ('20240101{'x' * number}', 2)" for number in range(25)]
    desk.sql(f"INSERT INTO T VALUES {', '.join(shapes)}, ('2024/01/01', 9)")
    desk.entry |= {"create_table": None, "duplicate_key_columns": None}
    answer = drop(desk, *CONSENT)
    assert (answer.code, desk.count()) == (7, 51)
    assert "'9999/99/99' 1 rows" in answer.out


@pytest.mark.parametrize("month", ["all", "2024-13", ""])
def test_months_that_cannot_be_meant(loaded: Desk, month: str) -> None:
    assert drop(loaded, *CONSENT, month=month).code == 2
    assert loaded.count() == 600


def test_a_replace_is_undone_as_well(loaded: Desk) -> None:
    before = rows(loaded)
    loaded.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 11))
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert loaded.load("--month", "2024-01", *consent).code == 0
    assert len(loaded.safety_copies()) == 1
    assert restore(loaded, "--yes").code == 7
    assert restore(loaded, *TAKING, "--mode", "replace").code == 0
    assert rows(loaded) == before
    assert states(loaded) == [("2024-01", "live"), ("2024-02", "live"), ("2024-01", "replaced")]


def test_a_replace_of_some_days_is_undone_for_those_days(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    before = rows(desk)
    path = desk.file("t_20240101-20240115.tsv", rows_for(days_between("2024-01-01", "2024-01-15"), 11))
    consent = ("--mode", "replace", "--yes", "--expect-rows", "150")
    assert desk.load("--file", str(path), *consent).code == 0
    assert desk.count() == 165 + 160
    assert restore(desk, *TAKING, "--mode", "replace").code == 0
    assert rows(desk) == before


def test_a_replace_of_a_whole_table_is_undone(desk: Desk) -> None:
    desk.entry |= {"date_column": None, "full_refresh": True}
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    before = rows(desk)
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 11))
    assert desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310").code == 0
    assert restore(desk, *TAKING, "--mode", "replace").code == 0
    assert rows(desk) == before
    assert [state for _, state in states(desk)] == ["live", "replaced"]


def test_a_refused_replace_leaves_no_copy(loaded: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.operations import publish

    monkeypatch.setattr(publish, "_check_unchanged", lambda *_: (_ for _ in ()).throw(Refused("changed")))
    loaded.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 11))
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert loaded.load("--month", "2024-01", *consent).code == 7
    assert (loaded.count(), loaded.safety_copies()) == (600, [])
