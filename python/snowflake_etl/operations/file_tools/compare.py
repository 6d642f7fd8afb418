"""``compare`` (floor 5): are two files the same, and if not, what differs?

First both are read once and their content hashes are compared, which is all that ``--quick`` does.  Only if they differ
are the rows compared.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ExitCode, FileError, Stopped, UsageError
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import refuse_no_file
from snowflake_etl.files.parts import FileCutter
from snowflake_etl.operations.file_tools import looking
from snowflake_etl.operations.file_tools.compared_columns import (
    ColumnPairs,
    key_places,
    layout_differences,
    pair_columns,
)
from snowflake_etl.operations.file_tools.suggestion import DEFAULT_NULLS
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality.duck import OutOfSpace, Resources
from snowflake_etl.quality.file_compare import (
    ADDED,
    CHANGED,
    REMOVED,
    SCANS,
    DifferentRow,
    RowComparison,
    RowCounts,
)
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.results_files import ColumnComparison, ComparedSide, CompareResult, RowDifference

_READ_BYTES = 4 << 20
KINDS = (REMOVED, ADDED, CHANGED)
OnDifference = Callable[[RowDifference, Sequence[str]], None]


@dataclass(frozen=True)
class CompareWishes:
    """How to compare: an empty ``key`` means the configured one, ``show`` is how many examples of each kind are given.
    ``on_difference`` is called for every row that differs, with the column names.
    """

    key: tuple[str, ...] = ()
    quick: bool = False
    show: int = 5
    layout: LayoutWishes = field(default_factory=LayoutWishes)
    on_difference: OnDifference | None = None


def compare(
    paths: tuple[Path, Path],
    entry: FileSection | None,
    loaded: LoadedConfiguration,
    state_directory: Path,
    wishes: CompareWishes,
    progress: Progress,
) -> CompareResult:
    """Compare two files, both read as ``entry`` and the wishes say.

    Raise FileError for one that cannot be read to its end, UsageError for a missing key column.
    """
    return stoppable(lambda stop: _Comparison(paths, entry, loaded, state_directory, wishes, progress, stop).run())


class _Comparison:
    """The comparison of two files, in one pass or two."""

    def __init__(
        self,
        paths: tuple[Path, Path],
        entry: FileSection | None,
        loaded: LoadedConfiguration,
        state_directory: Path,
        wishes: CompareWishes,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        self._paths = paths
        self._entry = entry
        self._wishes = wishes
        self._progress = progress
        self._stop = stop
        self._resources = Resources.of(loaded.configuration.quality, state_directory, stop.is_set)
        self._nulls = entry.null_values if entry else DEFAULT_NULLS
        self._notes: list[str] = []

    def run(self) -> CompareResult:
        layouts = [looking.layout_of(path, looking.wishes_of(self._entry, self._wishes.layout)) for path in self._paths]
        columns = pair_columns(layouts[0], layouts[1])
        self._notes += columns.notes
        about_key: list[str] = []
        key = key_places(columns, self._wishes.key, self._entry, about_key)
        file, other = self._sides(layouts)
        result = CompareResult(
            "identical",
            file,
            other,
            tuple(layout_differences(*layouts)),
            columns.only_a,
            columns.only_b,
            tuple(columns.names[place] for place in key),
            None,
            None,
            None,
            None,
            (),
            (),
            "",
            (),
            "",
            int(ExitCode.OK),
        )
        same_columns = not (columns.only_a or columns.only_b or columns.reordered)
        if file.content_hash == other.content_hash and file.rows == other.rows and same_columns:
            return self._ended(replace(result, rows_added=0, rows_removed=0, rows_changed=0))
        if self._wishes.quick:
            self._notes.append("Only whether they are the same was checked; without --quick rows are compared.")
            return self._ended(replace(result, status="different"))
        self._notes += about_key
        if not columns.a:
            self._notes.append("The files have no column in common, so their rows were not compared.")
            return self._ended(replace(result, status="different"))
        return self._ended(self._rows(result, layouts, columns, key))

    def _sides(self, layouts: Sequence[Layout]) -> tuple[ComparedSide, ComparedSide]:
        sizes = [path.stat().st_size for path in self._paths]
        sides, before = [], 0
        for path, layout, size in zip(self._paths, layouts, sizes, strict=True):
            mark = fingerprint(path)
            cutter = FileCutter(path, layout, _READ_BYTES)
            for _ in cutter.cuts():
                if self._stop.is_set():
                    raise Stopped("The comparison was stopped. Nothing was changed; run it again.")
                self._progress("read", before + cutter.bytes_read, sum(sizes), "bytes")
            before += size
            sides.append(
                ComparedSide(
                    str(path),
                    size,
                    mark,
                    cutter.content_hash,
                    cutter.rows,
                    layout.columns,
                    layout.compression.value,
                    layout.encoding,
                    layout.delimiter,
                    layout.quote,
                    layout.header,
                    layout.line_ending,
                )
            )
        return sides[0], sides[1]

    def _rows(
        self, result: CompareResult, layouts: Sequence[Layout], columns: ColumnPairs, key: tuple[int, ...]
    ) -> CompareResult:
        scans = iter(range(SCANS))
        with looking.one_duck(self._paths[0], self._resources, "compared") as duck:
            relations = [
                FileRelation(path, layout, self._nulls, duck) for path, layout in zip(self._paths, layouts, strict=True)
            ]
            rows = RowComparison(
                relations[0],
                relations[1],
                columns.pairs(key),
                duck,
                lambda: self._progress("compare", next(scans), SCANS, "scans"),
            )
            counts = rows.count()
            left_out = self._left_out(result, counts)
            result = replace(
                result,
                rows_added=counts.added,
                rows_removed=counts.removed,
                rows_changed=counts.changed,
                keys_repeated=(counts.repeated_a, counts.repeated_b) if key else None,
            )
            differ = counts.added or counts.removed or counts.changed
            self._say_repeated(counts)
            if not (differ or left_out or result.only_in_file or result.only_in_other):
                return replace(result, status="equal")
            result = replace(result, status="different")
            return self._told(result, rows, columns, key, counts) if differ else result

    def _told(
        self,
        result: CompareResult,
        rows: RowComparison,
        columns: ColumnPairs,
        key: tuple[int, ...],
        counts: RowCounts,
    ) -> CompareResult:
        """Report which columns and which rows differ."""
        profiles = [rows.values("a"), rows.values("b")]
        try:
            rows.collect()
            changed: list[int | None] = [*rows.changed_values()] if counts.changed else [0] * len(columns.names)
            examples = tuple(
                _difference(each, columns.names, key)
                for kind in KINDS
                for each in rows.different_rows(kind, self._wishes.show)
            )
        except OutOfSpace:
            if self._wishes.on_difference:
                raise
            changed, examples = [None] * len(columns.names), ()
            self._notes.append(
                "So many rows differ that they do not fit into quality.temp_limit: they are counted, not shown."
            )
        if self._wishes.on_difference:
            for kind in KINDS:
                for each in rows.different_rows(kind):
                    self._wishes.on_difference(_difference(each, columns.names, key), columns.names)
        paired = counts.changed > 0 or bool(key)
        compared = tuple(
            ColumnComparison(name, one.nulls, two.nulls, one.longest, two.longest, number if paired else None)
            for name, one, two, number in zip(columns.names, *profiles, changed, strict=True)
        )
        return replace(result, columns=compared, examples=examples)

    def _left_out(self, result: CompareResult, counts: RowCounts) -> bool:
        """Say which rows could not be compared because they do not fit the layout."""
        left_out = False
        for side, read in ((result.file, counts.rows_a), (result.other, counts.rows_b)):
            if read != side.rows:
                left_out = True
                self._notes.append(
                    f"Not compared, since they do not fit the layout of {shown(Path(side.file).name)}: "
                    f"{counted(side.rows - read, 'row')}. check-file names them."
                )
        return left_out

    def _say_repeated(self, counts: RowCounts) -> None:
        if counts.repeated_a or counts.repeated_b:
            self._notes.append(
                f"The key is not unique: {counted(counts.repeated_a, 'key')} in several rows of the first file, "
                f"{counts.repeated_b:,} of the second. Their rows are compared whole, as added and removed."
            )

    def _ended(self, result: CompareResult) -> CompareResult:
        code = ExitCode.PROBLEMS_FOUND if result.status == "different" else ExitCode.OK
        return replace(result, notes=tuple(self._notes), message=_message(result), exit_code=int(code))


def _difference(row: DifferentRow, names: Sequence[str], key: Sequence[int]) -> RowDifference:
    known = row.a if row.a is not None else row.b
    if known is None:
        raise FileError("A row that is in neither file cannot differ.")
    values = tuple(known[place] for place in key)
    if row.a is None or row.b is None:
        return RowDifference(row.kind, values, known)
    changes = tuple((name, one, two) for name, one, two in zip(names, row.a, row.b, strict=True) if one != two)
    return RowDifference(row.kind, values, changes=changes)


def _message(result: CompareResult) -> str:
    if result.status == "identical":
        return f"Both files hold the same {counted(result.file.rows, 'record')} in the same order."
    if result.status == "equal":
        same = counted(result.file.rows, "row")
        return f"Both files hold the same {same}, in another order or written differently."
    found = []
    if result.only_in_file or result.only_in_other:
        found.append(f"{counted(len(result.only_in_file) + len(result.only_in_other), 'column')} in one of them only")
    if result.rows_added is None:
        found.append(f"{result.file.rows:,} and {counted(result.other.rows, 'row')}, whose contents are not the same")
    elif not (found or result.rows_removed or result.rows_added or result.rows_changed):
        found.append("the rows that were compared are the same, and others do not fit the layout")
    else:
        found.append(
            f"rows removed: {result.rows_removed:,}, added: {result.rows_added:,}, changed: {result.rows_changed:,}"
        )
    return f"{'; '.join(found)}."


def refuse_same(paths: tuple[Path, Path]) -> None:
    """Raise FileError for anything but a file, UsageError if both are the same file."""
    for path in paths:
        refuse_no_file(path)
    if paths[0].samefile(paths[1]):
        raise UsageError(f"{shown(paths[0])} and {shown(paths[1])} are the same file. Name two.")
