"""File name patterns of the configuration: which table a name belongs to and which days it claims (floor 3, pure).

A pattern is a file name.  ``{date_range}`` in it stands for YYYYMMDD-YYYYMMDD (both days included),
``{month}`` for YYYY-MM, ``*`` for any characters; everything else is literal, including brackets, dots and
question marks.  Exactly one of the two placeholders is required: a file whose name claims no days cannot be loaded
exactly once.  The name may have one of ``PACKED_SUFFIXES`` in addition to the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from snowflake_etl.errors import ConfigError, UsageError
from snowflake_etl.files.naming import shown
from snowflake_etl.month import DayRange, Month

DATE_RANGE = "{date_range}"
MONTH = "{month}"
PACKED_SUFFIXES = (".gz", ".zst", ".bz2")

_PIECES = {
    DATE_RANGE: r"(?P<first>[0-9]{8})-(?P<last>[0-9]{8})",
    MONTH: r"(?P<month>[0-9]{4}-[0-9]{2})",
    "*": r"[^/]*",
}
_SPLIT = re.compile("(" + "|".join(re.escape(piece) for piece in _PIECES) + ")")
_SUFFIX = "(?P<packed>" + "|".join(re.escape(suffix) for suffix in PACKED_SUFFIXES) + ")?"


@dataclass(frozen=True)
class Claim:
    """What a name that matches a pattern says: its days, or why they make no sense (``problem``).
    ``plain_name`` is the name without ``.gz`` and the like: equal for a file and its compressed copy.
    ``digits`` are the placeholder's characters, to tell which month a name with a problem is near.
    """

    plain_name: str
    digits: str
    days: DayRange | None = None
    problem: str = ""


@dataclass(frozen=True)
class FilePattern:
    """One entry of ``files`` in the configuration.  ``claim`` raises ConfigError when it is invalid."""

    text: str
    table: str

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        holders = self.text.count(DATE_RANGE) + self.text.count(MONTH)
        if holders != 1:
            found = "none" if holders == 0 else f"{holders}"
            raise ConfigError(
                f"The file pattern {shown(self.text)} of table {self.table} has {found} of the place holders "
                f"{DATE_RANGE} and {MONTH}. Write exactly one of them where the file names carry their days."
            )
        if "/" in self.text:
            raise ConfigError(
                f"The file pattern {shown(self.text)} of table {self.table} contains a folder. Write the file name "
                "alone; files are looked for in the base path and in its month folders (YYYY-MM or MMYYYY)."
            )
        pieces = (_PIECES.get(piece) or re.escape(piece) for piece in _SPLIT.split(self.text))
        return re.compile("".join(pieces) + _SUFFIX, re.DOTALL)

    def check(self) -> None:
        """Raise ConfigError when the pattern cannot be used."""
        _ = self._expression

    def claim(self, name: str) -> Claim | None:
        """Return what ``name`` (no folder) claims, or None when it does not match."""
        match = self._expression.fullmatch(name)
        if match is None:
            return None
        packed = match["packed"]
        plain_name = name[: -len(packed)] if packed else name
        groups = match.groupdict()
        digits = groups.get("month") or f"{groups['first']}-{groups['last']}"
        try:
            days = _month_days(digits) if "month" in groups else _range_days(groups["first"], groups["last"])
        except (ValueError, UsageError):
            return Claim(plain_name, digits, problem=f"{digits} in its name is not a range of days")
        if days.month is None:
            return Claim(plain_name, digits, problem=f"its name claims days of more than one month ({days})")
        return Claim(plain_name, digits, days)


def _month_days(digits: str) -> DayRange:
    return Month(int(digits[:4]), int(digits[5:])).days()


def _range_days(first: str, last: str) -> DayRange:
    return DayRange(_day(first), _day(last))


def _day(digits: str) -> date:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def patterns_in_words(patterns: Sequence[FilePattern]) -> str:
    """The patterns as part of a sentence: ``'a_{month}.tsv' (FLIGHTS) or 'b_{date_range}.csv' (FARES)``."""
    return " or ".join(f"{shown(pattern.text)} ({pattern.table})" for pattern in patterns)
