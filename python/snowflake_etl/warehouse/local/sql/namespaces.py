"""Databases and schemas: creating, dropping, choosing (floor 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer, success
from snowflake_etl.warehouse.local.sql.duck_text import literal, quoted
from snowflake_etl.warehouse.local.sql.words import Words, split_words
from snowflake_etl.warehouse.local.sql_errors import SqlError, exists, missing
from snowflake_etl.warehouse.local.staging.statements import has_schema, require_schema

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_DEFAULT_SCHEMA = "PUBLIC"


def use(session: Session, sql: str) -> Answer:
    """USE WAREHOUSE, ROLE, DATABASE or SCHEMA; warehouses and roles are only remembered."""
    words = Words(split_words(sql))
    words.take_name("USE")
    if words.skip_name("WAREHOUSE"):
        session.warehouse = words.take_identifier()
        words.expect_end()
        return success()
    if words.skip_phrase("SECONDARY", "ROLES"):
        return success()
    if words.skip_name("ROLE"):
        session.role = words.take_identifier()
        words.expect_end()
        return success()
    if words.skip_name("SCHEMA"):
        parts = words.take_object_name()
        words.expect_end()
        database = parts[0] if len(parts) > 1 else session.database or ""
        return _use_schema(session, database, parts[-1])
    words.skip_name("DATABASE")
    parts = words.take_object_name()
    words.expect_end()
    return _use_schema(session, parts[0], parts[1] if len(parts) > 1 else _DEFAULT_SCHEMA)


def _use_schema(session: Session, database: str, schema: str) -> Answer:
    if not session.services.engine.has_database(database):
        raise missing("Database", database)
    if schema != "INFORMATION_SCHEMA":
        require_schema(session, database, schema)
    held = session.connection
    hidden = "_fs_information_schema" if schema == "INFORMATION_SCHEMA" else schema
    session.execute(f"SET schema = {_path(database, hidden)}")
    held.database, held._schema = database, schema if schema != "INFORMATION_SCHEMA" else "_FS_INFORMATION_SCHEMA"
    held.database_set = held.schema_set = True
    return success()


def _path(database: str, schema: str) -> str:
    return literal(f"{quoted(database)}.{quoted(schema)}")


def create_database(session: Session, sql: str) -> Answer:
    """CREATE DATABASE [IF NOT EXISTS]; it becomes the session's own."""
    words = Words(split_words(sql))
    words.take_name("CREATE")
    words.skip_name("TRANSIENT")
    words.take_name("DATABASE")
    if_missing = words.skip_phrase("IF", "NOT", "EXISTS")
    name = words.take_identifier()
    words.skip_rest()
    made = session.services.engine.create_database(name)
    if not made and not if_missing:
        raise exists("Object", name)
    if not made:
        return success(f"{name} already exists, statement succeeded.")
    _use_schema(session, name, _DEFAULT_SCHEMA)
    return success(f"Database {name} successfully created.", answers.DDL)


def drop_database(session: Session, sql: str) -> Answer:
    """DROP DATABASE [IF EXISTS], including tables and stages."""
    words = Words(split_words(sql))
    words.take_name("DROP")
    words.take_name("DATABASE")
    if_there = words.skip_phrase("IF", "EXISTS")
    name = words.take_identifier()
    words.skip_name("CASCADE", "RESTRICT")
    words.expect_end()
    engine = session.services.engine
    if if_there and not engine.has_database(name):
        return success(f"Drop statement executed successfully ({name} already dropped).")
    if session.connection.database == name:
        session.execute("SET schema = 'memory.main'")
        session.connection.database_set = session.connection.schema_set = False
    engine.drop_database(name)
    session.services.stages.drop_where(database=name)
    return success(f"{name} successfully dropped.", answers.DDL)


def create_schema(session: Session, sql: str) -> Answer:
    """CREATE SCHEMA [IF NOT EXISTS]; it becomes the session's own."""
    words = Words(split_words(sql))
    words.take_name("CREATE")
    words.skip_name("TRANSIENT")
    words.take_name("SCHEMA")
    if_missing = words.skip_phrase("IF", "NOT", "EXISTS")
    parts = words.take_object_name()
    words.skip_rest()
    database, schema = _two_parts(session, parts)
    if not session.services.engine.has_database(database):
        raise missing("Database", database)
    there = has_schema(session, database, schema)
    if there and not if_missing:
        raise exists("Object", schema)
    if there:
        return success(f"{schema} already exists, statement succeeded.")
    session.services.engine.create_schema(database, schema)
    _use_schema(session, database, schema)
    return success(f"Schema {schema} successfully created.", answers.DDL)


def drop_schema(session: Session, sql: str) -> Answer:
    """DROP SCHEMA [IF EXISTS], including tables and stages."""
    words = Words(split_words(sql))
    words.take_name("DROP")
    words.take_name("SCHEMA")
    if_there = words.skip_phrase("IF", "EXISTS")
    parts = words.take_object_name()
    words.skip_name("CASCADE", "RESTRICT")
    words.expect_end()
    database, schema = _two_parts(session, parts)
    if if_there and not has_schema(session, database, schema):
        return success(f"Drop statement executed successfully ({schema} already dropped).")
    require_schema(session, database, schema)
    if (session.database, session.schema) == (database, schema):
        with suppress(SqlError):
            _use_schema(session, database, _DEFAULT_SCHEMA)
        session.connection.schema_set = schema != _DEFAULT_SCHEMA and session.connection.schema_set
    session.execute(f"DROP SCHEMA {quoted(database)}.{quoted(schema)} CASCADE")
    session.services.stages.drop_where(database=database, schema=schema)
    return success(f"{schema} successfully dropped.", answers.DDL)


def _two_parts(session: Session, parts: tuple[str, ...]) -> tuple[str, str]:
    """A schema's name with its database."""
    return (session.database or "", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
