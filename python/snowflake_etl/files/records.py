"""Finds where records end, in text that arrives in blocks (floor 3, pure).

Without quoting a record is a line.  With quoting a line end inside quotes belongs to its record.  A quote
opens a field only at the field's beginning; elsewhere in an unquoted field it is a character like any other
(``5" pipe``); inside a quoted field two quotes stand for one.  Snowflake and DuckDB read the same way.
Examining every quote would cost more than compressing the text.  It is cheap to strip a block down
to its quotes and line ends: a line with an even number of quotes does not change whether we are inside
quotes (true of all well-formed text), so only lines with an odd number are examined closely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from snowflake_etl.errors import FileError
from snowflake_etl.files.naming import shown

RECORD_LIMIT_BYTES = 128 << 20
_NEWLINE = b"\n"


@dataclass(frozen=True)
class Chunk:
    """A piece of the file's records.

    ``lines`` counts newlines; ``rows`` those of them that end a record.  ``inside`` lists the others as
    ranges of line indexes (first, after the last), in order.  A chunk begins where the one before it ended;
    with quoting that is between two records, else it may be anywhere.
    """

    text: bytes
    rows: int
    lines: int
    inside: tuple[tuple[int, int], ...] = ()

    @property
    def ends_record(self) -> bool:
        return self.text.endswith(_NEWLINE)

    def split(self, at_least: int) -> tuple[Chunk, Chunk | None]:
        """Cut after the first record that ends at or after byte ``at_least``; do not cut if there is none."""
        end = self.text.find(_NEWLINE, max(0, at_least - 1)) + 1
        if not end:
            return self, None
        lines = self.text.count(_NEWLINE, 0, end)
        for first, after in self.inside:
            while first < lines <= after:
                end = self.text.find(_NEWLINE, end) + 1
                lines += 1
        if end == len(self.text):
            return self, None
        before = tuple(run for run in self.inside if run[1] < lines)
        behind = tuple((first - lines, after - lines) for first, after in self.inside if first >= lines)
        head = Chunk(self.text[:end], lines - _span(before), lines, before)
        return head, Chunk(self.text[end:], self.rows - head.rows, self.lines - lines, behind)


@dataclass(frozen=True)
class RecordFormat:
    """What decides where a record ends.  ``crlf``: CR LF at a record's end becomes LF, inside quotes it stays."""

    delimiter: bytes
    quote: bytes | None
    crlf: bool = False


class RecordScanner:
    """Turns blocks into chunks; ``name`` is the file's, for its errors.

    ``line`` is the number (from 1) of the line that follows the newlines of all chunks.  Lines that need no
    change go out as they come in, uncopied; if CR LF or quotes have to be found, chunks are whole records.
    """

    def __init__(self, record_format: RecordFormat, name: str, limit: int = RECORD_LIMIT_BYTES) -> None:
        self._name = name
        self._limit = limit
        self._quoting = _Quoting(record_format) if record_format.quote else None
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._look_again_at = 0
        self._passes_on = record_format.quote is None and not record_format.crlf
        self._unfinished_bytes = 0
        self.line = 1

    @property
    def pending_newlines(self) -> int:
        return sum(block.count(_NEWLINE) for block in self._pending)

    def feed(self, block: bytes) -> Chunk | None:
        """Add a block; return the records that are complete by now, or None.

        Raise FileError for a record that has no end within the limit (a quote never closed, or no line end).
        """
        if self._passes_on:
            return self._pass_on(block)
        self._pending.append(block)
        self._pending_bytes += len(block)
        chunk = None
        if self._pending_bytes >= self._look_again_at:
            chunk = self._take_quoted(self._quoting, last=False) if self._quoting else self._take_lines(block)
        if self._pending_bytes > self._limit:
            raise self._endless()
        return chunk

    def finish(self) -> Chunk | None:
        """Return what is left; a last record without newline gets one.  Raise FileError for an open quote."""
        if self._passes_on:
            return self._pass_on(_NEWLINE) if self._unfinished_bytes else None
        if not self._pending_bytes:
            return None
        if not self._pending[-1].endswith(_NEWLINE):
            self._pending.append(_NEWLINE)
        if self._quoting is None:
            return self._take_lines(self._pending[-1])
        chunk = self._take_quoted(self._quoting, last=True)
        if self._pending_bytes:
            raise self._endless()
        return chunk

    def _pass_on(self, block: bytes) -> Chunk | None:
        rows = block.count(_NEWLINE)
        end = block.rfind(_NEWLINE) + 1 if rows else 0
        self._unfinished_bytes = len(block) - end + (0 if rows else self._unfinished_bytes)
        chunk = self._given_out(Chunk(block, rows, rows)) if block else None
        if self._unfinished_bytes > self._limit:
            raise self._endless()
        return chunk

    def _take_lines(self, block: bytes) -> Chunk | None:
        end = block.rfind(_NEWLINE) + 1
        if not end:
            return None
        self._pending[-1] = memoryview(block)[:end]  # type: ignore[call-overload]
        text = b"".join(self._pending) if len(self._pending) > 1 or end < len(block) else block
        self._keep(block[end:])
        rows = block.count(_NEWLINE)
        return self._given_out(Chunk(text.replace(b"\r\n", _NEWLINE), rows, rows))

    def _take_quoted(self, quoting: _Quoting, *, last: bool) -> Chunk | None:
        text = b"".join(self._pending)
        chunk, end = quoting.scan(text)
        self._keep(text[end:])
        # An open quote is examined again only when the text has doubled; otherwise a long field would take quadratic
        # time.
        self._look_again_at = 0 if chunk or last else min(2 * self._pending_bytes, self._limit)
        return self._given_out(chunk) if chunk else None

    def _keep(self, rest: bytes) -> None:
        self._pending = [rest] if rest else []
        self._pending_bytes = len(rest)

    def _given_out(self, chunk: Chunk) -> Chunk:
        self.line += chunk.lines
        return chunk

    def _endless(self) -> FileError:
        if self._quoting is not None:
            offset = self._quoting.first_open_line(b"".join(self._pending))
            if offset is not None:
                return FileError(
                    f"{shown(self._name)} has a quote that is opened on line {self.line + offset:,} and never closed. "
                    "Repair that line, or set 'quote_char' to \"\" if quotes are ordinary characters in this file."
                )
        return FileError(
            f"{shown(self._name)} has a record of more than {self._limit:,} bytes that starts on line {self.line:,}. "
            "Check the file's delimiter, quoting and line ends."
        )


