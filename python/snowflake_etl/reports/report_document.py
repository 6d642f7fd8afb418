"""A report as one JSON document (floor 3): the shape that ``docs/report-schema.json`` describes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake_etl.month import DayRange
from snowflake_etl.results import Finding
from snowflake_etl.results_report import ReportResult, TableReport, TableStatus

SCHEMA_NAME = "snowflake-etl/report"
# Increased when a field changes its meaning or is removed; new fields may be added at any time.
SCHEMA_VERSION = 1


def report_document(result: ReportResult) -> dict[str, Any]:
    """All that is known, nothing omitted; days are ISO dates, times are UTC."""
    return {
        "schema": SCHEMA_NAME,
        "version": SCHEMA_VERSION,
        "status": "ok" if result.exit_code == 0 else "problems" if result.exit_code == 6 else "error",
        "exit_code": result.exit_code,
        "message": result.message,
        "made_at": _time(result.made_at),
        "days": _range(result.days) if result.days else None,
        "seconds": round(result.seconds, 3),
        "workers": result.workers,
        "statements": result.statements,
        "counts": {status.value: result.count(status) for status in TableStatus},
        "unread_configs": [
            {"config": one.config, "message": one.message, "exit_code": one.exit_code} for one in result.unread
        ],
        "tables": [_table(table) for table in result.tables],
    }


def _table(table: TableReport) -> dict[str, Any]:
    duplicates, load = table.duplicates, table.last_load
    return {
        "config": table.config,
        "table": table.table,
        "status": table.status.value,
        "exit_code": table.exit_code,
        "message": table.message,
        "score": table.score,
        "rows": table.rows,
        "columns": table.columns,
        "bytes": table.bytes,
        "first_day": _day(table.first_day),
        "last_day": _day(table.last_day),
        "days_expected": table.days_expected,
        "days_found": table.days_found,
        "missing_days": None if table.days_expected is None else table.missing_days,
        "gaps": [{**_range(gap), "days": len(gap)} for gap in table.gaps],
        "anomalies": table.anomalies,
        "duplicates": duplicates
        and {
            "key": list(duplicates.key),
            "keys": duplicates.keys,
            "rows": duplicates.rows,
            "percent": duplicates.percent,
            "grade": duplicates.grade,
        },
        "last_load": load
        and {"at": _time(load.at), "month": load.month, "file": load.file, "rows": load.rows, "by": load.by},
        "findings": [_finding(finding) for finding in table.findings],
        "rows_per_day": dict(table.rows_per_day),
        "seconds": round(table.seconds, 3),
        "statements": table.statements,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "numbers": dict(finding.numbers),
        "samples": list(finding.samples),
        "examples": list(finding.examples),
    }


def _range(days: DayRange) -> dict[str, str]:
    return {"first_day": days.first.isoformat(), "last_day": days.last.isoformat()}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
