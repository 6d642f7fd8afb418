"""A script that is told to stop ends, whatever thread a library left waiting; told too late, it keeps its exit code."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from desk import ROOT

SCRIPT = """
import sys, threading
sys.path.insert(0, {path!r})
from snowflake_etl.cli import main

def interrupted(verb, argv):
    threading.Thread(target=threading.Event().wait, args=(60,)).start()
    print("said before it ends")
    return {code}

main.run_command = interrupted
sys.exit(main.run_script("loader.py"))
"""


@pytest.mark.parametrize("code", [130, 143, 0, 6])
def test_a_waiting_thread_does_not_keep_it(code: int) -> None:
    script = SCRIPT.format(path=str(ROOT / "python"), code=code)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (code, "said before it ends\n"), ended.stderr


TOO_LATE = """
import os, sys
sys.path.insert(0, {path!r})
from snowflake_etl.cli import common, main

class Last:
    def __del__(self, kill=os.kill, me=os.getpid()):
        kill(me, {number})

def done(verb, argv):
    common._stop_on_signals()
    return 6

main.run_command = done
code = main.run_script("loader.py")
{when}
sys.exit(code)
"""


@pytest.mark.parametrize("when", ["os.kill(os.getpid(), {number})", "last = Last()"], ids=["done", "leaving"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_after_its_end_changes_nothing(number: int, when: str) -> None:
    script = TOO_LATE.format(path=str(ROOT / "python"), number=int(number), when=when.format(number=int(number)))
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (6, "")
