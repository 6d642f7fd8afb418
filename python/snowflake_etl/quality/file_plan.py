"""Translates the columns of a file into DuckDB's SQL (floor 4, pure text): the date, the key, types and rules.

Columns are read as text under the names c0, c1, ... so that nothing is guessed and no name needs quoting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snowflake_etl.errors import ConfigError
from snowflake_etl.files.layout import Layout
from snowflake_etl.plural import counted
from snowflake_etl.quality import moments, numbers
from snowflake_etl.quality.conditions import Dialect, Value
from snowflake_etl.quality.formats import day_format, to_strptime
from snowflake_etl.quality.names import stored, text_literal
from snowflake_etl.quality.profile import Expectations, RuleKind
from snowflake_etl.quality.rule_sql import naming, newest_day, row_rules, typed_value
from snowflake_etl.sqltext import ColumnType, nearest_names

LONGEST_TEXT = 16_777_216
# What Snowflake's parser accepts although it is not JSON: such texts are not judged here.
_BEYOND_JSON = r"NaN|Infinity|undefined|[\[,]\s*[\],]"
_HEX = "(?:[0-9A-Fa-f]{2})*"
_TRUE = ("true", "t", "yes", "y", "on", "1")
_FALSE = ("false", "f", "no", "n", "off", "0")


@dataclass(frozen=True)
class Column:
    """One column of the file: its SQL name, its stored name, and the target's type (None: not known)."""

    sql: str
    name: str
    type: ColumnType | None

    @property
    def longest(self) -> int | None:
        """The maximum number of characters in the target, None if there is no limit."""
        return self.type.length if self.type and self.type.is_text and self.type.length < LONGEST_TEXT else None


Key = tuple[Column, ...]


