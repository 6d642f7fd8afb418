"""COPY INTO: what a bad record is answered with, and that nothing of its statement stays."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError
from test_copy import fmt

from local_client import FORMAT, Client

GOOD = b"20130101\tAA\t1.25\t1\n"
TABLE = "CREATE TABLE T (D DATE, C VARCHAR(3), N NUMBER(5,2), I INT NOT NULL)"


@pytest.mark.parametrize(
    ("record", "errno", "message", "character", "column"),
    [
        (b"20130101\tAA\tabc\t1", 100038, "Numeric value 'abc' is not recognized", 13, "N"),
        (b"20130101\tAA\t1_0\t1", 100038, "Numeric value '1_0' is not recognized", 13, "N"),
        (b"20130101\tAA\t1\t0x10", 100038, "Numeric value '0x10' is not recognized", 15, "I"),
        (b"20130101\tAA\t1000.00\t1", 100039, "Numeric value '1000.00' is out of range", 13, "N"),
        (b"20130101\tAA\t999.995\t1", 100039, "Numeric value '999.995' is out of range", 13, "N"),
        (b"20130101\tABCD\t1\t1", 100078, "String 'ABCD' is too long and would be truncated", 10, "C"),
        (b"20130230\tAA\t1\t1", 100040, "Date '20130230' is not recognized", 1, "D"),
        (b"2013-01-01\tAA\t1\t1", 100040, "Date '2013-01-01' is not recognized", 1, "D"),
        (b"2013011\tAA\t1\t1", 100040, "Date '2013011' is not recognized", 1, "D"),
        (b"20130101\tA\xe9\t1\t1", 100144, "Invalid UTF8 detected in string '0xE9'", 11, "C"),
        (b"20130101\tAA\t1", 100080, r"Number of columns in file \(3\) does not match .* table \(4\)", 13, "N"),
        (b"20130101\tAA\t1\t1\tx", 100080, r"Number of columns in file \(5\) does not match .* table \(4\)", 15, "I"),
        (b"20130101\tAA\t1\t1\t", 100080, r"Number of columns in file \(5\) does not match .* table \(4\)", 15, "I"),
        (b"", 100080, r"Number of columns in file \(1\) does not match .* table \(4\)", 1, "D"),
        (b"20130101\tAA\t1\t", 100072, "NULL result in a non-nullable column", 15, "I"),
    ],
)
def test_the_first_bad_value_is_named_with_file_line_and_column(
    client: Client, record: bytes, errno: int, message: str, character: int, column: str
) -> None:
    client.rows(TABLE)
    client.put("part-00001.tsv.zst", GOOD * 10)
    client.put("part-00002.tsv.zst", GOOD * 16 + record + b"\n" + GOOD * 5)
    client.put("part-00003.tsv.zst", GOOD * 10)
    with pytest.raises(DatabaseError, match=message) as wrong:
        client.copy()
    assert wrong.value.errno == errno
    assert f"File 'in/part-00002.tsv.zst', line 17, character {character}\n" in str(wrong.value)
    assert f'Row 17, column "T"["{column}":' in str(wrong.value)
    assert client.one("SELECT COUNT(*) FROM T") == 0, "the good files before it are not loaded either"
    client.rows("REMOVE @ETL_STAGE/in/part-00002")
    assert {row["status"] for row in client.copy()} == {"LOADED"}, "nothing was noted as loaded"


def test_lengths_count_characters_not_bytes(client: Client) -> None:
    client.rows("CREATE TABLE S (A VARCHAR(3))")
    client.put("a.zst", "\u00e4\u00f6\u00fc\n".encode())
    client.copy("S")
    assert client.one("SELECT A FROM S") == "\u00e4\u00f6\u00fc"


@pytest.mark.parametrize(
    ("data", "errno"), [(b'"a\tb\n1\t2\n', 100068), (b'"a"x\tb\n', 100016), (b"1\t2\n\n3\t4\n", 100080)]
)
def test_broken_quoting_and_blank_lines_with_enclosed_fields(client: Client, data: bytes, errno: int) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B VARCHAR)")
    client.put("a.zst", data)
    with pytest.raises(ProgrammingError) as wrong:
        client.copy("S", rest=fmt(FIELD_OPTIONALLY_ENCLOSED_BY="'\"'"))
    assert wrong.value.errno == errno
    assert client.one("SELECT COUNT(*) FROM S") == 0


def test_a_line_number_counts_the_header_and_lines_within_quotes(client: Client) -> None:
    client.rows("CREATE TABLE S (A VARCHAR, B INT)")
    client.put("a.zst", b'A\tB\n"x\ny"\t1\nz\tbad\n')
    with pytest.raises(ProgrammingError, match=r"line 4, character 3\n  Row 2, "):
        client.copy("S", rest=fmt(FIELD_OPTIONALLY_ENCLOSED_BY="'\"'", SKIP_HEADER="1"))


def test_a_column_that_is_left_out_and_may_not_be_null(client: Client) -> None:
    client.rows("CREATE TABLE S (A INT, B INT NOT NULL)")
    client.put("a.zst", b"1\n")
    with pytest.raises(DatabaseError, match="NULL result in a non-nullable column") as wrong:
        client.rows(f"COPY INTO S (A) FROM @ETL_STAGE/in/ {FORMAT}")
    assert wrong.value.errno == 100072


def test_a_failing_copy_leaves_the_transaction_usable_and_loads_nothing(client: Client) -> None:
    client.rows(TABLE)
    client.rows("INSERT INTO T (I) VALUES (1), (2)")
    client.put("good.zst", GOOD * 3, "good/")
    client.put("bad.zst", GOOD * 3 + b"20130101\tAA\tabc\t1\n", "bad/")
    client.put("null.zst", GOOD * 3 + b"20130101\tAA\t1\t\n", "null/")
    client.rows("BEGIN")
    client.rows("DELETE FROM T WHERE I = 1")
    client.copy(path="good/")
    for path in ("bad/", "null/", "nothing-like-that/"):
        if path.startswith("nothing"):
            client.copy(path=path)
            continue
        with pytest.raises(DatabaseError):
            client.copy(path=path)
    assert client.one("SELECT COUNT(*) FROM T") == 4
    client.rows("COMMIT")
    assert client.one("SELECT COUNT(*) FROM T") == 4


def test_a_copy_that_is_rolled_back_is_not_noted_as_loaded(client: Client) -> None:
    client.rows(TABLE)
    client.put("good.zst", GOOD * 3)
    client.rows("BEGIN")
    assert client.copy()[0]["rows_loaded"] == 3
    client.rows("ROLLBACK")
    assert client.one("SELECT COUNT(*) FROM T") == 0
    assert client.copy()[0]["status"] == "LOADED"


def test_validation_mode_returns_every_mistake_and_loads_nothing(client: Client) -> None:
    client.rows(TABLE)
    client.put("a.zst", GOOD + b"20130101\tABCD\tx\t1\n" + GOOD + b"x\n")
    found = client.copy(rest=f"{FORMAT} VALIDATION_MODE=RETURN_ERRORS")
    assert [(row["CODE"], row["LINE"], row["COLUMN_NAME"]) for row in found] == [
        (100078, 2, '"T"["C":2]'),
        (100038, 2, '"T"["N":3]'),
        (100080, 4, '"T"["D":1]'),
    ]
    assert found[0]["REJECTED_RECORD"] == "20130101\tABCD\tx\t1"
    assert client.one("SELECT COUNT(*) FROM T") == 0
