"""Load the files of one month into one table (floor 5): write, audit, publish.

find -> layout -> [ check the files || cut, compress, PUT ] -> COPY into a work table -> reconcile -> check the
work table -> publish in one transaction -> clean up.  The target never sees a row that is not counted and
checked; whatever fails before the publish leaves it as it was.
"""

from __future__ import annotations

import getpass
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError, ExitCode, Refused, Stopped
from snowflake_etl.files.naming import shown
from snowflake_etl.operations import load_checks, load_copy, load_words, situation
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Prepared, prepare
from snowflake_etl.operations.load_stage import StagedSource, stage_source
from snowflake_etl.operations.publish import Published, PublishPlan, publish
from snowflake_etl.operations.situation import Mode, Wishes
from snowflake_etl.progress import Progress
from snowflake_etl.results import CheckReport, LoadResult, Phase
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog, stage
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)


class QualityMethod(StrEnum):
    """Where a load is checked: in the file, in the work table, in both, or not at all."""

    FILE = "file"
    SNOWFLAKE = "snowflake"
    BOTH = "both"
    SKIP = "skip"

    @property
    def in_file(self) -> bool:
        return self in (QualityMethod.FILE, QualityMethod.BOTH)

    @property
    def in_warehouse(self) -> bool:
        return self in (QualityMethod.SNOWFLAKE, QualityMethod.BOTH)


@dataclass(frozen=True)
class LoadRequest:
    """What one load is asked to do; ``confirm`` is shown what a replace will do and says whether to go on."""

    wishes: Wishes
    quality: QualityMethod
    confirm: Callable[[str], bool]
    dry_run: bool = False
    strict: bool = False
    workers: int | None = None


def load(
    planned: PlannedLoad, configuration: Configuration, warehouse: Warehouse, request: LoadRequest, progress: Progress
) -> LoadResult:
    """Run one load and return what became of it: expected errors end in the result, bugs are raised."""
    return _Run(planned, configuration, warehouse, request, progress).run()


