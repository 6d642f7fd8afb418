"""Names, literals and types in SQL text."""

from __future__ import annotations

from datetime import date

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange
from snowflake_etl.sqltext import ObjectName, column_type, day_bounds, fold, literal, object_name, quote

ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=40)


@given(ANY_TEXT)
def test_a_quoted_name_is_read_back_as_one_name(name: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {quote(name)}", read="snowflake")
    column = parsed.expressions[0].this
    assert isinstance(column, exp.Identifier)
    assert column.quoted
    assert column.name == name


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=40))
def test_a_literal_is_read_back_as_its_text(text: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {literal(text)}", read="snowflake")
    assert parsed.expressions[0].name == text


@pytest.mark.parametrize(
    ("written", "stored"),
    [("flights", "FLIGHTS"), ("Flight_1$", "FLIGHT_1$"), ('"Flights"', "Flights"), ('"a""b"', 'a"b'), ("a b", "a b")],
)
def test_names_fold_as_snowflake_folds_them(written: str, stored: str) -> None:
    assert fold(written) == stored


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("t", ObjectName("D", "S", "T")),
        ("x.t", ObjectName("D", "X", "T")),
        ("y.x.t", ObjectName("Y", "X", "T")),
        ('"my db"."a.b".t', ObjectName("my db", "a.b", "T")),
    ],
)
def test_the_rest_of_a_table_name_comes_from_the_session(written: str, full: ObjectName) -> None:
    assert object_name(written, "D", "S") == full


@pytest.mark.parametrize("text", ["", "a..b", "a.b.c.d", ".a", "a."])
def test_what_is_no_table_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a table name"):
        object_name(text, "D", "S")


@pytest.mark.parametrize(
    ("written", "base", "length", "scale"),
    [
        ("varchar(20)", "VARCHAR", 20, 0),
        ("STRING", "VARCHAR", 16_777_216, 0),
        ("CHAR", "VARCHAR", 1, 0),
        ("integer", "NUMBER", 38, 0),
        ("decimal(9, 2)", "NUMBER", 9, 2),
        ("double precision", "FLOAT", 0, 0),
        ("datetime", "TIMESTAMP_NTZ", 0, 0),
        ("TIMESTAMP_TZ(9)", "TIMESTAMP_TZ", 9, 0),
        ("FLOAT8", "FLOAT", 0, 0),
        ("VARCHAR(16777216) COLLATE 'en-ci'", "VARCHAR", 16_777_216, 0),
    ],
)
def test_types_and_their_synonyms(written: str, base: str, length: int, scale: int) -> None:
    kind = column_type(written)
    assert (kind.base, kind.length, kind.scale) == (base, length, scale)


def test_a_range_of_days_is_half_open_and_fits_the_column() -> None:
    days = DayRange(date(2024, 1, 30), date(2024, 1, 31))
    assert day_bounds("D", column_type("DATE"), days) == (
        '"D" >= CAST(? AS DATE) AND "D" < CAST(? AS DATE)',
        ["2024-01-30", "2024-02-01"],
    )
    assert day_bounds("D", column_type("NUMBER(8,0)"), days)[1] == ["20240130", "20240201"]
    assert day_bounds("D", column_type("VARCHAR(10)"), days, "YYYY-MM-DD")[1] == ["2024-01-30", "2024-02-01"]
    with_time = day_bounds("D", column_type("VARCHAR(30)"), days, "YYYY-MM-DD HH24:MI:SS")[1]
    assert with_time == ["2024-01-30", "2024-02-01"]
    assert with_time[0] <= "2024-01-30 00:00:00" <= "2024-01-31 23:59:59" < with_time[1]
    for unsortable in ("DD.MM.YYYY", "YYYYDDMM", "YYYY-MON-DD", "YYYY-MM/DD"):
        with pytest.raises(UsageError, match="year, month and day"):
            day_bounds("D", column_type("VARCHAR(10)"), days, unsortable)
    with pytest.raises(UsageError, match="holds no days"):
        day_bounds("D", column_type("BOOLEAN"), days)
