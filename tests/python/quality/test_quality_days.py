"""Completeness of the days and their anomalies: every claimed day, nothing else, and no false alarm."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import (
    EXPECTED,
    FLIGHT_LAYOUT,
    JANUARY,
    LAYOUT,
    SAMPLES,
    check,
    check_lines,
    codes,
    days_of,
    finding,
    flight_expectations,
    flight_lines,
    month_lines,
    write,
)

from snowflake_etl.files.layout import Compression
from snowflake_etl.month import DayRange
from snowflake_etl.quality.anomalies import strange_days
from snowflake_etl.quality.checks import run_checks
from snowflake_etl.quality.day_checks import gaps_of
from snowflake_etl.quality.profile import Expectations, Profile, Scope, Thresholds
from snowflake_etl.results import Severity

EVERY_DAY = list(JANUARY)


def profile_of(rows_per_day: dict[date, int]) -> Profile:
    return Profile("test", "t", (), sum(rows_per_day.values()), rows_per_day)


def days_only(days: DayRange) -> Expectations:
    return Expectations(days=(days,), date_column="DAY")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("scope", list(Scope))
def test_the_sample_months_are_complete_and_sane(sample: Path, scope: Scope, tmp_path: Path) -> None:
    link = tmp_path / sample.name
    link.symlink_to(sample)
    report = check(link, FLIGHT_LAYOUT, flight_expectations(sample), scope=scope)
    assert (report.errors, report.warnings) == ((), ())
    assert report.rows == len(flight_lines(sample)) - 1
    assert report.days_found == report.days_expected >= 28


def test_a_day_taken_out_of_the_flights_is_named(tmp_path: Path) -> None:
    header, *lines = flight_lines(SAMPLES[0])
    path = write(tmp_path / "f.tsv.gz", [line for line in lines if not line.startswith("20130112")], header)
    report = check(path, FLIGHT_LAYOUT, flight_expectations(SAMPLES[0]))
    assert codes(report) == ["missing_days"]
    assert finding(report, "missing_days").samples == ("2013-01-12 (1 day)",)
    assert "2013-01-12" in finding(report, "missing_days").message


@pytest.mark.parametrize("day", ["20130110", "20130112"], ids=["thursday", "saturday"])
@pytest.mark.parametrize(("keep", "severity"), [(11, Severity.ERROR), (3, Severity.WARNING)])
def test_a_day_of_the_flights_with_part_of_its_rows_is_found(
    day: str, keep: int, severity: Severity, tmp_path: Path
) -> None:
    header, *lines = flight_lines(SAMPLES[0])
    own = [line for line in lines if line.startswith(day)]
    path = write(tmp_path / "f.tsv.gz", [line for line in lines if not line.startswith(day)] + own[::keep], header)
    report = check(path, FLIGHT_LAYOUT, flight_expectations(SAMPLES[0]))
    assert codes(report) == ["few_rows_on_day"]
    found = finding(report, "few_rows_on_day")
    assert found.severity is severity
    assert found.numbers["rows"] == len(own[::keep])


def test_days_1_to_10_are_not_a_month(tmp_path: Path) -> None:
    report = check_lines(tmp_path, month_lines(days=days_of("2024-01-01", 10)))
    assert codes(report) == ["missing_days"]
    assert finding(report, "missing_days").samples == ("2024-01-11 to 2024-01-31 (21 days)",)
    assert (report.days_found, report.days_expected) == (10, 31)


@pytest.mark.parametrize("content", [b"", b"DAY\tID\tNAME\n", b"DAY\tID\tNAME"], ids=["empty", "header", "no newline"])
@pytest.mark.parametrize("scope", list(Scope))
def test_zero_rows_are_an_error(content: bytes, scope: Scope, tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(content)
    report = check(path, scope=scope)
    assert [each.code for each in report.errors] == ["no_rows"]
    assert (report.rows, report.first_day, report.last_day) == (0, "", "")


def test_rows_of_another_month_are_named_by_day_month_and_count(tmp_path: Path) -> None:
    late = [f"20240201\t{90000 + number}\tlate" for number in range(7)] + ["20231231\t91000\tearly"]
    report = check_lines(tmp_path, month_lines() + late)
    assert codes(report) == ["outside_days"]
    found = finding(report, "outside_days")
    assert found.numbers["rows"] == 8
    assert found.samples == ("2023-12-31: 1", "2024-02-01: 7")
    assert "2023-12" in found.message
    assert "2024-02" in found.message


def test_long_lists_of_days_are_complete_in_the_finding(tmp_path: Path) -> None:
    outside = days_of("2020-01-01", 400)
    report = check_lines(tmp_path, month_lines() + month_lines(1, outside), key_columns=())
    assert len(finding(report, "outside_days").samples) == 400


def test_an_announced_number_of_rows_is_held_to(tmp_path: Path) -> None:
    assert codes(check_lines(tmp_path, month_lines(), rows=310)) == []
    found = finding(check_lines(tmp_path, month_lines(), rows=320), "row_count")
    assert (found.numbers["rows"], found.numbers["expected"], found.numbers["difference"]) == (310, 320, -10)


@pytest.mark.parametrize(
    ("rows", "code", "severity"),
    [
        (9, "few_rows_on_day", Severity.ERROR),
        (10, "few_rows_on_day", Severity.WARNING),
        (49, "few_rows_on_day", Severity.WARNING),
        (91, None, None),
        (110, None, None),
        (111, "many_rows_on_day", Severity.WARNING),
        (200, "many_rows_on_day", Severity.WARNING),
    ],
)
def test_one_day_among_days_of_a_hundred_rows(rows: int, code: str | None, severity: Severity | None) -> None:
    counts = dict.fromkeys(EVERY_DAY, 100) | {date(2024, 1, 17): rows}
    found = run_checks(profile_of(counts), days_only(JANUARY))
    assert [(each.code, each.severity) for each in found] == ([(code, severity)] if code else [])


@pytest.mark.parametrize("count", [3, 7, 10, 15, 31, 62])
def test_quiet_weekends_are_no_anomaly_however_few_days_there_are(count: int) -> None:
    counts = {day: 75 if day.weekday() == 5 else 100 for day in days_of("2024-01-03", count)}
    assert strange_days(counts, Thresholds()) == []


def test_a_missing_saturday_is_missing_and_the_others_stay_normal() -> None:
    counts = {day: 60 if day.weekday() == 5 else 100 for day in EVERY_DAY if day != date(2024, 1, 13)}
    found = run_checks(profile_of(counts), days_only(JANUARY))
    assert [each.code for each in found] == ["missing_days"]


def test_a_noisy_table_has_a_wider_band() -> None:
    noisy = {day: 100 + 10 * ((number * 7) % 5 - 2) for number, day in enumerate(EVERY_DAY)}
    assert strange_days(noisy, Thresholds()) == []


def test_a_few_days_say_only_what_they_can() -> None:
    week = dict.fromkeys(days_of("2024-01-01", 7), 100) | {date(2024, 1, 6): 75}
    assert strange_days(week, Thresholds()) == []
    assert [each.rows for each in strange_days(week | {date(2024, 1, 6): 40}, Thresholds())] == [40]
    assert strange_days({date(2024, 1, 1): 5}, Thresholds()) == []


@given(st.sets(st.integers(0, 30)), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_lost_days_are_always_found_and_nothing_else(lost: set[int], seed: int) -> None:
    """A month with a weekly rhythm and a little noise, any days of it gone."""
    weekly = [100, 95, 96, 98, 97, 74, 88]
    counts = {
        day: weekly[day.weekday()] * 10 + (day.day * seed * 7) % 13
        for number, day in enumerate(EVERY_DAY)
        if number not in lost
    }
    found = run_checks(profile_of(counts), days_only(JANUARY))
    missing = [JANUARY.first + timedelta(days=number) for number in sorted(lost)]
    if not counts:
        assert [each.code for each in found] == ["no_rows"]
    elif missing:
        assert [each.code for each in found] == ["missing_days"]
        assert found[0].numbers["missing_days"] == len(missing)
        assert found[0].numbers["gaps"] == len(found[0].samples) == len(gaps_of(missing))
    else:
        assert found == ()


@given(st.sets(st.dates(date(2023, 12, 1), date(2024, 3, 1))))
def test_gaps_hold_exactly_the_missing_days(missing: set[date]) -> None:
    gaps = gaps_of(missing)
    assert [day for gap in gaps for day in gap] == sorted(missing)
    assert all(left.last + timedelta(days=1) < right.first for left, right in itertools.pairwise(gaps))


@given(lost=st.sets(st.integers(0, 30), max_size=8))
@settings(max_examples=10, deadline=None)
def test_lost_days_are_found_in_a_file(lost: set[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    days = [day for number, day in enumerate(EVERY_DAY) if number not in lost]
    path = write(tmp_path_factory.mktemp("lost") / "t.tsv", month_lines(days=days))
    for scope in Scope:
        report = check(path, LAYOUT, EXPECTED, scope=scope)
        assert [each.code for each in report.errors] == (["missing_days"] if lost else [])
        assert report.days_found == 31 - len(lost)


FLIGHTS_OF_JANUARY = flight_lines(SAMPLES[0])


@given(lost=st.sets(st.integers(1, 31), max_size=30))
@settings(max_examples=12, deadline=None)
def test_days_lost_from_the_flights_are_found_to_the_day_and_nothing_else_is_said(
    lost: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real data with a weekly rhythm: whatever days go, the others are as normal as before."""
    header, *lines = FLIGHTS_OF_JANUARY
    gone = {f"201301{day:02d}" for day in lost}
    path = tmp_path_factory.mktemp("lost") / SAMPLES[0].stem
    write(path, [line for line in lines if line[:8] not in gone], header)
    plain = replace(FLIGHT_LAYOUT, compression=Compression.NONE)
    report = check(path, plain, flight_expectations(SAMPLES[0]), scope=Scope.DAYS)
    assert codes(report) == (["missing_days", "not_checked_values"] if lost else ["not_checked_values"])
    if lost:
        found = finding(report, "missing_days")
        assert found.numbers["missing_days"] == len(lost)
        gaps = gaps_of(date(2013, 1, day) for day in lost)
        assert [sample.split(" ")[0] for sample in found.samples] == [str(gap.first) for gap in gaps]
