"""Which days of a table must have rows if nobody says so (floor 5, pure functions)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from snowflake_etl.month import DayRange
from snowflake_etl.results import Finding, Severity

# When all days span more than a century, those more than a year apart are not treated as one run of days.
_MOST_DAYS = 36_525
_YEAR = timedelta(days=366)


def days_to_expect(
    found: Collection[date], claimed: Sequence[DayRange] = ()
) -> tuple[tuple[DayRange, ...], list[Finding]]:
    """Return all days from the first known to the last: days ``found`` in rows, and days that loaded files claim.
    So a month missing at either end is noticed.  A few rows dated 0001-01-01 or 9999-12-31 would give millions of days:
    then each run of days without a gap of more than a year counts by itself, and a finding says so.
    """
    days = sorted([*(DayRange(day, day) for day in found), *claimed])
    if not days:
        return (), []
    first, last = days[0].first, max(one.last for one in days)
    if (last - first).days < _MOST_DAYS:
        return (DayRange(first, last),), []
    return _runs(days), [
        Finding(
            "days_far_apart",
            Severity.WARNING,
            f"The days run from {first} to {last}. Holes of more than a year are not counted as missing. "
            "Check whether these dates are right.",
            {"first_day": str(first), "last_day": str(last)},
        )
    ]


def _runs(days: Sequence[DayRange]) -> tuple[DayRange, ...]:
    """Join days that are at most a year apart; ``days`` are sorted."""
    runs = [days[0]]
    for one in days[1:]:
        if one.first - runs[-1].last > _YEAR:
            runs.append(one)
        else:
            runs[-1] = DayRange(runs[-1].first, max(runs[-1].last, one.last))
    return tuple(runs)
