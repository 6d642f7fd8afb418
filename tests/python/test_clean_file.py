"""clean-file: what is kept can be loaded, what is not is told, and together they are the file."""

from __future__ import annotations

import bz2
import gzip
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from desk import COLUMNS, Answer, Desk, days_between, rows_for
from snowflake_etl.quality import cleaner

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def clean(desk: Desk, path: Path, *words: str) -> Answer:
    return desk.run("clean-file", "--config", str(desk.config), "--file", str(path), *words)


def clean_json(desk: Desk, path: Path, *words: str) -> Any:
    return clean(desk, path, "--json", *words).result


def rejects(path: Path) -> list[list[str]]:
    """Line, reason and record of each reject; the headings and the last line are looked at here."""
    first, *lines, last = path.read_text(encoding="utf-8").splitlines()
    assert first == "line\treason\trecord"
    assert json.loads(last.removeprefix("# "))["rejected"] == len(lines)
    return [line.split("\t") for line in lines]


def dirty_lines() -> list[str]:
    """A month of 310 rows in lines 2 to 311; lines 4, 6, 8, 10, 12 and 14 are bad."""
    lines = rows_for(JANUARY)
    lines[2] = lines[2].replace("\tname", "")
    lines[4] = "20240101\tabc\tname"
    lines[6] = "20240199\t1006\ta name that is too long"
    lines[8] = ""
    lines[10] += "\0"
    lines[12] = "\t2002\tname"
    return lines


DIRTY = [
    ["4", "2 columns where 3 are expected", r"20240101\t1002 2"],
    ["6", "ID: cannot be NUMBER(9,0)", r"20240101\tabc\tname"],
    [
        "8",
        "DAY: not a date of the format YYYYMMDD; NAME: too long for VARCHAR(10)",
        r"20240199\t1006\ta name that is too long",
    ],
    ["10", "a blank line where 3 are expected", ""],
    ["12", "a NUL byte", r"20240102\t2000\tname 0\x00"],
    ["14", "DAY: no value in the date column", r"\t2002\tname"],
]


def test_the_copy_loads_and_every_reject_has_its_reason(desk: Desk) -> None:
    source = desk.file(NAME, dirty_lines())
    before = source.read_bytes()
    assert desk.load("--month", "2024-01").code != 0
    answer = clean(desk, source)
    assert answer.code == 6
    assert "310 rows = 304 kept in" in answer.out
    copy = desk.files / "clean" / NAME
    assert rejects(copy.with_name(f"{NAME}.rejects.tsv")) == DIRTY
    assert source.read_bytes() == before
    kept = [line for number, line in enumerate(dirty_lines(), 2) if number not in (4, 6, 8, 10, 12, 14)]
    assert copy.read_text(encoding="utf-8").splitlines() == ["DAY\tID\tNAME", *kept]
    assert desk.load("--month", "2024-01", "--base-path", str(copy.parent)).code == 0
    assert desk.count() == 304


def test_a_clean_file_is_copied_whole(desk: Desk) -> None:
    source = desk.month("2024-01-01", "2024-01-31")
    answer = clean_json(desk, source)
    assert (answer["status"], answer["rows"], answer["kept"], answer["rejected"]) == ("clean", 310, 310, 0)
    assert Path(answer["copy"]).read_bytes() == source.read_bytes()
    assert rejects(Path(answer["rejects_file"])) == []
    assert clean(desk, source).code == 0


def test_types_come_from_the_live_table_where_wished(desk: Desk) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(4,0), NAME VARCHAR(6) NOT NULL)")
    source = desk.file(NAME, ["20240101\t1\tshort", "20240101\t2\tlonger one", "20240101\t3\t", "20240101\t12345\tx"])
    assert clean_json(desk, source)["kept"] == 4
    assert clean_json(desk, source, "--types", "none")["kept"] == 4
    answer = clean_json(desk, source, "--types", "table")
    assert answer["reasons"] == {
        "NAME: too long for VARCHAR(6)": 1,
        "NAME: no value, and the column is NOT NULL": 1,
        "ID: cannot be NUMBER(4,0)": 1,
    }
    assert clean_json(desk, source, "--table", "T")["kept"] == 1


def test_a_column_that_is_not_null_needs_a_value(desk: Desk) -> None:
    desk.entry["create_table"] = {**COLUMNS, "NAME": "VARCHAR(10) NOT NULL"}
    source = desk.file(NAME, ["20240101\t1\tx", "20240101\t2\t", "20240101\t3\t\\N"])
    assert clean_json(desk, source)["reasons"] == {"NAME: no value, and the column is NOT NULL": 2}


