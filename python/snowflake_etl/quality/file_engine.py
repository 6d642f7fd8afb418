"""Counts a file with DuckDB, out of core, for ``checks`` to judge (floor 4).

One scan counts everything; at the same time the bytes are searched for what DuckDB silently ignores.  Only
if one of the two finds a problem are the exact values and lines determined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.progress import Progress, no_progress
from snowflake_etl.quality.duck import Duck, OutOfSpace, Resources, in_parallel
from snowflake_etl.quality.file_bytes import ByteLook
from snowflake_etl.quality.file_counts import Counted, count_all, count_days
from snowflake_etl.quality.file_faults import ValueList, bad_values, duplicates, list_bad_values, suspects_of
from snowflake_etl.quality.file_plan import Column, Plan
from snowflake_etl.quality.file_rejects import OnReject, tell_rejects
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.file_rules import BrokenRules, count_rules, list_broken_rules, rule_suspects
from snowflake_etl.quality.line_look import LineFindings, Wanted, look_at_lines
from snowflake_etl.quality.lines import merged
from snowflake_etl.quality.profile import (
    ColumnProfile,
    Duplicates,
    Expectations,
    LayoutFaults,
    Lines,
    NotChecked,
    Profile,
    Reason,
    Scope,
)

_DAYS_ONLY = NotChecked("values", "Only the days were asked for: bytes, types, lengths and keys were not looked at.")


def profile_file(
    path: Path,
    layout: Layout,
    expectations: Expectations,
    resources: Resources,
    *,
    scope: Scope = Scope.ALL,
    progress: Progress = no_progress,
    sample_rows: int | None = None,
    on_reject: OnReject | None = None,
) -> Profile:
    """Count ``path`` as ``layout`` says it is written.

    ``sample_rows`` checks the first rows only.  ``on_reject`` is called for every value and row that the target would
    reject.  Raise ConfigError for a date, key or rule column that the file does not have, FileError for a file that
    cannot be read to its end or not within ``resources``, Stopped once ``resources.stopped`` says so.
    """
    plan = Plan(layout, expectations)
    SourceFile(path).close()
    with Duck(resources) as duck:
        relation = FileRelation(path, layout, expectations.null_values, duck, sample_rows)
        try:
            counted, odd = (_days if scope is Scope.DAYS else _everything)(relation, plan, progress)
            profile = _profile(relation, plan, expectations, counted, odd, scope, progress)
            if on_reject:
                tell_rejects(relation, plan, expectations, counted, odd, on_reject)
            return profile
        except OutOfSpace as error:
            raise FileError(
                f"{shown(path)} cannot be checked within the memory and temporary space that it may use ({error}). "
                "Raise quality.temp_limit or quality.memory_limit (for a load load.memory_limit, too), or check the "
                "table instead (--qc snowflake)."
            ) from error


def _days(relation: FileRelation, plan: Plan, progress: Progress) -> tuple[Counted, bool]:
    """Count days; a compressed file is also unpacked by us in parallel: DuckDB takes a truncated one for complete."""
    packed = relation.layout.compression is not Compression.NONE
    with _beside(relation, progress, lambda _: None) if packed else nullcontext():
        counted = count_days(relation, plan)
    return counted, relation.rejected or relation.normalized


def _everything(relation: FileRelation, plan: Plan, progress: Progress) -> tuple[Counted, bool]:
    """Count while the bytes are examined; the second value says whether the lines need an exact look."""
    look = ByteLook(relation.layout.line_ending)
    with _beside(relation, progress, look.see):
        counted = count_all(relation, plan)
    look.finish()
    records = max(look.lines - relation.layout.header, 0)
    return counted, relation.rejected or look.suspicious or counted.rows != records


@contextmanager
def _beside(relation: FileRelation, progress: Progress, see: Callable[[bytes], None]) -> Iterator[None]:
    """Pass every byte of the file to ``see`` in a thread; read errors are raised at the end."""

    def see_all() -> None:
        for chunk in relation.bytes(lambda done, total: progress("check", done, total, "bytes")):
            see(chunk)

    wait = in_parallel(see_all)
    try:
        yield
    finally:
        wait()


@dataclass(frozen=True)
class _Seen:
    """The values behind the counts, and their lines; None if no exact look was needed."""

    listed: ValueList
    broken: BrokenRules
    looked: LineFindings | None


def _look_closer(
    relation: FileRelation,
    plan: Plan,
    expectations: Expectations,
    counted: Counted,
    odd: bool,
    progress: Progress,
) -> _Seen:
    listed = list_bad_values(relation, plan, counted)
    broken = list_broken_rules(relation, plan, counted)
    nulls = expectations.null_values
    wanted = Wanted(
        suspects_of(plan, counted, listed, nulls),
        rule_suspects(plan, broken),
        frozenset(value.encode() for value in nulls),
    )
    if not (odd or wanted):
        return _Seen(listed, broken, None)
    source = relation.bytes(lambda done, total: progress("look at lines", done, total, "bytes"))
    place = plan.place(plan.date) if plan.date else None
    return _Seen(listed, broken, look_at_lines(source, relation.layout, wanted, place))


def _profile(
    relation: FileRelation,
    plan: Plan,
    expectations: Expectations,
    counted: Counted,
    odd: bool,
    scope: Scope,
    progress: Progress,
) -> Profile:
    seen = _look_closer(relation, plan, expectations, counted, odd, progress)
    if seen.looked and seen.looked.layout.unbalanced_quotes.count:
        # DuckDB took the rows after a stray quote as its value: count again without these lines.
        relation.leave_out(seen.looked.layout.unbalanced_quotes)
        counted = count_days(relation, plan) if scope is Scope.DAYS else count_all(relation, plan)
        seen = _look_closer(relation, plan, expectations, counted, True, progress)
    listed, broken, looked = seen.listed, seen.broken, seen.looked
    not_checked = [_DAYS_ONLY] if scope is Scope.DAYS else []
    found = _duplicates(relation, plan, counted, looked) if plan.key and scope is Scope.ALL else None
    if found and not found.searched:
        not_checked.append(_no_duplicates(relation.path))
    rules, rules_left = (
        ((), ()) if scope is Scope.DAYS else count_rules(relation, plan, expectations.rules, counted, broken, looked)
    )
    return Profile(
        engine="file",
        subject=relation.path.name,
        columns=relation.layout.columns,
        rows=looked.records if looked else counted.rows,
        rows_per_day=dict(sorted(counted.days.items())) if plan.date else None,
        null_dates=counted.null_dates,
        null_date_lines=_null_lines(plan, looked, [plan.date] if plan.date and counted.null_dates else []),
        column_profiles=_columns(plan, counted),
        layout=looked.layout if looked else LayoutFaults(len(plan.columns)),
        bad_values=bad_values(plan, counted, listed, looked),
        duplicates=found,
        rules=rules,
        not_checked=(*not_checked, *rules_left),
        sample_rows=relation.sample_rows,
    )


def _duplicates(relation: FileRelation, plan: Plan, counted: Counted, looked: LineFindings | None) -> Duplicates:
    found = duplicates(relation, plan, counted)
    return replace(found, null_lines=_null_lines(plan, looked, list(plan.key)))


def _null_lines(plan: Plan, looked: LineFindings | None, columns: list[Column]) -> Lines | None:
    if looked is None or not columns:
        return None
    return merged([looked.value_lines.get((plan.place(column), Reason.NULL), Lines()) for column in columns])


def _columns(plan: Plan, counted: Counted) -> tuple[ColumnProfile, ...]:
    return tuple(
        ColumnProfile(
            column.name,
            counted.rows - counted.filled[place] if place in counted.filled else None,
            counted.longest.get(place),
        )
        for place, column in enumerate(plan.columns)
    )


def _no_duplicates(path: Path) -> NotChecked:
    return NotChecked(
        "duplicates",
        f"The keys of {shown(path)} need more than quality.memory_limit and quality.temp_limit allow: not checked "
        "here. The work table is checked before publish; raise the limits to check the file.",
    )
