"""The rows of a table that break the configuration's rules (floor 4): counted in the profile's statement, values
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from snowflake_etl.errors import ConfigError
from snowflake_etl.quality.conditions import Dialect, Value
from snowflake_etl.quality.file_rules import unique_count, values_text
from snowflake_etl.quality.profile import Duplicates, Expectations, RuleCount, RuleKind
from snowflake_etl.quality.rule_sql import RowRule, naming, newest_day, row_rules, typed_value
from snowflake_etl.sqltext import literal, nearest_names, quote

MOST_VALUES = 1_000


class TableRules:
    """The rules of one run over one table: expressions for the profile's statement, and their results.
    Raise ConfigError for a rule that names a missing column, or that no engine could judge.
    """

    def __init__(self, table: str, expectations: Expectations) -> None:
        self._table = table
        self._types = expectations.types
        self._rules = expectations.rules
        dialect = Dialect(self._value, literal, _full_match, "TIMESTAMP_NTZ")
        self._of_rows, self.not_checked = row_rules(self._rules, dialect, self._types)
        self._newest_sql = {
            number: newest_day(rule, dialect)
            for number, rule in enumerate(self._rules)
            if rule.kind is RuleKind.FRESHNESS and rule.columns
        }
        self._broken = dict.fromkeys((rule.number for rule in self._of_rows), 0)
        self._newest: dict[int, date | None] = dict.fromkeys(self._newest_sql)

    @property
    def expressions(self) -> list[str]:
        """What the profile's statement has to select for the rules."""
        counts = [f"COUNT_IF({rule.broken}) AS ETL_RULE_{rule.number}" for rule in self._of_rows]
        return counts + [f"MAX({day}) AS ETL_NEWEST_{number}" for number, day in self._newest_sql.items()]

    def add(self, values: Sequence[int | date | datetime | None]) -> None:
        """Add the result for one group of rows, in the order of ``expressions``."""
        counts, days = values[: len(self._of_rows)], values[len(self._of_rows) :]
        for rule, rows in zip(self._of_rows, counts, strict=True):
            self._broken[rule.number] += int(rows or 0)  # type: ignore[arg-type]
        for number, day in zip(self._newest, days, strict=True):
            newest = day.date() if isinstance(day, datetime) else day
            known = self._newest[number]
            if isinstance(newest, date) and (known is None or newest > known):
                self._newest[number] = newest

    def counts(
        self,
        values_where: Callable[[Sequence[str], str, int], list[tuple[object, ...]]],
        duplicates_of: Callable[[tuple[str, ...]], Duplicates],
    ) -> Iterator[RuleCount]:
        """The result of every rule.
        ``values_where(columns, condition, most)`` returns different values of the columns and their rows, the
        most frequent first; it is called for broken rules only.
        """
        of_rows = {rule.number: rule for rule in self._of_rows}
        for number, rule in enumerate(self._rules):
            if number in of_rows:
                yield self._row_count(of_rows[number], values_where)
            elif rule.kind is RuleKind.UNIQUE:
                with naming(rule):
                    for name in rule.columns:
                        self._value(name)
                yield unique_count(rule, duplicates_of(rule.columns))
            elif number in self._newest:
                yield RuleCount(rule, newest=self._newest[number])

    def _row_count(
        self, rule: RowRule, values_where: Callable[[Sequence[str], str, int], list[tuple[object, ...]]]
    ) -> RuleCount:
        rows = self._broken[rule.number]
        found = values_where(rule.columns, rule.broken, MOST_VALUES + 1) if rows else []
        values = tuple(
            (values_text(tuple(None if one is None else str(one) for one in each[:-1])), int(str(each[-1])))
            for each in found[:MOST_VALUES]
        )
        return RuleCount(rule.rule, rows, values=values, complete=len(found) <= MOST_VALUES)

    def _value(self, name: str) -> Value:
        if name not in self._types:
            raise ConfigError(
                f"A rule names the column {name}, which {self._table} does not have. "
                f"{nearest_names(name, list(self._types))}. Correct the rule."
            )
        return typed_value(self._types[name], quote(name), quote(name))


def _full_match(value: str, pattern: str) -> str:
    """Snowflake's REGEXP_LIKE matches the whole value."""
    return f"REGEXP_LIKE({value}, {literal(pattern)})"