@pytest.mark.parametrize("words", [("--to", "{source}"), ("--rejects", "{source}"), ("--to", "{link}")])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_source_is_never_written_over(desk: Desk, words: tuple[str, str], force: tuple[str, ...]) -> None:
    source = desk.file(NAME, dirty_lines())
    link = desk.files / "link.tsv"
    link.hardlink_to(source)
    before = source.read_bytes()
    given = [word.format(source=source, link=link) for word in words]
    assert clean(desk, source, *given, *force).code == 7
    assert source.read_bytes() == before == link.read_bytes()


@pytest.mark.parametrize("which", ["copy", "rejects"])
def test_files_of_others_stay_unless_forced(desk: Desk, which: str) -> None:
    source = desk.file(NAME, dirty_lines())
    copy = desk.folder / "kept.tsv"
    other = {"copy": copy, "rejects": desk.folder / "kept.tsv.rejects.tsv"}[which]
    other.write_text("somebody's\n", encoding="utf-8")
    answer = clean(desk, source, "--to", str(copy))
    assert answer.code == 7
    assert "--force" in answer.err
    assert other.read_text(encoding="utf-8") == "somebody's\n"
    assert clean(desk, source, "--to", str(copy), "--force").code == 6
    # What it wrote itself it writes again, until somebody changes it.
    assert clean(desk, source, "--to", str(copy)).code == 6
    other.write_text("changed\n", encoding="utf-8")
    assert clean(desk, source, "--to", str(copy)).code == 7
    assert sorted(path.name for path in desk.folder.iterdir() if path.name.startswith(".")) == []


PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "": (lambda data: data, lambda data: data),
    ".gz": (gzip.compress, gzip.decompress),
    ".zst": (
        lambda data: zstandard.ZstdCompressor().compress(data),
        lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    ),
    ".bz2": (bz2.compress, bz2.decompress),
}


@pytest.mark.parametrize("duplicates", [(), ("--duplicates",)], ids=["", "duplicates"])
@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("written", ["", ".gz", ".zst", ".bz2"])
def test_packed_files_go_in_and_out(desk: Desk, packing: str, written: str, duplicates: tuple[str, ...]) -> None:
    lines = [*dirty_lines(), "20240131\t31000\tagain"]
    content = "\n".join(["DAY\tID\tNAME", *lines]).encode()
    source = desk.files / f"{NAME}{packing}"
    source.write_bytes(PACKERS[packing][0](content))
    copy = desk.folder / f"kept.tsv{written}"
    answer = clean_json(desk, source, "--to", str(copy), *duplicates)
    assert (answer["rows"], answer["rejected"]) == (311, 7 if duplicates else 6)
    kept = PACKERS[written][1](copy.read_bytes()).decode().splitlines()
    assert len(kept) == 1 + answer["kept"]
    assert ("20240131\t31000\tagain" in kept) == (not duplicates)


def test_duplicates_leave_the_first_row_of_a_key(desk: Desk) -> None:
    lines = dirty_lines()
    lines[20:20] = [lines[0], lines[1], "20240101\t01000\tas number", "20240103\t\tno key"]
    source = desk.file(NAME, lines)
    answer = clean_json(desk, source, "--duplicates")
    assert answer["rejected"] == 6 + 4
    found = rejects(Path(answer["rejects_file"]))
    assert [line for line, *_ in found] == ["4", "6", "8", "10", "12", "14", "22", "23", "24", "25"]
    assert [reason for _, reason, _ in found][-4:] == [
        *["the key DAY, ID is in an earlier row"] * 3,
        "ID: no value in the key",
    ]
    assert lines[0] in Path(answer["copy"]).read_text(encoding="utf-8")
    by_name = clean_json(desk, source, "--duplicates", "--key", "NAME")
    assert by_name["kept"] < 15
    assert clean(desk, source, "--key", "NAME").code == 2


def test_quoted_values_keep_their_lines_and_stray_quotes_go(desk: Desk) -> None:
    desk.entry |= {"file_format": "CSV", "quote_char": '"', "file_pattern": "t_{date_range}.csv"}
    rows = [
        '20240101,1,"a, b"',
        '20240101,2,"two\nlines"',
        '20240101,3,"say ""x"""',
        '20240101,4,"stray',
        "20240101,5,plain",
        '20240101,6,"far too long\nfor ten"',
        '20240101,7,"a"b',
        "20240101,8,5in",
    ]
    source = desk.file("t_20240101-20240131.csv", rows, header="DAY,ID,NAME")
    answer = clean_json(desk, source)
    assert (answer["rows"], answer["kept"]) == (8, 5)
    assert [line for line, *_ in rejects(Path(answer["rejects_file"]))] == ["6", "8", "10"]
    assert Path(answer["copy"]).read_text(encoding="utf-8") == "\n".join(
        ["DAY,ID,NAME", rows[0], rows[1], rows[2], rows[4], rows[7], ""]
    )


