"""The exact look at a file, record by record (floor 4): which lines are wrong, and how.

Done only if the fast scan finds a problem; some hundred MB a minute on one core, in constant memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.lines import LineCollector
from snowflake_etl.quality.profile import LayoutFaults, Lines, RaggedRows, Reason
from snowflake_etl.quality.quoted import Record, Shape, quoted_records

LONGEST_LINE_BYTES = 2_000_000
EXAMPLES = 10


@dataclass(frozen=True)
class Suspects:
    """Values of one column whose lines are wanted: exact texts, and texts longer than ``longest`` characters."""

    values: Mapping[Reason, frozenset[bytes]] = field(default_factory=dict)
    longest: int | None = None


@dataclass(frozen=True)
class RuleSuspects:
    """Values that break a rule, each a tuple of its columns' values (None for NULL); ``places`` are the column
    numbers.
    """

    places: tuple[int, ...]
    values: frozenset[tuple[bytes | None, ...]]


@dataclass(frozen=True)
class Wanted:
    """What to look for besides layout faults: by column number, and by rule number."""

    columns: Mapping[int, Suspects] = field(default_factory=dict)
    rules: Mapping[int, RuleSuspects] = field(default_factory=dict)
    null_values: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.columns or self.rules)


@dataclass(frozen=True)
class Reject:
    """One value or row that the target would reject; ``place`` is its column's number, None for the whole row.
    ``fault`` is a reason for values, or a layout fault's code; ``detail`` is the number of columns of a ragged row, or
    the number of the rule.
    """

    line: int
    place: int | None
    value: bytes
    fault: str
    detail: int = 0


@dataclass(frozen=True)
class LineFindings:
    """What the exact look saw: all records, faults of layout, and the lines of each suspect column or rule.

    ``examples`` are the first of these lines with their values.
    """

    records: int
    layout: LayoutFaults
    value_lines: Mapping[tuple[int, Reason], Lines]
    examples: Mapping[tuple[int, Reason], tuple[tuple[int, str], ...]] = field(default_factory=dict)


def look_at_lines(
    source: Iterator[bytes],
    layout: Layout,
    wanted: Wanted,
    date_place: int | None = None,
    on_reject: Callable[[Reject], None] | None = None,
) -> LineFindings:
    """Read a file's bytes (see ``chunks``) once and report every faulty line.
    ``date_place`` is the number of the date column from 0; ``on_reject`` is called for every fault as it passes.  Raise
    what ``source`` raises.
    """
    look = _Look(layout, wanted, on_reject)
    ending = layout.line_ending.removesuffix("\n").encode()
    blocks = _blocks_of_lines(source, ending)
    if layout.quote is None:
        for number, lines in blocks:
            look.see_plain_block(number, lines)
    else:
        shape = Shape(layout.delimiter.encode(), layout.quote.encode(), len(layout.columns), date_place)
        numbered = (pair for number, lines in blocks for pair in enumerate(lines, number))
        for record in quoted_records(numbered, shape):
            look.see_quoted(record)
    return look.result()


def _blocks_of_lines(source: Iterator[bytes], ending: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines in blocks, each with its first line's number, counted from 1.

    The lines come without their newline but with what precedes it (``ending``, a CR).  What follows the last
    newline is a line too, treated as if it had ended.
    """
    number, pieces = 1, list[bytes]()
    for chunk in source:
        if b"\n" not in chunk:
            pieces.append(chunk)
            continue
        lines = b"".join((*pieces, chunk)).split(b"\n")
        pieces = [lines.pop()]
        yield number, lines
        number += len(lines)
    if rest := b"".join(pieces):
        yield number, [rest.removesuffix(ending) + ending]


