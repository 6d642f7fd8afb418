"""Table functions that only the server can answer: RESULT_SCAN, QUERY_HISTORY, POLICY_REFERENCES (floor 3).

Each is passed to DuckDB as an Arrow table under its own name, for the one statement that uses it.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer
from snowflake_etl.warehouse.local.folder import USER
from snowflake_etl.warehouse.local.sql.functions import session_value
from snowflake_etl.warehouse.local.sql.shows import POLICY_COLUMNS
from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled

if TYPE_CHECKING:
    import pyarrow

    from snowflake_etl.warehouse.local.queries import Queries
    from snowflake_etl.warehouse.local.sessions import Session
    from snowflake_etl.warehouse.local.sql.bindings import Bindings

_HISTORY_FUNCTIONS = frozenset(
    {"QUERY_HISTORY", "QUERY_HISTORY_BY_USER", "QUERY_HISTORY_BY_SESSION", "QUERY_HISTORY_BY_WAREHOUSE"}
)


class VirtualTables:
    """The server's own tables within one statement; leaving the context removes them again."""

    def __init__(self, session: Session, queries: Queries, bindings: Bindings) -> None:
        self._session = session
        self._bindings = bindings
        self._queries = queries
        self._names: list[str] = []

    def __enter__(self) -> VirtualTables:
        return self

    def __exit__(self, *unused: object) -> None:
        for name in self._names:
            with suppress(Exception):
                self._session.duck.unregister(name)

    def whole_answer(self, statement: Expr) -> Answer | None:
        """The answer to a statement that only queries the server itself."""
        if not isinstance(statement, exp.Select):
            return None
        if statement.args.get("from_") is None and len(statement.expressions) == 1:
            return self._system_call(statement.expressions[0].unalias())
        source = statement.args.get("from_")
        only_source = {name for name, value in statement.args.items() if value} <= {"expressions", "from_", "kind"}
        if source is None or not only_source or len(statement.expressions) != 1:
            return None
        call = _table_function(source.this)
        if call is None or call[0] != "RESULT_SCAN" or not isinstance(statement.expressions[0], exp.Star):
            return None
        answer = self._scanned(call[1])
        return Answer(answer.columns, answer.rows, answers.SELECT, answer.table, answer.rowtype)

    def _system_call(self, call: Expr) -> Answer | None:
        if not isinstance(call, exp.Anonymous) or not call.name.upper().startswith("SYSTEM$"):
            return None
        name = call.name.upper()
        arguments = [self._text(argument) for argument in call.expressions]
        title = answers.Column(call.sql(dialect="snowflake").upper())
        if name == "SYSTEM$CANCEL_QUERY" and len(arguments) == 1:
            query = self._queries.find(arguments[0])
            stopped = query is not None and self._queries.stop(query, canceled())
            text = (
                f"query [{arguments[0]}] terminated."
                if stopped
                else "Identified SQL statement is not currently executing."
            )
            return Answer([title], [(text,)], answers.SELECT)
        if name in ("SYSTEM$WAIT", "SYSTEM$ABORT_SESSION", "SYSTEM$ABORT_TRANSACTION"):
            return self._other_system_call(name, arguments, title)
        if name == "SYSTEM$ALLOWLIST":
            return Answer([title], [("[]",)], answers.SELECT)
        raise SqlError(f"SQL compilation error:\nUnknown function {name}.", 2140, "42601")

    def _other_system_call(self, name: str, arguments: list[str], title: answers.Column) -> Answer:
        if name == "SYSTEM$WAIT":
            seconds = float(arguments[0]) * (60 if arguments[1:] and arguments[1].upper().startswith("MINUTE") else 1)
            if self._session.canceled.wait(min(seconds, 3600)):
                raise canceled()
            return Answer([title], [(f"waited {seconds:g} seconds",)], answers.SELECT)
        raise SqlError(f"Unsupported feature '{name}' of the embedded warehouse.", 2, "0A000")

    def replace_in(self, statement: Expr) -> None:
        """Replace the server's table functions by tables that DuckDB can read."""
        for node in list(statement.find_all(exp.TableFromRows, exp.Table)):
            call = _table_function(node)
            if call is None:
                continue
            name, arguments = call
            if name == "RESULT_SCAN":
                table = _as_arrow(self._scanned(arguments))
            elif name in _HISTORY_FUNCTIONS:
                table = self._history()
            elif name == "POLICY_REFERENCES":
                table = _texts({column: [] for column in POLICY_COLUMNS})
            else:
                continue
            alias = node.args.get("alias")
            replacement = exp.Table(
                this=exp.to_identifier(self._register(table), quoted=True),
                db=exp.to_identifier("main", quoted=True),
                catalog=exp.to_identifier("temp", quoted=True),
            )
            if alias:
                replacement.set("alias", alias.copy())
            node.replace(replacement)

    def _register(self, table: pyarrow.Table) -> str:
        name = f"_server_{secrets.token_hex(8)}"
        self._session.duck.register(name, table)
        self._names.append(name)
        return name

    def _scanned(self, arguments: list[Expr]) -> Answer:
        query_id = self._text(arguments[0]) if arguments else self._session.last_query_id
        query = self._queries.find(query_id)
        if query is not None and query.error:
            raise SqlError(f"Statement {query_id} failed: {query.error.message}", 707, "02000")
        if query is None or query.answer is None:
            raise SqlError(f"Statement {query_id} not found", 709, "02000")
        return query.answer

    def _text(self, argument: Expr) -> str:
        if isinstance(argument, exp.Placeholder):
            return self._bindings.text(argument)
        found = session_value(argument, self._session)
        return argument.name if found is None else found

    def _history(self) -> pyarrow.Table:
        import pyarrow

        queries = self._queries.all()
        moment = pyarrow.timestamp("us", tz="UTC")
        columns: dict[str, Any] = {
            "QUERY_ID": [query.id for query in queries],
            "QUERY_TEXT": [query.text for query in queries],
            "SESSION_ID": [query.session_id for query in queries],
            "USER_NAME": [USER] * len(queries),
            "ROLE_NAME": [query.role for query in queries],
            "WAREHOUSE_NAME": [query.warehouse for query in queries],
            "QUERY_TAG": [query.tag for query in queries],
            "EXECUTION_STATUS": [query.status.value for query in queries],
            "ERROR_CODE": [str(query.error.code) if query.error else None for query in queries],
            "ERROR_MESSAGE": [query.error.message if query.error else None for query in queries],
            "START_TIME": pyarrow.array([_moment(query.started) for query in queries], moment),
            "END_TIME": pyarrow.array([_moment(query.ended) if query.ended else None for query in queries], moment),
            "TOTAL_ELAPSED_TIME": [
                int(1000 * ((query.ended or datetime.now(UTC).timestamp()) - query.started)) for query in queries
            ],
            "ROWS_PRODUCED": [query.answer.row_count if query.answer else None for query in queries],
        }
        texts = {"ERROR_CODE", "ERROR_MESSAGE"}
        return pyarrow.table(
            {
                name: pyarrow.array(values, pyarrow.string()) if name in texts else values
                for name, values in columns.items()
            }
        )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _table_function(node: Expr) -> tuple[str, list[Expr]] | None:
    """The name and the arguments of ``TABLE(f(..))`` or ``TABLE(db.information_schema.f(..))``."""
    inner = node.this
    while isinstance(inner, exp.Dot):
        inner = inner.expression
    if isinstance(inner, exp.Anonymous):
        return inner.name.upper(), list(inner.expressions)
    return None


def _as_arrow(answer: Answer) -> pyarrow.Table:
    if answer.table is not None:
        return answer.table
    columns = list(zip(*answer.rows, strict=True)) if answer.rows else [()] * len(answer.columns)
    import pyarrow

    return pyarrow.table(
        {
            column.name: pyarrow.array(
                values if column.type != "text" else [None if value is None else str(value) for value in values],
                pyarrow.int64() if column.type == "fixed" else pyarrow.string(),
            )
            for column, values in zip(answer.columns, columns, strict=True)
        }
    )


def _texts(columns: dict[str, list[str]]) -> pyarrow.Table:
    import pyarrow

    return pyarrow.table({name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()})
