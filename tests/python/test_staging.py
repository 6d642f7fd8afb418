"""Staging one file: all of its records arrive, in bounded memory, and the first error ends everything at once."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard

from snowflake_etl.errors import FileError, Stopped, WarehouseError
from snowflake_etl.files import opening
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.parts import Cut, Part, compress_cut
from snowflake_etl.files.plan import plan_of_size
from snowflake_etl.operations.memory import Concurrency, concurrency
from snowflake_etl.operations.staging import StagedFile, stage_file

LAYOUT = Layout("\t", None, True, ("a", "b"))
ROWS = b"".join(b"%d\tvalue %d\n" % (number, number * 7) for number in range(20_000))
FILE = b"a\tb\n" + ROWS
WAIT_SECONDS = 20.0


class Stage:
    """A stage in memory; each of its sinks notes the threads that use it."""

    def __init__(self, on_put: Callable[[str], None] = lambda name: None) -> None:
        self.objects: dict[str, bytes] = {}
        self.paths: set[str] = set()
        self.sinks: list[_Sink] = []
        self.on_put = on_put

    def open_sink(self) -> _Sink:
        self.sinks.append(_Sink(self))
        return self.sinks[-1]

    @property
    def rows(self) -> bytes:
        unpack = zstandard.ZstdDecompressor().decompress
        return b"".join(unpack(self.objects[name]) for name in sorted(self.objects))


class _Sink:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.threads: set[int] = set()
        self.closed = False

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> str:
        self.threads.add(threading.get_ident())
        self.stage.on_put(name)
        self.stage.paths.add(stage_path)
        self.stage.objects[name] = stream.read()
        return "UPLOADED"

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.tsv"
    path.write_bytes(FILE)
    return path


def stage_it(
    path: Path,
    stage: Stage,
    cut_bytes: int = 20_000,
    layout: Layout = LAYOUT,
    workers: int | None = None,
    sessions: int | None = None,
    **more: object,
) -> StagedFile:
    more = {"concurrency": concurrency(workers, sessions), **more}
    plan = plan_of_size(cut_bytes, layout)
    return stage_file(path, layout, plan, "@s/t/", stage.open_sink, **more)  # type: ignore[arg-type]


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("compress", "upload"))]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_record_is_staged_once_and_counted(file: Path, workers: int) -> None:
    stage = Stage()
    staged = stage_it(file, stage, workers=workers)
    assert stage.rows == ROWS
    assert stage.paths == {"@s/t/"}
    assert (staged.rows, staged.bytes, staged.bytes_read) == (20_000, len(ROWS), len(FILE))
    assert [part.name for part in staged.parts] == sorted(stage.objects)
    assert sum(part.rows for part in staged.parts) == staged.rows
    assert staged.parts[0].first_line == 2
    assert staged.bytes_sent == sum(map(len, stage.objects.values())) == sum(p.compressed_bytes for p in staged.parts)
    assert not our_threads()


def test_the_content_hash_is_the_same_for_other_cuts_workers_and_packing(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "f.tsv.gz"
    packed.write_bytes(gzip.compress(FILE))
    gzipped = Layout("\t", None, True, ("a", "b"), compression=Compression.GZIP)
    hashes = {
        stage_it(file, Stage(), 9_999, workers=3).content_hash,
        stage_it(file, Stage(), 1 << 20, workers=1).content_hash,
        stage_it(packed, Stage(), 30_000, gzipped).content_hash,
    }
    assert len(hashes) == 1


def test_each_upload_thread_has_a_sink_of_its_own_and_all_are_closed(file: Path) -> None:
    together = threading.Barrier(3, timeout=WAIT_SECONDS)
    first_three = iter(range(3))

    def on_put(name: str) -> None:
        if next(first_three, None) is not None:
            together.wait()  # passes only when three sessions send at the same time

    stage = Stage(on_put)
    stage_it(file, stage, workers=2, sessions=3)
    assert len(stage.sinks) == 3
    assert all(sink.closed and len(sink.threads) == 1 for sink in stage.sinks)


def test_one_part_opens_one_session(file: Path) -> None:
    stage = Stage()
    stage_it(file, stage, 1 << 30, workers=2, sessions=4)
    assert len(stage.sinks) == 1


def test_parts_that_are_there_already_are_not_sent_again(file: Path) -> None:
    stage = Stage()
    first = stage_it(file, stage)
    names = [part.name for part in first.parts]
    sent: list[str] = []
    again = Stage(sent.append)
    second = stage_it(file, again, present=frozenset(names[:3] + names[5:]))
    assert sorted(sent) == names[3:5]
    assert [part.name for part in second.parts] == names
    assert [part.status for part in second.parts[2:5]] == ["PRESENT", "UPLOADED", "UPLOADED"]
    assert (second.rows, second.content_hash) == (first.rows, first.content_hash)
    everything = stage_it(file, Stage(), present=frozenset(names))
    assert (everything.bytes_sent, everything.rows) == (0, first.rows)


def test_progress_ends_with_the_size_of_the_file(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "f.tsv.gz"
    packed.write_bytes(gzip.compress(FILE))
    for path, compression in ((file, Compression.NONE), (packed, Compression.GZIP)):
        told: list[tuple[str, int, int, str]] = []
        layout = Layout("\t", None, True, ("a", "b"), compression=compression)
        stage_it(path, Stage(), layout=layout, progress=lambda *step, told=told: told.append(step))
        size = path.stat().st_size
        assert max(told) == ("stage", size, size, "bytes")


class _Counted:
    """Counts the bytes that are read while it is in force; reads in small blocks, so that waiting shows."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.bytes = 0
        before = opening.SourceFile.read

        def read(source: opening.SourceFile) -> bytes:
            block = before(source)
            self.bytes += len(block)
            return block

        patch.setattr(opening, "READ_BYTES", 1_000)
        patch.setattr(opening.SourceFile, "read", read)

    def settled(self) -> int:
        """Return the bytes read once no more are being read."""
        deadline = time.monotonic() + WAIT_SECONDS
        last = -1
        while last != self.bytes and time.monotonic() < deadline:
            last = self.bytes
            time.sleep(0.3)
        return last


