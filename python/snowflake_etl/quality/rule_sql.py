"""Configured rules as SQL conditions for broken rows, for each engine (floor 4, pure).
One definition for both: an engine only says how it writes a column, a literal and a match (``Dialect``).  NULL breaks
no rule except ``not_null``, as in SQL's own CHECK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from snowflake_etl.errors import ConfigError
from snowflake_etl.quality.conditions import Dialect, Family, Value, columns_of, is_day, written
from snowflake_etl.quality.patterns import check_pattern
from snowflake_etl.quality.profile import Bound, NotChecked, Rule, RuleKind
from snowflake_etl.sqltext import ColumnType

# Judged over all rows, not row by row.
OF_THE_WHOLE = frozenset({RuleKind.UNIQUE, RuleKind.ROW_COUNT, RuleKind.FRESHNESS})
_OF_TEXT = frozenset({RuleKind.REGEX, RuleKind.MAX_LENGTH})
_NEEDS_A_TYPE = frozenset({RuleKind.RANGE, RuleKind.ACCEPTED_VALUES, RuleKind.CONDITION, RuleKind.FRESHNESS})


class RuleError(ConfigError):
    """A rule that no engine could judge: names file and position of the rule, what is wrong and the remedy."""


@contextmanager
def naming(rule: Rule) -> Iterator[None]:
    """Make errors about the rule say which one it is and where it is."""
    try:
        yield
    except RuleError:
        raise
    except ConfigError as error:
        named = "" if rule.name == rule.condition else f" ({rule.name})"
        raise RuleError(f"{rule.said_at or 'quality.rules'}{named}: {error}") from None


@dataclass(frozen=True)
class RowRule:
    """A rule that is judged row by row: ``broken`` is SQL that is true for a row that breaks it."""

    number: int
    rule: Rule
    columns: tuple[str, ...]
    broken: str


def row_rules(
    rules: Sequence[Rule], dialect: Dialect, types: Mapping[str, ColumnType]
) -> tuple[tuple[RowRule, ...], tuple[NotChecked, ...]]:
    """The rules that can be judged row by row, each with its number among ``rules``, and what cannot be judged.

    Raise ConfigError for a rule that no engine could judge: an unknown column, an unsuitable type.
    """
    usable, left = [], []
    for number, rule in enumerate(rules):
        with naming(rule):
            columns = rule_columns(rule)
            for name in columns:
                dialect.column(name)
            if rule.kind in _NEEDS_A_TYPE and not all(name in types for name in columns):
                left.append(_without_type(rule))
            elif rule.kind not in OF_THE_WHOLE:
                usable.append(RowRule(number, rule, columns, broken(rule, dialect)))
    return tuple(usable), tuple(left)


def rule_columns(rule: Rule) -> tuple[str, ...]:
    """The stored names of the columns that a rule reads."""
    return columns_of(rule.condition) if rule.kind is RuleKind.CONDITION else rule.columns


def _without_type(rule: Rule) -> NotChecked:
    return NotChecked(
        "rules",
        f"The rule {rule.name!a} was not checked: it needs the types of its columns. Add them to create_table, or "
        "check against the table (--table).",
    )


def broken(rule: Rule, dialect: Dialect) -> str:
    """SQL that is true for a row that breaks the rule.  Raise ConfigError."""
    if rule.kind is RuleKind.CONDITION:
        return f"NOT {written(rule.condition, dialect)}"
    value = dialect.column(rule.columns[0])
    if rule.kind is RuleKind.NOT_NULL:
        return f"{value.raw} IS NULL"
    if rule.kind in _OF_TEXT and value.family is not Family.TEXT:
        raise _unfit(rule, f"{rule.columns[0]} is a {value.family}, and this is asked of texts only")
    if rule.kind is RuleKind.REGEX:
        check_pattern(rule.pattern)
        return f"NOT {dialect.matches(value.sql, rule.pattern)}"
    if rule.kind is RuleKind.MAX_LENGTH:
        return f"LENGTH({value.sql}) > {_number(rule.maximum)}"
    if rule.kind is RuleKind.ACCEPTED_VALUES:
        accepted = ", ".join(_bound(rule, value, each, dialect)[1] for each in rule.values)
        return f"{value.sql} NOT IN ({accepted})"
    return _out_of_range(rule, value, dialect)


def newest_day(rule: Rule, dialect: Dialect) -> str:
    """SQL for the day of the column that a freshness rule is about."""
    with naming(rule):
        value = dialect.column(rule.columns[0])
        if value.family is Family.DATE:
            return value.sql
        if value.family is Family.TIMESTAMP:
            return f"CAST({value.sql} AS DATE)"
        raise _unfit(rule, f"{rule.columns[0]} is a {value.family}, and only a DATE or TIMESTAMP_NTZ tells days")


def typed_value(kind: ColumnType | None, sql: str, raw: str) -> Value:
    """A column of that type (None: unknown, treated as text); ``raw`` is unconverted."""
    if kind is None or kind.is_text:
        return Value(raw, Family.TEXT, raw)
    if kind.is_number or kind.base == "FLOAT":
        return Value(sql, Family.NUMBER, raw)
    families = {"DATE": Family.DATE, "TIMESTAMP_NTZ": Family.TIMESTAMP, "BOOLEAN": Family.BOOLEAN}
    return Value(sql, families.get(kind.base, Family.OTHER), raw)


def _out_of_range(rule: Rule, value: Value, dialect: Dialect) -> str:
    sides = []
    for bound, sign in ((rule.minimum, "<"), (rule.maximum, ">")):
        if bound is not None:
            sql, limit = _bound(rule, value, bound, dialect)
            sides.append(f"{sql} {sign} {limit}")
    return f"({' OR '.join(sides)})"


def _bound(rule: Rule, value: Value, bound: Bound, dialect: Dialect) -> tuple[str, str]:
    """The column and a limit or accepted value, both of the same kind."""
    is_text = isinstance(bound, str)
    if value.family is Family.NUMBER and not is_text:
        return value.sql, _number(bound)
    if value.family is Family.TEXT and is_text:
        return value.sql, dialect.text(str(bound))
    if value.family is Family.DATE and is_text and is_day(str(bound)):
        return value.sql, dialect.day(str(bound)).sql
    if value.family is Family.TIMESTAMP and is_text and is_day(str(bound)):
        # The range includes the whole last day.
        return f"CAST({value.sql} AS DATE)", dialect.day(str(bound)).sql
    if value.family in (Family.DATE, Family.TIMESTAMP):
        raise _unfit(rule, f"{bound!a} is no ISO date such as '2024-01-31'")
    kind = "a text" if is_text else "a number"
    raise _unfit(rule, f"{rule.columns[0]} is {value.family}, and {bound!a} is {kind}")


def _number(bound: Bound | None) -> str:
    """A number as SQL writes it, without an exponent."""
    return format(Decimal(str(bound)), "f")


def _unfit(rule: Rule, why: str) -> ConfigError:
    return ConfigError(f"A rule of the kind {rule.kind} cannot be used so: {why}. Correct the rule.")
