#!/usr/bin/env python3
"""How fast a file comes onto the stage, against the driver's own PUT and against zstd alone, in one run.

    bench/stage.py [--size 1G] [--repeat 5] [--peer-size 128M] [--quoted] [--gzip] [--snow PROGRAM] [--keep FILE]

Makes its own file and its own embedded warehouse in a temporary folder.  All are measured in turns, so that
whatever else the machine does hits all of them; the medians are compared.  Ours runs in a process of its own each
time, whose peak memory is told, too.  With --gzip there is one peer more: gunzip | split | PUT; with --snow, which
names a program in an environment of its own, `snow stage copy --auto-compress`.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "bench")]

from big_file import make_file  # noqa: E402
from measuring import in_words, load_average, print_result, print_table, size_in_bytes  # noqa: E402
from peers import Snow, driver_put, gunzip_split_put  # noqa: E402

STAGE = "ETL_BENCH_STAGE"


def main() -> int:
    options = _options()
    if options.child:
        return _stage_once(options)
    with tempfile.TemporaryDirectory(prefix="etl-bench-", dir=options.temporary) as folder:
        return _measure(options, Path(folder))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=size_in_bytes, default=1 << 30, help="bytes of rows (default 1G)")
    parser.add_argument("--repeat", type=int, default=5, help="turns; medians are compared (default 5)")
    parser.add_argument("--peer-size", type=size_in_bytes, default=128 << 20, help="slice for the driver's PUT (128M)")
    parser.add_argument("--quoted", action="store_true", help="comma-delimited with quoted fields")
    parser.add_argument("--gzip", action="store_true", help="the file is a .gz; PUT and zstd get the plain one")
    parser.add_argument(
        "--pipe-size", type=size_in_bytes, default=256 << 20, help="slice for gunzip | split | PUT (256M)"
    )
    parser.add_argument("--snow", type=Path, metavar="PROGRAM", help="measure this `snow stage copy` as well")
    parser.add_argument("--workers", type=int, help="compressing threads (default: processors)")
    parser.add_argument("--sessions", type=int, help="uploading sessions (default: 2 to 4)")
    parser.add_argument("--keep", type=Path, help="use this plain file, make it if it is not there, and keep it")
    parser.add_argument("--temporary", type=Path, help="folder for file and warehouse (default: TMPDIR)")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(options: argparse.Namespace, folder: Path) -> int:
    os.environ["ETL_STATE_DIR"] = str(folder / "state")
    plain = options.keep or folder / ("rows.csv" if options.quoted else "rows.tsv")
    if not plain.exists():
        _say(f"making {in_words(options.size)} of rows")
        make_file(plain, options.size, quoted=options.quoted)
    size = plain.stat().st_size
    source = _gzipped(plain, folder) if options.gzip else plain
    peer = _slice(plain, folder, min(options.peer_size, size))
    peer_scale = size / peer.stat().st_size
    others: dict[str, list[float]] = {}
    zstd, zstd_name = _zstd(plain)
    local = _Warehouse(folder / "state")
    try:
        local.session.execute(f"CREATE STAGE IF NOT EXISTS {STAGE}")
        measures = _other_peers(options, plain, peer, folder, local)
        ours: list[dict[str, Any]] = []
        puts: list[float] = []
        zstds: list[tuple[float, float]] = []
        for number in range(options.repeat):
            _say(f"turn {number + 1} of {options.repeat}")
            ours.append(_stage_in_child(source, number, options))
            zstds.append(_processor_seconds_of(zstd))
            puts.append(driver_put(local.connection, peer, f"@{STAGE}/peer-{number}/") * peer_scale)
            for name, measure in measures.items():
                others.setdefault(name, []).append(measure(f"@{STAGE}/other-{number}/"))
            local.session.execute(f"REMOVE @{STAGE}/")
    finally:
        local.stop()
    seconds = statistics.median(one["seconds"] for one in ours)
    put, compressing = statistics.median(puts), statistics.median(one for one, _ in zstds)
    busy = statistics.median(one["processor_seconds"] for one in ours)
    busy_zstd = statistics.median(one for _, one in zstds)
    peak = max(one["peak_rss_bytes"] for one in ours)
    print_table(
        ("what", "seconds", "input per second", "times ours"),
        [
            _line("staging: cut, hash, compress, PUT", seconds, size, seconds),
            _line(f"the driver's own PUT{_scaled(peer_scale, size)}", put, size, seconds),
            *(_line(name, statistics.median(those), size, seconds) for name, those in others.items()),
            _line(zstd_name, compressing, size, seconds),
        ],
    )
    last = ours[-1]
    turns = ", ".join(f"{one['seconds']:.2f}" for one in ours)
    print(
        f"{last['parts']} parts, {in_words(last['sent'])} sent of {in_words(size)}; {last['rows']} rows; "
        f"peak memory {in_words(peak)}; seconds of each turn: {turns}; "
        f"zstd: {', '.join(f'{one:.2f}' for one, _ in zstds)}"
    )
    print(f"processor seconds: {busy:.2f} (without the warehouse's), zstd {busy_zstd:.2f}; {load_average()}")
    print_result(
        bench="stage",
        bytes=size,
        vs_connector_put=round(put / seconds, 2),
        vs_zstd=round(seconds / compressing, 2),
        **{f"vs_{name.split()[0]}": round(statistics.median(those) / seconds, 2) for name, those in others.items()},
        seconds=round(seconds, 3),
        processor_seconds=round(busy, 2),
        zstd_processor_seconds=round(busy_zstd, 2),
        peak_rss_bytes=peak,
        parts=last["parts"],
        quoted=options.quoted,
        gzip=options.gzip,
        repeat=options.repeat,
    )
    return 0


def _other_peers(
    options: argparse.Namespace, plain: Path, peer: Path, folder: Path, local: _Warehouse
) -> dict[str, Callable[[str], float]]:
    """The requested peers: functions from a location on the stage to the seconds for the whole file."""
    size = plain.stat().st_size
    found: dict[str, Callable[[str], float]] = {}
    if options.gzip:
        piped = _gzipped(_slice(plain, folder, min(options.pipe_size, size), "piped"), folder)
        scale = size / min(options.pipe_size, size)
        found[f"gunzip | split | PUT{_scaled(scale, size)}"] = lambda location: (
            gunzip_split_put(local.connection, piped, location, folder / "pieces") * scale
        )
    if options.snow:
        snow = Snow(options.snow, folder, folder / "state")
        scale = size / peer.stat().st_size
        found[f"snow stage copy --auto-compress{_scaled(scale, size)}"] = lambda location: snow.copy(
            peer, location, scale
        )
    return found


def _scaled(scale: float, size: int) -> str:
    return f" (measured on {in_words(size / scale)}, scaled)" if scale > 1 else ""


def _line(what: str, seconds: float, size: int, ours: float) -> tuple[str, str, str, str]:
    return what, f"{seconds:.2f}", f"{in_words(size / seconds)}/s", f"{seconds / ours:.2f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Warehouse:
    """The embedded warehouse in the benchmark's own state folder, and one session with it."""

    def __init__(self, state_directory: Path) -> None:
        self.state_directory = state_directory
        self.session = open_session(state_directory)

    @property
    def connection(self) -> Any:
        """The driver's own connection: the driver is a peer itself, so the benchmark bypasses Session."""
        return self.session._connection

    def stop(self) -> None:
        from snowflake_etl.warehouse.local.lifecycle import stop

        self.session.close()
        stop(self.state_directory)


