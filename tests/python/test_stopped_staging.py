"""A signal at any step of a staging ends it: nothing waits for ever, and nothing else than the stop is raised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from desk import ROOT

TIMES = 400
SCRIPT = """
import random, signal, sys, time
from pathlib import Path
sys.path[:0] = [{root!r} + "/python", {root!r} + "/tests/python"]
from snowflake_etl.cli import common
from snowflake_etl.errors import Stopped
import test_staging as staging

path = Path({folder!r}, "f.tsv")
path.write_bytes(staging.FILE)
common._stop_on_signals()
signal.signal(signal.SIGALRM, signal.getsignal(signal.SIGTERM))
began = time.monotonic()
for _ in range(5):
    staging.stage_it(path, staging.Stage(), cut_bytes=2_000)
seconds = (time.monotonic() - began) / 5
moments, stopped = random.Random(1), 0
for _ in range({times}):
    stage = staging.Stage()
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-5 + moments.random() * seconds)
        staging.stage_it(path, stage, cut_bytes=2_000)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Stopped:
        stopped += 1
        assert all(sink.closed for sink in stage.sinks), "a session was left open"
print(stopped)
"""


def test_whenever_it_comes(tmp_path: Path) -> None:
    script = SCRIPT.format(root=str(ROOT), folder=str(tmp_path), times=TIMES)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert int(ended.stdout) > TIMES / 10, ended.stdout