class Plan:
    """The expressions that check ``expectations`` on the columns of ``layout``.

    Raise ConfigError when the date column or a key column is not in the file.
    """

    def __init__(self, layout: Layout, expectations: Expectations) -> None:
        self._known = {*expectations.types, *expectations.columns}
        names = [stored(name, self._known) for name in layout.columns]
        self.columns = tuple(
            Column(f"c{index}", name, expectations.types.get(name)) for index, name in enumerate(names)
        )
        self._expectations = expectations
        self.date = self.find(expectations.date_column, "date column") if expectations.date_column else None
        self.key = tuple(self.find(name, "key column") for name in expectations.key_columns)
        self.dialect = Dialect(self._rule_value, text_literal, _full_match, "TIMESTAMP")
        self.rules, self.rules_left = row_rules(expectations.rules, self.dialect, expectations.types)

    def find(self, name: str, role: str) -> Column:
        """The file's column with that name."""
        wanted = stored(name, self._known)
        for column in self.columns:
            if column.name == wanted:
                return column
        names = [column.name for column in self.columns]
        raise ConfigError(
            f"The {role} {name} is not among the {counted(len(names), 'column')} of the file. "
            f"{nearest_names(wanted, names)}. Correct the name in the configuration, or look at the file's header."
        )

    def place(self, column: Column) -> int:
        """The column's number in the file, from 0."""
        return self.columns.index(column)

    def day(self, column: Column) -> str:
        """The day of the date column as DATE, NULL if it cannot be read."""
        return moments.day(column.sql, to_strptime(self.day_format(column)), column.type)

    def day_format(self, column: Column) -> str | None:
        """The format of the date column's days, None for ISO text."""
        expected = self._expectations
        return day_format(column.type, expected.date_format, expected.timestamp_format)

    def cast(self, column: Column) -> str | None:
        """The value as the target's type, NULL if it does not fit; None if every text fits."""
        kind, value = column.type, column.sql
        if kind is None or kind.is_text:
            return None
        if type_name := numbers.number_type(kind):
            typed = numbers.number(value, type_name)
            # Adding zero turns -0.0 into the equal 0.0.
            return f"({typed} + 0)" if type_name == "DOUBLE" else typed
        if kind.is_date:
            return moments.day(value, to_strptime(self._expectations.date_format))
        if kind.is_timestamp:
            return moments.timestamp(value, to_strptime(self._expectations.timestamp_format), kind)
        if kind.base == "TIME":
            return moments.time(value)
        if kind.base == "BOOLEAN":
            true, false = (", ".join(map(text_literal, words)) for words in (_TRUE, _FALSE))
            return f"CASE WHEN lower({value}) IN ({true}) THEN TRUE WHEN lower({value}) IN ({false}) THEN FALSE END"
        if kind.base in ("VARIANT", "OBJECT", "ARRAY"):
            beyond = f"regexp_matches({value}, {text_literal(_BEYOND_JSON)})"
            return f"CASE WHEN json_valid({value}) OR {beyond} THEN {value} END"
        if kind.base == "BINARY":
            return f"CASE WHEN regexp_full_match({value}, {text_literal(_HEX)}) THEN {value} END"
        return None

    def key_parts(self, key: Key | None = None) -> list[str]:
        """A key (by default the declared one) as it will be in the table: typed, so that 7 and 07 are the same
        number.
        """
        parts = []
        for column in self.key if key is None else key:
            typed = self._key_value(column)
            if typed and column.type and column.type.is_timestamp:
                text = moments.key_text(column.sql, typed, column.type)
            else:
                text = f"CAST({typed} AS VARCHAR)"
            parts.append(f"COALESCE({text}, {column.sql})" if typed else column.sql)
        return parts

    def _key_value(self, column: Column) -> str | None:
        """The value by which a table compares: timestamps with a time zone are equal if their instants are."""
        if column.type and column.type.base in ("TIMESTAMP_TZ", "TIMESTAMP_LTZ"):
            return moments.instant(column.sql, to_strptime(self._expectations.timestamp_format))
        return self.cast(column)

    def key_hash(self, key: Key | None = None) -> str:
        """64 bits of a typed key (by default the declared one).
        Equal keys have equal hashes.  The reverse need not hold (NULLs and values that do not cast are all alike, and
        there are chance collisions), so a difference in the counts requires a look at the keys themselves.
        """
        columns = self.key if key is None else key
        return f"hash({', '.join(self._key_value(column) or column.sql for column in columns)})"

    def key_order(self, parts: Iterable[str], key: Key | None = None) -> list[str]:
        """The sort order of a table for the ``parts`` of a key (see ``key_parts``): numbers by value, all else as
        text.
        """
        columns = self.key if key is None else key
        return [
            numbers.number(part, type_name) if (type_name := numbers.number_type(column.type)) else part
            for part, column in zip(parts, columns, strict=True)
        ]

    def key_complete(self, key: Key | None = None) -> str:
        """SQL that is true if no part of a key (by default the declared one) is NULL."""
        return " AND ".join(f"{column.sql} IS NOT NULL" for column in (self.key if key is None else key))

    @property
    def unique_rules(self) -> dict[int, Key]:
        """The columns of each rule of uniqueness, by the rule's number."""
        found: dict[int, Key] = {}
        for number, rule in enumerate(self._expectations.rules):
            if rule.kind is RuleKind.UNIQUE:
                with naming(rule):
                    found[number] = tuple(self.find(name, "column of a rule,") for name in rule.columns)
        return found

    @property
    def newest_days(self) -> dict[int, str]:
        """The day expressions whose newest value is wanted, by the number of the freshness rule that names the
        column.
        """
        return {
            number: newest_day(rule, self.dialect)
            for number, rule in enumerate(self._expectations.rules)
            if rule.kind is RuleKind.FRESHNESS and rule.columns and rule.columns[0] in self._expectations.types
        }

    def raw(self, names: Iterable[str]) -> list[str]:
        """Columns of a rule as written in the file."""
        return [self.find(name, "column of a rule,").sql for name in names]

    def _rule_value(self, name: str) -> Value:
        column = self.find(name, "column of a rule,")
        return typed_value(column.type, self.cast(column) or column.sql, column.sql)


def _full_match(value: str, pattern: str) -> str:
    """As in Snowflake, a pattern must match the whole value."""
    return f"regexp_full_match({value}, {text_literal(pattern)})"
