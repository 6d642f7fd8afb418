"""Dates, types, lengths, NULLs and keys of files, checked against the target's columns before anything is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from planted import COLUMNS, EXPECTED, LAYOUT, TYPES, check, check_lines, codes, finding, month_lines, write

from snowflake_etl.errors import ConfigError, Stopped
from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_engine import profile_file
from snowflake_etl.quality.formats import day_format, fixed_width, to_snowflake, to_strptime
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.row_checks import duplicate_grade
from snowflake_etl.results import Severity
from snowflake_etl.sqltext import column_type


@pytest.mark.parametrize(
    ("kind", "date_format", "written"),
    [
        ("DATE", "YYYYMMDD", "%Y%m%d"),
        ("DATE", "%Y%m%d", "%Y%m%d"),
        ("DATE", None, "%Y-%m-%d"),
        ("DATE", "AUTO", "%Y-%m-%d"),
        ("DATE", "DD.MM.YYYY", "%d.%m.%Y"),
        ("DATE", "MON DD YYYY", "%b %d %Y"),
        ("DATE", "MM/DD/YY", "%m/%d/%y"),
        ("NUMBER(8,0)", None, "%Y%m%d"),
        ("VARCHAR(8)", None, "%Y%m%d"),
        ("VARCHAR(10)", "YYYY-MM-DD", "%Y-%m-%d"),
        ("TIMESTAMP_NTZ", None, "%Y-%m-%d 10:11:12"),
        ("TIMESTAMP_NTZ", None, "%Y-%m-%dT23:59:59Z"),
        ("TIMESTAMP_TZ", None, "%Y-%m-%dT23:59:59-05:00"),
    ],
)
def test_dates_of_every_kind_are_read(kind: str, date_format: str | None, written: str, tmp_path: Path) -> None:
    types = TYPES | {"DAY": column_type(kind)}
    report = check_lines(tmp_path, month_lines(date_format=written), types=types, date_format=date_format)
    assert (codes(report), report.days_found, report.first_day) == ([], 31, "2024-01-01")


def test_a_date_with_padded_blanks_is_read(tmp_path: Path) -> None:
    lines = [line.replace("Jan 0", "Jan  ") for line in month_lines(date_format="%b %d %Y")]
    assert any("Jan  1 2024" in line for line in lines)
    assert codes(check_lines(tmp_path, lines, date_format="MON DD YYYY")) == []


def test_timestamps_of_a_given_format_are_read(tmp_path: Path) -> None:
    types = TYPES | {"DAY": column_type("TIMESTAMP_NTZ")}
    lines = month_lines(date_format="%d.%m.%Y 10:11")
    changes = {"types": types, "date_format": None}
    assert codes(check_lines(tmp_path, lines, **changes, timestamp_format="DD.MM.YYYY HH24:MI")) == []
    assert "unread_dates" in codes(check_lines(tmp_path, lines, **changes, timestamp_format="YYYY-MM-DD HH24:MI"))


@pytest.mark.parametrize("text", ["1704067200", "20240101"])
def test_digits_are_never_read_as_seconds(text: str, tmp_path: Path) -> None:
    """Without a format a DATE column takes ISO text only; 1970 must not turn up."""
    lines = [f"{text}\t{number}\tx" for number in range(5)]
    report = check_lines(tmp_path, lines, date_format=None)
    found = finding(report, "unread_dates")
    assert found.numbers["rows"] == 5
    assert found.samples == ("line 2-6",)
    assert (report.days_found, report.first_day) == (0, "")


@pytest.mark.parametrize(
    "text", ["20240230", "2024115", " 20240101", "2024-01-01", "+2024010", "20240101x", "99999999"]
)
def test_a_text_that_is_no_date_is_found_with_line_and_value(text: str, tmp_path: Path) -> None:
    lines = month_lines()
    lines[8] = f"{text}\t8\tx"
    report = check_lines(tmp_path, lines)
    assert codes(report) == ["unread_dates"]
    found = finding(report, "unread_dates")
    assert found.samples == ("line 10",)
    assert repr(text) in found.message
    assert "YYYYMMDD" in found.message


def test_rows_without_a_date_are_found_by_the_null_marker(tmp_path: Path) -> None:
    lines = month_lines(30)
    lines[8], lines[9] = "NA\t8\tx", "\t9\tx"
    report = check_lines(tmp_path, lines, null_values=("NA", ""))
    assert codes(report) == ["null_dates"]
    assert finding(report, "null_dates").samples == ("line 10-11",)
    assert codes(check_lines(tmp_path, lines, null_values=("",))) == ["null_dates", "unread_dates"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("NUMBER(3,0)", ["1", "-999", "+5", "7.0"], ["1000", "abc", "1,5", "1 2"]),
        ("NUMBER(5,2)", ["123.45", ".5", "5."], ["1234", "0x1"]),
        ("NUMBER(38,0)", ["9" * 38], ["9" * 39]),
        ("FLOAT", ["1e300", "-0.5", "NaN"], ["1e", "one"]),
        ("DATE", ["20240101"], ["2024-01-01", "20241301"]),
        ("TIMESTAMP_NTZ", ["2024-01-01 10:00:00", "2024-01-01T10:00:00Z"], ["01.01.2024", "1704067200"]),
        ("TIME", ["10:11:12"], ["25:00:00"]),
        ("BOOLEAN", ["true", "F", "Yes", "0", "on"], ["ja", "2"]),
        ("VARCHAR(3)", ["abc", "äöü"], ["abcd", "äöüß"]),
        ("VARIANT", ['{"a": [1, null]}', '"x"', "7", "true", "[1,,2]", "NaN"], ["anything", "{'a': 1}", "{"]),
        ("BINARY", ["", "FF", "00aB"], ["F", "XY"]),
        ("GEOGRAPHY", ["anything"], []),
    ],
)
def test_values_are_held_against_the_type_of_the_target(
    kind: str, good: list[str], bad: list[str], tmp_path: Path
) -> None:
    layout = Layout("\t", None, True, ("DAY", "V"))
    types = {"DAY": TYPES["DAY"], "V": column_type(kind)}
    expected = Expectations(date_column="DAY", date_format="YYYYMMDD", types=types, null_values=("", "NA"))
    clean = [f"20240101\t{value}" for value in [*good, "", "NA"]]
    assert codes(check(write(tmp_path / "t.tsv", clean, "DAY\tV"), layout, expected)) == []
    if bad:
        path = write(tmp_path / "t.tsv", clean + [f"20240101\t{value}" for value in bad], "DAY\tV")
        report = check(path, layout, expected)
        (found,) = report.errors
        assert found.code == ("values_too_long" if kind.startswith("VARCHAR") else "values_do_not_cast")
        assert found.numbers["rows"] == len(bad)
        first = len(clean) + 2
        assert found.samples == (f"line {first}" if len(bad) == 1 else f"line {first}-{first + len(bad) - 1}",)


def test_every_bad_value_is_listed(tmp_path: Path) -> None:
    lines = month_lines(100)
    for place in range(0, len(lines), 3):
        lines[place] = lines[place].replace("\t", "\tx", 1)
    found = finding(check_lines(tmp_path, lines, key_columns=()), "values_do_not_cast")
    assert found.numbers["rows"] == len(found.samples) == len(range(0, len(lines), 3))


def test_more_different_bad_values_than_are_listed_are_still_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowflake_etl.quality.file_faults.MOST_BAD_VALUES", 4)
    lines = [f"day {number}\t{number}\tx" for number in range(10)]
    found = finding(check_lines(tmp_path, lines), "unread_dates")
    assert (found.numbers["rows"], found.numbers["values"], found.numbers["lines_not_listed"]) == (10, 4, 6)


def test_the_longest_value_is_counted_in_characters(tmp_path: Path) -> None:
    lines = month_lines()
    lines[0] = "20240101\t0\t" + "ü" * 11
    found = finding(check_lines(tmp_path, lines), "values_too_long")
    assert found.numbers["longest"] == 11
    assert "VARCHAR(10)" in found.message


def test_duplicates_are_exact(tmp_path: Path) -> None:
    lines = month_lines()
    report = check_lines(tmp_path, [*lines, lines[5], lines[5], lines[300]])
    found = finding(report, "duplicate_keys")
    assert found.severity is Severity.ERROR
    assert (found.numbers["keys"], found.numbers["excess_rows"], found.numbers["most_of_one_key"]) == (2, 3, 3)
    assert found.samples == ("ID=5: 3 rows", "ID=30000: 2 rows")


def test_keys_are_compared_as_the_table_will_hold_them(tmp_path: Path) -> None:
    """7 and 07 are one number, but two texts."""
    lines = [*month_lines(), "20240101\t007\tx"]
    assert finding(check_lines(tmp_path, lines), "duplicate_keys").samples == ("ID=7: 2 rows",)
    assert codes(check_lines(tmp_path, lines, types=TYPES | {"ID": column_type("VARCHAR(9)")})) == []


def test_a_null_in_a_key_is_an_error_and_no_duplicate(tmp_path: Path) -> None:
    lines = month_lines()
    lines[3], lines[4] = "20240101\t\tx", "20240101\t\\N\tx"
    report = check_lines(tmp_path, lines)
    assert codes(report) == ["null_keys"]
    assert finding(report, "null_keys").samples == ("line 5-6",)


@pytest.mark.parametrize(
    ("percent", "most", "grade"),
    [
        (10.1, 2, "CRITICAL"),
        (0.1, 101, "CRITICAL"),
        (10.0, 100, "HIGH"),
        (5.1, 2, "HIGH"),
        (0.1, 51, "HIGH"),
        (5.0, 50, "MEDIUM"),
        (1.1, 2, "MEDIUM"),
        (0.1, 11, "MEDIUM"),
        (1.0, 10, "LOW"),
        (0.0001, 2, "LOW"),
    ],
)
def test_the_grade_of_duplicates(percent: float, most: int, grade: str) -> None:
    assert duplicate_grade(percent, most) == grade


def test_a_date_or_key_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"date column DAYS .* Nearest: DAY"):
        check_lines(tmp_path, month_lines(), date_column="DAYS")
    with pytest.raises(ConfigError, match=r"key column IDX .* Nearest: ID"):
        check_lines(tmp_path, month_lines(), key_columns=("IDX",))
    assert list((tmp_path / "temporary").glob("*")) == []


def test_without_a_date_column_everything_else_is_checked(tmp_path: Path) -> None:
    lines = [*month_lines(), "x\t5\ttoo long a name"]
    report = check_lines(tmp_path, lines, date_column=None, days=(), types={"NAME": TYPES["NAME"]})
    assert codes(report) == ["duplicate_keys", "values_too_long"]
    assert report.rows == 311


def test_two_thousand_columns(tmp_path: Path) -> None:
    names = tuple(f'c "{number}"' for number in range(2000))
    lines = ["\t".join(str(number) for number in range(2000)) for _ in range(3)]
    layout = Layout("\t", None, True, names)
    report = check(write(tmp_path / "t.tsv", lines, "\t".join(names)), layout, Expectations(key_columns=names[:2]))
    assert codes(report) == ["duplicate_keys"]


def test_keys_that_do_not_fit_are_said_to_be_unchecked(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    expected = replace(EXPECTED, days=())

    def add(numbers: range) -> None:
        with path.open("a", encoding="ascii") as out:
            out.writelines(f"202401{number % 31 + 1:02d}\t{number}\tx\n" for number in numbers)

    path.write_text("\t".join(COLUMNS) + "\n20240101\t\tx\n", encoding="ascii")
    add(range(600_000))
    report = check(path, expected=expected, limits={"memory_limit": 24 << 20, "temp_limit": 0})
    assert codes(report) == ["not_checked_duplicates", "null_keys"]
    assert finding(report, "not_checked_duplicates").severity is Severity.INFO
    assert report.rows == 600_001
    # With temporary space all of them can be looked at.
    path.write_text("\t".join(COLUMNS) + "\n", encoding="ascii")
    add(range(1_500_000))
    without_disk = check(path, expected=expected, limits={"memory_limit": 48 << 20, "temp_limit": 0})
    assert codes(without_disk) == ["not_checked_duplicates"]
    another_key = replace(expected, key_columns=("ID", "DAY", "NAME"))
    spilled = check(path, expected=another_key, limits={"memory_limit": 48 << 20})
    assert (spilled.rows, codes(spilled)) == (1_500_000, [])


def test_a_check_stops_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "big.tsv"
    block = "".join(f"{line}\n" for line in month_lines(2000))
    with path.open("w", encoding="ascii") as out:
        for _ in range(60):
            out.write(block)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        profile_file(
            path,
            LAYOUT,
            EXPECTED,
            Resources(tmp_path / "temporary", threads=1, stopped=stop.is_set),
        )
    assert time.monotonic() - started < 5
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_profile_counts_nulls_and_longest_values(tmp_path: Path) -> None:
    lines = month_lines()
    lines[0] = "20240101\t0\t"
    path = write(tmp_path / "t.tsv", lines)
    profile = profile_file(path, LAYOUT, EXPECTED, Resources(tmp_path / "temporary"))
    columns: Mapping[str, tuple[int | None, int | None]] = {
        each.name: (each.nulls, each.longest) for each in profile.column_profiles
    }
    assert columns == {"DAY": (0, None), "ID": (0, None), "NAME": (1, 6)}
    assert profile.rows_per_day is not None
    assert profile.rows_per_day[date(2024, 1, 31)] == 10


@pytest.mark.parametrize(
    ("snowflake", "strptime"),
    [
        ("YYYYMMDD", "%Y%m%d"),
        ("YYYY-MM-DD HH24:MI:SS.FF6", "%Y-%m-%d %H:%M:%S.%f"),
        ("DD/MON/YY", "%d/%b/%y"),
        ('YYYY-MM-DD"T"HH24:MI:SSTZH:TZM', "%Y-%m-%dT%H:%M:%S%z"),
        ("MMMM DD, YYYY HH12:MI AM", "%B %d, %Y %I:%M %p"),
    ],
)
def test_formats_translate_both_ways(snowflake: str, strptime: str) -> None:
    assert to_strptime(snowflake) == strptime
    assert to_strptime(strptime) == strptime
    assert to_snowflake(strptime) == snowflake
    assert to_snowflake(snowflake) == snowflake


def test_formats_that_are_none() -> None:
    assert to_strptime("auto") is to_strptime(None) is to_snowflake("AUTO") is None
    with pytest.raises(ConfigError, match="names no year"):
        to_strptime("MM-DD")
    with pytest.raises(ConfigError, match="%j"):
        to_snowflake("%Y%j")
    assert (fixed_width("%Y%m%d"), fixed_width("%Y-%m-%d"), fixed_width("%b%Y")) == (8, None, None)
    assert day_format(column_type("DATE"), "AUTO", "YYYY") is None


def keys_of(tmp_path: Path, kind: str, moments: list[str], **changes: Any) -> tuple[int, int]:
    """How many keys of that type stand in several rows, and how many rows are too many."""
    lines = [f"20240101\t{moment}\tx" for moment in moments]
    types = TYPES | {"ID": column_type(kind)}
    report = check_lines(tmp_path, lines, days=(), types=types, **changes)
    assert "values_do_not_cast" not in codes(report)
    found = [each for each in report.findings if each.code == "duplicate_keys"]
    return (int(found[0].numbers["keys"]), int(found[0].numbers["excess_rows"])) if found else (0, 0)


# The hour that comes twice in autumn, the same instant in two spellings, the same wall clock in two zones.
ZONED = [
    *("2024-10-27 02:30:00+02:00", "2024-10-27 02:30:00+01:00", "2024-10-27T01:30:00Z", "2024-10-27 04:30:00 +0200"),
    "2024-10-27 02:30:00",
]


@pytest.mark.parametrize(
    ("kind", "expected"), [("TIMESTAMP_NTZ", (1, 2)), ("TIMESTAMP_TZ", (2, 2)), ("TIMESTAMP_LTZ(9)", (2, 2))]
)
def test_keys_with_offsets_are_compared_as_their_type_compares(
    kind: str, expected: tuple[int, int], tmp_path: Path
) -> None:
    assert keys_of(tmp_path, kind, ZONED) == expected


def test_keys_differ_by_nanoseconds(tmp_path: Path) -> None:
    near = [f"2024-01-01 10:00:00.{digits}" for digits in ("120000789", "12789", "12", "120000788", "120000000")]
    assert keys_of(tmp_path, "TIMESTAMP_NTZ", near) == (1, 1)
    assert keys_of(tmp_path, "TIMESTAMP_TZ", near) == (1, 1)
    assert keys_of(tmp_path, "TIMESTAMP_NTZ(6)", near) == (1, 3)
    given = {"timestamp_format": "YYYY-MM-DD HH24:MI:SS.FF9"}
    assert keys_of(tmp_path, "TIMESTAMP_NTZ", [*near, "9999-12-31 00:00:00.0"], **given) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        ("TIMESTAMP_NTZ", ["2024-01-01"]),
        ("TIMESTAMP_TZ", ["2024-01-01"]),
        ("TIMESTAMP_LTZ", ["2023-12-31", "2024-01-01"]),
    ],
)
@pytest.mark.parametrize("timestamp_format", [None, "YYYY-MM-DD HH24:MI:SS TZH:TZM"])
def test_the_day_of_a_timestamp_with_an_offset_is_the_one_written(
    kind: str, days: list[str], timestamp_format: str | None, tmp_path: Path
) -> None:
    lines = [f"2024-01-01 {text}\t{number}\tx" for number, text in enumerate(("00:30:00 +02:00", "12:00:00 -05:00"))]
    types = TYPES | {"DAY": column_type(kind)}
    changes = {"date_format": None, "timestamp_format": timestamp_format}
    report = check_lines(tmp_path, lines, days=(), types=types, **changes)
    assert [report.first_day, report.last_day] == [days[0], days[-1]]
    assert report.days_found == len(days)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("TIMESTAMP_NTZ", f"2024-01-01 {time}") for time in ("24:00:00", "12:00:00 PM", "12:00:00 Europe/Berlin")),
        *((kind, word) for kind in ("TIMESTAMP_NTZ", "TIMESTAMP_TZ") for word in ("epoch", "Infinity", "2024/01/01")),
        ("TIME", "24:00:00"),
    ],
)
def test_what_only_duckdb_takes_for_a_time_is_no_value(kind: str, text: str, tmp_path: Path) -> None:
    lines = ["20240101\t1\t2024-01-01 12:00:00", f"20240101\t2\t{text}"]
    if kind == "TIME":
        lines[0] = "20240101\t1\t9:00"
    report = check_lines(tmp_path, lines, days=(), types=TYPES | {"NAME": column_type(kind)})
    assert finding(report, "values_do_not_cast").samples == ("line 3",)


@pytest.mark.parametrize("kind", ["NUMBER(9, 2)", "NUMBER(38, 0)", "FLOAT"])
@pytest.mark.parametrize("text", ["0x1F", "0b11", "1,5"])
def test_a_number_of_another_notation_is_no_value(kind: str, text: str, tmp_path: Path) -> None:
    lines = ["20240101\t1\t-1.5e2", f"20240101\t2\t{text}"]
    report = check_lines(tmp_path, lines, days=(), types=TYPES | {"NAME": column_type(kind)})
    assert finding(report, "values_do_not_cast").samples == ("line 3",)


@pytest.mark.parametrize("date_format", ["YYYYMMDD", "YYYY-MM-DD", "MON DD YYYY", None])
@pytest.mark.parametrize("word", ["infinity", "EPOCH", " 2024022"])
def test_words_for_no_day_are_no_day(word: str, date_format: str | None, tmp_path: Path) -> None:
    report = check_lines(tmp_path, [f"{word}\t1\tx"], days=(), date_format=date_format)
    assert finding(report, "unread_dates").samples == ("line 2",)
    assert report.days_found == 0
