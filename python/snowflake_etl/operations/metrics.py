"""``metrics`` (floor 5): figures for a monitoring system, from this host's records or from the ledger.  Only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError
from snowflake_etl.history import job_record
from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.history.schedule_record import Heartbeat, ScheduleRecords
from snowflake_etl.operations.ledger_list import ledger_rows
from snowflake_etl.results_metrics import Metric, Sample
from snowflake_etl.warehouse.ledger import LIVE, LedgerRow
from snowflake_etl.warehouse.signin import Warehouse

RESULTS = ("loaded", "staged", "refused", "failed", "interrupted", "running")
"""How the last load of a table may have ended, or that it has not."""


def local_metrics(state_directory: Path, today: date) -> list[Metric]:
    """Loads, jobs and scheduled runs of this state folder; no warehouse is asked."""
    return [
        *_load_metrics(RunRecords(state_directory), today),
        *_job_metrics(state_directory),
        *_schedule_metrics(ScheduleRecords(state_directory)),
    ]


def live_metrics(configuration: Configuration, warehouse: Warehouse, today: date) -> tuple[list[Metric], str]:
    """What the ledger says about every table in it; and "", or why it could not be asked."""
    target = {"target": warehouse.place}
    try:
        rows = ledger_rows(configuration, warehouse, None, None)
    except EtlError as error:
        return [_up(target, 0)], str(error)
    tables: dict[str, list[LedgerRow]] = {}
    for row in rows:
        if row.state == LIVE:
            tables.setdefault(row.table_name, []).append(row)
    labelled = [({**target, "table": name}, of) for name, of in sorted(tables.items())]
    published = [(labels, max((r.published_at for r in of if r.published_at), default=None)) for labels, of in labelled]
    newest = [(labels, max((r.last_day for r in of if r.last_day), default=None)) for labels, of in labelled]
    return [
        _up(target, 1),
        Metric(
            "ledger_rows",
            "Rows of all files that the ledger knows as loaded.",
            tuple(Sample(sum(row.row_count for row in of), labels) for labels, of in labelled),
        ),
        Metric(
            "ledger_last_load_timestamp_seconds",
            "When the last file was published, by the warehouse's clock.",
            tuple(Sample(_epoch(at), labels) for labels, at in published if at),
        ),
        *_newest_day("ledger_", "by the ledger", newest, today),
    ], ""


def _up(target: dict[str, str], value: int) -> Metric:
    return Metric(
        "warehouse_up", "1 when the warehouse could be asked for the ledger, else 0.", (Sample(value, target),)
    )


def _load_metrics(records: RunRecords, today: date) -> list[Metric]:
    details = records.published()
    newest: dict[tuple[str, str], date] = {}
    last: dict[tuple[str, str], PastRun] = {}
    last_loaded: dict[tuple[str, str], PastRun] = {}
    for run in records.all():
        key = (run.target, run.table)
        # An interrupted load that was continued is reported by the run that continued it.
        if run.status != "superseded":
            last[key] = run
        if run.status == "loaded":
            last_loaded[key] = run
            if day := _day(details.get(run.run_id, {}).get("last_day")):
                newest[key] = max(day, newest.get(key, day))
    rows = [(key, details.get(run.run_id, {}).get("rows")) for key, run in last_loaded.items()]
    return [
        Metric(
            "last_run_timestamp_seconds",
            "When the last load of the table began.",
            tuple(Sample(_when(run.started_at), _of(key)) for key, run in last.items()),
        ),
        Metric(
            "last_run_result",
            "How the last load of the table ended: 1 for that result, 0 for the others.",
            tuple(
                Sample(int(_result(records, run) == result), {**_of(key), "result": result})
                for key, run in last.items()
                for result in RESULTS
            ),
        ),
        Metric(
            "last_success_timestamp_seconds",
            "When the last load that published rows ended.",
            tuple(Sample(_when(run.ended_at), _of(key)) for key, run in last_loaded.items() if run.ended_at),
        ),
        Metric(
            "last_success_rows",
            "Rows that the last load published.",
            tuple(Sample(number, _of(key)) for key, number in rows if isinstance(number, int)),
        ),
        *_newest_day("", "by the loads of this host", [(_of(key), day) for key, day in newest.items()], today),
    ]


def _newest_day(
    prefix: str, by: str, newest: Iterable[tuple[dict[str, str], date | None]], today: date
) -> list[Metric]:
    known = [(labels, day) for labels, day in newest if day]
    return [
        Metric(
            f"{prefix}newest_day_timestamp_seconds",
            f"The newest day that is loaded, {by} (0:00 UTC).",
            tuple(Sample(_epoch(datetime(day.year, day.month, day.day)), labels) for labels, day in known),
        ),
        Metric(
            f"{prefix}data_age_days",
            f"Days since the newest day that is loaded, {by}.",
            tuple(Sample((today - day).days, labels) for labels, day in known),
        ),
    ]


def _job_metrics(state_directory: Path) -> list[Metric]:
    count = Counter(job_record.states(state_directory))
    samples = tuple(Sample(count[state], {"state": state}) for state in job_record.STATES)
    return [Metric("jobs", "Background jobs that are kept, by state.", samples)]


def _schedule_metrics(records: ScheduleRecords) -> list[Metric]:
    beats = records.all()
    running = {beat.name for beat in beats if records.is_running(beat.name)}

    def one(name: str, about: str, values: Iterable[tuple[Heartbeat, float | None]]) -> Metric:
        samples = (Sample(value, {"schedule": beat.name}) for beat, value in values if value is not None)
        return Metric(f"schedule_{name}", about, tuple(samples))

    return [
        one("running", "1 while a scheduled run is under way.", ((beat, int(beat.name in running)) for beat in beats)),
        one(
            "interrupted",
            "1 when the last scheduled run was cut off (killed, or the host went down).",
            ((beat, int(beat.ended_at is None and beat.name not in running)) for beat in beats),
        ),
        one(
            "last_start_timestamp_seconds",
            "When the last scheduled run began.",
            ((beat, _when(beat.started_at)) for beat in beats),
        ),
        one(
            "last_success_timestamp_seconds",
            "When a scheduled run last ended with exit code 0.",
            ((beat, _when(beat.succeeded_at) if beat.succeeded_at else None) for beat in beats),
        ),
        one(
            "last_exit_code",
            "Exit code of the last scheduled run that has ended in order.",
            ((beat, beat.exit_code) for beat in beats),
        ),
    ]


def _result(records: RunRecords, run: PastRun) -> str:
    return run.status or ("interrupted" if records.is_dead(run.run_id) else "running")


def _of(key: tuple[str, str]) -> dict[str, str]:
    return {"target": key[0], "table": key[1]}


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _when(text: str) -> float:
    return _epoch(datetime.fromisoformat(text))


def _epoch(moment: datetime) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), 3)
