"""Months and days as operators write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange, Month, parse_month, parse_months

DAYS = st.dates(min_value=date(1901, 1, 1), max_value=date(2198, 12, 31))
MONTHS = st.builds(Month, st.integers(1901, 2198), st.integers(1, 12))


@given(MONTHS)
def test_both_ways_of_writing_a_month_mean_the_same(month: Month) -> None:
    today = date(2024, 1, 1)
    assert parse_month(str(month), today) == month
    assert parse_month(f"{month.number:02d}{month.year:04d}", today) == month


@given(DAYS)
def test_last_month_is_the_month_before_on_every_day_of_the_year(today: date) -> None:
    last = parse_month("last", today)
    assert last.last_day == today.replace(day=1) - timedelta(days=1)
    assert last.next() == parse_month("current", today) == Month.of(today)


def test_last_month_on_the_31st_is_not_this_month() -> None:
    assert str(parse_month("last", date(2024, 3, 31))) == "2024-02"
    assert str(parse_month("last", date(2024, 1, 31))) == "2023-12"


@given(MONTHS)
def test_the_days_of_a_month_are_its_days(month: Month) -> None:
    days = list(month.days())
    assert days[0] == month.first_day
    assert days[-1] == month.last_day
    assert all(Month.of(day) == month for day in days)
    assert Month.of(month.days().after) == month.next()
    assert month.next().previous() == month
    assert month.days().month == month


@given(st.builds(Month, st.integers(1901, 2190), st.integers(1, 12)), st.integers(0, 30))
def test_a_range_has_every_month_once_in_order(first: Month, count: int) -> None:
    months = [first]
    for _ in range(count):
        months.append(months[-1].next())
    assert parse_months(f"{months[0]}..{months[-1]}", date(2024, 1, 1)) == months


def test_a_list_may_mix_every_form_and_names_each_month_once() -> None:
    months = parse_months("2024-03,012024, last ,2024-01..2024-02", date(2024, 3, 31))
    assert [str(month) for month in months] == ["2024-01", "2024-02", "2024-03"]


NO_MONTHS = ["2024-13", "132024", "2024-00", "2024-1", "24-01", "", "januar", "2024-01-01", "2024/01"]
ARABIC_DIGITS = "\u0662\u0660\u0662\u0664-\u0660\u0661"


@pytest.mark.parametrize("text", [*NO_MONTHS, ARABIC_DIGITS])
def test_what_is_no_month_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-MM"):
        parse_month(text, date(2024, 1, 1))


def test_a_range_that_runs_backwards_says_how_to_write_it() -> None:
    with pytest.raises(UsageError, match=r"Write it as 2024-01\.\.2024-03"):
        parse_months("2024-03..2024-01", date(2024, 1, 1))


def test_ranges_of_days_overlap_only_when_they_share_a_day() -> None:
    first_half = DayRange(date(2024, 1, 1), date(2024, 1, 15))
    second_half = DayRange(date(2024, 1, 16), date(2024, 1, 31))
    assert not first_half.overlaps(second_half)
    assert first_half.overlaps(DayRange(date(2024, 1, 15), date(2024, 1, 15)))
    assert len(first_half) == 15
    with pytest.raises(UsageError, match="backwards"):
        DayRange(date(2024, 1, 2), date(2024, 1, 1))
