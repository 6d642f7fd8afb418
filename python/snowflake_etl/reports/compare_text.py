"""The comparison of two files as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results_files import ColumnComparison, CompareResult, RowDifference

MOST_COLUMNS = 40
_VALUE_WIDTH = 24
_ROW_WIDTH = 73


def compare_text(result: CompareResult, all_of_it: str) -> str:
    """What is the same and what is not; ``all_of_it`` says where to find in full what is shortened here."""
    return "\n".join(_lines(result, all_of_it))


def _lines(result: CompareResult, all_of_it: str) -> Iterator[str]:
    for name, side in (("file", result.file), ("with", result.other)):
        yield f"  {name}: {visible(side.file)}"
        size = f"{counted(side.rows, 'row')}, {counted(len(side.columns), 'column')}, {human_bytes(side.bytes)}"
        yield f"        {size}, content {side.content_hash[:16]}"
    yield from (f"  layout, {difference}" for difference in result.layout_differences)
    for name, columns in (("first", result.only_in_file), ("second", result.only_in_other)):
        if columns:
            yield f"  columns of the {name} file only: {', '.join(map(visible, columns))}"
    if result.key:
        yield f"  key: {', '.join(map(visible, result.key))}"
    yield from _columns(result.columns, all_of_it)
    yield from _examples(result)
    if result.differences_file:
        yield f"  all of them in {result.differences_file}"
    yield from (f"  note: {note}" for note in result.notes)
    yield f"{result.status}: {result.message}"


def _columns(columns: Sequence[ColumnComparison], all_of_it: str) -> Iterator[str]:
    """The columns with differences."""
    differing = [
        each for each in columns if each.changed or each.nulls != each.nulls_with or each.longest != each.longest_with
    ]
    if not differing:
        return
    rows = [("column", "changed", "NULLs", "with", "longest", "with")]
    rows += [
        (
            _cut(visible(each.name), _VALUE_WIDTH),
            "" if each.changed is None else f"{each.changed:,}",
            f"{each.nulls:,}",
            f"{each.nulls_with:,}",
            f"{each.longest:,}",
            f"{each.longest_with:,}",
        )
        for each in differing[:MOST_COLUMNS]
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(6)]
    for row in rows:
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        yield f"    {'  '.join(cells)}"
    if len(differing) > MOST_COLUMNS:
        yield f"    and {counted(len(differing) - MOST_COLUMNS, 'more column')}, all of them {all_of_it}"


def _examples(result: CompareResult) -> Iterator[str]:
    counts = {"removed": result.rows_removed, "added": result.rows_added, "changed": result.rows_changed}
    for kind, count in counts.items():
        examples = [each for each in result.examples if each.kind == kind]
        if not count:
            continue
        more = f", {len(examples)} of them" if examples and len(examples) < count else ""
        yield f"  {kind}: {counted(count, 'row')}{more}{':' if examples else ''}"
        for each in examples:
            yield from _example(each, result.key)


def _example(row: RowDifference, key: Sequence[str]) -> Iterator[str]:
    if not row.changes:
        sign = "-" if row.kind == "removed" else "+"
        yield f"    {sign} {_cut(' | '.join(map(_value, row.values)), _ROW_WIDTH)}"
        return
    named = ", ".join(f"{visible(column)}={_value(value)}" for column, value in zip(key, row.key, strict=True))
    yield f"    {_cut(named, _ROW_WIDTH)}"
    for column, one, two in row.changes:
        name, values = _cut(visible(column), _VALUE_WIDTH), [_cut(_value(each), _VALUE_WIDTH) for each in (one, two)]
        yield f"      {name}: {values[0]} -> {values[1]}"


def _value(value: str | None) -> str:
    return "NULL" if value is None else visible(value)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
