"""How findings say numbers and lists (floor 4, pure functions)."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_IN_A_SENTENCE = 5


def counted(number: int, thing: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def shown(text: str) -> str:
    """The text where a terminal can show it, else escaped: names and values come from files."""
    return text if text.isascii() and text.isprintable() else ascii(text)


def few(texts: list[str]) -> str:
    """The first few for a sentence; the samples of a finding hold all."""
    rest = len(texts) - _MOST_IN_A_SENTENCE
    return ", ".join(texts[:_MOST_IN_A_SENTENCE]) + (
        f" and {rest} more, all listed with the finding" if rest > 0 else ""
    )


def value_samples(values: Iterable[tuple[str, int]], lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines where there are some, else the values themselves; none is left out."""
    return tuple(f"line {line}" for line in lines) or tuple(
        f"{value!a}: {counted(rows, 'row')}" for value, rows in values
    )
