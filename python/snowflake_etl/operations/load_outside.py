"""Rows outside the days of the files' names (floor 5), which a drop or a replace of the month left in the target.

Neither removes rows outside its days, and loading the same file again would duplicate them.
"""

from __future__ import annotations

from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.sqltext import ObjectName, quote
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.session import Session


def met_by(session: Session, prepared: Prepared, work_table: ObjectName) -> int:
    """Count those with exactly the same times as the work table's rows outside."""
    column, claimed = prepared.target.date_column, prepared.claimed
    if column is None or claimed is None:
        return 0
    name, (condition, binds) = quote(column.name), claimed
    return _left(session, prepared, f"{name} IN (SELECT {name} FROM {work_table.sql} WHERE NOT {condition})", binds)


def unclaimed(session: Session, prepared: Prepared) -> int:
    """Count all rows outside the claimed days."""
    if prepared.claimed is None:
        return 0
    condition, binds = prepared.claimed
    return _left(session, prepared, f"NOT {condition}", binds)


def _left(session: Session, prepared: Prepared, condition: str, binds: list[str]) -> int:
    """Rows of the target on days of no loaded file; none if no file of the month was removed."""
    target = prepared.target
    rows = ledger.all_rows(session, prepared.objects, target.name)
    if not any(row.state != ledger.LIVE and row.month == str(prepared.month) for row in rows):
        return 0
    days = [row.days for row in rows if row.state == ledger.LIVE and row.days]
    loaded = target.condition(days) if days else None
    if loaded is not None:
        condition, binds = f"{condition} AND NOT {loaded[0]}", [*binds, *loaded[1]]
    return catalog.count_rows(session, target.name, condition, binds)
