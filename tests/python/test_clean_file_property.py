"""clean-file on random dirty files: rows in = kept + rejected, good rows are kept, and the copy checks and loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import COLUMNS, Desk
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.operations.cleaning.output import escaped
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.runner import check_file
from snowflake_etl.sqltext import column_type

NAME = "t_20240101-20240131.tsv"
ROW_CODES = {
    *("ragged_rows", "nul_bytes", "invalid_encoding", "unbalanced_quotes", "carriage_returns", "long_lines"),
    *("null_dates", "unread_dates", "values_do_not_cast", "values_too_long"),
}

# A value and whether the table takes it.
DAYS = {"20240101": True, "20240131": True, "20240132": False, "2024011": False, "": False}
IDS = {"1": True, "007": True, "999999999": True, "1000000000": False, "x": False, "": True}
NAMES = {"a": True, '5" in': True, "Zoë": True, "ten letter": True, "ten letters": False, "\\N": True, "": True}
BITS = (b'"', b"\t", b"a", b'""', b"\n", b"20240101", b"7", b"\r\n")
ANY_BYTES = st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b""))


@st.composite
def plain_lines(draw: st.DrawFn) -> tuple[bytes, bool]:
    """A line, and whether it is to be kept."""
    cells = [draw(st.sampled_from(sorted(values.items()))) for values in (DAYS, IDS, NAMES)]
    line, good = "\t".join(text for text, _ in cells).encode(), all(fits for _, fits in cells)
    fault = draw(st.sampled_from(["", "", "", "", "short", "long", "nul", "bytes", "blank", "return"]))
    if not fault:
        return line, good
    spoilt = {
        "short": line.rpartition(b"\t")[0],
        "long": line + b"\tmore",
        "nul": line + b"\0",
        "bytes": line + b"\xc3",
        "blank": b"",
        "return": line.replace(b"\t", b"\r\t", 1),
    }
    return spoilt[fault], False


def clean(desk: Desk, *words: str) -> Any:
    path = desk.files / NAME
    answer = desk.run("clean-file", "--config", str(desk.config), "--file", str(path), "--json", *words)
    assert answer.code in (0, 6), answer.err
    result = answer.result
    assert result["rows"] == result["kept"] + result["rejected"]
    return result


def assert_checks(desk: Desk, copy: Path) -> None:
    """No fault of a row is left; days may be missing, and keys double."""
    entry = desk.entry
    layout = read_layout(copy, LayoutWishes("\t", entry.get("quote_char"), True, None, tuple(COLUMNS)))
    expected = Expectations(
        columns=tuple(COLUMNS),
        date_column="DAY",
        date_format="YYYYMMDD",
        types={name: column_type(text) for name, text in COLUMNS.items()},
    )
    report = check_file(copy, layout, expected, Resources(desk.folder / "temporary"))
    assert not {finding.code for finding in report.errors} & ROW_CODES, report.errors


def assert_loads(desk: Desk, copy: Path, rows: int) -> None:
    """Into a table, and by a ledger, that know of nothing yet."""
    desk.sql("DROP TABLE IF EXISTS T")
    desk.sql("CREATE SCHEMA IF NOT EXISTS ETL_WORK")
    desk.sql("CREATE TABLE IF NOT EXISTS ETL_WORK.ETL_LOAD_LEDGER (STATE VARCHAR)")
    desk.sql("DROP TABLE ETL_WORK.ETL_LOAD_LEDGER")
    answer = desk.load("--month", "2024-01", "--base-path", str(copy.parent), "--qc", "skip")
    assert answer.code == 0, answer.out + answer.err
    assert desk.count() == rows


FEW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# A load takes much longer than the rest: few of them, of many rows.
LOADS = settings(FEW, max_examples=4)


@given(st.lists(plain_lines(), min_size=1, max_size=30), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
@FEW
def test_exactly_the_good_rows_are_kept(
    desk: Desk, lines: list[tuple[bytes, bool]], ending: bytes, last_line_ends: bool
) -> None:
    content = ending.join([b"DAY\tID\tNAME", *(line for line, _ in lines)])
    if last_line_ends or not lines[-1][0]:
        content += ending
    (desk.files / NAME).write_bytes(content)
    result = clean(desk)
    assert result["rows"] == len(lines)
    good = [line for line, kept in lines if kept]
    copy = Path(result["copy"])
    assert copy.read_bytes() == ending.join([b"DAY\tID\tNAME", *good, b""])
    told = copy.with_name(f"{NAME}.rejects.tsv").read_text(encoding="utf-8").splitlines()[1:-1]
    expected = [(number, escaped(line)) for number, (line, kept) in enumerate(lines, 2) if not kept]
    assert [(int(text.split("\t")[0]), text.split("\t")[2]) for text in told] == expected
    if good:
        assert_checks(desk, copy)


QUOTED_LINES = st.one_of(
    plain_lines().map(lambda pair: pair[0]),
    ANY_BYTES,
    st.lists(st.sampled_from(BITS), max_size=9).map(b"".join),
    st.sampled_from([b'20240101\t1\t"two\nlines"', b'20240101\t2\t"a\tb"', b'"20240101"\t3\t"x ""y"""']),
)


def clean_quoted(desk: Desk, lines: list[bytes]) -> tuple[Path, int]:
    """The copy of what is kept of any quoted bytes between two good rows, and its rows."""
    desk.entry["quote_char"] = '"'
    good = b'20240102\t9\t"sure"'
    (desk.files / NAME).write_bytes(b"\n".join([b"DAY\tID\tNAME", good, *lines, good]) + b"\n")
    result = clean(desk)
    assert result["kept"] >= 1
    return Path(result["copy"]), result["kept"]


@given(lines=st.lists(QUOTED_LINES, min_size=1, max_size=25))
@FEW
def test_of_any_quoted_bytes_nothing_is_lost_and_the_rest_checks(desk: Desk, lines: list[bytes]) -> None:
    copy, _ = clean_quoted(desk, lines)
    assert_checks(desk, copy)


@given(lines=st.lists(QUOTED_LINES, min_size=50, max_size=150))
@LOADS
def test_of_any_quoted_bytes_the_rest_loads(desk: Desk, lines: list[bytes]) -> None:
    copy, rows = clean_quoted(desk, lines)
    assert_loads(desk, copy, rows)


@given(keys=st.lists(st.sampled_from(["1", "01", "2", "", "3", "4"]), min_size=1, max_size=60))
@settings(FEW, max_examples=10)
def test_of_equal_keys_the_first_row_is_kept(desk: Desk, keys: list[str]) -> None:
    rows = [f"20240101\t{key}\trow {number}" for number, key in enumerate(keys)]
    desk.file(NAME, rows)
    result = clean(desk, "--duplicates")
    seen: set[int] = set()
    expected = []
    for key, row in zip(keys, rows, strict=True):
        if key and int(key) not in seen:
            seen.add(int(key))
            expected.append(row)
    assert Path(result["copy"]).read_text(encoding="utf-8").splitlines()[1:] == expected
