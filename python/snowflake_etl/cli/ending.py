"""What happens once a run's result is known (floor 6): the log's last line.  Nothing here changes an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.errors import ExitCode, Stopped

if TYPE_CHECKING:
    from snowflake_etl.cli.common import Context


def afterwards(context: Context, verb: str, code: ExitCode) -> None:
    """Close the log of a run.  The work is done: whatever fails here is a line of the log."""
    logs = context.__dict__.get("logs")
    if logs is None:
        return
    try:
        logs.end(verb, code)
    except (Exception, KeyboardInterrupt, Stopped) as error:
        LOGGER.debug("The end of the run was cut off", exc_info=error, extra={"file_only": True})
