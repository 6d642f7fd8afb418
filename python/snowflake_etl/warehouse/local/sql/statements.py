"""Runs one statement: some by our own code here, the rest by fakesnow (floor 3)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import Expr, exp

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer, Column, success
from snowflake_etl.warehouse.local.copy_into import command as copy_command
from snowflake_etl.warehouse.local.queries import Queries
from snowflake_etl.warehouse.local.sql import guard, namespaces, shows, table_types, translation
from snowflake_etl.warehouse.local.sql.duck_text import quoted
from snowflake_etl.warehouse.local.sql.virtual_tables import VirtualTables
from snowflake_etl.warehouse.local.sql.words import Words, split_words
from snowflake_etl.warehouse.local.sql_errors import SqlError, from_engine, missing, unsupported
from snowflake_etl.warehouse.local.staging import statements as stage_statements
from snowflake_etl.warehouse.local.staging.names import complete

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.queries import Query
    from snowflake_etl.warehouse.local.sessions import Session
    from snowflake_etl.warehouse.local.sql.bindings import Bindings

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|//[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[A-Z_]+|\S")
_HEAD_CHARACTERS = 200
_WORDS_BEFORE_THE_KIND = frozenset({"OR", "REPLACE", "TEMPORARY", "TEMP", "TRANSIENT"})
_RETENTION = "DATA_RETENTION_TIME_IN_DAYS"
_DDL_WORDS = frozenset({"CREATE", "DROP", "ALTER", "TRUNCATE", "COMMENT", "UNDROP", "GRANT", "REVOKE"})
_DML_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})

Handler = Callable[["Session", str], Answer]


class Statements:
    """Runs statements, and knows the queries for those that ask about them."""

    def __init__(self) -> None:
        self.queries: Queries = Queries(self.run)
        self._handlers: dict[str, Handler] = {
            "PUT": stage_statements.put,
            "GET": stage_statements.get,
            "LIST": stage_statements.list_files,
            "LS": stage_statements.list_files,
            "REMOVE": stage_statements.remove,
            "RM": stage_statements.remove,
            "COPY": copy_command.copy_into,
            "BEGIN": _begin,
            "START": _begin,
            "COMMIT": _commit,
            "ROLLBACK": _rollback,
            "USE": namespaces.use,
            "DESC": _describe,
            "DESCRIBE": _describe,
        }

    def run(self, session: Session, query: Query, bindings: Bindings) -> Answer:
        """Run one statement to its end.  Raise SqlError; an open transaction that DuckDB ended is marked lost."""
        sql = _COMMENTS.sub("", query.text).strip()
        word, next_word = ([*_WORD.findall(sql[:_HEAD_CHARACTERS].upper()), "", ""])[:2]
        if word not in ("ROLLBACK", "COMMIT"):
            is_session = word == "ALTER" and next_word == "SESSION"
            session.before_statement(is_ddl=word in _DDL_WORDS and not is_session, is_dml=word in _DML_WORDS)
        try:
            if word in _DDL_WORDS:
                return self._define(session, sql, word, next_word, bindings)
            return self._dispatch(session, sql, word, next_word, bindings)
        except Exception as error:
            found = from_engine(error)
            _notice_end(session, found)
            raise found from error

    def _define(self, session: Session, sql: str, word: str, next_word: str, bindings: Bindings) -> Answer:
        """Run one definition at a time; cached columns are looked up again afterwards."""
        with session.services.engine.definition_lock:
            if word in ("CREATE", "DROP") and _kind(sql) in ("TABLE", "STAGE"):
                return self._dispatch(session, sql, word, next_word, bindings)
            with _looked_up_anew(session, None):
                return self._dispatch(session, sql, word, next_word, bindings)

    def _dispatch(self, session: Session, sql: str, word: str, next_word: str, bindings: Bindings) -> Answer:
        if handler := self._handlers.get(word):
            return handler(session, sql)
        if word == "ALTER" and next_word == "SESSION":
            return _alter_session(session, sql)
        if word == "ALTER" and next_word == "TABLE" and _RETENTION in sql.upper():
            return _alter_retention(session, sql)
        if word == "SHOW" and (answer := shows.show(session, sql)) is not None:
            return answer
        if word in ("CREATE", "DROP") and (answer := _create_or_drop(session, sql, word)) is not None:
            return answer
        return self._translate(session, sql, bindings)

    def _translate(self, session: Session, sql: str, bindings: Bindings) -> Answer:
        statement = guard.one_statement(list(sqlglot.parse(sql, read="snowflake")))
        with VirtualTables(session, self.queries, bindings) as tables:
            if (answer := tables.whole_answer(statement)) is not None:
                return answer
            tables.replace_in(statement)
            guard.check(statement)
            if isinstance(statement, exp.TruncateTable):
                _forget_loads(session, statement)
            if isinstance(statement, (exp.Create, exp.Drop)):
                with _looked_up_anew(session, _only_defined(session, statement)):
                    return _define_table(session, statement, bindings)
            if isinstance(statement, exp.Alter):
                return _define_table(session, statement, bindings)
            return translation.run(session, statement, bindings)


@contextlib.contextmanager
def _looked_up_anew(session: Session, table: tuple[str, str, str] | None) -> Iterator[None]:
    """While this table, or anything, is being defined, do not cache its columns."""
    known = session.services.engine.columns
    known.forget(table)
    try:
        yield
    finally:
        known.forget(table)


def _only_defined(session: Session, statement: Expr) -> tuple[str, str, str] | None:
    """The table that a CREATE or DROP is about; None if others, such as views on it, may change too."""
    table = statement.find(exp.Table)
    many = statement.args.get("replace") or len(statement.args.get("tables") or ()) > 1
    if statement.args.get("kind") != "TABLE" or many or table is None:
        return None
    return _full_name(session, table)


def _notice_end(session: Session, error: SqlError) -> None:
    """DuckDB ends a transaction at most errors: check, so that COMMIT cannot seem to succeed."""
    if session.state is not session.state.OPEN:
        return
    try:
        session.duck.execute("SELECT 1").fetchall()
    except Exception:
        session.lose(error.message)


def _begin(session: Session, sql: str) -> Answer:
    words = Words(split_words(sql))
    words.take_name("BEGIN", "START")
    words.skip_name("TRANSACTION", "WORK")
    if words.skip_name("NAME"):
        words.take_identifier()
    words.expect_end()
    session.begin()
    return success(kind=answers.TRANSACTION)


def _commit(session: Session, sql: str) -> Answer:
    words = Words(split_words(sql))
    words.take_name("COMMIT")
    words.skip_name("WORK")
    words.expect_end()
    session.commit()
    return success(kind=answers.TRANSACTION)


def _rollback(session: Session, sql: str) -> Answer:
    words = Words(split_words(sql))
    words.take_name("ROLLBACK")
    words.skip_name("WORK")
    words.expect_end()
    session.rollback()
    return success(kind=answers.TRANSACTION)


def _alter_session(session: Session, sql: str) -> Answer:
    words = Words(split_words(sql))
    words.take_name("ALTER")
    words.take_name("SESSION")
    if words.take_name("SET", "UNSET").value.upper() == "UNSET":
        while not words.done:
            session.parameters.unset(words.take_identifier())
            words.skip_sign(",")
        return success()
    while not words.done:
        name = words.take_identifier()
        words.take_sign("=")
        session.parameters.set(name, words.advance().value)
        words.skip_sign(",")
    if session.parameters.autocommit:
        session.commit()
    return success()


def _alter_retention(session: Session, sql: str) -> Answer:
    """There is no Time Travel here: a table's retention may only be set to none."""
    words = Words(split_words(sql))
    words.take_name("ALTER")
    words.take_name("TABLE")
    name = complete(words.take_object_name(), session.database, session.schema)
    words.take_name("SET")
    words.take_name(_RETENTION)
    words.take_sign("=")
    days = words.advance().value
    words.expect_end()
    if not table_types.table_columns(session, name):
        raise missing("Table", ".".join(name))
    if days != "0":
        raise unsupported("Time Travel")
    return success()


