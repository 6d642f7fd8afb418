"""Months that load and months that fail, and an event without any load, for the tests of notices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from desk import Desk, days_between, rows_for
from snowflake_etl.config.model import NotifySection, TargetSection
from snowflake_etl.config.secret import Secret
from snowflake_etl.notify.events import Event, Surroundings

WHERE = Surroundings("./snowflake_etl.sh", "c.json", "prod", "acme", "jump1", "run-1", ("a 'value' here",))
FAILED = Event("failure", "load", "T", "2024-01", {"rows": "3"}, "Line 7: 'x y' is no number.", ("x y (3)",), "do it")


def good(desk: Desk, month: str) -> None:
    desk.month(f"{month}-01", f"{month}-03")


def with_a_bad_value(desk: Desk, month: str, value: str) -> None:
    rows = rows_for(days_between(f"{month}-01", f"{month}-03"))
    rows[4] = rows[4].replace(rows[4].split("\t")[1], value)
    desk.file(f"t_{month.replace('-', '')}01-{month.replace('-', '')}03.tsv", rows)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def section(*targets: dict[str, Any], **more: Any) -> NotifySection:
    made = [TargetSection(**{"url": Secret(f"x://{number}"), **target}) for number, target in enumerate(targets)]
    return NotifySection(targets=tuple(made), **more)
