"""Several loads in one go (floor 5): a preview, then the runs, several at once; what is already loaded is left alone.

Every load is complete in itself, so a batch that was interrupted or failed is simply run again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from snowflake_etl.config.model import Configuration
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations import refusals
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.progress import Progress
from snowflake_etl.results import LoadResult
from snowflake_etl.sqltext import object_name
from snowflake_etl.stop_signals import held_back
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.signin import Warehouse


@dataclass(frozen=True)
class Preview:
    """One load before it runs; ``seconds`` is an estimate, 0 if unknown.

    ``state`` is new, loaded, seems loaded (by size and samples: the load reads the file to know), partly loaded,
    another file loaded (for the same days), dropped (by drop-month, exactly these files) or, when the load is bound to
    fail, no usable file.
    """

    month: str
    table: str
    files: int
    bytes: int
    state: str
    seconds: float


def preview(warehouse: Warehouse, configuration: Configuration, loads: Sequence[PlannedLoad]) -> list[Preview]:
    """Look every load up in the ledger; estimate its time from the rate of past runs on this host."""
    rate = RunRecords(warehouse.state_directory).bytes_per_second()
    tables = dict.fromkeys(planned.entry.table_name for planned in loads)
    with (
        warehouse.open("snowflake_etl batch") as session,
        refusals.explaining(session, configuration, *tables),
    ):
        objects = WorkObjects.of(session.database, configuration.load)
        known = catalog.describe_table(session, objects.ledger) is not None
        contents, previews = FileContents(warehouse.state_directory), []
        for planned in loads:
            table = object_name(planned.entry.table_name, session.database, session.schema)
            rows = ledger.all_rows(session, objects, table) if known else []
            of_month = ledger.rows_of_month(rows, planned.month if planned.entry.date_column else None)
            seconds = planned.bytes / rate if rate else 0.0
            previews.append(
                Preview(
                    str(planned.month),
                    planned.entry.table_name,
                    len(planned.files),
                    planned.bytes,
                    _state(planned, of_month, contents),
                    seconds,
                )
            )
    return previews


def _state(planned: PlannedLoad, rows: Sequence[LedgerRow], contents: FileContents) -> str:
    if planned.problem:
        return "no usable file"
    live = [row for row in rows if row.state == ledger.LIVE]
    alike = defaultdict(list)
    for row in live:
        alike[row.fingerprint].append(row.content_hash)
    if planned.manifests:
        files = [one.fingerprint for one in planned.manifests]
        there = [one.content_hash in alike[one.fingerprint] for one in planned.manifests]
        proven = all(there)
    else:
        files = [fingerprint(file.path) for file in planned.files]
        hashes = [alike[one] for one in files]
        there = [bool(those) for those in hashes]
        paths = [file.path for file in planned.files]
        proven = all(those and contents.proven(path, those) for path, those in zip(paths, hashes, strict=True))
    if files and not live and {row.fingerprint for row in rows if row.state == ledger.DROPPED}.issuperset(files):
        return "dropped"
    if any(there):
        return "loaded" if proven else "seems loaded" if all(there) else "partly loaded"
    if any(row.days and row.days.overlaps(file.days) for row in live for file in planned.files):
        return "another file loaded"
    return "partly loaded" if live else "new"


def run_batch(
    runs: Sequence[Callable[[], LoadResult]],
    *,
    at_once: int,
    continue_on_error: bool,
    stop: threading.Event,
    on_result: Callable[[LoadResult], None],
) -> list[LoadResult]:
    """Run the loads in order, ``at_once`` at a time; return the results of those that were started.

    After a failure no further load is started unless ``continue_on_error``.  When this thread is interrupted
    (Stopped), ``stop`` is set, the running loads end in an orderly way, and the interruption goes on.
    """
    results: list[LoadResult] = []
    waiting = list(runs)
    running: set[Future[LoadResult]] = set()
    with ThreadPoolExecutor(at_once, thread_name_prefix="load") as pool:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    with held_back():
                        running.add(pool.submit(waiting.pop(0)))
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    results.append(future.result())
                    on_result(results[-1])
                    if results[-1].status == "failed" and not continue_on_error:
                        waiting.clear()
        except BaseException:
            stop.set()
            # The outcome of the running loads is reported, whatever ended the batch.
            for future in running:
                on_result(future.result())
            raise
    return results


class BatchProgress:
    """Adds up the bytes that several loads have staged, for one progress line."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done: dict[int, int] = {}
        self._lock = threading.Lock()

    def of_load(self, number: int) -> Progress:
        """The progress of one load of the batch."""

        def report(phase: str, done: int, total: int, unit: str) -> None:  # noqa: ARG001 - Progress has it
            if phase != "stage" or unit != "bytes":
                return
            with self._lock:
                self._done[number] = done
                self._progress("batch", sum(self._done.values()), self._total, "bytes")

        return report
