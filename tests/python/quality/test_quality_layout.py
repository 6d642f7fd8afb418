"""Layout faults of files: the right lines, none left out, and no row swallowed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import COLUMNS, EXPECTED, LAYOUT, check, check_lines, codes, finding, month_lines, write

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression
from snowflake_etl.quality.file_bytes import first_lines, without_lines
from snowflake_etl.quality.lines import LineCollector, merged
from snowflake_etl.quality.profile import Lines, Scope
from snowflake_etl.quality.quoted import Shape, quoted_records
from snowflake_etl.results import Severity
from snowflake_etl.sqltext import column_type

QUOTED = replace(LAYOUT, quote='"')


def faulty_lines() -> list[str]:
    """A month of 310 records; records 5, 6 and 100 (lines 7, 8, 102 behind the header) are ragged."""
    lines = month_lines()
    lines[5] += "\textra"
    lines[6] = "20240101\t1"
    lines[100] = ""
    return lines


EXPECTED_RAGGED = ("line 7: 4 columns", "line 8: 2 columns", "line 102: blank")


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_ragged_rows_have_their_line_numbers(name: str, ending: str, scope: Scope, tmp_path: Path) -> None:
    packing = Compression.GZIP if name.endswith(".gz") else Compression.NONE
    layout = replace(LAYOUT, line_ending=ending, compression=packing)
    report = check(write(tmp_path / name, faulty_lines(), ending=ending), layout, scope=scope)
    found = finding(report, "ragged_rows")
    assert found.samples == EXPECTED_RAGGED
    assert found.numbers["rows"] == 3
    assert report.rows == 310
    assert [each.code for each in report.errors] == ["ragged_rows"]


def test_without_a_header_the_first_record_is_line_1(tmp_path: Path) -> None:
    lines = month_lines()
    lines[0] += "\textra"
    report = check(write(tmp_path / "t.tsv", lines, header=None), replace(LAYOUT, header=False))
    assert finding(report, "ragged_rows").samples == ("line 1: 4 columns",)
    assert report.rows == 310


def test_a_missing_final_newline_is_no_fault(tmp_path: Path) -> None:
    for ending in ("\n", "\r\n"):
        path = write(tmp_path / "t.tsv", month_lines(), ending=ending)
        path.write_bytes(path.read_bytes().removesuffix(ending.encode()))
        report = check(path, replace(LAYOUT, line_ending=ending))
        assert (report.rows, codes(report)) == (310, [])


def test_blank_lines_alone_are_found(tmp_path: Path) -> None:
    report = check_lines(tmp_path, [*month_lines(), "", ""])
    assert finding(report, "ragged_rows").samples == ("line 312-313: blank",)


def test_ten_thousand_ragged_rows_are_all_listed(tmp_path: Path) -> None:
    lines = [line + "\tx" if number % 2 else line for number, line in enumerate(month_lines(700))]
    found = finding(check_lines(tmp_path, lines), "ragged_rows")
    assert found.numbers["rows"] == len(found.samples) == 31 * 700 // 2
    assert found.samples[:2] == ("line 3: 4 columns", "line 5: 4 columns")


def test_ragged_rows_of_a_file_of_several_scan_buffers(tmp_path: Path) -> None:
    """30 MB and two threads: the parallel scan's own line counting is not relied on."""
    long = "x" * 400
    lines = [line + long for line in month_lines(2_400)]
    for place in range(1000, len(lines), 6_007):
        lines[place] = "20240101\t1"
    wanted = tuple(f"line {place + 2:,}: 2 columns" for place in range(1000, len(lines), 6_007))
    found = finding(check_lines(tmp_path, lines, key_columns=(), types={}), "ragged_rows")
    assert found.samples == wanted


def test_nul_bytes_are_found(tmp_path: Path) -> None:
    lines = month_lines()
    lines[7] = lines[7].replace("name", "na\0me")
    report = check_lines(tmp_path, lines)
    assert codes(report) == ["nul_bytes"]
    assert finding(report, "nul_bytes").samples == ("line 9",)


def test_a_file_of_nul_bytes_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(b"\0" * 100_000)
    assert "nul_bytes" in codes(check(path, replace(LAYOUT, header=False)))


def test_invalid_utf8_is_found_and_the_row_still_counts(tmp_path: Path) -> None:
    lines: list[str | bytes] = list(month_lines())
    lines[9] = "20240101\t9\tcafé".encode("latin-1")
    report = check_lines(tmp_path, lines)
    assert codes(report) == ["invalid_encoding"]
    assert finding(report, "invalid_encoding").samples == ("line 11",)
    assert report.rows == 310


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read_as_configured(encoding: str, tmp_path: Path) -> None:
    lines = [line.replace("name", "n\xe4m\xe9") for line in month_lines()]
    text = "".join(f"{line}\n" for line in ["\t".join(COLUMNS), *lines])
    path = tmp_path / "t.tsv"
    path.write_bytes(text.encode(encoding))
    report = check(path, replace(LAYOUT, encoding=encoding), replace(EXPECTED, types={}))
    assert (report.rows, codes(report)) == (310, [])
    too_long = check(path, replace(LAYOUT, encoding=encoding))
    assert codes(too_long) == []


