"""Whatever the table: after a drop exactly the month is gone, after a restore the table is as it was."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import Desk
from snowflake_etl.month import Month

pytestmark = pytest.mark.slow

MONTHS = [Month(2013, 2), Month(2012, 2), Month(2024, 12), Month(2013, 1)]
# How a moment is written for each type of date column.
WRITTEN = {
    "DATE": lambda moment: f"CAST('{moment:%Y-%m-%d}' AS DATE)",
    "TIMESTAMP_LTZ": lambda moment: f"CAST('{moment:%Y-%m-%d %H:%M:%S}' AS TIMESTAMP_LTZ)",
    "TIMESTAMP_NTZ": lambda moment: f"CAST('{moment:%Y-%m-%d %H:%M:%S}' AS TIMESTAMP_NTZ)",
    # One zone is enough here: the day is the one that the value itself names.
    "TIMESTAMP_TZ": lambda moment: f"CAST('{moment:%Y-%m-%d %H:%M:%S} +00:00' AS TIMESTAMP_TZ)",
    "NUMBER(8,0)": lambda moment: f"{moment:%Y%m%d}",
    "VARCHAR(8)": lambda moment: f"'{moment:%Y%m%d}'",
    "VARCHAR(10)": lambda moment: f"'{moment:%Y-%m-%d}'",
}
FORMATS = {"VARCHAR(10)": "YYYY-MM-DD"}
TABLES = ["T", '"lower case"', '"SELECT"', "OTHER.T"]


@st.composite
def months_and_rows(draw: st.DrawFn) -> tuple[Month, list[tuple[datetime, int]]]:
    """A month and rows around it, many of them within a second of its ends."""
    month = draw(st.sampled_from(MONTHS))
    ends = [datetime.combine(day, time()) for day in (month.first_day, month.days().after)]
    edges = st.sampled_from([end + timedelta(seconds=off) for end in ends for off in (-1, 0, 1)])
    around = st.datetimes(ends[0] - timedelta(days=12), ends[1] + timedelta(days=9))
    return month, draw(st.lists(st.tuples(st.one_of(edges, around), st.integers(0, 3)), max_size=12))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(list(WRITTEN)), data=months_and_rows(), table=st.sampled_from(TABLES), null=st.booleans())
def test_exactly_the_month_goes_and_comes_back(
    desk: Desk, kind: str, data: tuple[Month, list[tuple[datetime, int]]], table: str, null: bool
) -> None:
    month, rows = data
    desk.sql("CREATE SCHEMA IF NOT EXISTS OTHER")
    desk.sql(f"DROP TABLE IF EXISTS {table}")
    desk.sql(f'CREATE TABLE {table} ("day" {kind}, N NUMBER)')
    values = [f"({WRITTEN[kind](moment)}, {number})" for moment, number in rows] + ["(NULL, 7)"] * null
    if values:
        desk.sql(f"INSERT INTO {table} VALUES {', '.join(values)}")
    desk.entry |= {
        "table_name": table,
        "date_column": '"day"',
        "date_format": FORMATS.get(kind, "YYYYMMDD"),
        "create_table": None,
        "duplicate_key_columns": None,
    }
    before = content(desk, table)
    words = ("--config", str(desk.config), "--table", table, "--month", str(month), "--yes")
    inside = [number for moment, number in rows if month.first_day <= moment.date() <= month.last_day]
    answer = desk.run("drop-month", *words, "--expect-rows", str(len(inside)))
    assert answer.code == 0, answer
    left = [str(number) for moment, number in rows if not month.first_day <= moment.date() <= month.last_day]
    assert sorted(row[1] for row in content(desk, table)) == sorted(left + ["7"] * null)
    if inside:
        assert desk.run("restore-month", *words).code == 0
    assert content(desk, table) == before


def content(desk: Desk, table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(str(value) for value in row) for row in desk.sql(f"SELECT * FROM {table}"))
