"""Cutting never splits, loses or doubles a record, whatever the blocks, quotes and line ends."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from snowflake_etl.errors import FileError
from snowflake_etl.files.records import Chunk, RecordFormat, RecordScanner

COMMAS = RecordFormat(b",", b'"')
TABS = RecordFormat(b"\t", None)


def scan(text: bytes, block: int, record_format: RecordFormat) -> list[Chunk]:
    scanner = RecordScanner(record_format, "f.csv")
    chunks = [scanner.feed(text[start : start + block]) for start in range(0, len(text), block)]
    chunks.append(scanner.finish())
    return [chunk for chunk in chunks if chunk is not None]


def reference_records(text: bytes, quote: bytes | None, delimiter: bytes = b",") -> list[bytes]:
    """Divide a text byte by byte, by the rules as they are written: slow, obvious, independent."""
    records, start, state = [], 0, "begin"
    position = 0
    while position < len(text):
        byte = text[position : position + 1]
        if state == "quoted":
            if byte == quote:
                if text[position + 1 : position + 2] == quote:
                    position += 1
                else:
                    state = "plain"
        elif byte == b"\n":
            records.append(text[start : position + 1])
            start, state = position + 1, "begin"
        elif byte == delimiter:
            state = "begin"
        elif byte == quote and state == "begin":
            state = "quoted"
        else:
            state = "plain"
        position += 1
    assert state != "quoted", "the test made a text with an open quote"
    if start < len(text):
        records.append(text[start:] + b"\n")
    return records


plain_fields = st.text(alphabet="ab1 é\r", max_size=6)
awkward_fields = st.text(alphabet='ab,"\n\r é', max_size=8)


@st.composite
def quoted_files(draw: st.DrawFn) -> bytes:
    rows = draw(st.lists(st.lists(st.one_of(plain_fields, awkward_fields), min_size=1, max_size=4), max_size=12))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    out = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)
    text = out.getvalue().encode()
    return text.removesuffix(end.encode()) if draw(st.booleans()) else text


@given(text=quoted_files(), block=st.integers(1, 40))
@settings(max_examples=250, deadline=None)
@example(text=b'"a\n""\nb",x\n', block=3)
@example(text=b'1,5" pipe,x\n2,"a\nb"\n3,6" pipe\n', block=7)
@example(text=b'a,"b""c"\n\n\n"",""\n', block=2)
def test_scanned_records_are_the_records_of_the_text(text: bytes, block: int) -> None:
    expected = reference_records(text, b'"')
    chunks = scan(text, block, COMMAS)
    assert b"".join(chunk.text for chunk in chunks) == b"".join(expected)
    assert sum(chunk.rows for chunk in chunks) == len(expected)
    assert sum(chunk.lines for chunk in chunks) == sum(record.count(b"\n") for record in expected)
    at = 0
    for chunk in chunks:
        assert chunk.text == b"".join(expected[at : at + chunk.rows]), "a chunk holds whole records"
        at += chunk.rows


@given(text=quoted_files(), block=st.integers(1, 40), at_least=st.integers(1, 30))
@settings(max_examples=250, deadline=None)
def test_a_split_chunk_ends_with_the_first_record_that_is_long_enough(text: bytes, block: int, at_least: int) -> None:
    for chunk in scan(text, block, COMMAS):
        if len(chunk.text) <= at_least:
            continue
        head, tail = chunk.split(at_least)
        records = reference_records(chunk.text, b'"')
        count = next(n for n in range(1, len(records) + 1) if len(b"".join(records[:n])) >= at_least)
        assert head.text == b"".join(records[:count])
        assert head.rows == count
        assert head.lines == head.text.count(b"\n")
        rest = tail.text if tail else b""
        assert rest == b"".join(records[count:])
        if tail:
            assert (tail.rows, tail.lines) == (len(records) - count, rest.count(b"\n"))
            again, _ = tail.split(1)
            assert again.text == records[count], "line numbers of quoted line ends move with the tail"


@given(
    lines=st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line), max_size=20), block=st.integers(1, 30)
)
@settings(max_examples=200, deadline=None)
def test_without_quoting_every_line_is_a_record(lines: list[bytes], block: int) -> None:
    text = b"\n".join(lines)
    chunks = scan(text, block, TABS)
    expected = text + b"\n" if text and not text.endswith(b"\n") else text
    assert b"".join(chunk.text for chunk in chunks) == expected
    assert sum(chunk.rows for chunk in chunks) == expected.count(b"\n")


@given(text=quoted_files(), block=st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_crlf_becomes_lf_at_record_ends_and_stays_inside_quotes(text: bytes, block: int) -> None:
    expected = [record[:-2] + b"\n" if record.endswith(b"\r\n") else record for record in reference_records(text, b'"')]
    chunks = scan(text, block, RecordFormat(b",", b'"', crlf=True))
    assert b"".join(chunk.text for chunk in chunks) == b"".join(expected)


def test_crlf_without_quoting_becomes_lf_also_at_block_borders() -> None:
    for block in range(1, 12):
        chunks = scan(b"a\tb\r\nc\td\r\n\r\ne\r\n", block, RecordFormat(b"\t", None, crlf=True))
        assert b"".join(chunk.text for chunk in chunks) == b"a\tb\nc\td\n\ne\n"


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_a_quote_never_closed_names_the_line_where_it_was_opened(block: int) -> None:
    text = b'h1,h2\n1,"two\nlines"\n2,x\n3,"open\n4,y\n5,z\n'
    with pytest.raises(FileError, match=r"opened on line 5 and never closed"):
        scan(text, block, COMMAS)


def test_an_endless_quote_stops_at_the_limit_instead_of_filling_the_memory() -> None:
    scanner = RecordScanner(COMMAS, "f.csv", limit=10_000)
    with pytest.raises(FileError, match=r"opened on line 2 and never closed"):
        for block in [b'a,b\n"open,b\n'] + [b"1,2\n" * 100] * 100:
            scanner.feed(block)


def test_a_line_without_end_stops_at_the_limit() -> None:
    scanner = RecordScanner(TABS, "f.tsv", limit=10_000)
    scanner.feed(b"a\tb\n")
    with pytest.raises(FileError, match=r"more than 10,000 bytes that starts on line 2"):
        for _ in range(100):
            scanner.feed(b"x" * 1000)


def test_a_record_that_just_fits_the_limit_is_read_though_much_follows_it() -> None:
    scanner = RecordScanner(COMMAS, "f.csv", limit=10_000)
    text = b'"' + b"x\n" * 4_900 + b'",b\n' + b"1,2\n" * 2_000
    chunks = [scanner.feed(text[start : start + 100]) for start in range(0, len(text), 100)]
    chunks.append(scanner.finish())
    assert sum(chunk.rows for chunk in chunks if chunk) == 2_001
