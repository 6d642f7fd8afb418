"""What ``doctor`` answers (floor 2): one point for each thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a thing is: only ``failed`` keeps the tools from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Point:
    """One thing: what was found, and what to do about it ("" where there is nothing to do)."""

    subject: str
    status: Health
    message: str
    cure: str = ""


@dataclass(frozen=True)
class Examination:
    """Everything that was looked at, in order; ``status`` is ok or problems."""

    status: str
    target: str
    points: tuple[Point, ...]
    message: str
    exit_code: int
