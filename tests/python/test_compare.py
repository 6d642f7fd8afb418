"""compare: the same, the same in another order, or which rows and columns differ."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.errors import Stopped
from snowflake_etl.operations.file_tools import compare as compare_module
from snowflake_etl.quality import duck, file_compare

ROWS = rows_for(days_between("2024-01-01", "2024-01-10"))
HEADER = "DAY\tID\tNAME"


def compare(desk: Desk, one: Path, two: Path, *words: str) -> Answer:
    return desk.run("compare", "--config", str(desk.config), "--file", str(one), "--with", str(two), *words)


def compare_json(desk: Desk, one: Path, two: Path, *words: str) -> Any:
    answer = compare(desk, one, two, "--json", *words)
    assert answer.code in (0, 6), answer
    assert (answer.code == 6) == (answer.result["status"] == "different")
    return answer.result


def counts(result: Any) -> tuple[Any, ...]:
    return result["rows_removed"], result["rows_added"], result["rows_changed"]


def original(desk: Desk) -> Path:
    return desk.file("t_20240101-20240110.tsv", ROWS)


TEXT = "".join(f"{line}\n" for line in [HEADER, *ROWS])
SAME = {
    "copy": TEXT.encode(),
    "gz": gzip.compress(TEXT.encode()),
    "zst": zstandard.ZstdCompressor().compress(TEXT.encode()),
    "bz2": bz2.compress(TEXT.encode()),
    "crlf": TEXT.replace("\n", "\r\n").encode(),
    "marked": b"\xef\xbb\xbf" + TEXT.encode(),
    "unended": TEXT.rstrip("\n").encode(),
}


@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("words", [(), ("--quick",)], ids=["rows", "quick"])
def test_the_same_records_are_identical_however_they_are_packed(desk: Desk, kind: str, words: tuple[str, ...]) -> None:
    result = compare_json(desk, original(desk), desk.file("other.tsv", SAME[kind]), *words)
    assert (result["status"], counts(result)) == ("identical", (0, 0, 0))
    assert result["file"]["content_hash"] == result["other"]["content_hash"]


def test_other_order_delimiter_encoding_and_order_of_columns_are_the_same_rows(desk: Desk) -> None:
    desk.entry |= {"file_format": None}
    one = desk.file("t_20240101-20240110.tsv", [line.replace("name", "n\u00e4me") for line in ROWS])
    fields = [line.replace("name", "n\u00e4me").split("\t") for line in reversed(ROWS)]
    text = "name,day,id\r\n" + "".join(f"{name},{day},{number}\r\n" for day, number, name in fields)
    two = desk.file("other.csv", text.encode("utf-16"))
    result = compare_json(desk, one, two)
    assert (result["status"], counts(result)) == ("equal", (0, 0, 0))
    assert result["layout_differences"] == [
        "encoding: utf-8 / utf-16",
        "byte order mark: no / yes",
        "delimiter: tab / ,",
        "line ends: LF / CR LF",
        "order of columns",
    ]
    quick = compare_json(desk, one, two, "--quick")
    assert (quick["status"], counts(quick)) == ("different", (None, None, None))


def changed_rows() -> list[str]:
    rows = [line for line in ROWS if line != ROWS[3]]
    rows[10] = rows[10].replace("name", "other")
    rows[20] = rows[20].rsplit("\t", 1)[0] + "\t"
    return [*reversed(rows), "20240110\t77\tnew"]


def test_rows_are_paired_by_the_key(desk: Desk) -> None:
    result = compare_json(desk, original(desk), desk.file("other.tsv", changed_rows()))
    assert (result["status"], result["key"], counts(result)) == ("different", ["DAY", "ID"], (1, 1, 2))
    name = result["columns"][2]
    assert (name["name"], name["changed"], name["nulls"], name["nulls_with"]) == ("NAME", 2, 0, 1)
    kinds = Counter(each["kind"] for each in result["examples"])
    assert kinds == {"removed": 1, "added": 1, "changed": 2}
    changed = [each["changes"] for each in result["examples"] if each["kind"] == "changed"]
    assert sorted(changed, key=str) == [[["NAME", "name 1", "other 1"]], [["NAME", "name 1", None]]]
    whole = compare_json(desk, original(desk), desk.file("other.tsv", changed_rows()), "--key", "name")
    assert whole["keys_repeated"] == [10, 10]
    assert any("The key is not unique" in note for note in whole["notes"])
    assert counts(whole) == (3, 3, 0)


@pytest.mark.parametrize("seed", range(6))
def test_what_it_counts_is_what_counting_in_memory_says(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    values = ["", "\\N", "a", "b", "1:a", "-", "c d", "1"]

    def rows() -> list[tuple[str, ...]]:
        return [tuple(chance.choice(values) for _ in range(3)) for _ in range(chance.randint(1, 60))]

    one, two = rows(), rows()
    for row in one[: len(one) // 2]:
        two.insert(chance.randint(0, len(two)), row)
    paths = [
        desk.file(f"{name}.tsv", ["\t".join(row) for row in part], "x\ty\tz") for name, part in (("a", one), ("b", two))
    ]
    result = compare_json(desk, *paths, "--header", "yes", "--delimiter", "tab", "--show", "1000")

    def known(part: list[tuple[str, ...]]) -> Counter[tuple[str | None, ...]]:
        return Counter(tuple(None if value in ("", "\\N") else value for value in row) for row in part)

    a, b = known(one), known(two)
    assert counts(result) == ((a - b).total(), (b - a).total(), 0)
    told = {
        kind: Counter(tuple(each["values"]) for each in result["examples"] if each["kind"] == kind)
        for kind in ("removed", "added")
    }
    assert told == {"removed": a - b, "added": b - a}


def test_every_difference_goes_to_a_file_that_no_spreadsheet_obeys(desk: Desk) -> None:
    rows = [*changed_rows(), "20240110\t78\t=1+1"]
    output = desk.folder / "differences.csv"
    answer = compare(desk, original(desk), desk.file("other.tsv", rows), "--differences", str(output), "--show", "1")
    assert (answer.code, output.stat().st_mode & 0o777) == (6, 0o600)
    assert f"all of them in {output}" in answer.out
    with output.open(newline="") as stream:
        found = list(csv.DictReader(stream))
    assert Counter(each["difference"] for each in found) == {"removed": 1, "added": 2, "changed": 2}
    changed = [each for each in found if each["difference"] == "changed"]
    assert {each["column"] for each in changed} == {"NAME"}
    assert {each["value_with"] for each in changed} == {"other 1", "NULL"}
    assert all(not each["value_with"].startswith("=") for each in found)
    assert answer.out.isascii()
    assert max(map(len, answer.out.splitlines()[4:-3])) <= 80


def test_other_columns_are_a_difference_and_the_common_ones_are_compared(desk: Desk) -> None:
    two = desk.file("other.tsv", [f"{line}\tx" for line in ROWS], "DAY\tID\tTITLE\tMORE")
    result = compare_json(desk, original(desk), two)
    assert (result["status"], result["only_in_file"], result["only_in_other"]) == (
        "different",
        ["NAME"],
        ["TITLE", "MORE"],
    )
    assert counts(result) == (0, 0, 0)
    alien = desk.file("alien.tsv", [f"{line}" for line in ROWS], "P\tQ\tR")
    result = compare_json(desk, original(desk), alien)
    assert (result["status"], counts(result)) == ("different", (None, None, None))


def test_a_file_without_header_is_compared_by_place(desk: Desk) -> None:
    desk.entry |= {"header": None, "duplicate_key_columns": None, "create_table": None, "date_column": None}
    bare = desk.file("bare.csv", ["1,a", "2,b", "3,c"], None)
    named = desk.file("named.csv", ["2,b", "1,a", "3,x"], "num,letter")
    desk.entry |= {"file_pattern": "other_{month}.csv"}
    result = compare_json(desk, named, bare, "--delimiter", "comma")
    assert counts(result) == (1, 1, 0)
    assert any("One file has no header" in note for note in result["notes"])


def test_quoted_newlines_and_ragged_rows(desk: Desk) -> None:
    one = desk.file("a.csv", b'x,y\n1,"p\nq"\n2,"r,s"\n')
    two = desk.file("b.csv", b'x,y\n2,"r,s"\n1,"p\nz"\n')
    result = compare_json(desk, one, two, "--key", "x")
    assert counts(result) == (0, 0, 1)
    ragged = desk.file("c.csv", b"x,y\n1,2\n3\n4,5\n")
    whole = desk.file("d.csv", b"x,y\n4,5\n1,2\n")
    result = compare_json(desk, ragged, whole)
    assert (result["status"], counts(result)) == ("different", (0, 0, 0))
    assert any("do not fit the layout of 'c.csv': 1 row." in note for note in result["notes"])


def test_what_cannot_be_compared_says_so(desk: Desk) -> None:
    one = original(desk)
    for content, says in ((b"", "is empty"), (HEADER.encode() + b"\n", "not a single row")):
        answer = compare(desk, one, desk.file("other.tsv", content))
        assert (answer.code, says in answer.err) == (6, True), answer
    torn = desk.file("torn.tsv", gzip.compress(TEXT.encode())[:-20])
    assert "is cut off" in compare(desk, one, torn).err
    assert "There is no file" in compare(desk, one, desk.files / "none").err
    assert f"{str(desk.files)!r} is a folder. Name a file in it." in compare(desk, one, desk.files).err
    link = desk.files / "link.tsv"
    link.symlink_to(one)
    assert compare(desk, one, link).code == 2
    two = desk.file("other.tsv", changed_rows())
    missing = compare(desk, one, two, "--key", "NAM")
    assert (missing.code, "Nearest: NAME" in missing.err) == (2, True)
    for words in (
        ("--output", str(two)),
        ("--differences", str(one)),
        ("--output", str(desk.folder / "x"), "--differences", str(desk.folder / "x")),
        ("--quick", "--differences", str(desk.folder / "x")),
        ("--show", "-1"),
    ):
        assert compare(desk, one, two, *words).code == 2, words
    assert two.read_text().startswith(HEADER)


def test_the_result_is_written_where_it_is_wanted(desk: Desk) -> None:
    output = desk.folder / "result.json"
    answer = compare(desk, original(desk), desk.file("other.tsv", changed_rows()), "--output", str(output))
    assert (answer.code, output.stat().st_mode & 0o777) == (6, 0o600)
    assert json.loads(output.read_text())["rows_changed"] == 2


def test_too_many_differences_are_counted_and_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise duck.OutOfSpace("full")

    monkeypatch.setattr(file_compare.RowComparison, "collect", full)
    one, two = original(desk), desk.file("other.tsv", changed_rows())
    result = compare_json(desk, one, two)
    assert (counts(result), result["examples"]) == ((1, 1, 2), [])
    assert any("counted, not shown" in note for note in result["notes"])
    output = desk.folder / "d.csv"
    answer = compare(desk, one, two, "--differences", str(output))
    assert (answer.code, "quality.temp_limit" in answer.err, output.exists()) == (6, True, False)


def test_a_signal_ends_it_and_nothing_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = original(desk), desk.file("other.tsv", changed_rows())
    # Other tests share the state folder, and some of them kill what they start.
    before = set(desk.state.glob("check-*"))

    def stopped(_: object) -> None:
        raise Stopped("Stopped by SIGTERM.")

    monkeypatch.setattr(compare_module._Comparison, "_say_repeated", lambda self, _: stopped(self))
    answer = compare(desk, one, two, "--differences", str(desk.folder / "d.csv"))
    assert answer.code == 130
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.json", "files"]
    assert set(desk.state.glob("check-*")) <= before
