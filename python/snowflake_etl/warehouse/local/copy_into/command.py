"""COPY INTO a table: all files in one statement, or nothing (floor 3).

Normally it is one INSERT .. SELECT over all files at DuckDB's speed, checked against a count of their
lines.  Only if something is wrong are the files searched one by one for the first bad value.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer, Column, success
from snowflake_etl.warehouse.local.copy_into.format import read_copy
from snowflake_etl.warehouse.local.copy_into.plan import (
    Facts,
    Load,
    expected_rows,
    look_at_all,
    may_be_fast,
    rows_of,
    settle,
)
from snowflake_etl.warehouse.local.copy_into.records import Record, records
from snowflake_etl.warehouse.local.copy_into.search import raise_first_error, record_errors, validate
from snowflake_etl.warehouse.local.sql.duck_text import literal, quoted
from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled, from_engine
from snowflake_etl.warehouse.local.staging.stages import StagedFile

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_RESULT_COLUMNS = (
    Column("file"),
    Column("status"),
    Column("rows_parsed", "fixed"),
    Column("rows_loaded", "fixed"),
    Column("error_limit", "fixed"),
    Column("errors_seen", "fixed"),
    Column("first_error"),
    Column("first_error_line", "fixed"),
    Column("first_error_character", "fixed"),
    Column("first_error_column_name"),
)
_RECORDS_PER_BATCH = 50_000

Counts = dict[StagedFile, int]


def copy_into(session: Session, sql: str) -> Answer:
    """Run COPY INTO.  Raise SqlError with file, line and column of the first bad value; then nothing is loaded."""
    command = read_copy(session, sql)
    load = settle(session, command)
    if command.validation_mode:
        return validate(session, load)
    if not load.files:
        return success("Copy executed with 0 files processed.", answers.COPY)
    before = set() if command.force else _loaded_before(session, load)
    fresh = load.only(*(file for file in load.files if file not in before))
    counts = _run(session, fresh) if fresh.files else {}
    if command.purge:
        for file in fresh.files:
            with suppress(OSError):
                session.services.stages.remove(file)
    return Answer(_RESULT_COLUMNS, [_result_row(file, counts) for file in load.files], answers.COPY)


def _result_row(file: StagedFile, counts: Counts) -> tuple[Any, ...]:
    if file in counts:
        return (file.name, "LOADED", counts[file], counts[file], 1, 0, None, None, None, None)
    return (file.name, "LOAD_SKIPPED", 0, 0, None, 1, "File was loaded before.", None, None, None)


def _loaded_before(session: Session, load: Load) -> set[StagedFile]:
    """The files that an earlier COPY loaded into this table and that have not been put again since."""
    database, schema, table = load.command.table
    rows = session.execute(
        f"SELECT file_name, max(epoch(last_load_time)) FROM {_history(database)} "
        "WHERE schema_name = ? AND table_name = ? GROUP BY file_name",
        [schema, table],
    )
    known = dict(rows)
    return {file for file in load.files if known.get(_history_name(file), -1.0) >= file.modified}


def _history(database: str) -> str:
    return f"{quoted(database)}._fs_information_schema._fs_load_history"


def _history_name(file: StagedFile) -> str:
    return f"{file.stage.id}/{file.path}"


def _run(session: Session, load: Load) -> Counts:
    facts = look_at_all(session, load)
    fast = may_be_fast(session, load, facts)
    if session.state is session.state.OPEN:
        # DuckDB ends a transaction at any error: check beforehand, on another connection.
        _try_beside(session, load, facts, fast=fast)
        return _insert(session, load, facts, fast=fast)
    try:
        return _insert_alone(session, load, facts, fast=fast)
    except Exception as error:
        found = from_engine(error)
        if not fast:
            raise found from error
        raise_first_error(session, load, found)
        # DuckDB failed on files without a mistake: it reads them differently from Snowflake.
        return _insert_alone(session, load, facts, fast=False)


def _insert_alone(session: Session, load: Load, facts: Facts, *, fast: bool) -> Counts:
    session.begin()
    try:
        counts = _insert(session, load, facts, fast=fast)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return counts


def _try_beside(session: Session, load: Load, facts: Facts, *, fast: bool) -> None:
    if not fast:
        raise_first_error(session, load, None)
        return
    nulls = [f"count(*) FILTER ({quoted(rule.column.name)} IS NULL)" for rule in load.rules if not rule.column.nullable]
    try:
        with session.duck.cursor() as side:
            sql = f"SELECT {', '.join(['count(*)', 'max(hash(r))', *nulls])} FROM ({load.select()}) r"
            rows, _, *missing = side.execute(sql).fetchone()
        if any(missing) or load.never_null or (not load.format.enclosed_by and rows != expected_rows(load, facts)):
            raise _unlike_lines(rows, expected_rows(load, facts))
    except Exception as error:
        found = from_engine(error)
        raise_first_error(session, load, found)
        raise found from error


def _unlike_lines(rows: int, lines: int) -> SqlError:
    return SqlError(f"The files hold {lines} records, of which DuckDB read {rows}.", 603, "XX000")


def _insert(session: Session, load: Load, facts: Facts, *, fast: bool) -> Counts:
    """Insert all rows and note the files as loaded."""
    if fast:
        counts = _insert_fast(session, load, facts)
    else:
        counts = {file: _insert_records(session, load, file) for file in load.files}
    _note_history(session, load, counts)
    return counts


def _insert_fast(session: Session, load: Load, facts: Facts) -> Counts:
    if load.format.enclosed_by:
        # Quotes may contain line feeds: only DuckDB can count, and there are no blank lines here for it to drop.
        with session.duck.cursor() as side:
            counts = {file: int(side.execute(load.count(file)).fetchone()[0]) for file in load.files}
    else:
        counts = {file: rows_of(load, facts[file]) for file in load.files}
    rows = session.execute(f"INSERT INTO {load.target} ({load.names}) {load.select()}")[0][0]
    if rows != sum(counts.values()):
        raise _unlike_lines(rows, sum(counts.values()))
    return counts


def _insert_records(session: Session, load: Load, file: StagedFile) -> int:
    """Insert one file record by record.  Raise SqlError at its first mistake."""
    loaded = 0
    for batch in _batches(_checked(load, file), len(load.rules)):
        if session.canceled.is_set():
            raise canceled()
        session.duck.register("_copy_batch", batch)
        try:
            session.execute(
                f"INSERT INTO {load.target} ({load.names}) SELECT {load.values()} FROM temp.main._copy_batch"
            )
        finally:
            session.duck.unregister("_copy_batch")
        loaded += batch.num_rows
    return loaded


def _checked(load: Load, file: StagedFile) -> Iterator[Record]:
    for record in records(file.file, load.compression(file), load.format):
        for _, error in record_errors(load, file, record):
            raise error
        yield record


def _batches(found: Iterator[Record], width: int) -> Iterator[Any]:
    import pyarrow

    rows: list[list[str | None]] = []

    def table() -> Any:
        columns = list(zip(*rows, strict=True)) if rows else [()] * width
        return pyarrow.table(
            {f"c{place}": pyarrow.array(column, pyarrow.string()) for place, column in enumerate(columns)}
        )

    for record in found:
        texts = [field.text for field in record.fields[:width]]
        rows.append(texts + [None] * (width - len(texts)))
        if len(rows) >= _RECORDS_PER_BATCH:
            yield table()
            rows = []
    if rows:
        yield table()


def _note_history(session: Session, load: Load, counts: Counts) -> None:
    database, schema, table = load.command.table
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()
    rows = ", ".join(
        f"({literal(schema)}, {literal(_history_name(file))}, {literal(table)}, '{now}', 'LOADED', {count}, {count}, "
        "NULL, NULL, NULL, NULL, 0, 1)"
        for file, count in counts.items()
    )
    session.execute(f"INSERT INTO {_history(database)} VALUES {rows}")
