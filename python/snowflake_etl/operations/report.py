"""``report`` (floor 5): every table of one or several configurations, several at a time.
An error with one table becomes that table's row; the others go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from snowflake_etl.errors import ConfigError, ConnectError, EtlError, ExitCode, WarehouseError
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history, refusals
from snowflake_etl.operations.read_refusals import grants_to_read, refused_to_read
from snowflake_etl.operations.report_subjects import Subject
from snowflake_etl.operations.report_table import table_report
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results_report import ReportResult, TableReport, TableStatus, UnreadConfig
from snowflake_etl.sqltext import ObjectName, fold, object_name
from snowflake_etl.warehouse import ledger
from snowflake_etl.warehouse.known_tables import KnownTable, known_tables, schemas_of
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.ways_in import Ask

LOGGER = logging.getLogger(__name__)
VERB = "report"
_QUERY_TAG = "snowflake_etl report"
# The first of these that any table has decides the exit code: a failed check outweighs a finding.
_EXIT_ORDER = (
    ExitCode.UNEXPECTED,
    ExitCode.CONNECTION,
    ExitCode.WAREHOUSE,
    ExitCode.CONFIGURATION,
    ExitCode.PROBLEMS_FOUND,
)
_POLL_SECONDS = 0.2


class _Place:
    """One configuration in use: its sessions, and what is asked once for all of its tables."""

    def __init__(self, warehouse: Warehouse, subjects: Sequence[Subject]) -> None:
        self._warehouse = warehouse
        self._subjects = subjects
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._failure: EtlError | None = None
        self._known: dict[ObjectName, KnownTable] | None = None
        self._hidden: dict[ObjectName, WarehouseError] = {}
        self._live: dict[str, list[LedgerRow]] = {}
        self.statements = 0

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session for one table; one whose connection was lost is not used again."""
        session = self._take()
        try:
            yield session
        except ConnectError:
            session.close()
            raise
        except BaseException:
            self._give_back(session)
            raise
        self._give_back(session)

    def known(self, name: ObjectName) -> KnownTable | None:
        """What the catalog says about a table, None if it does not show it.  Raise WarehouseError."""
        if name in self._hidden:
            raise self._hidden[name]
        return (self._known or {}).get(name)

    def live(self, name: ObjectName) -> list[LedgerRow]:
        return self._live.get(str(name), [])

    @property
    def state_directory(self) -> Path:
        return self._warehouse.state_directory

    def close(self) -> None:
        with self._lock:
            for session in self._idle:
                session.end()
            self._idle.clear()

    def _take(self) -> Session:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._known is None:
                return self._take_first()
            if self._idle:
                return self._idle.pop()
        return self._warehouse.open(_QUERY_TAG)

    def _take_first(self) -> Session:
        """Sign in and ask what all tables need; what fails here fails for every table and is not retried."""
        try:
            first = self._warehouse.open(_QUERY_TAG)
            try:
                self._ask_once(first)
            except BaseException:
                first.close()
                raise
        except EtlError as error:
            self._failure = error
            raise
        return first

    def _give_back(self, session: Session) -> None:
        with self._lock:
            self._idle.append(session)

    def _ask_once(self, session: Session) -> None:
        names = {_name(session, subject): subject for subject in self._subjects}
        known: dict[ObjectName, KnownTable] = {}
        for several in schemas_of(names).values():
            try:
                known.update(known_tables(session, several))
                self.statements += 2
            except WarehouseError as error:
                self.statements += 1
                for name in several:
                    explained = refused_to_read(error, session, names[name].configuration, name)
                    self._hidden[name] = explained if isinstance(explained, WarehouseError) else error
        for row in self._ledger_rows(session):
            self._live.setdefault(row.table_name, []).append(row)
        self._known = known

    def _ledger_rows(self, session: Session) -> list[LedgerRow]:
        """Live rows of all tables; none if there is no ledger, or it may not be read."""
        objects = WorkObjects(session.database, fold(self._warehouse.load.work_schema))
        self.statements += 1
        try:
            return [row for row in ledger.all_rows(session, objects) if row.state == ledger.LIVE]
        except WarehouseError as error:
            # Reports also cover tables that were loaded by other means.
            LOGGER.debug("Nothing is known of earlier loads: %s", " ".join(str(error).split()))
            return []


def report(
    subjects: Sequence[Subject],
    unread: Sequence[UnreadConfig],
    days: DayRange | None,
    state_directory: Path,
    *,
    workers: int,
    strict: bool,
    progress: Progress,
    ask: Ask | None = None,
) -> ReportResult:
    """Look at all tables, ``workers`` at a time, for some ``days`` or (None) all; the result keeps their order.
    Every check is kept in the history.  ``strict`` makes warnings a problem; ``ask`` asks for passphrases, if somebody
    is there.  When this thread is interrupted (Stopped), no further table is begun.
    """
    started, made_at = time.monotonic(), datetime.now(UTC)
    places = _places(subjects, state_directory, ask)
    try:
        tables = _run(subjects, places, days, workers, progress)
    finally:
        for place in places.values():
            place.close()
    statements = sum(place.statements for place in places.values()) + sum(table.statements for table in tables)
    return ReportResult(
        made_at=made_at,
        days=days,
        tables=tuple(tables),
        unread=tuple(unread),
        seconds=time.monotonic() - started,
        workers=workers,
        statements=statements,
        message=message_of(tables, unread),
        exit_code=int(exit_code_of(tables, unread, strict=strict)),
    )


