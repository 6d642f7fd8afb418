"""Planted defects through the operator's doors: checked in the file, loaded without any check, checked in the table.

Both verbs have to say the same: codes, severities, numbers.  What cannot reach a table says so, and is refused by the
load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from planted import flight_lines

from desk import ROOT, Answer, Desk, days_between, rows_for

MONTH = days_between("2024-01-01", "2024-01-31")
FILE = "t_20240101-20240131.tsv"
Lines = list[str]
Found = tuple[str, str, tuple[tuple[str, object], ...], str]


@dataclass(frozen=True)
class Defect:
    """What stands in the file, what both engines have to find, and how it is loaded.

    ``refused`` is a word of the sentence by which the load refuses it: then only the file shows it.  ``unseen`` are
    codes of bytes, which a table does not show any more; ``in_table`` are the table's codes where rows of other days
    are out of sight.  ``load_entry`` is what the configuration says during the load alone.
    """

    lines: Lines | bytes
    codes: Sequence[str]
    load: Sequence[str] = ()
    entry: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    unseen: Sequence[str] = ()
    in_table: Sequence[str] | None = None
    load_entry: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, object] = field(default_factory=dict)


def month(per_day: Callable[[date], int] = lambda _: 100, days: Iterable[date] = MONTH) -> Lines:
    return [line for day in days for line in rows_for([day], per_day(day))]


def weekly(day: date) -> int:
    """Saturdays have 60 % of the other days, Sundays 80 %."""
    return {5: 60, 6: 80}.get(day.weekday(), 100)


def without(lines: Lines, *days: str) -> Lines:
    return [line for line in lines if line[:8] not in days]


def only(lines: Lines, day: str, rows: int) -> Lines:
    return without(lines, day) + [line for line in lines if line[:8] == day][:rows]


def with_line(lines: Lines, place: int, line: str) -> Lines:
    return [*lines[:place], line, *lines[place + 1 :]]


def dated(lines: Lines, form: str) -> Lines:
    """The same with the dates written otherwise."""
    return [f"{_form(date.fromisoformat(line[:8]), form)}{line[8:]}" for line in lines]


def _form(day: date, form: str) -> str:
    return f"{day:%b} {day.day:>2} {day.year}" if form == "Apr  1 2024" else format(day, form)


def by_the_hour(lines: Lines) -> Lines:
    """The same with ISO timestamps and one id for all rows of a day, which are a minute apart."""
    return [
        f"{line[:4]}-{line[4:6]}-{line[6:8]} 10:{place % 60:02}:{place // 60 % 60:02}\t1\tx"
        for place, line in enumerate(lines)
    ]


def of_kind(kind: str, date_format: str | None = None) -> dict[str, Any]:
    return {"create_table": {"DAY": kind, "ID": "NUMBER(9,0)", "NAME": "VARCHAR(10)"}, "date_format": date_format}


def rules(**rule: Any) -> dict[str, Any]:
    return {"quality": {"rules": [{"table": "T", **rule}]}}


GOOD = month()
WEEKLY = month(weekly)
BUSINESS = month(days=[day for day in MONTH if day.weekday() < 5])
FEBRUARY = ["20240201\t900001\tx", "20240203\t900002\tx"]
KEEP = ("--outside", "keep")
QUOTED = {"quote_char": '"'}

DEFECTS: dict[str, Defect] = {
    "nothing": Defect(GOOD, []),
    "nothing, in a weekly rhythm": Defect(WEEKLY, []),
    # The days (lessons 2 and 7)
    "days 1 to 10 of a month": Defect(
        without(GOOD, *(f"202401{day}" for day in range(11, 32))),
        ["missing_days"],
        numbers={"missing_days": 21, "gaps": 1},
    ),
    "no rows at all": Defect([], ["no_rows"], refused="not a single row"),
    "a day gone": Defect(without(GOOD, "20240117"), ["missing_days"], numbers={"missing_days": 1}),
    "a saturday gone": Defect(without(WEEKLY, "20240113"), ["missing_days"], numbers={"missing_days": 1}),
    "all saturdays gone": Defect(
        without(WEEKLY, "20240106", "20240113", "20240120", "20240127"), ["missing_days"], numbers={"gaps": 4}
    ),
    "the first and the last days gone": Defect(
        without(GOOD, "20240101", "20240102", "20240131"), ["missing_days"], numbers={"gaps": 2}
    ),
    "every other day gone": Defect(
        without(GOOD, *(f"202401{day:02d}" for day in range(2, 31, 2))), ["missing_days"], numbers={"gaps": 15}
    ),
    "1 row instead of 100": Defect(
        only(GOOD, "20240117", 1), ["few_rows_on_day"], numbers={"rows": 1, "expected": 100}
    ),
    "a day at 9 %": Defect(only(GOOD, "20240117", 9), ["few_rows_on_day"], numbers={"share": 0.09}),
    "a day at 49 %": Defect(only(GOOD, "20240117", 49), ["few_rows_on_day"], numbers={"share": 0.49}),
    "a saturday at 9 %": Defect(only(WEEKLY, "20240113", 5), ["few_rows_on_day"], numbers={"expected": 60}),
    "a day at 200 %": Defect(
        month(lambda day: 200 if day.day == 17 else 100), ["many_rows_on_day"], numbers={"share": 2.0}
    ),
    "a saturday like a monday": Defect(
        month(lambda day: 100 if day.day == 13 else weekly(day)), ["many_rows_on_day"], numbers={"expected": 60}
    ),
    "rows of a wrong month": Defect(
        [*GOOD, *FEBRUARY], ["outside_days"], KEEP, numbers={"rows": 2, "last_day": "2024-02-03"}
    ),
    "only rows of a wrong month": Defect(
        month(days=days_between("2024-02-01", "2024-02-29")),
        ["missing_days", "outside_days"],
        KEEP,
        in_table=["no_rows"],
    ),
    "rows without a date": Defect(
        [*GOOD, "\t900001\tx"], ["null_dates"], KEEP, {"duplicate_key_columns": ["ID"]}, numbers={"rows": 1}
    ),
    # Dates in all their spellings
    "dates as numbers, one gone": Defect(without(GOOD, "20240117"), ["missing_days"], entry=of_kind("NUMBER(8,0)")),
    "dates as numbers, some no dates": Defect(
        [*GOOD, "20241301\t900001\tx", "7\t900002\tx"],
        ["unread_dates"],
        KEEP,
        of_kind("NUMBER(8,0)"),
        numbers={"rows": 2},
    ),
    "dates as text, some no dates": Defect(
        [*GOOD, "20240230\t900001\tx", "2024115\t900002\tx"],
        ["unread_dates"],
        KEEP,
        of_kind("VARCHAR(8)", "YYYYMMDD"),
        numbers={"rows": 2},
    ),
    "ISO dates, one gone": Defect(
        dated(without(GOOD, "20240117"), "%Y-%m-%d"), ["missing_days"], entry=of_kind("DATE")
    ),
    "ISO dates as text, one gone": Defect(
        dated(without(GOOD, "20240117"), "%Y-%m-%d"), ["missing_days"], entry=of_kind("VARCHAR(10)", "YYYY-MM-DD")
    ),
    "dates like Apr  1 2024, one gone": Defect(
        dated(without(GOOD, "20240117"), "Apr  1 2024"),
        ["missing_days"],
        entry=of_kind("VARCHAR(11)", "MON DD YYYY"),
        load_entry={"date_column": None},
    ),
    "dates like Apr  1 2024, some no dates": Defect(
        [*dated(GOOD, "Apr  1 2024"), "Apr 31 2024\t900001\tx", "2024-04-01\t900002\tx"],
        ["unread_dates"],
        KEEP,
        of_kind("VARCHAR(11)", "MON DD YYYY"),
        numbers={"rows": 2},
        load_entry={"date_column": None},
    ),
    # Whether Snowflake's own COPY takes the second blank is question 227 in tests/live.
    "dates like Apr  1 2024 into a DATE": Defect(
        dated(GOOD, "Apr  1 2024"), [], entry=of_kind("DATE", "MON DD YYYY"), refused="not recognized"
    ),
    "timestamps, a day at 9 %": Defect(
        dated(only(GOOD, "20240117", 9), "%Y-%m-%d 23:59:59"), ["few_rows_on_day"], entry=of_kind("TIMESTAMP_NTZ")
    ),
    # Keys
    "some rows twice": Defect(
        [*GOOD, *GOOD[:3], GOOD[0]], ["duplicate_keys"], numbers={"keys": 3, "excess_rows": 4, "grade": "LOW"}
    ),
    "a file that was loaded twice": Defect(
        [*GOOD, *GOOD], ["duplicate_keys"], numbers={"keys": 3100, "grade": "CRITICAL"}
    ),
    "one key 120 times": Defect([*GOOD, *[GOOD[0]] * 119], ["duplicate_keys", "many_rows_on_day"]),
    # In a key a timestamp is more than its day, and a text is no more than its letters.
    "an id once a minute": Defect(by_the_hour(GOOD), [], entry=of_kind("TIMESTAMP_NTZ")),
    "an id twice in a minute": Defect(
        [*by_the_hour(GOOD), *by_the_hour(GOOD)[:3]],
        ["duplicate_keys"],
        entry=of_kind("TIMESTAMP_NTZ"),
        numbers={"keys": 3, "excess_rows": 3},
    ),
    "some rows twice, dates as numbers": Defect(
        [*GOOD, *GOOD[5:12]], ["duplicate_keys"], entry=of_kind("NUMBER(8,0)"), numbers={"keys": 7}
    ),
    "a day written in two ways, which is two texts": Defect(
        [*dated(GOOD, "Apr  1 2024"), *dated(GOOD[:3], "%b %d %Y")],
        [],
        entry=of_kind("VARCHAR(11)", "MON DD YYYY"),
        load_entry={"date_column": None},
    ),
    "a key without a value": Defect(with_line(GOOD, 7, "20240101\t\tx"), ["null_keys"], numbers={"rows": 1}),
    # The operator's own rules
    "a rule of accepted values": Defect(
        with_line(GOOD, 7, "20240101\t1007\tother"),
        ["rule_regex"],
        sections=rules(check="regex", column="NAME", pattern="name [0-9]+"),
        numbers={"rows": 1},
    ),
    "a rule that only warns": Defect(
        with_line(GOOD, 7, "20240101\t5\tname 7"),
        ["rule_condition"],
        sections=rules(check="condition", condition="ID >= 1000", severity="warning"),
        numbers={"rows": 1},
    ),
    "a rule of the number of rows": Defect(
        GOOD, ["rule_row_count"], sections=rules(check="row_count", minimum=4000), numbers={"rows": 3100}
    ),
    "a rule of uniqueness": Defect(
        GOOD,
        ["rule_unique"],
        sections=rules(check="unique", column="NAME", severity="info"),
        numbers={"keys": 100, "rows": 3000},
    ),
    "a business day gone": Defect(
        without(BUSINESS, "20240105", "20240108"),
        ["missing_days"],
        sections={"quality": {"calendar": {}}},
        numbers={"missing_days": 2, "business_days": 23, "gaps": 1},
    ),
    # What no table takes (lesson 7)
    "ragged rows": Defect(with_line(GOOD, 7, "20240101\t1007"), ["ragged_rows"], refused="column"),
    "a column too many": Defect(with_line(GOOD, 7, GOOD[7] + "\tmore"), ["ragged_rows"], refused="column"),
    "a blank line": Defect(with_line(GOOD, 7, ""), ["ragged_rows"], refused="column"),
    "a date that is none": Defect(with_line(GOOD, 7, "2024-01-01\t1007\tx"), ["unread_dates"], refused="Date"),
    "a number that is none": Defect(
        with_line(GOOD, 7, "20240101\tseven\tx"), ["values_do_not_cast"], refused="Numeric"
    ),
    "a number that is too large": Defect(
        with_line(GOOD, 7, "20240101\t1234567890\tx"), ["values_do_not_cast"], refused="umeric"
    ),
    "a text that is too long": Defect(
        with_line(GOOD, 7, "20240101\t1007\tfar too long a name"), ["values_too_long"], refused="too long"
    ),
    "a stray quote that would swallow rows": Defect(
        with_line(GOOD, 7, '20240101\t1007\t"name'), ["unbalanced_quotes"], entry=QUOTED, refused="quote"
    ),
    "bytes that are no text": Defect(
        "\n".join(["DAY\tID\tNAME", *GOOD[:-1], "20240131\t31099\tna\udcffme", ""]).encode("utf-8", "surrogateescape"),
        ["invalid_encoding"],
        refused="not utf-8",
    ),
    # What a table takes and does not show
    "NUL bytes": Defect(with_line(GOOD, 7, "20240101\t1007\tna\0me"), ["nul_bytes"], unseen=["nul_bytes"]),
    "a carriage return in a value": Defect(
        with_line(GOOD, 7, "20240101\t1007\tna\rme"), ["carriage_returns"], unseen=["carriage_returns"]
    ),
}


def comparable(report: Mapping[str, Any], unseen: Sequence[str] = ()) -> list[Found]:
    """Everything that both engines have to agree on: all but lines, which a table does not have."""
    return [
        (
            each["code"],
            each["severity"],
            tuple(sorted(each["numbers"].items())),
            each["message"].replace(report["subject"], "RELATION"),
        )
        for each in report["findings"]
        if each["code"] not in unseen
    ]


def run(desk: Desk, verb: str, *words: str) -> Answer:
    return desk.run(verb, "--config", str(desk.config), "--month", "2024-01", *words)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_in_the_file_and_in_the_table(name: str, desk: Desk) -> None:
    defect = DEFECTS[name]
    desk.entry.update(defect.entry)
    desk.sections.update(defect.sections)
    desk.file(FILE, defect.lines)
    of_file = run(desk, "check-file", "--json").result
    assert [each["code"] for each in of_file["checks"][0]["findings"]] == list(defect.codes)
    errors = [each for each in of_file["checks"][0]["findings"] if each["severity"] == "error"]
    assert of_file["exit_code"] == (6 if errors else 0)
    if defect.codes:
        numbers = of_file["checks"][0]["findings"][0]["numbers"]
        assert {key: numbers[key] for key in defect.numbers} == defect.numbers
    before = dict(desk.entry)
    desk.entry.update(defect.load_entry)
    loaded = desk.load("--month", "2024-01", "--qc", "skip", *defect.load)
    desk.entry.update(before)
    if defect.refused:
        assert loaded.code in (5, 6), loaded.out + loaded.err
        assert defect.refused in loaded.out + loaded.err
        return
    assert loaded.code == 0, loaded.out + loaded.err
    of_table = run(desk, "validate", "--json").result
    wanted = comparable(of_file["checks"][0], defect.unseen)
    found = comparable(of_table["checks"][0]["report"])
    if defect.in_table is not None:
        assert [code for code, *_ in found] == defect.in_table
        return
    outside = "--outside" in defect.load
    assert found == [each for each in wanted if not outside or each[0] not in OUTSIDE_OF_A_MONTH]
    if outside:
        everything = desk.run("validate", "--config", str(desk.config), "--json").result
        undated = [each for each in wanted if each[0] in ("null_dates", "unread_dates")]
        assert [each for each in comparable(everything["checks"][0]["report"]) if each in undated] == undated


# A table is asked for the rows of a month, which those of no or another day are not.
OUTSIDE_OF_A_MONTH = ("outside_days", "null_dates", "unread_dates")


def test_a_month_without_rows_is_the_same_error_in_file_and_table(desk: Desk) -> None:
    desk.file("t_20240201-20240229.tsv", month(days=days_between("2024-02-01", "2024-02-29")))
    assert desk.load("--month", "2024-02").code == 0
    desk.file(FILE, [])
    of_file = run(desk, "check-file", "--json")
    of_table = run(desk, "validate", "--json")
    assert (of_file.code, of_table.code) == (6, 6)
    found = comparable(of_file.result["checks"][0])
    # Only the sentence differs: a file that is empty is asked of its sender.
    assert [each[:3] for each in found] == [("no_rows", "error", (("rows", 0),))]
    assert [each[:3] for each in comparable(of_table.result["checks"][0]["report"])] == [each[:3] for each in found]


def test_there_are_enough_planted_defects() -> None:
    assert sum(bool(defect.codes) for defect in DEFECTS.values()) >= 25


def test_the_flights_give_no_alarm_in_file_or_table(desk: Desk) -> None:
    config = str(ROOT / "config" / "example.json")
    answer = desk.run("check-file", "--config", config, "--month", "2013-01..2013-03", "--strict", "--json")
    assert answer.code == 0
    assert [report["findings"] for report in answer.result["checks"]] == [[], [], []]
    assert flight_lines(ROOT / "samples" / "flights_20130101-20130131.tsv.gz")
