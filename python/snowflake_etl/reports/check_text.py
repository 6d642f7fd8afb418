"""Findings on a screen (floor 3): the worst first, a few samples each, and where the rest is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snowflake_etl.results import Finding, Severity

MOST_FINDINGS = 20
MOST_SAMPLES = 5

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def findings_on_screen(findings: Sequence[Finding], all_of_it: str, *, indent: str = "    ") -> Iterator[str]:
    """One line a finding, the worst first, with its first samples below.

    ``all_of_it`` says where the findings and samples are that do not stand here ("in report.json").
    """
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.severity))
    for finding in ordered[:MOST_FINDINGS]:
        yield f"{indent}{finding.severity}: {finding.message}"
        yield from _examples(finding, all_of_it, indent + "  ")
    hidden = len(ordered) - MOST_FINDINGS
    if hidden > 0:
        yield f"{indent}and {hidden:,} more finding(s), all of them {all_of_it}"


def _examples(finding: Finding, all_of_it: str, indent: str) -> Iterator[str]:
    """The first wrong values with their lines, where there are such; else the first samples."""
    if not finding.examples:
        yield from _samples(finding.samples, all_of_it, indent)
        return
    rows = finding.numbers.get("rows", 0)
    there_are_more = (isinstance(rows, int) and rows > len(finding.examples)) or len(finding.samples) > len(
        finding.examples
    )
    rest = f"; all lines or values {all_of_it}" if there_are_more else ""
    yield f"{indent}{', '.join(finding.examples)}{rest}"


def _samples(samples: Sequence[str], all_of_it: str, indent: str) -> Iterator[str]:
    if not samples:
        return
    hidden = len(samples) - MOST_SAMPLES
    rest = f" and {hidden:,} more, all of them {all_of_it}" if hidden > 0 else ""
    yield f"{indent}{', '.join(samples[:MOST_SAMPLES])}{rest}"
