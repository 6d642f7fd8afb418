"""SQL conditions of the configuration (floor 4, pure): one boolean expression, the same in both engines.

What an operator writes is parsed, never pasted.  Only what means the same in DuckDB and in Snowflake is
accepted; anything else (subqueries, other functions, division, mixed types) is refused with advice what to write
instead.  The expression is then generated for each engine, with its own columns and literals.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from snowflake_etl.errors import ConfigError
from snowflake_etl.quality.patterns import check_pattern

if TYPE_CHECKING:
    from sqlglot import exp

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Family(StrEnum):
    """Groups of types whose values may be compared with each other."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    NULL = "NULL"
    OTHER = "another type"


@dataclass(frozen=True)
class Value:
    """An expression in an engine's SQL; ``raw`` is a column as stored, before conversion to its type."""

    sql: str
    family: Family
    raw: str = ""


@dataclass(frozen=True)
class Dialect:
    """How an engine writes columns (by stored name; raises for those that it cannot use), literals and matches."""

    column: Callable[[str], Value]
    text: Callable[[str], str]
    matches: Callable[[str, str], str]
    timestamp_type: str

    def day(self, text: str) -> Value:
        """A DATE literal from ISO text."""
        return Value(f"CAST({self.text(text)} AS DATE)", Family.DATE)


# For examining a condition that no engine will run.
_NO_ENGINE = Dialect(lambda name: Value(name, Family.OTHER, name), ascii, lambda value, pattern: value + pattern, "")


def written(condition: str, dialect: Dialect) -> str:
    """Return the condition in the engine's SQL.  Raise ConfigError for anything not known to mean the same."""
    writer = _Writer(condition, dialect)
    result = writer.write(_parsed(condition))
    if result.family is not Family.BOOLEAN:
        raise writer.refused(f"it is a {result.family}, not true or false")
    return result.sql


def columns_of(condition: str) -> tuple[str, ...]:
    """The stored names of the columns that a condition reads, in order.

    Raise ConfigError when it is not an expression, or contains anything not known to mean the same.
    """
    from sqlglot import exp

    tree = _parsed(condition)
    _Writer(condition, _NO_ENGINE).check(tree)
    return tuple(dict.fromkeys(_column_name(column) for column in tree.find_all(exp.Column, bfs=False)))


