"""The embedded warehouse's process: ``python -m snowflake_etl.warehouse.local.server --state-dir DIR`` (floor 3).

Holds the folder's lock as long as it lives, listens on a free port of the loopback interface, shuts
down when it has had no request for ETL_LOCAL_IDLE_SECONDS, and on SIGTERM after writing its data.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from snowflake_etl.warehouse.local.app import Warehouse
from snowflake_etl.warehouse.local.engine import Engine
from snowflake_etl.warehouse.local.folder import HOST, Running, WarehouseFolder, open_lock
from snowflake_etl.warehouse.local.lifecycle import try_lock
from snowflake_etl.warehouse.local.sessions import Services
from snowflake_etl.warehouse.local.staging.stages import StageStore
from snowflake_etl.warehouse.local.staging.tickets import Tickets

IDLE_SECONDS = 1800.0
# How long an open transaction outlives its client's last TCP connection.
DESERTED_SECONDS = 5.0
_SECONDS_BETWEEN_LOOKS = 1.0
_KEEP_ALIVE_SECONDS = 6 * 3600

ALREADY_RUNNING = 3
_LOCK_ATTEMPTS = 50

_log = logging.getLogger("local-warehouse")


def main(arguments: list[str] | None = None) -> int:
    """Serve the warehouse of one state folder until told to stop; 3 when another process serves it."""
    parser = argparse.ArgumentParser(description="Serves the embedded warehouse of one state folder.")
    parser.add_argument("--state-dir", required=True, type=Path)
    folder = WarehouseFolder.of_state(parser.parse_args(arguments).state_dir)
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    folder.create()
    lock = open_lock(folder.lock)
    if not _lock(lock):
        _log.info("another process serves this folder")
        return ALREADY_RUNNING
    serve(folder)
    return 0


def _lock(descriptor: int) -> bool:
    """Take the folder's lock; others hold it for a moment when they check whether it is taken."""
    for _ in range(_LOCK_ATTEMPTS):
        if try_lock(descriptor):
            return True
        time.sleep(0.01)
    return False


def serve(folder: WarehouseFolder) -> None:
    """Open the data, announce the port, serve until stopped, write everything, end."""
    started = time.monotonic()
    os.chdir(folder.root)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # uvicorn stops at the first two and then raises them again: that must not end us before the data is written.
        signal.signal(number, lambda *_: None)
    _empty(folder.incoming)
    _empty(folder.spill)
    secret = folder.ensure_secret()
    # With an explicit protocol, asyncio sends small answers at once instead of 40 ms later.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind((HOST, 0))
    port = listening.getsockname()[1]
    engine = Engine(folder)
    engine.open()
    services = Services(engine, StageStore(folder), Tickets(), f"http://{HOST}:{port}")
    warehouse = Warehouse(folder, services, secret, secrets.token_hex(16))
    running = Running(HOST, port, os.getpid(), warehouse.instance)
    _log.info("listening on port %d after %.2f s", port, time.monotonic() - started)
    try:
        asyncio.run(_answer_until_stopped(warehouse, listening, running))
    finally:
        folder.endpoint.unlink(missing_ok=True)
        warehouse.queries.close()
        for session in warehouse.sessions.all():
            warehouse.sessions.close(session)
        engine.close()
        _log.info("stopped")


async def _answer_until_stopped(warehouse: Warehouse, listening: socket.socket, running: Running) -> None:
    config = uvicorn.Config(
        warehouse.app(),
        http=_watched_protocol(warehouse),
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        ws="none",
    )
    server = uvicorn.Server(config)
    watcher = asyncio.create_task(_watch(warehouse, server, running))
    await server.serve(sockets=[listening])
    watcher.cancel()


async def _watch(warehouse: Warehouse, server: uvicorn.Server, running: Running) -> None:
    """Announce the server once it answers; then watch for abandoned transactions and idleness."""
    while not server.started:
        await asyncio.sleep(0.005)
    warehouse.folder.write_running(running)
    idle_limit = _seconds("ETL_LOCAL_IDLE_SECONDS", IDLE_SECONDS)
    deserted_limit = _seconds("ETL_LOCAL_DESERTED_SECONDS", DESERTED_SECONDS)
    while True:
        await asyncio.sleep(min(_SECONDS_BETWEEN_LOOKS, idle_limit / 4))
        warehouse.queries.stop_overdue()
        warehouse.sessions.roll_back_deserted(deserted_limit)
        if warehouse.queries.running() or any(session.sockets for session in warehouse.sessions.all()):
            continue
        if time.monotonic() - warehouse.last_request > idle_limit:
            _log.info("nobody has asked for %.0f s", idle_limit)
            server.should_exit = True
            return


def _seconds(setting: str, default: float) -> float:
    """A number of seconds from the environment; the default if it is missing or not a number."""
    try:
        return max(float(os.environ.get(setting) or default), 0.1)
    except ValueError:
        _log.warning("%s is no number; taking %.0f", setting, default)
        return default


def _watched_protocol(warehouse: Warehouse) -> type[asyncio.Protocol]:
    class WatchedProtocol(H11Protocol):
        """Tells the sessions when a client's connection ends."""

        def connection_lost(self, exc: Exception | None) -> None:
            client: Any = self.client
            super().connection_lost(exc)
            if client:
                warehouse.sessions.socket_closed((client[0], client[1]))

    return WatchedProtocol


def _empty(folder: Path) -> None:
    """Remove what an earlier process left unfinished."""
    for leftover in folder.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
