"""Load the files of one month into one table (floor 5): write, audit, publish.

find -> layout -> lease -> [ check the files || cut, compress, PUT ] -> COPY into a work table -> reconcile ->
check the work table -> publish in one transaction -> clean up.  The target never sees a row that was not counted and
checked; a failure before the publish leaves it as it was, and running the same command again continues with what is
staged and copied.
"""

from __future__ import annotations

import json
import logging
import threading

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError, ExitCode, Refused, Stopped
from snowflake_etl.files.plan import CutPlan, plan_cuts
from snowflake_etl.history.run_record import RunRecord, RunRecords
from snowflake_etl.operations import (
    load_checks,
    load_direct,
    load_history,
    load_parts,
    load_publish,
    load_stage,
    load_words,
    load_work_table,
    situation,
)
from snowflake_etl.operations.check_history import subject_of
from snowflake_etl.operations.lease_keeper import LeaseKeeper
from snowflake_etl.operations.load_advice import warehouse_warnings
from snowflake_etl.operations.load_lease import lock_watch, take_leases
from snowflake_etl.operations.load_leftovers import put_away_replaced, remove_old_parts
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import AlreadyLoaded, Prepared, Source, prepare, refuse_twins
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.operations.load_state import LoadRequest, LoadState
from snowflake_etl.operations.memory import MemoryPlan, give_back_freed_blocks, plan_memory
from snowflake_etl.operations.publish import Published, PublishPlan
from snowflake_etl.operations.situation import Mode
from snowflake_etl.operations.stoppable import StopSignal
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results import LoadResult
from snowflake_etl.run_context import running
from snowflake_etl.warehouse import catalog, lease, locks, stage
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)


def load(
    planned: PlannedLoad, configuration: Configuration, warehouse: Warehouse, request: LoadRequest, progress: Progress
) -> LoadResult:
    """Run one load and return what became of it: expected errors are part of the result, bugs are raised."""
    state = LoadState(planned, configuration, warehouse, request, progress, warnings=[*configuration.notify.untold])
    LOGGER.info("Run %s: load %s into %s", state.run_id, planned.month, planned.entry.table_name)
    if planned.problem:
        return state.result("failed", planned.problem, ExitCode.PROBLEMS_FOUND)
    if planned.refusal:
        return state.result("refused", planned.refusal, ExitCode.REFUSED)
    if request.dry_run:
        return _plan(state)
    records = RunRecords(warehouse.state_directory)
    name, mode = planned.entry.table_name, request.wishes.mode.value
    full_name = subject_of(warehouse.section, name, None).table
    with (
        records.begin(
            state.run_id, name, str(planned.month), mode, json.dumps(request.words), warehouse.place, full_name
        ) as record,
        running(state.run_id),
    ):
        result = _Load(state, records, record).run()
        load_history.keep_checks(state)
        load_history.keep_what_stopped(state, record, result.status)
        moved = planned.bytes if result.status == "loaded" else 0
        record.end(result.status, result.message, moved, sum(phase.seconds for phase in result.phases))
    return result


def _plan(state: LoadState) -> LoadResult:
    """What the load would do; nothing is made or changed."""
    try:
        with state.open_session() as session, state.explaining(session):
            wishes = state.request.wishes
            prepared = prepare(session, state.planned, state.configuration, wishes, state.contents, dry_run=True)
            state.warn(*warehouse_warnings(session, prepared))
    except EtlError as error:
        return _ended_by(state, error)
    state.warn(*prepared.left_out, *prepared.permission.warnings)
    return state.result("planned", load_words.plan_in_words(prepared, state))


def _ended_by(state: LoadState, error: EtlError | Stopped, left: str = "") -> LoadResult:
    LOGGER.debug("Run %s ended", state.run_id, exc_info=error)
    status = "refused" if isinstance(error, Refused) else "failed"
    message = " ".join(filter(None, [str(error), left]))
    return state.result(status, message, error.exit_code, already_loaded=isinstance(error, AlreadyLoaded))


