"""Removes what earlier runs left on the stage and nobody needs any more (floor 5)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.manifest import is_manifest
from snowflake_etl.warehouse import lease, stage
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagedObject

LOGGER = logging.getLogger(__name__)

# How a run ended that left a complete file on the stage on purpose; None: a run of another host.
_WISHED = (None, "staged", "loaded")


def put_away_replaced(session: Session, prepared: Prepared, records: RunRecords, run_id: str) -> None:
    """Remove what dead or failed runs of the same command as ``run_id`` staged of files that have since been replaced.
    A new file in the same place has another fingerprint, by which the command finds its parts: those of the former file
    would lie unused until ``load.keep_failed``.  What any other run staged is left alone.
    """
    earlier = _earlier_runs(records, run_id)
    now = {source.fingerprint for source in prepared.sources}
    replaced = {fingerprint for run in earlier for fingerprint in _leased_by(records, run)} - now
    if not replaced:
        return
    dead = {run.run_id for run in earlier}
    leases = lease.rows_of(session, prepared.objects, prepared.target.name)
    others = {row.fingerprint for row in leases if row.run_id not in dead}
    for row in leases:
        if row.run_id in dead and row.work_table and row.fingerprint in replaced:
            session.ensure(f"DROP TABLE IF EXISTS {prepared.objects.name(row.work_table).sql}")
    staged = {_fingerprint_of(found) for found in stage.list_objects(session, prepared.stage_path)}
    for fingerprint in sorted((replaced & staged) - others):
        LOGGER.warning("Removing the staged parts of a file that is another one now: %s", fingerprint)
        stage.remove(session, prepared.stage_path, f"{fingerprint}-")
    for run in earlier:
        lease.release(session, prepared.objects, run.run_id)
        if run.status is None:
            records.superseded(run.run_id, run_id)


def _earlier_runs(records: RunRecords, run_id: str) -> list[PastRun]:
    """Runs of the same command against the same target that loaded nothing and are no longer alive."""
    runs = records.all()
    this = next(run for run in runs if run.run_id == run_id)
    return [
        run
        for run in runs
        if (run.target, run.command) == (this.target, this.command)
        and run.run_id != run_id
        and run.status in (None, "failed", "superseded")
        and records.is_dead(run.run_id)
    ]


def _leased_by(records: RunRecords, run: PastRun) -> list[str]:
    found = [detail["fingerprints"] for _, step, detail in records.steps(run.run_id) if step == "leased"]
    return [str(fingerprint) for listed in found if isinstance(listed, list) for fingerprint in listed]


def _fingerprint_of(found: stage.StagedObject) -> str:
    return found.folder.rstrip("/").rsplit("/", 1)[-1].split("-")[0]


def remove_old_parts(session: Session, state: LoadState, prepared: Prepared, records: RunRecords) -> None:
    """Remove what failed loads of the table left more than ``keep_failed`` days ago, except what is leased.
    A completely staged file is removed only if its load is known to have failed: other files are waiting for a load, or
    were kept after it, because somebody asked for that.
    """
    days, place = state.configuration.load.keep_failed, state.warehouse.place
    if not days:
        return
    leased = {row.fingerprint for row in lease.rows_of(session, prepared.objects, prepared.target.name)}

    def is_wanted(folder: str, members: Sequence[StagedObject]) -> bool:
        if any(fingerprint in folder for fingerprint in leased):
            return True
        complete = any(is_manifest(member.name) for member in members)
        return complete and records.end_of_staging_run(folder.rstrip("/").rsplit("/", 1)[-1], place) in _WISHED

    folder = stage.table_folder(prepared.objects.stage_root, prepared.target.name)
    before = datetime.now(UTC) - timedelta(days=days)
    for removed in stage.remove_older(session, folder, before, is_wanted):
        LOGGER.info("Removed parts of a failed load: %s", removed)
