#!/usr/bin/env python3
"""A whole load, with the check of the file beside it and without, and where its time goes.

    bench/load.py [--size 1G] [--repeat 1] [--qc skip,file] [--gzip] [--snow PROGRAM] [--unencrypted]

Makes a month's file, loads it with ``python/loader.py`` into an embedded warehouse of its own for each load, and
deletes all.  The driver's client-side encryption is switched on, as against a real account.  The warehouse works on
the same processors: COPY and publish are its share, not ours.  --snow names a `snow` program in an environment of its
own, which brings the same file only as far as the stage.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "bench")]

from big_file import make_month  # noqa: E402
from measuring import in_words, load_average, print_result, print_table, size_in_bytes  # noqa: E402
from one_load import LoadBench, LoadRun, running_warehouse  # noqa: E402
from peers import Snow  # noqa: E402

PHASES = ("prepare", "stage", "copy", "check", "publish", "clean up")


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="etl-bench-", dir=options.temporary) as name:
        folder = Path(name)
        bench = LoadBench(folder)
        _say(f"making {in_words(options.size)} of rows")
        make_month(bench.source, options.size)
        if options.gzip:
            _pack(bench.source)
        runs: dict[str, list[LoadRun]] = {qc: [] for qc in options.qc.split(",")}
        for turn in range(options.repeat):
            for qc, done in runs.items():
                _say(f"turn {turn + 1} of {options.repeat}: --qc {qc}")
                done.append(bench.run(qc=qc, encrypted=not options.unencrypted, packed=options.gzip))
        snow = _snow_seconds(options, bench.source, folder) if options.snow else None
    _show(options, {qc: _median_run(done) for qc, done in runs.items()}, snow)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=size_in_bytes, default=1 << 30, help="bytes of rows (default 1G)")
    parser.add_argument("--repeat", type=int, default=1, help="loads of each kind, in turns; the median one is shown")
    parser.add_argument("--qc", default="skip,file", help="the kinds of load (default skip,file)")
    parser.add_argument("--gzip", action="store_true", help="the file is a .gz; snow gets the plain one")
    parser.add_argument("--snow", type=Path, metavar="PROGRAM", help="measure this `snow stage copy` as well")
    parser.add_argument("--snow-size", type=size_in_bytes, default=128 << 20, help="slice for it, scaled (128M)")
    parser.add_argument("--unencrypted", action="store_true", help="without the driver's encryption")
    parser.add_argument("--temporary", type=Path, help="folder for file and warehouse (default: TMPDIR)")
    return parser.parse_args()


def _pack(plain: Path) -> None:
    with plain.open("rb") as source, gzip.open(f"{plain}.gz", "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _median_run(runs: list[LoadRun]) -> LoadRun:
    middle = statistics.median_low(run.seconds for run in runs)
    return next(run for run in runs if run.seconds == middle)


def _snow_seconds(options: argparse.Namespace, source: Path, folder: Path) -> float:
    """Seconds that the peer takes for the whole file; it only goes as far as the stage."""
    _say("snow stage copy")
    state, part = folder / "state", folder / "slice.tsv"
    state.mkdir()
    with source.open("rb") as whole:
        part.write_bytes(whole.read(min(options.snow_size, options.size)))
    with running_warehouse(state):
        return Snow(options.snow, folder, state).copy(part, "@~/bench/", source.stat().st_size / part.stat().st_size)


def _show(options: argparse.Namespace, runs: dict[str, LoadRun], snow: float | None) -> None:
    totals = {qc: sum(run.phase(name) for name in PHASES) for qc, run in runs.items()}
    head = ("phase", *(column for qc in runs for column in (f"--qc {qc}", "share")))
    lines = []
    for name in PHASES:
        cells = [(run.phase(name), run.phase(name) / totals[qc]) for qc, run in runs.items()]
        lines.append((name, *(text for seconds, share in cells for text in (f"{seconds:.2f} s", f"{share:.0%}"))))
    whole = [(f"{run.seconds:.2f} s", in_words(options.size / run.seconds) + "/s") for run in runs.values()]
    print_table(head, [*lines, ("whole process", *(cell for pair in whole for cell in pair))])
    if snow is not None:
        print(f"snow stage copy --auto-compress, to the stage only: {snow:.2f} s")
    peaks = ", ".join(f"--qc {qc} {run.peak / 1e6:.0f} MB" for qc, run in runs.items())
    print(f"{in_words(options.size)}; peak memory: {peaks}; {load_average()}")
    facts: dict[str, object] = {
        "phases": {qc: {name: round(run.phase(name), 2) for name in PHASES} for qc, run in runs.items()},
        "seconds": {qc: round(run.seconds, 2) for qc, run in runs.items()},
        "processor_seconds": {qc: round(run.processor_seconds, 2) for qc, run in runs.items()},
        "peak_rss_bytes": {qc: run.peak for qc, run in runs.items()},
    }
    if {"skip", "file"} <= runs.keys():
        facts["file_vs_skip"] = round(runs["file"].seconds / runs["skip"].seconds, 2)
        facts["stage_file_vs_skip"] = round(runs["file"].phase("stage") / runs["skip"].phase("stage"), 2)
    if snow is not None:
        facts["snow_seconds"] = round(snow, 2)
        facts["snow_vs_stage"] = {qc: round(snow / run.phase("stage"), 2) for qc, run in runs.items()}
    print_result(bench="load", bytes=options.size, gzip=options.gzip, **facts)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
