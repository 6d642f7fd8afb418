"""COPY INTO a table: all files in one statement, or nothing (floor 3).

The good way is one INSERT .. SELECT over all files at DuckDB's speed, checked against a count of their
lines.  Only when something is wrong, the files are gone through one by one for the first bad value.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape as escape_glob
from typing import TYPE_CHECKING, Any

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer, Column, success
from snowflake_etl.warehouse.local.copy_files import Corrupt, FileFacts, compression_of, corrupt_error, look_at
from snowflake_etl.warehouse.local.copy_format import CopyCommand, CsvFormat, read_copy
from snowflake_etl.warehouse.local.copy_records import Record, records
from snowflake_etl.warehouse.local.copy_rules import Rule, rule_for
from snowflake_etl.warehouse.local.engine import literal
from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled, from_engine, missing, unsupported
from snowflake_etl.warehouse.local.stage_statements import find_stage, matching_files
from snowflake_etl.warehouse.local.stages import StagedFile
from snowflake_etl.warehouse.local.table_types import TableColumn, quoted, table_columns

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
_ADVICE = (
    "\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option. For more information on loading options, please run 'info loading_data' in a "
    "SQL client."
)
_DUCKDB_COMPRESSION = {"GZIP": "gzip", "ZSTD": "zstd", "NONE": "none"}
_RECORDS_PER_BATCH = 50_000
_IMPOSSIBLE_TEXT = "\x01\x02\x03 no null \x03\x02\x01"


@dataclass(frozen=True)
class Load:
    """One COPY, settled: the target, the rule of each column that is filled, and the files."""

    command: CopyCommand
    rules: tuple[Rule, ...]
    files: tuple[StagedFile, ...]
    never_null: tuple[TableColumn, ...]

    @property
    def format(self) -> CsvFormat:
        return self.command.format

    @property
    def target(self) -> str:
        return ".".join(map(quoted, self.command.table))

    @property
    def names(self) -> str:
        return ", ".join(quoted(rule.column.name) for rule in self.rules)

    def values(self) -> str:
        """The SQL of all values, over columns ``c0``, ``c1``, ... of raw texts."""
        return ", ".join(self._value(place, rule) for place, rule in enumerate(self.rules))

    def _value(self, place: int, rule: Rule) -> str:
        raw = f"c{place}"
        if self.format.trim_space:
            raw = f"trim({raw})"
        value = rule.sql(raw)
        if self.format.null_if:
            nulls = ", ".join(map(literal, self.format.null_if))
            value = f"CASE WHEN {raw} IN ({nulls}) THEN NULL ELSE {value} END"
        return f"{value} AS {quoted(rule.column.name)}"


def copy_into(session: Session, sql: str) -> Answer:
    """Run COPY INTO.  Raise SqlError with file, line and column of the first bad value; then nothing is loaded."""
    command = read_copy(session, sql)
    load = _settle(session, command)
    if command.validation_mode:
        return _validate(load)
    if not load.files:
        return success("Copy executed with 0 files processed.", answers.COPY)
    own_transaction = session.state is session.state.NONE
    loaded_before = set() if command.force else _loaded_before(session, load)
    fresh = Load(command, load.rules, tuple(file for file in load.files if file not in loaded_before), load.never_null)
    counts = _run(session, fresh, own_transaction=own_transaction) if fresh.files else {}
    if command.purge:
        for file in fresh.files:
            with suppress(OSError):
                session.services.stages.remove(file)
    return Answer(_RESULT_COLUMNS, [_result_row(file, counts) for file in load.files], answers.COPY)


def _result_row(file: StagedFile, counts: dict[StagedFile, int]) -> tuple[Any, ...]:
    if file in counts:
        return (file.name, "LOADED", counts[file], counts[file], 1, 0, None, None, None, None)
    return (file.name, "LOAD_SKIPPED", 0, 0, None, 1, "File was loaded before.", None, None, None)


def _settle(session: Session, command: CopyCommand) -> Load:
    columns = table_columns(session, command.table)
    if not columns:
        raise missing("Table", ".".join(command.table))
    by_name = {column.name: column for column in columns}
    for name in command.columns:
        if name not in by_name:
            raise SqlError(f"SQL compilation error: error line 1\ninvalid identifier '{name}'", 904, "42000")
    chosen = [by_name[name] for name in command.columns] or columns
    if command.validation_mode not in ("", "RETURN_ERRORS", "RETURN_ALL_ERRORS"):
        raise unsupported(f"VALIDATION_MODE = {command.validation_mode}")
    rules = tuple(rule_for(column, command.format) for column in chosen)
    unfilled = tuple(
        column for column in columns if column not in chosen and not column.nullable and column.default is None
    )
    return Load(command, rules, tuple(_find_files(session, command)), unfilled)


def _find_files(session: Session, command: CopyCommand) -> list[StagedFile]:
    if not command.files:
        return matching_files(session, command.location, command.pattern)
    stage = find_stage(session, command.location)
    found = []
    for name in command.files:
        file = session.services.stages.look(stage, command.location.path + name)
        if file is None:
            raise SqlError(f"Remote file '{command.location.path + name}' was not found.", 100016 + 75, "22000")
        found.append(file)
    return found


def _loaded_before(session: Session, load: Load) -> set[StagedFile]:
    """The files that this table has from an earlier COPY and that have not been put again since."""
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


# -- loading ------------------------------------------------------------------------------------


def _run(session: Session, load: Load, *, own_transaction: bool) -> dict[StagedFile, int]:
    facts = _look_at_all(session, load)
    fast = _may_be_fast(load, facts)
    if not own_transaction:
        # DuckDB ends a transaction at any error: find out beforehand, on another connection.
        _try_beside(session, load, facts, fast=fast)
    if own_transaction:
        session.begin()
    try:
        counts = _insert(session, load, facts, fast=fast)
        _note_history(session, load, counts)
        if own_transaction:
            session.commit()
        return counts
    except Exception as error:
        if own_transaction:
            session.rollback()
            _raise_first_error(session, load, from_engine(error))
            if fast:
                return _run_slowly(session, load, facts)
        raise


def _run_slowly(session: Session, load: Load, facts: dict[StagedFile, FileFacts]) -> dict[StagedFile, int]:
    """DuckDB failed over files that hold no mistake: it reads them differently from Snowflake."""
    session.begin()
    try:
        counts = _insert(session, load, facts, fast=False)
        _note_history(session, load, counts)
        session.commit()
        return counts
    except Exception:
        session.rollback()
        raise


def _try_beside(session: Session, load: Load, facts: dict[StagedFile, FileFacts], *, fast: bool) -> None:
    if not fast:
        _raise_first_error(session, load, None)
        return
    try:
        with session.duck.cursor() as side:
            rows = side.execute(f"SELECT count(*), max(hash(r)) FROM ({_select(load, facts, load.files)}) r").fetchone()
        if rows[0] != _expected(load, facts):
            raise SqlError("the number of rows is not that of the lines", 603, "XX000")
    except Exception as error:
        _raise_first_error(session, load, from_engine(error))
        raise from_engine(error) from error


def _look_at_all(session: Session, load: Load) -> dict[StagedFile, FileFacts]:
    def look(file: StagedFile) -> FileFacts:
        if session.canceled.is_set():
            raise canceled()
        try:
            return look_at(file.file, compression_of(file.path, file.file, load.format.compression), load.format)
        except Corrupt as error:
            raise corrupt_error(file.path, str(error)) from error
        except FileNotFoundError as error:
            raise SqlError(f"Remote file '{file.path}' was not found.", 100091, "22000") from error

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return dict(zip(load.files, pool.map(look, load.files), strict=True))


def _may_be_fast(load: Load, facts: dict[StagedFile, FileFacts]) -> bool:
    chosen = load.format
    return (
        len(chosen.field_delimiter) == 1
        and chosen.record_delimiter == "\n"
        and chosen.encoding == "utf-8"
        and chosen.count_must_match
        and not chosen.replace_invalid
        and not chosen.skip_blank_lines
        and chosen.skip_byte_order_mark
        and chosen.escape in (None, chosen.enclosed_by)
        and not (chosen.enclosed_by and (chosen.trim_space or chosen.escape_unenclosed))
        and all(found.plain for found in facts.values())
        and all(compression_of(f.path, f.file, chosen.compression) in _DUCKDB_COMPRESSION for f in load.files)
    )


def _select(load: Load, facts: dict[StagedFile, FileFacts], files: tuple[StagedFile, ...]) -> str:
    """DuckDB SQL that reads the files of one compression, or several joined by UNION ALL."""
    groups: dict[str, list[StagedFile]] = {}
    for file in files:
        groups.setdefault(compression_of(file.path, file.file, load.format.compression), []).append(file)
    return " UNION ALL ".join(
        f"SELECT {load.values()} FROM {_reader(load, group, compression)}" for compression, group in groups.items()
    )


def _reader(load: Load, files: list[StagedFile], compression: str) -> str:
    chosen = load.format
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(load.rules)))
    options = {
        "columns": f"{{{columns}}}",
        "auto_detect": "false",
        "delim": literal(chosen.field_delimiter),
        "quote": literal(chosen.enclosed_by or ""),
        "escape": literal(chosen.enclosed_by or ""),
        "header": "false",
        "skip": str(chosen.skip_header),
        "nullstr": literal("" if chosen.empty_as_null else _IMPOSSIBLE_TEXT),
        "allow_quoted_nulls": "false",
        "compression": literal(_DUCKDB_COMPRESSION[compression]),
    }
    paths = ", ".join(literal(escape_glob(str(file.file))) for file in files)
    return f"read_csv([{paths}], {', '.join(f'{name} = {value}' for name, value in options.items())})"


def _expected(load: Load, facts: dict[StagedFile, FileFacts]) -> int:
    return sum(_rows_of(load, facts[file]) for file in load.files)


def _rows_of(load: Load, found: FileFacts) -> int:
    return max(0, found.lines - load.format.skip_header)


def _insert(session: Session, load: Load, facts: dict[StagedFile, FileFacts], *, fast: bool) -> dict[StagedFile, int]:
    if not fast:
        return {file: _insert_records(session, load, file) for file in load.files}
    if load.format.enclosed_by:
        counts = _counted_by_engine(session, load)
    else:
        counts = {file: _rows_of(load, facts[file]) for file in load.files}
    rows = session.execute(f"INSERT INTO {load.target} ({load.names}) {_select(load, facts, load.files)}")
    if rows[0][0] != sum(counts.values()):
        raise SqlError(f"{rows[0][0]} rows came from {sum(counts.values())} lines", 603, "XX000")
    return counts


def _counted_by_engine(session: Session, load: Load) -> dict[StagedFile, int]:
    """Rows per file where quotes may hold line feeds; a file with blank lines is read record by record."""
    counts: dict[StagedFile, int] = {}
    for file in load.files:
        compression = compression_of(file.path, file.file, load.format.compression)
        with session.duck.cursor() as side:
            counts[file] = side.execute(f"SELECT count(*) FROM {_reader(load, [file], compression)}").fetchone()[0]
    return counts


def _insert_records(session: Session, load: Load, file: StagedFile) -> int:
    compression = compression_of(file.path, file.file, load.format.compression)
    loaded = 0
    for batch in _batches(records(file.file, compression, load.format), len(load.rules)):
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


def _note_history(session: Session, load: Load, counts: dict[StagedFile, int]) -> None:
    database, schema, table = load.command.table
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()
    rows = ", ".join(
        f"({literal(schema)}, {literal(_history_name(file))}, {literal(table)}, '{now}', 'LOADED', {count}, {count}, "
        "NULL, NULL, NULL, NULL, 0, 1)"
        for file, count in counts.items()
    )
    session.execute(f"INSERT INTO {_history(database)} VALUES {rows}")


# -- finding what is wrong ----------------------------------------------------------------------


def _raise_first_error(session: Session, load: Load, cause: SqlError | None) -> None:
    """Raise the first bad value's error, if the files hold one; pass on a cancellation."""
    if cause is not None and cause.sqlstate == "57014":
        raise cause
    for file in load.files:
        if _reads_well(session, load, file):
            continue
        for _, error in _errors(load, file, session):
            raise error
    if load.never_null and load.files:
        column = load.never_null[0].name
        raise SqlError(f"NULL result in a non-nullable column: {column}", 100072, "22000")


