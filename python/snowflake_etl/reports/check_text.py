"""Findings on a screen (floor 3): the worst first, with a few samples each, and where to find the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from snowflake_etl.plural import counted
from snowflake_etl.results import Finding, Severity

MOST_FINDINGS = 20
MOST_SAMPLES = 5

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def fitted(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Wrap lines longer than ``width`` between words; existing line ends stay."""
    for line in lines:
        if width is None or len(line) <= width or "\n" in line:
            yield line
        else:
            yield from wrapped(line, width, len(line) - len(line.lstrip(" ")) + 2)


def wrapped(text: str, width: int, indent: int) -> list[str]:
    """Lines of at most ``width``; a word longer than a line stays whole."""
    own = len(text) - len(text.lstrip(" "))
    return textwrap.wrap(
        text.lstrip(" "),
        width,
        initial_indent=" " * own,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def findings_on_screen(findings: Sequence[Finding], all_of_it: str, *, indent: str = "    ") -> Iterator[str]:
    """One line per finding, the worst first, with its first samples below.
    ``all_of_it`` says where the findings and samples are that are not shown here ("in report.json").
    """
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.severity))
    for finding in ordered[:MOST_FINDINGS]:
        yield f"{indent}{finding.severity}: {finding.message}"
        yield from _examples(finding, all_of_it, indent + "  ")
    hidden = len(ordered) - MOST_FINDINGS
    if hidden > 0:
        yield f"{indent}and {counted(hidden, 'more finding')}, all of them {all_of_it}"


def _examples(finding: Finding, all_of_it: str, indent: str) -> Iterator[str]:
    """The first wrong values with their lines, if there are any; else the first samples."""
    if not finding.examples:
        few = len(finding.samples) <= MOST_SAMPLES
        if not (few and all(sample in finding.message for sample in finding.samples)):
            yield from _samples(finding.samples, all_of_it, indent)
        return
    rows = finding.numbers.get("rows", 0)
    there_are_more = (isinstance(rows, int) and rows > len(finding.examples)) or len(finding.samples) > len(
        finding.examples
    )
    rest = f"; all lines or values {all_of_it}" if there_are_more else ""
    yield f"{indent}{', '.join(finding.examples)}{rest}"


def _samples(samples: Sequence[str], all_of_it: str, indent: str) -> Iterator[str]:
    shown = samples[:MOST_SAMPLES]
    hidden = len(samples) - len(shown)
    rest = f"and {hidden:,} more, all of them {all_of_it}" if hidden > 0 else ""
    if any(", " in sample for sample in shown):
        # Side by side it would be unclear where one ends.
        yield from (f"{indent}{sample}" for sample in [*shown, *([rest] if rest else [])])
    else:
        yield f"{indent}{', '.join(shown)} {rest}".rstrip()
