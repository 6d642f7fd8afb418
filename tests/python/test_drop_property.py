"""Whatever the table: after a drop exactly the month is gone, after a restore the table is as it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import Desk

pytestmark = pytest.mark.slow

MONTH = (date(2013, 2, 1), date(2013, 3, 1))
# How a moment is written for each type of date column.
WRITTEN = {
    "DATE": lambda moment: f"CAST('{moment:%Y-%m-%d}' AS DATE)",
    "TIMESTAMP_NTZ": lambda moment: f"CAST('{moment:%Y-%m-%d %H:%M:%S}' AS TIMESTAMP_NTZ)",
    # One zone is enough here: the day is the one that the value itself names.
    "TIMESTAMP_TZ": lambda moment: f"CAST('{moment:%Y-%m-%d %H:%M:%S} +00:00' AS TIMESTAMP_TZ)",
    "NUMBER(8,0)": lambda moment: f"{moment:%Y%m%d}",
    "VARCHAR(8)": lambda moment: f"'{moment:%Y%m%d}'",
    "VARCHAR(10)": lambda moment: f"'{moment:%Y-%m-%d}'",
}
FORMATS = {"VARCHAR(10)": "YYYY-MM-DD"}
TABLES = ["T", '"lower case"', '"SELECT"', "OTHER.T"]

edges = st.sampled_from(
    [datetime.combine(day, datetime.min.time()) + timedelta(seconds=off) for day in MONTH for off in (-1, 0, 1)]
)
moments = st.one_of(edges, st.datetimes(datetime(2013, 1, 20), datetime(2013, 3, 10)))
rows_of_table = st.lists(st.tuples(moments, st.integers(0, 3)), max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(list(WRITTEN)), rows=rows_of_table, table=st.sampled_from(TABLES), null=st.booleans())
def test_exactly_the_month_goes_and_comes_back(
    desk: Desk, kind: str, rows: list[tuple[datetime, int]], table: str, null: bool
) -> None:
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
    words = ("--config", str(desk.config), "--table", table, "--month", "2013-02", "--yes")
    inside = sum(MONTH[0] <= moment.date() < MONTH[1] for moment, _ in rows)
    answer = desk.run("drop-month", *words, "--expect-rows", str(inside))
    assert answer.code == 0, answer
    left = sorted((str(number) for moment, number in rows if not MONTH[0] <= moment.date() < MONTH[1]))
    assert sorted(row[1] for row in content(desk, table)) == sorted(left + ["7"] * null)
    if inside:
        assert desk.run("restore-month", *words).code == 0
    assert content(desk, table) == before


def content(desk: Desk, table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(str(value) for value in row) for row in desk.sql(f"SELECT * FROM {table}"))