def _places(subjects: Sequence[Subject], state_directory: Path, ask: Ask | None) -> dict[Path, _Place]:
    of_config: dict[Path, list[Subject]] = {}
    for subject in subjects:
        of_config.setdefault(subject.loaded.path, []).append(subject)
    return {
        path: _Place(
            Warehouse(several[0].configuration.snowflake, several[0].configuration.load, state_directory, ask),
            several,
        )
        for path, several in of_config.items()
    }


def _run(
    subjects: Sequence[Subject], places: dict[Path, _Place], days: DayRange | None, workers: int, progress: Progress
) -> list[TableReport]:
    waiting: SimpleQueue[tuple[int, Subject]] = SimpleQueue()
    done: SimpleQueue[tuple[int, TableReport]] = SimpleQueue()
    stop = threading.Event()
    for number, subject in enumerate(subjects):
        waiting.put((number, subject))

    def work() -> None:
        while not stop.is_set():
            try:
                number, subject = waiting.get_nowait()
            except Empty:
                return
            done.put((number, _one(subject, places[subject.loaded.path], days)))

    # Daemon threads: an interrupted report does not wait for statements that are still running.
    threads = [threading.Thread(target=work, name=f"report-{number}", daemon=True) for number in range(workers)]
    rows: dict[int, TableReport] = {}
    progress(VERB, 0, len(subjects), "tables")
    try:
        for thread in threads[: len(subjects)]:
            thread.start()
        while len(rows) < len(subjects):
            try:
                number, row = done.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            rows[number] = row
            progress(VERB, len(rows), len(subjects), "tables")
    finally:
        stop.set()
    return [rows[number] for number in range(len(subjects))]


def _one(subject: Subject, place: _Place, days: DayRange | None) -> TableReport:
    """The row of one table, whatever happens."""
    started = time.monotonic()
    name: ObjectName | str = subject.entry.table_name
    try:
        if subject.conflict:
            raise ConfigError(subject.conflict)
        with place.session() as session:
            name = _name(session, subject)
            known = place.known(name)
            if known is None:
                return _not_found(subject, name, refusals.role_of(session), time.monotonic() - started)
            row, check = table_report(session, name, subject, known, place.live(name), days, place.state_directory)
        about = check_history.subject_of(
            subject.configuration.snowflake, subject.entry.table_name, days if subject.entry.date_column else None
        )
        check_history.keep(place.state_directory, VERB, about, check)
        return row
    except EtlError as error:
        message, code = str(error), error.exit_code
    except Exception as error:
        LOGGER.debug("Unexpected error of %s", name, exc_info=error, extra={"file_only": True})
        message, code = f"Unexpected {type(error).__name__}: {error}. This is a bug; report it.", ExitCode.UNEXPECTED
    seconds = time.monotonic() - started
    return TableReport(subject.config, str(name), TableStatus.ERROR, message, int(code), seconds=seconds)


def _name(session: Session, subject: Subject) -> ObjectName:
    return object_name(subject.entry.table_name, session.database, session.schema)


def _not_found(subject: Subject, name: ObjectName, role: str, seconds: float) -> TableReport:
    message = (
        f"There is no table {name}, or role {role} may not see it. Create it, correct table_name in "
        f"{subject.config}, or have its owner run: {'; '.join(grants_to_read(name, role))};"
    )
    return TableReport(
        subject.config,
        str(name),
        TableStatus.NOT_FOUND,
        message,
        int(ExitCode.WAREHOUSE),
        seconds=seconds,
        statements=1,
    )


def exit_code_of(tables: Sequence[TableReport], unread: Sequence[UnreadConfig], *, strict: bool) -> ExitCode:
    """Failed checks decide first, then findings."""
    codes = {table.exit_code for table in tables} | {one.exit_code for one in unread}
    if strict and any(table.status is TableStatus.WARNING for table in tables):
        codes.add(int(ExitCode.PROBLEMS_FOUND))
    return next((code for code in _EXIT_ORDER if int(code) in codes), ExitCode.OK)


def message_of(tables: Sequence[TableReport], unread: Sequence[UnreadConfig]) -> str:
    """``12 tables: 1 FAILED, 2 WARNING, 9 OK. 1 configuration could not be read.``"""
    counts = [(status, sum(table.status is status for table in tables)) for status in TableStatus]
    said = ", ".join(f"{count} {status}" for status, count in counts if count) or "nothing to look at"
    number = f"{len(tables)} table" + ("" if len(tables) == 1 else "s")
    end = f" {counted(len(unread), 'configuration')} could not be read." if unread else ""
    return f"{number}: {said}.{end}"


def contiguous(ranges: Sequence[DayRange]) -> DayRange | None:
    """Join all into one range; None if there is a gap between them."""
    ordered = sorted(ranges)
    whole = DayRange(ordered[0].first, ordered[-1].last)
    return whole if sum(map(len, ordered)) == len(whole) else None
