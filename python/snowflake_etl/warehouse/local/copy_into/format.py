"""The options of COPY INTO a table, read strictly: anything unknown is an error, as on Snowflake (floor 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from snowflake_etl.warehouse.local.sql.words import Kind, Words, split_words
from snowflake_etl.warehouse.local.sql_errors import SqlError, syntax_error, unsupported
from snowflake_etl.warehouse.local.staging.names import StageLocation, complete
from snowflake_etl.warehouse.local.staging.statements import compile_pattern, take_location

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_COMPRESSIONS = frozenset({"AUTO", "NONE", "GZIP", "ZSTD", "BZ2"})
_ENCODINGS = {
    "UTF8": "utf-8",
    "UTF-8": "utf-8",
    "ISO88591": "latin-1",
    "ISO-8859-1": "latin-1",
    "WINDOWS1252": "cp1252",
}
_MOST_FILES = 1000


@dataclass(frozen=True)
class CsvFormat:
    """FILE_FORMAT = (TYPE = CSV ...), with Snowflake's defaults; None stands for NONE."""

    compression: str = "AUTO"
    field_delimiter: str = ","
    record_delimiter: str = "\n"
    skip_header: int = 0
    enclosed_by: str | None = None
    escape: str | None = None
    escape_unenclosed: str | None = "\\"
    null_if: tuple[str, ...] = ("\\N",)
    empty_as_null: bool = True
    date_format: str = "AUTO"
    time_format: str = "AUTO"
    timestamp_format: str = "AUTO"
    trim_space: bool = False
    encoding: str = "utf-8"
    count_must_match: bool = True
    replace_invalid: bool = False
    skip_blank_lines: bool = False
    skip_byte_order_mark: bool = True


@dataclass(frozen=True)
class CopyCommand:
    """One COPY INTO a table."""

    table: tuple[str, str, str]
    columns: tuple[str, ...]
    location: StageLocation
    format: CsvFormat
    files: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    force: bool = False
    purge: bool = False
    validation_mode: str = ""


def read_copy(session: Session, sql: str) -> CopyCommand:
    """Read ``COPY INTO t [(columns)] FROM @stage/path ...``.  Raise SqlError for anything else."""
    words = Words(split_words(sql))
    words.take_name("COPY")
    words.take_name("INTO")
    word = words.peek()
    if word is not None and word.kind in (Kind.STAGE, Kind.TEXT):
        raise unsupported("COPY INTO a stage or a location")
    table = complete(words.take_object_name(), session.database, session.schema)
    columns = _column_list(words)
    words.take_name("FROM")
    if words.skip_sign("("):
        raise unsupported("COPY with a transformation")
    location = take_location(words, session)
    command = CopyCommand(table, columns, location, CsvFormat())
    while not words.done:
        command = _read_option(words, command)
        words.skip_sign(",")
    return command


def _column_list(words: Words) -> tuple[str, ...]:
    if not words.skip_sign("("):
        return ()
    names = [words.take_identifier()]
    while words.skip_sign(","):
        names.append(words.take_identifier())
    words.take_sign(")")
    return tuple(names)


def _read_option(words: Words, command: CopyCommand) -> CopyCommand:
    name = words.take_identifier()
    words.take_sign("=")
    match name:
        case "FILES":
            files = _texts(words)
            if len(files) > _MOST_FILES:
                raise SqlError(f"SQL compilation error:\nFILES takes at most {_MOST_FILES} names.", 1093, "22023")
            return replace(command, files=files)
        case "PATTERN":
            return replace(command, pattern=compile_pattern(words.take_text()))
        case "FILE_FORMAT":
            return replace(command, format=_read_format(words))
        case "FORCE":
            return replace(command, force=_boolean(words, name))
        case "PURGE":
            return replace(command, purge=_boolean(words, name))
        case "ON_ERROR":
            value = words.advance().value.upper()
            if value != "ABORT_STATEMENT":
                raise unsupported(f"ON_ERROR = {value}")
            return command
        case "VALIDATION_MODE":
            return replace(command, validation_mode=words.advance().value.upper())
        case "RETURN_FAILED_ONLY" | "ENFORCE_LENGTH" | "TRUNCATECOLUMNS" | "LOAD_UNCERTAIN_FILES":
            chosen = _boolean(words, name)
            if name != "LOAD_UNCERTAIN_FILES" and chosen is not (name == "ENFORCE_LENGTH"):
                raise unsupported(f"{name} = {chosen}")
            return command
        case "MATCH_BY_COLUMN_NAME":
            if (value_text := words.advance().value.upper()) != "NONE":
                raise unsupported(f"MATCH_BY_COLUMN_NAME = {value_text}")
            return command
        case "SIZE_LIMIT":
            raise unsupported("SIZE_LIMIT")
        case _:
            raise SqlError(f"SQL compilation error:\ninvalid parameter '{name}'", 1006, "42601")


