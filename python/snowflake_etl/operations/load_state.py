"""The request for a load, and what is known about the load while it runs (floor 5)."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from snowflake_etl import stop_signals
from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import ExitCode, Stopped
from snowflake_etl.history.database import new_id
from snowflake_etl.operations import refusals
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.load_copy import RecordRejected
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.operations.memory import peak_memory
from snowflake_etl.operations.publish import Published
from snowflake_etl.operations.situation import Wishes
from snowflake_etl.progress import Progress
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results import CheckReport, LoadResult, Phase, Rejection
from snowflake_etl.run_context import noting_queries
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse.lease import LeaseRow
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
    """What one load is asked to do.

    ``confirm`` is shown what a replace will do and says whether to go on.  ``stop`` ends the load from another
    thread.  ``words`` are the flags that ask for this one load, for whoever has to continue it.  ``stage_only``
    ends after the staging, ``keep_staged`` leaves the parts after the publish.
    """

    wishes: Wishes
    quality: QualityMethod
    confirm: Callable[[str], bool]
    stop: threading.Event
    words: tuple[str, ...]
    dry_run: bool = False
    stage_only: bool = False
    keep_staged: bool = False
    strict: bool = False
    workers: int | None = None


@dataclass
class LoadState:
    """One load while it runs: what is known so far, for the next steps and for the result.

    ``prepared`` is set once something of ours may exist in the warehouse, ``work_table`` once that table may exist.
    ``previous`` are the leases of dead runs that this one has taken over.
    """

    planned: PlannedLoad
    configuration: Configuration
    warehouse: Warehouse
    request: LoadRequest
    progress: Progress
    run_id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    prepared: Prepared | None = None
    previous: list[LeaseRow] = field(default_factory=list)
    work_table: ObjectName | None = None
    staged: list[StagedSource] = field(default_factory=list)
    checks: list[CheckReport] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rejected: Rejection | None = None
    rows_loaded: int = 0
    published: Published = field(default_factory=lambda: Published(0, 0))

    @property
    def contents(self) -> FileContents:
        """What is known about the files' contents; whatever has to be read is read as a part of this load."""
        return FileContents(self.warehouse.state_directory, self.progress, self.request.stop)

    @property
    def rows_staged(self) -> int:
        return sum(staged.rows for staged in self.staged)

    @property
    def parts(self) -> int:
        return sum(len(staged.parts) for staged in self.staged)

    def open_session(self) -> Session:
        """A session whose query tag names run, table and month; the use of ``load.warehouse`` ends with it."""
        table, month = self.planned.entry.table_name, self.planned.month
        tag = f"snowflake_etl run={self.run_id} table={table} month={month}"
        return self.warehouse.open(tag, self.configuration.load.warehouse)

    @contextmanager
    def explaining(self, session: Session) -> Iterator[None]:
        """Put errors of the warehouse into the operator's terms; keep the record at which COPY stopped."""
        try:
            with refusals.explaining(session, self.configuration, self.planned.entry.table_name):
                yield
        except RecordRejected as error:
            self.rejected = error.rejection
            raise

    def check_stop(self) -> None:
        """Raise Stopped when the load must end; a signal that a library swallowed is noticed here at the latest."""
        stop_signals.check()
        if self.request.stop.is_set():
            raise Stopped("Stopped with the other loads.")

    def warn(self, *warnings: str) -> None:
        self.warnings += warnings
        for warning in warnings:
            LOGGER.warning(warning)

    @contextmanager
    def phase(self, name: str, size: int = 0) -> Iterator[None]:
        """Time a step, even if it fails; ``size`` is the bytes that it moves, not reported for a failure."""
        began, moved = time.monotonic(), 0
        with noting_queries() as queries:
            try:
                yield
                moved = size
            finally:
                seconds = time.monotonic() - began
                rate = int(moved / seconds) if seconds else 0
                phase = Phase(name, round(seconds, 3), rate, moved, peak_memory(), tuple(queries))
                self.phases.append(phase)
                LOGGER.info("%s", _phase_in_words(phase), extra={"facts": {"phase": dataclasses.asdict(phase)}})

    def result(
        self, status: str, message: str, exit_code: int = ExitCode.OK, *, already_loaded: bool = False
    ) -> LoadResult:
        return LoadResult(
            status=status,
            run_id=self.run_id,
            table=self.planned.entry.table_name,
            month=str(self.planned.month),
            mode=self.request.wishes.mode.value,
            files=tuple(staged.loaded_file for staged in self.staged),
            rows_staged=self.rows_staged,
            rows_loaded=self.rows_loaded,
            rows_published=self.published.inserted,
            rows_replaced=self.published.deleted,
            checks=tuple(self.checks),
            phases=tuple(self.phases),
            warnings=tuple(self.warnings),
            message=message,
            exit_code=int(exit_code),
            already_loaded=already_loaded,
            rejected=self.rejected,
        )


def _phase_in_words(phase: Phase) -> str:
    """``stage took 3.20 s, 329.0 MB, 102.8 MB/s, peak memory 362.0 MB, queries 01b2...``."""
    words = [f"{phase.name} took {phase.seconds:.2f} s"]
    if phase.bytes:
        words.append(f"{human_bytes(phase.bytes)}, {human_bytes(phase.bytes_per_second)}/s")
    words.append(f"peak memory {human_bytes(phase.peak_memory)}")
    if phase.query_ids:
        words.append(f"queries {' '.join(phase.query_ids)}")
    return ", ".join(words)
