"""Finds what is wrong with the files of a COPY, and reports it in Snowflake's wording (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from snowflake_etl.warehouse.local import answers
from snowflake_etl.warehouse.local.answers import Answer, Column
from snowflake_etl.warehouse.local.copy_into.files import Corrupt, corrupt_error
from snowflake_etl.warehouse.local.copy_into.plan import Load, expected_rows, look_at_all, may_be_fast
from snowflake_etl.warehouse.local.copy_into.records import Record, records
from snowflake_etl.warehouse.local.sql.duck_text import quoted
from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled
from snowflake_etl.warehouse.local.staging.stages import StagedFile

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_ADVICE = (
    "\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option. For more information on loading options, please run 'info loading_data' in a "
    "SQL client."
)
_RECORDS_BETWEEN_LOOKS = 1000


def raise_first_error(session: Session, load: Load, cause: SqlError | None) -> None:
    """Raise the first bad value's error, if the files contain one; pass on a cancellation."""
    if cause is not None and cause.sqlstate == "57014":
        raise cause
    for file in load.files:
        if not _reads_well(session, load.only(file)):
            for _, error in errors_of(session, load, file):
                raise error
    if load.never_null and load.files:
        column = load.never_null[0].name
        raise SqlError(f"NULL result in a non-nullable column: {column}", 100072, "22000")


def _reads_well(session: Session, load: Load) -> bool:
    """Whether DuckDB reads all of one file without an error, at full speed."""
    if session.canceled.is_set():
        raise canceled()
    facts = look_at_all(session, load)
    if not may_be_fast(session, load, facts):
        return False
    nulls = "".join(
        f", count(*) FILTER ({quoted(rule.column.name)} IS NULL)" for rule in load.rules if not rule.column.nullable
    )
    try:
        with session.duck.cursor() as side:
            row = side.execute(f"SELECT count(*), max(hash(r)){nulls} FROM ({load.select()}) r").fetchone()
    except Exception:
        return False
    same = bool(load.format.enclosed_by) or row[0] == expected_rows(load, facts)
    return same and not any(row[2:])


def errors_of(session: Session, load: Load, file: StagedFile) -> Iterator[tuple[tuple[Any, ...], SqlError]]:
    """Every mistake in a file: the row of VALIDATION_MODE for it, and the error."""
    try:
        for record in records(file.file, load.compression(file), load.format):
            if record.number % _RECORDS_BETWEEN_LOOKS == 0 and session.canceled.is_set():
                raise canceled()
            yield from record_errors(load, file, record)
    except Corrupt as error:
        found = corrupt_error(file.path, str(error))
        yield (found.message, file.path, *[None] * 4, found.code, found.sqlstate, *[None] * 4), found


def record_errors(load: Load, file: StagedFile, record: Record) -> Iterator[tuple[tuple[Any, ...], SqlError]]:
    """The mistakes of one record, as :func:`errors_of` gives them."""
    for code, sqlstate, message, character, place in _mistakes(load, record):
        column = f'"{load.command.table[2]}"["{load.rules[place].column.name}":{place + 1}]'
        row = (
            *(message, file.path, record.line, character, None, "conversion", code, sqlstate),
            *(column, record.number, record.line, record.raw),
        )
        where = f"\n  File '{file.path}', line {record.line}, character {character}"
        yield row, SqlError(f"{message}{where}\n  Row {record.number}, column {column}{_ADVICE}", code, sqlstate)


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


def validate(session: Session, load: Load) -> Answer:
    """VALIDATION_MODE = RETURN_ERRORS: every mistake, nothing loaded."""
    names = "ERROR FILE LINE CHARACTER BYTE_OFFSET CATEGORY CODE SQL_STATE COLUMN_NAME ROW_NUMBER ROW_START_LINE"
    numbers = {"LINE", "CHARACTER", "BYTE_OFFSET", "CODE", "ROW_NUMBER", "ROW_START_LINE"}
    columns = [Column(name, "fixed" if name in numbers else "text") for name in (*names.split(), "REJECTED_RECORD")]
    return Answer(columns, [row for file in load.files for row, _ in errors_of(session, load, file)], answers.SELECT)
