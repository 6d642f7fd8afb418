"""Counts a table or work table in the warehouse, for ``checks`` to judge (floor 4).

One statement counts rows, days and columns, a second the keys; others follow only if these found
something.  All of it is Snowflake's SQL, sent through any object with a ``query`` method.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange
from snowflake_etl.quality.formats import DIGITS, day_format, fixed_width, to_snowflake, to_strptime
from snowflake_etl.quality.profile import (
    BadValues,
    ColumnProfile,
    Duplicates,
    Expectations,
    NotChecked,
    Profile,
    Reason,
    RuleCount,
    Scope,
)
from snowflake_etl.quality.table_rules import TableRules
from snowflake_etl.sqltext import ColumnType, ObjectName, day_bounds, fold, literal, nearest_names, quote, sorts_by_day

WORST_KEYS = 1_000
MOST_BAD_VALUES = 100_000


class Queries(Protocol):
    """What the engine needs from a session: run a statement with ``?`` binds and return its rows."""

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...


def profile_table(
    session: Queries,
    table: ObjectName,
    expectations: Expectations,
    *,
    days: DayRange | None = None,
    scope: Scope = Scope.ALL,
) -> Profile:
    """Count ``table``; ``expectations.types`` holds its columns' types by stored name (see ``describe_table``).

    ``days`` restricts to rows of these days.  Raise UsageError for a column that the table does not have, and
    whatever the session raises.
    """
    return _TableCount(session, table, expectations, days).profile(scope)


def days_condition(
    session: Queries, table: ObjectName, expectations: Expectations, days: DayRange | None
) -> tuple[str, list[str]]:
    """The condition, with its binds, with which ``profile_table`` selects the rows of ``days``; "" for all."""
    return _TableCount(session, table, expectations, days).condition


class _TableCount:
    """One run over one table."""

    def __init__(self, session: Queries, table: ObjectName, expectations: Expectations, days: DayRange | None) -> None:
        self._session = session
        self._table = table
        self._expectations = expectations
        self._types = dict(expectations.types)
        self._date = self._column(expectations.date_column) if expectations.date_column else None
        self._key = tuple(self._column(name) for name in expectations.key_columns)
        self._where, self._binds = self._filter(days)
        self._rules = TableRules(str(table), expectations)

    @property
    def condition(self) -> tuple[str, list[str]]:
        return self._where.removeprefix(" WHERE "), self._binds

    def profile(self, scope: Scope) -> Profile:
        columns = list(self._types) if scope is Scope.ALL else []
        rows_per_day: dict[date, int] = {}
        rows = null_dates = bad_dates = null_keys = 0
        nulls, longest = dict.fromkeys(columns, 0), dict.fromkeys(columns, 0)
        for day, missing, count, no_key, *values in self._session.query(self._days_statement(columns), self._binds):
            rows += count
            null_keys += no_key
            if day is not None:
                rows_per_day[_as_date(day)] = count
            elif missing:
                null_dates += count
            else:
                bad_dates += count
            of_columns = values[: 2 * len(columns)]
            self._rules.add(values[len(of_columns) :])
            for name, filled, length in zip(columns, of_columns[::2], of_columns[1::2], strict=True):
                nulls[name] += count - filled
                longest[name] = max(longest[name], length or 0)
        bad = [self._unread_dates()] if bad_dates and self._date else []
        is_whole = scope is Scope.ALL
        days_only = NotChecked("values", "Only the days were asked for.")
        return Profile(
            engine="snowflake",
            subject=str(self._table),
            columns=tuple(self._types),
            rows=rows,
            rows_per_day=dict(sorted(rows_per_day.items())) if self._date else None,
            null_dates=null_dates if self._date else 0,
            column_profiles=tuple(self._column_profile(name, nulls[name], longest[name]) for name in columns),
            bad_values=tuple(bad),
            duplicates=self._duplicates(rows, self._key, null_keys) if is_whole and self._key else None,
            rules=self._rule_counts(rows),
            not_checked=(*(() if is_whole else (days_only,)), *self._rules.not_checked),
        )

    def _rule_counts(self, rows: int) -> tuple[RuleCount, ...]:
        def values_where(columns: Sequence[str], condition: str, most: int) -> list[tuple[Any, ...]]:
            names = ", ".join(f"TO_VARCHAR({quote(name)})" for name in columns)
            places = ", ".join(str(place + 1) for place in range(len(columns)))
            return self._session.query(
                f"SELECT {names}, COUNT(*) AS ETL_ROWS FROM {self._table.sql}{self._and(condition)} "
                f"GROUP BY {places} ORDER BY ETL_ROWS DESC, {places} LIMIT {most}",
                self._binds,
            )

        return tuple(self._rules.counts(values_where, lambda key: self._duplicates(rows, key, 0)))

    def _column_profile(self, name: str, nulls: int, longest: int) -> ColumnProfile:
        return ColumnProfile(name, nulls, longest if self._types[name].is_text else None)

    def _column(self, name: str) -> str:
        stored = name if name in self._types else fold(name)
        if stored not in self._types:
            raise UsageError(
                f"Table {self._table} has no column {stored}. {nearest_names(stored, list(self._types))}. "
                "Correct date_column or duplicate_key_columns in the configuration."
            )
        return stored

    def _filter(self, days: DayRange | None) -> tuple[str, list[str]]:
        if days is None:
            return "", []
        if self._date is None:
            raise UsageError(f"Table {self._table} has no date column, so no days can be chosen. Set date_column.")
        kind = self._types[self._date]
        text_format = to_snowflake(self._day_format(self._date)) or DIGITS
        if (kind.is_text and not sorts_by_day(text_format)) or (kind.is_number and text_format.upper() != DIGITS):
            # Such texts do not sort like their days: each has to be parsed.
            day = self._day(self._date)
            condition = f"{day} >= CAST(? AS DATE) AND {day} < CAST(? AS DATE)"
            return f" WHERE {condition}", [days.first.isoformat(), days.after.isoformat()]
        condition, binds = day_bounds(self._date, kind, days, text_format)
        return f" WHERE {condition}", binds

    def _and(self, condition: str) -> str:
        return f"{self._where} AND ({condition})" if self._where else f" WHERE {condition}"

    def _day(self, column: str) -> str:
        """The row's day; NULL if a text or number is not a date in the format."""
        kind, name = self._types[column], quote(column)
        if kind.is_date:
            return name
        if kind.is_timestamp:
            return f"TO_DATE({name})"
        return self._day_of_text(kind, name, column)

    def _day_of_text(self, kind: ColumnType, name: str, column: str) -> str:
        if not (kind.is_text or kind.is_number):
            raise UsageError(
                f"Column {column} is of type {kind.base}, which holds no days. Choose another date_column."
            )
        text = f"TO_VARCHAR({name})" if kind.is_number else name
        wanted = to_snowflake(self._day_format(column)) or DIGITS
        parsed = f"TRY_TO_DATE({text}, {literal(wanted)})"
        if " " in wanted:
            # Days may be padded: Apr  1 2024.
            text = f"REGEXP_REPLACE({text}, ' +', ' ')"
        width = fixed_width(to_strptime(wanted) or "")
        return f"IFF(LENGTH({text}) = {width}, {parsed}, NULL)" if width else parsed

    def _day_format(self, column: str) -> str | None:
        return day_format(self._types[column], self._expectations.date_format, None)

    def _days_statement(self, columns: Sequence[str]) -> str:
        day = self._day(self._date) if self._date else "CAST(NULL AS DATE)"
        missing = f"{quote(self._date)} IS NULL" if self._date else "TRUE"
        counts = "".join(
            f", COUNT({quote(name)}) AS ETL_FILLED_{place}, {self._longest(name)} AS ETL_LONGEST_{place}"
            for place, name in enumerate(columns)
        )
        counts += "".join(f", {expression}" for expression in self._rules.expressions)
        no_key = " OR ".join(f"{quote(name)} IS NULL" for name in self._key) or "FALSE"
        return (
            f"SELECT {day} AS ETL_DAY, {missing} AS ETL_MISSING, COUNT(*) AS ETL_ROWS, "
            f"COUNT_IF({no_key}) AS ETL_NO_KEY{counts} "
            f"FROM {self._table.sql}{self._where} GROUP BY 1, 2"
        )

    def _longest(self, name: str) -> str:
        return f"MAX(LENGTH({quote(name)}))" if self._types[name].is_text else "0"

    def _unread_dates(self) -> BadValues:
        column = self._date or ""
        name = quote(column)
        condition = self._and(f"{name} IS NOT NULL AND {self._day(column)} IS NULL")
        rows = self._session.query(
            f"SELECT TO_VARCHAR({name}) AS ETL_VALUE, COUNT(*) AS ETL_ROWS FROM {self._table.sql}{condition} "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_BAD_VALUES + 1}",
            self._binds,
        )
        values = tuple((str(value), int(count)) for value, count in rows[:MOST_BAD_VALUES])
        total = sum(count for _, count in values)
        return BadValues(
            column, Reason.DATE, total, self._day_format(column) or DIGITS, values, None, len(rows) <= MOST_BAD_VALUES
        )

    def _duplicates(self, rows: int, key: tuple[str, ...], null_keys: int) -> Duplicates:
        """One statement: the worst keys, each with the totals over all."""
        if not rows:
            return Duplicates(key)
        names = ", ".join(quote(name) for name in key)
        complete = " AND ".join(f"{quote(name)} IS NOT NULL" for name in key)
        found = self._session.query(
            f"SELECT {names}, COUNT(*) AS ETL_ROWS, COUNT(*) OVER () AS ETL_KEYS, SUM(COUNT(*)) OVER () AS ETL_ALL "
            f"FROM {self._table.sql}{self._and(complete)} GROUP BY {names} HAVING COUNT(*) > 1 "
            f"ORDER BY ETL_ROWS DESC, {names} LIMIT {WORST_KEYS}",
            self._binds,
        )
        groups, total = (int(found[0][-2]), int(found[0][-1])) if found else (0, 0)
        worst = tuple((tuple(_key_text(part) for part in row[:-3]), int(row[-3])) for row in found)
        return Duplicates(key, groups, total - groups, worst, null_keys)


def _as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _key_text(value: object) -> str:
    """Format a value as the same value in a file would be."""
    if isinstance(value, datetime) and value.microsecond and value.tzinfo is None:
        return str(value).rstrip("0")
    if isinstance(value, float):
        return str(value + 0.0)  # -0.0 is 0.0
    return str(value).lower() if isinstance(value, bool) else str(value)
