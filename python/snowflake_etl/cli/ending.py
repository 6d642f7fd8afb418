"""What happens once a run's result is known (floor 6): notices, pruning, the log's last line; its exit code stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.cli.told_verbs import TOLD_VERBS
from snowflake_etl.errors import ExitCode, Stopped

if TYPE_CHECKING:
    from snowflake_etl.cli.common import Context


def afterwards(context: Context, verb: str, code: ExitCode) -> None:
    """Send notices of a run and close its log.  The work is done: whatever fails here is only logged."""
    logs = context.__dict__.get("logs")
    if logs is None:
        return
    try:
        if verb in TOLD_VERBS and not getattr(context.arguments, "dry_run", False):
            from snowflake_etl.cli.notices import tell_the_end
            from snowflake_etl.cli.pruned_daily import prune_once_a_day

            tell_the_end(context, verb, code)
            prune_once_a_day(context)
    except (Exception, KeyboardInterrupt, Stopped) as error:
        LOGGER.warning("The notices or the pruning after this run failed (%s); the next run does it.", error)
        LOGGER.debug("After the run", exc_info=error, extra={"file_only": True})
    logs.end(verb, code)
