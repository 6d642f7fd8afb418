"""COPY INTO: what is loaded, how it is counted, and what a second COPY does."""

from __future__ import annotations

import bz2
import gzip
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import zstandard
from snowflake.connector.errors import ProgrammingError

from local_client import FORMAT, Client

TABLE = 'CREATE OR REPLACE TRANSIENT TABLE "T" ("D" DATE, "C" VARCHAR(3), "N" NUMBER(9,2), "I" NUMBER(38,0), "F" FLOAT)'


def lines(first: int, count: int) -> bytes:
    return b"".join(b"20130101\tAA\t%d.25\t%d\t1.5\n" % (number, number) for number in range(first, first + count))


def fmt(**changes: str) -> str:
    """The usual format with some options changed; an empty value leaves one out."""
    text = FORMAT
    for name, value in changes.items():
        start = text.find(f" {name}=") if f" {name}=" in text else text.find(f"({name}=")
        if start < 0:
            text = text[:-1] + f" {name}={value})"
            continue
        end = min(place for place in (text.find(" ", start + 1), len(text) - 1) if place > 0)
        text = text[: start + 1] + (f"{name}={value}" if value else "") + text[end:]
    return text


def test_all_parts_of_the_named_folders_in_one_statement(client: Client) -> None:
    client.rows(TABLE)
    for folder, first in (("fp1-plan", 0), ("fp2-plan", 100), ("stranger", 900)):
        client.put("part-00001-ab.tsv.zst", lines(first, 30), f"t/2013-01/{folder}/")
        client.put("part-00002-cd.tsv.zst", lines(first + 30, 20), f"t/2013-01/{folder}/")
        client.put("manifest.json", b"{}", f"t/2013-01/{folder}/")
    pattern = "PATTERN='.*/(fp1-plan|fp2-plan)/part-[^/]*[.]tsv[.]zst'"
    rows = client.records(
        f'COPY INTO "{client.database}"."WORK"."T" ("D", "C", "N", "I", "F")\nFROM \'{client.stage}t/2013-01/\'\n'
        f"{pattern}\n{FORMAT}\nON_ERROR=ABORT_STATEMENT PURGE=FALSE"
    )
    assert [(row["file"], row["rows_parsed"], row["rows_loaded"]) for row in rows] == [
        ("etl_stage/t/2013-01/fp1-plan/part-00001-ab.tsv.zst", 30, 30),
        ("etl_stage/t/2013-01/fp1-plan/part-00002-cd.tsv.zst", 20, 20),
        ("etl_stage/t/2013-01/fp2-plan/part-00001-ab.tsv.zst", 30, 30),
        ("etl_stage/t/2013-01/fp2-plan/part-00002-cd.tsv.zst", 20, 20),
    ]
    assert list(rows[0]) == [
        "file",
        "status",
        "rows_parsed",
        "rows_loaded",
        "error_limit",
        "errors_seen",
        "first_error",
        "first_error_line",
        "first_error_character",
        "first_error_column_name",
    ]
    assert rows[0]["status"] == "LOADED"
    assert client.rows("SELECT COUNT(*), MIN(I), MAX(I), COUNT(DISTINCT I) FROM T") == [(100, 0, 149, 100)]


def test_a_file_is_loaded_once_unless_forced_or_put_again(client: Client) -> None:
    client.rows(TABLE)
    client.put("a.zst", lines(0, 3))
    assert client.copy()[0]["status"] == "LOADED"
    skipped = client.copy()[0]
    assert (skipped["status"], skipped["rows_loaded"], skipped["first_error"]) == (
        "LOAD_SKIPPED",
        0,
        "File was loaded before.",
    )
    client.put("b.zst", lines(3, 3))
    assert [row["status"] for row in client.copy()] == ["LOAD_SKIPPED", "LOADED"]
    assert [row["status"] for row in client.copy(rest=f"{FORMAT} FORCE=TRUE")] == ["LOADED", "LOADED"]
    assert client.one("SELECT COUNT(*) FROM T") == 12
    client.rows(TABLE)
    assert [row["status"] for row in client.copy()] == ["LOADED", "LOADED"], "a new table has no history"


