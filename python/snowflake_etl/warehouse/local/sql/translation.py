"""Runs Snowflake SQL on DuckDB with fakesnow's translation, adding before and after it what it lacks (floor 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer
from snowflake_etl.warehouse.local.copy_into.time_formats import read_time_format
from snowflake_etl.warehouse.local.sql.fakesnow_steps import Steps
from snowflake_etl.warehouse.local.sql.fitting import fit_values
from snowflake_etl.warehouse.local.sql.functions import put_session_values
from snowflake_etl.warehouse.local.sql_errors import SqlError, from_engine

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session
    from snowflake_etl.warehouse.local.sql.bindings import Bindings

_KINDS: dict[type[Expr], int] = {
    exp.Insert: answers.INSERT,
    exp.Update: answers.UPDATE,
    exp.Delete: answers.DELETE,
    exp.Merge: answers.MERGE,
    exp.Create: answers.DDL,
    exp.Drop: answers.DDL,
    exp.Alter: answers.DDL,
    exp.TruncateTable: answers.DDL,
}
_UNENFORCED = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)
_UNENFORCED_TABLE = (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey)


def run(session: Session, statement: Expr, bindings: Bindings) -> Answer:
    """Run one parsed statement.  Raise SqlError in Snowflake's terms.

    Within a transaction it is planned on another connection first: a mistake in its text must not cost
    the transaction, which DuckDB ends at any error.
    """
    kind = _KINDS.get(type(statement), answers.SELECT)
    name_expressions(statement)
    put_session_values(statement, session)
    format_dates(statement)
    _forget_unenforced(statement)
    _forget_binary_lengths(statement)
    if isinstance(statement, exp.Merge):
        return _merge(session, statement, bindings)
    several = bool(statement.args.get("overwrite")) or bindings.is_batch
    own_transaction = several and session.state is session.state.NONE
    if own_transaction:
        session.begin()
    try:
        answer = _execute(session, statement, bindings, kind)
        if own_transaction:
            session.commit()
    except Exception as error:
        if own_transaction:
            session.rollback()
        raise from_engine(error) from error
    return answer


def _merge(session: Session, statement: exp.Merge, bindings: Bindings) -> Answer:
    """Run MERGE as DuckDB's own: fakesnow's is several statements, which do not fit a transaction on one database."""
    translated = _cursor(session)._transform(statement.copy(), bindings.values)
    for when in translated.args["whens"].expressions:
        for assignment in when.find_all(exp.EQ):
            if assignment.find_ancestor(exp.Update) and isinstance(assignment.this, exp.Column):
                assignment.this.set("table", None)
    try:
        rows = session.execute(f"{translated.sql(dialect='duckdb')} RETURNING merge_action", bindings.values)
    except Exception as error:
        raise from_engine(error) from error
    wanted = {str(when.args["then"].key).upper() for when in translated.args["whens"].expressions}
    words = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}
    counts = {word: sum(action == kind for (action,) in rows) for kind, word in words.items() if kind in wanted}
    columns = [answers.Column(f"number of rows {word}", "fixed") for word in counts]
    return Answer(columns, [tuple(counts.values())], answers.MERGE)


def _execute(session: Session, statement: Expr, bindings: Bindings, kind: int) -> Answer:
    cursor = _cursor(session)
    affected = 0
    for values in bindings.rows or [[]]:
        cursor.run(statement.copy() if bindings.is_batch else statement, values or None)
        affected += cursor.rowcount or 0
    rowtype = _rowtype(cursor)
    if bindings.is_batch:
        return Answer([answers.Column(rowtype[0]["name"], "fixed")], [(affected,)], kind)
    return Answer(kind=kind, table=_as_texts(cursor._arrow_table, rowtype), rowtype=rowtype)


def _cursor(session: Session) -> Any:
    return _cursor_kind()(session)


@cache
def _cursor_kind() -> Callable[[Session], Any]:
    from fakesnow.cursor import FakeSnowflakeCursor

    class Cursor(FakeSnowflakeCursor):  # type: ignore[misc]
        """fakesnow's cursor, with values fitted to their columns and mistakes found beforehand."""

        def __init__(self, session: Session) -> None:
            super().__init__(session.connection, session.duck)
            self._session = session

        def run(self, statement: Expr, values: list[object] | None) -> None:
            """Do what ``execute`` does with a text, without generating and parsing one; only variables are inserted
            as text.
            """
            if statement.find(exp.Parameter):
                self.execute(statement.sql(dialect="snowflake"), binding_params=values, server=True)
                return
            self.check_db_and_schema(statement)
            for part in self._transform_explode(statement):
                asks = part.find(exp.Placeholder) is not None
                transformed = self._transform(part, values)
                # IDENTIFIER(?) removes its value from the list.
                self._execute(transformed, values or None if asks else None)

        def _transform(self, expression: Expr, params: Any) -> Expr:
            transformed: Expr = super()._transform(Steps(expression), params).statement
            transformed.args.pop("text_lengths", None)
            return fit_values(transformed, self._session)

        def _execute(self, transformed: Expr, params: Any = None) -> None:
            session = self._session
            if session.canceled.is_set():
                raise SqlError("SQL execution canceled", 604, "57014")
            if session.state is session.state.OPEN and isinstance(transformed, (exp.Query, exp.DML)):
                _plan_beside(session, transformed.sql(dialect="duckdb"), params)
            super()._execute(transformed, params)

    return Cursor


