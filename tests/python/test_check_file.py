"""``check-file`` through the operator's door: what is said of files, where it stands, and what it ends with."""

from __future__ import annotations

import json
import signal
import stat
import time

import pytest

from check_file_desk import JANUARY, NAME, check, check_json, codes, faulty
from desk import ROOT, Desk, days_between, rows_for


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
    assert "and 1,960 more columns" in answer.out
    nobody_home.file(NAME, [lines[0].replace("\t5\t", "\tfive\t"), *lines[1:]], "\t".join(names))
    assert "C4" in check_json(nobody_home, "--month", "2024-01")["checks"][0]["findings"][0]["message"]


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


def test_the_flags_say_what_is_meant(desk: Desk) -> None:
    assert check(desk).code == 2
    assert check(desk, "--month", "2024-01", "--file", "x").code == 2
