"""The target of a load (floor 5): its columns, how the files' columns map to them, and what it contains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import FileError, UsageError, WarehouseError
from snowflake_etl.files.layout import Layout
from snowflake_etl.month import DayRange
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.situation import Situation
from snowflake_etl.quality.formats import to_snowflake
from snowflake_etl.sqltext import ObjectName, day_bounds_of_any, fold, object_name
from snowflake_etl.warehouse import catalog, ledger, table_kind
from snowflake_etl.warehouse.catalog import Column, Table
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session


@dataclass(frozen=True)
class Target:
    """The table to load into and its date column; ``date_format`` applies if that is a text column.
    ``exists`` is false only in plans, for a table that the load itself would create.
    """

    table: Table
    date_column: Column | None
    date_format: str
    exists: bool = True

    @property
    def name(self) -> ObjectName:
        return self.table.name

    def condition(self, ranges: Sequence[DayRange]) -> tuple[str, list[str]] | None:
        """SQL and binds that select the rows of some days; None if the table has no days."""
        if self.date_column is None:
            return None
        return day_bounds_of_any(self.date_column.name, self.date_column.type, ranges, self.date_format)


def resolve_target(session: Session, entry: FileSection, *, may_create: bool) -> Target:
    """Describe the table; create it from the configured columns if that is our task.

    Raise WarehouseError, with the statement to run, when the table is missing, and Refused when the name stands
    for a view or for a kind of table that cannot be loaded into.
    """
    name = object_name(entry.table_name, session.database, session.schema)
    present = catalog.describe_table(session, name)
    if present is not None:
        table_kind.refuse_unloadable(session, name)
    table = present or _create(session, name, entry, may_create)
    column = table.column(fold(entry.date_column)) if entry.date_column else None
    exists = present is not None or may_create
    return Target(table, column, to_snowflake(entry.date_format) or "YYYYMMDD", exists)


def _create(session: Session, name: ObjectName, entry: FileSection, may_create: bool) -> Table:
    columns = [(fold(column), declared) for column, declared in entry.create_table.items()]
    if not columns:
        raise WarehouseError(
            f"There is no table {name}, or your role may not see it. Create it, or grant SELECT on it to your role."
        )
    statement = catalog.create_table_statement(name, columns)
    if not session.manages_own_objects:
        raise WarehouseError(
            f"There is no table {name}, or your role may not see it. To create it, its owner runs:\n{statement};"
        )
    if may_create:
        # Loads of several months may get here at the same time.
        session.ensure(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
        created = catalog.describe_table(session, name)
        if created is None:
            raise WarehouseError(f"{name} is not there after CREATE TABLE. Look at it with: local sql 'SHOW TABLES'.")
        return created
    return catalog.planned_table(name, columns)


def loaded_columns(table: Table, entry: FileSection, layout: Layout, file: str) -> tuple[str, ...]:
    """The stored names of the file's columns in the file's order: those that COPY and INSERT name.

    They come from the header, else from the configuration, else from the table.  Raise FileError, which lists
    them, when columns are missing, unknown or named twice.
    """
    wanted = entry.columns or tuple(column.name for column in table.columns)
    names = tuple(_stored_name(name, wanted) for name in layout.columns) or wanted
    repeated = sorted({name for name in names if names.count(name) > 1})
    extra = [name for name in names if name not in wanted]
    missing = [name for name in wanted if name not in names]
    complaints = [
        f"{what}: {', '.join(columns)}"
        for what, columns in (("named twice", repeated), ("not expected", extra), ("missing", missing))
        if columns
    ]
    if complaints:
        nothing_known = layout.header and set(names) == set(extra)
        no_header = " If its first line is a row, write 'header': false in the configuration." if nothing_known else ""
        raise FileError(
            f"The columns of {file} do not fit {table.name}: {'; '.join(complaints)}. "
            f"Correct the file, or expected_columns in the configuration.{no_header}"
        )
    for name in names:
        table.column(name)
    return names


def _stored_name(name: str, wanted: Sequence[str]) -> str:
    """The stored form of a header's name: as it is if the table has it exactly so, else folded as in SQL."""
    if name in wanted:
        return name
    try:
        return fold(name)
    except UsageError:
        return name


def claimed_days(planned: PlannedLoad) -> tuple[DayRange, ...]:
    """The days that the files' names claim, neighbours joined."""
    joined: list[DayRange] = []
    for days in sorted(file.days for file in planned.files):
        if joined and joined[-1].after == days.first:
            joined[-1] = DayRange(joined[-1].first, days.last)
        else:
            joined.append(days)
    return tuple(joined)


def live_rows_of(session: Session, objects: WorkObjects, target: Target, planned: PlannedLoad) -> list[LedgerRow]:
    """The ledger's live rows of the month (of the whole table if it has no days)."""
    return of_planned_month(live_rows_of_table(session, objects, target), target, planned)


def live_rows_of_table(session: Session, objects: WorkObjects, target: Target) -> list[LedgerRow]:
    """The ledger's live rows of the table, whatever their month."""
    if catalog.describe_table(session, objects.ledger) is None:
        return []
    return ledger.live_rows(session, objects, target.name)


def of_planned_month(rows: Sequence[LedgerRow], target: Target, planned: PlannedLoad) -> list[LedgerRow]:
    """Those of the load's month, or all if the table has no days."""
    return ledger.rows_of_month(rows, planned.month if target.date_column else None)


def situation_of(session: Session, target: Target, planned: PlannedLoad, live: Sequence[LedgerRow]) -> Situation:
    """Count what the target contains now."""
    claimed = claimed_days(planned) if target.date_column else ()
    return Situation(
        table=str(target.name),
        month=planned.month if target.date_column else None,
        claimed=claimed,
        rows_in_claimed=_count(session, target, claimed),
        rows_in_month=_count(session, target, (planned.month.days(),)),
        live=tuple(live),
        policies=tuple(catalog.policies_on(session, target.name)) if target.exists else (),
    )


def _count(session: Session, target: Target, ranges: Sequence[DayRange]) -> int:
    if not target.exists:
        return 0
    condition, binds = target.condition(ranges) or ("", [])
    return catalog.count_rows(session, target.name, condition, binds)
