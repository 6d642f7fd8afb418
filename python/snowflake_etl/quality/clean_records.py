"""Cuts a dirty file into records and finds those that cannot be rows by their layout (floor 4).
A block of lines without faults is recognised as a whole; only in other blocks are lines examined one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.records import RECORD_LIMIT_BYTES
from snowflake_etl.quality.line_look import LONGEST_LINE_BYTES
from snowflake_etl.quality.quoted import Shape, quoted_records

BLOCK_BYTES = 8 << 20

Value = TypeVar("Value")


@dataclass(frozen=True)
class Reject:
    """A record that is not kept: its first line (the file's first is 1), the reason, and the unchanged record."""

    line: int
    reason: str
    record: bytes

    @property
    def lines(self) -> int:
        return self.record.count(b"\n") + 1


@dataclass
class Block:
    """Records in the file's order, without line ends; ``numbers`` are their first lines, ``records`` their bytes."""

    records: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def blocks_of_text(source: Iterator[bytes], name: str, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Join chunks into blocks of whole lines; a last line without its end gets one.

    Raise FileError for a line without end.
    """
    pieces: list[bytes] = []
    held = 0
    for chunk in source:
        pieces.append(chunk)
        held += len(chunk)
        if held < size:
            continue
        if b"\n" not in chunk:
            if held > RECORD_LIMIT_BYTES:
                raise FileError(
                    f"{shown(name)} has a line of more than {RECORD_LIMIT_BYTES:,} bytes. It does not look like "
                    "rows of text; check its encoding and line ends."
                )
            continue
        text = b"".join(pieces)
        end = text.rfind(b"\n") + 1
        yield text[:end]
        pieces = [text[end:]]
        held = len(text) - end
    rest = b"".join(pieces)
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def blocks_of_records(texts: Iterator[bytes], layout: Layout, date_place: int | None) -> Iterator[Block]:
    """Cut blocks of lines into records; the header, if there is one, is the first block's only record."""
    if layout.quote is None:
        yield from _plain_blocks(texts, layout)
    else:
        yield from _QuotedBlocks(texts, layout, date_place).blocks()


def _plain_blocks(texts: Iterator[bytes], layout: Layout) -> Iterator[Block]:
    first = 1
    for read in texts:
        text = read.replace(b"\r\n", b"\n") if b"\r" in read else read
        if first == 1 and layout.header:
            header, _, text = text.partition(b"\n")
            yield Block([header], [1])
            first = 2
        lines = text.split(b"\n")
        lines.pop()
        line_count = len(lines)
        yield _plain_block(first, text, lines, layout)
        first += line_count


def _plain_block(first: int, text: bytes, lines: list[bytes], layout: Layout) -> Block:
    delimiter, wanted = layout.delimiter.encode(), len(layout.columns) - 1
    counts = [line.count(delimiter) for line in lines]
    bad = _bad_bytes(text, lines)
    if counts.count(wanted) < len(lines):
        bad.update(place for place, count in enumerate(counts) if count != wanted)
    numbers = list(range(first, first + len(lines)))
    if not bad:
        return Block(lines, numbers)
    rejects = [
        Reject(
            numbers[place],
            fault_of_bytes(lines[place]) or ragged(counts[place] + 1 if lines[place] else 0, layout),
            lines[place],
        )
        for place in sorted(bad)
    ]
    return Block(without(lines, bad), without(numbers, bad), rejects)


def without(values: list[Value], places: Collection[int]) -> list[Value]:
    """The values except those at some positions."""
    kept, begin = list[Value](), 0
    for place in sorted(places):
        kept += values[begin:place]
        begin = place + 1
    return kept + values[begin:] if places else values


def _bad_bytes(text: bytes, lines: list[bytes]) -> set[int]:
    """The positions of lines with a ``fault_of_bytes``; only faults that occur in the text are searched for."""
    bad = {*_lines_with(text, b"\0"), *_lines_with(text, b"\r")}
    if not (text.isascii() or _is_text(text)):
        bad.update(place for place, line in enumerate(lines) if not (line.isascii() or _is_text(line)))
    if max(map(len, lines), default=0) > LONGEST_LINE_BYTES:
        bad.update(place for place, line in enumerate(lines) if len(line) > LONGEST_LINE_BYTES)
    return bad


def _lines_with(text: bytes, mark: bytes) -> Iterator[int]:
    """The positions of lines that contain a byte."""
    place = begin = 0
    while (found := text.find(mark, begin)) >= 0:
        place += text.count(b"\n", begin, found)
        yield place
        begin = text.find(b"\n", found)


def fault_of_bytes(record: bytes) -> str | None:
    """What is wrong with the bytes of a line or record, None if nothing is."""
    if b"\0" in record:
        return "a NUL byte"
    if b"\r" in record.rsplit(b"\n", 1)[-1]:
        return "a carriage return that ends no line"
    if not record.isascii() and not _is_text(record):
        return "bytes that are not of the encoding"
    if len(record) > LONGEST_LINE_BYTES:
        return f"more than {LONGEST_LINE_BYTES:,} bytes"
    return None


def ragged(found: int, layout: Layout) -> str:
    """The reason for a record that has ``found`` columns (0: a blank line)."""
    columns = "1 column" if found == 1 else f"{found} columns"
    return f"{columns if found else 'a blank line'} where {len(layout.columns)} are expected"


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class _QuotedBlocks:
    """Records of a quoted file.  Lines that are clearly one good record are recognised by a pattern, the others are
    left to ``quoted_records``, which may need the following lines.
    """

    def __init__(self, texts: Iterator[bytes], layout: Layout, date_place: int | None) -> None:
        self._texts = texts
        self._layout = layout
        quote, delimiter = (layout.quote or "").encode(), layout.delimiter.encode()
        self._quote, self._delimiter = quote, delimiter
        self._shape = Shape(delimiter, quote, len(layout.columns), date_place)
        mark, other = re.escape(quote), re.escape(delimiter)
        one = b"(?:%b(?:[^%b]++|%b%b)*+%b|(?!%b)[^%b]*+)" % (mark, mark, mark, mark, mark, mark, other)
        self._row = re.compile(one + b"(?:%b%b){%d}" % (other, one, len(layout.columns) - 1))
        self._lines: list[bytes] = []

    def blocks(self) -> Iterator[Block]:
        number, header = 1, self._layout.header
        while self._more():
            block, place = Block(), 0
            end = len(self._lines)
            while place < end:
                taken = self._take(place, number, block, is_header=header)
                place += taken
                number += taken
                if header:
                    yield Block(block.records, block.numbers)
                    block, header = Block(), False
            del self._lines[:place]
            yield block

    def _more(self) -> bool:
        """Ensure that there are lines to examine; False at the end of the file."""
        return bool(self._lines) or self._fetch()

    def _fetch(self) -> bool:
        text = next(self._texts, None)
        if text is None:
            return False
        self._lines += text.split(b"\n")[:-1]
        return True

    def _take(self, place: int, number: int, block: Block, *, is_header: bool) -> int:
        """Add the record that begins at a line to the block; return how many lines it takes."""
        line = self._lines[place]
        text = line.removesuffix(b"\r")
        if not is_header and self._is_row(text):
            return self._judged(text, number, 1, block)
        record = next(quoted_records(self._numbered(place, number), self._shape))
        raw = b"\n".join(record.lines).removesuffix(b"\r")
        found = len(record.fields) if record.fields != [b""] or len(self._layout.columns) == 1 else 0
        if is_header:
            block.records, block.numbers = [raw], [number]
        elif record.unbalanced:
            reason = fault_of_bytes(raw) or "a quote that does not close as it should"
            block.rejects.append(Reject(number, reason, raw))
        elif found != len(self._layout.columns):
            block.rejects.append(Reject(number, fault_of_bytes(raw) or ragged(found, self._layout), raw))
        else:
            self._judged(raw, number, len(record.lines), block)
        return len(record.lines)

    def _is_row(self, text: bytes) -> bool:
        if self._quote not in text:
            return text.count(self._delimiter) == len(self._layout.columns) - 1
        return self._row.fullmatch(text) is not None

    def _judged(self, record: bytes, number: int, lines: int, block: Block) -> int:
        fault = fault_of_bytes(record)
        if fault:
            block.rejects.append(Reject(number, fault, record))
        else:
            block.records.append(record)
            block.numbers.append(number)
        return lines

    def _numbered(self, place: int, number: int) -> Iterator[tuple[int, bytes]]:
        while place < len(self._lines) or self._fetch():
            yield number, self._lines[place]
            place += 1
            number += 1