class _Look:
    """Collects the faults while the records pass."""

    def __init__(self, layout: Layout, wanted: Wanted, on_reject: Callable[[Reject], None] | None) -> None:
        self._header = layout.header
        self._delimiter = layout.delimiter.encode()
        self._columns = len(layout.columns)
        self._crlf = layout.line_ending == "\r\n"
        self._wanted = wanted
        self._on_reject = on_reject
        self._records = 0
        self._examples: defaultdict[tuple[int, Reason], list[tuple[int, str]]] = defaultdict(list)
        self._ragged: defaultdict[int, LineCollector] = defaultdict(LineCollector)
        self._faults: defaultdict[str, LineCollector] = defaultdict(LineCollector)
        self._values: defaultdict[tuple[int, Reason], LineCollector] = defaultdict(LineCollector)

    def see_plain_block(self, first: int, lines: list[bytes]) -> None:
        """Process many lines at once; those of a clean block are only counted."""
        if self._wanted or (first == 1 and self._header) or self._crlf or not _is_clean(lines):
            for number, line in enumerate(lines, first):
                self.see_plain(number, line)
            return
        self._records += len(lines)
        delimiter, wanted = self._delimiter, self._columns - 1  # looked up once: the loop below is the hot one
        for offset, line in enumerate(lines):
            if line.count(delimiter) != wanted:
                self._see_columns(first + offset, line)

    def see_plain(self, number: int, line: bytes) -> None:
        text = self._line_ending(number, line)
        self._bytes_of_line(number, line)
        if number == 1 and self._header:
            return
        self._records += 1
        if self._see_columns(number, text) and self._wanted:
            self._see_values(number, text.split(self._delimiter))

    def _see_columns(self, number: int, text: bytes) -> bool:
        """True if the record has the right number of columns; note a fault if not."""
        found = text.count(self._delimiter) + 1 if text or self._columns == 1 else 0
        if found != self._columns:
            self._note_ragged(number, found, text)
        return found == self._columns

    def _note_ragged(self, number: int, found: int, text: bytes) -> None:
        self._ragged[found].add(number)
        if self._on_reject:
            self._on_reject(Reject(number, None, text, "ragged_rows", found))

    def _note(self, code: str, number: int, text: bytes) -> None:
        self._faults[code].add(number)
        if self._on_reject:
            self._on_reject(Reject(number, None, text, code))

    def see_quoted(self, record: Record) -> None:
        for offset, line in enumerate(record.lines):
            self._bytes_of_line(record.number + offset, line)
        self._line_ending(record.number + len(record.lines) - 1, record.lines[-1])
        if record.number == 1 and self._header:
            return
        self._records += 1
        if record.unbalanced:
            self._note("unbalanced_quotes", record.number, record.lines[0])
            return
        found = len(record.fields) if record.fields != [b""] or self._columns == 1 else 0
        if found != self._columns:
            self._note_ragged(record.number, found, b"\n".join(record.lines))
        else:
            self._see_values(record.number, record.fields)

    def _line_ending(self, number: int, line: bytes) -> bytes:
        """Return the line without the CR of its ending; note a CR too many or too few."""
        text = line[:-1] if line.endswith(b"\r") else line
        if b"\r" in text or (len(text) < len(line)) != self._crlf:
            self._note("carriage_returns", number, line)
        return text

    def _bytes_of_line(self, number: int, line: bytes) -> None:
        if b"\0" in line:
            self._note("nul_bytes", number, line)
        if len(line) > LONGEST_LINE_BYTES:
            self._note("long_lines", number, line)
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                self._note("invalid_encoding", number, line)

    def _see_values(self, number: int, fields: list[bytes]) -> None:
        for column, suspects in self._wanted.columns.items():
            value = fields[column]
            for reason, values in suspects.values.items():
                if value in values:
                    self._note_value((column, reason), number, column, value)
            if suspects.longest is not None and _characters(value, suspects.longest) > suspects.longest:
                self._note_value((column, Reason.LENGTH), number, column, value)
        for rule, broken in self._wanted.rules.items():
            plain = [fields[place] for place in broken.places]
            if tuple(None if value in self._wanted.null_values else value for value in plain) in broken.values:
                place = broken.places[0] if len(plain) == 1 else None
                self._note_value((rule, Reason.RULE), number, place, self._delimiter.join(plain), rule)

    def _note_value(
        self, key: tuple[int, Reason], number: int, place: int | None, value: bytes, detail: int = 0
    ) -> None:
        self._values[key].add(number)
        examples = self._examples[key]
        if len(examples) < EXAMPLES:
            examples.append((number, value.decode("utf-8", "backslashreplace")))
        if self._on_reject:
            self._on_reject(Reject(number, place, value, key[1].value, detail))

    def result(self) -> LineFindings:
        ragged = tuple(RaggedRows(found, lines.lines) for found, lines in sorted(self._ragged.items()))
        faults = {name: collector.lines for name, collector in self._faults.items()}
        values = {place: collector.lines for place, collector in self._values.items()}
        examples = {key: tuple(each) for key, each in self._examples.items()}
        return LineFindings(self._records, LayoutFaults(self._columns, ragged, **faults), values, examples)


def _is_clean(lines: list[bytes]) -> bool:
    """True if no line of the block can have a fault in its bytes."""
    block = b"".join(lines)
    return len(block) < LONGEST_LINE_BYTES and block.isascii() and b"\0" not in block and b"\r" not in block


def _characters(value: bytes, enough: int) -> int:
    """Count characters; up to ``enough`` bytes cannot hold more characters than that."""
    return len(value) if len(value) <= enough else len(value.decode("utf-8", "replace"))
