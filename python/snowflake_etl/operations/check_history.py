"""The history of checks (floor 5): every check is kept, and what is known about a table's earlier days is used."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.history.check_record import CheckRecords, CheckScope, CheckSubject
from snowflake_etl.month import DayRange
from snowflake_etl.results import CheckReport
from snowflake_etl.sqltext import fold, object_name
from snowflake_etl.warehouse.signin import LOCAL_DATABASE, LOCAL_SCHEMA

LOGGER = logging.getLogger(__name__)

# Half a year shows what a weekday is normally like; older days say little about the present.
_DAYS_BACK = 184


def subject_of(section: SnowflakeSection, table_name: str, days: DayRange | None) -> CheckSubject:
    """A configured table, under a name that is the same whether or not the warehouse was asked.

    ``table_name`` is as written in the configuration, "" for a file of no table; ``days`` None means all.
    """
    if not table_name:
        return CheckSubject(section.target, "", days)
    database = section.database or (LOCAL_DATABASE if section.is_local else "")
    schema = section.schema_ or (LOCAL_SCHEMA if section.is_local else "")
    name = object_name(table_name, fold(database) if database else "", fold(schema) if schema else "")
    known = [part for part in (name.database, name.schema, name.name) if part]
    return CheckSubject(section.target, ".".join(known), days)


def keep(
    state_directory: Path,
    verb: str,
    about: CheckSubject,
    report: CheckReport,
    *,
    scope: CheckScope = CheckScope.ALL,
    run_id: str = "",
    key: Sequence[str] = (),
) -> None:
    """Keep a check in the history; a failure to do so does not affect the check, so it is only reported."""
    try:
        CheckRecords(state_directory).add(verb, about, report, scope=scope, run_id=run_id, key=key)
    except (sqlite3.Error, OSError) as error:
        LOGGER.warning("The check of %s could not be kept in the history: %s", report.subject, error)


def earlier_days(state_directory: Path, about: CheckSubject) -> Mapping[date, int]:
    """Rows per day of the half year before the days of ``about``, as far as checks of its table have counted them.
    Empty without a table or days, and where the history cannot be read.
    """
    if not about.table or about.days is None:
        return {}
    last = about.days.first - timedelta(days=1)
    try:
        return CheckRecords(state_directory).earlier_days(
            about.target, about.table, DayRange(last - timedelta(days=_DAYS_BACK), last)
        )
    except (sqlite3.Error, OSError) as error:
        LOGGER.warning("The history of %s could not be read: %s", about.table, error)
        return {}
