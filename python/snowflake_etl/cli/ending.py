"""What happens once a run's result is known (floor 6): notices, the log's last line.  Nothing changes an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.cli.told_verbs import TOLD_VERBS
from snowflake_etl.errors import ExitCode, Stopped

if TYPE_CHECKING:
    from snowflake_etl.cli.common import Context


def afterwards(context: Context, verb: str, code: ExitCode) -> None:
    """Tell of a run and close its log.  The work is done: whatever fails here is a line of the log."""
    logs = context.__dict__.get("logs")
    if logs is None:
        return
    try:
        if verb in TOLD_VERBS and not getattr(context.arguments, "dry_run", False):
            from snowflake_etl.cli.notices import tell_the_end

            tell_the_end(context, verb, code)
    except (Exception, KeyboardInterrupt, Stopped) as error:
        LOGGER.warning("The notices of this run could not be dealt with (%s); what is kept is sent later.", error)
        LOGGER.debug("Notices", exc_info=error, extra={"file_only": True})
    logs.end(verb, code)
