"""``sample`` (floor 5): what a file looks like, by its first rows or by all of them, and a configuration for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ExitCode
from snowflake_etl.files.detect import first_records
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.operations.file_tools import looking
from snowflake_etl.operations.file_tools.suggestion import DEFAULT_NULLS, Suggestion, suggest
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality.column_facts import ColumnFacts, Hypotheses, count_columns
from snowflake_etl.quality.duck import Resources, in_parallel
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.type_guess import Guess
from snowflake_etl.results_files import SampledColumn, SampleResult


@dataclass(frozen=True)
class SampleWishes:
    """Look at the first ``rows`` (None: at all of them), and return the first ``show`` unchanged."""

    rows: int | None = 10_000
    show: int = 3
    layout: LayoutWishes = field(default_factory=LayoutWishes)


@dataclass(frozen=True)
class Looked:
    """A file that was examined: its layout, its rows (see ``SampleResult``) and its columns."""

    path: Path
    layout: Layout
    rows: int
    rows_exact: bool
    rows_looked_at: int
    columns: tuple[ColumnFacts, ...]
    passed_over: bool


def sample(
    path: Path,
    entry: FileSection | None,
    loaded: LoadedConfiguration,
    state_directory: Path,
    wishes: SampleWishes,
    progress: Progress,
) -> SampleResult:
    """Examine one file, read as ``entry`` and the wishes say.  Raise FileError if it cannot be read."""
    looked = look(path, entry, loaded, state_directory, wishes, progress)
    nulls = entry.null_values if entry else DEFAULT_NULLS
    suggestion = suggest(path, looked.layout, looked.columns, entry.table_name if entry else None, nulls)
    if entry is None and "null_values" in suggestion.entry:
        as_null = tuple(suggestion.entry["null_values"])
        again = look(path, entry, loaded, state_directory, wishes, progress, as_null)
        looked = replace(looked, columns=_texts_of(again, looked, suggestion))
        suggestion = suggest(path, looked.layout, looked.columns, None, nulls)
    return _result(looked, suggestion, entry, wishes)


def _texts_of(again: Looked, first: Looked, suggestion: Suggestion) -> tuple[ColumnFacts, ...]:
    """The columns of ``first``; text columns get the NULLs that the others need, since null_values apply to all
    columns.
    """
    return tuple(
        facts_again if guessed.type.startswith("VARCHAR") else facts
        for facts, facts_again, guessed in zip(first.columns, again.columns, suggestion.guesses, strict=True)
    )


def look(
    path: Path,
    entry: FileSection | None,
    loaded: LoadedConfiguration,
    state_directory: Path,
    wishes: SampleWishes,
    progress: Progress,
    nulls: tuple[str, ...] | None = None,
) -> Looked:
    """Count the columns of a file; ``nulls`` are read as NULL instead of those of its entry.

    Raise FileError if it is empty, damaged or its layout is unclear.
    """
    layout = looking.layout_of(path, looking.wishes_of(entry, wishes.layout))
    quality = loaded.configuration.quality
    as_null = nulls or (entry.null_values if entry else DEFAULT_NULLS)

    def work(stop: threading.Event) -> Looked:
        resources = Resources.of(quality, state_directory, stop.is_set)
        with looking.one_duck(path, resources, "sampled") as duck:
            first = FileRelation(path, layout, as_null, duck, wishes.rows or SampleWishes().rows)
            looked_at, columns = count_columns(first, layout.columns)
            passed_over = first.rejected
            if wishes.rows is not None:
                rows, exact = looking.estimated_rows(path, layout)
                # The lines within a quoted field are not rows; a file that was read to its end is counted exactly.
                if looked_at < wishes.rows:
                    rows, exact = looked_at, not passed_over
                return Looked(path, layout, max(rows, looked_at), exact, looked_at, columns, passed_over)
            whole = FileRelation(path, layout, as_null, duck)
            looked_at, columns = _all(whole, layout, columns, progress)
            return Looked(path, layout, looked_at, not whole.rejected, looked_at, columns, whole.rejected)

    return stoppable(work)


def _all(
    relation: FileRelation, layout: Layout, first: tuple[ColumnFacts, ...], progress: Progress
) -> tuple[int, tuple[ColumnFacts, ...]]:
    """Count everything; only the column types that the first rows leave possible are tried."""
    left = [Hypotheses.left_by(facts) for facts in first]

    def read() -> None:
        for _ in relation.bytes(lambda done, total: progress("sample", done, total, "bytes")):
            pass

    # DuckDB takes a truncated compressed file for complete, and reports no progress.
    wait = in_parallel(read)
    try:
        return count_columns(relation, layout.columns, left)
    finally:
        wait()


def _result(looked: Looked, suggestion: Suggestion, entry: FileSection | None, wishes: SampleWishes) -> SampleResult:
    layout = looked.layout
    columns = zip(looked.columns, suggestion.guesses, strict=True)
    notes = [*layout.notes, *suggestion.notes]
    if entry is not None:
        notes.insert(0, f"It is read as the configuration says of {entry.file_pattern} ({entry.table_name}).")
    if looked.passed_over:
        notes.append("Rows that do not fit the layout were passed over: check-file names them.")
    about = "" if looked.rows_exact else "about "
    part = "" if looked.rows_looked_at == looked.rows else f", the first {looked.rows_looked_at:,} looked at"
    shown_rows = min(wishes.show, looked.rows_looked_at)
    return SampleResult(
        "ok",
        str(looked.path),
        looked.path.stat().st_size,
        layout.compression.value,
        layout.encoding,
        layout.delimiter,
        layout.quote,
        layout.header,
        layout.line_ending,
        looked.rows,
        looked.rows_exact,
        looked.rows_looked_at,
        tuple(_column(facts, each) for facts, each in columns),
        first_records(looked.path, layout, shown_rows) if shown_rows else (),
        suggestion.entry,
        tuple(notes),
        f"{shown(looked.path.name)}: {counted(len(looked.columns), 'column')}, "
        f"{about}{counted(looked.rows, 'row')}{part}.",
        int(ExitCode.OK),
    )


def _column(facts: ColumnFacts, suggested: Guess) -> SampledColumn:
    return SampledColumn(
        facts.name,
        suggested.type,
        suggested.format,
        suggested.formats,
        facts.nulls,
        facts.null_words,
        facts.values,
        facts.distinct,
        facts.shortest,
        facts.longest,
        facts.least,
        facts.greatest,
        facts.lowest,
        facts.highest,
        facts.mean,
        str(suggested.first or ""),
        str(suggested.last or ""),
    )
