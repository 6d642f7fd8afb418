"""The two halves of every rule, DuckDB's SQL and Python's judgement, must agree on every text."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowflake_etl.warehouse.local.copy_into.format import CsvFormat
from snowflake_etl.warehouse.local.copy_into.rules import Rule, rule_for
from snowflake_etl.warehouse.local.sql.table_types import TableColumn

NUMBER_TEXTS = """
0 -0 +1 1. .5 . 1.5 -1.50 1e3 1E-2 1e 1e400 -1e400 1e-400 e5 1_000 0x10 0X1F 0b11 0B1 0o17 12,5 1 2 - + -- 99.94 99.95
99.949 -99.95 999.4 1000 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
9223372036854775807.4 9223372036854775807.5 1e18 1e19 12345678901234567890123456789012345678 inf -inf Infinity nan NaN
NULL true 1d 1f \u0661 \u00bd 0.1e1 00012 1e+2
"""
DATE_TEXTS = """
2013-01-31 2013-1-31 2013-01-32 2013-02-29 2012-02-29 2013-13-01 0000-01-01 9999-12-31 10000-01-01 -2013-01-01
2013/01/31 31-Jan-2013 31-jan-2013 31-Foo-2013 01/31/2013 1/2/2013 13/31/2013 20130131 20130230 2013011 201301311
1357000000 -1 0 99999999999 infinity epoch today 2013-01-31T10:11:12 2013-01-31T25:11:12 2013-01-31T10:11:12Z
2013-01-31T10:11:12+02:00 2013-01-31T10:11:12.123456789 2013-01-31T10:11 2013-01-31T10 10:11:12 10:11 24:00:00
10:60:00 10:11:60 1:2:3 10:11:12.5 31.01.2013 1.1.2013 2013 Jan 2013-W05
"""
NUMBERS = NUMBER_TEXTS.split()
SPACED = [" 1", "1 ", "\t1", " ", "", "1 2", "\u00a01", "1\n"]
DATES = DATE_TEXTS.split()
DATES += [
    "2013-01-31 10:11:12",
    "2013-01-31 10:11:12 +0200",
    "2013-01-31 (BC)",
    " 2013-01-31",
    "2013-01-31 ",
    "01/31/2013 10:11:12",
]
WORDS = ["true", "TRUE", "t", "yes", "on", "1", "0", "off", "N", "2", "ja", " true", ""]
TEXTS = [
    "",
    "abc",
    "abcd",
    "\u00e4\u00f6\u00fc",
    "\u00e4\u00f6\u00fc\u00df",
    "\U0001f600" * 3,
    "\U0001f600" * 4,
    "e\u0301x",
    "e\u0301xy",
    "a\0b",
]


def column(kind: str, precision: int = 0, scale: int = 0, length: int = 0) -> TableColumn:
    return TableColumn("C", kind, length, precision, scale, True, None)


RULES = {
    "NUMBER(38,0)": (column("NUMBER", 38, 0), CsvFormat()),
    "NUMBER(3,1)": (column("NUMBER", 3, 1), CsvFormat()),
    "NUMBER(9,0)": (column("NUMBER", 9, 0), CsvFormat()),
    "NUMBER(38,10)": (column("NUMBER", 38, 10), CsvFormat()),
    "FLOAT": (column("FLOAT"), CsvFormat()),
    "VARCHAR(3)": (column("TEXT", length=3), CsvFormat()),
    "BOOLEAN": (column("BOOLEAN"), CsvFormat()),
    "BINARY": (column("BINARY"), CsvFormat()),
    "DATE AUTO": (column("DATE"), CsvFormat()),
    "TIME AUTO": (column("TIME", scale=9), CsvFormat()),
    "TIMESTAMP AUTO": (column("TIMESTAMP_NTZ", scale=9), CsvFormat()),
    "TIMESTAMP_TZ AUTO": (column("TIMESTAMP_TZ", scale=9), CsvFormat()),
    **{f"DATE {form}": (column("DATE"), CsvFormat(date_format=form))
       for form in ("YYYYMMDD", "YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "DD-MON-YYYY", "YYYY/MM/DD")},
    **{f"TIMESTAMP {form}": (column("TIMESTAMP_NTZ", scale=9), CsvFormat(timestamp_format=form))
       for form in ("YYYY-MM-DD HH24:MI:SS", "YYYY-MM-DD HH24:MI:SS.FF3", "DD.MM.YYYY HH12:MI AM")},
}  # fmt: skip
DUCK = duckdb.connect()
DUCK.execute("SET TimeZone = 'UTC'")


def accepted_by_engine(rule: Rule, text: str) -> bool:
    try:
        row: Any = DUCK.execute(f"SELECT {rule.sql('v')} FROM (SELECT $1::VARCHAR AS v)", [text]).fetchone()
    except duckdb.Error:
        return False
    assert row[0] is not None, "a value never turns into NULL"
    return True


@pytest.mark.parametrize("name", RULES)
def test_both_halves_agree_on_tricky_texts(name: str) -> None:
    rule = rule_for(*RULES[name])
    texts = dict.fromkeys(itertools.chain(NUMBERS, SPACED, DATES, WORDS, TEXTS))
    differing = [text for text in texts if accepted_by_engine(rule, text) is not (rule.wrong(text) is None)]
    assert differing == []


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="0123456789+-.eE_x /:TZaJn", max_size=20) | st.text(max_size=6))
def test_both_halves_agree_on_any_text(name: str, text: str) -> None:
    rule = rule_for(*RULES[name])
    assert accepted_by_engine(rule, text) is (rule.wrong(text) is None)