class _Quoting:
    """Determines which line ends of a text are inside quotes.  The text begins at a record's beginning."""

    def __init__(self, record_format: RecordFormat) -> None:
        quote, delimiter = record_format.quote, record_format.delimiter
        if quote is None:
            raise ValueError("quoting needs a quote character")
        self._quote = quote
        self._crlf = record_format.crlf
        self._everything_else = bytes(set(range(256)) - {quote[0], _NEWLINE[0]})
        mark, other = re.escape(quote), re.escape(delimiter)
        # A field that is quoted from its beginning, up to its closing quote or the end of the text.
        self._field = re.compile(
            b"%b(?<![^%b\\n]%b)(?:[^%b]++|%b%b)*+(%b?)" % (mark, other, mark, mark, mark, mark, mark)
        )
        self._rest_of_field = re.compile(b"(?:[^%b]++|%b%b)*+%b" % (mark, mark, mark, mark))

    def scan(self, text: bytes) -> tuple[Chunk | None, int]:
        """Return the complete records of ``text`` and the number of bytes they take."""
        end = text.rfind(_NEWLINE) + 1
        signature = text[:end].translate(None, self._everything_else)
        odd = signature.replace(self._quote * 8, b"").replace(self._quote * 2, b"")
        if self._quote not in odd:
            return self._plain_chunk(text[:end], len(odd)), end
        lines = text[:end].split(_NEWLINE)[:-1]
        runs = list(self._runs_inside(lines, odd))
        if runs and runs[-1][1] == len(lines):
            opened = runs.pop()[0]
            end -= sum(map(len, lines[opened:])) + len(lines) - opened
            del lines[opened:]
        if not lines:
            return None, 0
        inside = tuple(runs)
        if self._crlf:
            return Chunk(_unix_record_ends(lines, inside), len(lines) - _span(inside), len(lines), inside), end
        return Chunk(text[:end], len(lines) - _span(inside), len(lines), inside), end

    def first_open_line(self, text: bytes) -> int | None:
        """Return the index of the line where a quote is opened that ``text`` never closes, or None."""
        for match in self._field.finditer(text):
            if not match[1]:
                return text.count(_NEWLINE, 0, match.start())
        return None

    def _plain_chunk(self, text: bytes, lines: int) -> Chunk | None:
        if not lines:
            return None
        return Chunk(text.replace(b"\r\n", _NEWLINE) if self._crlf else text, lines, lines)

    def _runs_inside(self, lines: list[bytes], odd: bytes) -> Iterator[tuple[int, int]]:
        """Yield the ranges of lines whose line end lies inside quotes; ``odd`` has a quote in each odd line."""
        opened: int | None = None
        for index in _odd_lines(odd, self._quote):
            if opened is None:
                opened = index if self._opens(lines[index]) else None
            elif not self._stays_open(lines[index]):
                yield opened, index
                opened = None
        if opened is not None:
            yield opened, len(lines)

    def _opens(self, line: bytes) -> bool:
        return any(not match[1] for match in self._field.finditer(line))

    def _stays_open(self, line: bytes) -> bool:
        closing = self._rest_of_field.match(line)
        if closing is None:
            return True
        return any(not match[1] for match in self._field.finditer(line, closing.end()))


def _odd_lines(odd: bytes, quote: bytes) -> Iterator[int]:
    index = 0
    for newlines in odd.split(quote)[:-1]:
        index += len(newlines)
        yield index


def _span(runs: tuple[tuple[int, int], ...]) -> int:
    return sum(after - first for first, after in runs)


def _unix_record_ends(lines: list[bytes], inside: tuple[tuple[int, int], ...]) -> bytes:
    """Join lines, without the CR of those whose line end is outside quotes."""
    pieces: list[bytes] = []
    behind = 0
    for first, after in (*inside, (len(lines), len(lines))):
        pieces.extend(line.removesuffix(b"\r") for line in lines[behind:first])
        pieces.extend(lines[first:after])
        behind = after
    return _NEWLINE.join(pieces) + _NEWLINE
