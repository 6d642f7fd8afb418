"""The formats of ``report``: what is in them, and that data in them is nothing but data."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from desk import Answer, Desk
from report_desk import entry, make_table, report, use_tables
from snowflake_etl.month import DayRange
from snowflake_etl.reports.cells import begins_like_formula, visible
from snowflake_etl.reports.report_chart import rows_chart
from snowflake_etl.reports.report_document import SCHEMA_VERSION, report_document
from snowflake_etl.reports.report_text import report_text
from snowflake_etl.reports.report_xlsx import report_xlsx
from snowflake_etl.results import Finding, Severity
from snowflake_etl.results_report import DuplicateCount, LastLoad, ReportResult, TableReport, TableStatus, UnreadConfig

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "report-schema.json").read_text(encoding="utf-8"))
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\x1b[2J\x07\x00bell",
    "\u202eevil\u200b",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "two\nlines",
    "\u00fcml\u00e4ut \U0001f600",
)


def closed(schema: Any) -> Any:
    """The schema with no other properties allowed: a field that it does not describe fails."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **strict} if isinstance(schema.get("properties"), dict) else strict


def check_schema(document: Any) -> None:
    jsonschema.validate(document, closed(SCHEMA), cls=jsonschema.Draft202012Validator)


def hostile_report() -> ReportResult:
    """What no honest warehouse would answer, in every field that holds text."""
    tables = tuple(
        TableReport(
            config=text,
            table=f"D.S.{text}",
            status=TableStatus.FAILED,
            message=text,
            rows=3,
            columns=2,
            bytes=10,
            first_day=date(2024, 1, 1),
            last_day=date(2024, 1, 3),
            days_expected=3,
            days_found=2,
            gaps=(DayRange(date(2024, 1, 2), date(2024, 1, 2)),),
            anomalies=0,
            duplicates=DuplicateCount((text,), 1, 1, 33.3, "CRITICAL"),
            last_load=LastLoad(datetime(2024, 2, 1, 3, 4, 5), text, text, 3, text),
            score=10,
            findings=(Finding("code", Severity.ERROR, text, {"value": text}, (text, text), (text,)),),
            rows_per_day={"2024-01-01": 1, "2024-01-03": 2},
        )
        for text in HOSTILE
    )
    unread = tuple(UnreadConfig(text, text, 3) for text in HOSTILE)
    return ReportResult(datetime(2024, 2, 2), None, tables, unread, 1.0, 1, 20, "message", 6)


@pytest.fixture(scope="module")
def three(shared_desk: Desk) -> Desk:
    """A fine table, one with holes and doubles, one that is not there; made once, and only looked at."""
    make_table(shared_desk, "GOOD", "2024-01-01", "2024-01-31")
    make_table(shared_desk, "HOLES", "2024-01-01", "2024-01-31", 10, {"2024-01-05": 0, "2024-01-17": 40})
    shared_desk.sql("INSERT INTO HOLES SELECT * FROM HOLES WHERE DAY = '2024-01-03'")
    use_tables(shared_desk, entry("GOOD"), entry("HOLES"), entry("NOT_THERE"))
    return shared_desk


def written(desk: Desk, name: str, *words: str) -> tuple[Answer, Path]:
    path = desk.folder / name
    answer = report(desk, "--output", str(path), *words)
    assert answer.code == 5, answer
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"The report is in {path}." in answer.out
    assert [one for one in path.parent.iterdir() if one.name.startswith(f".{name}")] == []
    return answer, path


def test_json_is_what_the_schema_says(three: Desk) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"]["const"] == SCHEMA_VERSION
    answer = report(three, "--json")
    check_schema(answer.result)
    assert answer.result["counts"] == {"ERROR": 0, "NOT_FOUND": 1, "FAILED": 1, "EMPTY": 0, "WARNING": 0, "OK": 1}
    assert (answer.result["status"], answer.result["exit_code"]) == ("error", 5)
    _, path = written(three, "r.json")
    check_schema(json.loads(path.read_text()))
    check_schema(json.loads(report(three, "--format", "json").out))


def test_json_keeps_hostile_text_as_it_is() -> None:
    document = json.loads(json.dumps(report_document(hostile_report())))
    check_schema(document)
    assert tuple(table["message"] for table in document["tables"]) == HOSTILE


def test_json_and_a_file_of_another_format_can_be_had_at_once(three: Desk) -> None:
    path = three.folder / "r.csv"
    answer = report(three, "--json", "--output", str(path))
    assert answer.result["counts"]["OK"] == 1
    assert path.read_text().startswith("config,table,status,score,rows")


