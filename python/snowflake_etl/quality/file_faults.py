"""The exact second look at a file in which the first scan found wrong values (floor 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.quality import file_sql
from snowflake_etl.quality.duck import OutOfSpace
from snowflake_etl.quality.file_counts import Counted
from snowflake_etl.quality.file_plan import Column, Plan
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.formats import ISO
from snowflake_etl.quality.line_look import LineFindings, Suspects
from snowflake_etl.quality.profile import BadValues, Duplicates, Reason, type_text

MOST_BAD_VALUES = 100_000
WORST_KEYS = 1_000
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class ValueList:
    """Different values that the target would reject, by column number and reason; all of them if ``complete``."""

    values: Mapping[tuple[int, Reason], tuple[tuple[str, int], ...]]
    complete: bool = True


def list_bad_values(
    relation: FileRelation,
    plan: Plan,
    counted: Counted,
    more: Sequence[tuple[int, str, str]] = (),
    bucket: str = "TRUE",
) -> ValueList:
    """Ask DuckDB for the values behind ``counted``, and for ``more``; asks nothing if there are none.
    ``more`` is like the conditions of ``file_sql.bad_values_statement``.
    """
    conditions = [*_conditions(plan, counted), *more]
    if not conditions:
        return ValueList({})
    rows = relation.query(lambda source: file_sql.bad_values_statement(conditions, source, MOST_BAD_VALUES, bucket))
    found: dict[tuple[int, Reason], list[tuple[str, int]]] = {}
    for place, reason, value, count in rows[:MOST_BAD_VALUES]:
        found.setdefault((place, Reason(reason)), []).append((value, count))
    return ValueList({key: tuple(values) for key, values in found.items()}, len(rows) <= MOST_BAD_VALUES)


def _conditions(plan: Plan, counted: Counted) -> list[tuple[int, str, str]]:
    conditions = []
    if plan.date and counted.bad_dates:
        column = plan.date
        unread = f"{column.sql} IS NOT NULL AND {plan.day(column)} IS NULL"
        conditions.append((plan.place(column), Reason.DATE.value, unread))
    for place, column in enumerate(plan.columns):
        if counted.untyped(place):
            untyped = f"{column.sql} IS NOT NULL AND {plan.cast(column)} IS NULL"
            conditions.append((place, Reason.TYPE.value, untyped))
        if _too_long(column, place, counted):
            conditions.append((place, Reason.LENGTH.value, f"length({column.sql}) > {column.longest}"))
    return conditions


def _too_long(column: Column, place: int, counted: Counted) -> bool:
    return column.longest is not None and counted.longest.get(place, 0) > column.longest


def suspects_of(plan: Plan, counted: Counted, listed: ValueList, null_values: tuple[str, ...]) -> dict[int, Suspects]:
    """What to watch for in the lines, by column number."""
    watched: dict[int, dict[Reason, frozenset[bytes]]] = {}
    longest: dict[int, int] = {}
    for (place, reason), values in listed.values.items():
        if reason is Reason.LENGTH:
            longest[place] = plan.columns[place].longest or 0
        texts = frozenset(value.encode() for value, _ in values)
        watched.setdefault(place, {})[reason] = texts if reason is not Reason.LENGTH else frozenset()
    nullable = {plan.place(column) for column in plan.key if _has_nulls(counted, plan.place(column))}
    if plan.date and counted.null_dates:
        nullable.add(plan.place(plan.date))
    for place in nullable:
        watched.setdefault(place, {})[Reason.NULL] = frozenset(value.encode() for value in null_values)
    return {place: Suspects(reasons, longest.get(place)) for place, reasons in watched.items()}


def _has_nulls(counted: Counted, place: int) -> bool:
    """Also False if NULLs were not counted."""
    return counted.filled.get(place, counted.rows) < counted.rows


def bad_values(plan: Plan, counted: Counted, listed: ValueList, looked: LineFindings | None) -> tuple[BadValues, ...]:
    """Combine counts, values and lines."""
    return tuple(
        BadValues(
            column=plan.columns[place].name,
            reason=reason,
            rows=_rows(counted, place, reason, values),
            wanted=_wanted(plan, plan.columns[place], reason),
            values=tuple((value[:_SHOWN_CHARACTERS], count) for value, count in values),
            lines=looked.value_lines.get((place, reason)) if looked else None,
            complete=listed.complete,
            examples=looked.examples.get((place, reason), ()) if looked else (),
        )
        for (place, reason), values in sorted(listed.values.items())
    )


def _rows(counted: Counted, place: int, reason: Reason, values: tuple[tuple[str, int], ...]) -> int:
    """All rows with bad values, including those not listed; for lengths only the listed ones are counted."""
    if reason is Reason.DATE:
        return counted.bad_dates
    return counted.untyped(place) if reason is Reason.TYPE else sum(count for _, count in values)


def _wanted(plan: Plan, column: Column, reason: Reason) -> str:
    if reason is Reason.DATE:
        return plan.day_format(column) or ISO
    return type_text(column.type) if column.type else ""


def duplicates(relation: FileRelation, plan: Plan, counted: Counted) -> Duplicates:
    """The exact rows with a duplicate declared key, and the rows with a NULL in it.
    ``searched`` is False if the search does not fit into memory and temporary space.
    """
    null_rows = 0
    if any(_has_nulls(counted, plan.place(column)) for column in plan.key):
        null_rows = relation.query(lambda source: file_sql.null_keys_statement(plan, source))[0][0]
    return repeated_keys(relation, plan, counted, file_sql.DECLARED_KEY, plan.key, null_rows)


def repeated_keys(
    relation: FileRelation, plan: Plan, counted: Counted, number: int, key: tuple[Column, ...], null_rows: int = 0
) -> Duplicates:
    """The same for the key with that number (see ``file_sql.keys``)."""
    names = tuple(column.name for column in key)
    if counted.distinct_keys is None:
        return Duplicates(names, null_rows=null_rows, searched=False)
    if counted.distinct_keys[number] == counted.rows:
        return Duplicates(names, null_rows=null_rows)
    try:
        answer = relation.query(lambda source: file_sql.duplicates_statement(plan, source, WORST_KEYS, key))
    except OutOfSpace:
        return Duplicates(names, null_rows=null_rows, searched=False)
    groups, excess, worst = answer[0]
    return Duplicates(names, groups, excess, worst_keys(worst), null_rows)


def worst_keys(found: list[dict[str, Any]] | None) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The keys of ``file_sql.duplicates_statement``, the worst first, in its order."""
    return tuple((tuple(str(part) for part in each["key"]), int(each["n"])) for each in found or [])
