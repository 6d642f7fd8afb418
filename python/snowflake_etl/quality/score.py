"""The quality score of a table, 0 to 100 (floor 4, a pure function; docs/quality.md explains it)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from snowflake_etl.results import CheckReport, Finding, Severity

# A tenth of the rows or more at fault leaves nothing of their share: also the limit for CRITICAL duplicates.
ROW_WEIGHT = 10
ERROR_POINTS = 10
WARNING_POINTS = 3
BEST_WITH_ERRORS = 89
BEST_WITH_WARNINGS = 99

MISSING_DAYS = "missing_days"
STRANGE_DAYS = frozenset({"few_rows_on_day", "many_rows_on_day"})
# Findings that count rows, and the name of the count.
_ROWS_AT_FAULT = {
    "duplicate_keys": "excess_rows",
    "null_keys": "rows",
    "null_dates": "rows",
    "unread_dates": "rows",
    "outside_days": "rows",
}


@dataclass(frozen=True)
class ScoreFacts:
    """What the score is calculated from.
    ``days_expected`` is 0 if no days are expected.  ``error_days`` and ``warning_days`` have an unusual
    number of rows.  ``bad_rows`` are duplicates beyond the first of a key, rows with a NULL in it, without a
    readable date or outside the days asked for.  The others are findings of any other kind.
    """

    rows: int
    bad_rows: int = 0
    days_expected: int = 0
    missing_days: int = 0
    error_days: int = 0
    warning_days: int = 0
    other_errors: int = 0
    other_warnings: int = 0

    @property
    def has_errors(self) -> bool:
        return bool(self.bad_rows or self.missing_days or self.error_days or self.other_errors)

    @property
    def has_warnings(self) -> bool:
        return bool(self.warning_days or self.other_warnings)


def quality_score(facts: ScoreFacts) -> int:
    """Good days x good rows, minus the cost of other findings; below 90 with an error, below 100 with a warning."""
    if not facts.rows:
        return 0
    points = math.floor(100 * _good_days(facts) * _good_rows(facts))
    points -= ERROR_POINTS * facts.other_errors + WARNING_POINTS * facts.other_warnings
    best = BEST_WITH_ERRORS if facts.has_errors else BEST_WITH_WARNINGS if facts.has_warnings else 100
    return max(0, min(best, points))


def _good_days(facts: ScoreFacts) -> float:
    """The share of expected days without faults; an unusual day with a warning counts half."""
    if not facts.days_expected:
        return 1.0
    lost = facts.missing_days + facts.error_days + 0.5 * facts.warning_days
    return max(0.0, 1 - lost / facts.days_expected)


def _good_rows(facts: ScoreFacts) -> float:
    return max(0.0, 1 - ROW_WEIGHT * facts.bad_rows / facts.rows)


def facts_of(report: CheckReport) -> ScoreFacts:
    """Sort the findings of a check into those that count days, those that count rows, and the others."""
    strange = [finding.severity for finding in report.findings if finding.code in STRANGE_DAYS]
    counted = STRANGE_DAYS | _ROWS_AT_FAULT.keys() | {MISSING_DAYS}
    others = [finding.severity for finding in report.findings if finding.code not in counted]
    return ScoreFacts(
        rows=report.rows,
        bad_rows=sum(_number(finding, _ROWS_AT_FAULT.get(finding.code, "")) for finding in report.findings),
        days_expected=report.days_expected,
        missing_days=sum(_number(one, "missing_days") for one in report.findings if one.code == MISSING_DAYS),
        error_days=strange.count(Severity.ERROR),
        warning_days=strange.count(Severity.WARNING),
        other_errors=others.count(Severity.ERROR),
        other_warnings=others.count(Severity.WARNING),
    )


def _number(finding: Finding, name: str) -> int:
    return int(finding.numbers.get(name, 0))