def _plan_beside(session: Session, sql: str, params: list[object] | None) -> None:
    with session.duck.cursor() as side:
        if session.database:
            scope = f"{session.database}.{session.schema or 'main'}"
            side.execute(f"SET schema = '{scope}'")
        # As JSON: drawing the plan as a tree takes as long as planning.
        planning = f"EXPLAIN (FORMAT json) {sql}"
        side.execute(planning, params) if params else side.execute(planning)


def _rowtype(cursor: Any) -> list[dict[str, Any]]:
    from fakesnow.rowtype import describe_as_rowtype, duckdb_to_sf_type

    described = [(str(name), str(kind)) for name, kind, *_ in cursor._duck_conn.description]
    known = [
        (name, kind if kind.startswith("DECIMAL") or kind in duckdb_to_sf_type else _nearest(kind), *[None] * 4)
        for name, kind in described
    ]
    return [dict(column) for column in describe_as_rowtype(known)]


def _nearest(kind: str) -> str:
    if kind in {"TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER"}:
        return "BIGINT"
    return {"FLOAT": "DOUBLE", "UHUGEINT": "HUGEINT"}.get(kind, "VARCHAR")


def _as_texts(table: Any, rowtype: list[dict[str, Any]]) -> Any:
    """Columns of kinds that Snowflake lacks (lists, UUIDs, intervals) become texts."""
    import pyarrow
    from pyarrow import types

    for place, column in enumerate(rowtype):
        held = table.column(place)
        if column["type"] in ("text", "variant") and not (
            types.is_string(held.type) or types.is_large_string(held.type) or types.is_null(held.type)
        ):
            texts = pyarrow.array(
                [None if value is None else str(value) for value in held.to_pylist()], pyarrow.string()
            )
            table = table.set_column(place, table.schema.field(place).name, texts)
        elif column["type"] == "fixed" and types.is_float64(held.type):
            table = table.set_column(place, table.schema.field(place).name, held.cast(pyarrow.decimal128(38, 0)))
    return table


def name_expressions(statement: Expr) -> None:
    """Give unnamed expressions of the outermost query the names that Snowflake gives them."""
    if not isinstance(statement, exp.Select):
        return
    statement.set(
        "expressions",
        [
            column
            if isinstance(column, (exp.Alias, exp.Column, exp.Star, exp.Dot)) or column.is_star
            else exp.alias_(column, column.sql(dialect="snowflake").upper(), quoted=True)
            for column in statement.expressions
        ],
    )


def format_dates(statement: Expr) -> None:
    """TO_CHAR and TO_VARCHAR with a date format, which would be dropped.  Raise SqlError for a number format."""
    for call in list(statement.find_all(exp.ToChar)):
        form = call.args.get("format")
        if form is None:
            continue
        if not isinstance(form, exp.Literal) or not form.is_string or "9" in form.name or "0" in form.name:
            raise SqlError("Unsupported feature 'TO_CHAR with this format' of the embedded warehouse.", 2, "0A000")
        words = read_time_format(form.name, "TIMESTAMP")[0].words
        call.replace(exp.Anonymous(this="STRFTIME", expressions=[call.this, exp.Literal.string(words)]))


def _forget_unenforced(statement: Expr) -> None:
    """Snowflake records primary, unique and foreign keys but does not enforce them; DuckDB would."""
    if not isinstance(statement, (exp.Create, exp.Alter)):
        return
    for column in statement.find_all(exp.ColumnDef):
        kept = [constraint for constraint in column.constraints if not isinstance(constraint.kind, _UNENFORCED)]
        keyed = any(isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint) for constraint in column.constraints)
        if keyed and not any(isinstance(constraint.kind, exp.NotNullColumnConstraint) for constraint in kept):
            kept.append(exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
        column.set("constraints", kept)
    for schema in statement.find_all(exp.Schema):
        schema.set(
            "expressions",
            [
                part
                for part in schema.expressions
                if not isinstance(part, _UNENFORCED_TABLE)
                and not (isinstance(part, exp.Constraint) and part.find(*_UNENFORCED_TABLE))
            ],
        )


def _forget_binary_lengths(statement: Expr) -> None:
    """BINARY(n), as DESCRIBE reports it: DuckDB's BLOB takes no length."""
    for kind in statement.find_all(exp.DataType):
        if kind.this in (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY):
            kind.set("expressions", [])
