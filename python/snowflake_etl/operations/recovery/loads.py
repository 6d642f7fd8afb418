"""The loads that can be continued or retried (floor 5), from the records alone, without the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from snowflake_etl.config import places
from snowflake_etl.errors import Refused, UsageError
from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.operations.diagnosis.causes import cause_of
from snowflake_etl.operations.diagnosis.gather import Gatherer

LISTED_DAYS = 30
"""A load that failed longer ago and was never retried is not expected to be."""


@dataclass(frozen=True)
class RecoverableLoad:
    """``state`` is interrupted or failed; ``cause`` is a code of ``diagnose``, ``way`` how to recover it."""

    run_id: str
    state: str
    table: str
    month: str
    mode: str
    when: str
    cause: str
    title: str
    way: str
    full_name: str


def recoverable_loads(records: RunRecords, gatherer: Gatherer, place: str) -> list[RecoverableLoad]:
    """Interrupted loads into ``place``, and failed ones without a later successful load of the month; newest first."""
    interrupted = {run.run_id for run in records.interrupted() if run.target == place}
    failed = {run.run_id for run in last_failed(records.all(), place, datetime.now(UTC))}
    loads = []
    for run in reversed(records.all()):
        if run.run_id not in interrupted | failed:
            continue
        cause = cause_of(gatherer.of_run(run).with_place())
        loads.append(
            RecoverableLoad(
                run_id=run.run_id,
                state="interrupted" if run.run_id in interrupted else "failed",
                table=run.table_name,
                month=run.month,
                mode=run.mode,
                when=run.started_at[:16].replace("T", " "),
                cause=cause.code,
                title=cause.title,
                way="widen" if cause.code == "too_long" else "retry",
                full_name=run.table,
            )
        )
    return loads


def last_failed(runs: Sequence[PastRun], place: str, now: datetime) -> list[PastRun]:
    """The last load of each table and month, if it failed; refusals do not count."""
    since = (now - timedelta(days=LISTED_DAYS)).isoformat()
    last = {
        run.subject: run
        for run in runs
        if run.target in (place, "") and run.status != "refused" and run.started_at >= since
    }
    return [run for run in last.values() if run.status == "failed"]


def run_to_retry(records: RunRecords, run_id: str) -> PastRun:
    """The run with that id.  Raise UsageError when there is none, Refused when it is running or ended well."""
    run = next((run for run in records.all() if run.run_id == run_id), None)
    if run is None:
        program = places.program()
        raise UsageError(
            f"There is no run '{run_id}' in this state folder. The ids stand in: {program} recover, "
            f"{program} history list"
        )
    if run.ended_at is None and not records.is_dead(run_id):
        raise Refused(f"Run {run_id} is at work: nothing to recover. Look at its job, or wait for it.")
    if run.status in ("loaded", "staged"):
        raise Refused(f"Run {run_id} ended well ({run.status}): nothing to recover.")
    if run.status == "superseded":
        raise Refused(f"Run {run_id} is carried on already. {run.message}")
    return run
