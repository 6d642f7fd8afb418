"""A signal stops the program whatever a library makes of it, and waits where it would leave half a thread."""

from __future__ import annotations

import subprocess
import sys

import pytest

from desk import ROOT

BEGIN = """
import gc, os, signal, sys, threading, time
sys.path.insert(0, {path!r})
from snowflake_etl import stop_signals
from snowflake_etl.cli import common
from snowflake_etl.errors import Stopped, WarehouseError
from snowflake_etl.warehouse import session
from snowflake.connector.errors import OperationalError

def hit():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.1)

common._stop_on_signals()
try:
"""
END = """
except Stopped as stopped:
    print(int(stopped.exit_code), stopped)
"""
CASES = {
    "made an error of its own": """
    with session._translated("local"):
        try:
            hit()
        except BaseException as error:
            raise OperationalError(f"Failed to open arrow stream: {error}") from None
""",
    "swallowed": """
    try:
        hit()
    except BaseException:
        pass
    stop_signals.check()
""",
    "raised where nobody can catch it": """
    class Last:
        def __del__(self):
            hit()
    Last()
    time.sleep(5)
""",
    "raised there by the driver's own handler": """
    class Last:
        def __del__(self):
            raise KeyboardInterrupt
    Last()
    time.sleep(5)
""",
    "held back": """
    seen = []
    try:
        with stop_signals.held_back():
            hit()
            seen.append("the whole block")
    finally:
        assert seen == ["the whole block"]
""",
}


@pytest.mark.parametrize("case", CASES)
def test_it_stops_all_the_same(case: str) -> None:
    script = BEGIN.format(path=str(ROOT / "python")) + CASES[case] + END
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.stdout, ended.stderr) == ("130 Stopped by SIGINT.\n", "")
