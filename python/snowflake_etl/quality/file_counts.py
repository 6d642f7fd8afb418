"""What the first scan of a file counts (floor 4): the days alone, or everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from snowflake_etl.quality import file_sql
from snowflake_etl.quality.duck import OutOfSpace
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_relation import FileRelation

# Vectors and aggregates of 2,000 columns do not fit into the default memory limit; those of 500 do.
COLUMNS_OF_A_SCAN = 500


@dataclass(frozen=True)
class Counted:
    """Numbers of the rows that could be read; the mappings are by column number.

    ``filled`` counts values that are not NULL, ``typed`` those that fit the target's type.  ``distinct_keys`` counts
    different hashes of keys, never more than there are keys, by key (see ``file_sql.keys``); None if not counted.
    ``broken`` counts rows that break a rule, ``newest`` holds days, both by the rule's number.
    """

    rows: int
    days: Mapping[date, int] = field(default_factory=dict)
    null_dates: int = 0
    bad_dates: int = 0
    filled: Mapping[int, int] = field(default_factory=dict)
    typed: Mapping[int, int] = field(default_factory=dict)
    longest: Mapping[int, int] = field(default_factory=dict)
    distinct_keys: Mapping[int, int] | None = None
    broken: Mapping[int, int] = field(default_factory=dict)
    newest: Mapping[int, date | None] = field(default_factory=dict)

    def untyped(self, place: int) -> int:
        """Values of the column that do not fit the target's type."""
        return self.filled[place] - self.typed[place] if place in self.typed else 0


def count_days(relation: FileRelation, plan: Plan) -> Counted:
    """Rows per day, as fast as a bare GROUP BY over the file."""
    days: dict[date, int] = {}
    null_dates = bad_dates = undated = 0
    for day, missing, rows in relation.query(lambda source: file_sql.days_statement(plan, source)):
        if day is not None:
            days[day] = days.get(day, 0) + rows
        elif missing is None:
            undated += rows
        elif missing:
            null_dates += rows
        else:
            bad_dates += rows
    return Counted(sum(days.values()) + null_dates + bad_dates + undated, days, null_dates, bad_dates)


def count_all(relation: FileRelation, plan: Plan) -> Counted:
    """Everything, in one scan unless the file is very wide.

    ``distinct_keys`` is None if the keys do not fit into memory and temporary space.
    """
    with_keys = bool(file_sql.keys(plan))
    try:
        return _count_all(relation, plan, with_keys=with_keys)
    except OutOfSpace:
        if not with_keys:
            raise
    return _count_all(relation, plan, with_keys=False)


def _scan(relation: FileRelation, plan: Plan, places: range, *, with_keys: bool) -> list[tuple[str, int, Any]]:
    names = file_sql.profile_statement(plan, "", places, with_keys=with_keys)[1]
    answer = relation.query(lambda source: file_sql.profile_statement(plan, source, places, with_keys=with_keys)[0])
    return [(what, place, value) for (what, place), value in zip(names, answer[0], strict=True)]


def _count_all(relation: FileRelation, plan: Plan, *, with_keys: bool) -> Counted:
    fields: dict[str, dict[int, Any]] = {}
    for first in range(0, len(plan.columns), COLUMNS_OF_A_SCAN):
        places = range(first, min(first + COLUMNS_OF_A_SCAN, len(plan.columns)))
        for what, place, value in _scan(relation, plan, places, with_keys=with_keys):
            fields.setdefault(what, {})[place] = value
    rows = fields["rows"][0]
    filled = fields.get("filled", {})
    days = fields.get("days", {}).get(0) or {}
    dated = filled[plan.place(plan.date)] if plan.date else rows
    return Counted(
        rows=rows,
        days=days,
        null_dates=rows - dated,
        bad_dates=dated - sum(days.values()) if plan.date else 0,
        filled=filled,
        typed=fields.get("typed", {}),
        longest={place: length or 0 for place, length in fields.get("longest", {}).items()},
        distinct_keys=fields["distinct"] if with_keys else None,
        broken=fields.get("broken", {}),
        newest=fields.get("newest", {}),
    )
