"""What people are notified about (floor 3): one event for each table and month of a run; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from snowflake_etl.config.sections.notify import Occasion

RESULT_WORDS: Mapping[Occasion, str] = {
    "failure": "FAILED",
    "problems": "PROBLEMS",
    "recovery": "RECOVERED",
    "silence": "SILENT",
    "refused": "REFUSED",
    "success": "OK",
}
BAD: tuple[Occasion, ...] = ("failure", "problems")
GOOD: tuple[Occasion, ...] = ("success", "recovery")


@dataclass(frozen=True)
class Event:
    """What became of one table and month.

    ``numbers`` are the counts by name; ``error`` is the first one, ``examples`` are data values that belong to it,
    ``next_step`` is a command or a sentence.
    """

    occasion: Occasion
    verb: str
    table: str = ""
    month: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    examples: tuple[str, ...] = ()
    next_step: str = ""

    @property
    def about(self) -> str:
        """``load FLIGHTS 2013-01``: the text for a subject line."""
        return " ".join(filter(None, (self.verb, self.table, self.month)))

    def as_recovery(self) -> Event:
        return replace(self, occasion="recovery")


@dataclass(frozen=True)
class Surroundings:
    """Where it happened: what a reader needs to find it.
    ``names`` are those of files, tables and columns: quoted in a message, they are not data values.
    """

    program: str
    config: str
    environment: str
    target: str
    host: str
    run: str
    log_tail: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
