"""Tables without a load for a long time (floor 5), by the ledger, which covers all hosts and operators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from snowflake_etl.config.model import Configuration
from snowflake_etl.notify.events import Event
from snowflake_etl.sqltext import object_name
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.signin import Warehouse

VERB = "load"


def silent_tables(
    warehouse: Warehouse, configuration: Configuration, program: str, words: tuple[str, ...], now: datetime
) -> list[Event]:
    """An event for each table of the configuration whose last load is ``notify.silence_days`` old, or missing."""
    days = configuration.notify.silence_days
    events = []
    with warehouse.open("snowflake_etl notify silence") as session:
        objects = WorkObjects.of(session.database, configuration.load)
        known = catalog.describe_table(session, objects.ledger) is not None
        for name in dict.fromkeys(entry.table_name for entry in configuration.files):
            table = object_name(name, session.database, session.schema)
            rows = ledger.live_rows(session, objects, table) if known else []
            last = max((_utc(row.published_at) for row in rows if row.published_at is not None), default=None)
            if last is not None and now - last < timedelta(days=days):
                continue
            numbers = {"silent for more than": f"{days} days"}
            if last is None:
                said = "Nothing was ever loaded into it by this tool."
            else:
                numbers = {"last load": f"{last:%Y-%m-%d %H:%M} UTC", "days since": str((now - last).days)}
                said = f"The last load into it is {(now - last).days} days old; notify.silence_days is {days}."
            step = " ".join((program, "load", "--month", "last", "--table", name, "--dry-run", *words))
            events.append(Event("silence", VERB, name, "", numbers, said, next_step=step))
    return events


def _utc(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
