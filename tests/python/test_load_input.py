"""Whatever a file is packed with, encoded and laid out like: the same rows are in the table, and nothing else."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import zstandard

from desk import Answer, Desk, days_between

DAYS = [f"{day:%Y%m%d}" for day in days_between("2024-01-01", "2024-01-31")]
COLUMNS = ("DAY", "ID", "NAME")
TABLE = {"DAY": "DATE", "ID": "NUMBER(9,0)", "NAME": "VARCHAR(40)"}
Row = tuple[str, int, str | None]

PLAIN: list[Row] = [(day, number, f"name {number}") for number, day in enumerate(DAYS * 2)]
# What only quoting keeps together, and what looks like something else.
TEXTS = ["a,b", 'say "so"', "two\nlines", "tab\there", '"', " blanks ", "semi;colon", None, "\n", 'x",\n"y', "0012"]
QUOTED: list[Row] = [(day, number, TEXTS[number % len(TEXTS)]) for number, day in enumerate(DAYS * 2)]
ACCENTS: list[Row] = [(day, number, "Z\xfcrich caf\xe9 \xbd") for number, day in enumerate(DAYS)]
EUROS: list[Row] = [(day, number, "10 \u20ac \u2013 \xfc") for number, day in enumerate(DAYS)]
WORLD: list[Row] = [(day, number, "Łódź 東京 😀 €") for number, day in enumerate(DAYS)]


def written(
    rows: Iterable[Row], *, delimiter: str = "\t", quote: str | None = None, header: bool = True, end: str = "\n"
) -> str:
    """The rows as text; quotes enclose what needs them, and the empty text is NULL."""
    stream = io.StringIO(newline="")
    quoting: Any = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    writer = csv.writer(stream, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=end)
    writer.writerows([COLUMNS] if header else [])
    writer.writerows(rows)
    return stream.getvalue()


def load(desk: Desk, content: bytes, *words: str, name: str = "t_20240101-20240131.tsv", **entry: object) -> Answer:
    """Load one month's file of these bytes; ``entry`` is what the configuration says of it."""
    stem, suffix = name.split(".")[:2]
    settled = {"file_pattern": f"{stem[:2]}{{date_range}}.{suffix}", "create_table": TABLE, "file_format": None}
    desk.entry |= settled | {"header": None} | entry
    (desk.files / name).write_bytes(content)
    return desk.load("--month", "2024-01", *words)


def in_table(desk: Desk) -> list[Row]:
    return [(day, number, name) for day, number, name in desk.sql("SELECT TO_CHAR(DAY, 'YYYYMMDD'), ID, NAME FROM T")]


def assert_loaded(desk: Desk, answer: Answer, rows: Sequence[Row]) -> None:
    assert answer.code == 0, answer.out
    assert sorted(in_table(desk), key=lambda row: row[1]) == sorted(rows, key=lambda row: row[1])


def assert_nothing_published(desk: Desk) -> None:
    assert desk.sql("SHOW TABLES LIKE 'T'") == [] or desk.count() == 0
    assert desk.work_tables() == []


def in_members(pack: Callable[[bytes], bytes], content: bytes) -> bytes:
    """Packed in three pieces one after the other, cut anywhere."""
    third = len(content) // 3
    return b"".join(map(pack, (content[:third], content[third : 2 * third], content[2 * third :])))


# -- packing

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": lambda content: zstandard.ZstdCompressor(write_checksum=True).compress(content),
    "bz2": bz2.compress,
}


@pytest.mark.parametrize("members", ["one member", "several members"])
@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_are_unpacked_as_they_are_read(desk: Desk, kind: str, members: str) -> None:
    content = written(PLAIN).encode()
    packed = PACKERS[kind](content) if members == "one member" else in_members(PACKERS[kind], content)
    answer = load(desk, packed, name=f"t_20240101-20240131.tsv.{kind}")
    assert_loaded(desk, answer, PLAIN)
    assert sorted(path.name for path in desk.files.iterdir()) == [f"t_20240101-20240131.tsv.{kind}"]


@pytest.mark.parametrize("damage", ["cut off", "altered", "something else behind it"])
@pytest.mark.parametrize(("kind", "quality"), [("gz", "file"), ("gz", "skip"), ("zst", "skip"), ("bz2", "file")])
def test_a_damaged_packed_file_publishes_nothing_and_names_the_byte(
    desk: Desk, kind: str, damage: str, quality: str
) -> None:
    packed = PACKERS[kind](written(PLAIN * 40).encode())
    half = len(packed) // 2
    damaged = {
        "cut off": packed[:half],
        "altered": packed[:half] + bytes([packed[half] ^ 0x55] * 8) + packed[half + 8 :],
        "something else behind it": packed + b"20240101\t1\tx\n",
    }[damage]
    answer = load(desk, damaged, "--qc", quality, name=f"t_20240101-20240131.tsv.{kind}")
    assert answer.code == 6, answer
    assert "t_20240101-20240131.tsv." + kind in answer.out
    assert re.search(r"byte,? [0-9]+", answer.out)
    assert "nothing of it was published" in answer.out
    assert_nothing_published(desk)


