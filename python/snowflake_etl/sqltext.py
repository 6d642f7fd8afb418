"""SQL text: the one place where identifiers are quoted and literals are written (floor 2, no I/O).

Values are passed as bound parameters (``?``); what cannot be bound - names, stage paths, file-format
options - is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from snowflake_etl.errors import UsageError
from snowflake_etl.month import DayRange

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*", re.ASCII)
_NAME_PART = r'"(?:[^"]|"")+"|[^".]+'
_OBJECT_NAME = re.compile(rf"(?:{_NAME_PART})(?:\.(?:{_NAME_PART})){{0,2}}")
_LONGEST_NAME = 255
_PLACES = re.compile(r"""\"(?:[^"]|"")*"|'(?:[^'\\]|''|\\.)*'|\?""")
NOW = "CAST(CURRENT_TIMESTAMP() AS TIMESTAMP_NTZ)"
"""The warehouse's clock as our tables keep it: without a zone, which is UTC in our sessions."""

_SORTABLE_DATE = re.compile(r"YYYY([^A-Z0-9]?)MM\1DD")
_COLLATION = re.compile(r"\s+COLLATE\s+'[^']*'", re.IGNORECASE)
_TYPE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.ASCII)


def fold(name: str) -> str:
    """Return the name that Snowflake stores for ``name`` as it is written in SQL.

    A plain name becomes upper case, a name in double quotes stays as it is; anything else could not be
    written without quotes and is taken literally.  Source: Snowflake, "Identifier requirements".
    """
    text = name.strip()
    if not text or len(text) > _LONGEST_NAME:
        raise UsageError(f"'{name}' is no name: a name has 1 to {_LONGEST_NAME} characters.")
    if len(text) > 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text.upper() if _PLAIN_NAME.fullmatch(text) else text


def quote(name: str) -> str:
    """Quote a stored name (see ``fold``) for use in a statement."""
    if not name or "\0" in name:
        raise UsageError(f"{name!r} cannot be the name of anything in Snowflake.")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a string literal; backslashes are escapes in Snowflake's literals, so they are doubled."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return "'" + escaped.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") + "'"


def literal_list(texts: Iterable[str]) -> str:
    """Write ``('a', 'b')``."""
    return "(" + ", ".join(literal(text) for text in texts) + ")"


def with_values(sql: str, binds: Sequence[object]) -> str:
    """A statement with its values in place of ``?``, for people to read; names and literals keep theirs."""
    values = iter(binds)
    return _PLACES.sub(lambda found: literal(str(next(values))) if found[0] == "?" else found[0], sql)


def column_list(names: Iterable[str]) -> str:
    """Write ``"A", "B"``."""
    return ", ".join(quote(name) for name in names)


@dataclass(frozen=True, order=True)
class ObjectName:
    """A table, stage or schema by its full stored name."""

    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        return ".".join(quote(part) for part in (self.database, self.schema, self.name))

    def __str__(self) -> str:
        return ".".join((self.database, self.schema, self.name))

    def sibling(self, name: str) -> ObjectName:
        """Another object in the same schema."""
        return ObjectName(self.database, self.schema, name)


def object_name(text: str, database: str, schema: str) -> ObjectName:
    """Read ``T``, ``S.T`` or ``D.S.T`` as written in a configuration; the rest comes from the arguments."""
    if not _OBJECT_NAME.fullmatch(text):
        raise UsageError(f"'{text}' is not a table name. Write TABLE, SCHEMA.TABLE or DATABASE.SCHEMA.TABLE.")
    parts = [fold(part) for part in re.findall(_NAME_PART, text)]
    return ObjectName(*[database, schema][: 3 - len(parts)], *parts)


@dataclass(frozen=True)
class ColumnType:
    """A Snowflake column type: its ``base`` (VARCHAR, NUMBER, DATE, TIMESTAMP_NTZ, ...) and sizes.

    ``length`` is characters for text, precision for NUMBER, fractional digits for times; 0 when not given.
    """

    base: str
    length: int = 0
    scale: int = 0

    @property
    def is_text(self) -> bool:
        return self.base == "VARCHAR"

    @property
    def is_number(self) -> bool:
        return self.base == "NUMBER"

    @property
    def is_date(self) -> bool:
        return self.base == "DATE"

    @property
    def is_timestamp(self) -> bool:
        return self.base.startswith("TIMESTAMP")


_SYNONYMS = {
    **dict.fromkeys(("STRING", "TEXT", "CHAR VARYING", "NCHAR VARYING", "NVARCHAR", "NVARCHAR2"), "VARCHAR"),
    **dict.fromkeys(("CHAR", "CHARACTER", "NCHAR"), "VARCHAR"),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"), "NUMBER"),
    **dict.fromkeys(("DOUBLE", "DOUBLE PRECISION", "REAL", "FLOAT4", "FLOAT8"), "FLOAT"),
    **dict.fromkeys(("DATETIME", "TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMP WITHOUT TIME ZONE"), "TIMESTAMP_NTZ"),
    **dict.fromkeys(("TIMESTAMPLTZ", "TIMESTAMP WITH LOCAL TIME ZONE"), "TIMESTAMP_LTZ"),
    **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), "TIMESTAMP_TZ"),
    "VARBINARY": "BINARY",
}
TYPE_NAMES = (
    *("VARCHAR", "NUMBER", "FLOAT", "DECFLOAT", "DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"),
    *("BOOLEAN", "BINARY", "VARIANT", "OBJECT", "ARRAY", "MAP", "VECTOR", "GEOGRAPHY", "GEOMETRY", "FILE", "UUID"),
    *_SYNONYMS,
)
_ONE_CHARACTER = frozenset({"CHAR", "CHARACTER", "NCHAR"})
_LONGEST_TEXT = 16_777_216