@dataclass
class _Run:
    """One load while it runs: what is known so far, for the next steps and for the result."""

    planned: PlannedLoad
    configuration: Configuration
    warehouse: Warehouse
    request: LoadRequest
    progress: Progress
    run_id: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}")
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    prepared: Prepared | None = None
    staged: list[StagedSource] = field(default_factory=list)
    checks: list[CheckReport] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows_loaded: int = 0
    published: Published = field(default_factory=lambda: Published(0, 0))

    def run(self) -> LoadResult:
        LOGGER.info("Run %s: load %s into %s", self.run_id, self.planned.month, self.planned.entry.table_name)
        try:
            with self._open() as session:
                try:
                    return self._steps(session)
                except BaseException as error:
                    left = self._tidy_after_failure(session)
                    if isinstance(error, EtlError):
                        return self._ended_by(error, left)
                    raise
        except EtlError as error:
            return self._ended_by(error, "")

    def _open(self) -> Session:
        table, month = self.planned.entry.table_name, self.planned.month
        return self.warehouse.open(f"snowflake_etl run={self.run_id} table={table} month={month}")

    def _steps(self, session: Session) -> LoadResult:
        request = self.request
        with self._phase("prepare"):
            prepared = prepare(session, self.planned, self.configuration, request.wishes, dry_run=request.dry_run)
            self._warn(*prepared.left_out, *prepared.permission.warnings)
        if request.dry_run:
            return self._result("planned", load_words.plan_in_words(prepared, self.planned.entry, request.wishes))
        self.prepared = prepared
        with self._phase("stage", prepared.bytes):
            self._stage_and_check(session, prepared)
            self._refuse_same_content(prepared)
        work_table = load_copy.work_table_name(prepared.objects.stage, prepared.target.name, self.run_id, 1)
        with self._phase("copy", prepared.bytes):
            query_id = self._copy(session, prepared, work_table)
        with self._phase("check"):
            plan = self._check_work_table(session, prepared, work_table, query_id)
        self._confirm(session, prepared, plan)
        with self._phase("publish"):
            self.progress("publish", 0, plan.rows_in, "rows")
            self.published = publish(self._open, session, prepared.objects, plan)
            self.progress("publish", plan.rows_in, plan.rows_in, "rows")
        with self._phase("clean up"):
            rows_now = self._clean_up(session, prepared, work_table)
        return self._result("loaded", load_words.loaded_in_words(prepared, self.published, rows_now))

    def _warn(self, *warnings: str) -> None:
        self.warnings += warnings
        for warning in warnings:
            LOGGER.warning(warning)

    # -- the steps

    def _stage_and_check(self, session: Session, prepared: Prepared) -> None:
        """Stage all files; check them at the same time where that is wished."""
        stop = threading.Event()
        checks = self._start_file_checks(prepared, stop)
        try:
            for source in prepared.sources:
                self.staged.append(
                    stage_source(
                        source,
                        prepared.stage_path,
                        session,
                        self._open,
                        workers=self.request.workers or self.configuration.load.workers,
                        progress=self.progress,
                        stop=stop,
                    )
                )
        except Stopped:
            if checks is None or not stop.is_set():
                raise
            # The check stopped the staging: its findings say why.
            self.checks += checks.reports()
            load_checks.refuse_problems(self.checks, strict=self.request.strict)
            raise
        else:
            if checks is not None:
                self.progress("check", 0, 0, "files")
                self.checks += checks.reports()
                load_checks.refuse_problems(self.checks, strict=self.request.strict)
        finally:
            if checks is not None:
                checks.close()

    def _start_file_checks(self, prepared: Prepared, stop: threading.Event) -> load_checks.FileChecks | None:
        if not self.request.quality.in_file:
            return None
        return load_checks.FileChecks(
            prepared,
            self.planned.entry,
            self.configuration.quality,
            self.warehouse.state_directory,
            stop,
            strict=self.request.strict,
            keep_outside=self.request.wishes.keep_outside,
        )

    def _refuse_same_content(self, prepared: Prepared) -> None:
        """The content hash is known only now; appending what is in the table already stops here."""
        if self.request.wishes.mode is Mode.REPLACE:
            return
        for staged in self.staged:
            row = situation.already_live(prepared.situation.live, staged.content_hash, by="content_hash")
            if row is not None:
                raise Refused(
                    f"{situation.same_content(row, shown(staged.path.name))} "
                    f"{situation.how_to_replace(prepared.situation, self.request.wishes)}"
                )

    def _copy(self, session: Session, prepared: Prepared, work_table: ObjectName) -> str:
        load_copy.make_work_table(session, work_table, prepared.target.table, prepared.columns)
        parts = sum(len(staged.parts) for staged in self.staged)
        self.progress("copy", 0, parts, "parts")
        query_id = load_copy.copy_parts(
            session,
            work_table,
            prepared.columns,
            prepared.stage_path,
            self.staged,
            prepared.csv_format(self.planned.entry),
            lambda: self.progress("copy", 0, parts, "parts"),
        )
        self.progress("copy", parts, parts, "parts")
        self.rows_loaded = sum(staged.rows for staged in self.staged)
        return query_id

    def _check_work_table(
        self, session: Session, prepared: Prepared, work_table: ObjectName, query_id: str
    ) -> PublishPlan:
        """Check in the warehouse where that is wished; count rows outside the claimed days always."""
        if self.request.quality.in_warehouse:
            self.progress("check", 0, self.rows_loaded, "rows")
            report = load_checks.check_work_table(
                session, work_table, prepared, self.planned.entry, self.configuration.quality
            )
            if self.request.wishes.keep_outside:
                report = load_checks.accept_outside(report)
            self.checks.append(report)
            load_checks.refuse_problems([report], strict=self.request.strict)
        condition, binds = prepared.claimed or ("", [])
        inside = catalog.count_rows(session, work_table, condition, binds)
        situation.check_rows_outside(self.rows_loaded - inside, self.request.wishes)
        situation.check_shrink(self.rows_loaded, prepared.situation.rows_in_claimed, self.request.wishes)
        return self._publish_plan(prepared, work_table, query_id, inside)

    def _publish_plan(self, prepared: Prepared, work_table: ObjectName, query_id: str, inside: int) -> PublishPlan:
        return PublishPlan(
            table=prepared.target.name,
            month=prepared.situation.month,
            work_table=work_table,
            columns=prepared.columns,
            replace=self.request.wishes.mode is Mode.REPLACE,
            claimed=prepared.claimed,
            rows_before=prepared.situation.rows_in_claimed,
            rows_in=self.rows_loaded,
            rows_in_claimed=inside,
            live_before=prepared.situation.live,
            replaced_rows=prepared.permission.replaces,
            new_rows=tuple(self._ledger_row(prepared, staged, query_id) for staged in self.staged),
        )

    def _ledger_row(self, prepared: Prepared, staged: StagedSource, query_id: str) -> LedgerRow:
        days = staged.source.found.days if prepared.target.date_column else None
        return LedgerRow(
            publish_id=self.run_id,
            run_id=self.run_id,
            table_name=str(prepared.target.name),
            month=str(self.planned.month) if prepared.target.date_column else None,
            first_day=days.first if days else None,
            last_day=days.last if days else None,
            file_name=staged.path.name,
            file_bytes=staged.source.found.size,
            fingerprint=staged.source.fingerprint,
            content_hash=staged.content_hash,
            row_count=staged.rows,
            mode=self.request.wishes.mode.value,
            loaded_by=getpass.getuser(),
            host=socket.gethostname(),
            started_at=self.started_at,
            published_at=None,
            copy_query_id=query_id,
        )

    def _confirm(self, session: Session, prepared: Prepared, plan: PublishPlan) -> None:
        """A replace is shown with its exact counts and asked for, right before it happens."""
        if not plan.replace:
            return
        dependents = catalog.dependents_of(session, prepared.target.name)
        question = load_words.replace_in_words(prepared.situation, plan, dependents)
        if not self.request.confirm(question):
            raise Refused(f"Not confirmed: {prepared.target.name} is unchanged.")

    # -- the end

    def _clean_up(self, session: Session, prepared: Prepared, work_table: ObjectName) -> int | None:
        """Drop the work table and the parts; return the table's rows, None when they could not be counted.

        The rows are published: whatever fails from here on, be it a signal, is a warning.
        """
        rows_now = None
        try:
            rows_now = catalog.count_rows(session, prepared.target.name)
            session.execute(f"DROP TABLE IF EXISTS {work_table.sql}")
            for staged in self.staged:
                stage.remove(session, prepared.stage_path.below(staged.folder))
            before = datetime.now(UTC) - timedelta(days=self.configuration.load.keep_failed)
            folder = stage.table_folder(prepared.objects.stage, prepared.target.name)
            for removed in stage.remove_older(session, folder, before):
                LOGGER.info("Removed parts of a failed load: %s", removed)
        except EtlError as error:
            self._warn(f"The rows are published, but not all was tidied up: {error}")
        return rows_now

    def _tidy_after_failure(self, session: Session) -> str:
        """Drop the work table and keep or remove the parts; say what is left."""
        if self.prepared is None:
            return ""
        prepared, days = self.prepared, self.configuration.load.keep_failed
        work_table = load_copy.work_table_name(prepared.objects.stage, prepared.target.name, self.run_id, 1)
        try:
            session.execute(f"DROP TABLE IF EXISTS {work_table.sql}")
            if days:
                return f"The staged parts stay for {days} days at {prepared.stage_path}; a new run sends only the rest."
            for source in prepared.sources:
                stage.remove(session, prepared.stage_path, f"{source.fingerprint}-")
        except EtlError:
            return f"Work table {work_table} and the parts at {prepared.stage_path} may be left behind."
        return "The staged parts were removed (load.keep_failed is 0)."

    def _ended_by(self, error: EtlError, left: str) -> LoadResult:
        LOGGER.debug("Run %s ended", self.run_id, exc_info=error)
        status = "refused" if isinstance(error, Refused) else "failed"
        return self._result(status, " ".join(filter(None, [str(error), left])), error.exit_code)

    def _result(self, status: str, message: str, exit_code: int = ExitCode.OK) -> LoadResult:
        return LoadResult(
            status=status,
            run_id=self.run_id,
            table=self.planned.entry.table_name,
            month=str(self.planned.month),
            mode=self.request.wishes.mode.value,
            files=tuple(staged.loaded_file for staged in self.staged),
            rows_staged=sum(staged.rows for staged in self.staged),
            rows_loaded=self.rows_loaded,
            rows_published=self.published.inserted,
            rows_replaced=self.published.deleted,
            checks=tuple(self.checks),
            phases=tuple(self.phases),
            warnings=tuple(self.warnings),
            message=message,
            exit_code=int(exit_code),
        )

    @contextmanager
    def _phase(self, name: str, size: int = 0) -> Iterator[None]:
        """Time a step; also one that fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            rate = int(size / seconds) if seconds else 0
            self.phases.append(Phase(name, round(seconds, 3), rate))
            LOGGER.info("%s took %.2f s", name, seconds)
