"""What is told from a file's first lines, and when it is an error instead of a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from files.packing import SUFFIXES, pack
from snowflake_etl.errors import ConfigError, FileError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import Compression, Layout, LayoutWishes

COLUMNS = ("day", "code", "amount")


def layout_of(tmp_path: Path, content: bytes | str, name: str = "f.tsv", **wishes: object) -> Layout:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_layout(path, LayoutWishes(**wishes))  # type: ignore[arg-type]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
@pytest.mark.parametrize("columns", [(), COLUMNS])
def test_the_delimiter_is_detected_and_noted(tmp_path: Path, delimiter: str, columns: tuple[str, ...]) -> None:
    rows = ["day code amount", "20240101 a,b;c|d 1.5", "20240102 x 2"]
    text = "\n".join(row.replace(" ", delimiter).replace("a,b;c|d", "ab") for row in rows) + "\n"
    layout = layout_of(tmp_path, text, columns=columns)
    assert (layout.delimiter, layout.header, layout.columns, layout.quote) == (delimiter, True, COLUMNS, None)
    assert any("delimiter" in note for note in layout.notes)


def test_the_configured_delimiter_wins(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "a,b|c,d\n1,2|3,4\n", delimiter="|", header=True)
    assert layout.columns == ("a,b", "c,d")


def test_fields_divided_unevenly_by_everything_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Write its 'delimiter'"):
        layout_of(tmp_path, "one, two\nthree\nfour; five, six\nseven\n", columns=COLUMNS)


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert layout_of(tmp_path, "code\nab\ncd\n", columns=("CODE",)).columns == ("code",)


def test_the_header_is_told_by_the_expected_names_in_any_case_and_order(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "AMOUNT\tDay\textra\n1\t2\t3\n", columns=COLUMNS)
    assert layout.header
    assert layout.columns == ("AMOUNT", "Day", "extra")
    layout = layout_of(tmp_path, "20240101\tx\t1\n20240102\ty\t2\n", columns=COLUMNS)
    assert not layout.header
    assert layout.columns == COLUMNS
    assert "There is no header; the first line is a row." in layout.notes


def test_without_expected_columns_names_over_values_are_a_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, "day\tcode\n20240101\tx\n").header
    layout = layout_of(tmp_path, "20240101\tx\n20240102\ty\n")
    assert (layout.header, layout.columns) == (False, ("column_1", "column_2"))
    with pytest.raises(FileError, match="not clear whether the first line"):
        layout_of(tmp_path, "red\tgreen\nblue\twhite\n")


@pytest.mark.parametrize(
    ("first", "flaw"), [("a\tb\tA", "names the column 'A' twice"), ("a\t\tb", "Column 2 of .* has no name")]
)
def test_a_header_with_a_flaw_is_not_taken_for_a_row(tmp_path: Path, first: str, flaw: str) -> None:
    """It had been called a row, and proposed as one: the header would have been loaded."""
    with pytest.raises(FileError, match=f"{flaw}.* write 'header': false in the configuration"):
        layout_of(tmp_path, f"{first}\n1\t2\t3\n4\t5\t\n")
    assert not layout_of(tmp_path, f"{first}\nx\t2\ty\nz\t\tw\n", header=False).header
    assert not layout_of(tmp_path, "yes\tno\tyes\nno\t\tno\n").header


def test_the_configured_header_wins(tmp_path: Path) -> None:
    assert not layout_of(tmp_path, "day\tcode\tamount\n1\t2\t3\n", columns=COLUMNS, header=False).header
    layout = layout_of(tmp_path, "a\tb\tc\n1\t2\t3\n", columns=COLUMNS, header=True)
    assert layout.columns == ("a", "b", "c")


def test_a_first_row_of_other_width_than_expected_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has 2 fields where the configuration expects 3 columns"):
        layout_of(tmp_path, "1\t2\n3\t4\n", columns=COLUMNS, delimiter="\t")


@pytest.mark.parametrize(("header", "complaint"), [("a\t\tb", "Column 2"), ("a\tb\tA", "'A' twice")])
def test_a_header_that_names_nothing_or_twice_is_an_error(tmp_path: Path, header: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint):
        layout_of(tmp_path, header + "\n1\t2\t3\n", header=True)


def test_quoting_is_off_between_tabs_and_on_when_proven_elsewhere(tmp_path: Path) -> None:
    assert layout_of(tmp_path, 'day\tcode\n1\t"x"\n', header=True).quote is None
    assert layout_of(tmp_path, 'day,code\n1,"x, y"\n2,"say ""hi"""\n', header=True).quote == '"'
    assert layout_of(tmp_path, 'day,code\n1,"two\nlines"\n2,z\n', header=True).quote == '"'
    assert layout_of(tmp_path, 'day,code\n1,5" pipe\n2,6" pipe\n', header=True).quote is None
    assert layout_of(tmp_path, "day,code\n1,x\n", header=True).quote is None


def test_configured_quoting_wins(tmp_path: Path) -> None:
    assert layout_of(tmp_path, "day\tcode\n1\tx\n", quote='"', header=True).quote == '"'
    assert layout_of(tmp_path, 'day,code\n1,"x"\n', quote="", header=True).quote is None
    layout = layout_of(tmp_path, "'a','b'\n'1','2'\n", quote="'", header=True)
    assert (layout.quote, layout.columns) == ("'", ("a", "b"))