def test_a_step_that_failed_claims_no_bytes(desk: Desk) -> None:
    packed = gzip.compress(
        "".join(f"20240101\t{number}\t{number * 7919 % 1_000_003}\n" for number in range(200_000)).encode()
    )
    answer = load(desk, packed[: len(packed) - 1000], "--qc", "skip", "--json", name="t_20240101-20240131.tsv.gz")
    assert answer.code == 6
    stage = next(phase for phase in answer.result["phases"] if phase["name"] == "stage")
    assert (stage["bytes"], stage["bytes_per_second"]) == (0, 0)


def test_a_window_that_does_not_fit_into_memory_is_no_damage(desk: Desk) -> None:
    """``zstd --long=30``: copying such a file again, as the advice for damage is, would not help."""
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    packing = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packing.compress(written(PLAIN).encode()) + packing.flush()
    answer = load(desk, packed, name="t_20240101-20240131.tsv.zst")
    assert answer.code == 6
    assert "Pack it again without --long" in answer.out
    assert "damaged" not in answer.out
    assert_nothing_published(desk)


def test_a_name_that_promises_other_packing_is_said_and_loaded(desk: Desk) -> None:
    answer = load(desk, bz2.compress(written(PLAIN).encode()), name="t_20240101-20240131.tsv.gz")
    assert_loaded(desk, answer, PLAIN)
    assert "says gzip data but it contains bzip2 data" in answer.err


# -- encodings


@pytest.mark.parametrize(
    ("encoding", "entry", "rows", "packed"),
    [
        ("utf-8", {}, WORLD, False),
        ("utf-8-sig", {}, WORLD, False),
        ("utf-8-sig", {"encoding": "utf-8"}, WORLD, True),
        ("latin-1", {"encoding": "latin-1"}, ACCENTS, False),
        ("cp1252", {"encoding": "cp1252"}, EUROS, False),
        ("cp1252", {"encoding": "cp1252"}, EUROS, True),
        ("utf-16", {}, WORLD, False),
        ("utf-16", {"encoding": "utf-16"}, WORLD, True),
        ("utf-16-be", {"encoding": "utf-16-be"}, WORLD, True),
        ("utf-16-le", {"encoding": "utf-16-le"}, WORLD, False),
    ],
)
def test_every_encoding_arrives_as_the_same_text(
    desk: Desk, encoding: str, entry: dict[str, str], rows: list[Row], packed: bool
) -> None:
    content = written(rows).encode(encoding)
    name = "t_20240101-20240131.tsv" + (".gz" if packed else "")
    assert_loaded(desk, load(desk, gzip.compress(content) if packed else content, name=name, **entry), rows)
    (first,) = desk.sql("SELECT MIN(NAME) FROM T WHERE NAME LIKE '\ufeff%'")[0]
    assert first is None


@pytest.mark.parametrize(("quality", "rows"), [("file", 1), ("file", 8000), ("skip", 8000)])
def test_bytes_that_are_no_text_name_line_and_byte(desk: Desk, quality: str, rows: int) -> None:
    """In the first lines, that are looked at beforehand, and beyond them."""
    lines = written((PLAIN * 130)[:rows]).encode()
    content = lines + b"20240131\t9\tZ\xfcrich\n" + written(PLAIN, header=False).encode()
    answer = load(desk, content, "--qc", quality)
    assert answer.code == 6, answer
    assert f"is not utf-8 on line {rows + 2:,}, at byte {len(lines) + 12:,}" in answer.out
    assert "latin-1, cp1252, utf-16" in answer.out
    assert_nothing_published(desk)


def test_utf16_without_a_mark_is_not_guessed(desk: Desk) -> None:
    answer = load(desk, written(PLAIN).encode("utf-16-le"))
    assert answer.code == 6
    assert "Write 'encoding' (utf-16-le or utf-16-be)" in answer.out
    assert_nothing_published(desk)


# -- line ends


