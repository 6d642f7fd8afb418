"""One server a state folder: started once, found, stopped, recovered after a crash, ended when idle."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import ROOT
from local_client import Client, sign_in
from snowflake_etl.errors import ConfigError, ConnectError, Refused
from snowflake_etl.warehouse.local import lifecycle
from snowflake_etl.warehouse.local.folder import Running, WarehouseFolder

START = "from pathlib import Path; import sys; from snowflake_etl.warehouse.local.lifecycle import ensure_running; "


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder of this test alone; whatever serves it is ended afterwards."""
    yield tmp_path
    with contextlib.suppress(ConnectError):
        lifecycle.stop(tmp_path)


def wait_for(what: str, seconds: float, true: object) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def pid_of(state: Path) -> int:
    running = WarehouseFolder.of_state(state).read_running()
    assert running is not None
    return running.pid


def test_many_processes_at_once_start_one_server(state: Path) -> None:
    code = START + f"e = ensure_running(Path({str(state)!r})); print(e.port)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        )
        for _ in range(8)
    ]
    ports = {process.communicate(timeout=90)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(ports) == 1
    log = WarehouseFolder.of_state(state).log.read_text()
    assert log.count("listening on port") == 1


def test_the_client_imports_nothing_heavy(warehouse_state: Path) -> None:
    code = START + (
        f"ensure_running(Path({str(warehouse_state)!r}));"
        "heavy = ('duckdb', 'fakesnow', 'pyarrow', 'sqlglot', 'starlette', 'uvicorn', 'snowflake.connector');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_server_outlives_the_process_that_started_it_and_holds_nothing_of_it(state: Path) -> None:
    code = START + f"ensure_running(Path({str(state)!r})); print('started')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
    )
    assert done.stdout == "started\n", "the pipe was closed: the server does not hold it"
    pid = pid_of(state)
    assert os.getsid(pid) == pid, "it has a session of its own"
    assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")


def test_a_crash_is_recognised_and_committed_data_stays(state: Path) -> None:
    first = Client(sign_in(lifecycle.ensure_running(state), database="D", schema="WORK"), "D")
    first.rows("CREATE TABLE T (A INT)")
    first.rows("CREATE STAGE ETL_STAGE")
    first.rows("INSERT INTO T VALUES (1)")
    first.put("a.zst", b"2\n")
    first.rows("BEGIN")
    first.rows("INSERT INTO T VALUES (99)")
    os.kill(pid_of(state), signal.SIGKILL)
    wait_for("the kernel lets go of the lock", 10, lambda: not lifecycle.is_locked(WarehouseFolder.of_state(state)))
    assert not lifecycle.status(state).running, "a left endpoint file is no running server"
    again = Client(sign_in(lifecycle.ensure_running(state), database="D", schema="WORK"), "D")
    assert again.rows("SELECT A FROM T") == [(1,)]
    assert again.names() == ["etl_stage/in/a.zst"]
    again.connection.close()


def test_sigterm_ends_it_cleanly(state: Path) -> None:
    client = Client(sign_in(lifecycle.ensure_running(state), database="D", schema="WORK"), "D")
    client.rows("CREATE TABLE T AS SELECT 1 AS A")
    folder = WarehouseFolder.of_state(state)
    os.kill(pid_of(state), signal.SIGTERM)
    wait_for("the server ends", 20, lambda: not lifecycle.is_locked(folder))
    assert not folder.endpoint.exists()
    assert not list(folder.data.glob("*.wal")), "everything is in the database files"
    assert "stopped" in folder.log.read_text()


def test_it_leaves_nothing_among_the_temporary_files_of_its_user(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = state / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with contextlib.closing(sign_in(lifecycle.ensure_running(state))) as connection:
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]
    lifecycle.stop(state)
    assert list(temporary.iterdir()) == []


def test_stopping_ends_even_a_long_query(state: Path) -> None:
    client = Client(sign_in(lifecycle.ensure_running(state), database="D", schema="WORK"), "D")
    client.connection.cursor().execute_async("SELECT SYSTEM$WAIT(300)")
    started = time.monotonic()
    assert lifecycle.stop(state)
    assert time.monotonic() - started < 15
    assert not lifecycle.stop(state), "there was nothing to stop any more"


def test_idle_it_ends_by_itself_but_not_under_a_session(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_LOCAL_IDLE_SECONDS", "1")
    endpoint = lifecycle.ensure_running(state)
    client = Client(sign_in(endpoint, database="D", schema="WORK"), "D")
    time.sleep(2.5)
    assert client.one("SELECT 1") == 1, "somebody is signed in"
    client.connection.close()
    wait_for("it ends when idle", 20, lambda: not lifecycle.is_locked(WarehouseFolder.of_state(state)))
    assert lifecycle.ensure_running(state).port


def test_a_foreign_process_on_the_port_is_not_mistaken_for_it(state: Path) -> None:
    asked: list[str] = []

    class Foreign(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"instance": "i" * 32, "proof": "x", "pid": 1}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    foreign = http.server.HTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=foreign.serve_forever, daemon=True).start()
    try:
        folder = WarehouseFolder.of_state(state)
        folder.create()
        secret = folder.ensure_secret()
        folder.write_running(Running("127.0.0.1", foreign.server_port, os.getpid(), "i" * 32))
        assert not lifecycle.status(state).running
        assert not lifecycle.stop(state), "and its pid is not killed"
        endpoint = lifecycle.ensure_running(state)
        assert endpoint.port != foreign.server_port
        assert asked
        assert not any(secret in path for path in asked), "the secret was not shown to it"
    finally:
        foreign.shutdown()
        foreign.server_close()


def test_a_start_that_fails_says_why(state: Path) -> None:
    folder = WarehouseFolder.of_state(state)
    folder.create()
    (folder.data / "BROKEN.db").write_bytes(b"this is no database file at all" * 1000)
    with pytest.raises(ConnectError, match="did not start") as failed:
        lifecycle.ensure_running(state)
    assert "server.log" in str(failed.value)
    assert "\n" not in str(failed.value)
    (folder.data / "BROKEN.db").unlink()
    assert lifecycle.ensure_running(state).port


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="ETL_STATE_DIR"):
        lifecycle.ensure_running(tmp_path / "state")


def test_a_state_folder_with_an_odd_name(tmp_path: Path) -> None:
    state = tmp_path / 'it\'s a "state" [x] $(y)'
    client = Client(sign_in(lifecycle.ensure_running(state), database="D", schema="WORK"), "D")
    try:
        client.rows("CREATE STAGE ETL_STAGE")
        client.rows("CREATE TABLE T (A INT)")
        client.put("a[1].zst", b"1\n")
        assert client.copy()[0]["rows_loaded"] == 1
    finally:
        client.connection.close()
        lifecycle.stop(state)


def test_reset_deletes_everything_but_not_under_a_session(state: Path) -> None:
    endpoint = lifecycle.ensure_running(state)
    client = Client(sign_in(endpoint, database="D", schema="WORK"), "D")
    client.rows("CREATE TABLE T (A INT)")
    with pytest.raises(Refused, match="in use"):
        lifecycle.reset(state)
    assert client.rows("SELECT * FROM T") == []
    client.connection.close()
    lifecycle.reset(state)
    again = lifecycle.ensure_running(state)
    assert again.secret != endpoint.secret
    client = Client(sign_in(again, database="D", schema="WORK"), "D")
    assert client.rows("SHOW TABLES") == []
    lifecycle.reset(state, force=True)
    assert not lifecycle.status(state).running
