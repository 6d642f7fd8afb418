"""The statements that DuckDB runs over a file (floor 4, pure text); ``file_plan`` knows the columns."""

from __future__ import annotations

from collections.abc import Container, Sequence

from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.quality.file_plan import Column, Plan
from snowflake_etl.quality.line_look import LONGEST_LINE_BYTES
from snowflake_etl.quality.names import text_literal

# The number of the declared key among those of rules.
DECLARED_KEY = -1
_BUFFER_BYTES = 8 * 1024 * 1024
_DUCKDB_COMPRESSION = {Compression.NONE: "none", Compression.GZIP: "gzip", Compression.ZSTD: "zstd"}


def path_literal(path: str) -> str:
    """A path as read_csv takes it, with the special characters of patterns escaped."""
    return text_literal("".join(f"[{letter}]" if letter in "[*?" else letter for letter in path))


def relation(path: str, layout: Layout, null_values: Sequence[str], compression: Compression, line_ending: str) -> str:
    """``read_csv`` exactly as the layout says; rows that do not fit are skipped and leave one trace.
    One trace is enough: the exact look finds them all, without a table of them in memory.
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
    """Count everything about the columns in ``places``, and with the first of them also rows, days and keys.
    The second value names the result's fields in order: (what, column number).  Every value is computed once, in a
    separate projection: DuckDB counts days and distinct keys in separate pipelines, and each would cast again.
    """
    wanted: list[tuple[str, int, str, str]] = []
    if places.start == 0:
        wanted.append(("rows", 0, "COUNT({})", "1"))
        if plan.date:
            wanted.append(("days", 0, "histogram({})", plan.day(plan.date)))
        if with_keys:
            wanted += [("distinct", key, "COUNT(DISTINCT {})", plan.key_hash(columns)) for key, columns in keys(plan)]
        wanted += [("broken", each.number, "COUNT_IF({})", each.broken) for each in plan.rules]
        wanted += [("newest", number, "MAX({})", day) for number, day in plan.newest_days.items()]
    for place in places:
        column = plan.columns[place]
        wanted.append(("filled", place, "COUNT({})", column.sql))
        if column != plan.date and (typed := plan.cast(column)) is not None:
            wanted.append(("typed", place, "COUNT({})", typed))
        if column.type is None or column.type.is_text:
            wanted.append(("longest", place, "MAX({})", f"length({column.sql})"))
    names = {value: f"v{number}" for number, value in enumerate(dict.fromkeys(value for *_, value in wanted))}
    values = ", ".join(f"{value} AS {name}" for value, name in names.items())
    counts = ", ".join(count.format(names[value]) for _, _, count, value in wanted)
    return f"SELECT {counts} FROM (SELECT {values} FROM {source})", [each[:2] for each in wanted]


def keys(plan: Plan) -> list[tuple[int, tuple[Column, ...]]]:
    """Every key to search for duplicates: the declared one, and those of rules by the rule's number."""
    return [*([(DECLARED_KEY, plan.key)] if plan.key else []), *plan.unique_rules.items()]


def bad_values_statement(
    conditions: Sequence[tuple[int, str, str]], source: str, most: int, bucket: str = "TRUE"
) -> str:
    """Different offending values and their rows, for several (column number, reason, condition), in one scan.

    At most ``most`` + 1 of them are returned, the most frequent first; ``bucket`` selects a subset of the values.
    """
    items = ", ".join(
        f"CASE WHEN {condition} THEN {{'place': {index}, 'reason': '{reason}', 'value': c{index}}} END"
        for index, reason, condition in conditions
    )
    return (
        f"SELECT bad.place, bad.reason, bad.value, COUNT(*) AS n FROM (SELECT unnest([{items}]) AS bad FROM {source}) "
        f"WHERE bad IS NOT NULL AND {bucket} GROUP BY ALL ORDER BY n DESC, 1, 2, 3 LIMIT {most + 1}"
    )


def broken_rules_statement(plan: Plan, numbers: Container[int], source: str, most: int, bucket: str = "TRUE") -> str:
    """Different offending values of rules and their rows, one value for each column of the rule, in one scan."""
    items = ", ".join(
        f"CASE WHEN {each.broken} THEN {{'rule': {each.number}, 'value': [{', '.join(plan.raw(each.columns))}]}} END"
        for each in plan.rules
        if each.number in numbers
    )
    return (
        f"SELECT bad.rule, bad.value, COUNT(*) AS n FROM (SELECT unnest([{items}]) AS bad FROM {source}) "
        f"WHERE bad IS NOT NULL AND {bucket} GROUP BY ALL ORDER BY n DESC, 1, 2 LIMIT {most + 1}"
    )


def duplicates_statement(plan: Plan, source: str, worst: int, columns: tuple[Column, ...] | None = None) -> str:
    """The number of keys in several rows, the number of excess rows, and the ``worst`` keys: (parts, rows).
    For the declared key, or that of ``columns``.  Keys with equally many rows come in the sort order of a table.
    """
    key = plan.key if columns is None else columns
    parts = plan.key_parts(key)
    names = ", ".join(f"{part} AS k{index}" for index, part in enumerate(parts))
    aliases = [f"k{index}" for index in range(len(parts))]
    order = ", ".join(f"'k{index}': {part}" for index, part in enumerate(plan.key_order(aliases, key)))
    repeated = f"{source} WHERE {plan.key_complete(key)} GROUP BY ALL HAVING COUNT(*) > 1"
    return (
        f"SELECT COUNT(*), COALESCE(SUM(n), 0)::BIGINT - COUNT(*), "
        f"min_by({{'key': [{', '.join(aliases)}], 'n': n}}, {{'n': -n, {order}}}, {worst}) "
        f"FROM (SELECT {names}, COUNT(*) AS n FROM {repeated})"
    )


def null_keys_statement(plan: Plan, source: str) -> str:
    """How many rows have a NULL in the key."""
    return f"SELECT COUNT(*) FROM {source} WHERE NOT ({plan.key_complete()})"
