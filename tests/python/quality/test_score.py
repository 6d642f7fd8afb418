"""The quality score: what it is made of, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowflake_etl.quality.score import ScoreFacts, facts_of, quality_score
from snowflake_etl.results import CheckReport, Finding, Severity

MONTH = ScoreFacts(rows=31_000, days_expected=31)


@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({}, 100),
        ({"rows": 0}, 0),
        ({"days_expected": 0}, 100),
        # One day of 31: 96 points for the days, but an error is never above 89.
        ({"missing_days": 1}, 89),
        ({"missing_days": 15}, 51),
        ({"missing_days": 31}, 0),
        ({"error_days": 8}, 74),
        ({"warning_days": 1}, 98),
        ({"warning_days": 8}, 87),
        # 1 % of the rows costs ten points, 10 % everything.
        ({"bad_rows": 310}, 89),
        ({"bad_rows": 620}, 80),
        ({"bad_rows": 3_100}, 0),
        ({"bad_rows": 1}, 89),
        ({"other_errors": 1}, 89),
        ({"other_errors": 3}, 70),
        ({"other_warnings": 1}, 97),
        ({"other_warnings": 1, "other_errors": 1}, 87),
        ({"missing_days": 15, "bad_rows": 620, "other_errors": 2, "other_warnings": 1}, 18),
        ({"other_errors": 40}, 0),
    ],
)
def test_what_costs_how_much(changes: dict[str, int], score: int) -> None:
    assert quality_score(replace(MONTH, **changes)) == score


counts = st.integers(0, 400)


@given(
    facts=st.builds(
        ScoreFacts,
        rows=st.integers(0, 10_000),
        bad_rows=counts,
        days_expected=st.integers(0, 400),
        missing_days=counts,
        error_days=counts,
        warning_days=counts,
        other_errors=st.integers(0, 5),
        other_warnings=st.integers(0, 5),
    ),
    worse=st.sampled_from(["bad_rows", "missing_days", "error_days", "warning_days", "other_errors", "other_warnings"]),
)
def test_it_stays_within_its_bounds_and_more_faults_never_raise_it(facts: ScoreFacts, worse: str) -> None:
    score = quality_score(facts)
    assert 0 <= score <= 100
    assert score < 90 or not facts.has_errors
    assert score < 100 or not facts.has_warnings
    assert quality_score(replace(facts, **{worse: getattr(facts, worse) + 1})) <= score


def test_findings_are_sorted_into_days_rows_and_others() -> None:
    report = CheckReport(
        engine="snowflake",
        subject="T",
        rows=1_000,
        days_expected=31,
        days_found=28,
        first_day="2024-01-01",
        last_day="2024-01-31",
        findings=(
            Finding("missing_days", Severity.ERROR, "m", {"missing_days": 3, "gaps": 1}),
            Finding("few_rows_on_day", Severity.ERROR, "m", {"day": "2024-01-05", "rows": 1}),
            Finding("few_rows_on_day", Severity.WARNING, "m", {"day": "2024-01-06", "rows": 4}),
            Finding("many_rows_on_day", Severity.WARNING, "m", {"day": "2024-01-07", "rows": 90}),
            Finding("duplicate_keys", Severity.ERROR, "m", {"keys": 2, "excess_rows": 5}),
            Finding("null_keys", Severity.ERROR, "m", {"rows": 2}),
            Finding("null_dates", Severity.ERROR, "m", {"rows": 1}),
            Finding("unread_dates", Severity.ERROR, "m", {"rows": 1}),
            Finding("outside_days", Severity.ERROR, "m", {"rows": 4, "days": 2}),
            Finding("a_rule", Severity.ERROR, "m", {"rows": 700}),
            Finding("days_far_apart", Severity.WARNING, "m"),
            Finding("not_checked_days", Severity.INFO, "m"),
        ),
        seconds=0.1,
    )
    assert facts_of(report) == ScoreFacts(
        rows=1_000,
        bad_rows=13,
        days_expected=31,
        missing_days=3,
        error_days=1,
        warning_days=2,
        other_errors=1,
        other_warnings=1,
    )
