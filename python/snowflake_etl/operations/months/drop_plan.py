"""What dropping a month would do (floor 5): the counts, and everything that should make an operator stop and think."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import EtlError, Refused, WarehouseError
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import load_target
from snowflake_etl.operations.load_target import Target
from snowflake_etl.operations.months.month_change import Selected
from snowflake_etl.sqltext import ColumnType, day_part, literal, quote
from snowflake_etl.warehouse import catalog, lease, ledger
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects, ensure_objects
from snowflake_etl.warehouse.session import Session

MUCH_OF_THE_TABLE = 0.20
_MOST_SHAPES = 20


@dataclass(frozen=True)
class Sample:
    """The first rows that would be deleted, as text."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class DropPlan:
    """One month of one table: counts in rows, ``live`` the ledger's rows of the month, warnings for the operator.

    ``partitions`` says how many micro-partitions the DELETE touches, "" if the warehouse does not tell.
    """

    objects: WorkObjects
    target: Target
    month: Month
    selected: Selected
    rows: int
    rows_in_table: int
    days: int
    first_day: str
    last_day: str
    live: tuple[LedgerRow, ...]
    policies: tuple[str, ...]
    warnings: tuple[str, ...]
    sample: Sample = field(default_factory=Sample)
    partitions: str = ""

    @property
    def place(self) -> str:
        return f"{self.target.name} {self.month}"

    @property
    def share(self) -> float:
        return self.rows / self.rows_in_table if self.rows_in_table else 0.0


def plan_drop(
    session: Session, configuration: Configuration, entry: FileSection, month: Month, *, preview: int
) -> DropPlan:
    """Count what a drop would delete; ``preview`` rows of it are read as a sample.
    Raise Refused for a table without months or without rows that may be deleted, WarehouseError for a missing table.
    """
    objects = WorkObjects.of(session.database, configuration.load)
    ensure_objects(session, objects)
    target = existing_target(session, entry)
    column = target.date_column
    if column is None:
        raise Refused(
            f"{target.name} has no date_column in the configuration, so it has no months to drop. Set date_column."
        )
    selected = selected_days(target, [month.days()])
    if column.type.is_text:
        _refuse_mixed_formats(session, target)
    rows, days, first, last = _count(session, target, selected)
    total = catalog.count_rows(session, target.name)
    live = ledger.rows_of_month(ledger.live_rows(session, objects, target.name), month)
    plan = DropPlan(
        objects=objects,
        target=target,
        month=month,
        selected=selected,
        rows=rows,
        rows_in_table=total,
        days=days,
        first_day=first,
        last_day=last,
        live=tuple(live),
        policies=tuple(catalog.policies_on(session, target.name)),
        warnings=(),
        sample=_sample(session, target, selected, preview) if preview else Sample(),
    )
    return _with_warnings(session, plan)


def existing_target(session: Session, entry: FileSection) -> Target:
    """The table of an entry, which must exist.  Raise WarehouseError when it does not, Refused for a view."""
    target = load_target.resolve_target(session, entry, may_create=False)
    if not target.exists:
        raise WarehouseError(f"There is no table {target.name}: nothing of it can be dropped or restored.")
    return target


def selected_days(target: Target, days: Sequence[DayRange]) -> Selected:
    """Select the rows of those days, by a half-open range that fits the column's type."""
    condition, binds = target.condition(days) or ("", [])
    return Selected(condition, tuple(binds))


def day_text(column: str, kind: ColumnType) -> str:
    """SQL for the day that a row's date column names."""
    name = quote(column)
    if kind.base == "TIMESTAMP_TZ":
        return f"CAST(CAST({name} AS TIMESTAMP_NTZ) AS DATE)"
    if kind.is_timestamp:
        return f"CAST({name} AS DATE)"
    return name


def _count(session: Session, target: Target, selected: Selected) -> tuple[int, int, str, str]:
    column = target.date_column
    day = day_text(column.name, column.type) if column else "NULL"
    rows = session.query(
        f"SELECT COUNT(*), COUNT(DISTINCT {day}), MIN({day}), MAX({day}) FROM {target.name.sql}{selected.where}",
        selected.binds,
    )
    count, days, first, last = rows[0]
    return int(count), int(days), str(first or ""), str(last or "")


def _sample(session: Session, target: Target, selected: Selected, rows: int) -> Sample:
    day = quote(target.date_column.name) if target.date_column else "1"
    columns = [column.name for column in target.table.columns]
    names = ", ".join(map(quote, columns))
    found = session.query(
        f"SELECT {names} FROM {target.name.sql}{selected.where} ORDER BY {day} LIMIT {int(rows)}", selected.binds
    )
    return Sample(tuple(columns), tuple(tuple("" if value is None else str(value) for value in row) for row in found))