def column_type(text: str) -> ColumnType:
    """Read a type as Snowflake writes or accepts it, synonyms included.  Raise UsageError for nonsense."""
    match = _TYPE.fullmatch(_COLLATION.sub("", text))
    if not match:
        raise UsageError(f"'{text}' is not a column type. Write for example DATE, NUMBER(9,0) or VARCHAR(20).")
    word = " ".join(match[1].upper().split())
    base = _SYNONYMS.get(word, word)
    length, scale = int(match[2] or 0), int(match[3] or 0)
    if base == "VARCHAR" and not length:
        length = 1 if word in _ONE_CHARACTER else _LONGEST_TEXT
    if base == "NUMBER" and not length:
        length = 38
    return ColumnType(base, length, scale)


def day_bounds(column: str, kind: ColumnType, days: DayRange, date_format: str = "YYYYMMDD") -> tuple[str, list[str]]:
    """Return a half-open condition ``column >= ? AND column < ?`` that fits the column's real type, and its binds.

    DATE and TIMESTAMP columns compare with dates, NUMBER columns with YYYYMMDD, text columns with the text of
    the date in ``date_format`` (which must sort by day: year first).  Raise UsageError for columns that cannot
    be compared like that.
    """
    name = quote(column)
    first, after = days.first, days.after
    if kind.is_date or kind.is_timestamp:
        cast = "DATE" if kind.is_date else kind.base
        if kind.base == "TIMESTAMP_TZ":
            # The day that the value itself names, not the one it falls on in the session's time zone.
            name, cast = f"CAST({name} AS TIMESTAMP_NTZ)", "TIMESTAMP_NTZ"
        condition = f"{name} >= CAST(? AS {cast}) AND {name} < CAST(? AS {cast})"
        return condition, [first.isoformat(), after.isoformat()]
    if kind.is_number:
        if date_format.upper() != "YYYYMMDD":
            raise UsageError(
                f"Column {column} is a NUMBER with dates as {date_format}, of which no range of days can be selected. "
                "Store it as DATE or TIMESTAMP, as text, or as a NUMBER of YYYYMMDD."
            )
        condition = f"{name} >= CAST(? AS NUMBER) AND {name} < CAST(? AS NUMBER)"
        return condition, [f"{first:%Y%m%d}", f"{after:%Y%m%d}"]
    if kind.is_text:
        return f"{name} >= ? AND {name} < ?", [_date_text(first, date_format), _date_text(after, date_format)]
    raise UsageError(f"Column {column} is of type {kind.base}, which holds no days. Choose another date_column.")


def sorts_by_day(date_format: str) -> bool:
    """True if texts in that format sort like their days, so that ``day_bounds`` can compare them."""
    return bool(_SORTABLE_DATE.match(date_format.upper()))


def day_part(date_format: str) -> str:
    """The year, month and day that a format which sorts by day begins with; "" for any other one."""
    match = _SORTABLE_DATE.match(date_format.upper())
    return match[0] if match else ""


def nearest_names(name: str, known: Sequence[str]) -> str:
    """Those of the known names that were probably meant, for a message; all of them if none is similar."""
    folded = {one.upper(): one for one in known}
    near = get_close_matches(name.upper(), folded, n=3, cutoff=0.5)
    if near:
        return f"Nearest: {', '.join(folded[one] for one in near)} (of {len(known)})"
    return f"There are: {', '.join(known)}"


def day_bounds_of_any(
    column: str, kind: ColumnType, ranges: Sequence[DayRange], date_format: str = "YYYYMMDD"
) -> tuple[str, list[str]]:
    """Like ``day_bounds``, true for a row in any of ``ranges``."""
    conditions, binds = [], []
    for days in ranges:
        condition, values = day_bounds(column, kind, days, date_format)
        conditions.append(f"({condition})")
        binds.extend(values)
    return "(" + " OR ".join(conditions) + ")", binds


def _date_text(day: date, date_format: str) -> str:
    """The date as a prefix of the column's texts: it sorts before every time of its day."""
    match = _SORTABLE_DATE.match(date_format.upper())
    if not match:
        raise UsageError(
            f"The date format {date_format} does not sort by day, so a range of days cannot be selected as text. "
            "Store the column as DATE, or as text with year, month and day in this order (YYYY-MM-DD, YYYYMMDD)."
        )
    return f"{day:%Y}{match[1]}{day:%m}{match[1]}{day:%d}"
