"""``validate`` (floor 5): is the content of the tables complete and sane?  Only reads; every check is kept."""

from __future__ import annotations

from collections.abc import Sequence

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import ConnectError, EtlError, ExitCode, UsageError
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.checked_tables import table_of
from snowflake_etl.operations.read_refusals import reading
from snowflake_etl.operations.table_check import check_of_table
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results import CheckReport
from snowflake_etl.results_tables import TableCheck, ValidateResult
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

VERB = "validate"


def validate(
    entries: Sequence[FileSection],
    spans: Sequence[DayRange | None],
    configuration: Configuration,
    warehouse: Warehouse,
    progress: Progress,
    *,
    strict: bool = False,
) -> ValidateResult:
    """Check every table for every span of days (None: all there is); one that fails does not stop the others.

    With ``strict``, warnings lead to exit code 6 as well.  Raise ConnectError when the warehouse is out of reach.
    """
    orders = [(entry, span) for entry in entries for span in spans]
    checks: list[TableCheck] = []
    with warehouse.open("snowflake_etl validate") as session:
        for entry, span in orders:
            progress(VERB, len(checks), len(orders), "checks")
            checks.append(_check(session, entry, span, configuration, warehouse, strict=strict))
    progress(VERB, len(orders), len(orders), "checks")
    return _result(checks)


def _check(
    session: Session,
    entry: FileSection,
    span: DayRange | None,
    configuration: Configuration,
    warehouse: Warehouse,
    *,
    strict: bool,
) -> TableCheck:
    about = check_history.subject_of(configuration.snowflake, entry.table_name, span)
    try:
        with reading(session, configuration, entry.table_name):
            table = table_of(session, entry)
            report = check_of_table(session, table, entry, configuration, span, warehouse.state_directory)
    except ConnectError:
        raise
    except UsageError as error:
        # Not a UsageError: the command was right, the columns come from the configuration.
        return TableCheck("error", about.table, about.span, str(error), int(ExitCode.CONFIGURATION))
    except EtlError as error:
        return TableCheck("error", about.table, about.span, str(error), int(error.exit_code))
    check_history.keep(warehouse.state_directory, VERB, about, report)
    return _judged(about.table, about.span, report, strict=strict)


def _judged(table: str, span: str, report: CheckReport, *, strict: bool) -> TableCheck:
    errors, warnings = len(report.errors), len(report.warnings)
    status = "failed" if errors else "warning" if warnings else "ok"
    stops = errors or (strict and warnings)
    exit_code = int(ExitCode.PROBLEMS_FOUND if stops else ExitCode.OK)
    found = f", {counted(errors, 'error')}, {counted(warnings, 'warning')}" if errors or warnings else ", nothing found"
    days = f", {report.days_found} of {counted(report.days_expected, 'day')}" if report.days_expected else ""
    return TableCheck(status, table, span, f"{counted(report.rows, 'row')}{days}{found}", exit_code, report)


def _result(checks: Sequence[TableCheck]) -> ValidateResult:
    """Checks that could not be made decide first, then findings."""
    failed = [check.exit_code for check in checks if check.status == "error"]
    problems = [check.exit_code for check in checks if check.exit_code]
    counts = {
        status: sum(check.status == status for check in checks) for status in ("ok", "warning", "failed", "error")
    }
    words = {
        "ok": "without findings",
        "warning": "with warnings",
        "failed": "with errors",
        "error": "could not be made",
    }
    told = ", ".join(f"{count} {words[status]}" for status, count in counts.items() if count)
    status = "error" if failed else "problems" if problems else "ok"
    return ValidateResult(
        status, tuple(checks), f"{counted(len(checks), 'check')}: {told}.", next(iter([*failed, *problems]), 0)
    )