def _refuse_mixed_formats(session: Session, target: Target) -> None:
    """Text is compared as text: a date in another format would end up in the wrong month or in none."""
    column = target.date_column
    if column is None:
        return
    name, wanted = quote(column.name), day_part(target.date_format)
    like = re.sub(r"[YMD]", "9", wanted)
    # Other formats first: after many variants of times they would not be seen.
    shapes = session.query(
        "SELECT ETL_SHAPE, ETL_IS_DATE, COUNT(*) AS ETL_ROWS FROM ("
        f"SELECT REGEXP_REPLACE({name}, '[0-9]', '9') AS ETL_SHAPE, "
        f"TRY_TO_DATE(LEFT({name}, {len(wanted)}), {literal(wanted)}) IS NOT NULL AS ETL_IS_DATE "
        f"FROM {target.name.sql} WHERE {name} IS NOT NULL) GROUP BY ETL_SHAPE, ETL_IS_DATE "
        f"ORDER BY CASE WHEN ETL_IS_DATE AND LEFT(ETL_SHAPE, {len(wanted)}) = {literal(like)} THEN 1 ELSE 0 END, "
        f"ETL_ROWS DESC LIMIT {_MOST_SHAPES}"
    )
    if all(is_date and str(shape).startswith(like) for shape, is_date, _ in shapes):
        return
    counts = ", ".join(
        f"{str(shape)!a} {int(count):,} rows{'' if is_date or not str(shape).startswith(like) else ' that are no days'}"
        for shape, is_date, count in shapes
    )
    raise Refused(
        f"{target.name} writes the days of {column.name} in several formats, or in another one than {wanted} "
        f"({counts}), so that its months cannot be told apart safely. Bring them all into {wanted} first, or store the "
        "column as DATE."
    )


def _with_warnings(session: Session, plan: DropPlan) -> DropPlan:
    now = lease.now(session)
    open_loads = [row for row in lease.rows_of(session, plan.objects, plan.target.name) if row.expires_at > now]
    unknown = plan.rows - sum(row.row_count for row in plan.live)
    unclaimed = _rows_on_unclaimed_days(session, plan)
    touched = _partitions(session, plan)
    warnings = [
        f"{', '.join(plan.policies)} on the table: a role that does not see all rows counts and keeps the wrong ones."
        if plan.policies
        else "",
        f"{plan.share:.0%} of the table's rows are in this month." if plan.share > MUCH_OF_THE_TABLE else "",
        f"The month is not in the ledger: its {plan.rows:,} rows were not loaded by this tool, or were never adopted."
        if plan.rows and not plan.live
        else "",
        f"The ledger knows {sum(row.row_count for row in plan.live):,} rows of the month, the table has {plan.rows:,}"
        + (": the others are in other months and stay, or were removed by other means." if unknown < 0 else ".")
        if plan.live and unknown
        else "",
        f"{unclaimed:,} rows are on days that no loaded file claims." if plan.live and unclaimed else "",
        *(
            f"{row.taken_by} on {row.host} is loading into the table right now (run {row.run_id})."
            for row in open_loads
        ),
        *(f"{name} will see the deletes." for name in catalog.dependents_of(session, plan.target.name)),
        f"The deletes touch all {touched[1]:,} micro-partitions of the table: it is not clustered by its days."
        if touched and touched[0] >= touched[1]
        else "",
    ]
    told = f"{touched[0]:,} of {touched[1]:,} ({touched[0] / touched[1]:.0%}) are touched" if touched else ""
    return replace(plan, warnings=tuple(filter(None, warnings)), partitions=told)


def _rows_on_unclaimed_days(session: Session, plan: DropPlan) -> int:
    claimed = [row.days for row in plan.live if row.days]
    if not claimed:
        return 0
    inside = selected_days(plan.target, claimed)
    both = f"({plan.selected.condition}) AND ({inside.condition})"
    return plan.rows - catalog.count_rows(session, plan.target.name, both, [*plan.selected.binds, *inside.binds])


def _partitions(session: Session, plan: DropPlan) -> tuple[int, int] | None:
    """How many micro-partitions the DELETE touches, and of how many; None if the warehouse does not tell."""
    try:
        rows = session.query(
            f"EXPLAIN USING JSON SELECT * FROM {plan.target.name.sql}{plan.selected.where}", plan.selected.binds
        )
        stats: dict[str, Any] = json.loads(str(rows[0][0]))["GlobalStats"]
        touched, total = int(stats["partitionsAssigned"]), int(stats["partitionsTotal"])
    except (EtlError, ValueError, KeyError, IndexError, TypeError):
        return None
    return (touched, total) if total else None
