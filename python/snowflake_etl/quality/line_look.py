"""The exact look at a file, record by record (floor 4): which lines are wrong, and how.

Taken only when the fast scan says that something is; some hundred MB a minute on one core, in constant memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.file_bytes import chunks
from snowflake_etl.quality.lines import LineCollector
from snowflake_etl.quality.profile import LayoutFaults, Lines, RaggedRows, Reason
from snowflake_etl.quality.quoted import Record, quoted_records

LONGEST_LINE_BYTES = 2_000_000


@dataclass(frozen=True)
class Suspects:
    """Values of one column to find the lines of: exact texts, and texts longer than ``longest`` characters."""

    values: Mapping[Reason, frozenset[bytes]] = field(default_factory=dict)
    longest: int | None = None


@dataclass(frozen=True)
class LineFindings:
    """What the exact look saw: all records, faults of layout, and the lines of each suspect column."""

    records: int
    layout: LayoutFaults
    value_lines: Mapping[tuple[int, Reason], Lines]


def look_at_lines(
    path: Path, layout: Layout, suspects: Mapping[int, Suspects], stopped: Callable[[], bool]
) -> LineFindings:
    """Read the file once and tell every faulty line.  Raise FileError or Stopped as ``chunks`` does."""
    look = _Look(layout, suspects)
    lines = _lines(chunks(path, layout, stopped), layout.line_ending.removesuffix("\n").encode())
    if layout.quote is None:
        for number, line in lines:
            look.see_plain(number, line)
    else:
        for record in quoted_records(lines, layout.delimiter.encode(), layout.quote.encode(), len(layout.columns)):
            look.see_quoted(record)
    return look.result()


def _lines(source: Iterator[bytes], ending: bytes) -> Iterator[tuple[int, bytes]]:
    """Number the lines from 1, without their newline but with what stands before it (``ending``, a CR).

    What follows the last newline is a line too, given as if it had been ended.
    """
    number, rest = 0, b""
    for chunk in source:
        head, newline, tail = chunk.partition(b"\n")
        if not newline:
            rest += chunk
            continue
        number += 1
        yield number, rest + head
        lines = tail.split(b"\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            yield number, line
    if rest:
        yield number + 1, rest.removesuffix(ending) + ending


class _Look:
    """Collects the faults while the records go by."""

    def __init__(self, layout: Layout, suspects: Mapping[int, Suspects]) -> None:
        self._header = layout.header
        self._delimiter = layout.delimiter.encode()
        self._columns = len(layout.columns)
        self._crlf = layout.line_ending == "\r\n"
        self._suspects = suspects
        self._records = 0
        self._ragged: defaultdict[int, LineCollector] = defaultdict(LineCollector)
        self._faults: defaultdict[str, LineCollector] = defaultdict(LineCollector)
        self._values: defaultdict[tuple[int, Reason], LineCollector] = defaultdict(LineCollector)

    def see_plain(self, number: int, line: bytes) -> None:
        text = self._line_ending(number, line)
        self._bytes_of_line(number, line)
        if number == 1 and self._header:
            return
        self._records += 1
        found = text.count(self._delimiter) + 1 if text or self._columns == 1 else 0
        if found != self._columns:
            self._ragged[found].add(number)
        elif self._suspects:
            self._see_values(number, text.split(self._delimiter))

    def see_quoted(self, record: Record) -> None:
        for offset, line in enumerate(record.lines):
            self._bytes_of_line(record.number + offset, line)
        self._line_ending(record.number + len(record.lines) - 1, record.lines[-1])
        if record.number == 1 and self._header:
            return
        self._records += 1
        if record.unbalanced:
            self._faults["unbalanced_quotes"].add(record.number)
            return
        found = len(record.fields) if record.fields != [b""] or self._columns == 1 else 0
        if found != self._columns:
            self._ragged[found].add(record.number)
        else:
            self._see_values(record.number, record.fields)

    def _line_ending(self, number: int, line: bytes) -> bytes:
        """Return the line without the CR of its ending; note a CR too many or too few."""
        text = line[:-1] if line.endswith(b"\r") else line
        if b"\r" in text or (len(text) < len(line)) != self._crlf:
            self._faults["carriage_returns"].add(number)
        return text

    def _bytes_of_line(self, number: int, line: bytes) -> None:
        if b"\0" in line:
            self._faults["nul_bytes"].add(number)
        if len(line) > LONGEST_LINE_BYTES:
            self._faults["long_lines"].add(number)
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                self._faults["invalid_encoding"].add(number)

    def _see_values(self, number: int, fields: list[bytes]) -> None:
        for column, suspects in self._suspects.items():
            value = fields[column]
            for reason, values in suspects.values.items():
                if value in values:
                    self._values[column, reason].add(number)
            if suspects.longest is not None and _characters(value, suspects.longest) > suspects.longest:
                self._values[column, Reason.LENGTH].add(number)

    def result(self) -> LineFindings:
        ragged = tuple(RaggedRows(found, lines.lines) for found, lines in sorted(self._ragged.items()))
        faults = {name: collector.lines for name, collector in self._faults.items()}
        values = {place: collector.lines for place, collector in self._values.items()}
        return LineFindings(self._records, LayoutFaults(self._columns, ragged, **faults), values)


def _characters(value: bytes, enough: int) -> int:
    """Count characters; up to ``enough`` bytes hold no more characters than that."""
    return len(value) if len(value) <= enough else len(value.decode("utf-8", "replace"))
