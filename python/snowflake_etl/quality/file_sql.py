"""The statements that DuckDB runs over a file (floor 4, pure text).

Columns are read as text under the names c0, c1, ... so that nothing is guessed and no name needs care;
``Plan`` knows which of them is the date, the key, and of which type the target is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from snowflake_etl.errors import ConfigError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.quality.formats import day_format, fixed_width, to_strptime
from snowflake_etl.quality.line_look import LONGEST_LINE_BYTES
from snowflake_etl.quality.names import stored
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.sqltext import ColumnType

LONGEST_TEXT = 16_777_216
_BUFFER_BYTES = 8 * 1024 * 1024
_BOOLEANS = ("true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0")
_DUCKDB_COMPRESSION = {Compression.NONE: "none", Compression.GZIP: "gzip", Compression.ZSTD: "zstd"}


def text_literal(text: str) -> str:
    """A DuckDB string literal, in which only the quote is special."""
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: str) -> str:
    """A path as read_csv takes it: the characters of a pattern stand for themselves."""
    return text_literal("".join(f"[{letter}]" if letter in "[*?" else letter for letter in path))


def relation(path: str, layout: Layout, null_values: Sequence[str], compression: Compression, line_ending: str) -> str:
    """``read_csv`` exactly as the layout says; rows that do not fit are passed over and leave one trace.

    One trace is enough: the exact look tells them all, without a table of them in memory.
    """
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(layout.columns)))
    nulls = ", ".join(text_literal(value) for value in null_values) or "chr(1) || chr(2) || chr(1)"
    quote = text_literal(layout.quote or "")
    ending = {"\n": "\\n", "\r\n": "\\r\\n"}[line_ending]
    return (
        f"read_csv({path_literal(path)}, delim={text_literal(layout.delimiter)}, quote={quote}, escape={quote}, "
        f"header={str(layout.header).lower()}, auto_detect=false, columns={{{columns}}}, nullstr=[{nulls}], "
        f"new_line='{ending}', compression='{_DUCKDB_COMPRESSION[compression]}', "
        f"max_line_size={LONGEST_LINE_BYTES}, buffer_size={_BUFFER_BYTES}, store_rejects=true, rejects_limit=1)"
    )


@dataclass(frozen=True)
class Column:
    """One column of the file: its SQL name, its stored name, and the target's type (None: not known)."""

    sql: str
    name: str
    type: ColumnType | None

    @property
    def longest(self) -> int | None:
        """The most characters that the target takes, None where there is no such limit."""
        return self.type.length if self.type and self.type.is_text and self.type.length < LONGEST_TEXT else None


class Plan:
    """Which expressions answer what ``expectations`` ask of the columns of ``layout``.

    Raise ConfigError when the date column or a key column is not in the file.
    """

    def __init__(self, layout: Layout, expectations: Expectations) -> None:
        self._known = {*expectations.types, *expectations.columns}
        names = [stored(name, self._known) for name in layout.columns]
        self.columns = tuple(
            Column(f"c{index}", name, expectations.types.get(name)) for index, name in enumerate(names)
        )
        self._expectations = expectations
        self.date = self.find(expectations.date_column, "date column") if expectations.date_column else None
        self.key = tuple(self.find(name, "key column") for name in expectations.key_columns)

    def find(self, name: str, role: str) -> Column:
        """The file's column of that name."""
        wanted = stored(name, self._known)
        for column in self.columns:
            if column.name == wanted:
                return column
        names = [column.name for column in self.columns]
        near = get_close_matches(wanted, names, n=3, cutoff=0.5) or names
        raise ConfigError(
            f"The {role} {name} is not among the {len(names)} columns of the file. Nearest: {', '.join(near)}. "
            "Correct the name in the configuration, or look at the file's header."
        )

    def place(self, column: Column) -> int:
        """The column's number in the file, from 0."""
        return self.columns.index(column)

    def day(self, column: Column) -> str:
        """The day of the date column as DATE, NULL where it cannot be read."""
        return self._day_of(column.sql, to_strptime(self.day_format(column)))

    def day_format(self, column: Column) -> str | None:
        """How the date column writes its day, None for ISO text."""
        expected = self._expectations
        return day_format(column.type, expected.date_format, expected.timestamp_format)

    def _day_of(self, value: str, pattern: str | None) -> str:
        if pattern is None:
            return f"CASE WHEN TRY_CAST({value} AS TIMESTAMP) IS NOT NULL THEN TRY_CAST({value} AS DATE) END"
        parsed = f"TRY_STRPTIME({value}, {text_literal(pattern)})::DATE"
        width = fixed_width(pattern)
        return parsed if width is None else f"CASE WHEN strlen({value}) = {width} THEN {parsed} END"

    def cast(self, column: Column) -> str | None:
        """The value as the target's type, NULL where it does not fit; None where every text fits."""
        kind, value = column.type, column.sql
        if kind is None or kind.is_text:
            return None
        if kind.is_number:
            return f"TRY_CAST({value} AS DECIMAL({kind.length}, {kind.scale}))"
        if kind.is_date:
            return self._day_of(value, to_strptime(self._expectations.date_format))
        if kind.is_timestamp:
            pattern = to_strptime(self._expectations.timestamp_format)
            return f"TRY_STRPTIME({value}, {text_literal(pattern)})" if pattern else f"TRY_CAST({value} AS TIMESTAMP)"
        if kind.base == "FLOAT":
            return f"TRY_CAST({value} AS DOUBLE)"
        if kind.base == "TIME":
            return f"TRY_CAST({value} AS TIME)"
        if kind.base == "BOOLEAN":
            words = ", ".join(text_literal(word) for word in _BOOLEANS)
            return f"CASE WHEN lower({value}) IN ({words}) THEN lower({value}) END"
        return None

    def key_parts(self) -> list[str]:
        """The key as it will stand in the table: typed, so that 7 and 07 are one number."""
        parts = []
        for column in self.key:
            typed = self._typed(column)
            parts.append(f"COALESCE(CAST({typed} AS VARCHAR), {column.sql})" if typed else column.sql)
        return parts

    def key_hash(self) -> str:
        """64 bits of the typed key.

        Equal keys are equal here.  The reverse need not hold (NULLs and values that do not cast are all alike, and
        there are chance collisions), so that a difference calls for a look at the keys themselves.
        """
        return f"hash({', '.join(self._typed(column) or column.sql for column in self.key)})"

    def _typed(self, column: Column) -> str | None:
        return self.day(column) if column == self.date else self.cast(column)

    def key_complete(self) -> str:
        return " AND ".join(f"{column.sql} IS NOT NULL" for column in self.key)


