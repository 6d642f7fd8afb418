"""Brings one file onto the stage: reading, compressing and PUT overlap, in bounded memory (floor 5).

One thread reads and cuts.  An executor compresses the cuts.  A few uploading threads, each with its own
session, PUT the parts from memory.  Two counters hold the reader back: cuts that wait to be
compressed, and parts that wait to be sent.  So memory is bounded by ``Concurrency`` and part size, whatever the
size of the file, and nothing is written to disk.
This module does not know which warehouse is behind a ``Sink``.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from snowflake_etl.errors import FileError, Stopped
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.parts import Cut, FileCutter, Part, compress_cut
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.operations.memory import Concurrency
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.progress import Progress, no_progress

PHASE = "stage"
_LOOK_FOR_STOP_SECONDS = 0.1


class Sink(Protocol):
    """Where parts go; one for each uploading thread, used by it alone."""

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> str:
        """Send ``stream`` whole as ``stage_path + name`` and return the status, such as UPLOADED or SKIPPED."""
        ...

    def close(self) -> None: ...


class Cutter(Protocol):
    """Reads a file, or the parts of one, once; the numbers grow as its cuts are taken, like those of ``FileCutter``."""

    path: Path
    rows: int
    size: int
    bytes_read: int
    bytes_total: int

    @property
    def content_hash(self) -> str: ...
    def cuts(self) -> Iterator[Cut]: ...


@dataclass(frozen=True)
class StagedPart:
    """A part on the stage.  ``bytes`` is the size of its rows, ``compressed_bytes`` what was sent (0 if it was
    there).
    """

    name: str
    rows: int
    first_line: int
    bytes: int
    compressed_bytes: int
    status: str


@dataclass(frozen=True)
class StagedFile:
    """A file whose every record is on the stage.

    ``bytes`` counts record bytes (uncompressed, UTF-8, no header), ``bytes_read`` those of the file on disk,
    ``bytes_sent`` the compressed ones that had to be sent.  ``content_hash`` is ``FileCutter``'s.
    """

    parts: tuple[StagedPart, ...]
    rows: int
    bytes: int
    bytes_read: int
    bytes_sent: int
    content_hash: str
    seconds: float


def stage_file(
    path: Path,
    layout: Layout,
    plan: CutPlan,
    stage_path: str,
    open_sink: Callable[[], Sink],
    *,
    concurrency: Concurrency,
    executor: Executor | None = None,
    present: Collection[str] = frozenset(),
    progress: Progress = no_progress,
    stop: threading.Event | None = None,
) -> StagedFile:
    """Stage a file's records below ``stage_path`` as compressed parts whose names prove their content.

    ``concurrency`` says how much runs at once; its workers compress in ``executor`` if one is given.  Parts
    whose names are in ``present`` are neither compressed nor sent.  ``progress`` is called with the bytes of the file
    that are staged.

    Raise FileError when the file is damaged, empty of rows or changed while it was read, Stopped when ``stop``
    is set, and the first error of any worker or sink.  By then none of our threads is running; parts that were sent
    stay on the stage.
    """
    return stage_cuts(
        FileCutter(path, layout, plan.cut_bytes),
        stage_path,
        open_sink,
        concurrency=concurrency,
        pack=compress_cut,
        executor=executor,
        present=present,
        progress=progress,
        stop=stop,
    )


def stage_cuts(
    cutter: Cutter,
    stage_path: str,
    open_sink: Callable[[], Sink],
    *,
    concurrency: Concurrency,
    pack: Callable[[Any], Part],
    executor: Executor | None = None,
    present: Collection[str] = frozenset(),
    progress: Progress = no_progress,
    stop: threading.Event | None = None,
) -> StagedFile:
    """Stage what ``cutter`` reads, from whatever source; ``pack`` turns its cuts into parts.  See ``stage_file``."""

    def stage(stop: threading.Event) -> StagedFile:
        staging = _Staging(cutter, stage_path, pack, progress, stop)
        return staging.run(open_sink, executor, concurrency, present)

    # A signal between counting a cut and handing it over would make us wait for it forever.
    return stoppable(stage, stop)


class _Staging:
    """The state of one ``stage_cuts`` call."""

    def __init__(
        self, cutter: Cutter, stage_path: str, pack: Callable[[Any], Part], progress: Progress, stop: threading.Event
    ) -> None:
        self._path = cutter.path
        self._stage_path = stage_path
        self._pack = pack
        self._progress = progress
        self._stop = stop
        self._cutter = cutter
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._parts: dict[int, StagedPart] = {}
        self._bytes_done = 0
        self._started = time.monotonic()

    def run(
        self,
        open_sink: Callable[[], Sink],
        executor: Executor | None,
        concurrency: Concurrency,
        present: Collection[str],
    ) -> StagedFile:
        sinks = _Sinks(open_sink)
        compressing = executor or ThreadPoolExecutor(concurrency.workers, "compress")
        uploading = ThreadPoolExecutor(concurrency.sessions, "upload")
        self._uncompressed = threading.Semaphore(concurrency.cuts)
        self._in_flight = threading.Semaphore(concurrency.parts)
        self._drained = _Counter()
        try:
            for cut, weight in self._cuts_to_send(present):
                self._drained.up()
                future = compressing.submit(self._pack, cut)
                future.add_done_callback(self._compressed_callback(uploading, sinks, weight))
                del cut, future
            self._drained.wait(self._check)
        except BaseException as error:
            self._fail(error)
        finally:
            if executor is None:
                compressing.shutdown(wait=True, cancel_futures=True)
            self._drained.wait(lambda: None)
            uploading.shutdown(wait=True)
            sinks.close()
        if self._error is not None:
            raise self._error
        return self._result()

    def _cuts_to_send(self, present: Collection[str]) -> Iterator[tuple[Cut, int]]:
        """Yield the cuts that are not on the stage yet, each with its share of the file's bytes."""
        cuts = self._cutter.cuts()
        behind = 0
        while True:
            self._acquire(self._uncompressed)
            cut = next(cuts, None)
            if cut is None:
                return
            weight = self._cutter.bytes_read - behind
            behind = self._cutter.bytes_read
            if cut.name in present:
                self._uncompressed.release()
                self._done(StagedPart(cut.name, cut.rows, cut.first_line, cut.size, 0, "PRESENT"), cut.number, weight)
                continue
            self._acquire(self._in_flight)
            yield cut, weight
            del cut

    def _acquire(self, semaphore: threading.Semaphore) -> None:
        """Wait for room; an error elsewhere or a stop ends the wait."""
        self._check()
        while not semaphore.acquire(timeout=_LOOK_FOR_STOP_SECONDS):
            self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._stop.is_set():
            raise Stopped(f"Staging {shown(self._path)} was stopped; nothing of it was published.")

    def _compressed_callback(self, uploading: Executor, sinks: _Sinks, weight: int) -> Callable[[Future[Part]], None]:
        def compressed(future: Future[Part]) -> None:
            self._uncompressed.release()
            try:
                part = future.result()
                uploading.submit(self._upload, part, sinks, weight)
            except BaseException as error:
                self._fail(error)
                self._leave()

        return compressed

    def _upload(self, part: Part, sinks: _Sinks, weight: int) -> None:
        try:
            self._check()
            # Closed at once: drivers keep the stream in reference cycles, and with it its bytes.
            with io.BytesIO(part.data) as stream:
                status = sinks.mine().put(stream, part.name, self._stage_path)
            staged = StagedPart(part.name, part.rows, part.first_line, part.size, len(part.data), status)
            self._done(staged, part.number, weight)
        except BaseException as error:
            self._fail(error)
        finally:
            self._leave()

    def _leave(self) -> None:
        self._in_flight.release()
        self._drained.down()

    def _fail(self, error: BaseException) -> None:
        """Keep the first error; its consequences say less."""
        with self._lock:
            if self._error is None:
                self._error = error

    def _done(self, part: StagedPart, number: int, weight: int) -> None:
        with self._lock:
            self._parts[number] = part
            self._bytes_done += weight
            done = self._bytes_done
        self._progress(PHASE, done, self._cutter.bytes_total, "bytes")

    def _result(self) -> StagedFile:
        cutter = self._cutter
        if not cutter.rows:
            raise FileError(f"{shown(self._path)} has not a single row. Ask its sender for the complete file.")
        parts = tuple(self._parts[number] for number in sorted(self._parts))
        if sum(part.rows for part in parts) != cutter.rows:
            raise FileError(
                f"{shown(self._path)} has {cutter.rows} rows but {sum(part.rows for part in parts)} were staged. "
                "Nothing was published; please report this."
            )
        return StagedFile(
            parts,
            cutter.rows,
            cutter.size,
            cutter.bytes_read,
            sum(part.compressed_bytes for part in parts),
            cutter.content_hash,
            time.monotonic() - self._started,
        )


class _Sinks:
    """Opens a sink in each uploading thread at its first part, and closes them all at the end."""

    def __init__(self, open_sink: Callable[[], Sink]) -> None:
        self._open_sink = open_sink
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[Sink] = []

    def mine(self) -> Sink:
        sink: Sink | None = getattr(self._own, "sink", None)
        if sink is None:
            sink = self._own.sink = self._open_sink()
            with self._lock:
                self._all.append(sink)
        return sink

    def close(self) -> None:
        for sink in self._all:
            sink.close()


class _Counter:
    """Counts what is in progress, and waits until nothing is."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def up(self) -> None:
        with self._changed:
            self._count += 1

    def down(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Return when the count is zero; now and then call ``meanwhile``, which may raise."""
        with self._changed:
            while self._count:
                self._changed.wait(_LOOK_FOR_STOP_SECONDS)
                meanwhile()