@pytest.mark.parametrize("width", [80, 132])
def test_text_fits_the_screen_and_says_the_worst_first(three: Desk, width: int) -> None:
    answer = report(three, "--width", str(width))
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= width
    assert answer.out.isascii()
    statuses = [line.split()[0] for line in lines if line.startswith(("NOT_FOUND", "FAILED", "OK"))]
    assert statuses == ["NOT_FOUND", "FAILED", "OK", "NOT_FOUND", "FAILED"]
    assert ("FIRST DAY" in answer.out) is (width == 132)
    row = next(line for line in lines if line.startswith("FAILED")).split()
    assert row[1:4] == [f"{three.database}.PUBLIC.HOLES", "340", *(["3"] if width == 132 else ["30/31"])]
    assert "1 of 31 claimed days without rows: 2024-01-05" in " ".join(answer.out.split())
    assert "5 more with --format json" in answer.out
    assert lines[-1] == "3 tables: 1 NOT_FOUND, 1 FAILED, 1 OK."


def test_text_in_a_file_leaves_nothing_out(three: Desk) -> None:
    _, path = written(three, "r.txt", "--width", "100")
    text = path.read_text()
    assert "more with" not in text
    assert text.count(": 2 rows") == 10


def test_a_long_name_is_shown_whole_and_lines_stay_within_the_width() -> None:
    long = TableReport("c.json", f"D.S.{'VERY_LONG_NAME_' * 12}", TableStatus.OK, rows=10**12, columns=2000, score=100)
    result = ReportResult(datetime(2024, 2, 2), None, (long,), (), 1.0, 1, 2, "1 table: 1 OK.", 0)
    text = report_text(result, 80)
    assert long.table in text
    assert "1,000,000,000,000" in text


@pytest.mark.parametrize("width", [80, 132])
def test_the_chart_is_ascii_and_fits(three: Desk, width: int) -> None:
    answer = report(three, "--chart", "--width", str(width))
    assert answer.out.isascii()
    assert "\x1b" not in answer.out
    chart = answer.out[answer.out.index("HOLES: rows per day") :].splitlines()
    assert max(map(len, chart)) <= width
    assert chart[1].startswith("  +---")
    assert "2024-01-01" in answer.out[-400:]
    assert "2024-01-31" in answer.out[-400:]
    # The odd day stands out: one column up to the top, below it the usual days.
    top = next(line for line in chart if line.startswith("40|"))
    assert 0 < top.count("#") < width / 4
    assert answer.out.count(": rows per day") == 2, "there is nothing to draw of a table that is not there"


def test_the_chart_of_many_years_says_what_a_column_is() -> None:
    days = {f"{year}-{month:02d}-15": 5 for year in range(2015, 2025) for month in range(1, 13)}
    table = TableReport(
        "c", "T", TableStatus.OK, first_day=date(2015, 1, 15), last_day=date(2024, 12, 15), rows_per_day=days
    )
    chart = rows_chart(table, 80)
    assert "each column the average of 54 days" in chart
    assert max(map(len, chart.splitlines())) <= 80


def test_csv_is_one_row_a_table(three: Desk) -> None:
    _, path = written(three, "r.csv")
    assert report(three, "--format", "csv").out == path.read_text()
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["status"] for row in rows] == ["OK", "FAILED", "NOT_FOUND"]
    assert (rows[0]["rows"], rows[0]["score"], rows[0]["first_day"]) == ("310", "100", "2024-01-01")
    assert (rows[1]["missing_days"], rows[1]["duplicate_rows"], rows[1]["duplicate_grade"]) == ("1", "10", "MEDIUM")
    assert rows[2]["rows"] == ""
    assert "GRANT SELECT" in rows[2]["message"]


def test_no_cell_of_csv_is_a_formula() -> None:
    from snowflake_etl.reports.report_csv import report_csv

    rows = list(csv.reader(io.StringIO(report_csv(hostile_report()))))
    assert len(rows) == 1 + 2 * len(HOSTILE), "a line end in a value makes no row"
    for row in rows:
        for cell in row:
            assert not begins_like_formula(cell), cell
            assert visible(cell) == cell
    messages = [row[rows[0].index("message")] for row in rows[1 : 1 + len(HOSTILE)]]
    assert messages[1] == f"'{HOSTILE[1]}"
    assert messages[5] == "'\\x09=1+1"
    assert messages[12] == HOSTILE[12]


