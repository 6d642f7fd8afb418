"""Makes INSERT and UPDATE refuse texts that are too long for their column, as Snowflake does (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local.sql.columns_view import LONGEST_TEXT
from snowflake_etl.warehouse.local.sql.duck_text import quoted
from snowflake_etl.warehouse.local.sql.table_types import TableColumn, table_columns
from snowflake_etl.warehouse.local.sql_errors import mark
from snowflake_etl.warehouse.local.staging.names import complete

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session


def fit_values(statement: Expr, session: Session) -> Expr:
    """The DuckDB statement with a check around each value that goes into a VARCHAR(n)."""
    if isinstance(statement, exp.Insert) and statement.expression is not None:
        return _fit_insert(statement, session)
    if isinstance(statement, exp.Update):
        return _fit_update(statement, session)
    return statement


def fitting_text(value_sql: str, length: int) -> str:
    """DuckDB SQL: the value as a text, or Snowflake's error if it is longer than ``length`` characters."""
    message = f"'String ''' || CAST({value_sql} AS VARCHAR) || ''' is too long and would be truncated'"
    return (
        f"CASE WHEN length(CAST({value_sql} AS VARCHAR)) > {length} "
        f"THEN {mark(message, 100078, '22000')} ELSE {value_sql} END"
    )


def _fit_insert(insert: exp.Insert, session: Session) -> Expr:
    target = insert.this
    table = target.this if isinstance(target, exp.Schema) else target
    columns = _limited(table, session)
    if not any(_is_limited(column) for column in columns) or _has_default(insert.expression):
        return insert
    by_name = {column.name: column for column in columns}
    names = [part.name for part in target.expressions] if isinstance(target, exp.Schema) else list(by_name)
    if not all(name in by_name for name in names):
        return insert
    # The texts are inserted into the statement unparsed.
    values = [
        exp.Var(
            this=f"{fitting_text(quoted(name), by_name[name].length)} AS {quoted(name)}"
            if _is_limited(by_name[name])
            else quoted(name)
        )
        for name in names
    ]
    source = insert.expression
    if isinstance(source, exp.Values):
        source = exp.Select(expressions=[exp.Star()], from_=exp.From(this=source))
    alias = exp.TableAlias(
        this=exp.to_identifier("_fitted"), columns=[exp.to_identifier(name, quoted=True) for name in names]
    )
    insert.set(
        "expression",
        exp.Select(expressions=values, from_=exp.From(this=exp.Subquery(this=source, alias=alias))),
    )
    return insert


def _fit_update(update: exp.Update, session: Session) -> Expr:
    columns = {column.name: column for column in _limited(update.this, session)}
    for assignment in update.expressions:
        column = columns.get(assignment.this.name) if isinstance(assignment, exp.EQ) else None
        if column and _is_limited(column):
            value = assignment.expression.sql(dialect="duckdb")
            # Through a subquery, so that the value, possibly a bound one, occurs only once.
            checked = f"(SELECT {fitting_text('fitted', column.length)} FROM (SELECT {value} AS fitted))"
            assignment.set("expression", exp.Var(this=checked))
    return update


def _limited(table: Expr, session: Session) -> list[TableColumn]:
    if not isinstance(table, exp.Table):
        return []
    parts = tuple(part.name for part in table.parts)
    return table_columns(session, complete(parts, session.database, session.schema))


def _has_default(source: Expr) -> bool:
    return isinstance(source, exp.Values) and any(
        node.name.upper() == "DEFAULT" for node in source.find_all(exp.Column, exp.Var)
    )


def _is_limited(column: TableColumn) -> bool:
    return column.kind == "TEXT" and 0 < column.length < LONGEST_TEXT
