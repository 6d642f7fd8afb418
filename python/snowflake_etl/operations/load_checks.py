"""The checks of a load (floor 5): of the files during staging, of the work table before the publish."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

from snowflake_etl.config.model import FileSection, QualitySection
from snowflake_etl.errors import ProblemsFound
from snowflake_etl.month import DayRange
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.load_prepare import Prepared, Source
from snowflake_etl.operations.memory import MemoryPlan
from snowflake_etl.plural import counted
from snowflake_etl.quality.day_checks import OUTSIDE_DAYS
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.runner import check_file, check_table
from snowflake_etl.results import CheckReport, Severity
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.stop_signals import held_back
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)


def expectations(
    prepared: Prepared, entry: FileSection, quality: QualitySection, sources: Sequence[Source]
) -> Expectations:
    """What the rows of ``sources`` should be like: their days, the target's types, the declared key."""
    table = prepared.target.table
    return expectations_of(
        entry,
        quality,
        {name: table.column(name).type for name in prepared.columns},
        days=[source.found.days for source in sources],
        columns=prepared.columns,
    )


class FileChecks:
    """Checks files one after the other in a separate thread while they are staged.

    The first file with errors sets ``stop``, so that the staging ends early.
    """

    def __init__(
        self,
        prepared: Prepared,
        entry: FileSection,
        quality: QualitySection,
        temp_directory: Path,
        memory: MemoryPlan,
        stop: threading.Event,
        *,
        strict: bool,
        keep_outside: bool,
        earlier_days: Mapping[date, int],
    ) -> None:
        self._earlier_days = earlier_days
        self._keep_outside = keep_outside
        self._prepared = prepared
        self._entry = entry
        self._quality = quality
        self._resources = Resources(
            temp_directory, memory.check_bytes, quality.temp_limit, memory.check_threads, stop.is_set
        )
        self._stop = stop
        self._strict = strict
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="file-check")
        with held_back():
            self._future: Future[list[CheckReport]] = self._pool.submit(self._check_all)

    def reports(self) -> list[CheckReport]:
        """Wait for the end; raise what a check raised."""
        return self._future.result()

    def close(self) -> None:
        """End early; a running check stops when it next looks at ``stop``."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _check_all(self) -> list[CheckReport]:
        reports = []
        for source in self._prepared.sources:
            expected = expectations(self._prepared, self._entry, self._quality, [source])
            report = check_file(
                source.path,
                source.layout,
                replace(expected, earlier_days=self._earlier_days),
                self._resources,
            )
            if self._keep_outside:
                report = accept_outside(report)
            reports.append(report)
            if stops_publish(report, strict=self._strict):
                self._stop.set()
                break
        return reports


def check_rows(
    session: Session,
    table: ObjectName,
    prepared: Prepared,
    entry: FileSection,
    quality: QualitySection,
    earlier_days: Mapping[date, int],
    days: DayRange | None = None,
) -> CheckReport:
    """Check everything that is about to be published: a work table, or some ``days`` of the target itself.
    ``earlier_days`` are the rows per day before that, as far as known.
    """
    expected = replace(expectations(prepared, entry, quality, prepared.sources), earlier_days=earlier_days)
    return check_table(session, table, expected, days=days)


def accept_outside(report: CheckReport) -> CheckReport:
    """The report for a load that accepts rows outside the claimed days: still mentioned, but no longer an error."""
    findings = tuple(
        replace(finding, severity=Severity.INFO) if finding.code == OUTSIDE_DAYS else finding
        for finding in report.findings
    )
    return replace(report, findings=findings)


def stops_publish(report: CheckReport, *, strict: bool) -> bool:
    """Errors stop a publish; warnings do so only if requested."""
    return bool(report.errors) or (strict and bool(report.warnings))


def refuse_problems(reports: Sequence[CheckReport], *, strict: bool) -> None:
    """Raise ProblemsFound when any report stops the publish.

    The reports with their findings go into the result next to the error, so the error only gives their number.
    """
    stopping = [report for report in reports if stops_publish(report, strict=strict)]
    for report in stopping:
        for finding in report.findings:
            LOGGER.debug("%s: %s: %s", report.subject, finding.severity, finding.message)
    if stopping:
        counts = ", ".join(f"{_count_in_words(report, strict=strict)} in {report.subject}" for report in stopping)
        raise ProblemsFound(
            f"The check found {counts}; nothing was published. Its findings say what and where: correct the file, or "
            f"what the configuration says about it, and run the same command again."
        )


def _count_in_words(report: CheckReport, *, strict: bool) -> str:
    warnings = f" and {counted(len(report.warnings), 'warning')}" if strict and report.warnings else ""
    return f"{counted(len(report.errors), 'error')}{warnings}"
