"""What the values of a file's columns look like, counted by DuckDB (floor 4): numbers, days, lengths, NULLs.

For every hypothesis (an integer, a day in this format) the values that fit are counted; ``type_guess`` draws the
conclusions, and never from only some of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.formats import fixed_width, to_strptime
from snowflake_etl.quality.names import text_literal
from snowflake_etl.quality.numbers import number

NULL_WORDS = ("NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-", "?")
"""Texts that files use for "nothing" if the column is not text."""

DATE_FORMATS = (
    "YYYYMMDD",
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "DD-MON-YYYY",
)
ISO_TIMESTAMP = "YYYY-MM-DD HH24:MI:SS"
"""Stands for every ISO spelling: with T, with fractions of a second, with a zone."""

TIMESTAMP_FORMATS = (
    ISO_TIMESTAMP,
    "YYYYMMDDHH24MISS",
    "YYYYMMDD HH24:MI:SS",
    "YYYY/MM/DD HH24:MI:SS",
    "DD.MM.YYYY HH24:MI:SS",
    "DD/MM/YYYY HH24:MI:SS",
    "MM/DD/YYYY HH24:MI:SS",
)
_NUMBER = "[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_SHOWN_CHARACTERS = 60
# Memory and DuckDB's planning time grow with the aggregates of a statement; a column can have some eighty.
_QUESTIONS_OF_A_SCAN = 800


@dataclass(frozen=True)
class DayFacts:
    """How many values are days in one format, and the first and last of them."""

    values: int = 0
    first: date | None = None
    last: date | None = None

    def merged(self, other: DayFacts) -> DayFacts:
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        return DayFacts(self.values + other.values, min(firsts, default=None), max(lasts, default=None))


@dataclass(frozen=True)
class ColumnFacts:
    """One column; ``values`` are those that are neither NULL nor one of ``NULL_WORDS``.

    ``numbers``, ``floats``, ``booleans`` and ``days`` count the values of each kind; if all are numbers, ``digits`` is
    the maximum before the decimal point and ``fraction`` after it.  ``distinct`` is estimated, ``least`` and
    ``greatest`` are texts.  ``offsets`` are values that end like a time with an offset from UTC.
    """

    name: str
    nulls: int = 0
    values: int = 0
    null_words: Mapping[str, int] = field(default_factory=dict)
    shortest: int | None = None
    longest: int | None = None
    least: str | None = None
    greatest: str | None = None
    distinct: int = 0
    leading_zeros: int = 0
    numbers: int = 0
    digits: int = 0
    fraction: int = 0
    floats: int = 0
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    booleans: int = 0
    days: Mapping[str, DayFacts] = field(default_factory=dict)
    offsets: int = 0

    def merged(self, other: ColumnFacts) -> ColumnFacts:
        """Combine the facts of both; ``distinct`` and ``mean`` only as far as they can be known."""
        words = {*self.null_words, *other.null_words}
        formats = [each for each in (*DATE_FORMATS, *TIMESTAMP_FORMATS) if each in self.days or each in other.days]
        nothing = DayFacts()
        return replace(
            self,
            nulls=self.nulls + other.nulls,
            values=self.values + other.values,
            null_words={word: self.null_words.get(word, 0) + other.null_words.get(word, 0) for word in sorted(words)},
            shortest=_least(self.shortest, other.shortest),
            longest=_greatest(self.longest, other.longest),
            least=_least(self.least, other.least),
            greatest=_greatest(self.greatest, other.greatest),
            distinct=max(self.distinct, other.distinct),
            leading_zeros=self.leading_zeros + other.leading_zeros,
            numbers=self.numbers + other.numbers,
            digits=max(self.digits, other.digits),
            fraction=max(self.fraction, other.fraction),
            floats=self.floats + other.floats,
            lowest=_least(self.lowest, other.lowest),
            highest=_greatest(self.highest, other.highest),
            mean=None,
            booleans=self.booleans + other.booleans,
            days={each: self.days.get(each, nothing).merged(other.days.get(each, nothing)) for each in formats},
            offsets=self.offsets + other.offsets,
        )


@dataclass(frozen=True)
class Hypotheses:
    """What a column may still be: at first anything, later what held for all values counted so far."""

    numbers: bool = True
    floats: bool = True
    booleans: bool = True
    formats: tuple[str, ...] = (*DATE_FORMATS, *TIMESTAMP_FORMATS)

    @classmethod
    def left_by(cls, facts: ColumnFacts) -> Hypotheses:
        """The hypotheses left by the first rows; a text column stays one whatever follows, so nothing more is
        counted.
        """
        if not facts.values:
            return cls()
        return cls(
            facts.numbers == facts.values and not facts.leading_zeros,
            facts.floats == facts.values and not facts.leading_zeros,
            facts.booleans == facts.values,
            tuple(each for each, days in facts.days.items() if days.values == facts.values),
        )

    @property
    def any(self) -> bool:
        return self.numbers or self.floats or self.booleans or bool(self.formats)


def count_columns(
    relation: FileRelation, names: Sequence[str], left: Sequence[Hypotheses] | None = None
) -> tuple[int, tuple[ColumnFacts, ...]]:
    """Count the rows and every column; ``left`` says what columns may still be, by default anything."""
    rows, facts = 0, []
    for asked in _scans([left[place] if left else Hypotheses() for place in range(len(names))]):
        answers = iter(relation.query(_statement(asked))[0])
        rows = int(next(answers))
        for place, questions in asked.items():
            facts.append(_facts(names[place], rows, {what: next(answers) for what, _ in questions}))
    return rows, tuple(facts)


Value = TypeVar("Value", int, float, str)
_Question = tuple[str, str]


def _scans(tried: Sequence[Hypotheses]) -> Iterator[dict[int, list[_Question]]]:
    """The aggregates for each column, by position: as many columns at once as fit in one statement, at least one."""
    asked: dict[int, list[_Question]] = {}
    for place, left in enumerate(tried):
        questions = _questions(place, left)
        if asked and sum(map(len, asked.values())) + len(questions) > _QUESTIONS_OF_A_SCAN:
            yield asked
            asked = {}
        asked[place] = questions
    yield asked


def _statement(asked: Mapping[int, Sequence[_Question]]) -> Callable[[str], str]:
    values = ", ".join(
        f"c{place}, CASE WHEN NOT ({_is_word(f'c{place}')}) THEN c{place} END AS v{place}" for place in asked
    )
    selected = ", ".join(sql for questions in asked.values() for _, sql in questions)
    return lambda source: f"SELECT COUNT(*), {selected} FROM (SELECT {values} FROM {source})"


def _is_word(value: str) -> str:
    """SQL that is true for a text that means "nothing"."""
    # IN with this many makes DuckDB join each column with a table of them: 4 MB and a separate plan per column.
    return " OR ".join(f"{value} = {text_literal(word)}" for word in NULL_WORDS)


def _questions(place: int, left: Hypotheses) -> list[_Question]:
    raw, value = f"c{place}", f"v{place}"
    double = number(value, "DOUBLE")
    finite = f"CASE WHEN isfinite({double}) THEN {double} END"
    # Functions that parse texts cost ten times as much as these.
    length, point = (
        f"(strlen({value}) - (prefix({value}, '-') OR prefix({value}, '+'))::INTEGER)",
        f"instr({value}, '.')",
    )
    asked = [
        ("filled", f"COUNT({raw})"),
        ("values", f"COUNT({value})"),
        ("shortest", f"MIN(length({raw}))"),
        ("longest", f"MAX(length({raw}))"),
        ("least", f"MIN(left({raw}, {_SHOWN_CHARACTERS}))"),
        ("greatest", f"MAX(left({raw}, {_SHOWN_CHARACTERS}))"),
        ("distinct", f"approx_count_distinct({raw})"),
    ]
    if left.any:
        asked += [(f"word {word}", _number_of(f"{raw} = {text_literal(word)}")) for word in NULL_WORDS]
    if left.numbers:
        asked += [
            ("numbers", _number_of(f"regexp_full_match({value}, '{_NUMBER}')")),
            ("digits", f"MAX({length} - CASE WHEN {point} > 0 THEN strlen({value}) - {point} + 1 ELSE 0 END)"),
            ("fraction", f"MAX(CASE WHEN {point} > 0 THEN strlen({value}) - {point} ELSE 0 END)"),
        ]
    if left.numbers or left.floats:
        asked.append(("leading_zeros", _number_of(f"regexp_matches({value}, '^[-+]?0[0-9]')")))
    if left.floats:
        asked += [
            ("floats", f"COUNT({finite})"),
            ("lowest", f"MIN({finite})"),
            ("highest", f"MAX({finite})"),
            ("mean", f"AVG({finite})"),
        ]
    if left.booleans:
        asked.append(("booleans", _number_of(f"lower({value}) IN ('true', 'false')")))
    if ISO_TIMESTAMP in left.formats:
        asked.append(("offsets", _number_of(f"regexp_matches({value}, ':[0-9.:]+ ?[-+][0-9:]+$')")))
    for each in left.formats:
        day = _day(value, each)
        asked += [(f"days {each}", f"COUNT({day})"), (f"first {each}", f"MIN({day})"), (f"last {each}", f"MAX({day})")]
    return asked


def _number_of(condition: str) -> str:
    """Count the values that fulfil it.  FILTER would copy every column of the statement for every aggregate that
    uses it.
    """
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def _day(value: str, text: str) -> str:
    """The day of a value in that format and in a plausible year, else NULL."""
    if text == ISO_TIMESTAMP:
        # No 24:00, PM or time zone names: DuckDB accepts them, Snowflake does not.
        written = f"regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]([01][0-9]|2[0-3]):[-+0-9:. Z]+')"
        day = f"CASE WHEN {written} THEN TRY_CAST({value} AS TIMESTAMP)::DATE END"
    else:
        pattern = to_strptime(text) or ""
        width = fixed_width(pattern)
        day = f"TRY_STRPTIME({value}, {text_literal(pattern)})::DATE"
        if width is not None:
            day = f"CASE WHEN strlen({value}) = {width} THEN {day} END"
    return f"CASE WHEN year({day}) BETWEEN {_FIRST_YEAR} AND {_LAST_YEAR} THEN {day} END"


def _facts(name: str, rows: int, fields: Mapping[str, Any]) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        nulls=rows - fields["filled"],
        values=fields["values"],
        null_words={word: count for word in sorted(NULL_WORDS) if (count := fields.get(f"word {word}"))},
        shortest=fields["shortest"],
        longest=fields["longest"],
        least=fields["least"],
        greatest=fields["greatest"],
        distinct=min(fields["distinct"], fields["filled"]),
        leading_zeros=fields.get("leading_zeros", 0),
        numbers=fields.get("numbers", 0),
        digits=fields.get("digits") or 0,
        fraction=fields.get("fraction") or 0,
        floats=fields.get("floats", 0),
        lowest=fields.get("lowest"),
        highest=fields.get("highest"),
        mean=fields.get("mean"),
        booleans=fields.get("booleans", 0),
        days={
            each: DayFacts(fields[f"days {each}"], fields[f"first {each}"], fields[f"last {each}"])
            for each in (*DATE_FORMATS, *TIMESTAMP_FORMATS)
            if fields.get(f"days {each}")
        },
        offsets=fields.get("offsets", 0),
    )


def _least(one: Value | None, other: Value | None) -> Value | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _greatest(one: Value | None, other: Value | None) -> Value | None:
    return max((each for each in (one, other) if each is not None), default=None)