class _Slow(ThreadPoolExecutor):
    """Compresses nothing before ``release`` is set."""

    def __init__(self, release: threading.Event) -> None:
        super().__init__(2)
        self._release = release

    def submit(self, function, /, *arguments):  # type: ignore[no-untyped-def]
        return super().submit(lambda: self._release.wait(WAIT_SECONDS) and function(*arguments))


@pytest.mark.parametrize("slow", ["uploads", "compression"])
def test_the_reader_waits_for_what_is_slow(file: Path, slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    if slow == "uploads":
        stage, executor = Stage(lambda name: release.wait(WAIT_SECONDS) and None), ThreadPoolExecutor(2)
    else:
        stage, executor = Stage(), _Slow(release)
    counted = _Counted(monkeypatch)
    with executor, ThreadPoolExecutor(1) as background:
        staging = background.submit(stage_it, file, stage, 4_000, executor=executor, workers=2, sessions=2)
        while not counted.bytes and not staging.done():
            time.sleep(0.01)
        held = 2 + 2 + 1 + 1 if slow == "uploads" else 2 + 1
        assert counted.settled() <= 5_000 * held, "no more is read than workers and sessions can hold"
        release.set()
        staging.result(WAIT_SECONDS)
    assert stage.rows == ROWS


def test_one_part_at_a_time_is_all_that_is_held_where_no_more_is_allowed(file: Path) -> None:
    release = threading.Event()
    stage = Stage(lambda name: release.wait(WAIT_SECONDS) and None)
    compressed: list[Cut] = []

    def compress(cut: Cut) -> Part:
        compressed.append(cut)
        return compress_cut(cut)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as background:
        patch.setattr("snowflake_etl.operations.staging.compress_cut", compress)
        counted = _Counted(patch)
        staging = background.submit(stage_it, file, stage, 4_000, concurrency=Concurrency(1, 1, 1, 1))
        while not compressed and not staging.done():
            time.sleep(0.01)
        counted.settled()
        assert len(compressed) == 1
        release.set()
        staging.result(WAIT_SECONDS)
    assert stage.rows == ROWS


def test_the_first_error_of_a_session_ends_everything_and_is_told_once(file: Path) -> None:
    tried: list[str] = []

    def on_put(name: str) -> None:
        tried.append(name)
        if len(tried) >= 3:
            raise WarehouseError(f"PUT of {name} failed.")

    stage = Stage(on_put)
    with pytest.raises(WarehouseError, match=r"^PUT of part-.* failed\.$"):
        stage_it(file, stage, workers=2, sessions=2)
    assert len(tried) < 8, "the rest was not tried"
    assert all(sink.closed for sink in stage.sinks)
    assert not our_threads()


def test_a_session_that_cannot_be_opened_ends_everything(file: Path) -> None:
    def refuse() -> _Sink:
        raise WarehouseError("No more sessions.")

    with pytest.raises(WarehouseError, match="No more sessions"):
        stage_file(file, LAYOUT, plan_of_size(9_000, LAYOUT), "@s/", refuse, concurrency=concurrency())
    assert not our_threads()


def test_stop_ends_the_staging_early(file: Path) -> None:
    stop = threading.Event()
    stage = Stage(lambda name: stop.set())
    with pytest.raises(Stopped, match="was stopped"):
        stage_it(file, stage, stop=stop, workers=2)
    assert len(stage.objects) < 10
    assert not our_threads()


def test_stop_is_obeyed_while_uploads_hang(file: Path) -> None:
    stop, hang = threading.Event(), threading.Event()
    stage = Stage(lambda name: hang.wait(WAIT_SECONDS) and None)
    with ThreadPoolExecutor(1) as background:
        staging = background.submit(stage_it, file, stage, stop=stop, workers=2)
        stop.set()
        hang.set()
        with pytest.raises(Stopped):
            staging.result(WAIT_SECONDS)


def test_a_damaged_file_ends_the_staging(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv.gz"
    path.write_bytes(gzip.compress(FILE)[:-9_000])
    layout = Layout("\t", None, True, ("a", "b"), compression=Compression.GZIP)
    with pytest.raises(FileError, match="is cut off"):
        stage_it(path, Stage(), layout=layout)
    assert not our_threads()


def test_a_file_that_changes_while_it_is_staged_is_an_error(file: Path) -> None:
    def on_put(name: str) -> None:
        with file.open("ab") as more:
            more.write(b"1\t2\n")

    with pytest.raises(FileError, match="was changed while it was read"):
        stage_it(file, Stage(on_put), workers=1, sessions=1)


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv"
    path.write_bytes(b"a\tb\n")
    with pytest.raises(FileError, match="not a single row"):
        stage_it(path, Stage())


def test_another_executor_can_take_the_threads_place(file: Path) -> None:
    stage = Stage()
    with ProcessPoolExecutor(2) as processes:
        staged = stage_it(file, stage, executor=processes, workers=2)
        assert stage.rows == ROWS
        assert staged.rows == 20_000
        with pytest.raises(WarehouseError):
            stage_it(file, Stage(_fail), executor=processes, workers=2)
        assert processes.submit(int, "7").result(WAIT_SECONDS) == 7, "somebody else's executor is left running"


def _fail(name: str) -> None:
    raise WarehouseError("failed")