def days_statement(plan: Plan, source: str) -> str:
    """Rows, rows without a date, and rows per day: grouped by the text first, which is what makes it fast."""
    if plan.date is None:
        return f"SELECT NULL, NULL, COUNT(*) FROM {source}"
    column = plan.date
    day = plan.day(column)
    return (
        f"SELECT {day} AS day, {column.sql} IS NULL AS missing, SUM(n)::BIGINT AS n FROM "
        f"(SELECT {column.sql}, COUNT(*) AS n FROM {source} GROUP BY 1) GROUP BY 1, 2"
    )


def profile_statement(plan: Plan, source: str, places: range, *, with_keys: bool) -> tuple[str, list[tuple[str, int]]]:
    """Everything about the columns in ``places``, and with the first of them also about rows, days and keys.

    The second value names the answer's fields in order: (what, column number).
    """
    wanted: list[tuple[str, int, str]] = []
    if places.start == 0:
        wanted.append(("rows", 0, "COUNT(*)"))
        if plan.date:
            wanted.append(("days", 0, f"histogram({plan.day(plan.date)})"))
        if with_keys:
            wanted.append(("distinct keys", 0, f"COUNT(DISTINCT {plan.key_hash()})"))
    for place in places:
        column = plan.columns[place]
        wanted.append(("filled", place, f"COUNT({column.sql})"))
        if column != plan.date and (typed := plan.cast(column)) is not None:
            wanted.append(("typed", place, f"COUNT({typed})"))
        if column.type is None or column.type.is_text:
            wanted.append(("longest", place, f"MAX(length({column.sql}))"))
    return f"SELECT {', '.join(sql for _, _, sql in wanted)} FROM {source}", [each[:2] for each in wanted]


def bad_values_statement(conditions: Sequence[tuple[int, str, str]], source: str, most: int) -> str:
    """Different offending values and their rows, for several (column number, reason, condition), in one scan.

    At most ``most`` + 1 of them are answered, the most frequent first.
    """
    items = ", ".join(
        f"CASE WHEN {condition} THEN {{'place': {index}, 'reason': '{reason}', 'value': c{index}}} END"
        for index, reason, condition in conditions
    )
    return (
        f"SELECT bad.place, bad.reason, bad.value, COUNT(*) AS n FROM (SELECT unnest([{items}]) AS bad FROM {source}) "
        f"WHERE bad IS NOT NULL GROUP BY ALL ORDER BY n DESC, 1, 2, 3 LIMIT {most + 1}"
    )


def duplicates_statement(plan: Plan, source: str, worst: int) -> str:
    """How many keys stand in several rows, how many rows are too many, and the ``worst`` keys: (parts, rows)."""
    parts = plan.key_parts()
    names = ", ".join(f"{part} AS k{index}" for index, part in enumerate(parts))
    key = ", ".join(f"k{index}" for index in range(len(parts)))
    return (
        f"SELECT COUNT(*), COALESCE(SUM(n), 0)::BIGINT - COUNT(*), max_by({{'key': [{key}], 'n': n}}, n, {worst}) FROM "
        f"(SELECT {names}, COUNT(*) AS n FROM {source} WHERE {plan.key_complete()} GROUP BY ALL HAVING COUNT(*) > 1)"
    )


def null_keys_statement(plan: Plan, source: str) -> str:
    """How many rows have a NULL in the key."""
    return f"SELECT COUNT(*) FROM {source} WHERE NOT ({plan.key_complete()})"