@pytest.mark.parametrize("final", ["with", "without"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", [None, '"'])
def test_line_ends_are_no_part_of_values(desk: Desk, end: str, quote: str | None, final: str) -> None:
    rows = QUOTED if quote else PLAIN
    text = written(rows, delimiter=",", quote=quote, end=end)
    content = text if final == "with" else text.removesuffix(end)
    answer = load(desk, content.encode(), name="t_20240101-20240131.csv", quote_char=quote)
    assert_loaded(desk, answer, rows)
    assert ("CR LF" in answer.err) is (end == "\r\n")


# -- delimiters and quotes


@pytest.mark.parametrize("configured", [None, "tab", "\t"])
def test_tabs_are_configured_or_detected(desk: Desk, configured: str | None) -> None:
    answer = load(desk, written(PLAIN).encode(), delimiter=configured)
    assert_loaded(desk, answer, PLAIN)
    assert ("The delimiter is a tab, as detected" in answer.err) is (configured is None)


@pytest.mark.parametrize(("delimiter", "word"), [(",", None), (";", None), ("|", None), ("|", "pipe"), ("~", "~")])
def test_other_delimiters_are_configured_or_detected(desk: Desk, delimiter: str, word: str | None) -> None:
    answer = load(desk, written(PLAIN, delimiter=delimiter).encode(), delimiter=word)
    assert_loaded(desk, answer, PLAIN)
    assert ("The delimiter is a" in answer.err) is (word is None)


def test_a_delimiter_that_cannot_be_told_is_to_be_configured(desk: Desk) -> None:
    answer = load(desk, written(PLAIN, delimiter="~").encode())
    assert answer.code == 6
    assert "Write its 'delimiter' in the configuration." in answer.out
    assert_nothing_published(desk)


@pytest.mark.parametrize(("quote", "quality"), [('"', "file"), ("'", "snowflake"), (None, "both"), ('"', "skip")])
def test_quoted_fields_keep_their_newlines_delimiters_and_quotes(desk: Desk, quote: str | None, quality: str) -> None:
    """Without a configured quote it is detected."""
    content = written(QUOTED, delimiter=",", quote=quote or '"').encode()
    entry = {"quote_char": quote} if quote else {}
    answer = load(desk, content, "--qc", quality, name="t_20240101-20240131.csv", **entry)
    assert_loaded(desk, answer, QUOTED)
    assert ("enclosed in double quotes, as detected" in answer.err) is (quote is None)


def test_between_tabs_quotes_are_ordinary_characters_and_it_says_so(desk: Desk) -> None:
    rows: list[Row] = [(day, number, 'a 5" disk') for number, day in enumerate(DAYS)]
    content = "".join(f"{line}\n" for line in ["DAY\tID\tNAME", *("\t".join(map(str, row)) for row in rows)])
    answer = load(desk, content.encode())
    assert_loaded(desk, answer, rows)
    assert "Quotes are read as ordinary characters, as usual in tab-delimited files" in answer.err


@pytest.mark.parametrize("stray", ['"never closed', '"5" disk"'])
def test_a_stray_quote_among_enclosed_fields_is_not_guessed_away(desk: Desk, stray: str) -> None:
    """Without quote_char one such line had every other field loaded with its quotes as part of the value."""
    lines = ["DAY,ID,NAME", *(f'{day},{number},"name {number}"' for number, day in enumerate(DAYS))]
    lines[20] = f"20240120,19,{stray}"
    content = "".join(f"{line}\n" for line in lines).encode()
    answer = load(desk, content, "--qc", "skip", name="t_20240101-20240131.csv")
    assert answer.code == 6
    assert "most do, but one on line 21 does not, or is never closed" in answer.out
    assert_nothing_published(desk)


def test_quotes_that_enclose_fewer_fields_than_not_are_ordinary_characters(desk: Desk) -> None:
    rows: list[Row] = [(day, number, '"Bob"' if number < 3 else f'{number}" disk') for number, day in enumerate(DAYS)]
    lines = ["DAY,ID,NAME", *(",".join(map(str, row)) for row in rows)]
    content = "".join(f"{line}\n" for line in lines).encode()
    answer = load(desk, content, name="t_20240101-20240131.csv")
    assert_loaded(desk, answer, rows)
    assert "Quotes are read as ordinary characters, since they do not enclose fields" in answer.err


@pytest.mark.parametrize("quality", ["file", "skip"])
def test_a_quote_never_closed_names_the_line_that_opens_it(desk: Desk, quality: str) -> None:
    lines = written(PLAIN, delimiter=",").splitlines()
    lines[20] = '20240101,20,"never closed'
    content = "".join(f"{line}\n" for line in lines).encode()
    answer = load(desk, content, "--qc", quality, name="t_20240101-20240131.csv", quote_char='"')
    assert answer.code == 6, answer
    assert "line 21" in answer.out
    assert_nothing_published(desk)


# -- long records


LONG = ["x" * 9_000_000, ("x" * 999 + "\n") * 9000]
WIDE = {**TABLE, "NAME": "VARCHAR(16777216)"}


@pytest.mark.parametrize("quote", [None, pytest.param('"', marks=pytest.mark.slow)])
def test_a_record_longer_than_a_part_stays_whole(desk: Desk, quote: str | None) -> None:
    rows: list[Row] = [*PLAIN[:40], ("20240115", 100, LONG[bool(quote)]), *PLAIN[40:]]
    content = written(rows, delimiter=",", quote=quote).encode()
    entry = {"quote_char": quote or "", "create_table": WIDE}
    answer = load(desk, content, "--qc", "snowflake", "--json", name="t_20240101-20240131.csv", **entry)
    assert answer.code == 0, answer.out
    assert answer.result["files"][0]["parts"] >= 2
    assert sorted(in_table(desk), key=lambda row: row[1]) == sorted(rows, key=lambda row: row[1])


def test_the_check_of_a_file_names_a_line_that_is_too_long_to_be_meant(desk: Desk) -> None:
    rows: list[Row] = [*PLAIN[:40], ("20240115", 100, LONG[0]), *PLAIN[40:]]
    answer = load(desk, written(rows).encode(), create_table=WIDE)
    assert answer.code == 6
    assert "1 line with more than 2,000,000 bytes, first line 42" in answer.out
    assert_nothing_published(desk)


@pytest.mark.parametrize("quality", ["file", "skip"])
def test_a_record_without_end_is_named_by_its_line(desk: Desk, quality: str) -> None:
    content = written(PLAIN).encode() + b"20240131\t7\t" + b"x" * (130 << 20) + b"\n"
    answer = load(desk, gzip.compress(content, 1), "--qc", quality, name="t_20240101-20240131.tsv.gz")
    assert answer.code == 6, answer
    assert "line 64" in answer.out
    assert_nothing_published(desk)


# -- headers and columns


@pytest.mark.parametrize(
    ("header", "configured", "said"),
    [
        (True, True, None),
        (False, False, None),
        (True, None, "The first line is a header."),
        (False, None, "There is no header; the first line is a row."),
    ],
)
def test_a_header_is_configured_or_detected_and_said(
    desk: Desk, header: bool, configured: bool | None, said: str | None
) -> None:
    answer = load(desk, written(PLAIN, header=header).encode(), header=configured)
    assert_loaded(desk, answer, PLAIN)
    assert (f"'t_20240101-20240131.tsv': {said}" in answer.err) if said else ("header" not in answer.err)


@pytest.mark.parametrize(("order", "case"), [((2, 1, 0), str.upper), ((1, 0, 2), str.lower), ((1, 2, 0), str.title)])
def test_with_a_header_columns_may_stand_in_any_order(
    desk: Desk, order: tuple[int, ...], case: Callable[[str], str]
) -> None:
    lines = [[case(COLUMNS[index]) for index in order], *([str(row[index]) for index in order] for row in PLAIN)]
    answer = load(desk, "".join("\t".join(line) + "\n" for line in lines).encode())
    assert_loaded(desk, answer, PLAIN)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("DAY", "ID", "NAME", "PRICE", "NOTE"), "not expected: PRICE, NOTE"),
        (("NAME", "ID"), "missing: DAY"),
        (("DAY", "ID", "TITLE"), "not expected: TITLE; missing: NAME"),
        (("DAY", "ID", "id"), "names the column 'id' twice"),
        (("DAY", "ID", ""), "Column 3"),
    ],
)
def test_columns_too_many_or_too_few_are_listed(desk: Desk, names: tuple[str, ...], sentence: str) -> None:
    values = "\t".join(["20240101", *("1" for _ in names[1:])])
    answer = load(desk, "\n".join(["\t".join(names), *[values] * 3, ""]).encode(), header=True)
    assert answer.code == 6, answer
    assert sentence in answer.out
    assert_nothing_published(desk)


@pytest.mark.parametrize("fields", [2, 4])
def test_without_a_header_a_first_row_of_another_width_is_refused(desk: Desk, fields: int) -> None:
    content = "".join("\t".join(["20240101", "1", "x", "y"][:fields]) + "\n" for _ in range(3)).encode()
    answer = load(desk, content, header=False)
    assert answer.code == 6
    assert f"has {fields} fields where the configuration expects 3 columns" in answer.out
    assert_nothing_published(desk)


def test_everything_at_once(desk: Desk) -> None:
    rows: list[Row] = [(day, number, TEXTS[number % len(TEXTS)]) for number, day in enumerate(DAYS)]
    rows += [(day, 100 + number, "Łódź; 東京 \U0001f600") for number, day in enumerate(DAYS)]
    text = written([(row[2], row[1], row[0]) for row in rows], delimiter=";", quote='"', header=False, end="\r\n")  # type: ignore[misc]
    packed = in_members(gzip.compress, ("name;id;day\r\n" + text).encode("utf-16"))
    answer = load(desk, packed, "--qc", "both", name="t_20240101-20240131.csv.gz")
    assert_loaded(desk, answer, rows)
