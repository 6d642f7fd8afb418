"""One record and its neighbours (floor 5), from the file or from its part on the stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.quoted import Shape, quoted_records
from snowflake_etl.results_diagnosis import ShownLine

NEIGHBOURS = 2
_LINES_OF_A_RECORD = 200
_LONGEST_LINE = 2_000_000
_SHOWN_BEFORE = 200
_SHOWN_AFTER = 400


@dataclass(frozen=True)
class Neighbourhood:
    """Lines of a text: the one numbered ``line`` (from 1), those around it, and the further lines its record may need.

    ``first`` is the number of the first of ``lines``.
    """

    line: int
    first: int
    lines: tuple[bytes, ...]

    @property
    def wrong(self) -> bytes:
        return self.lines[self.line - self.first]


def neighbourhood(text: Iterator[bytes], line: int) -> Neighbourhood | None:
    """Read up to a line and a little beyond; None when the text ends before it."""
    first = max(1, line - NEIGHBOURS)
    lines = _window(text, first, line + _LINES_OF_A_RECORD)
    return Neighbourhood(line, first, tuple(lines)) if len(lines) > line - first else None


def _window(text: Iterator[bytes], first: int, last: int) -> list[bytes]:
    """The lines ``first`` to ``last`` without line ends; the lines before are only counted."""
    number, pending, kept = 1, b"", list[bytes]()
    for chunk in text:
        newlines = chunk.count(b"\n")
        if number + newlines < first:
            number += newlines
            continue
        *whole, pending = (pending + chunk).split(b"\n")
        for content in whole:
            if first <= number <= last:
                kept.append(content.removesuffix(b"\r"))
            number += 1
        if number > last:
            return kept
        pending = pending[:_LONGEST_LINE]
    if pending and first <= number <= last:
        kept.append(pending.removesuffix(b"\r"))
    return kept


def fields_of(near: Neighbourhood, layout: Layout) -> list[bytes]:
    """The fields of the record that begins on the line; [] if it cannot be determined because of quotes."""
    if layout.quote is None:
        return near.wrong.split(layout.delimiter.encode())
    lines = enumerate(near.lines[near.line - near.first :], near.line)
    shape = Shape(layout.delimiter.encode(), layout.quote.encode(), len(layout.columns))
    record = next(quoted_records(lines, shape), None)
    return record.fields if record and not record.unbalanced else []


def shown_lines(near: Neighbourhood, value: bytes | None) -> tuple[ShownLine, ...]:
    """The line and its neighbours; of a very long line only the text around the value."""
    at = near.line - near.first
    shown = [
        ShownLine(near.first + place, printable(content[: _SHOWN_BEFORE + _SHOWN_AFTER]))
        for place, content in enumerate(near.lines[: at + NEIGHBOURS + 1])
        if place != at
    ]
    start = near.wrong.find(value) if value else 0
    begin = max(0, start - _SHOWN_BEFORE)
    before = printable(near.wrong[begin:start]) if start > 0 else ""
    text = before + printable(near.wrong[max(start, 0) : max(start, 0) + _SHOWN_AFTER])
    shown.append(ShownLine(near.line, text, wrong=True, focus=len(before)))
    return tuple(sorted(shown, key=lambda one: one.number))


def printable(content: bytes) -> str:
    """Text in which undecodable bytes, control codes and tabs are escaped."""
    text = content.decode("utf-8", "backslashreplace")
    return "".join(
        character if " " <= character <= "~" else character.encode("unicode_escape").decode() for character in text
    )


def place_of(fields: Sequence[bytes], columns: Sequence[str], column: str, told: int) -> int:
    """The number of a column among the fields, from 0: as given, else found by its name; -1 if neither helps."""
    if 0 < told <= len(fields):
        return told - 1
    folded = [name.upper().strip('"') for name in columns]
    return folded.index(column.upper()) if column.upper() in folded else -1
