"""Records of a quoted file, in which a stray quote must not swallow the rows after it (floor 4, pure).

A field is quoted only when the quote is its first character; a quote inside is doubled.  A quoted value may
hold newlines.  If the lines that it would include look like separate rows, or it never ends, the quote
is stray: its line is one unbalanced record, and reading restarts with the next line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES_OF_A_VALUE = 10_000
MOST_BYTES_OF_A_RECORD = 2_000_000
_DIGITS_OF_A_DATE = 4


@dataclass(frozen=True)
class Record:
    """One record: its first line's number, its unchanged lines, its fields without quotes."""

    number: int
    lines: tuple[bytes, ...]
    fields: list[bytes]
    unbalanced: bool = False


@dataclass(frozen=True)
class Shape:
    """How records look: delimiter, quote, number of columns, and the position of a date (None: there is none)."""

    delimiter: bytes
    quote: bytes
    columns: int
    date_place: int | None = None

    def is_row(self, line: bytes) -> bool:
        """True if a line that a quoted value would include is more likely a separate row."""
        if self.columns == 1 or line.count(self.delimiter) != self.columns - 1:
            return False
        if self.quote in line and self.delimiter not in line.partition(self.quote)[0]:
            return False  # the end of a value in the first column, and the columns after it
        if self.date_place is None:
            return True
        date = line.split(self.delimiter)[self.date_place]
        return sum(48 <= byte <= 57 for byte in date) >= _DIGITS_OF_A_DATE


def quoted_records(lines: Iterator[tuple[int, bytes]], shape: Shape) -> Iterator[Record]:
    """Join lines (without newline) into records."""
    waiting: deque[tuple[int, bytes]] = deque()
    while True:
        if not waiting:
            following = next(lines, None)
            if following is None:
                return
            waiting.append(following)
        number, line = waiting.popleft()
        text = line.removesuffix(b"\r")
        if shape.quote not in text:
            yield Record(number, (line,), text.split(shape.delimiter))
            continue
        fields, state = _parsed(text, shape.delimiter, shape.quote)
        if state == _OPEN:
            yield _continued(number, line, lines, waiting, shape)
        else:
            yield Record(number, (line,), fields, unbalanced=state == _BROKEN)


def _continued(
    number: int,
    line: bytes,
    lines: Iterator[tuple[int, bytes]],
    waiting: deque[tuple[int, bytes]],
    shape: Shape,
) -> Record:
    """Read on until the quote closes; lines that turn out to be separate rows go back to ``waiting``."""
    taken = [line]
    size = len(line)
    place = 0
    while len(taken) < MOST_LINES_OF_A_VALUE and size < MOST_BYTES_OF_A_RECORD:
        if place == len(waiting):
            following = next(lines, None)
            if following is None:
                break
            waiting.append(following)
        addition = waiting[place][1]
        place += 1
        taken.append(addition)
        size += len(addition) + 1
        if shape.is_row(addition):
            break
        if shape.quote not in addition:
            continue
        fields, state = _parsed(b"\n".join(taken).removesuffix(b"\r"), shape.delimiter, shape.quote)
        if state == _CLOSED and len(fields) == shape.columns:
            for _ in range(place):
                waiting.popleft()
            return Record(number, tuple(taken), fields)
        if state != _OPEN:
            break
    return Record(number, (line,), [], unbalanced=True)


_CLOSED, _OPEN, _BROKEN = "closed", "open", "broken"


def _parsed(text: bytes, delimiter: bytes, quote: bytes) -> tuple[list[bytes], str]:
    """Split a text into fields.  The state is open when it ends inside a quoted one, broken when a closing quote is
    followed by something other than a delimiter.
    """
    fields: list[bytes] = []
    position = 0
    while True:
        if not text.startswith(quote, position):
            end = text.find(delimiter, position)
            if end < 0:
                fields.append(text[position:])
                return fields, _CLOSED
            fields.append(text[position:end])
            position = end + 1
            continue
        end = _closing_quote(text, position + 1, quote)
        if end < 0:
            return fields, _OPEN
        fields.append(text[position + 1 : end].replace(quote * 2, quote))
        if end + 1 == len(text):
            return fields, _CLOSED
        if not text.startswith(delimiter, end + 1):
            return fields, _BROKEN
        position = end + 2


def _closing_quote(text: bytes, position: int, quote: bytes) -> int:
    while (end := text.find(quote, position)) >= 0:
        if not text.startswith(quote, end + 1):
            return end
        position = end + 2
    return -1
