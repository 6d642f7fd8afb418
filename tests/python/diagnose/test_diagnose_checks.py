"""What a check found is explained down to the value, and so are the ways to correct or to accept it."""

from __future__ import annotations

from typing import Any

import pytest
from planted_faults import (
    GOOD,
    HEADER,
    PLANTED,
    commands,
    diagnosis,
    file_of,
    plant,
    type_in,
    with_field,
)

from desk import Desk, days_between


def test_what_a_check_found_is_explained_like_what_copy_refused(typed: Desk) -> None:
    """The file's check is the default and comes first: its findings name the same place."""
    for number, (planted, cause) in enumerate(
        [(PLANTED[0], "bad_value"), (PLANTED[2], "too_long"), *((one, "column_count") for one in PLANTED[9:11])], 1
    ):
        month = f"2024-{number:02d}"
        line = plant(typed, planted.line, month)
        assert typed.load("--month", month).code == 6
        found = diagnosis(typed)
        assert (found["cause"], found["place"]["line"], found["place"]["column"]) == (cause, line, planted.column)
        assert found["place"]["value"] == planted.value
        if (cause, planted.value) == ("column_count", None):
            assert found["why"].endswith("The row ends before the column AMOUNT.")
        assert [shown["number"] for shown in found["lines"] if shown["wrong"]] == [line]


def test_other_findings_of_the_check_are_told_as_well(typed: Desk) -> None:
    typed.file(file_of("2024-01"), [with_field(2, "longer than ten").decode()], HEADER)
    assert typed.load("--month", "2024-01").code == 6
    found = diagnosis(typed)
    assert found["cause"] == "too_long"
    assert any("claimed days without rows" in note for note in found["notes"])


def test_warnings_that_stopped_a_strict_load_are_explained(typed: Desk) -> None:
    lines = [
        "\t".join([f"{day:%Y%m%d}", str(day.day * 10 + number), *GOOD[2:]])
        for day in days_between("2024-01-01", "2024-01-28")
        for number in range(2 if day.day == 9 else 6)
    ]
    typed.file(file_of("2024-01"), lines, HEADER)
    assert typed.load("--month", "2024-01", "--strict").code == 6
    found = diagnosis(typed)
    assert (found["cause"], "2024-01-09" in found["said"]) == ("check", True)


def rows_of(days: int, *more: str) -> list[str]:
    january = days_between("2024-01-01", "2024-01-28")[:days]
    return [*("\t".join([f"{day:%Y%m%d}", str(day.day), *GOOD[2:]]) for day in january), *more]


def failed_by(desk: Desk, lines: list[str], *words: str) -> Any:
    desk.file(file_of("2024-01"), lines, HEADER)
    assert desk.load("--month", "2024-01", *words).code == 6
    return diagnosis(desk)


def texts(found: Any) -> str:
    return " ".join(cure["text"] for cure in found["cures"])


@pytest.mark.parametrize("is_corrected", [True, False])
def test_a_file_that_lacks_a_day_is_got_anew_before_it_is_loaded_or_accepted_by_a_flag(
    typed: Desk, is_corrected: bool
) -> None:
    found = failed_by(typed, rows_of(27))
    assert "Get a new file that has the missing days; then load it." in texts(found)
    assert "with what is staged already" not in texts(found)
    _, again, accept = commands(found)
    if is_corrected:
        typed.file(file_of("2024-01"), rows_of(28), HEADER)
        assert type_in(typed, again).code == 0
    else:
        assert type_in(typed, again).code == 6, "as it is it fails again"
        assert type_in(typed, accept).code == 0
    assert typed.count() == (28 if is_corrected else 27)


def test_rows_of_one_key_are_corrected_left_out_or_accepted(typed: Desk) -> None:
    typed.entry |= {"duplicate_key_columns": ["DAY", "ID"]}
    found = failed_by(typed, rows_of(28, rows_of(28)[3]))
    assert "which of the rows are right" in texts(found)
    _, _, clean, copy, accept = commands(found)
    assert "--duplicates" in clean
    assert accept.endswith("--qc skip")
    assert type_in(typed, clean).code == 6
    assert type_in(typed, copy).code == 0
    assert typed.count() == 28


def test_days_that_nobody_claimed_are_accepted_by_the_flag_for_them_alone(typed: Desk) -> None:
    found = failed_by(typed, rows_of(28, with_field(0, "20240130").decode()))
    accept = commands(found)[-1]
    assert accept.endswith("--outside keep")
    assert type_in(typed, accept).code == 0
    assert typed.count() == 29
