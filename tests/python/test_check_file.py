"""``check-file`` through the operator's door: what is said of files, where it stands, and what it ends with."""

from __future__ import annotations

import csv
import json
import signal
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from desk import ROOT, Answer, Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def check(desk: Desk, *words: str) -> Answer:
    return desk.run("check-file", "--config", str(desk.config), *words)


def check_json(desk: Desk, *words: str) -> Any:
    return check(desk, "--json", *words).result


def codes(document: Any) -> list[str]:
    return sorted(finding["code"] for report in document["checks"] for finding in report["findings"])


def faulty(desk: Desk) -> Path:
    """A month with a value of the wrong type, a ragged row, one that is too long, and a NULL in the key."""
    lines = rows_for(JANUARY, 100)
    lines[3] = "20240101\tsome\tname"
    lines[4] = "20240101\t1004"
    lines[5] = "20240101\t1005\ta name too long"
    lines[6] = "20240101\t\tname"
    lines[7] = "=1+1\t1007\tname"
    return desk.file(NAME, lines)


@pytest.fixture
def nobody_home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk from which no sign-in is possible."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody signed in")

    monkeypatch.setattr("snowflake_etl.warehouse.signin.Warehouse.open", refuse)
    return desk


def test_the_samples_pass_and_nobody_signs_in(nobody_home: Desk) -> None:
    answer = nobody_home.run(
        "check-file", "--config", str(ROOT / "config" / "example.json"), "--month", "all", "--strict"
    )
    assert answer.code == 0, answer.out
    assert answer.out.count("nothing found") == 4
    assert "27,004 rows, 31 of 31 days, 2013-01-01 to 2013-01-31" in answer.out
    assert "those of create_table" in answer.out
    assert "no warehouse was asked" in answer.out


def test_a_good_file_is_shown_with_what_was_counted(nobody_home: Desk) -> None:
    path = nobody_home.month("2024-01-01", "2024-01-31")
    answer = check(nobody_home, "--file", str(path))
    assert answer.code == 0
    for words in (
        "310 rows, 31 of 31 days",
        "rows a day: 10 to 10, median 10",
        "NUMBER(9,0)",
        "VARCHAR(10)",
        "longest",
    ):
        assert words in answer.out
    assert answer.err == ""


def test_errors_make_exit_6_and_stand_worst_first(nobody_home: Desk) -> None:
    faulty(nobody_home)
    answer = check(nobody_home, "--month", "2024-01")
    assert answer.code == 6
    document = check_json(nobody_home, "--month", "2024-01")
    assert codes(document) == ["null_keys", "ragged_rows", "unread_dates", "values_do_not_cast", "values_too_long"]
    assert document["status"] == "problems"
    assert (document["exit_code"], document["checks"][0]["engine"]) == (6, "file")
    assert "line 5: 'some'" in answer.out
    assert "error: 1 row with a date in DAY that is not YYYYMMDD: '=1+1'" in answer.out


def test_warnings_stop_only_with_strict_and_quiet_hides_no_finding(nobody_home: Desk) -> None:
    lines = rows_for(JANUARY, 100)
    nobody_home.file(
        NAME, [line for line in lines if not line.startswith("20240110") or int(line.split("\t")[1]) % 100 < 40]
    )
    for words, code in (((), 0), (("--strict",), 6)):
        answer = check(nobody_home, "--month", "2024-01", "--quiet", *words)
        assert answer.code == code
        assert "warning: 2024-01-10 (Wednesday) has 40 rows, 40.0% of the 100 expected" in answer.out


def test_rejects_are_written_one_by_one_as_text_and_private(nobody_home: Desk) -> None:
    faulty(nobody_home)
    path = nobody_home.folder / "rejects.csv"
    document = check_json(nobody_home, "--month", "2024-01", "--rejects", str(path))
    assert document["rejected"] == 5
    assert document["rejects_file"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(int(row["line"]), row["column"], row["value"], row["reason"]) for row in rows] == [
        (5, "ID", "some", "cannot be NUMBER(9,0)"),
        (6, "", "20240101\\x091004", "2 columns where 3 columns are expected"),
        (7, "NAME", "a name too long", "too long for VARCHAR(10)"),
        (8, "ID", "", "no value in the key"),
        (9, "DAY", "'=1+1", "not a date of the format YYYYMMDD"),
    ]
    assert {row["file"] for row in rows} == {NAME}