def test_nothing_to_load_says_so(client: Client) -> None:
    client.rows(TABLE)
    assert client.copy() == [{"status": "Copy executed with 0 files processed."}]


def test_files_and_purge(client: Client) -> None:
    client.rows(TABLE)
    for name in ("a.zst", "b.zst", "c.zst"):
        client.put(name, lines(0, 2))
    rows = client.copy(rest=f"FILES=('a.zst', 'c.zst') {FORMAT} PURGE=TRUE")
    assert [row["file"] for row in rows] == ["etl_stage/in/a.zst", "etl_stage/in/c.zst"]
    assert client.names() == ["etl_stage/in/b.zst"]
    with pytest.raises(ProgrammingError, match=r"in/a\.zst"):
        client.copy(rest=f"FILES=('a.zst') {FORMAT}")


@pytest.mark.parametrize(
    ("name", "packed", "compression"),
    [
        ("a.tsv.gz", gzip.compress(lines(0, 5)) + gzip.compress(lines(5, 5)), "GZIP"),
        ("a.tsv.gz", gzip.compress(lines(0, 10)), "AUTO"),
        ("a.tsv.zst", zstandard.compress(lines(0, 5)) + zstandard.compress(lines(5, 5)), "AUTO"),
        ("a.tsv", lines(0, 10), "NONE"),
        ("a.tsv.bz2", bz2.compress(lines(0, 10)), "BZ2"),
        ("a", zstandard.compress(lines(0, 10)), "AUTO"),
    ],
    ids=["two gzip members", "gzip", "two zstd frames", "plain", "bzip2", "zstd without a suffix"],
)
def test_compressions(client: Client, name: str, packed: bytes, compression: str) -> None:
    client.rows(TABLE)
    client.put(name, packed, pack=False)
    assert client.copy(rest=fmt(COMPRESSION=compression))[0]["rows_loaded"] == 10
    assert client.rows("SELECT COUNT(*), SUM(I) FROM T") == [(10, 45)]


@pytest.mark.parametrize("cut", [1, 40, 0.5])
def test_a_damaged_file_is_refused_and_never_half_loaded(client: Client, cut: float) -> None:
    client.rows(TABLE)
    packed = zstandard.compress(lines(0, 50_000))
    client.put("a.zst", packed[: -int(cut) if cut >= 1 else int(len(packed) * cut)], pack=False)
    client.put("b.zst", lines(0, 5))
    with pytest.raises(ProgrammingError, match=r"in/a\.zst"):
        client.copy()
    assert client.one("SELECT COUNT(*) FROM T") == 0


def test_values_of_every_type(client: Client) -> None:
    client.rows(
        "CREATE TABLE V (D DATE, T TIME, TS TIMESTAMP_NTZ, TZ TIMESTAMP_TZ, B BOOLEAN, N NUMBER(5,1), I INT, F FLOAT,"
        " S VARCHAR, X BINARY, J VARIANT)"
    )
    row = (
        '20130131\t10:11:12\t2013-01-31 10:11:12.5\t2013-01-31T10:11:12Z\tyes\t-12.25\t7\t1e3\ta"b\\c\t00ff\t{"k":1}\n'
    )
    client.put("a.zst", (row + "\t" * 10 + "\n" + "NA\t" * 10 + "NA\n").encode())
    assert client.copy("V")[0]["rows_loaded"] == 3
    found = client.rows("SELECT D, T, TS, B, N, I, F, S FROM V WHERE D IS NOT NULL")[0]
    assert found == (
        *(date(2013, 1, 31), time(10, 11, 12), datetime(2013, 1, 31, 10, 11, 12, 500000), True),
        *(Decimal("-12.3"), 7, 1000.0, 'a"b\\c'),
    )
    assert client.one("SELECT COUNT(*) FROM V WHERE D IS NULL AND S IS NULL AND J IS NULL AND I IS NULL") == 2


