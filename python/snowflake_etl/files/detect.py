"""Detects a file's delimiter, quoting, header and line end from its first lines (floor 3)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.errors import ConfigError, FileError, NoRows
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.sample import Sample, read_sample

DELIMITERS = ("\t", ",", ";", "|")
DEFAULT_QUOTE = '"'
_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar"}
_VALUE = re.compile(r"[-+]?[0-9][0-9.,:/TZ+-]*(?: [0-9:.,+-]+)?")
_RECORDS_LOOKED_AT = 500


def read_layout(path: Path, wishes: LayoutWishes, *, tolerant: bool = False) -> Layout:
    """Return the layout of the file at ``path``.

    ``tolerant`` is for files that are known to be dirty: lines that cannot be decoded are skipped, except the
    first, and rows with an unusual number of fields do not count.
    Raise FileError when the file is empty, has a header and no rows, cannot be decoded, or when its layout
    contradicts the configuration or is unclear; ConfigError when no file can fulfil a wish.
    """
    check_wishes(wishes)
    sample = read_sample(path, wishes.encoding, tolerant=tolerant)
    if not sample.text.strip("\r\n"):
        raise NoRows(f"{shown(path)} holds empty lines only. Ask its sender for the complete file.")
    notes = list(sample.notes)
    delimiter = wishes.delimiter or _delimiter(path, sample.text, wishes, notes)
    quote = _quote(path, sample, delimiter, wishes, notes, tolerant=tolerant)
    line_ending = _line_ending(path, _outside_quotes(sample.text, delimiter, quote), notes)
    records = read_records(sample.text, delimiter, quote)
    header = _header(path, records, wishes, notes)
    columns = _columns(path, _usual(records, wishes) if tolerant and not header else records[0], header, wishes)
    if header and len(records) == 1 and sample.whole and not tolerant:
        raise NoRows(f"{shown(path)} has a header and not a single row. Ask its sender for the complete file.")
    return Layout(
        delimiter,
        quote,
        header,
        columns,
        sample.encoding,
        sample.byte_order_mark,
        line_ending,
        sample.compression,
        tuple(notes),
    )


def read_records(text: str, delimiter: str, quote: str | None) -> list[list[str]]:
    """Return the first records of ``text`` as fields, without empty lines."""
    if quote is None:
        lines = (line.removesuffix("\r") for line in text.split("\n", _RECORDS_LOOKED_AT)[:_RECORDS_LOOKED_AT])
        return [line.split(delimiter) for line in lines if line]
    limit = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, doublequote=True)
        return [record for record, _ in zip(filter(None, reader), range(_RECORDS_LOOKED_AT), strict=False)]
    finally:
        csv.field_size_limit(limit)


def first_records(path: Path, layout: Layout, count: int) -> tuple[tuple[str, ...], ...]:
    """Return the first rows of a file unchanged."""
    text = read_sample(path, layout.encoding, tolerant=True).text
    records = read_records(text, layout.delimiter, layout.quote)
    return tuple(tuple(record) for record in records[int(layout.header) :][:count])


def check_wishes(wishes: LayoutWishes) -> None:
    """Raise ConfigError for a wish that no file can fulfil."""
    if wishes.delimiter is not None and (len(wishes.delimiter) != 1 or not wishes.delimiter.isascii()):
        raise ConfigError(
            f"'delimiter' is {shown(wishes.delimiter)}. Write one ASCII character, such as \\t or a comma."
        )
    if wishes.delimiter in ("\n", "\r"):
        raise ConfigError("'delimiter' is a line end. Write the character between two fields.")
    if wishes.quote is not None and (len(wishes.quote) > 1 or not wishes.quote.isascii()):
        raise ConfigError(
            f"'quote_char' is {shown(wishes.quote)}. Write one ASCII character, or \"\" for no quoting at all."
        )
    if wishes.quote and wishes.quote in ("\n", "\r", wishes.delimiter):
        raise ConfigError("'quote_char' is the delimiter or a line end. Write another character, or \"\" for none.")


def _outside_quotes(text: str, delimiter: str, quote: str | None) -> str:
    """The text without quoted parts: a line end inside a value says nothing about those of records."""
    if not quote:
        return text
    other, mark = re.escape(delimiter), re.escape(quote)
    rest = re.sub(f"(?<![^{other}\\n]){mark}(?:[^{mark}]++|{mark}{mark})*+(?:{mark}|\\Z)", "", text)
    return rest if "\n" in rest else text


def _line_ending(path: Path, text: str, notes: list[str]) -> str:
    newlines = text.count("\n")
    returns = text.count("\r\n")
    if not newlines and "\r" in text.rstrip("\r"):
        raise FileError(
            f"{shown(path)} ends its lines with a carriage return alone. Convert it, e.g. with: tr '\\r' '\\n'."
        )
    if not returns:
        return "\n"
    if returns == newlines:
        notes.append("Lines end with CR LF; rows are staged with LF.")
    else:
        notes.append(
            f"{returns:,} of the first {newlines:,} lines end with CR LF, the others with LF; all are staged with LF."
        )
    return "\r\n"


def _delimiter(path: Path, text: str, wishes: LayoutWishes, notes: list[str]) -> str:
    """Return the candidate that splits the most records into the same number of fields.  Raise FileError when none
    does.
    """
    # If nothing gives the expected number of columns, any even split shows which columns there are.
    for width in dict.fromkeys((len(wishes.columns), 0)):
        scores = {candidate: _score(text, candidate, wishes, width) for candidate in DELIMITERS}
        best = max(DELIMITERS, key=scores.__getitem__)
        if scores[best] > (0.5, 0):
            notes.append(f"The delimiter is a {_NAMES[best]}, as detected in the first lines.")
            return best
        if width == 1:
            break
    if len(wishes.columns) == 1 or (not wishes.columns and not any(mark in text for mark in DELIMITERS)):
        notes.append("No delimiter was found; the file is read as one column.")
        return "\t"
    raise FileError(
        f"{shown(path)} is not divided evenly by a tab, comma, semicolon or vertical bar. "
        "Write its 'delimiter' in the configuration."
    )


def _score(text: str, delimiter: str, wishes: LayoutWishes, expected: int) -> tuple[float, int]:
    """Return how many of the records (0 to 1) have ``expected`` fields (0: the most common number), and that number."""
    quote = DEFAULT_QUOTE if wishes.quote is None else wishes.quote
    quoting = bool(quote) and (wishes.quote is not None or delimiter != "\t")
    records = read_records(text, delimiter, quote if quoting else None)
    widths = [len(record) for record in records]
    width = expected or max(set(widths), key=widths.count, default=0)
    if width < 2:
        return 0.0, 0
    return sum(one == width for one in widths) / len(widths), width


def _quote(
    path: Path, sample: Sample, delimiter: str, wishes: LayoutWishes, notes: list[str], *, tolerant: bool
) -> str | None:
    """Raise FileError if most quotes enclose fields but some do not: either guess would damage values."""
    if wishes.quote is not None:
        return wishes.quote or None
    if DEFAULT_QUOTE not in sample.text:
        if delimiter != "\t":
            notes.append("Quoting is off, since the first lines have no quotes; set 'quote_char' if later ones do.")
        return None
    if delimiter == "\t":
        notes.append(
            "Quotes are read as ordinary characters, as usual in tab-delimited files; set 'quote_char' if "
            "they enclose fields."
        )
        return None
    enclosed, stray, line = _enclosed_and_stray(sample.text, delimiter)
    if not stray:
        notes.append("Fields may be enclosed in double quotes, as detected in the first lines.")
        return DEFAULT_QUOTE
    if enclosed > stray and not tolerant:
        raise FileError(
            f"It is not clear whether quotes enclose the fields of {shown(path)}: most do, but one on line {line:,} "
            "does not, or is never closed. Repair that line, or write 'quote_char' ('\"', or \"\" for none) in the "
            "configuration."
        )
    notes.append(
        "Quotes are read as ordinary characters, since they do not enclose fields; set 'quote_char' if they do."
    )
    return None


def _enclosed_and_stray(text: str, delimiter: str) -> tuple[int, int, int]:
    """Count the fully quoted fields and the other quotes; also return the line of the first of the latter."""
    other = re.escape(delimiter)
    enclosed = re.compile(f'(?<![^{other}\\n])"(?:[^"]++|"")*+(?:"(?=[{other}\\r\\n]|\\Z)|\\Z)')
    rest, count = enclosed.subn(lambda field: "\n" * field[0].count("\n"), text)
    return count, rest.count(DEFAULT_QUOTE), rest.count("\n", 0, max(rest.find(DEFAULT_QUOTE), 0)) + 1


def _header(path: Path, records: Sequence[Sequence[str]], wishes: LayoutWishes, notes: list[str]) -> bool:
    if wishes.header is not None:
        return wishes.header
    header = _names_columns(records[0], wishes.columns) if wishes.columns else _reads_like_names(path, records)
    notes.append("The first line is a header." if header else "There is no header; the first line is a row.")
    return header


def _names_columns(first: Sequence[str], columns: Sequence[str]) -> bool:
    """True when at least half of the first record's fields are names of expected columns."""
    expected = {column.casefold() for column in columns}
    named = sum(field.strip().casefold() in expected for field in first)
    return named > 0 and 2 * named >= len(first)