def test_every_reject_is_written_however_many_different_ones_there_are(
    nobody_home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("file_faults", "file_rejects", "file_rules"):
        monkeypatch.setattr(f"snowflake_etl.quality.{module}.MOST_BAD_VALUES", 40)
    lines = rows_for(JANUARY)
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "regex", "column": "NAME", "pattern": "name [0-9]"}]
    }
    for place in range(0, 300, 2):
        day, number, _ = lines[place].split("\t")
        lines[place] = f"{day}\tx{number}\tnot {number}" if place % 4 else f"no {place}\t{number}\tname 1"
    nobody_home.file(NAME, [*lines, "short", "20240201\t5\tname 1"])
    path = nobody_home.folder / "rejects.csv"
    check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    with path.open(newline="", encoding="utf-8") as stream:
        found = sorted((row["column"], int(row["line"])) for row in csv.DictReader(stream))
    by_column = {name: [line for column, line in found if column == name] for name in ("DAY", "ID", "NAME", "")}
    typed = [place + 2 for place in range(0, 300, 2) if place % 4]
    assert by_column["DAY"] == sorted([*(place + 2 for place in range(0, 300, 4)), 313])
    assert by_column["ID"] == by_column["NAME"] == typed
    assert by_column[""] == [312]


def test_rows_that_are_wrong_as_a_whole_are_rejected_whole(nobody_home: Desk) -> None:
    nobody_home.entry["quote_char"] = '"'
    nobody_home.sections["quality"] = {
        "rules": [{"table": "T", "check": "condition", "condition": "ID > 1000 OR NAME = 'x'", "name": "ids"}]
    }
    lines = [line.encode() for line in rows_for(JANUARY, 3000)]
    lines[3] = b'20240101\t1003\t"stray'
    lines[4] = b"20240101\t4\tna\0me"
    lines[60_000] = b"20240121\t21000\tna\xffme"
    lines[5] = b"20240101\t1005\tna\rme"
    nobody_home.file(NAME, b"DAY\tID\tNAME\n" + b"\n".join(lines) + b"\n")
    path = nobody_home.folder / "rejects.csv"
    check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [(int(row["line"]), row["column"], row["value"], row["reason"]) for row in csv.DictReader(stream)]
    assert (5, "", '20240101\\x091003\\x09"stray', "a quote that does not close as it should") in rows
    assert (6, "", "20240101\\x094\\x09na\\x00me", "a NUL byte") in rows
    assert (6, "", "4\\x09na\\x00me", "breaks the rule ids") in rows
    assert [row[3] for row in rows if row[0] == 7] == ["a carriage return that the file's line ending does not have"]
    assert [row[3] for row in rows if row[0] == 60_002] == ["bytes that are not of the encoding"]


def test_a_run_that_fails_leaves_no_half_list_of_rejects(nobody_home: Desk) -> None:
    nobody_home.month("2024-01-01", "2024-01-31")
    nobody_home.entry["date_column"] = "DAYS"
    nobody_home.entry["create_table"] = None
    path = nobody_home.folder / "rejects.csv"
    answer = check(nobody_home, "--month", "2024-01", "--rejects", str(path))
    assert answer.code == 3
    assert "date column DAYS is not among the 3 columns of the file. Nearest: DAY" in answer.err
    assert not path.exists()
    assert [each.name for each in nobody_home.folder.iterdir() if "reject" in each.name] == []


def test_a_sample_says_so_everywhere_and_judges_no_days(nobody_home: Desk) -> None:
    lines = rows_for(JANUARY)
    lines[50] = "20240106\tlate\tname"
    nobody_home.file(NAME, lines)
    output = nobody_home.folder / "o.json"
    answer = check(nobody_home, "--month", "2024-01", "--sample-rows", "50", "--output", str(output))
    assert answer.code == 0
    assert answer.out.count("SAMPLE") == 3
    document = json.loads(output.read_text(encoding="utf-8"))
    assert codes(document) == ["sample"]
    assert "SAMPLE" in document["message"]
    assert (document["checks"][0]["sample_rows"], document["checks"][0]["rows"]) == (50, 50)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert codes(check_json(nobody_home, "--month", "2024-01", "--sample-rows", "51")) == [
        "sample",
        "values_do_not_cast",
    ]
    assert check(nobody_home, "--month", "2024-01", "--sample-rows", "0").code == 2


