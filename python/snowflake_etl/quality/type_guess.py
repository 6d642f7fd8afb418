"""Suggests column types for a table from the counts of a file's columns (floor 4, pure).
A suggestion for people to review: it holds for every value that was read, and leaves room for future ones.
If two date formats fit all values, none is suggested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from snowflake_etl.month import DayRange
from snowflake_etl.quality.column_facts import DATE_FORMATS, ISO_TIMESTAMP, TIMESTAMP_FORMATS, ColumnFacts

_PRECISIONS = (9, 18, 38)
_LENGTHS = (10, 20, 50, 100, 255, 1_000, 4_000, 16_777_216)


@dataclass(frozen=True)
class Guess:
    """A column's type for its declaration; ``format`` is the format of its days, ``formats`` all that fit.

    ``null_words`` stand for NULL in it, since the other values are of the type.  ``first`` and ``last`` are its days.
    """

    name: str
    type: str
    format: str | None = None
    formats: tuple[str, ...] = ()
    null_words: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def is_day(self) -> bool:
        """True for a column of days, even if their format is not clear."""
        return bool(self.formats)


def guess(facts: ColumnFacts) -> Guess:
    """The type of one column."""
    if not facts.values:
        return Guess(facts.name, _text(facts))
    words = tuple(facts.null_words)
    for kind, tried in (("DATE", DATE_FORMATS), ("TIMESTAMP_NTZ", TIMESTAMP_FORMATS)):
        fitting = tuple(each for each in tried if each in facts.days and facts.days[each].values == facts.values)
        if fitting:
            days = facts.days[fitting[0]]
            if len(fitting) > 1:
                # 01/02/2024: a guess here could swap days and months.
                return Guess(facts.name, _text(facts), None, fitting)
            # TIMESTAMP_NTZ would drop the offset, and so lose the actual instant.
            zoned = facts.offsets and kind == "TIMESTAMP_NTZ"
            return Guess(
                facts.name, "TIMESTAMP_TZ" if zoned else kind, fitting[0], fitting, words, days.first, days.last
            )
    return Guess(facts.name, *_plain(facts, words))


def _plain(facts: ColumnFacts, words: tuple[str, ...]) -> tuple[str, None, tuple[str, ...], tuple[str, ...]]:
    count = facts.values
    if facts.booleans == count:
        return "BOOLEAN", None, (), words
    # 007 is a name written in digits.
    if not facts.leading_zeros and facts.numbers == count and facts.digits + facts.fraction <= _PRECISIONS[-1]:
        if not facts.fraction:
            return f"NUMBER({_step(facts.digits, _PRECISIONS)},0)", None, (), words
        return f"NUMBER({_step(facts.digits + facts.fraction, _PRECISIONS)},{facts.fraction})", None, (), words
    if not facts.leading_zeros and facts.floats == count and facts.numbers < count:
        return "FLOAT", None, (), words
    return _text(facts), None, (), ()


def _text(facts: ColumnFacts) -> str:
    longest = facts.longest or 0
    same = facts.shortest == longest and 0 < longest <= _LENGTHS[0]
    return f"VARCHAR({longest if same else _step(longest, _LENGTHS)})"


def _step(needed: int, steps: Sequence[int]) -> int:
    return next((step for step in steps if step >= needed), steps[-1])


def date_column(guesses: Sequence[Guess], claimed: DayRange | None) -> Guess | None:
    """The column with a row's day: the one within the claimed days, or the only one; None if unclear."""
    clear = [each for each in guesses if each.format]
    if claimed is not None:
        within = [
            each
            for each in clear
            if each.first and each.last and claimed.first <= each.first and each.last <= claimed.last
        ]
        # Dates are preferred to timestamps: they are plain days.
        return min(within, key=lambda each: each.type != "DATE", default=None)
    return clear[0] if len(clear) == 1 else None


def timestamp_format(guesses: Sequence[Guess]) -> tuple[str | None, list[str]]:
    """The one timestamp format that is not ISO (None if there is none), and the columns with another one."""
    timestamps = [each for each in guesses if each.type.startswith("TIMESTAMP")]
    formats = dict.fromkeys(each.format for each in timestamps)
    if not formats or list(formats) == [ISO_TIMESTAMP]:
        return None, []
    chosen = next(iter(formats))
    others = [each.name for each in timestamps if each.format != chosen]
    return (None if chosen == ISO_TIMESTAMP else chosen), others
