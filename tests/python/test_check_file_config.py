"""``check-file`` and what the configuration says of files and tables: names, business days, rules, earlier months."""

from __future__ import annotations

import json
from typing import Any

import pytest

from check_file_desk import JANUARY, NAME, check, check_json, codes
from desk import Desk, rows_for


def test_reserved_and_quoted_names(nobody_home: Desk) -> None:
    nobody_home.entry.update(
        create_table={"order": "DATE", '"select"': "NUMBER(9,0)", '"a ""b"""': "VARCHAR(10)"},
        date_column="order",
        duplicate_key_columns=['"select"'],
    )
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "condition", "condition": '"select" > 0 AND "ORDER" > DATE \'2024-01-01\''}]
    }
    nobody_home.file(NAME, rows_for(JANUARY), 'order\tselect\ta "b"')
    document = check_json(nobody_home, "--month", "2024-01")
    assert codes(document) == ["rule_condition"]
    assert document["checks"][0]["findings"][0]["numbers"]["rows"] == 10


def test_a_configuration_that_names_one_table_twice(nobody_home: Desk) -> None:
    nobody_home.month("2024-01-01", "2024-01-31")
    lines = [line.replace("\t", ";") for line in rows_for(JANUARY)]
    nobody_home.file("u_2024-01.csv", lines, "DAY;ID;NAME")
    config = json.loads(nobody_home.config.read_text(encoding="utf-8"))
    config["files"].append(
        {**config["files"][0], "file_pattern": "u_{month}.csv", "file_format": "CSV", "delimiter": ";"}
    )
    path = nobody_home.folder / "two.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    files = [str(nobody_home.files / name) for name in (NAME, "u_2024-01.csv")]
    answer = nobody_home.run("check-file", "--config", str(path), "--file", files[0], "--file", files[1])
    assert (answer.code, answer.out.count("nothing found")) == (0, 3), answer.out + answer.err


def test_business_days_of_the_configuration_need_rows_and_no_others(nobody_home: Desk) -> None:
    holidays = {1, 15}  # New Year, Martin Luther King
    open_days = [day for day in JANUARY if day.weekday() < 5 and day.day not in holidays]
    nobody_home.file(NAME, rows_for(open_days))
    assert codes(check_json(nobody_home, "--month", "2024-01")) == ["missing_days"]
    nobody_home.sections["quality"] = {"calendar": {}}
    document = check_json(nobody_home, "--month", "2024-01")
    assert document["checks"][0]["findings"][0]["samples"] == ["2024-01-01 (1 day)", "2024-01-15 (1 day)"]
    for calendar in (
        {"country": "US"},
        {"market": "NYSE"},
        {"closed": ["2024-01-01", "2024-01-15"]},
        {"country": "us", "subdivision": "NY", "tables": ["t"], "only_business_days": True},
    ):
        nobody_home.sections["quality"] = {"calendar": calendar}
        document = check_json(nobody_home, "--month", "2024-01")
        assert codes(document) == [], calendar
        assert (document["checks"][0]["days_found"], document["checks"][0]["days_expected"]) == (21, 21)
    nobody_home.sections["quality"] = {"calendar": {"weekend": ["friday", "saturday"]}}
    assert codes(check_json(nobody_home, "--month", "2024-01")) == ["missing_days"]
    nobody_home.file(NAME, [*rows_for(open_days), "20240106\t1\tsaturday"])
    nobody_home.sections["quality"] = {"calendar": {"country": "US"}}
    assert codes(check_json(nobody_home, "--month", "2024-01")) == []
    nobody_home.sections["quality"] = {"calendar": {"country": "US", "only_business_days": True}}
    assert codes(check_json(nobody_home, "--month", "2024-01")) == ["rows_on_closed_days"]


def test_business_days_hold_for_a_table_too_whatever_days_are_asked_for(desk: Desk) -> None:
    open_days = [day for day in JANUARY if day.weekday() < 5 and day.day not in {1, 15}]
    desk.sections["quality"] = {"calendar": {"country": "US"}}
    desk.file(NAME, rows_for(open_days))
    assert desk.load("--month", "2024-01", "--qc", "both").code == 0
    for words in (("--month", "2024-01"), (), ("--days", "2024-01-02..2024-01-30")):
        answer = desk.run("validate", "--config", str(desk.config), "--strict", "--json", *words)
        assert answer.code == 0, answer.out
    desk.sections["quality"] = {}
    answer = desk.run("validate", "--config", str(desk.config), "--json")
    assert [each["code"] for each in answer.result["checks"][0]["report"]["findings"]] == ["missing_days"]


