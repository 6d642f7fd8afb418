"""Finds days with an unusual number of rows (floor 4, pure functions).

A day is expected to be like other days of the same weekday, so that Saturdays may be quiet; if there are
too few of them, like all days.  Deviations are judged as shares of the expected day.  Days of earlier months, if
known, show what a weekday looks like; the overall level comes from the days being judged, so that a table may grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import median

from snowflake_etl.quality.profile import Thresholds

# Makes the median absolute deviation of normally distributed numbers equal to their standard deviation.
MAD_SCALE = 1.4826
# This many days have a level of their own; fewer are compared directly with the earlier days.
DAYS_OF_A_LEVEL = 7

DayCounts = Mapping[date, int]


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


def strange_days(
    rows_per_day: DayCounts, thresholds: Thresholds, earlier_days: DayCounts | None = None
) -> list[StrangeDay]:
    """Judge every day that has rows; days without any are missing days, and not judged here."""
    usual = Usual(_with_rows(rows_per_day), _with_rows(earlier_days or {}), thresholds)
    if len(usual.rows) < 2 and not usual.earlier_medians:
        return []
    found = []
    for day, count in sorted(usual.rows.items()):
        expected = usual.expected[day]
        if abs(count - expected) <= thresholds.normal_share * expected:
            continue
        share = count / expected
        outlier = abs(share - 1) > usual.band and usual.is_comparable(day)
        if share < thresholds.warning_share or outlier:
            found.append(StrangeDay(day, count, expected, share < thresholds.error_share))
    return found


def level(rows_per_day: DayCounts, thresholds: Thresholds, earlier_days: DayCounts) -> float | None:
    """The typical day as a share of what it was in earlier months; None if too little is known."""
    usual = Usual(_with_rows(rows_per_day), _with_rows(earlier_days), thresholds)
    return usual.level if len(usual.ratios) >= DAYS_OF_A_LEVEL else None


@dataclass(frozen=True)
class Usual:
    """What is usual for each weekday, by the days judged (``rows``) and those before them (``earlier``)."""

    rows: DayCounts
    earlier: DayCounts
    thresholds: Thresholds

    @cached_property
    def earlier_medians(self) -> Mapping[int, float]:
        """Rows of a typical earlier day, by weekday; only if there are enough of them."""
        counts = {weekday: _of_weekday(self.earlier, weekday) for weekday in range(7)}
        return {weekday: median(like) for weekday, like in counts.items() if len(like) >= self.thresholds.like_days}

    @cached_property
    def ratios(self) -> list[float]:
        """Each day as a share of its weekday in earlier months."""
        return self._shares_of_earlier(self.rows)

    @cached_property
    def level(self) -> float:
        """The current level relative to earlier months: 1.0 is the same."""
        return median(self.ratios) if len(self.ratios) >= DAYS_OF_A_LEVEL else 1.0

    @cached_property
    def expected(self) -> Mapping[date, float]:
        """Rows expected of each day."""
        by_weekday = {weekday: self._like(weekday) for weekday in {day.weekday() for day in self.rows}}
        typical = median(self.rows.values()) if self.rows else 0.0
        enough = self.thresholds.like_days
        return {day: median(like) if len(like := by_weekday[day.weekday()]) >= enough else typical for day in self.rows}

    @cached_property
    def band(self) -> float:
        """How far shares may be from 1: the width in scaled MADs of all days' shares.

        From shares and not from rows, so that the weekly rhythm does not count as spread.  If earlier days
        scattered more than these, their spread is used.
        """
        own = [count / self.expected[day] for day, count in self.rows.items()]
        spread = max(_deviation(own), _deviation(self._shares_of_earlier(self.earlier)))
        return self.thresholds.band_width * MAD_SCALE * spread

    def is_comparable(self, day: date) -> bool:
        """True if the day may be called an outlier.
        With few days of its weekday that requires that there are some, that they are normal, and that this day differs.
        A single Saturday in a week says nothing about Saturdays.
        """
        if len(self._like(day.weekday())) >= self.thresholds.like_days:
            return True
        others = [rows for other, rows in self.rows.items() if other.weekday() == day.weekday() and other != day]
        typical = median(self.rows.values())
        sane = [rows for rows in others if rows >= self.thresholds.warning_share * typical]
        return bool(sane) and all(abs(self.rows[day] / rows - 1) > self.thresholds.normal_share for rows in sane)

    def _like(self, weekday: int) -> list[float]:
        """Rows of the days of one weekday; earlier ones scaled to the level of these."""
        earlier = _of_weekday(self.earlier, weekday) if weekday in self.earlier_medians else []
        return [*_of_weekday(self.rows, weekday), *(self.level * rows for rows in earlier)]

    def _shares_of_earlier(self, days: DayCounts) -> list[float]:
        medians = self.earlier_medians
        return [rows / medians[day.weekday()] for day, rows in days.items() if day.weekday() in medians]


def _with_rows(days: DayCounts) -> DayCounts:
    return {day: rows for day, rows in days.items() if rows > 0}


def _of_weekday(days: DayCounts, weekday: int) -> list[int]:
    return [rows for day, rows in days.items() if day.weekday() == weekday]


def _deviation(shares: Iterable[float]) -> float:
    """The median absolute deviation, 0 for no values."""
    values = list(shares)
    if not values:
        return 0.0
    middle = median(values)
    return median(abs(share - middle) for share in values)
