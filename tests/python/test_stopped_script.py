"""A script that was told to stop ends, whatever thread a library has left waiting."""

from __future__ import annotations

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


@pytest.mark.parametrize("code", [130, 143])
def test_a_waiting_thread_does_not_keep_it(code: int) -> None:
    script = SCRIPT.format(path=str(ROOT / "python"), code=code)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (code, "said before it ends\n"), ended.stderr