def test_a_quote_is_an_ordinary_character_when_nothing_is_enclosed(client: Client) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B VARCHAR)")
    client.put("a.zst", b'"one\ttwo"\nthree"\t"\n\'x\'\t""\n')
    client.copy("S")
    assert sorted(client.rows("SELECT A, B FROM S")) == [('"one', 'two"'), ("'x'", '""'), ('three"', '"')]


def test_enclosed_fields(client: Client) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B VARCHAR)")
    client.put("a.zst", b'"a\tb""c\nd"\t""\nplain\t\nx"y\t"NA"\n')
    rows = client.copy("S", rest=fmt(FIELD_OPTIONALLY_ENCLOSED_BY="'\"'"))
    assert rows[0]["rows_loaded"] == 3
    found = sorted(client.rows("SELECT A, B FROM S"))
    assert found == [('a\tb"c\nd', ""), ("plain", None), ('x"y', None)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"1\ta\r\n2\tb\r\n", [("1", "a"), ("2", "b")]),
        (b"1\ta\r\n2\tb\n3\tc", [("1", "a"), ("2", "b"), ("3", "c")]),
        (b"1\ta\rb\n2\tb\n", [("1", "a\rb"), ("2", "b")]),
        (b"\xef\xbb\xbf1\ta\n", [("1", "a")]),
        (b"1\ta\x00b\n", [("1", "a\x00b")]),
        (b"#1\t a \n 2\tb \n", [(" 2", "b "), ("#1", " a ")]),
        (b"\t\n", [(None, None)]),
    ],
)
def test_line_ends_and_odd_bytes(client: Client, data: bytes, expected: list[Any]) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B VARCHAR)")
    client.put("a.zst", data)
    assert client.copy("S")[0]["rows_loaded"] == len(expected)
    assert sorted(client.rows("SELECT A, B FROM S"), key=str) == expected


def test_a_single_column_keeps_its_blank_lines(client: Client) -> None:
    client.rows("CREATE TABLE S (A VARCHAR)")
    client.put("a.zst", b"1\n\n3\n")
    assert client.copy("S")[0]["rows_loaded"] == 3
    assert sorted(client.rows("SELECT A FROM S"), key=str) == [("1",), ("3",), (None,)]


@pytest.mark.parametrize(
    ("options", "data", "expected"),
    [
        ({"SKIP_HEADER": "1"}, b"h\th\n1\tx\n", [("1", "x")]),
        ({"EMPTY_FIELD_AS_NULL": "FALSE"}, b"\tx\n", [("", "x")]),
        ({"NULL_IF": "('-','?')"}, b"-\t?\nNA\tx\n", [("NA", "x"), (None, None)]),
        ({"TRIM_SPACE": "TRUE"}, b" a \t NA\n", [("a", None)]),
        ({"ESCAPE_UNENCLOSED_FIELD": "'\\\\'"}, b"a\\tb\t\\\\\n", [("a\tb", "\\")]),
        ({"ENCODING": "'ISO-8859-1'"}, b"\xe9\tx\n", [("\u00e9", "x")]),
        ({"REPLACE_INVALID_CHARACTERS": "TRUE"}, b"a\xe9\tx\n", [("a\ufffd", "x")]),
        ({"SKIP_BLANK_LINES": "TRUE"}, b"1\tx\n\n2\ty\n", [("1", "x"), ("2", "y")]),
        ({"ERROR_ON_COLUMN_COUNT_MISMATCH": "FALSE"}, b"1\n2\ty\tz\n", [("1", None), ("2", "y")]),
        ({"FIELD_DELIMITER": "'||'"}, b"1||x\n", [("1", "x")]),
        ({"FIELD_DELIMITER": "'\\x01'"}, b"1\x01x\n", [("1", "x")]),
        ({"RECORD_DELIMITER": "';'"}, b"1\tx;2\ty", [("1", "x"), ("2", "y")]),
    ],
)
def test_format_options(client: Client, options: dict[str, str], data: bytes, expected: list[Any]) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B VARCHAR)")
    client.put("a.zst", data)
    assert client.copy("S", rest=fmt(**options))[0]["rows_loaded"] == len(expected)
    assert sorted(client.rows("SELECT A, B FROM S"), key=str) == expected