def test_the_line_ends_of_the_source_stay(desk: Desk) -> None:
    content = "\r\n".join(["DAY\tID\tNAME", *rows_for(JANUARY), "20240131\t1\tin\rside", ""]).encode()
    answer = clean_json(desk, desk.file(NAME, content))
    assert answer["reasons"] == {"a carriage return that ends no line": 1}
    copy = Path(answer["copy"])
    assert copy.read_bytes().count(b"\r\n") == 311
    assert desk.load("--month", "2024-01", "--base-path", str(copy.parent)).code == 0


def test_other_encodings_become_utf_8_and_a_load_by_the_old_setting_stops(desk: Desk) -> None:
    desk.entry["encoding"] = "cp1252"
    rows = [*rows_for(JANUARY), "20240131\t31900\tZürich", "20240131\t31901\t\x81"]
    content = "\n".join(["DAY\tID\tNAME", *rows, ""]).replace("\x81", "@").encode("cp1252").replace(b"@", b"\x81")
    answer = clean_json(desk, desk.file(NAME, content))
    assert answer["reasons"] == {"bytes that are not of the encoding": 1}
    copy = Path(answer["copy"])
    assert "Zürich" in copy.read_text(encoding="utf-8")
    stopped = desk.load("--month", "2024-01", "--base-path", str(copy.parent))
    assert stopped.code == 6
    assert "byte order mark" in stopped.out
    desk.entry["encoding"] = None
    assert desk.load("--month", "2024-01", "--base-path", str(copy.parent)).code == 0
    assert desk.sql("SELECT NAME FROM T WHERE ID = 31900") == [("Zürich",)]


def test_bad_first_rows_do_not_hide_the_layout(desk: Desk) -> None:
    desk.entry["header"] = False
    rows = b"20240101\t1\n20240101\t\xff\tx\n20240101\t\0\tx\n" + "\n".join(rows_for(JANUARY)).encode()
    answer = clean_json(desk, desk.file(NAME, rows))
    assert (answer["rows"], answer["kept"]) == (313, 310)


def test_a_file_that_no_pattern_fits_is_cleaned_as_the_only_table_or_the_named_one(desk: Desk) -> None:
    source = desk.file("other.tsv", dirty_lines())
    assert clean_json(desk, source)["rejected"] == 6
    assert clean_json(desk, source, "--table", "t", "--types", "none")["rejected"] == 5
    assert clean(desk, source, "--table", "T").code == 5, "there is no live table"
    assert clean(desk, source, "--table", "NONE").code == 2
    assert clean(desk, desk.files / "not there.tsv").code == 6


def test_what_was_lost_on_the_way_is_noticed_and_nothing_gets_a_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = cleaner._deliver

    def losing(block: Any, broken: dict[int, str], *rest: Any) -> None:
        block.records.pop(5)
        block.numbers.pop(5)
        genuine(block, broken, *rest)

    monkeypatch.setattr(cleaner, "_deliver", losing)
    source = desk.file(NAME, dirty_lines())
    answer = clean(desk, source)
    assert answer.code == 1
    assert "Nothing was written" in answer.err
    assert list((desk.files / "clean").iterdir()) == []


def test_killed_anywhere_the_same_command_gives_the_same_files(desk: Desk) -> None:
    lines = rows_for(JANUARY, 5_000)
    lines[1::1000] = ["bad"] * len(lines[1::1000])
    source = desk.file(NAME, lines)
    folder = desk.files / "clean"
    words = ("clean-file", "--config", str(desk.config), "--file", str(source), "--duplicates", "--quiet")

    def written() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert desk.run(*words).code == 6
    expected = written()
    assert len(expected) == 2
    kills = 0
    for wait in range(5):
        for name in expected:
            (folder / name).unlink()
        process = desk.process(*words)
        limit = time.monotonic() + 60
        while time.monotonic() < limit and process.poll() is None and not any(folder.iterdir()):
            time.sleep(0.01)
        time.sleep(wait * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        present = [name for name in expected if (folder / name).exists()]
        assert NAME not in present or set(present) == set(expected)
        assert desk.run(*words).code == 6
        assert written() == expected
    assert kills >= 2


def test_two_at_once_do_not_write_one_file(desk: Desk) -> None:
    source = desk.file(NAME, rows_for(JANUARY, 5_000))
    words = ("clean-file", "--config", str(desk.config), "--file", str(source))
    process = desk.process(*words)
    partial = desk.files / "clean" / f".{NAME}.clean-part"
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None and not partial.exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)
    try:
        if partial.exists():
            answer = desk.run(*words)
            assert answer.code == 7
            assert "right now" in answer.err
    finally:
        process.send_signal(signal.SIGCONT)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "0 rejected" in out