def _describe(session: Session, sql: str) -> Answer:
    words = Words(split_words(sql))
    words.take_name("DESC", "DESCRIBE")
    if words.skip_name("STAGE"):
        return stage_statements.describe_stage(session, words)
    words.take_name("TABLE", "VIEW")
    name = complete(words.take_object_name(), session.database, session.schema)
    words.expect_end()
    columns = table_types.table_columns(session, name)
    if not columns:
        raise missing("Table", ".".join(name))
    rows = [
        (
            column.name,
            column.type,
            "COLUMN",
            "Y" if column.nullable else "N",
            table_types.readable_default(column.default) if column.default else None,
            *("N", "N", None, None, None, None),
        )
        for column in columns
    ]
    titles = ("name", "type", "kind", "null?", "default", "primary key", "unique key", "check", "expression")
    return Answer([Column(title) for title in (*titles, "comment", "policy name")], rows)


def _kind(sql: str) -> str:
    """What a CREATE or DROP is about: TABLE, STAGE, ..."""
    words = _WORD.findall(sql[:_HEAD_CHARACTERS].upper())[1:]
    return next((found for found in words if found not in _WORDS_BEFORE_THE_KIND), "")


def _create_or_drop(session: Session, sql: str, word: str) -> Answer | None:
    kind = _kind(sql)
    if kind == "STAGE":
        return (
            stage_statements.create_stage(session, sql)
            if word == "CREATE"
            else stage_statements.drop_stage(session, sql)
        )
    if kind == "DATABASE":
        return namespaces.create_database(session, sql) if word == "CREATE" else namespaces.drop_database(session, sql)
    if kind == "SCHEMA":
        return namespaces.create_schema(session, sql) if word == "CREATE" else namespaces.drop_schema(session, sql)
    return None


