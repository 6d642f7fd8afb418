"""The examination of a file as text for people (floor 3): what it is, its columns, its first rows, its entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.json_text import json_text
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results_files import SampledColumn, SampleResult

MOST_COLUMNS = 60
_NAME_WIDTH = 20
_VALUE_WIDTHS = (8, 20)
_SCREEN_WIDTH = 80
_ROW_WIDTH = 76
_DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar"}


def sample_text(result: SampleResult, all_of_it: str) -> str:
    """Everything in 80 columns; ``all_of_it`` says where to find in full what is shortened here."""
    return "\n".join(_lines(result, all_of_it))


def _lines(result: SampleResult, all_of_it: str) -> Iterator[str]:
    delimiter = _DELIMITERS.get(result.delimiter, result.delimiter)
    packed = "" if result.compression == "none" else f", {result.compression}"
    ending = "CR LF" if result.line_ending == "\r\n" else "LF"
    header = "header" if result.header else "no header"
    quote = f"quote {result.quote}" if result.quote else "no quoting"
    yield f"  {visible(result.file)}"
    yield f"  {human_bytes(result.bytes)}{packed}, {result.encoding}, {delimiter}, {quote}, {header}, {ending}"
    yield ""
    yield from _columns(result.columns, all_of_it)
    if result.first_rows:
        yield ""
        yield f"  first {counted(len(result.first_rows), 'row')}:"
        yield from (f"    {_cut(' | '.join(map(visible, row)), _ROW_WIDTH)}" for row in result.first_rows)
    yield ""
    yield "  for 'files' in a configuration:"
    yield from (f"    {line}" for line in json_text(result.entry).splitlines())
    yield from (f"  note: {note}" for note in result.notes)
    yield f"{result.status}: {result.message}"


def _columns(columns: Sequence[SampledColumn], all_of_it: str) -> Iterator[str]:
    rows = [("column", "type", "NULLs", "distinct", "least", "greatest")]
    for each in columns[:MOST_COLUMNS]:
        rows.append(
            (
                _cut(visible(each.name), _NAME_WIDTH),
                each.type,
                f"{each.nulls + _words(each):,}",
                f"{each.distinct:,}",
                _bound(each.first_day, each.lowest, each.least, each),
                _bound(each.last_day, each.highest, each.greatest, each),
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    fewest, most = _VALUE_WIDTHS
    value = min(most, max(fewest, (_SCREEN_WIDTH - 12 - sum(widths)) // 2))
    for name, kind, nulls, distinct, least, greatest in rows:
        line = f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {nulls:>{widths[2]}}  {distinct:>{widths[3]}}  "
        yield f"{line}{_cut(least, value):<{value}}  {_cut(greatest, value)}".rstrip()
    if len(columns) > MOST_COLUMNS:
        yield f"  and {counted(len(columns) - MOST_COLUMNS, 'more column')}, all of them {all_of_it}"


def _words(column: SampledColumn) -> int:
    """Values that stand for NULL in a column that is not text."""
    return 0 if column.type.startswith("VARCHAR") else sum(column.null_words.values())


def _bound(day: str, number: float | None, text: str | None, column: SampledColumn) -> str:
    """A bound as a day or a number if it is one, else the text."""
    if day:
        return day
    if number is not None and column.type.startswith(("NUMBER", "FLOAT")):
        return f"{number:.10g}"
    return visible(text or "")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