class _Load:
    """The steps of one load, over one session."""

    def __init__(self, state: LoadState, records: RunRecords, record: RunRecord) -> None:
        self._state = state
        self._records = records
        self._record = record

    def run(self) -> LoadResult:
        state = self._state
        try:
            with state.open_session() as session:
                try:
                    with state.explaining(session):
                        return self._steps(session)
                except BaseException as error:
                    left = self._tidy_after_failure(session)
                    if isinstance(error, EtlError | Stopped):
                        return _ended_by(state, error, left)
                    raise
        except (EtlError, Stopped) as error:
            return _ended_by(state, error)

    def _steps(self, session: Session) -> LoadResult:
        state, stop = self._state, StopSignal(self._state.request.stop)
        with state.phase("prepare"):
            try:
                prepared = self._prepare(session)
            except AlreadyLoaded as already:
                return self._recognised(session, already)
        keeper = LeaseKeeper(
            state.open_session,
            prepared.objects,
            state.run_id,
            len(prepared.sources),
            state.configuration.load.lease_seconds,
            stop.set,
        )
        with keeper:
            with state.phase("stage", prepared.bytes):
                self._stage_and_check(session, prepared, keeper, stop)
                # Only now does it show whether differently compressed files are equal.
                refuse_twins("rows", ((staged.content_hash, staged.path) for staged in state.staged))
                if state.request.wishes.mode is Mode.APPEND:
                    load_stage.refuse_loaded(state.staged, prepared, state.planned.entry, state.request.wishes)
            if state.request.stage_only:
                return self._staged_only(session, prepared)
            keeper.check()
            plan = self._plan_publish(session, prepared, keeper)
            self._state.check_stop()
            self._confirm(session, prepared, plan)
            self._state.check_stop()
            with state.phase("publish"):
                self._publish(session, prepared, plan)
        with state.phase("clean up"):
            rows_now = self._clean_up(session, prepared)
        return state.result("loaded", load_words.loaded_in_words(prepared, state.published, rows_now))

    # -- the steps

    def _prepare(self, session: Session) -> Prepared:
        """Settle what can be known beforehand and take the leases; from here on we have something to clean up."""
        state = self._state
        wishes = state.request.wishes
        prepared = prepare(session, state.planned, state.configuration, wishes, state.contents, dry_run=False)
        state.warn(*prepared.left_out, *prepared.permission.warnings, *warehouse_warnings(session, prepared))
        if prepared.objects.user_stage:
            state.warn(load_words.ONLY_OURS)
        take_leases(session, state, prepared, self._records, self._record)
        put_away_replaced(session, prepared, self._records, state.run_id)
        return prepared

    def _recognised(self, session: Session, already: AlreadyLoaded) -> LoadResult:
        """Finish cleaning up after the run that published the rows; say so if that run ended without knowing that it
        had.
        """
        state, prepared = self._state, already.prepared
        publishers = {row.publish_id for row in already.rows}
        ours = {run.run_id: run.status for run in self._records.all() if run.run_id in publishers}
        dead = {run_id for run_id in ours if self._records.is_dead(run_id)}
        left = [row for row in lease.rows_of(session, prepared.objects, prepared.target.name) if row.run_id in dead]
        # A run that lost its connection during COMMIT was recorded as failed: it could not know better.
        unaware = publishers <= dead and all(ours[run_id] in (None, "failed") for run_id in publishers)
        if not (left or unaware):
            raise already
        state.prepared = prepared
        for row in left:
            if row.work_table:
                session.ensure(f"DROP TABLE IF EXISTS {prepared.objects.name(row.work_table).sql}")
            lease.release(session, prepared.objects, row.run_id)
        self._clean_up(session, prepared)
        if not unaware:
            state.prepared = None
            raise already
        state.published = Published(sum(row.row_count for row in already.rows), 0)
        last_day = max((str(row.last_day) for row in already.rows if row.last_day), default=None)
        self._record.step("published", rows=state.published.inserted, last_day=last_day)
        for publisher in publishers:
            self._records.superseded(publisher, state.run_id)
        return state.result(
            "loaded",
            f"{state.published.inserted:,} rows were published into {prepared.situation.place} by run "
            f"{', '.join(sorted(publishers))}, which was interrupted after its COMMIT. Nothing was left to do.",
        )

    def _stage_and_check(
        self, session: Session, prepared: Prepared, keeper: LeaseKeeper, stop: threading.Event
    ) -> None:
        """Stage all files that are not staged yet; check them at the same time if requested."""
        for source in prepared.sources:
            if source.manifest is not None:
                self._note_staged(load_parts.take(source, source.manifest, prepared, session, self._state, stop))
        if self._state.planned.manifests:
            return
        memory, plans = self._plan_memory(prepared)
        checks = self._start_file_checks(prepared, memory, stop)
        try:
            for source, plan in zip(prepared.sources, plans, strict=True):
                self._note_staged(self._stage(source, plan, prepared, memory, session, stop))
        except Stopped:
            keeper.check()
            if checks is None or not stop.is_set():
                raise
            # The check stopped the staging: its findings say why.
            self._take_reports(checks)
            raise
        else:
            if checks is not None:
                self._state.progress("check", 0, 0, "files")
                self._take_reports(checks)
        finally:
            if checks is not None:
                checks.close()

    def _note_staged(self, staged: StagedSource) -> None:
        load_stage.refuse_touched(staged)
        self._state.staged.append(staged)
        self._record.step("staged", folder=staged.folder, rows=staged.rows, content_hash=staged.content_hash)
        if staged.source.touch is not None:
            self._state.contents.keep(staged.path, staged.source.touch, staged.content_hash)

    def _plan_memory(self, prepared: Prepared) -> tuple[MemoryPlan, list[CutPlan]]:
        """Plan how each file is cut, which depends on the file alone, and how much runs at once, which does not."""
        request, configuration = self._state.request, self._state.configuration
        workers, limit = request.workers or configuration.load.workers, configuration.load.memory_limit
        give_back_freed_blocks()
        plans = [plan_cuts(source.path, source.layout) for source in prepared.sources]
        memory = plan_memory(
            limit,
            list(zip(plans, (source.layout for source in prepared.sources), strict=True)),
            workers=workers,
            check_bytes=configuration.quality.memory_limit if request.quality.in_file else 0,
        )
        self._state.warn(*load_words.fewer_workers(workers, memory.staging.workers, limit))
        return memory, plans

    def _stage(
        self,
        source: Source,
        plan: CutPlan,
        prepared: Prepared,
        memory: MemoryPlan,
        session: Session,
        stop: threading.Event,
    ) -> StagedSource:
        state = self._state
        return load_stage.stage_source(
            source,
            plan,
            prepared.stage_path,
            session,
            state.open_session,
            concurrency=memory.staging,
            progress=state.progress,
            stop=stop,
        )

    def _start_file_checks(
        self, prepared: Prepared, memory: MemoryPlan, stop: threading.Event
    ) -> load_checks.FileChecks | None:
        state = self._state
        if not state.request.quality.in_file:
            return None
        return load_checks.FileChecks(
            prepared,
            state.planned.entry,
            state.configuration.quality,
            state.warehouse.state_directory,
            memory,
            stop,
            strict=state.request.strict,
            keep_outside=state.request.wishes.keep_outside,
            earlier_days=load_history.earlier_days(state),
        )

    def _take_reports(self, checks: load_checks.FileChecks) -> None:
        self._state.checks += checks.reports()
        load_checks.refuse_problems(self._state.checks, strict=self._state.request.strict)

    def _plan_publish(self, session: Session, prepared: Prepared, keeper: LeaseKeeper) -> PublishPlan:
        """Fill and check the work table; with ``load.via: direct`` COPY and checks are part of the publish."""
        state = self._state
        if state.configuration.load.via == "direct":
            situation.check_shrink(state.rows_staged, prepared.situation.rows_in_claimed, state.request.wishes)
            return load_direct.direct_plan(state, prepared)
        with state.phase("copy", prepared.bytes):
            work_table, query_id = load_work_table.fill(session, state, prepared, self._record, keeper)
        with state.phase("check"):
            return load_work_table.check(session, state, prepared, work_table, query_id)

    def _staged_only(self, session: Session, prepared: Prepared) -> LoadResult:
        """End after staging: the parts stay, the leases are released."""
        state = self._state
        lease.release(session, prepared.objects, state.run_id)
        return state.result(
            "staged",
            f"{state.rows_staged:,} rows are staged for {prepared.situation.place} at {prepared.stage_path}, nothing "
            "is loaded. The same load without --stage-only sends nothing again and does the rest; with --from-stage "
            "instead it does not even read the files.",
        )

    def _confirm(self, session: Session, prepared: Prepared, plan: PublishPlan) -> None:
        """Show a replace with its exact counts and ask for consent, right before it happens."""
        if not plan.replace:
            return
        dependents = catalog.dependents_of(session, prepared.target.name)
        state, planned = self._state, self._state.planned
        again = ("--table", planned.entry.table_name, "--month", str(planned.month), "--mode", "replace")
        undo = load_words.next_command(state.request.words, "restore-month", *again)
        if not state.request.confirm(load_words.replace_in_words(prepared.situation, plan, dependents, undo)):
            raise Refused(f"Not confirmed: {prepared.target.name} is unchanged.")

    def _publish(self, session: Session, prepared: Prepared, plan: PublishPlan) -> None:
        self._record.step("publishing", publish_id=plan.publish_id, rows=plan.rows_in)
        self._state.progress("publish", 0, plan.rows_in, "rows")
        with lock_watch(self._state, prepared, locks.session_id(session)):
            self._state.published = load_publish.publish_protected(session, self._state, prepared, plan)
        self._state.progress("publish", plan.rows_in, plan.rows_in, "rows")
        last_day = str(prepared.situation.claimed[-1].last) if prepared.situation.claimed else None
        self._record.step("published", rows=self._state.published.inserted, last_day=last_day)

    # -- the end

    def _clean_up(self, session: Session, prepared: Prepared) -> int | None:
        """Drop the work table, parts and leases; return the table's rows, None when they could not be counted.

        The rows are published: whatever fails from here on, even a signal, is only a warning.
        """
        state, rows_now = self._state, None
        try:
            rows_now = catalog.count_rows(session, prepared.target.name)
            if state.work_table is not None:
                session.ensure(f"DROP TABLE IF EXISTS {state.work_table.sql}")
            for source in [] if state.request.keep_staged else prepared.sources:
                stage.remove(session, prepared.stage_path, f"{source.fingerprint}-")
            lease.release(session, prepared.objects, state.run_id)
            remove_old_parts(session, state, prepared, self._records)
        except (EtlError, Stopped) as error:
            state.warn(f"The rows are published, but not all was tidied up: {error}")
        return rows_now

    def _tidy_after_failure(self, session: Session) -> str:
        """Drop the work table, keep or remove the parts, release the leases; say what is left."""
        state = self._state
        if state.prepared is None:
            return ""
        prepared, days = state.prepared, state.configuration.load.keep_failed
        try:
            if not lease.owned_by(session, prepared.objects, state.run_id):
                return "Another run carries on with what was staged."
            if state.work_table is not None:
                session.ensure(f"DROP TABLE IF EXISTS {state.work_table.sql}")
            for name in {row.work_table for row in state.previous if row.work_table}:
                session.ensure(f"DROP TABLE IF EXISTS {prepared.objects.name(name).sql}")
            if not days:
                for source in prepared.sources:
                    stage.remove(session, prepared.stage_path, f"{source.fingerprint}-")
            lease.release(session, prepared.objects, state.run_id)
        except (EtlError, Stopped):
            left = f"parts at {prepared.stage_path}" + (f", {state.work_table}" if state.work_table else "")
            return f"What the load made may be left behind: {left}; the same command again carries on with it."
        if not state.staged:
            return ""
        if days:
            clean = load_words.next_command(state.request.words, "recover", "--clean")
            return (
                f"The staged parts stay for {counted(days, 'day')} at {prepared.stage_path}: a new run of the same "
                f"file sends only the rest. Remove them with: {clean}"
            )
        return "The staged parts were removed (load.keep_failed is 0)."
