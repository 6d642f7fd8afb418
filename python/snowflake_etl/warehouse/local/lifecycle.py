"""Starts, finds and stops the embedded warehouse's server (floor 3; imports neither DuckDB nor fakesnow).

Its lock and its own answer show whether it runs, never a pid: a reused pid or port, or a file
left by a crash, is not mistaken for it.  However many processes want it at once, only one server starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.errors import ConnectError, Refused
from snowflake_etl.plural import counted
from snowflake_etl.warehouse.local.folder import USER, LocalEndpoint, Running, WarehouseFolder, open_lock

START_SECONDS = 60.0
STOP_SECONDS = 30.0
_HEALTH_SECONDS = 5.0
_SECONDS_BETWEEN_LOOKS = 0.02
_LOG_LINES_SHOWN = 8
_LARGEST_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class LocalStatus:
    """The state of a state folder's embedded warehouse: running or not, and what it contains."""

    running: bool
    folder: str
    port: int = 0
    pid: int = 0
    sessions: int = 0
    queries: int = 0
    idle_seconds: float = 0.0
    bytes_on_disk: int = 0


def ensure_running(state_dir: Path, *, timeout: float = START_SECONDS) -> LocalEndpoint:
    """Return the running server of the state folder, starting it if there is none.

    Raise ConnectError when it does not start within ``timeout`` seconds, with the end of its log.
    """
    folder = WarehouseFolder.of_state(state_dir)
    if endpoint := find_running(folder):
        return endpoint
    folder.create()
    deadline = time.monotonic() + timeout
    with _hold(folder.starting, deadline):
        if endpoint := find_running(folder):
            return endpoint
        return _start(folder, deadline)


def find_running(folder: WarehouseFolder) -> LocalEndpoint | None:
    """The folder's server, if it runs and answers."""
    running, secret = folder.read_running(), folder.read_secret()
    if running is None or not secret or ask_health(running, secret, use=True) is None:
        return None
    return LocalEndpoint(running.host, running.port, USER, secret)


def ask_health(running: Running, secret: str, *, use: bool = False) -> dict[str, Any] | None:
    """What the server says about itself; None unless it proves that it knows the secret and is this instance.

    The secret itself is never sent: another process may have the port by now.  ``use`` announces that
    it is about to be used, so that it does not shut down as idle just then.
    """
    nonce = secrets.token_hex(16)
    connection = http.client.HTTPConnection(running.host, running.port, timeout=_HEALTH_SECONDS)
    try:
        proof = health_proof(secret, "client", nonce)
        connection.request("GET", f"/local/health?nonce={nonce}&proof={proof}&use={int(use)}")
        response = connection.getresponse()
        facts = json.loads(response.read(65536)) if response.status == 200 else {}
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if not isinstance(facts, dict):
        return None
    expected = health_proof(secret, "server", nonce + running.instance)
    same = facts.get("instance") == running.instance and hmac.compare_digest(str(facts.get("proof")), expected)
    return facts if same else None


def health_proof(secret: str, side: str, word: str) -> str:
    """The answer to ``word`` that only somebody who knows the secret can give."""
    return hmac.new(secret.encode(), f"{side}:{word}".encode(), hashlib.sha256).hexdigest()


@contextlib.contextmanager
def _hold(path: Path, deadline: float) -> Iterator[None]:
    """Hold a lock file; the kernel releases it whatever happens."""
    lock = open_lock(path)
    try:
        while not try_lock(lock):
            if time.monotonic() > deadline:
                raise ConnectError(
                    "Another process has been starting the embedded warehouse for too long. "
                    f"Look into {path.with_name('server.log')}."
                )
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        yield
    finally:
        os.close(lock)


