"""``check-file`` at an operator's desk, for its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from desk import Answer, Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def check(desk: Desk, *words: str) -> Answer:
    return desk.run("check-file", "--config", str(desk.config), *words)


def check_json(desk: Desk, *words: str) -> Any:
    return check(desk, "--json", *words).result


def codes(document: Any) -> list[str]:
    return sorted(finding["code"] for report in document["checks"] for finding in report["findings"])


def faulty(desk: Desk) -> Path:
    """A month with a value of the wrong type, a ragged row, one that is too long, and a NULL in the key."""
    lines = rows_for(JANUARY, 100)
    lines[3] = "20240101\tsome\tname"
    lines[4] = "20240101\t1004"
    lines[5] = "20240101\t1005\ta name too long"
    lines[6] = "20240101\t\tname"
    lines[7] = "=1+1\t1007\tname"
    return desk.file(NAME, lines)
