"""Two loads of one file at the same time: one loads it, the other is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from desk import Desk, days_between, rows_for
from snowflake_etl.warehouse.local import lifecycle

LIMIT_SECONDS = 120
_PER_DAY = 100
_ROWS = 31 * _PER_DAY


@dataclass
class Round:
    """One round: the exit codes, what both said, and what is wrong ([] when one loaded and one was refused)."""

    number: int
    codes: list[int]
    said: list[str]
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([f"round {self.number}: exit codes {self.codes}", *self.problems, *self.said])


def rounds(folder: Path, count: int) -> Iterator[Round]:
    """Play rounds on an embedded warehouse of their own."""
    state = folder / "state"
    state.mkdir(parents=True)
    lifecycle.ensure_running(state)
    try:
        for number in range(count):
            yield play(Desk(folder / str(number), state, f"TWO{number}"), number)
    finally:
        lifecycle.stop(state)


def play(desk: Desk, number: int = 0) -> Round:
    """Start two loads of one file at the same moment and look at what became of both."""
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), _PER_DAY))
    words = ("load", "--config", str(desk.config), "--month", "2024-01")
    processes = [desk.process(*words) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        said = [
            "".join(both) for both in pool.map(lambda process: process.communicate(timeout=LIMIT_SECONDS), processes)
        ]
    codes = [process.returncode for process in processes]
    found = {
        f"exit codes {codes} instead of 0 and 7": sorted(codes) != [0, 7],
        "not every row once": desk.sql("SELECT COUNT(*), COUNT(DISTINCT ID) FROM T") != [(_ROWS, _ROWS)],
        f"the ledger says {desk.ledger()}": [row[4] for row in desk.ledger()] != ["live"],
        f"left behind: {desk.work_tables()} {desk.staged()}": desk.work_tables() + desk.staged(),
        "leases are left": desk.sql("SELECT * FROM ETL_WORK.ETL_LOAD_LEASE"),
    }
    return Round(number, codes, said, [sentence for sentence, wrong in found.items() if wrong])
