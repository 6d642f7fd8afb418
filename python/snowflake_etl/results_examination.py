"""What ``doctor`` returns (floor 2): one point for each thing that was checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The state of a thing: only ``failed`` keeps the tools from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Point:
    """One thing: what was found, and what to do about it ("" if there is nothing to do)."""

    subject: str
    status: Health
    message: str
    cure: str = ""


@dataclass(frozen=True)
class Examination:
    """Everything that was checked, in order; ``status`` is ok or problems."""

    status: str
    target: str
    points: tuple[Point, ...]
    message: str
    exit_code: int
