"""Automatic pruning (floor 6): once a day, by one of the runs that have ended."""

from __future__ import annotations

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.config.once_a_day import once_a_day
from snowflake_etl.progress import no_progress

STAMP = ".pruned"


def prune_once_a_day(context: Context) -> None:
    """Prune with the limits of the configuration that was read, unless somebody did so today or is doing so now."""
    loaded = context.__dict__.get("configuration")
    if loaded is None or not loaded.configuration.logs.prune:
        return
    with once_a_day(context.state_directory / STAMP) as due:
        if due:
            from snowflake_etl.operations.pruning import prune

            result = prune(context.state_directory, loaded.configuration.logs, no_progress)
            LOGGER.info("Pruned: %s", result.message, extra={"file_only": True})
