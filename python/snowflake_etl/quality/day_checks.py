"""Checks of rows and days (floor 4, pure functions: profile + expectations -> findings)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date, timedelta

from snowflake_etl.month import DayRange, Month
from snowflake_etl.plural import counted
from snowflake_etl.quality.anomalies import level, strange_days
from snowflake_etl.quality.profile import Expectations, Profile, Reason
from snowflake_etl.quality.wording import examples_of, few, shown, unlisted_of, value_samples
from snowflake_etl.results import Finding, Severity

OUTSIDE_DAYS = "outside_days"


def no_rows(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """A relation without any rows is never correct."""
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
    """Compare with the number of rows that was announced."""
    if expectations.rows is not None and profile.rows != expectations.rows and not _is_sample(profile):
        yield Finding(
            "row_count",
            Severity.ERROR,
            f"{shown(profile.subject)} has {counted(profile.rows, 'row')}, {expectations.rows:,} are expected "
            f"({profile.rows - expectations.rows:+,}). Compare with the source.",
            {"rows": profile.rows, "expected": expectations.rows, "difference": profile.rows - expectations.rows},
        )


def missing_days(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Every claimed day must have rows; missing days are reported as gaps."""
    if profile.rows_per_day is None or not expectations.days or profile.rows == 0 or _is_sample(profile):
        return
    claimed = claimed_days(expectations)
    wanted = expected_days(expectations)
    missing = [day for day in wanted if not profile.rows_per_day.get(day)]
    if not missing:
        return
    gaps = gaps_of(missing, expectations.closed_days)
    listed = ", ".join(_gap_text(gap, expectations.closed_days) for gap in gaps)
    kind = "business day" if len(wanted) < len(claimed) else "claimed day"
    yield Finding(
        "missing_days",
        Severity.ERROR,
        f"{len(missing)} of {counted(len(wanted), kind)} without rows: {listed}. "
        "Get a complete file, or claim only the days that it holds.",
        {"missing_days": len(missing), "claimed_days": len(claimed), "gaps": len(gaps)}
        | ({"business_days": len(wanted)} if len(wanted) < len(claimed) else {}),
        tuple(_gap_text(gap, expectations.closed_days) for gap in gaps),
    )


def closed_days(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Rows on weekends and holidays, if the configuration asks for business days only."""
    if not (profile.rows_per_day and expectations.only_open_days):
        return
    found = {
        day: rows for day, rows in sorted(profile.rows_per_day.items()) if rows and day in expectations.closed_days
    }
    if found:
        yield Finding(
            "rows_on_closed_days",
            Severity.ERROR,
            f"{counted(sum(found.values()), 'row')} of {counted(len(found), 'day')} that the calendar calls closed: "
            f"{few([f'{day} {day:%a} ({rows:,})' for day, rows in found.items()])}. "
            "Correct quality.calendar, or ask where these rows come from.",
            {"rows": sum(found.values()), "days": len(found)},
            tuple(f"{day}: {rows}" for day, rows in found.items()),
        )


def outside_days(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Rows on unclaimed days: a wrong month, or late rows."""
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
    """Days with far fewer or more rows than similar days, one finding per day."""
    if not profile.rows_per_day or _is_sample(profile):
        return
    judged = _judged_days(profile.rows_per_day, expectations)
    for strange in strange_days(judged, expectations.thresholds, expectations.earlier_days):
        low = strange.share < 1
        yield Finding(
            "few_rows_on_day" if low else "many_rows_on_day",
            Severity.ERROR if strange.is_error else Severity.WARNING,
            f"{strange.day} ({strange.day:%A}) has {counted(strange.rows, 'row')}, {strange.share:,.1%} of the "
            f"{_rows_text(strange.expected)} expected. Look whether "
            + ("rows of the day are missing." if low else "rows of the day are there twice."),
            {
                "day": str(strange.day),
                "rows": strange.rows,
                "expected": round(strange.expected, 1),
                "share": round(strange.share, 4),
            },
        )


def level_changed(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """A month whose days are all small (or large) compared with earlier months, but similar to each other."""
    if not (profile.rows_per_day and expectations.earlier_days) or _is_sample(profile):
        return
    thresholds = expectations.thresholds
    judged = _judged_days(profile.rows_per_day, expectations)
    share = level(judged, thresholds, expectations.earlier_days)
    low, high = thresholds.warning_share, 1 / thresholds.warning_share if thresholds.warning_share else None
    if share is None or (share >= low and (high is None or share <= high)):
        return
    yield Finding(
        "level_changed",
        Severity.ERROR if share < thresholds.error_share else Severity.WARNING,
        f"A typical day has {share:,.1%} of the rows that it had on {counted(len(expectations.earlier_days), 'day')} "
        f"before. Look whether rows of every day {'are missing' if share < 1 else 'are there twice'}.",
        {"share": round(share, 4), "earlier_days": len(expectations.earlier_days)},
    )


def null_dates(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Rows without a date, which belong to no month."""
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
    """Dates that do not match the configured format."""
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
            examples_of(bad.examples, bad.values),
        )


def sample(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Always report that only a part was checked, whatever was found in it."""
    if profile.sample_rows is not None:
        yield Finding(
            "sample",
            Severity.INFO,
            f"This is a SAMPLE: only the first {counted(profile.sample_rows, 'row')} were looked at. Days, their rows "
            "and all that stands behind were not judged; leave --sample-rows out to check everything.",
            {"sample_rows": profile.sample_rows},
        )


def _is_sample(profile: Profile) -> bool:
    """True if nothing can be said about what is missing."""
    return profile.sample_rows is not None


def claimed_days(expectations: Expectations) -> list[date]:
    """Every claimed day once, in order."""
    return sorted({day for days in expectations.days for day in days})


def expected_days(expectations: Expectations) -> list[date]:
    """Every claimed day that must have rows, in order."""
    return [day for day in claimed_days(expectations) if day not in expectations.closed_days]


def gaps_of(missing: Iterable[date], closed: Container[date] = ()) -> list[DayRange]:
    """Join neighbouring days; closed days between two missing ones do not split a gap."""
    gaps: list[DayRange] = []
    for day in sorted(missing):
        if gaps and _next_open(gaps[-1].last, day, closed) == day:
            gaps[-1] = DayRange(gaps[-1].first, day)
        else:
            gaps.append(DayRange(day, day))
    return gaps


def _next_open(day: date, latest: date, closed: Container[date]) -> date:
    following = day + timedelta(days=1)
    while following < latest and following in closed:
        following += timedelta(days=1)
    return following


def _judged_days(rows_per_day: Mapping[date, int], expectations: Expectations) -> dict[date, int]:
    """The days that should look alike: the claimed open ones, or all if none are claimed."""
    return {
        day: rows
        for day, rows in rows_per_day.items()
        if day not in expectations.closed_days
        and (not expectations.days or any(day in claimed for claimed in expectations.days))
    }


def _rows_text(expected: float) -> str:
    """A median as text, without decimals if it is whole, so that the reader can check the share."""
    return f"{expected:,.1f}".removesuffix(".0")


def _gap_text(gap: DayRange, closed: Container[date] = ()) -> str:
    span = str(gap.first) if len(gap) == 1 else f"{gap.first} to {gap.last}"
    return f"{span} ({counted(sum(day not in closed for day in gap), 'day')})"


def _ranges_text(ranges: Iterable[DayRange]) -> str:
    return ", ".join(str(days.first) if len(days) == 1 else f"{days.first} to {days.last}" for days in ranges)


def _month_text(day: date) -> str:
    return str(Month.of(day)) if 1900 <= day.year <= 2199 else f"{day:%Y-%m}"
