"""Loads that are hit from outside: signals, a lost warehouse, another writer.  Real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desk import ROOT, Desk, days_between, rows_for
from snowflake_etl.warehouse.local.folder import WarehouseFolder

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
LIMIT_SECONDS = 60

pytestmark = pytest.mark.slow


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Poll until the condition holds; a process that ends before is a failure of the test."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def phase_of(job: Path) -> str:
    try:
        return (job / "progress").read_text().split("\t")[0]
    except (FileNotFoundError, IndexError):
        return ""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143)])
def test_a_signal_while_staging_publishes_nothing_and_the_rerun_is_right(
    desk: Desk, job: Path, number: signal.Signals, code: int
) -> None:
    desk.file(NAME, rows_for(JANUARY, 12_000))
    process = desk.process("load", "--config", str(desk.config), "--month", "2024-01", ETL_JOB_DIR=str(job))
    wait_until(lambda: phase_of(job) == "stage", process)
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == code, (out, err)
    result = json.loads((job / "result.json").read_text())
    assert result["exit_code"] == code
    assert number.name in result["message"]
    assert desk.count() == 0
    assert desk.work_tables() == []
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 31 * 12_000


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_during_a_direct_copy_cancels_it_in_the_warehouse_and_says_so(
    desk: Desk, number: signal.Signals, code: int
) -> None:
    """It is waited for, within the transaction: without that ROLLBACK, and the operator, would wait for its end."""
    desk.sections = {"load": {"via": "direct"}}
    desk.file(NAME, rows_for(JANUARY, 40_000))
    copies = (
        "SELECT EXECUTION_STATUS, ERROR_CODE FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        "WHERE STARTSWITH(QUERY_TEXT, ?)"
    )
    target = f'COPY INTO "{desk.database}"."PUBLIC"."T"'
    process = desk.process("load", "--config", str(desk.config), "--month", "2024-01", "--qc", "skip")
    wait_until(lambda: desk.sql(copies, target), process)
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == code, (out, err)
    assert f"Stopped by {number.name}. The running statement was cancelled in the warehouse." in out
    assert "Nothing was published" in out
    ((status, error),) = desk.sql(copies, target)
    assert (status, int(error)) == ("FAILED_WITH_ERROR", 604)
    assert desk.count() == 0


def test_a_signal_that_python_swallows_in_a_destructor_is_not_lost(tmp_path: Path) -> None:
    program = """
import signal, sys, time
from snowflake_etl.cli.common import add_common_flags, run
class Last:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
def command(context):
    Last()
    time.sleep(30)
    return 0
sys.exit(run("x", add_common_flags, command, [], "x"))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "ETL_STATE_DIR": str(tmp_path)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 143, done
    assert "Stopped by SIGTERM" in done.stderr
    assert time.monotonic() - began < 25


def test_the_warehouse_killed_in_the_middle_never_leaves_half_a_month(own_desk: Desk, job: Path) -> None:
    """The embedded warehouse starts again on demand: the load carries on by itself, or ends and is run again."""
    own_desk.file(NAME, rows_for(JANUARY, 12_000))
    config = own_desk.config
    config.write_text(config.read_text().replace('"network_timeout": 20', '"network_timeout": 2'))
    process = own_desk.process("load", "--config", str(config), "--month", "2024-01", ETL_JOB_DIR=str(job))
    wait_until(lambda: phase_of(job) in ("stage", "copy"), process)
    server = json.loads(WarehouseFolder.of_state(own_desk.state).endpoint.read_text())["pid"]
    os.kill(server, signal.SIGKILL)
    out, err = process.communicate(timeout=2 * LIMIT_SECONDS)
    assert process.returncode in (0, 4, 5), (out, err)
    assert "Traceback" not in err
    assert own_desk.load("--month", "2024-01").code == (7 if process.returncode == 0 else 0)
    assert own_desk.count() == 31 * 12_000
    assert own_desk.work_tables() == []


def test_two_loads_of_one_file_at_once_publish_it_once(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY, 1000))
    desk.load("--month", "2024-01", "--dry-run")
    config = str(desk.config)
    processes = [desk.process("load", "--config", config, "--month", "2024-01", "--qc", "skip") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        outputs = list(pool.map(lambda process: process.communicate(timeout=LIMIT_SECONDS), processes))
    assert desk.count() == 31_000, outputs
    codes = sorted(process.returncode for process in processes)
    assert codes[0] == 0, outputs
    assert codes[1] == 7, outputs
    assert [row[2:] for row in desk.ledger()] == [(31_000, "append", "live")]


def test_a_warehouse_that_is_not_there_says_so_and_what_to_check(desk: Desk) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    desk.month("2024-01-01", "2024-01-31")
    document = json.loads(desk.config.read_text())
    document["snowflake"] = {
        "account": "nowhere",
        "user": "u",
        "password": "p",
        "host": "127.0.0.1",
        "port": port,
        "protocol": "http",
        "login_timeout": 2,
    }
    config = desk.folder / "nowhere.json"
    config.write_text(json.dumps(document))
    config.chmod(0o600)
    answer = desk.run("load", "--config", str(config), "--month", "2024-01")
    assert answer.code == 4
    assert "Cannot sign in to nowhere" in answer.out
    # Doctor cannot tell more: nobody is sent in a circle.
    examined = desk.run("doctor", "--config", str(config))
    assert examined.code == 4
    for said in (answer.out, examined.out):
        assert "Check account, user and key in the configuration, and that this host may reach it" in said
        assert "doctor" not in said
    assert "FAILED   way to the account: 127.0.0.1:" in examined.out


def test_the_log_keeps_what_happened_and_only_its_owner_reads_it(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    result = desk.load_json("--month", "2024-01")
    log = desk.state / "snowflake_etl.log"
    assert result["run_id"] in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
