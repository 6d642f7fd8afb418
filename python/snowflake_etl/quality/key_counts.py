"""Counts only the keys of a relation (floor 4): how many are in several rows, in a table or in a file, for some days.

The profile counts keys among everything else; here nothing else is counted, and a file can be asked for some of
its days.  Both fill the same ``Profile``, so that ``row_checks`` judges them as in every other check.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from snowflake_etl.errors import UsageError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.month import DayRange
from snowflake_etl.quality import file_sql, row_checks
from snowflake_etl.quality.duck import Duck, OutOfSpace, Resources, in_parallel
from snowflake_etl.quality.file_faults import worst_keys
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.profile import Duplicates, Expectations, NotChecked, Profile
from snowflake_etl.quality.table_engine import Queries, profile_table
from snowflake_etl.results import Finding
from snowflake_etl.sqltext import ObjectName

MOST_WORST_KEYS = 1_000


def keys_of_table(session: Queries, table: ObjectName, expected: Expectations, days: DayRange | None) -> Profile:
    """Count the keys of a table; ``expected`` has its types, date column and key.  Errors: ``profile_table``."""
    needed = {*expected.key_columns, *([expected.date_column] if expected.date_column and days else [])}
    types = {name: kind for name, kind in expected.types.items() if name in needed}
    asked = replace(expected, types=types, date_column=expected.date_column if days else None, rules=())
    return profile_table(session, table, asked, days=days)


def keys_of_file(
    path: Path,
    layout: Layout,
    expected: Expectations,
    days: DayRange | None,
    resources: Resources,
) -> Profile:
    """Count the keys of a file exactly, within ``resources``.

    If they do not suffice, ``duplicates.searched`` is False and ``not_checked`` says so.  Raise ConfigError for
    a column that is not in the file, UsageError for days without a date column, FileError for a damaged file.
    """
    plan = Plan(layout, expected)
    if days and plan.date is None:
        raise UsageError(f"No date column of {shown(path)} is known, so no days can be chosen. Set date_column.")
    SourceFile(path).close()
    with Duck(resources) as duck:
        relation = FileRelation(path, layout, expected.null_values, duck)
        with _read_to_the_end(relation):
            rows, found = _count(relation, plan, days)
    return Profile(
        engine="file",
        subject=path.name,
        columns=layout.columns,
        rows=rows,
        duplicates=found,
        not_checked=tuple(_not_checked(path, relation, found)),
    )


def key_findings(profile: Profile) -> tuple[Finding, ...]:
    """Judge the counts by the rules for keys."""
    nothing = Expectations()
    checks = (row_checks.duplicate_keys, row_checks.null_keys, row_checks.not_checked)
    return tuple(finding for check in checks for finding in check(profile, nothing))


def _count(relation: FileRelation, plan: Plan, days: DayRange | None) -> tuple[int, Duplicates]:
    """Count rows and keys.  Hashes first, which is a fraction of the work and enough if every key is unique."""
    key = tuple(column.name for column in plan.key)
    complete = plan.key_complete()

    def of_days(source: str) -> str:
        if days is None or plan.date is None:
            return source
        bounds = f"DATE '{days.first}' AND DATE '{days.last}'"
        return f"(SELECT * FROM {source} WHERE {plan.day(plan.date)} BETWEEN {bounds})"

    counts = f"COUNT(*), COUNT(*) FILTER (WHERE {complete})"
    try:
        rows, filled, hashes = relation.query(
            lambda source: (
                f"SELECT {counts}, COUNT(DISTINCT {plan.key_hash()}) FILTER (WHERE {complete}) FROM {of_days(source)}"
            )
        )[0]
        if hashes == filled:
            return rows, Duplicates(key, null_rows=rows - filled)
        keys, excess, worst = relation.query(
            lambda source: file_sql.duplicates_statement(plan, of_days(source), MOST_WORST_KEYS)
        )[0]
    except OutOfSpace:
        rows, filled = relation.query(lambda source: f"SELECT {counts} FROM {of_days(source)}")[0]
        return rows, Duplicates(key, null_rows=rows - filled, searched=False)
    return rows, Duplicates(key, keys, excess, worst_keys(worst), rows - filled)


def _not_checked(path: Path, relation: FileRelation, found: Duplicates) -> Iterator[NotChecked]:
    if not found.searched:
        yield NotChecked(
            "duplicates",
            f"The keys of {shown(path)} need more than quality.memory_limit and quality.temp_limit allow: not checked "
            "here. Raise the limits, or load the file and check the table.",
        )
    if relation.rejected:
        yield NotChecked(
            "rows",
            f"Rows of {shown(path)} that do not fit its layout were passed over: see what check-file says of them.",
        )


@contextmanager
def _read_to_the_end(relation: FileRelation) -> Iterator[None]:
    """Unpack a compressed file a second time during the count: DuckDB takes a truncated one for complete."""
    if relation.layout.compression is Compression.NONE:
        yield
        return

    def read() -> None:
        for _ in relation.bytes():
            pass

    wait = in_parallel(read)
    try:
        yield
    finally:
        wait()