def _read_format(words: Words) -> CsvFormat:
    words.take_sign("(")
    chosen = CsvFormat()
    while not words.skip_sign(")"):
        name = words.take_identifier()
        words.take_sign("=")
        chosen = _set_format(words, chosen, name)
        words.skip_sign(",")
    if chosen.escape_unenclosed and chosen.escape_unenclosed == chosen.field_delimiter:
        raise syntax_error("FIELD_DELIMITER and ESCAPE_UNENCLOSED_FIELD cannot be the same.")
    return chosen


def _set_format(words: Words, chosen: CsvFormat, name: str) -> CsvFormat:
    match name:
        case "TYPE":
            if (kind := words.advance().value.upper()) != "CSV":
                raise unsupported(f"FILE_FORMAT TYPE = {kind}")
            return chosen
        case "COMPRESSION":
            value = words.advance().value.upper()
            if value not in _COMPRESSIONS:
                raise unsupported(f"COMPRESSION = {value}")
            return replace(chosen, compression=value)
        case "FIELD_DELIMITER":
            return replace(chosen, field_delimiter=_sign(words, name) or "\0")
        case "RECORD_DELIMITER":
            return replace(chosen, record_delimiter=_sign(words, name) or "\n")
        case "SKIP_HEADER":
            value = words.advance().value
            if not value.isdigit():
                raise _invalid(name, value)
            return replace(chosen, skip_header=int(value))
        case "FIELD_OPTIONALLY_ENCLOSED_BY":
            return replace(chosen, enclosed_by=_single(words, name))
        case "ESCAPE":
            return replace(chosen, escape=_single(words, name))
        case "ESCAPE_UNENCLOSED_FIELD":
            return replace(chosen, escape_unenclosed=_single(words, name))
        case "NULL_IF":
            return replace(chosen, null_if=_texts(words))
        case "DATE_FORMAT" | "TIME_FORMAT" | "TIMESTAMP_FORMAT":
            return _set_time_format(chosen, name, words.advance().value)
        case "ENCODING":
            value = words.advance().value.upper()
            if value not in _ENCODINGS:
                raise unsupported(f"ENCODING = {value}")
            return replace(chosen, encoding=_ENCODINGS[value])
        case "BINARY_FORMAT":
            if (value := words.advance().value.upper()) != "HEX":
                raise unsupported(f"BINARY_FORMAT = {value}")
            return chosen
        case _:
            return _set_switch(words, chosen, name)


def _set_time_format(chosen: CsvFormat, name: str, value: str) -> CsvFormat:
    match name:
        case "DATE_FORMAT":
            return replace(chosen, date_format=value)
        case "TIME_FORMAT":
            return replace(chosen, time_format=value)
        case _:
            return replace(chosen, timestamp_format=value)


_SWITCHES = {
    "EMPTY_FIELD_AS_NULL": "empty_as_null",
    "TRIM_SPACE": "trim_space",
    "ERROR_ON_COLUMN_COUNT_MISMATCH": "count_must_match",
    "REPLACE_INVALID_CHARACTERS": "replace_invalid",
    "SKIP_BLANK_LINES": "skip_blank_lines",
    "SKIP_BYTE_ORDER_MARK": "skip_byte_order_mark",
}


def _set_switch(words: Words, chosen: CsvFormat, name: str) -> CsvFormat:
    if name not in _SWITCHES:
        raise SqlError(f"SQL compilation error:\ninvalid parameter '{name}'", 1006, "42601")
    changes: dict[str, Any] = {_SWITCHES[name]: _boolean(words, name)}
    return replace(chosen, **changes)


def _boolean(words: Words, name: str) -> bool:
    value = words.advance().value.upper()
    if value not in ("TRUE", "FALSE"):
        raise _invalid(name, value)
    return value == "TRUE"


def _invalid(name: str, value: str) -> SqlError:
    return SqlError(f"SQL compilation error:\ninvalid value [{value}] for parameter '{name}'", 1008, "22023")


def _sign(words: Words, name: str) -> str | None:
    word = words.advance()
    if word.is_name("NONE"):
        return None
    if word.kind is not Kind.TEXT or not word.value:
        raise _invalid(name, word.raw)
    return word.value


def _single(words: Words, name: str) -> str | None:
    value = _sign(words, name)
    if value is not None and len(value) != 1:
        raise _invalid(name, value)
    return value


def _texts(words: Words) -> tuple[str, ...]:
    words.take_sign("(")
    found: list[str] = []
    while not words.skip_sign(")"):
        found.append(words.take_text())
        words.skip_sign(",")
    return tuple(found)
