"""Ways in which rows could be there twice, or not at all, with exit code 0: each is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.operations import load_stage, publish

JANUARY, FEBRUARY = "t_20240101-20240131.tsv", "t_20240201-20240229.tsv"


def copied_to_february(desk: Desk) -> None:
    """January is loaded; its file lies there under the name of February."""
    path = desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    path.rename(desk.files / FEBRUARY)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("date_column", ["DAY", None])
def test_a_month_is_not_loaded_again_under_the_name_of_another(
    desk: Desk, date_column: str | None, packed: bool
) -> None:
    desk.entry["date_column"] = date_column
    copied_to_february(desk)
    if packed:
        (desk.files / FEBRUARY).unlink()
        desk.file(f"{FEBRUARY}.gz", rows_for(days_between("2024-01-01", "2024-01-31")))
    answer = desk.load("--month", "2024-02", "--outside", "keep", "--allow-existing", "--qc", "skip")
    assert answer.code == 7
    assert "it is a copy under a wrong name. Get the file for 2024-02-01..2024-02-29" in answer.out
    # In a batch it is no month that was loaded before.
    desk.month("2024-03-01", "2024-03-31")
    assert desk.load("--month", "2024-02..2024-03", "--qc", "skip").code in (6, 7)
    assert desk.count("DAY < '2024-02-01'") == 310


def test_the_same_rows_published_meanwhile_for_another_month_are_seen_under_the_lock(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied_to_february(desk)
    monkeypatch.setattr("snowflake_etl.operations.loaded_files.find", lambda *_: {})
    monkeypatch.setattr(load_stage, "refuse_loaded", lambda *_: None)
    answer = desk.load("--month", "2024-02", "--outside", "keep", "--qc", "skip")
    assert answer.code == 7
    assert f"'{JANUARY}' for 2024-01-01..2024-01-31 has the same content" in answer.out
    assert desk.count() == 310
    monkeypatch.setattr(publish, "_twin", lambda *_: None)
    assert desk.load("--month", "2024-02", "--outside", "keep", "--qc", "skip").code == 0


def test_two_configurations_of_which_one_knows_no_days_see_each_others_files(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.entry["date_column"] = None
    assert desk.load("--month", "2024-01").code == 0
    desk.entry["date_column"] = "DAY"
    answer = desk.load("--month", "2024-01", "--allow-existing")
    assert answer.code == 7
    assert "with the same content" in answer.out
    assert desk.count() == 310


def test_without_days_the_names_tell_what_files_claim(desk: Desk) -> None:
    desk.entry["date_column"] = None
    half = desk.month("2024-01-01", "2024-01-15")
    assert desk.load("--month", "2024-01").code == 0
    half.unlink()
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--month", "2024-01")
    assert answer.code == 7
    assert "the rows of both would be there" in answer.out
    assert desk.count() == 150
    # Other days are other rows.
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-02").code == 0
    assert desk.count() == 440


def test_what_was_adopted_without_file_and_days_is_not_loaded_beside_itself(desk: Desk) -> None:
    desk.entry["date_column"] = None
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("DELETE FROM ETL_WORK.ETL_LOAD_LEDGER")
    adopted = desk.run(
        "ledger", "adopt", "--config", str(desk.config), "--month", "2024-01", "--table", "T", "--without-file", "--yes"
    )
    assert adopted.code == 0, adopted
    assert desk.load("--month", "2024-01").code == 7
    assert desk.count() == 310
    # What comes later cannot have been there.
    desk.month("2099-01-01", "2099-01-31")
    assert desk.load("--month", "2099-01", "--qc", "skip").code == 0


def test_rows_that_are_unknown_to_the_ledger_are_warned_of_where_no_days_tell(desk: Desk) -> None:
    desk.entry["date_column"] = None
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("DELETE FROM ETL_WORK.ETL_LOAD_LEDGER")
    desk.month("2024-02-01", "2024-02-29")
    result = desk.load_json("--month", "2024-02")
    assert any("has 310 rows, the ledger knows of 0" in warning for warning in result["warnings"])


@pytest.mark.parametrize("words", [("--month", "2024-01"), ("--month", "2024-01..2024-02")])
def test_a_month_whose_rows_were_deleted_elsewhere_is_not_called_loaded(desk: Desk, words: tuple[str, ...]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-01..2024-02").code == 0
    desk.sql("DELETE FROM T WHERE DAY < '2024-02-01'")
    answer = desk.load(*words)
    assert answer.code == 7
    assert "somebody deleted them elsewhere. To load them anew" in answer.out
    assert "--mode replace --expect-rows 0 --yes" in answer.out
    desk.load("--month", "2024-01", "--mode", "replace", "--expect-rows", "0", "--yes")
    assert desk.count() == 600
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-05'")
    assert "has only 300 rows for those days, the ledger knows of 310" in desk.load("--month", "2024-01").out


def test_a_file_that_is_replaced_after_it_was_looked_at_is_not_recorded_as_the_one_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    stage_source: Any = load_stage.stage_source

    def replaced(*words: Any, **named: Any) -> Any:
        other = Path(f"{path}.new")
        other.write_bytes(path.read_bytes().replace(b"name", b"NAME"))
        other.replace(path)
        return stage_source(*words, **named)

    with monkeypatch.context() as patched:
        patched.setattr(load_stage, "stage_source", replaced)
        answer = desk.load("--month", "2024-01", "--qc", "skip")
    assert answer.code == 6
    assert "was changed while it was read" in answer.out
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count("NAME LIKE 'NAME%'") == 310
