"""A report as CSV (floor 3): one row per table, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from snowflake_etl.reports.cells import begins_like_formula, visible
from snowflake_etl.results_report import ReportResult, TableReport

Cell = str | int | float | None

COLUMNS = (
    "config",
    "table",
    "status",
    "score",
    "rows",
    "columns",
    "bytes",
    "first_day",
    "last_day",
    "days_expected",
    "days_found",
    "missing_days",
    "gaps",
    "anomalies",
    "duplicate_keys",
    "duplicate_rows",
    "duplicate_percent",
    "duplicate_grade",
    "last_load_utc",
    "last_load_file",
    "errors",
    "warnings",
    "message",
    "findings",
)


def report_csv(result: ReportResult) -> str:
    """Comma-separated, quoted where needed (RFC 4180, with LF); configurations that could not be read are rows as well.
    Text that a spreadsheet would evaluate begins with an apostrophe, which makes it plain text there.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in result.unread:
        row: dict[str, Cell] = {"config": one.config, "status": "ERROR", "message": one.message}
        writer.writerow([_cell(row.get(name)) for name in COLUMNS])
    for table in result.tables:
        row = table_cells(table)
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def table_cells(table: TableReport) -> dict[str, Cell]:
    """One table's values by the names of COLUMNS; None is an empty cell."""
    duplicates, load = table.duplicates, table.last_load
    known = table.rows is not None
    return {
        "config": table.config,
        "table": table.table,
        "status": table.status.value,
        "score": table.score,
        "rows": table.rows,
        "columns": table.columns,
        "bytes": table.bytes,
        "first_day": table.first_day.isoformat() if table.first_day else None,
        "last_day": table.last_day.isoformat() if table.last_day else None,
        "days_expected": table.days_expected,
        "days_found": table.days_found,
        "missing_days": table.missing_days if table.days_expected is not None else None,
        "gaps": len(table.gaps) if table.days_expected is not None else None,
        "anomalies": table.anomalies,
        "duplicate_keys": duplicates.keys if duplicates else None,
        "duplicate_rows": duplicates.rows if duplicates else None,
        "duplicate_percent": duplicates.percent if duplicates else None,
        "duplicate_grade": duplicates.grade if duplicates else None,
        "last_load_utc": f"{load.at:%Y-%m-%d %H:%M:%S}" if load else None,
        "last_load_file": load.file if load else None,
        "errors": len(table.errors) if known else None,
        "warnings": len(table.warnings) if known else None,
        "message": table.message,
        "findings": " | ".join(f"{finding.severity}: {finding.message}" for finding in table.findings),
    }


def _cell(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    # Checked before control codes become visible: a leading tab or CR counts as well.
    return f"'{visible(value)}" if begins_like_formula(value) else visible(value)
