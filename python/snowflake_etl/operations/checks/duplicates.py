"""``duplicates`` (floor 5): keys that occur in several rows of a table, and statements that would remove the rest.

Only reads; every check is kept.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import ConnectError, EtlError, ExitCode, UsageError
from snowflake_etl.history.check_record import CheckScope, CheckSubject
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.checked_tables import table_of
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.read_refusals import reading
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality import names
from snowflake_etl.quality.key_counts import key_findings, keys_of_table
from snowflake_etl.quality.profile import Duplicates, Expectations, Profile
from snowflake_etl.quality.row_checks import duplicate_grade
from snowflake_etl.quality.table_engine import days_condition
from snowflake_etl.results import CheckReport
from snowflake_etl.results_tables import DuplicateCheck, DuplicateKey, DuplicatesResult
from snowflake_etl.warehouse import catalog
from snowflake_etl.warehouse.catalog import Table
from snowflake_etl.warehouse.keep_one import keep_one_statements
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

VERB = "duplicates"

# Above this share of rows a wrong key is more likely than so many duplicates.
_MOST_PERCENT = 50


@dataclass(frozen=True)
class DuplicatesRequest:
    """The request: ``key`` replaces the configured one unless empty, days (None: all), how many of the worst keys to
    show, and whether to show the statements that would leave one row of each.
    """

    key: tuple[str, ...] = ()
    spans: tuple[DayRange | None, ...] = (None,)
    show: int = 10
    delete_sql: bool = False


def duplicates_in_tables(
    entries: Sequence[FileSection],
    request: DuplicatesRequest,
    configuration: Configuration,
    warehouse: Warehouse,
    progress: Progress,
) -> DuplicatesResult:
    """Count the duplicate keys of every table; one that cannot be read does not stop the others.
    Raise ConnectError when the warehouse is out of reach.
    """
    orders = [(entry, span) for entry in entries for span in request.spans]
    checks: list[DuplicateCheck] = []
    with warehouse.open("snowflake_etl duplicates") as session:
        for entry, span in orders:
            progress(VERB, len(checks), len(orders), "checks")
            about = check_history.subject_of(configuration.snowflake, entry.table_name, span)
            try:
                with reading(session, configuration, entry.table_name):
                    check = _check(session, entry, span, request, configuration)
            except ConnectError:
                raise
            except EtlError as error:
                check = DuplicateCheck("error", about.table, about.span, str(error), int(error.exit_code))
            else:
                keep(warehouse.state_directory, about, check)
            checks.append(check)
    progress(VERB, len(orders), len(orders), "checks")
    return result_of(checks)


def _check(
    session: Session,
    entry: FileSection,
    span: DayRange | None,
    request: DuplicatesRequest,
    configuration: Configuration,
) -> DuplicateCheck:
    table = table_of(session, entry)
    stored = [column.name for column in table.columns]
    key = tuple(table.column(names.stored(name, stored)).name for name in chosen_key(entry, request))
    types = {column.name: column.type for column in table.columns}
    expected = replace(expectations_of(entry, configuration.quality, types), key_columns=key)
    if expected.date_column and span:
        table.column(expected.date_column)
    began = time.monotonic()
    profile = keys_of_table(session, table.name, expected, span)
    check = judged(profile, span, request.show, time.monotonic() - began)
    if not (request.delete_sql and check.keys):
        return check
    return replace(check, delete_sql=_delete_sql(session, table, check, expected, span))


def chosen_key(entry: FileSection | None, request: DuplicatesRequest) -> tuple[str, ...]:
    """The key columns as written.  Raise UsageError when none is named anywhere."""
    key = request.key or (entry.duplicate_key_columns if entry else ())
    if not key:
        where = f"table {entry.table_name} has no duplicate_key_columns" if entry else "no table is known"
        raise UsageError(f"No key columns: {where}. Name them with --key A,B or in the configuration.")
    return tuple(key)


def judged(
    profile: Profile, span: DayRange | None, show: int, seconds: float, notes: Sequence[str] = ()
) -> DuplicateCheck:
    """The counts, as numbers and as a sentence."""
    found = profile.duplicates or Duplicates(())
    percent = 100.0 * found.excess / profile.rows if profile.rows else 0.0
    most = found.worst[0][1] if found.worst else 0
    problem = bool(found.excess or found.null_rows or not found.searched)
    status = "not_checked" if not found.searched else "duplicates" if found.excess else "unique"
    if status == "unique" and found.null_rows:
        status = "null_keys"
    return DuplicateCheck(
        status=status,
        subject=profile.subject,
        days=CheckSubject("", "", span).span,
        message=_message(profile.rows, found, percent),
        exit_code=int(ExitCode.PROBLEMS_FOUND if problem else ExitCode.OK),
        engine=profile.engine,
        key=found.key,
        rows=profile.rows,
        keys=found.groups,
        excess_rows=found.excess,
        percent=round(percent, 4),
        most_of_one_key=most,
        grade=duplicate_grade(percent, most) if found.excess else "",
        null_rows=found.null_rows,
        worst=tuple(DuplicateKey(key, rows) for key, rows in found.worst[:show]),
        findings=key_findings(profile),
        notes=tuple(notes),
        seconds=round(seconds, 3),
    )


def keep(state_directory: Path, about: CheckSubject, check: DuplicateCheck) -> None:
    """Keep the check in the history, marked as one of the keys alone."""
    report = CheckReport(check.engine, check.subject, check.rows, 0, 0, "", "", check.findings, check.seconds)
    check_history.keep(state_directory, VERB, about, report, scope=CheckScope.KEYS, key=check.key)


def result_of(checks: Sequence[DuplicateCheck]) -> DuplicatesResult:
    """The overall result: tables that could not be read decide first, then duplicates."""
    failed = [check.exit_code for check in checks if check.status == "error"]
    problems = [check.exit_code for check in checks if check.exit_code]
    excess, unchecked = (
        sum(check.excess_rows for check in checks),
        sum(check.status == "not_checked" for check in checks),
    )
    nulls = sum(check.null_rows for check in checks)
    told = f"{counted(excess, 'row')} too many" if excess else "no duplicates found"
    told += f", {counted(nulls, 'row')} without a key" if nulls else ""
    told += f", {unchecked} not checked" if unchecked else ""
    told += f", {len(failed)} could not be examined" if failed else ""
    status = "error" if failed else "problems" if problems else "ok"
    return DuplicatesResult(
        status, tuple(checks), f"{counted(len(checks), 'check')}: {told}.", next(iter([*failed, *problems]), 0)
    )


def _message(rows: int, found: Duplicates, percent: float) -> str:
    nulls = f", {counted(found.null_rows, 'row')} without a key" if found.null_rows else ""
    if not found.searched:
        return f"{counted(rows, 'row')}, keys not checked{nulls}"
    if not found.excess:
        return f"{counted(rows, 'row')}, no key in more than one{nulls}"
    several, excess = counted(found.groups, "key"), counted(found.excess, "row")
    return f"{counted(rows, 'row')}, {several} in several, {excess} ({percent:.2f}%) too many{nulls}"


def _delete_sql(
    session: Session, table: Table, check: DuplicateCheck, expected: Expectations, span: DayRange | None
) -> str:
    condition, binds = days_condition(session, table.name, expected, span)
    comments = [
        f"Leaves one row of each of {counted(check.keys, 'key')} of {table.name}: {check.excess_rows:,} of "
        f"{counted(check.rows, 'row')} to go ({check.percent:.2f}%).",
        "Nothing was run. Read it, and run it in one session.",
        "Of each key, the row that comes first by ORDER BY stays: change that if another one is right.",
        "The ledger still counts the deleted rows: load --verify will report the difference.",
    ]
    if check.percent > _MOST_PERCENT:
        comments.append(f"Beware: so many rows look as if {', '.join(check.key)} were not the key.")
    if policies := catalog.policies_on(session, table.name):
        comments.append(f"Beware of {', '.join(policies)}: a role that sees masked values would write them back.")
    statements = keep_one_statements(table, check.key, condition, binds)
    return "\n".join([*(f"-- {comment}" for comment in comments), *(f"{statement};" for statement in statements)])
