"""Months and days as the operators write them (floor 1: pure functions, no I/O, no clock of its own).

``today`` is always passed in, so that "last month" can be tested on the 31st.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from snowflake_etl.errors import UsageError

HOW_TO_WRITE_MONTHS = (
    "Write YYYY-MM (2024-01), MMYYYY (012024), current, last, a list (2024-01,2024-03), "
    "a range (2024-01..2024-06) or all"
)
HOW_TO_WRITE_DAYS = "Write the first and the last day: 2024-01-03..2024-01-10, or one day"
ALL_MONTHS = "all"

_YEAR_FIRST = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{2})(\d{4})", re.ASCII)
_DAY = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})", re.ASCII)
_RANGE_LIMIT_MONTHS = 1200


@dataclass(frozen=True, order=True)
class Month:
    """One calendar month."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12:
            raise UsageError(f"There is no month {self.number:02d} in a year. {HOW_TO_WRITE_MONTHS}.")
        if not 1900 <= self.year <= 2199:
            raise UsageError(f"The year {self.year} is outside 1900 to 2199. {HOW_TO_WRITE_MONTHS}.")

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that ``day`` is in."""
        return cls(day.year, day.month)

    def next(self) -> Month:
        """The month after this one."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def previous(self) -> Month:
        """The month before this one."""
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        after = self.next()
        return date(after.year, after.number, 1) - timedelta(days=1)

    def days(self) -> DayRange:
        """Every day of the month."""
        return DayRange(self.first_day, self.last_day)


@dataclass(frozen=True, order=True)
class DayRange:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise UsageError(f"The days {self.first} to {self.last} run backwards: the first day has to come first.")

    def __str__(self) -> str:
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=offset) for offset in range(len(self)))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def after(self) -> date:
        """The day after the last one: the open end of a half-open range in SQL."""
        return self.last + timedelta(days=1)

    def overlaps(self, other: DayRange) -> bool:
        return self.first <= other.last and other.first <= self.last

    @property
    def month(self) -> Month | None:
        """The month that contains all the days, or None if they span several."""
        month = Month.of(self.first)
        return month if month == Month.of(self.last) else None


def parse_month(text: str, today: date) -> Month:
    """Read one month: YYYY-MM, MMYYYY, ``current`` or ``last``.  Raise UsageError for anything else."""
    word = text.strip().lower()
    if word == "current":
        return Month.of(today)
    if word == "last":
        return Month.of(today).previous()
    if match := _YEAR_FIRST.fullmatch(word):
        return Month(int(match[1]), int(match[2]))
    if match := _MONTH_FIRST.fullmatch(word):
        return Month(int(match[2]), int(match[1]))
    raise UsageError(f"'{text}' is not a month. {HOW_TO_WRITE_MONTHS}.")


def parse_months(text: str, today: date) -> list[Month]:
    """Read a list of months and ranges ``A..B``, in order, each month once.  Raise UsageError for a bad one.

    ``all`` is not handled here: only the files show which months there are.
    """
    months: set[Month] = set()
    for word in text.split(","):
        first_text, dots, last_text = word.partition("..")
        first = parse_month(first_text, today)
        last = parse_month(last_text, today) if dots else first
        months.update(_months_between(first, last))
    return sorted(months)


def parse_days(text: str) -> DayRange:
    """Read ``A..B``, both days included, or one day: 2024-01-31 or 20240131.  Raise UsageError for anything else."""
    first_text, dots, last_text = text.strip().partition("..")
    first = _parse_day(first_text, text)
    return DayRange(first, _parse_day(last_text, text) if dots else first)


def _parse_day(word: str, text: str) -> date:
    match = _DAY.fullmatch(word.strip())
    if not match:
        raise UsageError(f"'{text}' are no days. {HOW_TO_WRITE_DAYS}.")
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        raise UsageError(f"There is no day {word.strip()} in the calendar. {HOW_TO_WRITE_DAYS}.") from None


def _months_between(first: Month, last: Month) -> Iterable[Month]:
    if last < first:
        raise UsageError(f"The range {first}..{last} runs backwards. Write it as {last}..{first}.")
    count = (last.year - first.year) * 12 + last.number - first.number + 1
    if count > _RANGE_LIMIT_MONTHS:
        raise UsageError(
            f"The range {first}..{last} has {count} months; at most {_RANGE_LIMIT_MONTHS} are read at once."
        )
    month = first
    for _ in range(count):
        yield month
        month = month.next()
