"""What ``prune`` returns (floor 2): plain frozen values, as in ``results``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PruneResult:
    """What was removed from a state folder (or would be, ``status`` planned), and what is left in bytes.
    ``unfinished`` are jobs that are running, waiting or lost, ``lost`` only the last of these: they stay, and count.
    ``bytes_after`` may exceed ``limit`` because of them, and of what ended within the last hour.
    """

    status: str
    jobs: int
    logs: int
    runs: int
    checks: int
    unfinished: int
    lost: int
    bytes_before: int
    bytes_after: int
    limit: int
    seconds: float
    message: str
    exit_code: int = 0