def is_day(text: str) -> bool:
    """True for an ISO date."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _parsed(condition: str) -> exp.Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        statements = sqlglot.parse(condition, read="snowflake")
    except SqlglotError:
        raise ConfigError(f"The condition {condition!a} cannot be read as SQL. Write one boolean expression.") from None
    if len(statements) != 1 or statements[0] is None:
        raise ConfigError(f"The condition {condition!a} is not one expression. Write one boolean expression.")
    return statements[0]


def _column_name(column: exp.Expr) -> str:
    identifier = column.this
    name = str(column.name)
    return name if identifier.args.get("quoted") else name.upper()


class _Writer:
    """Writes a parsed condition for one engine, and refuses unknown parts."""

    def __init__(self, condition: str, dialect: Dialect) -> None:
        from sqlglot import exp

        self._condition = condition
        self._dialect = dialect
        self._writers: dict[type[exp.Expr], Callable[[exp.Expr], Value]] = {
            exp.Paren: self._paren,
            exp.And: lambda node: self._logical(node, "AND"),
            exp.Or: lambda node: self._logical(node, "OR"),
            exp.Not: self._not,
            exp.EQ: lambda node: self._comparison(node, "="),
            exp.NEQ: lambda node: self._comparison(node, "<>"),
            exp.GT: lambda node: self._comparison(node, ">"),
            exp.GTE: lambda node: self._comparison(node, ">="),
            exp.LT: lambda node: self._comparison(node, "<"),
            exp.LTE: lambda node: self._comparison(node, "<="),
            exp.Between: self._between,
            exp.In: self._in,
            exp.Is: self._is,
            exp.Like: self._like,
            exp.RegexpLike: self._matches,
            exp.RegexpFullMatch: self._matches,
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: Value("TRUE" if node.this else "FALSE", Family.BOOLEAN),
            exp.Null: lambda _: Value("NULL", Family.NULL),
            exp.Cast: self._cast,
            exp.Neg: self._negative,
            exp.Add: lambda node: self._sum(node, "+"),
            exp.Sub: lambda node: self._sum(node, "-"),
            exp.Mul: self._product,
            exp.Mod: self._remainder,
            exp.Abs: self._absolute,
            exp.Length: self._length,
            exp.Upper: lambda node: self._text_function(node, "UPPER"),
            exp.Lower: lambda node: self._text_function(node, "LOWER"),
            exp.Coalesce: self._coalesce,
        }

    def refused(self, why: str) -> ConfigError:
        return ConfigError(f"The condition {self._condition!a} cannot be used: {why}. Correct the condition.")

    def check(self, tree: exp.Expr) -> None:
        """Raise ConfigError for the first part of an unknown kind, whatever the columns' types."""
        from sqlglot import exp

        for node in tree.walk(bfs=False):
            if type(node) not in self._writers and not isinstance(node, exp.Identifier | exp.DataType):
                self._no(node)

    def write(self, node: exp.Expr) -> Value:
        writer = self._writers.get(type(node))
        return writer(node) if writer else self._no(node)

    def _no(self, node: exp.Expr) -> Value:
        from sqlglot import exp

        text = node.sql(dialect="snowflake", comments=False)
        if isinstance(node, exp.Div):
            raise self.refused(f"{text!a}: what a division by zero is differs; multiply instead (A > 0.5 * B)")
        raise self.refused(
            f"{text!a} is not among what means the same in files and tables (comparisons, AND, OR, NOT, BETWEEN, IN, "
            "LIKE, RLIKE, IS NULL, + - * %, ABS, LENGTH, UPPER, LOWER, COALESCE)"
        )

    def _column(self, node: exp.Expr) -> Value:
        from sqlglot import exp

        if not isinstance(node.this, exp.Identifier) or node.args.get("table"):
            return self._no(node)
        return self._dialect.column(_column_name(node))

    def _boolean(self, node: exp.Expr) -> str:
        value = self.write(node)
        if value.family is not Family.BOOLEAN:
            raise self.refused(f"{node.sql(dialect='snowflake')!a} is a {value.family}, not true or false")
        return value.sql

    def _of(self, node: exp.Expr, family: Family) -> str:
        value = self.write(node)
        if value.family is not family:
            raise self.refused(f"{node.sql(dialect='snowflake')!a} is a {value.family} where a {family} is needed")
        return value.sql

    def _paren(self, node: exp.Expr) -> Value:
        inner = self.write(node.this)
        return Value(f"({inner.sql})", inner.family)

    def _logical(self, node: exp.Expr, word: str) -> Value:
        left, right = self._boolean(node.args["this"]), self._boolean(node.args["expression"])
        return Value(f"({left} {word} {right})", Family.BOOLEAN)

    def _not(self, node: exp.Expr) -> Value:
        return Value(f"(NOT {self._boolean(node.this)})", Family.BOOLEAN)

    def _alike(self, *nodes: exp.Expr) -> list[Value]:
        """Bring the operands into one family; ISO texts next to dates and timestamps are converted."""
        values = [self.write(node) for node in nodes]
        families = {value.family for value in values}
        for family in (Family.DATE, Family.TIMESTAMP):
            if families == {family, Family.TEXT}:
                values = [
                    self._instant(node, family) if value.family is Family.TEXT else value
                    for node, value in zip(nodes, values, strict=True)
                ]
                families = {family}
        if len(families) != 1 or families & {Family.NULL, Family.OTHER}:
            listed = " and ".join(sorted(families)) if len(families) > 1 else f"{families.pop()} values"
            raise self.refused(f"{listed} are compared or combined; both sides have to be of one kind")
        return values

    def _instant(self, node: exp.Expr, family: Family) -> Value:
        from sqlglot import exp

        text = str(node.this)
        if not (isinstance(node, exp.Literal) and is_day(text)):
            raise self.refused(f"{text!a} beside a {family} is no ISO date such as '2024-01-31'")
        kind = "DATE" if family is Family.DATE else self._dialect.timestamp_type
        return Value(f"CAST({self._dialect.text(text)} AS {kind})", family)

    def _comparison(self, node: exp.Expr, sign: str) -> Value:
        left, right = self._alike(node.args["this"], node.args["expression"])
        return Value(f"({left.sql} {sign} {right.sql})", Family.BOOLEAN)

    def _between(self, node: exp.Expr) -> Value:
        if node.args.get("symmetric"):
            return self._no(node)
        value, low, high = self._alike(node.this, node.args["low"], node.args["high"])
        return Value(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", Family.BOOLEAN)

    def _in(self, node: exp.Expr) -> Value:
        if any(node.args.get(what) for what in ("query", "unnest", "field")) or not node.expressions:
            return self._no(node)
        value, *others = self._alike(node.this, *node.expressions)
        return Value(f"({value.sql} IN ({', '.join(other.sql for other in others)}))", Family.BOOLEAN)

    def _is(self, node: exp.Expr) -> Value:
        from sqlglot import exp

        if not isinstance(node.expression, exp.Null):
            return self._no(node)
        value = self.write(node.this)
        return Value(f"({value.raw or value.sql} IS NULL)", Family.BOOLEAN)

    def _like(self, node: exp.Expr) -> Value:
        value = self._of(node.this, Family.TEXT)
        return Value(f"({value} LIKE {self._constant_text(node.expression)})", Family.BOOLEAN)

    def _matches(self, node: exp.Expr) -> Value:
        pattern = node.expression
        if node.args.get("flag") or node.args.get("options"):
            return self._no(node)
        self._constant_text(pattern)
        check_pattern(str(pattern.this))
        return Value(self._dialect.matches(self._of(node.this, Family.TEXT), str(pattern.this)), Family.BOOLEAN)

    def _constant_text(self, node: exp.Expr) -> str:
        from sqlglot import exp

        if not (isinstance(node, exp.Literal) and node.is_string):
            raise self.refused(f"{node.sql(dialect='snowflake')!a} has to be a text in single quotes")
        return self._dialect.text(str(node.this))

    def _literal(self, node: exp.Expr) -> Value:
        text = str(node.this)
        if node.is_string:
            return Value(self._dialect.text(text), Family.TEXT)
        return Value(text, Family.NUMBER) if _NUMBER.fullmatch(text) else self._no(node)

    def _cast(self, node: exp.Expr) -> Value:
        from sqlglot import exp

        is_literal = isinstance(node.this, exp.Literal) and node.this.is_string
        if type(node) is exp.Cast and is_literal and node.to.is_type(exp.DType.DATE) and is_day(str(node.this.this)):
            return self._dialect.day(str(node.this.this))
        return self._no(node)

    def _negative(self, node: exp.Expr) -> Value:
        return Value(f"(-{self._of(node.this, Family.NUMBER)})", Family.NUMBER)

    def _sum(self, node: exp.Expr, sign: str) -> Value:
        """Sums and differences: of numbers, of two dates (in days), of a date and a number of days."""
        left, right = self.write(node.this), self.write(node.expression)
        families = (left.family, right.family)
        if families == (Family.NUMBER, Family.NUMBER) or (families == (Family.DATE, Family.DATE) and sign == "-"):
            family = Family.NUMBER
        elif families == (Family.DATE, Family.NUMBER) and right.sql.isdigit():
            family = Family.DATE
        else:
            raise self.refused(f"{left.family} {sign} {right.family} is not the same everywhere")
        return Value(f"({left.sql} {sign} {right.sql})", family)

    def _product(self, node: exp.Expr) -> Value:
        left, right = self._of(node.this, Family.NUMBER), self._of(node.expression, Family.NUMBER)
        return Value(f"({left} * {right})", Family.NUMBER)

    def _remainder(self, node: exp.Expr) -> Value:
        left, right = self._of(node.this, Family.NUMBER), self._of(node.expression, Family.NUMBER)
        if not right.isdigit() or not int(right):
            raise self.refused(f"the remainder by {right!a} is not by a whole number above 0")
        return Value(f"({left} % {right})", Family.NUMBER)

    def _absolute(self, node: exp.Expr) -> Value:
        return Value(f"ABS({self._of(node.this, Family.NUMBER)})", Family.NUMBER)

    def _length(self, node: exp.Expr) -> Value:
        return Value(f"LENGTH({self._of(node.this, Family.TEXT)})", Family.NUMBER)

    def _text_function(self, node: exp.Expr, name: str) -> Value:
        return Value(f"{name}({self._of(node.this, Family.TEXT)})", Family.TEXT)

    def _coalesce(self, node: exp.Expr) -> Value:
        values = self._alike(node.this, *node.expressions)
        return Value(f"COALESCE({', '.join(value.sql for value in values)})", values[0].family)
