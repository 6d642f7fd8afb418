"""Files and expectations for quality tests: a small clean month, and the sample flights, to plant defects into."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.month import DayRange, Month
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.runner import check_file
from snowflake_etl.results import CheckReport, Finding
from snowflake_etl.sqltext import column_type, fold

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "samples").glob("flights_*.tsv.gz"))

COLUMNS = ("DAY", "ID", "NAME")
TYPES = {"DAY": column_type("DATE"), "ID": column_type("NUMBER(9,0)"), "NAME": column_type("VARCHAR(10)")}
LAYOUT = Layout("\t", None, True, COLUMNS)
JANUARY = Month(2024, 1).days()
EXPECTED = Expectations(
    days=(JANUARY,), columns=COLUMNS, date_column="DAY", date_format="YYYYMMDD", key_columns=("ID",), types=TYPES
)

_FLIGHTS = json.loads((ROOT / "config" / "example.json").read_text(encoding="utf-8"))["files"][0]
FLIGHT_LAYOUT = Layout("\t", None, True, tuple(_FLIGHTS["create_table"]), compression=Compression.GZIP)


def flight_expectations(path: Path) -> Expectations:
    """What the example configuration expects of a sample file."""
    day = date(int(path.name[8:12]), int(path.name[12:14]), 1)
    types = {fold(name): column_type(text) for name, text in _FLIGHTS["create_table"].items()}
    return Expectations(
        days=(Month.of(day).days(),),
        columns=tuple(types),
        date_column="flight_date",
        date_format="YYYYMMDD",
        key_columns=("flight_date", "carrier", "flight", "origin", "sched_dep_time"),
        types=types,
        null_values=("NA", ""),
    )


def flight_lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def month_lines(per_day: int = 10, days: Iterable[date] = JANUARY, date_format: str = "%Y%m%d") -> list[str]:
    """Records DAY, ID, NAME: ``per_day`` for each day, the ids unique."""
    return [
        f"{day.strftime(date_format)}\t{(day - JANUARY.first).days * 1000 + number}\tname {number}"
        for day in days
        for number in range(per_day)
    ]


def write(
    path: Path, lines: Sequence[str | bytes], header: str | None = "\t".join(COLUMNS), ending: str = "\n"
) -> Path:
    """Write records with a header; a name that ends in .gz is packed."""
    every = ([header.encode()] if header else []) + [
        line if isinstance(line, bytes) else line.encode() for line in lines
    ]
    content = b"".join(line + ending.encode() for line in every)
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


def check(
    path: Path,
    layout: Layout = LAYOUT,
    expected: Expectations = EXPECTED,
    limits: Mapping[str, Any] = {},
    **options: Any,
) -> CheckReport:
    """``check_file`` with a temporary folder beside the file, which has to be empty again afterwards."""
    temporary = path.parent / "temporary"
    report = check_file(path, layout, expected, Resources(temporary, **{"threads": 2, **limits}), **options)
    assert list(temporary.iterdir()) == []
    return report


def check_lines(folder: Path, lines: Sequence[str | bytes], **changes: Any) -> CheckReport:
    """Check records under the small month's expectations, some of them changed."""
    return check(write(folder / "t.tsv", lines), LAYOUT, replace(EXPECTED, **changes))


def codes(report: CheckReport) -> list[str]:
    return sorted(finding.code for finding in report.findings)


def finding(report: CheckReport, code: str) -> Finding:
    """The one finding of that code."""
    found = [each for each in report.findings if each.code == code]
    assert len(found) == 1, f"{code}: {[each.message for each in report.findings]}"
    return found[0]


def days_of(first: str, count: int) -> DayRange:
    start = date.fromisoformat(first)
    return DayRange(start, start + timedelta(days=count - 1))
