"""Other ways to bring a file onto the stage: the driver's PUT, gunzip and split before it, and ``snow stage copy``.
All use the benchmark's embedded warehouse, as ours does.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

PIECE = "100M"
_SNOW_CONNECTION = "bench"


def driver_put(connection: Any, source: Path, location: str) -> float:
    """Seconds for the driver's own way: gzip and PUT of a plain file, or of all that ``source`` matches."""
    before = time.perf_counter()
    rows = connection.cursor().execute(f"PUT 'file://{source}' '{location}' AUTO_COMPRESS=TRUE").fetchall()
    seconds = time.perf_counter() - before
    if any(row[6] != "UPLOADED" for row in rows):
        raise SystemExit(f"PUT of {source} did not upload everything: {rows}")
    return seconds


def gunzip_split_put(connection: Any, packed: Path, location: str, folder: Path) -> float:
    """Seconds for ``gunzip | split | PUT``: pieces of whole lines in ``folder``, removed afterwards."""
    folder.mkdir()
    before = time.perf_counter()
    with subprocess.Popen(["gunzip", "-c", "--", str(packed)], stdout=subprocess.PIPE) as unpacking:
        subprocess.run(
            ["split", "-C", PIECE, "-d", "-", str(folder / "piece-")],
            stdin=unpacking.stdout,
            check=True,
        )
    if unpacking.returncode:
        raise SystemExit(f"gunzip of {packed} failed with exit code {unpacking.returncode}")
    put = driver_put(connection, folder / "piece-*", location)
    seconds = time.perf_counter() - before
    for piece in folder.iterdir():
        piece.unlink()
    folder.rmdir()
    return max(seconds, put)


class Snow:
    """Snowflake's command line tool, as ``program`` in its own environment; it signs in as the driver does."""

    def __init__(self, program: Path, folder: Path, state_directory: Path) -> None:
        from snowflake_etl.warehouse.local.lifecycle import ensure_running

        self._program = program
        self._home = folder / "snow"
        self._home.mkdir(mode=0o700)
        endpoint = ensure_running(state_directory)
        facts = {
            "account": "local",
            "protocol": "http",
            "host": endpoint.host,
            "user": endpoint.user,
            "password": endpoint.secret,
            "database": "DEMO",
            "schema": "PUBLIC",
        }
        lines = [f'{name} = "{value}"' for name, value in facts.items()]
        descriptor = os.open(self._home / "connections.toml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join([f"[{_SNOW_CONNECTION}]", *lines, f"port = {endpoint.port}", ""]))
        self._tiny = folder / "tiny.tsv"
        self._tiny.write_text("a\n")

    def copy(self, source: Path, location: str, scale: float) -> float:
        """Seconds for ``snow stage copy --auto-compress`` for ``scale`` times ``source``; its startup counts only
        once.
        """
        starting = self._seconds(self._tiny, f"{location}tiny/")
        return starting + (self._seconds(source, location) - starting) * scale

    def _seconds(self, source: Path, location: str) -> float:
        command = [str(self._program), "stage", "copy", str(source), location, "--auto-compress"]
        before = time.perf_counter()
        done = subprocess.run(
            [*command, "--connection", _SNOW_CONNECTION],
            env={**os.environ, "SNOWFLAKE_HOME": str(self._home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or "UPLOADED" not in done.stdout:
            raise SystemExit(f"{self._program} failed with exit code {done.returncode}: {done.stdout}{done.stderr}")
        return time.perf_counter() - before
