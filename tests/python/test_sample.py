"""sample: what a file looks like, whatever it is packed in, and a configuration that a load can use."""

from __future__ import annotations

import bz2
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import zstandard

from desk import Answer, Desk, days_between, rows_for

NAME = "sales_20240101-20240131.csv"
TEXT = (
    "day,id,zip,amount,ratio,note,ok,seen,due\n"
    '2024-01-01,7,01234,12.50,1e-3,"a, ""b""\nc",true,2024-01-01 10:00:00,01/02/2024\n'
    "2024-01-31,1234567890,99999,NA,2.5e10,,false,2024-01-02T11:30:00.25,03/04/2024\n"
    "2024-01-15,NA,00001,3,1,plain,TRUE,2024-01-03 00:00:00,05/06/2024\n"
)
TYPES = {
    "day": "DATE",
    "id": "NUMBER(18,0)",
    "zip": "VARCHAR(5)",
    "amount": "NUMBER(9,2)",
    "ratio": "FLOAT",
    "note": "VARCHAR(10)",
    "ok": "BOOLEAN",
    "seen": "TIMESTAMP_NTZ",
    "due": "VARCHAR(10)",
}


def sample(desk: Desk, path: Path, *words: str) -> Answer:
    return desk.run("sample", "--config", str(desk.config), "--file", str(path), *words)


def sample_json(desk: Desk, path: Path, *words: str) -> Any:
    answer = sample(desk, path, "--json", *words)
    assert answer.code == 0, answer
    return answer.result


def column(result: Any, name: str) -> Any:
    return next(each for each in result["columns"] if each["name"] == name)


PACKINGS = {
    "plain": lambda text: text.encode(),
    "gz": lambda text: gzip.compress(text.encode()),
    "zst": lambda text: zstandard.ZstdCompressor().compress(text.encode()),
    "bz2": lambda text: bz2.compress(text.encode()),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "marked": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("words", [(), ("--all",)], ids=["first", "all"])
def test_types_dates_and_nulls_are_told_of_every_kind_of_file(desk: Desk, packing: str, words: tuple[str, ...]) -> None:
    suffix = f".{packing}" if packing in ("gz", "zst", "bz2") else ""
    result = sample_json(desk, desk.file(NAME, PACKINGS[packing](TEXT)).rename(desk.files / (NAME + suffix)), *words)
    assert (result["rows"], result["rows_exact"], result["rows_looked_at"]) == (3, True, 3)
    assert {each["name"]: each["type"] for each in result["columns"]} == TYPES
    assert (column(result, "amount")["null_words"], column(result, "note")["nulls"]) == ({"NA": 1}, 1)
    assert column(result, "due")["formats"] == ["DD/MM/YYYY", "MM/DD/YYYY"]
    assert (column(result, "day")["first_day"], column(result, "day")["last_day"]) == ("2024-01-01", "2024-01-31")
    assert result["first_rows"][0][5].replace("\r", "") == 'a, "b"\nc'
    entry = result["entry"]
    assert (entry["file_pattern"], entry["table_name"]) == ("sales_{date_range}.csv", "SALES")
    assert (entry["date_column"], entry["date_format"], entry["quote_char"]) == ("day", "YYYY-MM-DD", '"')
    assert entry["null_values"] == ["", "\\N", "NA"]
    assert any("can be read as DD/MM/YYYY and as MM/DD/YYYY" in note for note in result["notes"])


@pytest.mark.parametrize("words", [(), ("--all",)])
def test_a_word_for_null_is_counted_as_null_in_texts_too(desk: Desk, words: tuple[str, ...]) -> None:
    """The amount makes NA one of the null_values, and those hold for the whole file."""
    path = desk.files / "news_20240101-20240131.csv"
    path.write_text("day,amount,note\n2024-01-01,1,plain\n2024-01-02,NA,NA\n2024-01-03,2,Apple\n")
    result = sample_json(desk, path, *words)
    assert result["entry"]["null_values"] == ["", "\\N", "NA"]
    note = column(result, "note")
    assert (note["nulls"], note["least"], note["greatest"], note["distinct"]) == (1, "Apple", "plain", 2)
    assert (column(result, "amount")["null_words"], column(result, "amount")["type"]) == ({"NA": 1}, "NUMBER(9,0)")


def test_a_word_in_texts_alone_stays_a_value(desk: Desk) -> None:
    path = desk.files / "news_20240101-20240131.csv"
    path.write_text("day,note\n2024-01-01,plain\n2024-01-02,NA\n")
    result = sample_json(desk, path)
    assert "null_values" not in result["entry"]
    assert column(result, "note")["nulls"] == 0


def test_what_it_suggests_can_be_loaded(desk: Desk) -> None:
    days = days_between("2024-01-01", "2024-01-31")
    lines = [f"{day:%d.%m.%Y};{number};{number * 0.5:.2f};n{number}" for number, day in enumerate(days)]
    path = desk.file("odd name_2024-01.txt", lines, header="the day;id;price;name")
    entry = sample_json(desk, path)["entry"]
    assert entry["file_pattern"] == "odd name_{month}.txt"
    desk.entry = dict(entry)
    answer = desk.load("--month", "2024-01")
    assert answer.code == 0, answer
    assert desk.count(table="ODD_NAME") == 31


def test_of_a_large_file_the_first_rows_are_looked_at_and_the_rest_is_estimated(desk: Desk) -> None:
    path = desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 1000))
    result = sample_json(desk, path, "--rows", "500", "--show", "1")
    assert (result["rows_looked_at"], result["rows_exact"]) == (500, True)
    assert (result["rows"], len(result["first_rows"])) == (31_000, 1)
    assert len(sample_json(desk, path, "--rows", "1")["first_rows"]) == 1
    exact = sample_json(desk, path, "--all")
    assert (exact["rows"], exact["rows_looked_at"], exact["entry"]["table_name"]) == (31_000, 31_000, "T")
    assert column(exact, "ID")["highest"] == 31_999


