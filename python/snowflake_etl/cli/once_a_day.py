"""Pruning by itself (floor 6): once a day, by one of the runs that have ended."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.progress import no_progress

STAMP = ".pruned"
_SECONDS = 86_400


def prune_once_a_day(context: Context) -> None:
    """Prune with the limits of the configuration that was read, unless somebody did so today or does so now."""
    loaded = context.__dict__.get("configuration")
    if loaded is None or not loaded.configuration.logs.prune or not _is_due(context.state_directory / STAMP):
        return
    descriptor = os.open(context.state_directory / STAMP, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        from snowflake_etl.operations.pruning import prune

        os.utime(context.state_directory / STAMP)
        result = prune(context.state_directory, loaded.configuration.logs, no_progress)
        LOGGER.info("Pruned: %s", result.message, extra={"file_only": True})
    finally:
        os.close(descriptor)


def _is_due(stamp: Path) -> bool:
    try:
        return time.time() - stamp.stat().st_mtime >= _SECONDS
    except FileNotFoundError:
        return True
