"""What earlier months say about the days of this one, and the days that need no rows at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import JANUARY, days_of

from snowflake_etl.quality.anomalies import strange_days
from snowflake_etl.quality.checks import run_checks
from snowflake_etl.quality.profile import Expectations, Profile, Thresholds
from snowflake_etl.results import Finding, Severity

WEEKLY = [100, 95, 96, 98, 97, 60, 30]
BEFORE = days_of("2023-10-01", 92)
WEEKENDS = frozenset(day for day in JANUARY if day.weekday() >= 5)


def weekly(days: object, factor: float = 1.0) -> dict[date, int]:
    return {day: round(WEEKLY[day.weekday()] * 10 * factor) for day in days}  # type: ignore[attr-defined]


def found(counts: dict[date, int], earlier: dict[date, int], **changes: object) -> list[Finding]:
    expected = Expectations(days=(JANUARY,), date_column="DAY", earlier_days=earlier)
    profile = Profile("test", "t", (), sum(counts.values()), counts)
    return list(run_checks(profile, replace(expected, **changes)))  # type: ignore[arg-type]


def codes(findings: list[Finding]) -> list[str]:
    return [each.code for each in findings]


@pytest.mark.parametrize("growth", [0.55, 0.8, 1.0, 1.3, 1.9])
def test_a_table_may_grow_and_shrink(growth: float) -> None:
    assert found(weekly(JANUARY, growth), weekly(BEFORE)) == []


@pytest.mark.parametrize(
    ("share", "severity"), [(0.05, Severity.ERROR), (0.45, Severity.WARNING), (2.5, Severity.WARNING)]
)
def test_a_month_of_which_every_day_is_small_or_large(share: float, severity: Severity) -> None:
    (finding,) = found(weekly(JANUARY, share), weekly(BEFORE))
    assert (finding.code, finding.severity) == ("level_changed", severity)
    assert finding.numbers["share"] == pytest.approx(share, abs=0.01)
    assert found(weekly(JANUARY, share), {}) == []


def test_two_bad_saturdays_of_four_are_told_from_the_good_ones_before() -> None:
    """By this month alone half of what is there would be usual."""
    counts = weekly(JANUARY)
    for day in (6, 13, 20):
        counts[date(2024, 1, day)] = 120
    assert codes(found(counts, {})) != ["few_rows_on_day"] * 3
    strange = found(counts, weekly(BEFORE))
    assert [each.numbers["day"] for each in strange] == ["2024-01-06", "2024-01-13", "2024-01-20"]
    assert {each.severity for each in strange} == {Severity.WARNING}


def test_one_single_day_is_held_against_its_weekday() -> None:
    monday = {date(2024, 1, 1): 80}
    assert strange_days(monday, Thresholds()) == []
    (strange,) = strange_days(monday, Thresholds(), weekly(BEFORE))
    assert (strange.rows, strange.expected, strange.is_error) == (80, 1000, True)
    assert strange_days({date(2024, 1, 6): 600}, Thresholds(), weekly(BEFORE)) == []


def test_too_few_earlier_days_say_nothing() -> None:
    two_weeks = weekly(days_of("2023-12-18", 14), 5)
    assert found(weekly(JANUARY), two_weeks) == []


@given(st.integers(1, 9), st.floats(0.6, 1.8))
@settings(max_examples=60, deadline=None)
def test_noise_like_that_of_earlier_months_is_no_finding(seed: int, growth: float) -> None:
    def noisy(days: object, factor: float) -> dict[date, int]:
        percents = {day: (day.toordinal() * seed * 7919) % 9 - 4 for day in JANUARY}
        return {day: round(rows * (1 + percents.get(day, 0) / 100)) for day, rows in weekly(days, factor).items()}

    assert found(noisy(JANUARY, growth), noisy(BEFORE, 1.0)) == []


def test_closed_days_need_no_rows_and_may_have_some() -> None:
    business = {day: rows for day, rows in weekly(JANUARY).items() if day not in WEEKENDS}
    assert codes(found(business, {})) == ["missing_days"]
    assert found(business, {}, closed_days=WEEKENDS) == []
    some = business | {date(2024, 1, 6): 3}
    assert found(some, {}, closed_days=WEEKENDS) == []
    (finding,) = found(some, {}, closed_days=WEEKENDS, only_open_days=True)
    assert (finding.code, finding.severity) == ("rows_on_closed_days", Severity.ERROR)
    assert finding.samples == ("2024-01-06: 3",)


def test_a_gap_over_a_weekend_is_one_gap_of_business_days() -> None:
    lost = [date(2024, 1, 5) + timedelta(days=number) for number in range(4)]
    business = {day: rows for day, rows in weekly(JANUARY).items() if day not in WEEKENDS and day not in lost}
    (finding,) = found(business, {}, closed_days=WEEKENDS)
    assert finding.samples == ("2024-01-05 to 2024-01-08 (2 days)",)
    assert finding.numbers == {"missing_days": 2, "claimed_days": 31, "gaps": 1, "business_days": 23}
    assert "2 of 23 business days" in finding.message