def test_the_configuration_and_flags_say_how_it_is_read(desk: Desk) -> None:
    desk.entry |= {"encoding": "latin-1", "null_values": ["x"]}
    path = desk.file("t_20240101-20240131.tsv", "DAY\tID\tNAME\n20240101\tx\tn\u00e4\n".encode("latin-1"))
    result = sample_json(desk, path)
    assert (result["encoding"], result["entry"]["encoding"], result["entry"]["null_values"]) == (
        "iso8859-1",
        "iso8859-1",
        ["x"],
    )
    assert column(result, "ID")["nulls"] == 1
    other = desk.file("free.dat", b"a|1\nb|2\n")
    assert sample(desk, other).code == 0
    named = sample_json(desk, other, "--delimiter", "pipe", "--header", "no")
    assert named["entry"]["expected_columns"] == ["column_1", "column_2"]
    assert any("claims no days" in note for note in named["notes"])
    text = desk.file("words.csv", b"a,b\nc,d\n")
    assert "It is not clear" in sample(desk, text).err
    assert sample_json(desk, text, "--header", "yes")["rows"] == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b\n", "not a single row"),
        (b"\0\0\0\0", "NUL bytes"),
        (gzip.compress(TEXT.encode() * 500)[:-9], "is cut off"),
    ],
)
def test_a_bad_file_says_what_is_wrong(desk: Desk, content: bytes, says: str) -> None:
    answer = sample(desk, desk.file("x_2024-01.csv", content), "--all", "--header", "yes")
    assert answer.code == 6
    assert says in answer.err


def test_odd_names_and_values_are_shown_and_never_obeyed(desk: Desk) -> None:
    answer = sample(desk, desk.file("e_2024-01.csv", "a\x1b[2J,b\n\x1b]0;x\x07,\u00e9\n".encode()), "--header", "yes")
    assert answer.code == 0
    assert answer.out.isascii()
    assert "\x1b" not in answer.out
    assert max(map(len, answer.out.splitlines()[1:8])) <= 80


def test_a_line_end_in_a_name_makes_no_line(desk: Desk) -> None:
    (desk.files / "a\nloaded: 7 rows").mkdir()
    path = desk.file("a\nloaded: 7 rows/t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31")))
    copy = desk.file("copy.tsv", rows_for(days_between("2024-01-01", "2024-01-31")))
    for words in (
        ["sample", "--file", str(path)],
        ["compare", "--file", str(path), "--with", str(copy), "--quick"],
        ["compress", "--file", str(path)],
        ["load", "--file", str(path)],
        ["load", "--file", str(path), "--verify"],
    ):
        answer = desk.run(words[0], "--config", str(desk.config), *words[1:])
        assert answer.code == 0, answer
        assert "a\\x0aloaded: 7 rows/" in answer.out
        assert not [line for line in answer.out.splitlines() if line.startswith("loaded: 7 rows")]


def test_rows_that_do_not_fit_are_said(desk: Desk) -> None:
    result = sample_json(desk, desk.file("r_2024-01.csv", b"a,b\n1,2\n1,2,3\n4,5\n"))
    assert (result["rows_looked_at"], result["rows_exact"]) == (2, False)
    assert any("passed over" in note for note in result["notes"])


def test_results_go_where_they_may(desk: Desk) -> None:
    path = desk.file("t_20240101-20240131.tsv", rows_for([date(2024, 1, 1)]))
    assert sample(desk, path, "--output", str(path)).code == 2
    output = desk.folder / "sample.json"
    assert sample(desk, path, "--output", str(output)).code == 0
    assert output.stat().st_mode & 0o777 == 0o600
    assert json.loads(output.read_text())["rows"] == 10
    for words in (("--rows", "0"), ("--show", "-1"), ("--rows", "3", "--all")):
        assert sample(desk, path, *words).code == 2
    assert sample(desk, path, "--table", "NONE").code == 3
    assert sample(desk, desk.files / "none.tsv").code == 6


@pytest.mark.parametrize("words", [(), ("--all",)], ids=["first", "all"])
def test_times_with_offsets_keep_them_and_what_is_no_time_stays_text(desk: Desk, words: tuple[str, ...]) -> None:
    times = ("10:00:00+02:00", "10:00:00Z"), ("10:00:00Z", "10:00"), ("10:00:00 UTC", "10:00"), ("10:00 PM", "10:00")
    rows = [f"{number}\t" + "\t".join(f"2024-02-29 {pair[number]}" for pair in times) for number in (0, 1)]
    result = sample_json(desk, desk.file("z.tsv", rows, "id\tzoned\tutc\tnamed\thalf"), *words)
    types = [column(result, name)["type"] for name in ("zoned", "utc", "named", "half")]
    assert types == ["TIMESTAMP_TZ", "TIMESTAMP_NTZ", "VARCHAR(50)", "VARCHAR(20)"]


def test_a_wide_file_fits_into_the_default_memory(desk: Desk) -> None:
    names = ",".join(f"measure_{number}" for number in range(60))
    wide = desk.file(NAME, [f"2024-01-{day:02d}," + ",".join(["0.125"] * 60) for day in (1, 31)], f"day,{names}")
    first, every = sample_json(desk, wide), sample_json(desk, wide, "--all")
    assert {each["type"] for each in first["columns"][1:]} == {"NUMBER(9,3)"}
    assert [each["type"] for each in every["columns"]] == [each["type"] for each in first["columns"]]
