"""Checks of rows and days (floor 4, pure functions: profile + expectations -> findings)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from snowflake_etl.month import DayRange, Month
from snowflake_etl.quality.anomalies import strange_days
from snowflake_etl.quality.profile import Expectations, Profile, Reason
from snowflake_etl.quality.wording import counted, few, shown, unlisted_of, value_samples
from snowflake_etl.results import Finding, Severity

OUTSIDE_DAYS = "outside_days"


def no_rows(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Nothing at all is never a month."""
    if profile.rows == 0:
        claimed = f" for {_ranges_text(expectations.days)}" if expectations.days else ""
        yield Finding(
            "no_rows",
            Severity.ERROR,
            f"{shown(profile.subject)} has no rows{claimed}. "
            "Ask where the data is before anything is loaded or replaced.",
            {"rows": 0},
        )


def row_count(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """The number of rows that somebody announced."""
    if expectations.rows is not None and profile.rows != expectations.rows:
        yield Finding(
            "row_count",
            Severity.ERROR,
            f"{shown(profile.subject)} has {counted(profile.rows, 'row')}, {expectations.rows:,} are expected "
            f"({profile.rows - expectations.rows:+,}). Compare with the source.",
            {"rows": profile.rows, "expected": expectations.rows, "difference": profile.rows - expectations.rows},
        )


def missing_days(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Every claimed day has rows; what is missing is told as gaps."""
    if profile.rows_per_day is None or not expectations.days or profile.rows == 0:
        return
    claimed = claimed_days(expectations)
    missing = [day for day in claimed if not profile.rows_per_day.get(day)]
    if not missing:
        return
    gaps = gaps_of(missing)
    listed = ", ".join(_gap_text(gap) for gap in gaps)
    yield Finding(
        "missing_days",
        Severity.ERROR,
        f"{len(missing)} of {counted(len(claimed), 'claimed day')} without rows: {listed}. "
        "Get a complete file, or claim only the days that it holds.",
        {"missing_days": len(missing), "claimed_days": len(claimed), "gaps": len(gaps)},
        tuple(_gap_text(gap) for gap in gaps),
    )


def outside_days(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Rows of days that nobody claimed: a wrong month, or late rows."""
    if profile.rows_per_day is None or not expectations.days:
        return
    outside = {
        day: rows
        for day, rows in sorted(profile.rows_per_day.items())
        if rows and not any(day in claimed for claimed in expectations.days)
    }
    if not outside:
        return
    rows = sum(outside.values())
    months = sorted({_month_text(day) for day in outside})
    yield Finding(
        OUTSIDE_DAYS,
        Severity.ERROR,
        f"{counted(rows, 'row')} of {counted(len(outside), 'day')} outside {_ranges_text(expectations.days)}, "
        f"in {', '.join(months)}: {few([f'{day} ({count:,})' for day, count in outside.items()])}. "
        "Check that this is the right file for the month.",
        {"rows": rows, "days": len(outside), "first_day": str(min(outside)), "last_day": str(max(outside))},
        tuple(f"{day}: {count}" for day, count in outside.items()),
    )


def day_anomalies(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Days with far fewer or more rows than days like them, one finding a day."""
    if not profile.rows_per_day:
        return
    inside = {
        day: rows
        for day, rows in profile.rows_per_day.items()
        if not expectations.days or any(day in claimed for claimed in expectations.days)
    }
    for strange in strange_days(inside, expectations.thresholds):
        low = strange.share < 1
        yield Finding(
            "few_rows_on_day" if low else "many_rows_on_day",
            Severity.ERROR if strange.is_error else Severity.WARNING,
            f"{strange.day} ({strange.day:%A}) has {counted(strange.rows, 'row')}, {strange.share:.1%} of the "
            f"{strange.expected:,.0f} expected. Look whether "
            + ("rows of the day are missing." if low else "rows of the day are there twice."),
            {
                "day": str(strange.day),
                "rows": strange.rows,
                "expected": round(strange.expected, 1),
                "share": round(strange.share, 4),
            },
        )


def null_dates(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """A row without a date is in no month."""
    if profile.null_dates:
        lines = profile.null_date_lines
        yield Finding(
            "null_dates",
            Severity.ERROR,
            f"{counted(profile.null_dates, 'row')} without a date in {expectations.date_column}, so in no month. "
            "Have it corrected at the source.",
            {"rows": profile.null_dates, "column": expectations.date_column or ""},
            tuple(f"line {text}" for text in lines.texts) if lines else (),
        )


def unread_dates(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Dates that the configured format does not fit."""
    for bad in profile.bad_values:
        if bad.reason is not Reason.DATE:
            continue
        examples = few([ascii(value) for value, _ in bad.values], complete=bad.complete)
        yield Finding(
            "unread_dates",
            Severity.ERROR,
            f"{counted(bad.rows, 'row')} with a date in {shown(bad.column)} that is not {bad.wanted}: {examples}. "
            "Correct date_format in the configuration, or the values at the source.",
            {"rows": bad.rows, "column": bad.column, "values": len(bad.values), **unlisted_of(bad)},
            value_samples(bad.values, bad.lines.texts if bad.lines else ()),
        )


def claimed_days(expectations: Expectations) -> list[date]:
    """Every claimed day once, in order."""
    return sorted({day for days in expectations.days for day in days})


def expected_days(expectations: Expectations) -> list[date]:
    """Every claimed day that has to have rows, in order."""
    return [day for day in claimed_days(expectations) if day not in expectations.closed_days]


def gaps_of(missing: Iterable[date]) -> list[DayRange]:
    """Put neighbouring days together."""
    gaps: list[DayRange] = []
    for day in sorted(missing):
        if gaps and day == gaps[-1].last + timedelta(days=1):
            gaps[-1] = DayRange(gaps[-1].first, day)
        else:
            gaps.append(DayRange(day, day))
    return gaps


def _gap_text(gap: DayRange) -> str:
    span = str(gap.first) if len(gap) == 1 else f"{gap.first} to {gap.last}"
    return f"{span} ({counted(len(gap), 'day')})"


def _ranges_text(ranges: Iterable[DayRange]) -> str:
    return ", ".join(str(days.first) if len(days) == 1 else f"{days.first} to {days.last}" for days in ranges)


def _month_text(day: date) -> str:
    return str(Month.of(day)) if 1900 <= day.year <= 2199 else f"{day:%Y-%m}"
