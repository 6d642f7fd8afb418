"""Cuts a staged file into records and fields exactly as Snowflake does, one by one (floor 3).

Far slower than DuckDB: for files that DuckDB reads differently, and to find the first bad value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.warehouse.local.copy_into.files import chunks
from snowflake_etl.warehouse.local.copy_into.format import CsvFormat

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPEN_QUOTE = 100068


@dataclass(frozen=True)
class Field:
    """One field: its text (None for NULL) and the position of its first character in its line, from 1."""

    text: str | None
    character: int


@dataclass(frozen=True)
class Record:
    """One record: its number and the line it starts on, both from 1; ``wrong`` says why it cannot be read.

    ``wrong`` is (code, sqlstate, message, character); ``raw`` is the record as in the file.
    """

    number: int
    line: int
    fields: tuple[Field, ...]
    raw: str
    wrong: tuple[int, str, str, int] | None = None


def records(file: Path, compression: str, chosen: CsvFormat) -> Iterator[Record]:
    """Every record of a file, without the header.  Raise Corrupt for a damaged file."""
    number, line = 0, 1
    for raw in _raw_records(file, compression, chosen):
        first_line, line = line, line + 1 + (raw.count(b"\n") if chosen.enclosed_by else 0)
        if first_line <= chosen.skip_header:
            continue
        if not raw and chosen.skip_blank_lines:
            continue
        number += 1
        yield _read(raw, number, first_line, chosen)


def _raw_records(file: Path, compression: str, chosen: CsvFormat) -> Iterator[bytes]:
    """The records as bytes: lines, joined again if a quoted field spans several."""
    quote = chosen.enclosed_by.encode(chosen.encoding) if chosen.enclosed_by else None
    ending = chosen.record_delimiter.encode(chosen.encoding)
    open_record: list[bytes] = []
    quotes = 0
    for line in _lines(file, compression, chosen):
        if quote is None:
            yield _without_return(line, ending)
            continue
        open_record.append(line)
        quotes += line.count(quote)
        if quotes % 2 == 0 or (chosen.escape not in (None, chosen.enclosed_by) and _closes(open_record, chosen)):
            yield _without_return(ending.join(open_record), ending)
            open_record, quotes = [], 0
    if open_record:
        yield _without_return(ending.join(open_record), ending)


def _closes(lines: list[bytes], chosen: CsvFormat) -> bool:
    """Whether the quotes close, ignoring escaped ones."""
    text = chosen.record_delimiter.join(line.decode(chosen.encoding, errors="replace") for line in lines)
    _, wrong = _quoted_fields(text, chosen)
    return wrong is None or wrong[0] != _OPEN_QUOTE


def _lines(file: Path, compression: str, chosen: CsvFormat) -> Iterator[bytes]:
    ending = chosen.record_delimiter.encode(chosen.encoding)
    held, at_start = b"", True
    for data in chunks(file, compression):
        pieces = (held + data).split(ending)
        held = pieces.pop()
        for piece in pieces:
            yield _without_mark(piece, chosen) if at_start else piece
            at_start = False
    if held:
        yield _without_mark(held, chosen) if at_start else held


def _without_mark(line: bytes, chosen: CsvFormat) -> bytes:
    return line.removeprefix(_BYTE_ORDER_MARK) if chosen.skip_byte_order_mark else line


def _without_return(line: bytes, ending: bytes) -> bytes:
    """A new line is a logical one: Windows' two characters count as one."""
    return line[:-1] if ending == b"\n" and line.endswith(b"\r") else line


def _read(raw: bytes, number: int, line: int, chosen: CsvFormat) -> Record:
    try:
        text = raw.decode(chosen.encoding, errors="replace" if chosen.replace_invalid else "strict")
    except UnicodeDecodeError as error:
        shown = raw[error.start : error.start + 1].hex().upper()
        before = raw[: error.start].decode(chosen.encoding, errors="replace")
        wrong = (100144, "22000", f"Invalid UTF8 detected in string '0x{shown}'", len(before) + 1)
        readable = tuple(_plain_fields(before, chosen))[:-1]
        return Record(number, line, readable, raw.decode("latin-1"), wrong)
    if not chosen.enclosed_by and not (chosen.escape_unenclosed and chosen.escape_unenclosed in text):
        return Record(number, line, tuple(_plain_fields(text, chosen)), text)
    fields, wrong_quote = _quoted_fields(text, chosen)
    return Record(number, line, tuple(fields), text, wrong_quote)


def _plain_fields(text: str, chosen: CsvFormat) -> Iterator[Field]:
    at = 1
    for part in text.split(chosen.field_delimiter):
        yield Field(_value(part, chosen), at)
        at += len(part) + len(chosen.field_delimiter)


def _value(part: str, chosen: CsvFormat) -> str | None:
    value = part.strip() if chosen.trim_space else part
    if value in chosen.null_if or (not value and chosen.empty_as_null):
        return None
    return value


def _quoted_fields(text: str, chosen: CsvFormat) -> tuple[list[Field], tuple[int, str, str, int] | None]:
    fields: list[Field] = []
    at = 0
    while True:
        start = at
        if chosen.trim_space:
            while at < len(text) and text[at] == " ":
                at += 1
        if chosen.enclosed_by and text[at : at + 1] == chosen.enclosed_by:
            value, at, closed = _enclosed(text, at + 1, chosen)
            while chosen.trim_space and text[at : at + 1] == " ":
                at += 1
            if not closed:
                return fields, (_OPEN_QUOTE, "22000", "End of record reached while expected to parse column", start + 1)
            if at < len(text) and not text.startswith(chosen.field_delimiter, at):
                found = f"Found character '{text[at]}' instead of field delimiter '{chosen.field_delimiter}'"
                return fields, (100016, "22000", found, at + 1)
            fields.append(Field(None if value in chosen.null_if else value, start + 1))
        else:
            part, at = _unenclosed(text, start, chosen)
            fields.append(Field(_value(part, chosen), start + 1))
        if at >= len(text):
            return fields, None
        at += len(chosen.field_delimiter)


def _enclosed(text: str, at: int, chosen: CsvFormat) -> tuple[str, int, bool]:
    value: list[str] = []
    while at < len(text):
        sign = text[at]
        if chosen.escape and sign == chosen.escape and chosen.escape != chosen.enclosed_by:
            value.append(_escaped(text[at + 1 : at + 2]))
            at += 2
        elif sign == chosen.enclosed_by:
            if text[at + 1 : at + 2] != chosen.enclosed_by:
                return "".join(value), at + 1, True
            value.append(sign)
            at += 2
        else:
            value.append(sign)
            at += 1
    return "".join(value), at, False


def _unenclosed(text: str, at: int, chosen: CsvFormat) -> tuple[str, int]:
    value: list[str] = []
    escape = chosen.escape or chosen.escape_unenclosed
    while at < len(text) and not text.startswith(chosen.field_delimiter, at):
        if text[at] == escape:
            following = text[at + 1 : at + 2]
            value.append(text[at : at + 2] if following == "N" else _escaped(following))
            at += 2
        else:
            value.append(text[at])
            at += 1
    return "".join(value), at


def _escaped(sign: str) -> str:
    return {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}.get(sign, sign)