def test_rules_stop_a_load_as_they_stop_a_check(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.sections["quality"] = {
        "rules": [{"table": "T", "check": "range", "column": "ID", "maximum": 31008, "name": "small ids"}]
    }
    document = check_json(desk, "--month", "2024-01")
    assert codes(document) == ["rule_range"]
    for method in ("file", "snowflake"):
        answer = desk.load("--month", "2024-01", "--qc", method)
        assert answer.code == 6
        assert "Rule 'small ids': 1 row with a value in ID that is not at most 31008." in answer.out
    desk.sections["quality"]["rules"][0]["severity"] = "warning"
    assert desk.load("--month", "2024-01", "--qc", "both", "--strict").code == 6
    assert desk.load("--month", "2024-01", "--qc", "both").code == 0


def test_what_earlier_months_had_is_known_the_next_time(nobody_home: Desk) -> None:
    """Three good months are checked; the fourth has a tenth of their rows on every day."""
    for month in ("2023-10", "2023-11", "2023-12"):
        last = {"2023-10": "31", "2023-11": "30", "2023-12": "31"}[month]
        nobody_home.month(f"{month}-01", f"{month}-{last}", 50)
        assert codes(check_json(nobody_home, "--month", month)) == []
    nobody_home.month("2024-01-01", "2024-01-31", 20)
    assert codes(check_json(nobody_home, "--month", "2024-01")) == ["level_changed"]


def test_a_column_that_is_declared_not_null_has_values(desk: Desk) -> None:
    desk.entry["create_table"] = {"DAY": "DATE NOT NULL", "ID": "NUMBER(9,0) NOT NULL", "NAME": "VARCHAR(10) NOT NULL"}
    lines = rows_for(JANUARY)
    lines[3] = "20240101\t1003\t"
    desk.file(NAME, lines)
    document = check_json(desk, "--month", "2024-01")
    assert codes(document) == ["rule_not_null"]
    assert document["checks"][0]["findings"][0]["samples"] == ["line 5"]
    assert desk.load("--month", "2024-01", "--qc", "skip").code != 0
    assert codes(check_json(desk, "--month", "2024-01", "--table", "T")) == ["rule_not_null"]


def test_a_condition_that_overflows_is_an_error_in_words(nobody_home: Desk) -> None:
    nobody_home.entry["create_table"] = {"DAY": "DATE", "ID": "NUMBER(38,0)", "NAME": "VARCHAR(10)"}
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "condition", "condition": "ID * ID * ID * ID * ID * ID * ID * ID * ID > 0"}]
    }
    nobody_home.month("2024-01-01", "2024-01-31")
    answer = check(nobody_home, "--month", "2024-01")
    assert answer.code == 3
    assert "A condition in quality.rules cannot be computed" in answer.err


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"check": "regex", "column": "NAME", "pattern": "[a", "name": "names"}, " (names): The pattern '[a' cannot be"),
    ({"check": "condition", "condition": "ID >"}, ": The condition 'ID >' cannot be read as SQL. Write one"),
    ({"check": "condition", "condition": "IDS > 1"}, ": "),
    ({"check": "range", "column": "ID", "minimum": "a", "name": "low"}, " (low): A rule of the kind range cannot be"),
    ({"check": "unique", "columns": ["NAMES"], "name": "once"}, " (once): "),
)


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=("pattern", "condition", "column", "limit", "unique"))
def test_a_rule_that_cannot_be_judged_is_named_with_its_file_and_place(
    desk: Desk, wrong: dict[str, Any], said: str
) -> None:
    """Whoever asks for it, a file's check, a table's or a load, says where to correct it."""
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    good = {"table": "T", "check": "not_null", "column": "ID"}
    desk.sections["quality"] = {"rules": [good, {"table": "T", **wrong}]}
    where = f"{desk.config}: 'quality.rules[1]'{said}"
    ways = (("check-file", "--month", "2024-01"), ("validate", "--month", "2024-01", "--table", "T"))
    for words in ways:
        answer = desk.run(words[0], "--config", str(desk.config), *words[1:])
        assert (answer.code, where in answer.out + answer.err) == (3, True), answer
    assert f"error: {where}" in desk.run("config", "validate", "--config", str(desk.config)).out
