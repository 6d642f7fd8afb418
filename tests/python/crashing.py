"""A command in a process that ends at a chosen statement, as by kill -9, and what has to hold when it was run again."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

from snowflake.connector.cursor import SnowflakeCursor

from desk import Answer, Desk

KILLED = 137


def crash(desk: Desk, when: Callable[[int, str], bool], *, after: bool, words: tuple[str, ...] = ()) -> int:
    """Run a load of January in a process that ends abruptly at a statement; return its exit code."""
    return crash_of(lambda: desk.load("--month", "2024-01", *words), when, after=after)


def crash_of(run: Callable[[], Answer], when: Callable[[int, str], bool], *, after: bool) -> int:
    """Run a command so: ``when`` is asked at each statement, by its number and text, whether this is the one."""

    def child() -> None:
        count = 0
        genuine = SnowflakeCursor.execute

        def execute(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            dies = when(count, command)
            if dies and not after:
                os._exit(KILLED)
            result = genuine(self, command, *arguments, **named)
            if dies:
                os._exit(KILLED)
            return result

        SnowflakeCursor.execute = execute
        os._exit(run().code)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the command hangs"
    return process.exitcode


def right(desk: Desk, rows: int = 310) -> None:
    """The table has every row once, the ledger tells the truth, and nothing is left behind."""
    assert desk.sql("SELECT COUNT(*), COUNT(DISTINCT ID) FROM T") == [(rows, rows)]
    assert [(row[2], row[4]) for row in desk.ledger() if row[4] == "live"] == [(rows, "live")]
    assert desk.work_tables() == []
    assert desk.sql("SELECT COUNT(*) FROM ETL_WORK.ETL_LOAD_LEASE") == [(0,)]
    assert desk.staged() == []
