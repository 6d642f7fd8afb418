"""What operations answer: plain frozen values that reports render and ``--json`` prints (floor 2).

The field names are the contract of ``result.json``; nothing here computes, prints or connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: errors stop a publish, warnings only with ``--strict``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing a check found: a stable ``code``, one sentence, its numbers and samples.

    ``samples`` are line numbers of a file or key values of a table, as text, never cut off.
    """

    code: str
    severity: Severity
    message: str
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """What one engine found out about one subject (a file, a work table or a table)."""

    engine: str
    subject: str
    rows: int
    days_expected: int
    days_found: int
    first_day: str
    last_day: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)
