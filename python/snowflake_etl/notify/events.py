"""What people are told of (floor 3): one event for each table and month of a run; plain values."""

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

    ``numbers`` are what was counted, by their names; ``error`` is the first one, ``examples`` are values of data that
    belong to it, ``next_step`` is a command or a sentence.
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
        """``load FLIGHTS 2013-01``: what stands in a subject."""
        return " ".join(filter(None, (self.verb, self.table, self.month)))

    def as_recovery(self) -> Event:
        return replace(self, occasion="recovery")


@dataclass(frozen=True)
class Surroundings:
    """Where it happened: what a reader has to know to find it.

    ``names`` are those of files, tables and columns: quoted in a sentence, they are no values of data.
    """

    program: str
    config: str
    environment: str
    target: str
    host: str
    run: str
    log_tail: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