def _reads_well(session: Session, load: Load, file: StagedFile) -> bool:
    """Whether DuckDB reads all of a file without a complaint, at its own speed."""
    if session.canceled.is_set():
        raise canceled()
    one = Load(load.command, load.rules, (file,), load.never_null)
    try:
        facts = _look_at_all(session, one)
        if not _may_be_fast(one, facts):
            return False
        nulls = "".join(
            f", count(*) FILTER ({quoted(rule.column.name)} IS NULL)" for rule in load.rules if not rule.column.nullable
        )
        with session.duck.cursor() as side:
            row = side.execute(
                f"SELECT count(*), max(hash(r)){nulls} FROM ({_select(one, facts, (file,))}) r"
            ).fetchone()
    except SqlError:
        raise
    except Exception:
        return False
    same = bool(load.format.enclosed_by) or row[0] == _expected(one, facts)
    return same and not any(row[2:])


def _errors(load: Load, file: StagedFile, session: Session | None = None) -> Iterator[tuple[tuple[Any, ...], SqlError]]:
    """Every mistake in a file: the row of VALIDATION_MODE for it, and the error."""
    compression = compression_of(file.path, file.file, load.format.compression)
    try:
        for record in records(file.file, compression, load.format):
            if session is not None and record.number % 1000 == 0 and session.canceled.is_set():
                raise canceled()
            for code, sqlstate, message, character, place in _mistakes(load, record):
                name = f'"{load.command.table[2]}"'
                column = f'{name}["{load.rules[place].column.name}":{place + 1}]'
                row = (
                    *(message, file.path, record.line, character, None, "conversion", code, sqlstate),
                    *(column, record.number, record.line, record.raw),
                )
                where = f"\n  File '{file.path}', line {record.line}, character {character}"
                yield (
                    row,
                    SqlError(f"{message}{where}\n  Row {record.number}, column {column}{_ADVICE}", code, sqlstate),
                )
    except Corrupt as error:
        found = corrupt_error(file.path, str(error))
        yield (found.message, file.path, *[None] * 4, found.code, found.sqlstate, *[None] * 4), found