@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
def test_a_sample_of_quoted_rows_ends_with_a_whole_one(name: str, nobody_home: Desk) -> None:
    nobody_home.entry["quote_char"] = '"'
    rows = [f'20240101\t{number}\t"a\nb\n""c"""' for number in range(20)]
    nobody_home.file(name, rows)
    document = check_json(nobody_home, "--month", "2024-01", "--sample-rows", "8")
    assert codes(document) == ["sample"]
    assert document["checks"][0]["rows"] == 3


def test_types_of_the_table_are_asked_for_with_table_alone(desk: Desk) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(3,0), NAME VARCHAR(10))")
    desk.month("2024-01-01", "2024-01-31")
    assert codes(check_json(desk, "--month", "2024-01")) == []
    document = check_json(desk, "--month", "2024-01", "--table", "t")
    assert codes(document) == ["values_do_not_cast"]
    assert document["notes"][0] == f"Types of T: the table {desk.database}.PUBLIC.T."
    assert "NUMBER(3,0)" in document["checks"][0]["findings"][0]["message"]


def test_a_table_that_is_not_there_names_the_grants(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    answer = check(desk, "--month", "2024-01", "--table", "T")
    assert answer.code == 5
    assert "GRANT SELECT ON TABLE" in answer.err


def test_without_any_types_that_is_said(nobody_home: Desk) -> None:
    nobody_home.entry["create_table"] = None
    nobody_home.month("2024-01-01", "2024-01-31")
    document = check_json(nobody_home, "--month", "2024-01")
    assert codes(document) == ["not_checked_types"]
    assert "has no create_table" in document["notes"][0]


def test_a_file_by_another_name_is_checked_where_it_is_clear_how(nobody_home: Desk) -> None:
    path = nobody_home.file("from the mail.tsv", rows_for(JANUARY[:3]))
    document = check_json(nobody_home, "--file", str(path))
    assert codes(document) == ["not_checked_days"]
    assert document["checks"][0]["rows"] == 30
    assert check(nobody_home, "--file", str(path.with_name("gone.tsv"))).code == 6


def test_one_file_that_cannot_be_read_does_not_stop_the_others(nobody_home: Desk) -> None:
    nobody_home.month("2024-01-01", "2024-01-15")
    nobody_home.file("t_20240116-20240131.tsv", b"\0" * 5000)
    nobody_home.file("t_20240201-20240229.tsv", [])
    nobody_home.file("t_20240301-20240331.tsv.gz", rows_for(days_between("2024-03-01", "2024-03-31"), 100))
    torn = nobody_home.files / "t_20240301-20240331.tsv.gz"
    torn.write_bytes(torn.read_bytes()[:-2000])
    document = check_json(nobody_home, "--month", "2024-01,2024-02,2024-03,2024-04")
    found = {report["subject"]: [each["code"] for each in report["findings"]] for report in document["checks"]}
    assert found == {
        "t_20240101-20240115.tsv": [],
        "t_20240116-20240131.tsv": ["unreadable"],
        "t_20240201-20240229.tsv": ["no_rows"],
        "t_20240301-20240331.tsv.gz": ["unreadable"],
        "T 2024-04": ["unreadable"],
    }
    messages = [each["message"] for report in document["checks"] for each in report["findings"]]
    assert "nothing but NUL bytes" in messages[0]
    text = check(nobody_home, "--month", "2024-01..2024-03").out
    assert text.count("could not be checked") == 2
    assert text.index("could not be checked") < text.index("nothing found")
    assert "not a single row" in messages[1]


def test_a_format_that_does_not_fit_shows_the_first_ten_values_with_their_lines(nobody_home: Desk) -> None:
    nobody_home.file(NAME, [f"{day:%d.%m.%Y}\t{number}\tx" for number, day in enumerate(JANUARY)])
    answer = check(nobody_home, "--month", "2024-01")
    assert answer.code == 6
    for day in range(1, 11):
        assert f"line {day + 1}: '{day:02d}.01.2024'" in answer.out
    assert "line 12: " not in answer.out


def test_long_lists_end_with_where_the_rest_is_and_are_whole_there(nobody_home: Desk) -> None:
    lines = [line + "\textra" if number % 2 else line for number, line in enumerate(rows_for(JANUARY))]
    nobody_home.file(NAME, lines)
    output = nobody_home.folder / "all.json"
    answer = check(nobody_home, "--month", "2024-01", "--output", str(output))
    assert f"and 150 more, all of them in {output}" in answer.out
    document = json.loads(output.read_text(encoding="utf-8"))
    (ragged,) = [each for each in document["checks"][0]["findings"] if each["code"] == "ragged_rows"]
    assert len(ragged["samples"]) == 155
    assert "all of them with --output FILE" in check(nobody_home, "--month", "2024-01").out


def test_two_thousand_columns_are_checked_and_not_all_shown(nobody_home: Desk) -> None:
    names = ["DAY", *(f"C{number}" for number in range(1999))]
    nobody_home.entry.update(
        create_table={name: "DATE" if name == "DAY" else "NUMBER(5,0)" for name in names}, duplicate_key_columns=["C0"]
    )
    lines = ["\t".join([f"{day:%Y%m%d}", *(str(day.day + number) for number in range(1999))]) for day in JANUARY]
    nobody_home.file(NAME, lines, "\t".join(names))
    answer = check(nobody_home, "--month", "2024-01")
    assert answer.code == 0, answer.out
    assert "and 1,960 more column(s)" in answer.out
    nobody_home.file(NAME, [lines[0].replace("\t5\t", "\tfive\t"), *lines[1:]], "\t".join(names))
    assert "C4" in check_json(nobody_home, "--month", "2024-01")["checks"][0]["findings"][0]["message"]


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


def test_progress_is_told_while_files_are_checked(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = nobody_home.month("2024-01-01", "2024-01-15")
    second = nobody_home.month("2024-01-16", "2024-01-31")
    job = nobody_home.folder / "job"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    assert check(nobody_home, "--month", "2024-01").code == 0
    phase, done, total, unit, *_ = (job / "progress").read_text(encoding="ascii").split("\t")
    assert (phase, unit) == ("check", "bytes")
    assert int(done) == int(total) == first.stat().st_size + second.stat().st_size
    assert json.loads((job / "result.json").read_text(encoding="utf-8"))["status"] == "ok"


def test_a_signal_ends_the_check_at_once_and_leaves_nothing(own_desk: Desk) -> None:
    block = "".join(f"{line}\n" for line in rows_for(JANUARY, 2000))
    with (own_desk.files / NAME).open("w", encoding="ascii") as out:
        out.write("DAY\tID\tNAME\n")
        for _ in range(60):
            out.write(block)
    rejects = own_desk.folder / "rejects.csv"
    words = ("--config", str(own_desk.config), "--month", "2024-01", "--rejects", str(rejects))
    with own_desk.process("check-file", *words) as process:
        limit = time.monotonic() + 20
        while not list(own_desk.state.glob("check-*")) and time.monotonic() < limit:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    assert list(own_desk.state.glob("check-*")) == []
    assert not rejects.exists()


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


@pytest.mark.parametrize("flag", ["--rejects", "--output"])
def test_a_result_is_never_written_over_the_file_that_is_checked(flag: str, nobody_home: Desk) -> None:
    path = nobody_home.month("2024-01-01", "2024-01-31")
    before = path.read_bytes()
    answer = check(nobody_home, "--month", "2024-01", flag, str(path))
    assert answer.code == 2
    assert "is a file to be checked" in answer.err
    assert path.read_bytes() == before


def test_the_flags_say_what_is_meant(desk: Desk) -> None:
    assert check(desk).code == 2
    assert check(desk, "--month", "2024-01", "--file", "x").code == 2
