"""Which days have to have rows when all there is is looked at."""

from __future__ import annotations

from datetime import date

from desk import Desk
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations.expected_days import days_to_expect

FIFTH = date(2024, 1, 5)


def test_from_the_first_to_the_last_day_with_rows() -> None:
    assert days_to_expect([date(2024, 1, 9), FIFTH]) == ((DayRange(FIFTH, date(2024, 1, 9)),), [])
    assert days_to_expect([]) == ((), [])


def test_days_that_loaded_files_claim_are_expected_as_well() -> None:
    months = [Month(2023, 12).days(), Month(2024, 2).days()]
    assert days_to_expect([FIFTH], months) == ((DayRange(date(2023, 12, 1), date(2024, 2, 29)),), [])
    assert days_to_expect([], months)[0] == (DayRange(date(2023, 12, 1), date(2024, 2, 29)),)


def test_dates_like_9999_12_31_do_not_make_millions_of_expected_days() -> None:
    ranges, (finding,) = days_to_expect([date.min, date(2023, 1, 1), FIFTH, date.max])
    one = [DayRange(day, day) for day in (date.min, date(2023, 1, 1), FIFTH, date.max)]
    assert ranges == tuple(one), "more than a year lies between them"
    assert (finding.code, finding.severity) == ("days_far_apart", "warning")
    ranges, (finding,) = days_to_expect([date(2023, 1, 10), FIFTH, date.max])
    assert ranges == (DayRange(date(2023, 1, 10), FIFTH), one[-1])
    assert finding.numbers == {"first_day": "2023-01-10", "last_day": "9999-12-31"}


def test_a_stray_date_is_said_and_does_not_hide_the_rest(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("INSERT INTO T SELECT '9999-12-31'::DATE, 1, 'x'")
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-10'")
    answer = desk.run("validate", "--config", str(desk.config))
    assert answer.code == 6
    assert "The days run from 2024-01-01 to 9999-12-31" in answer.out
    assert "1 of 32 claimed days without rows: 2024-01-10" in answer.out