def test_xlsx_has_real_dates_and_numbers_frozen_heads_and_colours(three: Desk) -> None:
    _, path = written(three, "r.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Findings", "Samples", "Rows per day"]
    summary = book["Summary"]
    heads = [cell.value for cell in summary[1]]
    rows = [dict(zip(heads, (cell.value for cell in row), strict=True)) for row in summary.iter_rows(min_row=2)]
    assert [row["Status"] for row in rows] == ["NOT_FOUND", "FAILED", "OK"]
    assert (rows[2]["Rows"], rows[2]["First day"]) == (310, datetime(2024, 1, 1))
    assert summary.cell(4, heads.index("First day") + 1).number_format == "yyyy-mm-dd"
    assert rows[0]["Rows"] is None
    for sheet in book:
        assert sheet.freeze_panes == "C2"
        assert sheet.auto_filter.ref
        assert sheet["A1"].font.bold
    colours = {rule.formula[0] for area in summary.conditional_formatting for rule in area.rules if rule.formula}
    assert {'"FAILED"', '"OK"', '"WARNING"'} <= colours
    days = list(book["Rows per day"].iter_rows(min_row=2, values_only=True))
    assert ("config.json", f"{three.database}.PUBLIC.GOOD", datetime(2024, 1, 31), "Wednesday", 10) in days
    assert len(days) == 31 + 30
    samples = [row[3] for row in book["Samples"].iter_rows(min_row=2, values_only=True)]
    assert sum(sample.endswith(": 2 rows") for sample in samples) == 10


def test_xlsx_is_the_same_for_a_second_reader(three: Desk) -> None:
    _, path = written(three, "r.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    head, *rows = book.get_sheet_by_name("Summary").to_python()
    good = dict(zip(head, rows[2], strict=True))
    assert (good["Status"], good["Rows"], good["First day"]) == ("OK", 310.0, date(2024, 1, 1))


def test_no_cell_of_xlsx_is_a_formula_or_a_link(tmp_path: Path) -> None:
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(report_xlsx(hostile_report()))
    book = openpyxl.load_workbook(path)
    messages = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in "snd", (cell.coordinate, cell.value)
                assert cell.hyperlink is None
                if isinstance(cell.value, str):
                    assert visible(cell.value) == cell.value
                    assert cell.quotePrefix or not begins_like_formula(cell.value), cell.value
        if sheet.title == "Findings":
            messages = [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert messages == [visible(text) for text in HOSTILE]


@pytest.mark.slow
def test_libreoffice_opens_the_workbook_and_computes_nothing(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc-nogui).")
    path = tmp_path / "hostile.xlsx"
    path.write_bytes(report_xlsx(hostile_report()))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    # The filter's last option writes every sheet to a file of its own.
    kind = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(tmp_path), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    summary = list(csv.DictReader(io.StringIO((tmp_path / "hostile-Summary.csv").read_text(encoding="utf-8"))))
    assert [row["Message"] for row in summary[len(HOSTILE) :]] == [visible(text) for text in HOSTILE]
    assert (summary[-1]["First day"], summary[-1]["Rows"]) == ("2024-01-01", "3")


def test_xlsx_keeps_to_the_limits_of_excel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("snowflake_etl.reports.report_xlsx.MOST_ROWS", 21)
    days = {f"{1890 + number}-01-31": 7 for number in range(50)}
    finding = Finding("code", Severity.INFO, "long " * 10_000)
    table = TableReport(
        "c", "T", TableStatus.OK, first_day=date(1890, 1, 31), findings=(finding,), rows_per_day=days, rows=350
    )
    path = tmp_path / "long.xlsx"
    path.write_bytes(report_xlsx(ReportResult(datetime(2024, 2, 2), None, (table,), (), 1.0, 1, 2, "m", 0)))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[3:] == ["Rows per day", "Rows per day 2", "Rows per day 3"]
    read = [row[2] for name in book.sheetnames[3:] for row in book[name].iter_rows(min_row=2, values_only=True)]
    # Days before Excel's first one are text.
    assert [str(day)[:10] for day in read] == list(days)
    assert isinstance(read[0], str)
    assert isinstance(read[-1], datetime)
    assert book["Findings"]["E2"].value.endswith("(cut: Excel takes no more)")
    assert len(book["Findings"]["E2"].value) <= 32_767


@pytest.mark.parametrize("form", ["text", "csv", "json", "html"])
def test_hostile_names_never_reach_the_terminal_as_they_are(desk: Desk, form: str) -> None:
    names = ['"<img src=x onerror=alert(1)>"', '"=1+1"', '"a\x1b[2Jb"', '"\u00e4\u202e"']
    for name in names:
        desk.sql(f"CREATE TABLE {name} AS SELECT '2024-01-01'::DATE AS DAY, 1::NUMBER(9,0) AS ID")
    use_tables(desk, *map(entry, names))
    answer = report(desk, "--format", form)
    assert answer.code == 0, answer
    assert all(" " <= character <= "~" or character in "\r\n" for character in answer.out)
    assert form != "html" or "<img" not in answer.out


def test_a_file_that_was_there_is_replaced_whole(three: Desk) -> None:
    path = three.folder / "r.html"
    path.write_text("old")
    path.chmod(0o644)
    written(three, "r.html")
    assert path.read_text().startswith("<!DOCTYPE html>")
