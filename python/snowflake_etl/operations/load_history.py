"""A load and the history of checks (floor 5): what it may expect from earlier months, and its own checks kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.load_state import LoadState

VERB = "load"


def earlier_days(state: LoadState) -> Mapping[date, int]:
    """Rows per day before the month, as checks of the table have seen them."""
    entry = state.planned.entry
    days = state.planned.month.days() if entry.date_column else None
    about = check_history.subject_of(state.configuration.snowflake, entry.table_name, days)
    return check_history.earlier_days(state.warehouse.state_directory, about)


def keep_checks(state: LoadState) -> None:
    """Keep every check that the load made, of each file for its days and of the work table for all of them."""
    entry, section = state.planned.entry, state.configuration.snowflake
    for report in state.checks:
        about = check_history.subject_of(section, entry.table_name, _days_of(state, report.engine, report.subject))
        check_history.keep(state.warehouse.state_directory, VERB, about, report, run_id=state.run_id)


def _days_of(state: LoadState, engine: str, subject: str) -> DayRange | None:
    """The days that a check was about; None where the table has none."""
    if not state.planned.entry.date_column:
        return None
    files = sorted(state.planned.files, key=lambda file: file.days)
    if engine == "file":
        return next((file.days for file in files if file.path.name == subject), state.planned.month.days())
    return DayRange(files[0].days.first, files[-1].days.last) if files else state.planned.month.days()