def try_lock(descriptor: int) -> bool:
    """Take a lock if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(folder: WarehouseFolder) -> bool:
    """Whether a server process, answering or not, is alive for the folder."""
    try:
        lock = open_lock(folder.lock, create=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not try_lock(lock)
    finally:
        os.close(lock)


def _start(folder: WarehouseFolder, deadline: float) -> LocalEndpoint:
    _wait_for_leaving(folder, deadline)
    folder.endpoint.unlink(missing_ok=True)
    folder.ensure_secret()
    if folder.log.exists() and folder.log.stat().st_size > _LARGEST_LOG_BYTES:
        folder.log.replace(folder.log.with_name("server.log.1"))
    process = _spawn(folder)
    while time.monotonic() < deadline:
        if endpoint := find_running(folder):
            return endpoint
        if process.poll() is not None:
            raise _cannot_start(folder, f"it ended with status {process.returncode}")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    process.terminate()
    raise _cannot_start(folder, "it did not answer in time")


def _wait_for_leaving(folder: WarehouseFolder, deadline: float) -> None:
    """Wait while a server that is just ending (or that another state started) still has the lock."""
    while is_locked(folder):
        if find_running(folder):
            return
        if time.monotonic() > deadline:
            raise _cannot_start(folder, "an earlier one still holds the folder and does not answer")
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _spawn(folder: WarehouseFolder) -> subprocess.Popen[bytes]:
    package_root = str(Path(__file__).resolve().parents[3])
    # fakesnow creates a temporary folder on import and never removes it: the server empties this one.
    environment = {**os.environ, "PYTHONPATH": package_root, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder.spill)}
    environment.pop("ETL_JOB_DIR", None)
    command = [sys.executable, "-m", "snowflake_etl.warehouse.local.server", "--state-dir", str(folder.root.parent)]
    with folder.log.open("ab") as log:
        folder.log.chmod(0o600)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
            close_fds=True,
        )


def _cannot_start(folder: WarehouseFolder, why: str) -> ConnectError:
    try:
        lines = folder.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
    except OSError:
        lines = []
    said = " | ".join(line.strip() for line in lines) or "nothing"
    return ConnectError(f"The embedded warehouse did not start: {why}. Its log {folder.log} says: {said}")


def status(state_dir: Path) -> LocalStatus:
    """The state of the embedded warehouse, without starting it."""
    folder = WarehouseFolder.of_state(state_dir)
    running, secret = folder.read_running(), folder.read_secret()
    size = _bytes_below(folder.root)
    facts = ask_health(running, secret) if running and secret else None
    if running is None or facts is None:
        return LocalStatus(running=False, folder=str(folder.root), bytes_on_disk=size)
    return LocalStatus(
        running=True,
        folder=str(folder.root),
        port=running.port,
        pid=int(facts["pid"]),
        sessions=int(facts["sessions"]),
        queries=int(facts["queries"]),
        idle_seconds=float(facts["idle_seconds"]),
        bytes_on_disk=size,
    )


def _bytes_below(folder: Path) -> int:
    """The size of all files below a folder; some may vanish meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(root) / name).lstat().st_size
    return total


def stop(state_dir: Path, *, timeout: float = STOP_SECONDS) -> bool:
    """Have the server write its data and end; return whether one was running.
    Raise ConnectError when it is still alive after ``timeout`` seconds.
    """
    folder = WarehouseFolder.of_state(state_dir)
    running, secret = folder.read_running(), folder.read_secret()
    facts = ask_health(running, secret) if running and secret else None
    if facts is None:
        if is_locked(folder):
            raise ConnectError(
                f"The embedded warehouse in {folder.root} runs but does not answer. Look into {folder.log}."
            )
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(facts["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while is_locked(folder):
        if time.monotonic() > deadline:
            raise ConnectError(f"The embedded warehouse did not end within {timeout:.0f} s. Look into {folder.log}.")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return True


def reset(state_dir: Path, *, force: bool = False) -> None:
    """Delete all data of the embedded warehouse.

    Raise Refused while somebody is signed in, unless ``force``.
    """
    now = status(state_dir)
    if now.running and now.sessions and not force:
        raise Refused(
            f"The embedded warehouse is in use ({counted(now.sessions, 'session')} signed in), so it was not reset. "
            "Wait until the jobs have ended, or reset it with --force."
        )
    stop(state_dir)
    folder = WarehouseFolder.of_state(state_dir)
    if not folder.root.exists():
        return
    with _hold(folder.starting, time.monotonic() + START_SECONDS):
        for entry in folder.root.iterdir():
            if entry.name in (folder.starting.name, folder.lock.name):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
