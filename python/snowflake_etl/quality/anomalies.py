"""Which days have a strange number of rows (floor 4, pure functions).

A day is expected to be like the other days of its weekday, so that Saturdays may be quiet; where there are
too few of them, like all days.  Deviations are judged as shares of the expected day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

from snowflake_etl.quality.profile import Thresholds

# Makes the median absolute deviation of normally distributed numbers equal to their standard deviation.
MAD_SCALE = 1.4826


@dataclass(frozen=True)
class StrangeDay:
    """A day whose ``rows`` are far from the ``expected`` ones; ``is_error`` below the error share."""

    day: date
    rows: int
    expected: float
    is_error: bool

    @property
    def share(self) -> float:
        """Rows as a share of the expected ones: 1.0 is as expected."""
        return self.rows / self.expected


def strange_days(rows_per_day: Mapping[date, int], thresholds: Thresholds) -> list[StrangeDay]:
    """Judge every day that has rows; days without any are missing days, and not judged here."""
    rows = {day: count for day, count in rows_per_day.items() if count > 0}
    if len(rows) < 2:
        return []
    expected = {day: _expected(day, rows, thresholds.like_days) for day in rows}
    band = _band(rows, expected, thresholds)
    found = []
    for day, count in sorted(rows.items()):
        share = count / expected[day]
        deviation = abs(share - 1)
        if abs(count - expected[day]) <= thresholds.normal_share * expected[day]:
            continue
        low = share < thresholds.warning_share
        outlier = deviation > band and _comparable(day, rows, thresholds)
        if low or outlier:
            found.append(StrangeDay(day, count, expected[day], share < thresholds.error_share))
    return found


def _like(day: date, rows: Mapping[date, int]) -> list[int]:
    return [count for other, count in rows.items() if other.weekday() == day.weekday()]


def _expected(day: date, rows: Mapping[date, int], like_days: int) -> float:
    like = _like(day, rows)
    return median(like if len(like) >= like_days else rows.values())


def _band(rows: Mapping[date, int], expected: Mapping[date, float], thresholds: Thresholds) -> float:
    """How far shares may be from 1: the width in scaled MADs of all days' shares.

    Over shares and not over rows, so that the weekly rhythm does not count as spread.
    """
    shares = [count / expected[day] for day, count in rows.items()]
    middle = median(shares)
    return thresholds.band_width * MAD_SCALE * median(abs(share - middle) for share in shares)


def _comparable(day: date, rows: Mapping[date, int], thresholds: Thresholds) -> bool:
    """True where the day may be called an outlier.

    With few days of its weekday that means: there are some, they are sane, and the day is not like them.  A
    single Saturday in a week says nothing about Saturdays.
    """
    like = _like(day, rows)
    if len(like) >= thresholds.like_days:
        return True
    others = [count for other, count in rows.items() if other.weekday() == day.weekday() and other != day]
    typical = median(rows.values())
    sane = [count for count in others if count >= thresholds.warning_share * typical]
    return bool(sane) and all(abs(rows[day] / count - 1) > thresholds.normal_share for count in sane)