def _forget_loads(session: Session, statement: exp.TruncateTable) -> None:
    """A truncated table may be loaded from the same files again."""
    for table in statement.find_all(exp.Table):
        database, schema, name = _full_name(session, table)
        session.execute(
            f"DELETE FROM {quoted(database)}._fs_information_schema._fs_load_history "
            "WHERE schema_name = ? AND table_name = ?",
            [schema, name],
        )


def _define_table(session: Session, statement: Expr, bindings: Bindings) -> Answer:
    """CREATE, ALTER and DROP: run, then store what DuckDB forgets about the columns' types."""
    if isinstance(statement, exp.Drop):
        return translation.run(session, statement, bindings)
    declared = table_types.declared_types(statement)
    table = statement.find(exp.Table)
    source = _copied_table(statement)
    name = _full_name(session, table) if table is not None else None
    there = bool(statement.args.get("exists")) and name is not None and bool(table_types.table_columns(session, name))
    answer = translation.run(session, statement, bindings)
    if name is None or there or statement.args.get("kind") != "TABLE":
        return answer
    if source is not None:
        table_types.copy_declared(session, _full_name(session, source), name)
    if isinstance(statement, exp.Alter):
        session.services.engine.columns.forget(name)
        known = {column.name for column in table_types.table_columns(session, name)}
        declared = {column: text for column, text in declared.items() if column in known}
    table_types.remember(session, name, declared)
    return answer


def _copied_table(statement: Expr) -> exp.Table | None:
    clone = statement.find(exp.Clone, exp.LikeProperty)
    return clone.this if clone is not None and isinstance(clone.this, exp.Table) else None


def _full_name(session: Session, table: exp.Table) -> tuple[str, str, str]:
    parts = tuple(
        str(part.this) if isinstance(part, exp.Identifier) and part.quoted else part.name.upper()
        for part in table.parts
    )
    return complete(parts, session.database, session.schema)
