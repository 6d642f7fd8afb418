"""How findings say numbers and lists (floor 4, pure functions)."""

from __future__ import annotations

from collections.abc import Iterable

from snowflake_etl.quality.profile import BadValues, Lines

_MOST_IN_A_SENTENCE = 5
_EXAMPLES = 10


def counted(number: int, thing: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def shown(text: str) -> str:
    """The text if a terminal can show it, else escaped: names and values come from files."""
    return text if text.isascii() and text.isprintable() else ascii(text)


def few(texts: list[str], *, complete: bool = True) -> str:
    """The first few for a sentence; the samples of a finding hold all, up to their own limit."""
    rest = len(texts) - _MOST_IN_A_SENTENCE
    more = f" and {rest} more, all listed with the finding" if complete else f" and more than {rest} more"
    return ", ".join(texts[:_MOST_IN_A_SENTENCE]) + (more if rest > 0 else "")


def value_samples(values: Iterable[tuple[str, int]], lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines if there are any, else the values themselves; none is left out."""
    return tuple(f"line {line}" for line in lines) or tuple(
        f"{value!a}: {counted(rows, 'row')}" for value, rows in values
    )


def examples_of(in_lines: Iterable[tuple[int, str]], values: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """The first ten offending values: with their lines if there are any, else with their number of rows."""
    with_lines = tuple(f"line {line:,}: {value!a}" for line, value in in_lines)
    return with_lines or tuple(f"{value!a}: {counted(rows, 'row')}" for value, rows in values)[:_EXAMPLES]


def unlisted(rows: int, *several: Lines) -> dict[str, int]:
    """``lines_not_listed`` if the lines of some rows could not be kept, else nothing."""
    listed = sum(last - first + 1 for lines in several for first, last in lines.runs)
    return {"lines_not_listed": rows - listed} if rows > listed else {}


def unlisted_of(bad: BadValues) -> dict[str, int]:
    """The same for bad values, from an engine that has lines."""
    return unlisted(bad.rows, bad.lines) if bad.lines else {}
