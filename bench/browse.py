"""Measures the file browser: reading, looking, sorting and filtering a folder of many entries, and its start.

    python bench/browse.py [--entries 100000,1000000] [--repeat 3] [--starts 5] [--directory DIR]

It makes its own folder of empty files, on /dev/shm where there is one, and removes it.  "scan" reads the names, as the
browser does before it shows them; "look" is that with sizes and dates.  Both stand beside a bare os.scandir loop of the
same run.  "pause" is the longest time that another thread waited for the processor while all that went on, beside the
same of an idle process.  "start" is from the command to the first picture on a terminal.  The last line is JSON.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from measuring import load_average, print_result, print_table
from snowflake_etl.files.listing import Listing, View

ROOT = Path(__file__).resolve().parents[1]
_SHARED_MEMORY = Path("/dev/shm")
_PICTURE = "belongs to"


def make_entries(folder: Path, count: int) -> None:
    """Make empty files, named like months and carriers."""
    for number in range(count):
        name = f"flights_{number % 997:03d}_{20000101 + number}.tsv"
        os.close(os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600))


def bare(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for _ in entries:
            pass


def drain(steps: Iterator[int]) -> None:
    for _ in steps:
        pass


def seconds(work: Callable[[], object], repeat: int) -> float:
    """The median time of several runs, in seconds."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def longest_pause(work: Callable[[], object]) -> float:
    """The longest time that a thread which wants to run every 2 ms had to wait during ``work``."""
    longest, over = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        while not over.is_set():
            before = time.perf_counter()
            time.sleep(0.002)
            longest = max(longest, time.perf_counter() - before)

    ticking = threading.Thread(target=tick)
    ticking.start()
    work()
    over.set()
    ticking.join()
    return longest


def everything(folder: Path) -> None:
    listing = Listing(folder)
    drain(listing.read())
    listing.matching(listing.ordered(View()), "99")
    drain(listing.look())
    listing.ordered(View(by="size"))


def measure(folder: Path, count: int, repeat: int) -> dict[str, float]:
    """Seconds for each kind of work on a folder of ``count`` entries."""
    listing = Listing(folder)
    drain(listing.read())
    looked = Listing(folder)
    drain(looked.read())
    drain(looked.look())
    order = listing.ordered(View())
    assert len(order) == count
    reading = seconds(lambda: drain(Listing(folder).read()), repeat)

    def read_and_look() -> None:
        again = Listing(folder)
        drain(again.read())
        drain(again.look())

    return {
        "bare": seconds(lambda: bare(folder), repeat),
        "scan": reading,
        "look": seconds(read_and_look, repeat),
        "sort": seconds(lambda: listing.ordered(View()), repeat),
        "by_size": seconds(lambda: looked.ordered(View(by="size")), repeat),
        "filter": seconds(lambda: listing.matching(order, "_99"), repeat),
        "pause": longest_pause(lambda: everything(folder)),
    }


def start(words: list[str], until: str, starts: int, state: Path) -> float:
    """Seconds from the command to a text on its terminal, the median of several."""
    times = []
    for _ in range(starts):
        command = [sys.executable, str(ROOT / "bench" / "first_paint.py"), "--until", until, *words]
        environment = {**os.environ, "ETL_STATE_DIR": str(state), "TERM": "xterm"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        times.append(int(done.stdout) / 1e6)
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", default="100000,1000000", help="how many, several with commas between them")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--starts", type=int, default=5, help="how often it is started (0: not at all)")
    parser.add_argument("--directory", type=Path, default=_SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None)
    arguments = parser.parse_args()
    print(load_average())
    facts: dict[str, object] = {}
    rows = []
    for count in map(int, arguments.entries.split(",")):
        with tempfile.TemporaryDirectory(dir=arguments.directory) as folder:
            make_entries(Path(folder), count)
            found = measure(Path(folder), count, arguments.repeat)
        rates = {name: count / time for name, time in found.items() if name != "pause"}
        rows += [
            [f"{count:,} {name}", f"{found[name]:.3f} s", f"{rate:,.0f}", f"{found[name] / found['bare']:.1f}"]
            for name, rate in rates.items()
        ]
        rows.append([f"{count:,} longest pause", f"{found['pause'] * 1000:.0f} ms", "-", "-"])
        facts[str(count)] = {
            **{f"{name}_per_second": round(rate) for name, rate in rates.items()},
            "scan_vs_bare": round(found["scan"] / found["bare"], 2),
            "look_vs_bare": round(found["look"] / found["bare"], 2),
            "pause_ms": round(found["pause"] * 1000, 1),
        }
    print_table(["entries, work", "median", "entries/s", "x bare scandir"], rows)
    idle = longest_pause(lambda: time.sleep(1))
    if arguments.starts:
        with tempfile.TemporaryDirectory() as state:
            words = [sys.executable, str(ROOT / "python" / "file_browser.py"), "--base-path", state]
            browser = start(words, _PICTURE, arguments.starts, Path(state))
            code = f"import textual.app; print({_PICTURE!r})"
            alone = start([sys.executable, "-c", code], _PICTURE, arguments.starts, Path(state))
        print(
            f"start: {browser * 1000:.0f} ms to the first picture; importing Textual alone takes {alone * 1000:.0f} ms"
        )
        facts |= {"start_ms": round(browser * 1000), "start_vs_textual": round(browser / alone, 2)}
    print(f"the longest pause of an idle process in this run: {idle * 1000:.0f} ms")
    print_result(bench="browse", idle_pause_ms=round(idle * 1000, 1), **facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