def open_session(state_directory: Path) -> Any:
    from snowflake_etl.config.model import LoadSection, SnowflakeSection
    from snowflake_etl.warehouse.signin import Warehouse

    return Warehouse(SnowflakeSection(), LoadSection(), state_directory).open("bench")


def _stage_in_child(source: Path, number: int, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", str(source), "--number", str(number)]
    for flag, value in (("--workers", options.workers), ("--sessions", options.sessions)):
        command += [flag, str(value)] if value else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _stage_once(options: argparse.Namespace) -> int:
    """The child's work: everything that a load does between finding a file and COPY."""
    from snowflake_etl.files.detect import read_layout
    from snowflake_etl.files.layout import LayoutWishes
    from snowflake_etl.files.plan import plan_cuts
    from snowflake_etl.operations.memory import concurrency
    from snowflake_etl.operations.staging import stage_file
    from snowflake_etl.warehouse.stage import StageWriter

    state_directory = Path(os.environ["ETL_STATE_DIR"])
    open_session(state_directory).close()
    started = resource.getrusage(resource.RUSAGE_SELF)
    before = time.perf_counter()
    layout = read_layout(options.child, LayoutWishes())
    staged = stage_file(
        options.child,
        layout,
        plan_cuts(options.child, layout),
        f"@{STAGE}/ours-{options.number}/",
        lambda: StageWriter(open_session(state_directory)),
        concurrency=concurrency(options.workers, options.sessions),
    )
    seconds = time.perf_counter() - before
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print_result(
        seconds=seconds,
        rows=staged.rows,
        parts=len(staged.parts),
        sent=staged.bytes_sent,
        peak_rss_bytes=usage.ru_maxrss * 1024,
        processor_seconds=usage.ru_utime + usage.ru_stime - started.ru_utime - started.ru_stime,
    )
    return 0


def _gzipped(plain: Path, folder: Path) -> Path:
    _say("packing it with gzip")
    packed = folder / f"{plain.name}.gz"
    with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return packed


def _slice(plain: Path, folder: Path, size: int, name: str = "peer") -> Path:
    path = folder / f"{name}-{plain.name}"
    with plain.open("rb") as source, path.open("wb") as target:
        while size > 0 and (block := source.read(min(size, 1 << 20))):
            target.write(block)
            size -= len(block)
    return path


def _processor_seconds_of(run: Callable[[], float]) -> tuple[float, float]:
    """Return the seconds that ``run`` reports and the processor seconds that it took here and in its children."""
    before = os.times()
    seconds = run()
    after = os.times()
    return seconds, sum(after[:4]) - sum(before[:4])


def _zstd(plain: Path) -> tuple[Callable[[], float], str]:
    """The program if there is one, else the library's own threads; neither writes to disk."""
    program = shutil.which("zstd")
    if program:

        def run() -> float:
            before = time.perf_counter()
            subprocess.run([program, "-1", "-T0", "-q", "-c", "--", str(plain)], check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - before

        return run, "zstd -1 -T0 alone"

    def run_library() -> float:
        import zstandard

        before = time.perf_counter()
        compressor = zstandard.ZstdCompressor(level=1, threads=-1)
        with plain.open("rb") as source:
            compressor.copy_stream(source, cast(BinaryIO, _Nowhere()), size=plain.stat().st_size)
        return time.perf_counter() - before

    return run_library, "zstd level 1, all threads, alone (library; there is no zstd program)"


class _Nowhere(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


if __name__ == "__main__":
    sys.exit(main())