@pytest.mark.parametrize(
    ("chosen", "text", "expected"),
    [
        ("YYYYMMDD", "20130131", date(2013, 1, 31)),
        ("YYYY-MM-DD", "2013-01-31", date(2013, 1, 31)),
        ("DD.MM.YYYY", "31.01.2013", date(2013, 1, 31)),
        ("DD-MON-YYYY", "31-Jan-2013", date(2013, 1, 31)),
        ("AUTO", "2013-01-31", date(2013, 1, 31)),
        ("AUTO", "01/31/2013", date(2013, 1, 31)),
        # Snowflake takes digits for seconds since 1970; so must what stands in for it.
        ("AUTO", "20130131", date(1970, 8, 21)),
    ],
)
def test_date_formats(client: Client, chosen: str, text: str, expected: date) -> None:
    client.rows("CREATE TABLE S (A DATE)")
    client.put("a.zst", text.encode() + b"\n")
    client.copy("S", rest=fmt(DATE_FORMAT=f"'{chosen}'"))
    assert client.one("SELECT A FROM S") == expected


def test_columns_that_are_not_named_get_their_default(client: Client) -> None:
    client.rows("CREATE TABLE S (A INT, B VARCHAR DEFAULT 'x', C INT)")
    client.put("a.zst", b"3\t1\n")
    client.rows(f'COPY INTO S ("C", "A") FROM @ETL_STAGE/in/ {FORMAT}')
    assert client.rows("SELECT A, B, C FROM S") == [(1, "x", 3)]


@pytest.mark.parametrize(
    ("rest", "errno"),
    [
        ("FILE_FORMAT=(TYPE=CSV NO_SUCH_OPTION=1)", 1006),
        ("FILE_FORMAT=(TYPE=CSV SKIP_HEADER=many)", 1008),
        ("FILE_FORMAT=(TYPE=CSV TRIM_SPACE=perhaps)", 1008),
        ("FILE_FORMAT=(TYPE=JSON)", 2),
        ("NO_SUCH_OPTION=TRUE", 1006),
        ("ON_ERROR=CONTINUE", 2),
        ("SIZE_LIMIT=10", 2),
        ("FILE_FORMAT=(TYPE=CSV", 1003),
        ("PATTERN='('", 100048),
    ],
)
def test_unknown_options_are_errors_at_once(client: Client, rest: str, errno: int) -> None:
    client.rows(TABLE)
    client.put("a.zst", lines(0, 1))
    with pytest.raises(ProgrammingError) as wrong:
        client.copy(rest=rest)
    assert wrong.value.errno == errno


def test_missing_table_stage_and_column_are_named(client: Client) -> None:
    client.rows(TABLE)
    for sql, name in (
        (f"COPY INTO NOSUCH FROM @ETL_STAGE {FORMAT}", "NOSUCH"),
        (f"COPY INTO T FROM @NOSTAGE {FORMAT}", "NOSTAGE"),
        (f"COPY INTO T (D, NOCOL) FROM @ETL_STAGE {FORMAT}", "NOCOL"),
        ("COPY INTO @ETL_STAGE FROM T", "COPY INTO a stage"),
        ("COPY INTO 'file:///tmp/x' FROM T", "COPY INTO a stage"),
    ):
        with pytest.raises(ProgrammingError, match=name):
            client.rows(sql)
