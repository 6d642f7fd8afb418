"""How a field's text becomes a column's value: the same rule in DuckDB SQL and in Python (floor 3).
The SQL does the work; if it fails, Python says what is wrong with which value, in Snowflake's wording.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from snowflake_etl.warehouse.local.copy_into.format import CsvFormat
from snowflake_etl.warehouse.local.copy_into.time_formats import TimeFormat, read_time_format
from snowflake_etl.warehouse.local.sql.columns_view import LONGEST_TEXT
from snowflake_etl.warehouse.local.sql.duck_text import literal
from snowflake_etl.warehouse.local.sql.table_types import TableColumn
from snowflake_etl.warehouse.local.sql_errors import SqlError

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?|nan)\s*", re.ASCII | re.IGNORECASE)
_TRUE = ("true", "t", "yes", "y", "on", "1")
_FALSE = ("false", "f", "no", "n", "off", "0")
_LARGEST_BIGINT = 2**63 - 1
_DIGITS = 38
_EXACT = Context(prec=200)
_HEX = "(?:[0-9A-Fa-f]{2})*"
_FAIL = "error('value not recognized')"

Wrong = tuple[int, str, str]


@dataclass(frozen=True)
class Rule:
    """One column's rule: ``sql`` casts the text that the SQL ``value`` stands for, ``wrong`` judges a text."""

    column: TableColumn
    sql: Callable[[str], str]
    wrong: Callable[[str], Wrong | None]


def rule_for(column: TableColumn, chosen: CsvFormat) -> Rule:
    """The rule for a column.  Raise SqlError for a type that COPY cannot fill here."""
    match column.kind:
        case "TEXT":
            return _text_rule(column)
        case "NUMBER":
            return _number_rule(column)
        case "FLOAT":
            return Rule(column, lambda value: _guarded(value, "DOUBLE", "_"), _wrong_float)
        case "BOOLEAN":
            return Rule(column, _boolean_sql, _wrong_boolean)
        case "DATE":
            return _time_rule(column, "DATE", read_time_format(chosen.date_format, "DATE"), 100040)
        case "TIME":
            return _time_rule(column, "TIME", read_time_format(chosen.time_format, "TIME"), 100108)
        case "TIMESTAMP_NTZ":
            return _time_rule(column, "TIMESTAMP", read_time_format(chosen.timestamp_format, "TIMESTAMP"), 100035)
        case "TIMESTAMP_TZ" | "TIMESTAMP_LTZ":
            return _time_rule(column, "TIMESTAMPTZ", read_time_format(chosen.timestamp_format, "TIMESTAMP"), 100035)
        case "VARIANT":
            return Rule(column, lambda value: f"CAST({value} AS JSON)", _wrong_json)
        case "BINARY":
            return Rule(column, _hex_sql, _wrong_hex)
        case kind:
            raise SqlError(
                f"Unsupported feature 'COPY into a column of type {kind}' of the embedded warehouse.", 2, "0A000"
            )


def _text_rule(column: TableColumn) -> Rule:
    if column.length >= LONGEST_TEXT:
        return Rule(column, lambda value: value, lambda _: None)

    def wrong(text: str) -> Wrong | None:
        if len(text) <= column.length:
            return None
        return 100078, "22000", f"String '{text}' is too long and would be truncated"

    return Rule(
        column, lambda value: f"CASE WHEN length({value}) > {column.length} THEN {_FAIL} ELSE {value} END", wrong
    )


def _number_rule(column: TableColumn) -> Rule:
    whole = column.precision == 38 and column.scale == 0
    kind = "BIGINT" if whole else f"DECIMAL({column.precision},{column.scale})"
    largest = Decimal(_LARGEST_BIGINT) if whole else Decimal("9" * column.precision).scaleb(-column.scale, _EXACT)
    smallest = -largest - 1 if whole else -largest
    step = Decimal(1).scaleb(-column.scale)

    def wrong(text: str) -> Wrong | None:
        if not _NUMBER.fullmatch(text):
            return 100038, "22018", f"Numeric value '{text}' is not recognized"
        value = Decimal(text.strip())
        far_away = value.adjusted() > _DIGITS and value != 0
        if far_away or not smallest <= value.quantize(step, ROUND_HALF_UP, _EXACT) <= largest:
            return 100039, "22003", f"Numeric value '{text}' is out of range"
        return None

    # DuckDB also reads 1_000, and as a whole number 0x10 and 0b1.
    return Rule(column, lambda value: _guarded(value, kind, "_xXbBoO" if whole else "_"), wrong)


def _guarded(value: str, kind: str, signs: str) -> str:
    strange = " OR ".join(f"contains({value}, '{sign}')" for sign in signs)
    return f"CASE WHEN {strange} THEN {_FAIL} ELSE CAST({value} AS {kind}) END"


def _wrong_float(text: str) -> Wrong | None:
    return None if _FLOAT.fullmatch(text) else (100038, "22018", f"Numeric value '{text}' is not recognized")


def _boolean_sql(value: str) -> str:
    true, false = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
    return (
        f"CASE WHEN lower({value}) IN ({true}) THEN true WHEN lower({value}) IN ({false}) THEN false "
        f"WHEN {value} IS NOT NULL THEN {_FAIL} END"
    )


def _wrong_boolean(text: str) -> Wrong | None:
    if text.lower() in (*_TRUE, *_FALSE):
        return None
    return 100037, "22018", f"Boolean value '{text}' is not recognized"


def _wrong_json(text: str) -> Wrong | None:
    try:
        json.loads(text)
    except ValueError as error:
        return 100069, "22P02", f"Error parsing JSON: {error}"
    return None


def _hex_sql(value: str) -> str:
    return (
        f"CASE WHEN regexp_full_match({value}, '{_HEX}') THEN unhex({value}) WHEN {value} IS NOT NULL THEN {_FAIL} END"
    )


def _wrong_hex(text: str) -> Wrong | None:
    if re.fullmatch(_HEX, text):
        return None
    return 100115, "22000", f"The following string is not a legal hex-encoded value: '{text}'"


def _time_rule(column: TableColumn, target: str, accepted: tuple[TimeFormat, ...], code: int) -> Rule:
    noun = {"DATE": "Date", "TIME": "Time"}.get(target, "Timestamp")

    def sql(value: str) -> str:
        cases = " ".join(
            f"WHEN regexp_full_match({value}, {literal(form.shape)}) THEN {form.sql(value, target)}"
            for form in accepted
        )
        return f"CASE {cases} WHEN {value} IS NOT NULL THEN {_FAIL} END"

    def wrong(text: str) -> Wrong | None:
        for form in accepted:
            if re.fullmatch(form.shape, text, re.ASCII) and form.is_real(text):
                return None
        return code, "22007", f"{noun} '{text}' is not recognized"

    return Rule(column, sql, wrong)
