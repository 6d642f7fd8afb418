"""``load --if-missing`` (floor 6): safe to start every hour, even by hand and by cron at the same time."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.scheduled import nothing_to_do
from snowflake_etl.config.places import today
from snowflake_etl.history.schedule_record import ScheduleRecords
from snowflake_etl.operations.load_plan import NoMonths, plan_months
from snowflake_etl.operations.missing_loads import SETTLE_MINUTES, missing_loads

if TYPE_CHECKING:
    from snowflake_etl.cli.load_orders import Order
    from snowflake_etl.results import LoadResult

_AT_WORK = "A load of the same table is running in another process on this host: nothing was started."


def load_if_missing(
    context: Context, run_all: Callable[[Context, Sequence[Order]], list[LoadResult]]
) -> list[LoadResult] | None:
    """Load what is not in the ledger yet; None if there was nothing to do, which is reported in one line."""
    from snowflake_etl.cli.load_orders import Order

    with contextlib.ExitStack() as locks:
        for name in _locks(context):
            if not locks.enter_context(ScheduleRecords(context.state_directory).alone(name)):
                nothing_to_do(context, _AT_WORK)
                return None
        arguments, loaded = context.arguments, context.configuration
        table, folder = arguments.table, arguments.base_path
        try:
            planned = plan_months(loaded, arguments.month, today(), folder, table, go_on=True)
        except NoMonths as none_yet:
            nothing_to_do(context, f"{str(none_yet).partition('. ')[0]}. Nothing to do yet.")
            return None
        settle = SETTLE_MINUTES if arguments.settle is None else arguments.settle
        missing = missing_loads(context.warehouse, loaded.configuration, planned, time.time(), settle)
        if not missing.to_run:
            nothing_to_do(context, missing.reason)
            return None
        if missing.reason and not arguments.quiet:
            context.say(f"{missing.reason}.")
        return run_all(context, [Order(context, load) for load in missing.to_run])


def _locks(context: Context) -> list[str]:
    """One lock for each table of a target, so that ``--month last`` and ``--month 2024-01`` never run at the same
    time.
    """
    arguments, loaded = context.arguments, context.configuration
    tables = dict.fromkeys(entry.table_name.upper() for entry in loaded.configuration.files)
    wanted = [name for name in tables if arguments.table in (None, "") or name == arguments.table.upper()]
    section = loaded.configuration.snowflake
    place = (section.target, section.database or "", section.schema_ or "")
    return sorted({_lock_name(*place, table) for table in wanted})


def _lock_name(*facts: str) -> str:
    return f".load-{hashlib.sha256(chr(0).join(facts).encode()).hexdigest()[:32]}"
