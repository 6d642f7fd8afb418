"""The check of one table of the configuration (floor 5), for some days or for all there is; only reads."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.quality.profile import Profile, Scope
from snowflake_etl.quality.runner import report_of
from snowflake_etl.quality.table_engine import Queries, profile_table
from snowflake_etl.results import CheckReport
from snowflake_etl.warehouse.catalog import Table


def check_of_table(
    session: Queries,
    table: Table,
    entry: FileSection,
    configuration: Configuration,
    span: DayRange | None,
    state_directory: Path,
    *,
    scope: Scope = Scope.ALL,
) -> CheckReport:
    """Count ``table`` and judge it by what ``entry`` and the history of its earlier days expect.

    ``span`` None means all rows; no day between the first and the last that has some may be missing then.  Raise
    UsageError for days of a table without a date column or for columns that are not there, and what the session
    raises.
    """
    if span is not None and entry.date_column is None:
        raise UsageError(
            f"Table {table.name} has no date column, so no days can be chosen. Set date_column in the configuration, "
            "or check all of it, without --month and --days."
        )
    began = time.monotonic()
    types = {column.name: column.type for column in table.columns}
    about = check_history.subject_of(configuration.snowflake, entry.table_name, span)
    expected = replace(
        expectations_of(entry, configuration.quality, types, days=[span] if span else ()),
        earlier_days=check_history.earlier_days(state_directory, about),
    )
    profile = profile_table(session, table.name, expected, days=span, scope=scope)
    if span is None:
        expected = replace(expected, days=_first_to_last(profile))
    return report_of(profile, expected, time.monotonic() - began)


def _first_to_last(profile: Profile) -> tuple[DayRange, ...]:
    days = [day for day, rows in (profile.rows_per_day or {}).items() if rows]
    return (DayRange(min(days), max(days)),) if days else ()
