"""The operator's own rules: one definition, the same findings from a file and from the table it was loaded into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlglot
from both_engines import Cases, Recorder, comparable, fill, session_of, table_of
from planted import EXPECTED, LAYOUT, TYPES, check, check_lines, codes, days_of, finding, month_lines, write

from desk import Desk
from snowflake_etl.errors import ConfigError
from snowflake_etl.quality.profile import Expectations, Rule, RuleKind
from snowflake_etl.quality.runner import check_table
from snowflake_etl.results import Severity
from snowflake_etl.sqltext import ObjectName, column_type

HEADER = ("DAY", "ID", "NAME", "PRICE", "SHIPPED", "ACTIVE", "AT")
WIDE = TYPES | {
    "PRICE": column_type("NUMBER(8,2)"),
    "SHIPPED": column_type("DATE"),
    "ACTIVE": column_type("BOOLEAN"),
    "AT": column_type("TIMESTAMP_NTZ"),
}
ORDERS = replace(EXPECTED, types=WIDE, columns=HEADER, date_format="YYYY-MM-DD")
ORDER_LAYOUT = replace(LAYOUT, columns=HEADER)


def orders() -> list[list[str]]:
    """310 good orders: NAME like 'name 3', PRICE 1.50 to 10.50, shipped a day later, all active."""
    return [
        [
            day,
            number,
            name,
            f"{int(name[5:]) + 1}.50",
            f"{day[:8]}{min(int(day[8:]) + 1, 31):02d}",
            "true",
            f"{day} 10:00:00",
        ]
        for day, number, name in (line.split("\t") for line in month_lines(date_format="%Y-%m-%d"))
    ]


def rule(kind: RuleKind, *columns: str, **given: object) -> Rule:
    return Rule(kind, "the rule", columns=columns, **given)  # type: ignore[arg-type]


def condition(text: str) -> Rule:
    return rule(RuleKind.CONDITION, condition=text)


def change(place: int, value: str, *rows: int) -> Callable[[list[list[str]]], None]:
    def plant(lines: list[list[str]]) -> None:
        for row in rows:
            lines[row][place] = value

    return plant


def _without_last_day_of_at(lines: list[list[str]]) -> None:
    for line in lines:
        line[AT] = line[AT].replace("2024-01-31", "2024-01-30")


NAME, PRICE, SHIPPED, ACTIVE, AT = 2, 3, 4, 5, 6
# Rule, what is planted, rows that break it; 0 rows: a rule that has to stay silent.
CASES: dict[str, tuple[Rule, Callable[[list[list[str]]], None], int]] = {
    "not null": (rule(RuleKind.NOT_NULL, "NAME"), change(NAME, "", 3, 4), 2),
    "unique": (rule(RuleKind.UNIQUE, "NAME", "DAY"), change(NAME, "name 1", 3, 4), 2),
    "unique among NULLs": (rule(RuleKind.UNIQUE, "NAME", "DAY"), change(NAME, "", 3, 4), 0),
    "accepted texts": (
        rule(RuleKind.ACCEPTED_VALUES, "NAME", values=tuple(f"name {number}" for number in range(10))),
        change(NAME, "Name 1", 7),
        1,
    ),
    "accepted numbers": (
        rule(RuleKind.ACCEPTED_VALUES, "PRICE", values=tuple(number + 0.5 for number in range(1, 11))),
        change(PRICE, "1.51", 7, 9),
        2,
    ),
    "accepted days": (
        rule(RuleKind.ACCEPTED_VALUES, "SHIPPED", values=tuple(f"2024-01-{day:02d}" for day in range(2, 32))),
        change(SHIPPED, "2024-02-01", 7),
        1,
    ),
    "a range": (rule(RuleKind.RANGE, "PRICE", minimum=1.5, maximum=10.5), change(PRICE, "10.51", 7, 8, 9), 3),
    "a range of one side": (rule(RuleKind.RANGE, "PRICE", minimum=0), change(PRICE, "-0.01", 7), 1),
    "a range and NULL": (rule(RuleKind.RANGE, "PRICE", minimum=0), change(PRICE, "", 7), 0),
    "a range of days": (
        rule(RuleKind.RANGE, "SHIPPED", minimum="2024-01-01", maximum="2024-01-31"),
        change(SHIPPED, "2023-12-31", 7),
        1,
    ),
    "a range of timestamps to the end of the day": (
        rule(RuleKind.RANGE, "AT", maximum="2024-01-31"),
        change(AT, "2024-01-31 23:59:59", 7),
        0,
    ),
    "timestamps out of range": (
        rule(RuleKind.RANGE, "AT", maximum="2024-01-31"),
        change(AT, "2024-02-01 00:00:00", 7),
        1,
    ),
    "a pattern": (rule(RuleKind.REGEX, "NAME", pattern=r"name \d"), change(NAME, "name 1b", 7), 1),
    "a pattern that is only within": (rule(RuleKind.REGEX, "NAME", pattern=r"name \d"), change(NAME, "a name 1", 7), 1),
    "a pattern with anchors": (rule(RuleKind.REGEX, "NAME", pattern=r"^name [0-9]$"), change(NAME, "name", 7), 1),
    "a pattern of alternatives": (
        rule(RuleKind.REGEX, "NAME", pattern=r"name 1|name [02-9]"),
        change(NAME, "name 1x", 7),
        1,
    ),
    "a pattern with ? and quotes": (
        rule(RuleKind.REGEX, "NAME", pattern=r"(na'?me ?\d)"),
        change(NAME, "na'me1", 7),
        0,
    ),
    "a pattern with a backslash": (rule(RuleKind.REGEX, "NAME", pattern=r"name \d|a\\b"), change(NAME, r"a\b", 7), 0),
    "case matters": (rule(RuleKind.REGEX, "NAME", pattern=r"[a-z]+ \d"), change(NAME, "Name 1", 7), 1),
    "too long": (rule(RuleKind.MAX_LENGTH, "NAME", maximum=6), change(NAME, "äöüßäöü", 7), 1),
    "just long enough": (rule(RuleKind.MAX_LENGTH, "NAME", maximum=6), change(NAME, "äöüßäö", 7), 0),
    "too many rows": (rule(RuleKind.ROW_COUNT, maximum=309), change(NAME, "x", 7), 310),
    "too few rows": (rule(RuleKind.ROW_COUNT, minimum=311), change(NAME, "x", 7), 310),
    "enough rows": (rule(RuleKind.ROW_COUNT, minimum=310, maximum=310), change(NAME, "x", 7), 0),
    "not fresh": (rule(RuleKind.FRESHNESS, "AT", maximum=0), _without_last_day_of_at, -1),
    "fresh by its days": (rule(RuleKind.FRESHNESS, maximum=0), change(NAME, "x", 7), 0),
    "two columns": (condition("SHIPPED >= DAY"), change(SHIPPED, "2024-01-01", 12, 15), 2),
    "texts and numbers": (
        condition("price > 1 AND (NAME LIKE 'name_%' OR Length(name) = 0)"),
        change(NAME, "nam", 12),
        1,
    ),
    "a NULL is no FALSE": (condition("PRICE > 0"), change(PRICE, "", 12), 0),
    "NULL asked for": (condition("PRICE IS NOT NULL OR NAME = 'free'"), change(PRICE, "", 12), 1),
    "days between": (condition("SHIPPED - DAY BETWEEN 0 AND 1"), change(SHIPPED, "2024-01-30", 12), 1),
    "a day as a text": (
        condition("SHIPPED < '2024-02-01' AND SHIPPED <> DATE '2024-01-01'"),
        change(SHIPPED, "2024-01-01", 12),
        1,
    ),
    "truth": (condition("ACTIVE OR PRICE < 5"), change(ACTIVE, "no", 9), 1),
    "arithmetic": (condition("ABS(-PRICE * 2 + 1) < 100 AND ID % 1000 < 10"), change(PRICE, "60", 12), 1),
    "a list": (condition("NOT (NAME IN ('a', 'b', '?'))"), change(NAME, "?", 12), 1),
    "no list": (condition("UPPER(NAME) NOT IN ('A', 'B') AND coalesce(NAME, '') <> 'c'"), change(NAME, "b", 12), 1),
    "a pattern in a condition": (condition("NAME RLIKE 'name [0-9]' OR PRICE = 0"), change(NAME, "name 10", 12), 1),
    "a quoted name": (condition('"PRICE" > 0'), change(PRICE, "0", 12), 1),
}


def texts_of(case: str) -> list[str]:
    """The records of a case as lines."""
    lines = orders()
    CASES[case][1](lines)
    return ["\t".join(line) for line in lines]


@pytest.fixture(scope="module")
def cases(shared_desk: Desk) -> Iterator[Cases]:
    with session_of(shared_desk) as session:
        yield Cases(session, shared_desk, {case: texts_of(case) for case in CASES}, ORDERS)


@pytest.mark.parametrize("case", CASES)
def test_both_engines_judge_a_rule_alike(case: str, cases: Cases, tmp_path: Path) -> None:
    planted_rule, _, rows = CASES[case]
    rules = tuple(replace(planted_rule, severity=severity) for severity in Severity)
    expected = replace(ORDERS, rules=rules, today=date(2024, 3, 1))
    of_file = check(write(tmp_path / "t.tsv", texts_of(case), "\t".join(HEADER)), ORDER_LAYOUT, expected)
    of_table = check_table(cases.session, cases.table(case), expected)
    statements = cases.session.statements
    for statement in statements:
        sqlglot.parse_one(statement, dialect="snowflake")
    assert comparable(of_table) == comparable(of_file)
    assert [each.severity for each in of_file.findings] == (list(Severity) if rows else [])
    for each in of_file.findings:
        assert each.code == f"rule_{planted_rule.kind}"
        assert each.numbers["rule"] == "the rule"
        if rows > 0:
            assert each.numbers["rows"] == rows
    # One scan, one for the key; the rest only to tell the values of what is broken, or another key.
    assert len(statements) == 2 or rows or planted_rule.kind is RuleKind.UNIQUE


def test_what_breaks_a_rule_is_told_with_lines_and_values(tmp_path: Path) -> None:
    lines = month_lines()
    lines[4], lines[5] = lines[4].replace("name", "Name"), lines[5].replace("name", "nom")
    rules = (rule(RuleKind.REGEX, "NAME", pattern=r"name \d"), condition("NAME LIKE 'n%' OR DAY > '2024-01-15'"))
    report = check_lines(tmp_path, lines, rules=rules)
    by_pattern, by_condition = report.findings
    assert by_pattern.samples == ("line 6-7",)
    assert by_pattern.examples == ("line 6: 'Name 4'", "line 7: 'nom 5'")
    assert by_condition.samples == ("line 6",)
    assert by_condition.examples == ("line 6: 'Name 4\\t20240101'",)
    assert "Rule 'the rule': 2 rows with a value in NAME that is not like" in by_pattern.message


def test_a_rule_with_a_null_in_it_finds_its_line(tmp_path: Path) -> None:
    lines = month_lines()
    lines[4] = "20240101\t4\t\\N"
    report = check_lines(tmp_path, lines, rules=(condition("NAME IS NOT NULL OR ID > 10"),))
    assert finding(report, "rule_condition").samples == ("line 6",)


def test_an_old_month_is_as_fresh_as_its_last_day(tmp_path: Path) -> None:
    fresh = rule(RuleKind.FRESHNESS, maximum=2)
    whole = {"rules": (fresh,), "today": date(2026, 1, 1)}
    assert codes(check_lines(tmp_path, month_lines(), **whole)) == []
    old = check_lines(tmp_path, month_lines(days=days_of("2024-01-01", 28)), **whole)
    assert finding(old, "rule_freshness").numbers == {"rule": "the rule", "newest": "2024-01-28", "age_days": 3}
    today = check_lines(tmp_path, month_lines(days=days_of("2024-01-01", 28)), rules=(fresh,), today=date(2024, 1, 30))
    assert codes(today) == ["missing_days"]


def test_without_types_only_rules_about_texts_are_judged_and_the_others_are_named(tmp_path: Path) -> None:
    rules = (
        rule(RuleKind.NOT_NULL, "NAME"),
        rule(RuleKind.MAX_LENGTH, "NAME", maximum=3),
        replace(rule(RuleKind.RANGE, "ID", minimum=0), name="ids"),
        replace(condition("ID > 0"), name="positive"),
    )
    report = check_lines(tmp_path, month_lines(), types={}, rules=rules)
    assert codes(report) == ["not_checked_rules", "not_checked_rules", "rule_max_length"]
    assert "'ids'" in report.findings[1].message
    assert "'positive'" in report.findings[2].message


@pytest.fixture(scope="module")
def small_table(shared_desk: Desk) -> Iterator[tuple[Recorder, ObjectName]]:
    table = table_of(shared_desk).sibling("SMALL")
    with session_of(shared_desk) as session:
        fill(session, table, month_lines(1), EXPECTED)
        yield session, table


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (rule(RuleKind.NOT_NULL, "NAMES"), "Nearest: NAME"),
        (rule(RuleKind.UNIQUE, "NAMES"), "Nearest: NAME"),
        (rule(RuleKind.FRESHNESS, "NAME", maximum=1), "only a DATE or TIMESTAMP_NTZ"),
        (rule(RuleKind.REGEX, "ID", pattern="x"), "asked of texts only"),
        (rule(RuleKind.RANGE, "ID", minimum="a"), "ID is number, and 'a' is a text"),
        (rule(RuleKind.RANGE, "DAY", minimum="January"), "no ISO date"),
        (condition("PRISE > 0"), "no column|not among"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_an_error_in_both_engines(
    wrong: Rule, words: str, small_table: tuple[Recorder, ObjectName], tmp_path: Path
) -> None:
    expected = replace(EXPECTED, rules=(wrong,))
    with pytest.raises(ConfigError, match=words):
        check(write(tmp_path / "t.tsv", month_lines()), LAYOUT, expected)
    with pytest.raises(ConfigError, match=words.replace("no column|not among", "does not have")):
        check_table(*small_table, expected)


def test_the_rules_of_expectations_do_not_change_them_otherwise(tmp_path: Path) -> None:
    assert codes(check_lines(tmp_path, month_lines(), rules=())) == []
    assert Expectations().rules == ()
