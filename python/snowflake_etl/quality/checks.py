"""The rule set (floor 4): every check there is, run over one profile.

A check is a pure function ``(profile, expectations) -> findings``.  It does not know which engine counted, so
a file and the table it was loaded into are judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from snowflake_etl.quality import day_checks, row_checks, rule_checks
from snowflake_etl.quality.profile import Expectations, Profile
from snowflake_etl.results import Finding, Severity

Check = Callable[[Profile, Expectations], Iterator[Finding]]

ALL_CHECKS: tuple[Check, ...] = (
    day_checks.no_rows,
    day_checks.row_count,
    row_checks.columns_differ,
    row_checks.ragged_rows,
    row_checks.byte_faults,
    day_checks.missing_days,
    day_checks.outside_days,
    day_checks.closed_days,
    day_checks.null_dates,
    day_checks.unread_dates,
    day_checks.day_anomalies,
    day_checks.level_changed,
    row_checks.values_do_not_cast,
    row_checks.values_too_long,
    row_checks.duplicate_keys,
    row_checks.null_keys,
    rule_checks.rules,
    row_checks.not_checked,
    day_checks.sample,
)

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def run_checks(profile: Profile, expectations: Expectations) -> tuple[Finding, ...]:
    """Run every check; findings come worst first, then in the order of ``ALL_CHECKS``."""
    findings = [finding for check in ALL_CHECKS for finding in check(profile, expectations)]
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