@pytest.mark.parametrize("packing", list(Compression))
def test_packed_files_are_read_whatever_their_name(packing: Compression, tmp_path: Path) -> None:
    content = write(tmp_path / "plain", faulty_lines()).read_bytes()
    packed = {
        Compression.NONE: content,
        Compression.GZIP: gzip.compress(content[:1000]) + gzip.compress(content[1000:]),
        Compression.ZSTD: zstandard.ZstdCompressor().compress(content),
        Compression.BZIP2: bz2.compress(content),
    }
    path = tmp_path / "name without [a] suffix"
    path.write_bytes(packed[packing])
    report = check(path, replace(LAYOUT, compression=packing))
    assert finding(report, "ragged_rows").samples == EXPECTED_RAGGED
    assert report.rows == 310


@pytest.mark.parametrize("packing", [Compression.GZIP, Compression.ZSTD, Compression.BZIP2])
def test_a_damaged_packed_file_is_named(packing: Compression, tmp_path: Path) -> None:
    content = write(tmp_path / "plain", month_lines(500)).read_bytes()
    pack = {
        Compression.GZIP: gzip.compress,
        Compression.ZSTD: zstandard.ZstdCompressor().compress,
        Compression.BZIP2: bz2.compress,
    }[packing]
    path = tmp_path / "t.packed"
    path.write_bytes(pack(content)[:-2000])
    with pytest.raises(FileError, match=r"t\.packed"):
        check(path, replace(LAYOUT, compression=packing))


def test_names_of_any_kind_are_files(tmp_path: Path) -> None:
    for name in ("a b.tsv", "it's.tsv", "x$(touch y)[1]*?.tsv", "-x.tsv", "new\nline.tsv", "{a,b}.tsv"):
        assert check(write(tmp_path / name, month_lines())).rows == 310


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.tsv"):
        check(tmp_path / "gone.tsv")


def test_where_no_quote_is_configured_a_quote_is_a_character(tmp_path: Path) -> None:
    lines = month_lines()
    lines[100] = lines[100].replace("name", '"name')
    lines[50] = lines[50].replace("name", 'na"me')
    report = check_lines(tmp_path, lines)
    assert (report.rows, codes(report)) == (310, [])


@pytest.mark.parametrize("last", [None, 200, 101], ids=["to the end", "to a second quote", "to the next line"])
def test_a_stray_quote_swallows_no_rows(last: int | None, tmp_path: Path) -> None:
    lines = month_lines()
    lines[100] = lines[100].replace("name", '"name')
    if last:
        lines[last] = lines[last] + '"'
    report = check(write(tmp_path / "t.tsv", lines), QUOTED)
    assert finding(report, "unbalanced_quotes").samples == ("line 102",)
    assert (report.rows, report.days_found, codes(report)) == (310, 31, ["unbalanced_quotes"])


def test_a_stray_quote_before_megabytes_of_rows(tmp_path: Path) -> None:
    long = "x" * 200
    lines = [line + long for line in month_lines(500)]
    lines[100] = lines[100].replace("name", '"name')
    report = check(write(tmp_path / "t.tsv", lines), QUOTED, replace(EXPECTED, types={}))
    assert finding(report, "unbalanced_quotes").samples == ("line 102",)
    assert report.rows == 15_500


def test_quoted_values_may_hold_anything(tmp_path: Path) -> None:
    lines = month_lines()
    lines[10] = '20240102\t"90000"\t"a\tb"'
    lines[20] = '20240103\t90001\t"say ""x"""'
    lines[30] = '20240104\t90002\t"one\ntwo\n\nX"'
    report = check(write(tmp_path / "t.tsv", lines), QUOTED)
    assert (report.rows, codes(report)) == (310, [])


def test_line_numbers_count_the_lines_inside_quoted_values(tmp_path: Path) -> None:
    lines = month_lines()
    lines[30] = '20240104\t90002\t"one\ntwo\nX"'
    lines[40] = "short"
    report = check(write(tmp_path / "t.tsv", lines), QUOTED)
    assert finding(report, "ragged_rows").samples == ("line 44: 1 column",)


def test_text_after_a_closing_quote_is_a_fault(tmp_path: Path) -> None:
    lines = month_lines()
    lines[3] = '20240101\t3\t"name"x'
    report = check(write(tmp_path / "t.tsv", lines), QUOTED)
    assert finding(report, "unbalanced_quotes").samples == ("line 5",)
    assert report.rows == 310


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_carriage_returns_that_do_not_belong_are_a_warning(ending: str, tmp_path: Path) -> None:
    lines = month_lines()
    lines[3] = lines[3].replace("name", "na\rme")
    report = check(write(tmp_path / "t.tsv", lines, ending=ending), replace(LAYOUT, line_ending=ending))
    assert (report.rows, codes(report)) == (310, ["carriage_returns"])
    assert finding(report, "carriage_returns").severity is Severity.WARNING
    assert finding(report, "carriage_returns").samples == ("line 5",)


