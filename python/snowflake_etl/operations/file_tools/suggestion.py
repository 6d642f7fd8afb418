"""A file's entry in a configuration, from its name, its layout and what was counted in its columns (floor 5, pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import is_utf8
from snowflake_etl.files.patterns import DATE_RANGE, MONTH, PACKED_SUFFIXES, FilePattern
from snowflake_etl.month import DayRange
from snowflake_etl.quality.column_facts import ColumnFacts
from snowflake_etl.quality.type_guess import Guess, date_column, guess, timestamp_format

_HOLDERS = (
    (re.compile(r"(?<![0-9])[0-9]{8}-[0-9]{8}(?![0-9])"), DATE_RANGE),
    (re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}(?![0-9-])"), MONTH),
)
DEFAULT_NULLS = ("", "\\N")
_FORMATS = {"\t": "TSV", ",": "CSV"}


@dataclass(frozen=True)
class NamePattern:
    """A pattern that a file's name matches, with the days that the name claims; None where it claims none."""

    text: str
    days: DayRange | None

    @property
    def table(self) -> str:
        """A table name, made from the words before the days in the file's name, else from those after."""
        before, _, behind = re.sub(r"[{](date_range|month)[}]", "\0", self.text).partition("\0")
        words = re.findall(r"[A-Za-z0-9]+", before) or re.findall(r"[A-Za-z0-9]+", behind.rsplit(".", 1)[0])
        name = "_".join(words).upper() or "NEW_TABLE"
        return f"T_{name}" if name[0].isdigit() else name


@dataclass(frozen=True)
class Suggestion:
    """An entry of ``files`` and notes for the person who adopts it."""

    entry: dict[str, Any]
    guesses: tuple[Guess, ...]
    notes: tuple[str, ...]


def pattern_of(name: str) -> NamePattern:
    """The name with a placeholder for its days."""
    plain = next((name.removesuffix(each) for each in PACKED_SUFFIXES if name.endswith(each)), name)
    for expression, holder in _HOLDERS:
        for found in expression.finditer(plain):
            text = plain[: found.start()] + holder + plain[found.end() :]
            claim = FilePattern(text, "").claim(plain)
            if claim and claim.days:
                return NamePattern(text, claim.days)
    return NamePattern(plain, None)


def suggest(
    path: Path,
    layout: Layout,
    columns: Sequence[ColumnFacts],
    table: str | None = None,
    nulls: Sequence[str] = DEFAULT_NULLS,
) -> Suggestion:
    """The entry for files like this one; ``columns`` are the counts of one file or of several together.
    ``nulls`` are the texts that were read as NULL.
    """
    pattern = pattern_of(path.name)
    guesses = tuple(guess(each) for each in columns)
    day = date_column(guesses, pattern.days)
    other_format, odd = timestamp_format(guesses)
    notes = [_without_days(path)] if pattern.days is None else []
    entry: dict[str, Any] = {
        "file_pattern": pattern.text
        if pattern.days
        else f"{Path(pattern.text).stem}_{DATE_RANGE}{Path(pattern.text).suffix}",
        "table_name": table or pattern.table,
        **_layout(layout),
    }
    words = sorted({word for each in guesses for word in each.null_words})
    if words or tuple(nulls) != DEFAULT_NULLS:
        entry["null_values"] = [*nulls, *words]
    if day is not None:
        entry["date_column"] = day.name
    else:
        notes.append(_no_date_column(guesses))
    written = next((each.format for each in (day, *guesses) if each and each.type == "DATE"), None)
    if written:
        entry["date_format"] = written
        odd += [each.name for each in guesses if each.type == "DATE" and each.format != written]
    if other_format:
        entry["timestamp_format"] = other_format
    if not layout.header:
        entry["expected_columns"] = [each.name for each in guesses]
        notes.append("The file has no header: write the names of its columns in place of column_1 and so on.")
    # One COPY reads all dates in one format: a column in another format stays text.
    types = {each.name: "VARCHAR(50)" if each.name in odd else each.type for each in guesses}
    entry["create_table"] = types
    notes += [
        f"{each.name}: its days can be read as {' and as '.join(each.formats)}; it stays text until somebody knows."
        for each in guesses
        if len(each.formats) > 1
    ]
    notes += [f"{name}: its days are written differently from the others'; it stays text." for name in odd]
    return Suggestion(entry, guesses, tuple(notes))


def _layout(layout: Layout) -> dict[str, Any]:
    known = _FORMATS.get(layout.delimiter)
    entry: dict[str, Any] = {"file_format": known} if known else {"delimiter": layout.delimiter}
    entry["header"] = layout.header
    if layout.quote is not None:
        entry["quote_char"] = layout.quote
    if not is_utf8(layout.encoding):
        entry["encoding"] = layout.encoding
    return entry


def _without_days(path: Path) -> str:
    return (
        f"The name {shown(path.name)} claims no days (YYYYMMDD-YYYYMMDD or YYYY-MM), which a load needs. Rename the "
        "files so that they match the pattern, or correct the pattern."
    )


def _no_date_column(guesses: Sequence[Guess]) -> str:
    days = [each.name for each in guesses if each.is_day]
    if not days:
        return "No column looks like days, so there is no date_column: the table is loaded as a whole."
    return f"Which column holds a row's day is not clear ({', '.join(days)}): write date_column."
