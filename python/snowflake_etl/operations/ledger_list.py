"""``ledger list`` (floor 5): what the ledger knows about one table or all."""

from __future__ import annotations

from collections.abc import Collection

from snowflake_etl.config.model import Configuration
from snowflake_etl.operations import refusals
from snowflake_etl.sqltext import object_name
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.signin import Warehouse


def ledger_rows(
    configuration: Configuration, warehouse: Warehouse, table: str | None, months: Collection[str] | None
) -> list[LedgerRow]:
    """Return the rows of ``table`` (None: of all) and of ``months`` as YYYY-MM (None: all), live and former ones.
    There are none if nothing was ever loaded.
    """
    with warehouse.open("snowflake_etl ledger") as session, refusals.explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        if catalog.describe_table(session, objects.ledger) is None:
            return []
        name = object_name(table, session.database, session.schema) if table else None
        rows = ledger.all_rows(session, objects, name)
    return [row for row in rows if months is None or row.month in months]
