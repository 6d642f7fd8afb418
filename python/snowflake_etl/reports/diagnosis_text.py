"""A diagnosis as text for 80 columns (floor 3): what, where, the record and its neighbours, why, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from snowflake_etl.reports.cells import visible
from snowflake_etl.results_diagnosis import DiagnoseResult, Diagnosis, ShownLine

# The width of a menu on an 80-column terminal: whiptail shows long texts as lists, with a wider frame than boxes.
_WIDTH = 68
_LABEL = 9
_BEFORE_VALUE = 30


def diagnosis_text(result: DiagnoseResult) -> str:
    """All diagnoses, separated by empty lines."""
    texts = ["\n".join(_lines(one)) for one in result.diagnoses]
    return "\n\n".join(texts) if texts else result.message


def _lines(one: Diagnosis) -> Iterator[str]:
    yield one.title
    yield from _wrapped(one.what, "  ", "  ")
    yield ""
    yield from _place(one)
    yield from _labelled("said", one.said)
    yield from _labelled("why", one.why)
    for note in one.notes:
        yield from _labelled("note", note)
    if one.lines:
        yield ""
        yield from _excerpt(one.lines)
    if one.cures:
        yield ""
        yield "What to do"
    for number, cure in enumerate(one.cures, 1):
        yield from _wrapped(cure.text, f"{number:>3}. ", " " * 5)
        if cure.command:
            # Never wrapped: it is there to be copied.
            yield f"     $ {cure.command}"


def _place(one: Diagnosis) -> Iterator[str]:
    place = one.place
    if place is None:
        return
    yield f"  {'file':<{_LABEL - 2}} {visible(place.file)}"
    if place.line:
        yield from _labelled("line", f"{place.line:,}")
    if place.column:
        yield from _labelled("column", place.column + (f"  {place.type}" if place.type else ""))
    if place.value is not None:
        size = f"  ({len(place.value):,} characters)" if len(place.value) > 9 else ""
        yield from _labelled("value", f"'{place.value}'{size}")
    if place.part:
        name = place.part.rsplit("/", 1)[-1]
        yield f"  {'part':<{_LABEL - 2}} {name}, line {place.part_line:,}"


def _labelled(label: str, text: str) -> Iterator[str]:
    head, below = f"  {label:<{_LABEL - 2}} ", " " * (_LABEL + 1)
    for number, paragraph in enumerate(text.splitlines()):
        yield from _wrapped(paragraph, below if number else head, below)


def _wrapped(text: str, first: str, below: str) -> list[str]:
    """Wrap a text; paths and ids stay whole, to be copied."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _excerpt(lines: tuple[ShownLine, ...]) -> Iterator[str]:
    width = max(len(f"{line.number:,}") for line in lines)
    for line in lines:
        mark = ">" if line.wrong else " "
        head = f"  {mark} {line.number:>{width},}  "
        room = _WIDTH - len(head)
        start = max(0, line.focus - _BEFORE_VALUE) if len(line.text) > room else 0
        text = line.text[start:]
        cut = ("..." + text[3:]) if start else text
        yield head + (cut if len(cut) <= room else cut[: room - 3] + "...")