def test_the_header_is_unquoted(tmp_path: Path) -> None:
    assert layout_of(tmp_path, '"day","the ""code"""\n1,"x, y"\n', header=True).columns == ("day", 'the "code"')


@pytest.mark.parametrize("kind", SUFFIXES)
def test_compression_is_told_by_the_content(tmp_path: Path, kind: str) -> None:
    content = pack(b"day\tcode\n1\tx\n", kind)
    layout = layout_of(tmp_path, content, f"f.tsv{SUFFIXES[kind]}", header=True)
    assert layout.compression == Compression(kind)
    assert layout.columns == ("day", "code")
    assert not any("name says" in note for note in layout.notes)


def test_a_name_that_promises_something_else_is_noted(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, b"day\tcode\n1\tx\n", "f.tsv.gz", header=True)
    assert layout.compression is Compression.NONE
    assert any("says gzip data but it contains no packed data" in note for note in layout.notes)
    layout = layout_of(tmp_path, pack(b"day\tcode\n1\tx\n", "zstd"), "f.tsv", header=True)
    assert any("says an unpacked file but it contains zstd data" in note for note in layout.notes)


def test_crlf_is_noted_and_not_part_of_names(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "day\tcode\r\n1\tx\r\n", header=True)
    assert (layout.line_ending, layout.columns) == ("\r\n", ("day", "code"))
    assert any("CR LF" in note for note in layout.notes)


@pytest.mark.parametrize(("end", "inside"), [("\n", "\r\n"), ("\r\n", "\n")])
def test_line_ends_inside_quotes_are_not_those_of_the_file(tmp_path: Path, end: str, inside: str) -> None:
    records = ["day,note", f'1,"a{inside}b ""c""{inside}"', '"2",d']
    layout = layout_of(tmp_path, "".join(record + end for record in records), header=True)
    assert layout.line_ending == end
    assert not any("the others" in note for note in layout.notes)


def test_carriage_returns_alone_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="carriage return alone"):
        layout_of(tmp_path, "day\tcode\r1\tx\r")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, b"\xef\xbb\xbfday\tcode\n1\tx\n", columns=("day", "code"))
    assert (layout.encoding, layout.byte_order_mark, layout.columns) == ("utf-8", True, ("day", "code"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_told_by_its_mark_or_by_the_configuration(tmp_path: Path, encoding: str) -> None:
    content = "day\tcode\n1\tu\u0308\n".encode(encoding)
    if encoding == "utf-16":
        layout = layout_of(tmp_path, content, header=True)
        assert (layout.encoding, layout.byte_order_mark) == ("utf-16", True)
    else:
        with pytest.raises(FileError, match="like UTF-16 without a byte order mark"):
            layout_of(tmp_path, content, header=True)
        layout = layout_of(tmp_path, content, header=True, encoding=encoding)
        assert (layout.encoding, layout.byte_order_mark) == (encoding, False)
    assert layout.columns == ("day", "code")


def test_text_in_another_encoding_is_read_as_configured_or_refused(tmp_path: Path) -> None:
    content = "day\tcode\n1\tx\n2\tcaf\u00e9\n".encode("cp1252")
    with pytest.raises(FileError, match=r"is not utf-8 on line 3, at byte 18 "):
        layout_of(tmp_path, content, header=True)
    assert layout_of(tmp_path, content, header=True, encoding="cp1252").encoding == "cp1252"


def test_an_encoding_against_the_byte_order_mark_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="byte order mark of utf-8 but 'encoding' says 'latin-1'"):
        layout_of(tmp_path, b"\xef\xbb\xbfday\n1\n", encoding="latin-1")


@pytest.mark.parametrize("kind", SUFFIXES)
def test_an_empty_file_is_an_error(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FileError, match="is empty"):
        layout_of(tmp_path, pack(b"", kind), f"f.tsv{SUFFIXES[kind]}")


@pytest.mark.parametrize(
    "content", ["\n\n", "day\tcode\tamount\n", "day\tcode\tamount", "day\tcode\tamount\n\n\n", "\ufeff"]
)
def test_a_header_or_empty_lines_alone_are_an_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileError, match="Ask its sender"):
        layout_of(tmp_path, content, columns=COLUMNS)


def test_one_row_without_newline_is_enough(tmp_path: Path) -> None:
    assert not layout_of(tmp_path, "20240101\tx\t1", columns=COLUMNS).header


def test_a_long_header_is_read_whole(tmp_path: Path) -> None:
    names = [f"column_with_a_long_name_{number}" for number in range(10_000)]
    layout = layout_of(tmp_path, "\t".join(names) + "\n" + "\t".join("1" for _ in names) + "\n", header=True)
    assert layout.columns == tuple(names)


def test_a_file_without_line_ends_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has no line end"):
        layout_of(tmp_path, b"x" * (5 << 20))


@pytest.mark.parametrize("wishes", [{"delimiter": "||"}, {"delimiter": "\n"}, {"quote": "''"}, {"encoding": "klingon"}])
def test_wishes_that_no_file_can_fulfil_are_configuration_errors(tmp_path: Path, wishes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        layout_of(tmp_path, "a\tb\n1\t2\n", **wishes)


def test_the_samples_are_understood() -> None:
    samples = Path(__file__).parents[3] / "samples"
    layout = read_layout(samples / "flights_20130101-20130131.tsv.gz", LayoutWishes())
    assert (layout.delimiter, layout.header, layout.compression) == ("\t", True, Compression.GZIP)
    assert layout.columns[0] == "flight_date"
