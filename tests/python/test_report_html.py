"""The HTML report: one file, nothing fetched, data never markup, looked at in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from browser import MISSING, Browser, find_browser, running_browser
from desk import Desk
from report_desk import entry, make_table, report, use_tables
from snowflake_etl.month import DayRange, Month
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.report_calendar import month_blocks, sparkline, trend
from snowflake_etl.reports.report_html import report_html
from snowflake_etl.results import Finding, Severity
from snowflake_etl.results_report import DuplicateCount, LastLoad, ReportResult, TableReport, TableStatus, UnreadConfig
from test_report_formats import HOSTILE, hostile_report

VOID = frozenset({"meta", "link", "br"})
DRAWN = frozenset({"rect", "line", "polyline", "polygon"})


class Page(HTMLParser):
    """The page's tags, attributes and text; every tag has to be closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def with_class(self, name: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, found) for tag, found in self.tags if name in (found.get("class") or "").split()]


def days(first: str, last: str, rows: int = 1000) -> dict[str, int]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    count = (end - begin).days + 1
    each = [begin + timedelta(days=number) for number in range(count)]
    return {day.isoformat(): rows if day.weekday() < 5 else rows // 3 for day in each}


def sample_table(name: str = "DEMO.PUBLIC.PAYMENTS") -> TableReport:
    """January 2024 without the 6th and 7th, 60 rows on the 17th, twice as many on the 25th."""
    per_day = days("2024-01-01", "2024-01-31")
    for gone in ("2024-01-06", "2024-01-07"):
        del per_day[gone]
    per_day |= {"2024-01-17": 60, "2024-01-25": 2500}
    return TableReport(
        config="sales.json",
        table=name,
        status=TableStatus.FAILED,
        exit_code=6,
        rows=sum(per_day.values()),
        columns=12,
        bytes=123_456_789,
        first_day=date(2024, 1, 1),
        last_day=date(2024, 1, 31),
        days_expected=31,
        days_found=29,
        gaps=(DayRange(date(2024, 1, 6), date(2024, 1, 7)),),
        anomalies=2,
        duplicates=DuplicateCount(("DAY", "ID"), 3, 5, 0.02, "LOW"),
        last_load=LastLoad(datetime(2024, 2, 1, 3, 4, 5), "2024-01", "payments_2024-01.tsv", 24_000, "LOADER"),
        score=80,
        findings=(
            Finding("missing_days", Severity.ERROR, "2 of 31 claimed days without rows.", {"missing_days": 2}),
            Finding("few_rows_on_day", Severity.ERROR, "Few rows.", {"day": "2024-01-17", "rows": 60}),
            Finding("many_rows_on_day", Severity.WARNING, "Many rows.", {"day": "2024-01-25", "rows": 2500}),
            Finding("duplicate_keys", Severity.ERROR, "3 keys.", {"keys": 3}, ("ID=1: 2 rows", "ID=2: 3 rows")),
        ),
        rows_per_day=per_day,
    )


def fine_table(name: str, first: str, last: str) -> TableReport:
    per_day = days(first, last)
    return replace(
        sample_table(name),
        status=TableStatus.OK,
        exit_code=0,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        gaps=(),
        anomalies=0,
        findings=(),
        score=100,
        rows_per_day=per_day,
    )


def whole_report(*tables: TableReport) -> ReportResult:
    lost = TableReport("sales.json", "DEMO.PUBLIC.LOST", TableStatus.NOT_FOUND, "There is no table.", 5)
    return ReportResult(
        datetime(2024, 2, 2, 5, 6),
        None,
        (
            sample_table(),
            fine_table("DEMO.PUBLIC.ORDERS", "2021-01-01", "2024-03-31"),
            fine_table(
                "DEMO.A_SCHEMA_WITH_A_LONG_NAME.AND_A_TABLE_WHOSE_NAME_IS_" + "VERY_" * 20 + "LONG",
                "2024-01-01",
                "2024-01-31",
            ),
            lost,
            *tables,
        ),
        (UnreadConfig("broken.json", "broken.json is not valid JSON.", 3),),
        1.0,
        4,
        20,
        "message",
        6,
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip(MISSING)
    with running_browser(program) as running:
        yield running


def test_the_page_shows_what_is_known(desk: Desk) -> None:
    make_table(desk, "GOOD", "2024-01-01", "2024-01-31")
    make_table(desk, "HOLES", "2024-01-01", "2024-01-31", 10, {"2024-01-05": 0, "2024-01-17": 40})
    use_tables(desk, entry("GOOD"), entry("HOLES"), entry("NOT_THERE"))
    path = desk.folder / "report.html"
    assert report(desk, "--output", str(path), "--month", "2024-01").code == 5
    page = Page(path.read_text(encoding="ascii"))
    assert "Table report January 2024 3 tables of 1 configuration" in page.text
    assert "1 of 31 claimed days without rows: 2024-01-05" in page.text
    assert 'GRANT SELECT ON TABLE "' in page.text
    assert len(page.with_class("missing")) == 1 + 2, "a day, and the legends of two calendars"
    levels = [found for _, found in page.with_class("level-3") if found.get("x") is not None]
    assert len(levels) == 31 + 29
    assert [tag for tag, _ in page.with_class("spark")] == ["svg", "svg"]
    assert [tag for tag, _ in page.with_class("line")] == ["polyline", "polyline"]
    opened = [found["id"] for tag, found in page.tags if tag == "details" and "table" in str(found.get("class"))]
    assert opened == ["table-1", "table-2", "table-3"]


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    text = report_html(hostile_report())
    page = Page(text)
    kinds = {tag for tag, _ in page.tags}
    assert not kinds & {"script", "img", "iframe", "object", "embed", "form", "input", "base", "video", "audio"}
    for tag, found in page.tags:
        for name, value in found.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action"):
                assert value == "data:," or str(value).startswith("#table-"), (tag, name, value)
    assert "url(" not in text
    assert "@import" not in text
    policy = next(found["content"] for tag, found in page.tags if found.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_hostile_text_is_shown_and_nothing_else() -> None:
    text = report_html(hostile_report())
    assert text.isascii()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)
    shown = Page(text)
    for one in HOSTILE:
        # In the table's name, its message, its finding, its samples, its load, its configuration.
        assert shown.text.count(" ".join(visible(one).split())) >= 6, one
    assert "49" not in re.findall(r"(?<![\d,])49(?![\d,])", shown.text), "a template in data is data"


def test_calendar_months_place_days_by_weekday_and_mark_them() -> None:
    (january,) = month_blocks(sample_table())
    assert (january.title, len(january.cells)) == ("2024-01", 31)
    first, sixth, seventeenth, thirteenth = (january.cells[number] for number in (0, 5, 16, 12))
    assert (first.x, first.y) == (0, 0), "a Monday"
    assert (sixth.x, sixth.y, sixth.classes) == (75, 0, "missing")
    assert sixth.label == "Sat 2024-01-06: no rows, expected"
    assert (seventeenth.classes, thirteenth.classes) == ("level-0 error", "level-1")
    assert seventeenth.label == "Wed 2024-01-17: 60 rows, 6% of the usual day (error)"
    assert january.cells[24].classes == "level-4 warning"


def test_long_times_without_rows_are_one_line_of_the_calendar() -> None:
    table = replace(
        fine_table("T", "2020-01-01", "2020-01-31"),
        rows_per_day={"0001-01-01": 1, "2020-01-15": 5, "2020-03-15": 5, "9999-12-31": 1},
    )
    assert [(block.title, len(block.cells)) for block in month_blocks(table)] == [
        ("0001-01", 31),
        ("no rows 0001-02 to 2019-12", 0),
        ("2020-01", 31),
        ("2020-02", 29),
        ("2020-03", 31),
        ("no rows 2020-04 to 9999-11", 0),
        ("9999-12", 31),
    ]
    assert month_blocks(TableReport("c", "t", TableStatus.ERROR)) == []


def test_the_line_goes_down_in_a_gap_and_stays_in_its_box() -> None:
    drawn = trend(sample_table())
    assert drawn is not None
    points = [tuple(map(float, point.split(","))) for point in drawn.points.split()]
    assert len(points) == 31
    assert points[0][0] == 0 and points[-1][0] == 1000
    assert {y for x, y in points if 160 < x < 210} == {120.0}, "the gap"
    assert min(y for _, y in points) == 0, "the highest day"
    assert (drawn.most, drawn.typical) == (2500, 1000)
    assert [severity for _, severity in drawn.marks] == ["error", "warning"]
    assert trend(replace(sample_table(), rows_per_day={"2024-01-01": 4})) is None
    small = [tuple(map(float, point.split(","))) for point in sparkline(sample_table()).split()]
    assert all(0 <= x <= 120 and 0 <= y <= 24 for x, y in small)


def test_titles_name_the_days() -> None:
    result = whole_report()
    assert "<h1>All data</h1>" in report_html(result)
    assert "<h1>January 2024</h1>" in report_html(replace(result, days=Month(2024, 1).days()))
    some = DayRange(date(2024, 1, 5), date(2024, 2, 6))
    assert "<h1>2024-01-05 to 2024-02-06</h1>" in report_html(replace(result, days=some))
    assert Page(report_html(replace(result, tables=(), unread=()))).text.count("0 tables") == 1


@pytest.mark.parametrize("width", [320, 390, 800, 1159, 1160, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_a_browser_nothing_is_wrong_and_nothing_sticks_out(
    browser: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    path = tmp_path / "report.html"
    hostile = [replace(one, status=TableStatus.FAILED) for one in hostile_report().tables]
    path.write_text(report_html(whole_report(*hostile)), encoding="ascii")
    browser.open(path, width=width, dark=dark)
    assert browser.value("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    # Every section open: what is folded cannot stick out.
    browser.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.value("document.documentElement.scrollWidth") <= width
    sticking_out = "[...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > %d + 1)"
    assert browser.value(f"({sticking_out % width}).map(one => one.outerHTML.slice(0, 120))") == []
    inner = "document.querySelector('.overview').getBoundingClientRect().width"
    assert browser.value(f"{inner} <= document.querySelector('.overview').parentElement.clientWidth + 1")
    assert browser.complaints == []
    assert browser.requests == [path.as_uri()], "one file and nothing else"
    assert browser.value("document.querySelectorAll('script, img').length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_a_browser_text_can_be_read_on_its_background(browser: Browser, tmp_path: Path, dark: bool) -> None:
    """The contrast of WCAG AA, 4.5 to 1, for every text of the page."""
    path = tmp_path / "report.html"
    path.write_text(report_html(whole_report()), encoding="ascii")
    browser.open(path, width=1280, dark=dark)
    assert browser.value(_LOW_CONTRAST) == []


def test_a_browser_that_complains_fails(browser: Browser, tmp_path: Path) -> None:
    """The tests above can fail: a page with a script that throws, a fetch and a wide box."""
    path = tmp_path / "bad.html"
    path.write_text(
        "<body><div style='width:2000px'>x</div><img src='missing.png'><script>console.error('no')</script></body>"
    )
    browser.open(path, width=390)
    assert browser.value("document.documentElement.scrollWidth") > 390
    assert len(browser.requests) == 2
    assert browser.complaints


_LOW_CONTRAST = """
(() => {
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const one of document.body.querySelectorAll('*')) {
    const own = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !one.getClientRects().length || one.closest('svg, title, style')) continue;
    const [a, b] = [light(parts(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(one.outerHTML.slice(0, 100));
  }
  return low;
})()
"""
