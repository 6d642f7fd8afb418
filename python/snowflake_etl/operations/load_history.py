"""A load and the history (floor 5): what earlier months let it expect; its own checks, and what stopped it, are
kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date

from snowflake_etl.history.run_record import RunRecord
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.load_state import LoadState

VERB = "load"
_SAMPLES_KEPT = 10


def earlier_days(state: LoadState) -> Mapping[date, int]:
    """Rows per day before the month, as earlier checks of the table counted them."""
    entry = state.planned.entry
    days = state.planned.month.days() if entry.date_column else None
    about = check_history.subject_of(state.configuration.snowflake, entry.table_name, days)
    return check_history.earlier_days(state.warehouse.state_directory, about)


def keep_checks(state: LoadState) -> None:
    """Keep every check that the load made, those of each file for its days and those of the work table for all days."""
    entry, section = state.planned.entry, state.configuration.snowflake
    for report in state.checks:
        about = check_history.subject_of(section, entry.table_name, _days_of(state, report.engine, report.subject))
        check_history.keep(state.warehouse.state_directory, VERB, about, report, run_id=state.run_id)


def keep_what_stopped(state: LoadState, record: RunRecord, status: str) -> None:
    """Write what made a load fail (errors of its checks, the record that COPY rejected) into the run's record."""
    if status != "failed":
        return
    for report in state.checks:
        # With --strict, warnings stop a load as well.
        for finding in (*report.errors, *(report.warnings if state.request.strict else ())):
            record.step(
                "finding",
                subject=report.subject,
                engine=report.engine,
                code=finding.code,
                message=finding.message,
                numbers=dict(finding.numbers),
                samples=finding.samples[:_SAMPLES_KEPT],
                examples=finding.examples,
            )
    if state.rejected is not None:
        record.step("rejected", **dataclasses.asdict(state.rejected))


def _days_of(state: LoadState, engine: str, subject: str) -> DayRange | None:
    """The days that a check was about; None if the table has none."""
    if not state.planned.entry.date_column:
        return None
    files = sorted(state.planned.files, key=lambda file: file.days)
    if engine == "file":
        return next((file.days for file in files if file.path.name == subject), state.planned.month.days())
    return DayRange(files[0].days.first, files[-1].days.last) if files else state.planned.month.days()