def test_mixed_line_endings_are_a_warning_and_all_rows_count(tmp_path: Path) -> None:
    lines = [line + "\r" if number >= 300 else line for number, line in enumerate(month_lines())]
    report = check_lines(tmp_path, lines)
    assert (report.rows, report.days_found, codes(report)) == (310, 31, ["carriage_returns"])
    assert finding(report, "carriage_returns").samples == ("line 302-311",)


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_a_first_line_with_another_end_than_the_rest_swallows_no_rows(name: str, scope: Scope, tmp_path: Path) -> None:
    path = write(tmp_path / name, month_lines(), "\t".join(COLUMNS), "\r\n")
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    content = content.replace(b"\r\n", b"\n", 1)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    packing = Compression.GZIP if name.endswith(".gz") else Compression.NONE
    report = check(path, replace(LAYOUT, line_ending="\r\n", compression=packing), scope=scope)
    assert (report.rows, report.days_found) == (310, 31)
    assert finding(report, "carriage_returns").samples == ("line 1",)


def test_an_endless_line_is_named(tmp_path: Path) -> None:
    lines = month_lines()
    lines[4] = "20240101\t4\t" + "x" * 3_000_000
    report = check_lines(tmp_path, lines, types={})
    assert finding(report, "long_lines").samples == ("line 6",)
    assert report.rows == 310


def test_columns_are_compared_by_name(tmp_path: Path) -> None:
    report = check_lines(tmp_path, month_lines(), columns=("DAY", "ID", "NAME", "PRICE"))
    assert finding(report, "columns_differ").samples == ("missing PRICE",)
    assert codes(check_lines(tmp_path, month_lines(), columns=("NAME", "DAY", "ID"))) == []


def test_columns_of_lower_case_names_are_told_from_folded_ones(tmp_path: Path) -> None:
    """A header folds like SQL unless the table has a column of exactly that spelling."""
    header = ("day", "ID", "id")
    types = {"DAY": column_type("DATE"), "ID": column_type("NUMBER(9,0)"), "id": column_type("VARCHAR(2)")}
    changes = {"columns": tuple(types), "types": types, "key_columns": ("ID",)}
    path = write(tmp_path / "t.tsv", month_lines(), "\t".join(header))
    report = check(path, replace(LAYOUT, columns=header), replace(EXPECTED, **changes))
    assert codes(report) == ["values_too_long"]
    assert finding(report, "values_too_long").numbers["column"] == "id"


@given(st.lists(st.integers(1, 60)))
def test_collected_lines_are_complete_and_in_runs(numbers: list[int]) -> None:
    collector = LineCollector()
    for number in sorted(numbers):
        collector.add(number)
    lines = collector.lines
    assert [line for first, last in lines.runs for line in range(first, last + 1)] == sorted(set(numbers))
    assert (lines.count, lines.complete) == (len(set(numbers)), True)
    assert merged([lines, Lines()]) == lines


def test_a_bounded_collection_says_that_it_is_not_complete() -> None:
    collector = LineCollector(most_runs=3)
    for number in range(0, 20, 2):
        collector.add(number + 1)
    assert (collector.lines.count, len(collector.lines.runs), collector.lines.complete) == (10, 3, False)


@given(
    st.lists(st.binary(max_size=3).map(lambda text: text.replace(b"\n", b"")), max_size=12),
    st.lists(st.integers(1, 5), max_size=30),
    st.sets(st.integers(2, 12)),
    st.integers(0, 14),
)
def test_lines_are_left_out_and_taken_wherever_chunks_end(
    lines: list[bytes], sizes: list[int], unwanted: set[int], first: int
) -> None:
    content = b"\n".join(lines)
    whole = [line + b"\n" for line in lines[:-1]] + lines[-1:]
    ends = [0, *itertools.accumulate(sizes), len(content)]
    pieces = [content[start:end] for start, end in itertools.pairwise(ends) if content[start:end]]
    collector = LineCollector()
    for number in sorted(unwanted):
        collector.add(number)
    kept = b"".join(line for number, line in enumerate(whole, 1) if number not in unwanted)
    assert b"".join(without_lines(iter(pieces), collector.lines.runs)) == kept
    assert b"".join(first_lines(iter(pieces), first, None)) == b"".join(whole[:first])


texts = st.text(st.sampled_from('ab"\t\n x'), max_size=6)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    """The first column is a date here, so that no line inside a value passes for a row."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    lines = enumerate(out.getvalue().encode().split(b"\n")[:-1], 1)
    read = [
        tuple(field.decode() for field in record.fields) for record in quoted_records(lines, Shape(b"\t", b'"', 3, 0))
    ]
    assert read == rows


@pytest.mark.parametrize("scope", list(Scope))
def test_a_clean_file_is_never_read_line_by_line(scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact look costs several times the scan; only a fault may start it."""

    def unwanted(*_: object) -> None:
        raise AssertionError("the exact look was taken at a clean file")

    monkeypatch.setattr("snowflake_etl.quality.file_engine.look_at_lines", unwanted)
    assert check(write(tmp_path / "t.tsv", month_lines()), scope=scope).rows == 310
