"""Expressions of the statements that the tools send, turned from sqlglot's trees into functions on rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlglot import exp

Row = tuple[object, ...]


class UnknownShapeError(Exception):
    """A statement that the model does not know; teach it, rather than guess."""


@dataclass(frozen=True)
class Context:
    """What an expression may look at besides its row: binds, the clock, and tables as the statement sees them."""

    binds: tuple[object, ...]
    now: datetime
    view: Callable[[str], Iterable[Row]]


Evaluator = Callable[[Context, Row], Any]
SubqueryReader = Callable[[exp.Select], Callable[[Context], list[Row]]]

_COMPARISONS: Mapping[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}


def unknown(tree: exp.Expr) -> UnknownShapeError:
    return UnknownShapeError(f"{type(tree).__name__}: {tree.sql('snowflake')}")


class Reader:
    """Reads expressions over the columns of one table; ``read_subquery`` reads a SELECT inside."""

    def __init__(self, columns: tuple[str, ...], read_subquery: SubqueryReader) -> None:
        self._columns = {name: position for position, name in enumerate(columns)}
        self._read_subquery = read_subquery

    def condition(self, where: exp.Where | None) -> Evaluator:
        """A WHERE; NULL is not true."""
        if where is None:
            return lambda context, row: True
        inner = self.read(where.this)
        return lambda context, row: inner(context, row) is True

    def position(self, column: exp.Expr) -> int:
        try:
            return self._columns[column.name]
        except KeyError:
            raise UnknownShapeError(f"no column {column.name} among {', '.join(self._columns)}") from None

    def read(self, tree: exp.Expr) -> Evaluator:
        if type(tree) in _COMPARISONS:
            return self._comparison(tree, _COMPARISONS[type(tree)])
        reader = getattr(self, f"_read_{type(tree).__name__.lower()}", None)
        if reader is None:
            raise unknown(tree)
        evaluator: Evaluator = reader(tree)
        return evaluator

    def _comparison(self, tree: exp.Expr, compare: Callable[[Any, Any], bool]) -> Evaluator:
        left, right = self.read(tree.this), self.read(tree.expression)

        def evaluate(context: Context, row: Row) -> bool | None:
            one, other = left(context, row), right(context, row)
            return None if one is None or other is None else compare(one, other)

        return evaluate

    def _read_column(self, tree: exp.Column) -> Evaluator:
        position = self.position(tree)
        return lambda context, row: row[position]

    def _read_placeholder(self, tree: exp.Placeholder) -> Evaluator:
        number = int(tree.name) - 1
        return lambda context, row: context.binds[number]

    def _read_literal(self, tree: exp.Literal) -> Evaluator:
        value = tree.name if tree.is_string else int(tree.name)
        return lambda context, row: value

    def _read_null(self, tree: exp.Null) -> Evaluator:
        return lambda context, row: None

    def _read_paren(self, tree: exp.Paren) -> Evaluator:
        return self.read(tree.this)

    def _read_and(self, tree: exp.And) -> Evaluator:
        left, right = self.read(tree.left), self.read(tree.right)

        def evaluate(context: Context, row: Row) -> bool | None:
            sides = (left(context, row), right(context, row))
            return False if False in sides else None if None in sides else True

        return evaluate

    def _read_or(self, tree: exp.Or) -> Evaluator:
        left, right = self.read(tree.left), self.read(tree.right)

        def evaluate(context: Context, row: Row) -> bool | None:
            sides = (left(context, row), right(context, row))
            return True if True in sides else None if None in sides else False

        return evaluate

    def _read_not(self, tree: exp.Not) -> Evaluator:
        inner = self.read(tree.this)

        def evaluate(context: Context, row: Row) -> bool | None:
            value = inner(context, row)
            return None if value is None else not value

        return evaluate

    def _read_in(self, tree: exp.In) -> Evaluator:
        if tree.args.get("query") or not tree.expressions:
            raise unknown(tree)
        value, choices = self.read(tree.this), [self.read(choice) for choice in tree.expressions]
        return lambda context, row: value(context, row) in [choice(context, row) for choice in choices]

    def _read_exists(self, tree: exp.Exists) -> Evaluator:
        query = self._read_subquery(tree.this)
        return lambda context, row: bool(query(context))

    def _read_currenttimestamp(self, tree: exp.CurrentTimestamp) -> Evaluator:
        return lambda context, row: context.now

    def _read_dateadd(self, tree: exp.DateAdd) -> Evaluator:
        if tree.args["unit"].name.upper() != "SECOND":
            raise unknown(tree)
        start, amount = self.read(tree.this), self.read(tree.expression)
        return lambda context, row: start(context, row) + timedelta(seconds=amount(context, row))

    def _read_cast(self, tree: exp.Cast) -> Evaluator:
        inner, convert = self.read(tree.this), _CONVERSIONS.get(tree.to.sql("snowflake").split("(")[0])
        if convert is None:
            raise unknown(tree)

        def evaluate(context: Context, row: Row) -> object:
            value = inner(context, row)
            return None if value is None else convert(value)

        return evaluate


def _date(value: Any) -> date:
    return value if type(value) is date else date.fromisoformat(value)


def _timestamp(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


_CONVERSIONS: Mapping[str, Callable[[Any], object]] = {
    "DATE": _date,
    "TIMESTAMP_NTZ": _timestamp,
    "TIMESTAMPNTZ": _timestamp,
    "NUMBER": int,
    "DECIMAL": int,
    "VARCHAR": str,
}
