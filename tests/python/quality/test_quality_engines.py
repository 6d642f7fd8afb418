"""Both engines say the same of the same data: a file, and the table that its rows stand in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlglot
from both_engines import Cases, Lines, comparable, fill, session_of, table_of
from planted import (
    EXPECTED,
    FLIGHT_LAYOUT,
    LAYOUT,
    ROOT,
    SAMPLES,
    TYPES,
    check,
    codes,
    days_of,
    flight_expectations,
    flight_lines,
    month_lines,
    write,
)

from desk import Desk
from snowflake_etl.errors import UsageError
from snowflake_etl.quality.profile import Expectations, Scope
from snowflake_etl.quality.runner import check_table
from snowflake_etl.quality.table_engine import profile_table
from snowflake_etl.sqltext import ObjectName, column_type


def without(lines: Lines, *days: str) -> Lines:
    return [line for line in lines if not line.startswith(days)]


MONTH = month_lines(100)
# What a check of a table's month cannot see, and all of it at once; test_quality_planted has the rest.
CASES: dict[str, tuple[Lines, list[str]]] = {
    "clean": (MONTH, []),
    "rows of february": ([*MONTH, "20240201\t900001\tx", "20240203\t900002\tx"], ["outside_days"]),
    "only another month": (
        month_lines(100, days_of("2024-02-01", 29)),
        ["missing_days", "outside_days"],
    ),
    "no rows": ([], ["no_rows"]),
    "keys with NULL": ([*MONTH[:-2], *(line.split("\t")[0] + "\t\tx" for line in MONTH[-2:])], ["null_keys"]),
    "rows without a date": ([*MONTH, "\t900001\tx"], ["null_dates"]),
    "all of it": (
        [*without(MONTH, "20240117"), "\t900001\tx", "20240301\t900002\tx", MONTH[0], MONTH[2000]],
        ["duplicate_keys", "missing_days", "null_dates", "outside_days"],
    ),
}


@pytest.fixture(scope="module")
def cases(shared_desk: Desk) -> Iterator[Cases]:
    with session_of(shared_desk) as session:
        yield Cases(session, shared_desk, {name: lines for name, (lines, _) in CASES.items()}, EXPECTED)


@pytest.mark.parametrize("case", CASES)
def test_both_engines_find_the_same(case: str, cases: Cases, tmp_path: Path) -> None:
    lines, wanted = CASES[case]
    of_file = check(write(tmp_path / "t.tsv", lines))
    of_table = check_table(cases.session, cases.table(case), EXPECTED)
    assert codes(of_file) == sorted(wanted)
    assert comparable(of_table) == comparable(of_file)
    for field in ("rows", "days_expected", "days_found", "first_day", "last_day"):
        assert getattr(of_table, field) == getattr(of_file, field)


KINDS: dict[str, tuple[str, str | None, Callable[[Lines], Lines], list[str]]] = {
    "DATE": ("DATE", "YYYYMMDD", lambda lines: lines, []),
    "NUMBER": ("NUMBER(8,0)", None, lambda lines: lines, []),
    "NUMBER that is no date": (
        "NUMBER(8,0)",
        None,
        lambda lines: [*lines, "20241301\t900001\tx", "7\t900002\tx"],
        ["unread_dates"],
    ),
    "text": ("VARCHAR(8)", None, lambda lines: lines, []),
    "text that is no date": (
        "VARCHAR(8)",
        "YYYYMMDD",
        lambda lines: [*lines, "2024115\t900001\tx", "20240230\t900002\tx", "never\t900003\tx", "never\t900004\tx"],
        ["unread_dates"],
    ),
    "ISO text": (
        "VARCHAR(10)",
        "YYYY-MM-DD",
        lambda lines: [f"{line[:4]}-{line[4:6]}-{line[6:]}" for line in lines],
        [],
    ),
    "text in strptime's spelling": (
        "VARCHAR(10)",
        "%d.%m.%Y",
        lambda lines: [f"{line[6:8]}.{line[4:6]}.{line[:4]}{line[8:]}" for line in lines],
        [],
    ),
    "a timestamp": (
        "TIMESTAMP_NTZ",
        None,
        lambda lines: [f"{line[:4]}-{line[4:6]}-{line[6:8]} 23:59:59{line[8:]}" for line in lines],
        [],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_dates_of_every_kind_give_the_same(kind: str, desk: Desk, tmp_path: Path) -> None:
    declared, date_format, written, wanted = KINDS[kind]
    lines = written(MONTH)
    expected = replace(EXPECTED, types=TYPES | {"DAY": column_type(declared)}, date_format=date_format)
    of_file = check(write(tmp_path / "t.tsv", lines), LAYOUT, expected)
    with session_of(desk) as session:
        fill(session, table_of(desk), lines, expected)
        of_table = check_table(session, table_of(desk), expected)
    assert codes(of_file) == codes(of_table) == wanted
    assert comparable(of_table) == comparable(of_file)
    assert of_table.days_found == 31


# Texts of which several are one value of the type, and NULL.
SPELLINGS: dict[str, list[str]] = {
    "NUMBER(9,2)": ["7", "07", "7.0", "+7", "1e1", "10", ".5", "-0", "0", "7.004", "7.001", ""],
    "FLOAT": ["1", "1.0", "1e0", "-0.0", "0", "0.1", "1e300", "-5", "5", ""],
    "VARCHAR(10)": ["a", "A", "a ", "\u00e4", "b'", "9", "10", "x\\y", ""],
    "TIMESTAMP_NTZ": ["2024-01-01 10:00:00", "2024-01-01T10:00:00", "2024-01-01 10:00:00.5", "2024-01-01", ""],
    "BOOLEAN": ["true", "T", "1", "no", "off", "false", ""],
    "TIME": ["10:11:12", "10:11:12.000", "00:00:00", ""],
}


def test_keys_of_every_type_are_equal_and_sorted_alike(shared_desk: Desk, tmp_path: Path) -> None:
    types = {"DAY": column_type("DATE")} | {f"C{n}": column_type(kind) for n, kind in enumerate(SPELLINGS)}
    lines = [
        "\t".join(
            [f"202401{number % 31 + 1:02d}", *(texts[number * 7 // 3 % len(texts)] for texts in SPELLINGS.values())]
        )
        for number in range(300)
    ]
    layout = replace(LAYOUT, columns=tuple(types))
    path = write(tmp_path / "t.tsv", lines, "\t".join(types))
    table = table_of(shared_desk).sibling("TYPED")
    expected = replace(EXPECTED, types=types, columns=tuple(types), null_values=("",))
    with session_of(shared_desk) as session:
        fill(session, table, lines, expected)
        for key in (*((name,) for name in types), ("C0", "C1"), ("C2", "C4", "C3"), ("DAY", "C5")):
            asked = replace(expected, key_columns=key)
            of_file, of_table = check(path, layout, asked), check_table(session, table, asked)
            assert comparable(of_table) == comparable(of_file), key
            worst = [
                [each.samples for each in one.findings if each.code == "duplicate_keys"] for one in (of_file, of_table)
            ]
            assert worst[0] == worst[1] != [], key


def test_two_thousand_columns_of_a_table_are_one_statement() -> None:
    """On a warehouse that answers as Snowflake would: two days, NULLs in every seventh column."""

    class Wide:
        statements: ClassVar[list[str]] = []

        def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            self.statements.append(sql)
            counts = [number for place in range(2000) for number in (5 - (place % 7 == 0), 0)]
            return [(day, False, 5, 0, *counts) for day in (date(2024, 1, 1), date(2024, 1, 2))]

    types = {"DAY": column_type("DATE")} | {f'c "{n}"': column_type("NUMBER(9,0)") for n in range(1999)}
    expected = Expectations(days=(days_of("2024-01-01", 2),), columns=tuple(types), date_column="DAY", types=types)
    profile = profile_table(Wide(), ObjectName("D", "S", "T"), expected)
    (statement,) = Wide.statements
    sqlglot.parse_one(statement, dialect="snowflake")
    assert profile.rows == 10
    assert [each.nulls for each in profile.column_profiles] == [2 * (place % 7 == 0) for place in range(2000)]


def test_two_statements_a_table_and_one_for_the_days(desk: Desk) -> None:
    with session_of(desk) as session:
        fill(session, table_of(desk), MONTH, EXPECTED)
        check_table(session, table_of(desk), EXPECTED)
        assert len(session.statements) == 2
        session.statements.clear()
        report = check_table(session, table_of(desk), EXPECTED, scope=Scope.DAYS)
        assert len(session.statements) == 1
        assert codes(report) == ["not_checked_values"]
        for statement in session.statements:
            sqlglot.parse_one(statement, dialect="snowflake")


def test_a_range_of_days_is_counted_alone(desk: Desk) -> None:
    days = days_of("2024-01-10", 3)
    with session_of(desk) as session:
        fill(session, table_of(desk), [*MONTH, MONTH[0], "\t900001\tx"], EXPECTED)
        report = check_table(session, table_of(desk), replace(EXPECTED, days=(days,)), days=days)
    assert (report.rows, report.days_found, codes(report)) == (300, 3, [])


def test_names_that_need_quotes(desk: Desk) -> None:
    types = {"select": column_type("DATE"), 'a "b"': column_type("NUMBER(9,0)"), "c": column_type("VARCHAR(10)")}
    expected = replace(EXPECTED, types=types, columns=tuple(types), date_column='"select"', key_columns=('"a ""b"""',))
    with session_of(desk) as session:
        fill(session, table_of(desk), [*MONTH, MONTH[0]], expected)
        assert codes(check_table(session, table_of(desk), expected)) == ["duplicate_keys"]


def test_a_column_that_is_not_there_is_named(desk: Desk) -> None:
    with session_of(desk) as session, pytest.raises(UsageError, match="no column DAYS"):
        check_table(session, table_of(desk), replace(EXPECTED, date_column="DAYS"))


def test_the_flights_and_their_table_agree(desk: Desk, tmp_path: Path) -> None:
    """January with a day missing and a key repeated, loaded without any check."""
    header, *lines = flight_lines(SAMPLES[0])
    kept = without(lines, "20130112")
    path = write(desk.files / SAMPLES[0].name, [*kept, kept[0]], header)
    entry = json.loads((ROOT / "config" / "example.json").read_text(encoding="utf-8"))["files"][0]
    desk.entry.clear()
    desk.entry.update(entry)
    answer = desk.load("--month", "2013-01", "--qc", "skip", "--yes")
    assert answer.code == 0, answer.err
    expected = flight_expectations(SAMPLES[0])
    of_file = check(path, FLIGHT_LAYOUT, expected)
    with session_of(desk) as session:
        of_table = check_table(session, ObjectName(desk.database, "PUBLIC", "FLIGHTS"), expected)
    assert codes(of_file) == ["duplicate_keys", "missing_days"]
    assert comparable(of_table) == comparable(of_file)