def _reads_like_names(path: Path, records: Sequence[Sequence[str]]) -> bool:
    """For when no columns are expected: names are distinct words, and rows have numbers or dates where names do not."""
    first, rows = records[0], records[1:]
    if any(_VALUE.fullmatch(field.strip()) for field in first):
        return False
    if flaw := _flaw_of_names(path, first):
        if not any(_is_over_values(place, first, rows) for place in range(len(first))):
            return False
        raise FileError(f"{flaw} Repair it; if the first line is a row, write 'header': false in the configuration.")
    if any(_VALUE.fullmatch(field.strip()) for row in rows for field in row):
        return True
    raise FileError(
        f"It is not clear whether the first line of {shown(path)} is a header or a row. "
        "Write 'header' (true or false), or 'expected_columns', in the configuration."
    )


def _is_over_values(place: int, first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """True when a word stands over nothing but numbers and dates."""
    below = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
    return bool(first[place].strip() and below) and all(map(_VALUE.fullmatch, below))


def _columns(path: Path, first: Sequence[str], header: bool, wishes: LayoutWishes) -> tuple[str, ...]:
    if header:
        return _header_names(path, first)
    if not wishes.columns:
        return tuple(f"column_{number}" for number in range(1, len(first) + 1))
    if len(first) != len(wishes.columns):
        raise FileError(
            f"The first row of {shown(path)} has {len(first)} fields where the configuration expects "
            f"{len(wishes.columns)} columns. Check 'expected_columns', 'delimiter' and 'quote_char'."
        )
    return wishes.columns


def _usual(records: Sequence[Sequence[str]], wishes: LayoutWishes) -> Sequence[str]:
    """The first record with as many fields as expected or, if there is none, as many as most."""
    widths = [len(record) for record in records]
    wished = len(wishes.columns)
    return records[widths.index(wished if wished in widths else max(set(widths), key=widths.count))]


def _header_names(path: Path, first: Sequence[str]) -> tuple[str, ...]:
    if flaw := _flaw_of_names(path, first):
        raise FileError(f"{flaw} Repair the header.")
    return tuple(field.strip() for field in first)


def _flaw_of_names(path: Path, fields: Sequence[str]) -> str:
    """Why the fields of a line cannot be the names of columns, as a sentence; "" where they can."""
    folded = [field.strip().casefold() for field in fields]
    for position, name in enumerate(folded):
        if not name:
            return f"Column {position + 1} of {shown(path)} has no name in the header."
        if folded.index(name) != position:
            return f"The header of {shown(path)} names the column {shown(fields[position].strip())} twice."
    return ""