def _mistakes(load: Load, record: Record) -> Iterator[tuple[int, str, str, int, int]]:
    width = len(load.rules)
    if record.wrong:
        code, sqlstate, message, character = record.wrong
        yield code, sqlstate, message, character, min(len(record.fields), width - 1)
        return
    if len(record.fields) != width and load.format.count_must_match:
        message = (
            f"Number of columns in file ({len(record.fields)}) does not match that of the corresponding table "
            f"({width}), use file format option error_on_column_count_mismatch=false to ignore this error"
        )
        place = min(len(record.fields), width) - 1
        yield 100080, "22000", message, record.fields[place].character if record.fields else 1, place
        return
    for place, rule in enumerate(load.rules):
        field = record.fields[place] if place < len(record.fields) else None
        if field is None or field.text is None:
            if not rule.column.nullable:
                character = field.character if field else 1
                yield 100072, "22000", "NULL result in a non-nullable column", character, place
        elif wrong := rule.wrong(field.text):
            code, sqlstate, message = wrong
            yield code, sqlstate, message, field.character, place


def _validate(load: Load) -> Answer:
    """VALIDATION_MODE = RETURN_ERRORS: every mistake, nothing loaded."""
    names = "ERROR FILE LINE CHARACTER BYTE_OFFSET CATEGORY CODE SQL_STATE COLUMN_NAME ROW_NUMBER ROW_START_LINE"
    numbers = {"LINE", "CHARACTER", "BYTE_OFFSET", "CODE", "ROW_NUMBER", "ROW_START_LINE"}
    columns = [Column(name, "fixed" if name in numbers else "text") for name in (*names.split(), "REJECTED_RECORD")]
    return Answer(columns, [row for file in load.files for row, _ in _errors(load, file)], answers.SELECT)
