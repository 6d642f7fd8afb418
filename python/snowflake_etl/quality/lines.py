"""Collects line numbers in little memory (floor 4): neighbours become one run."""

from __future__ import annotations

from snowflake_etl.quality.profile import Lines

MOST_RUNS = 1_000_000


class LineCollector:
    """Takes line numbers in ascending order, possibly repeated, and gives ``Lines``.
    A file with only wrong rows is one run; at most a million separate runs are kept,
    so that memory stays bounded.  The count continues.
    """

    def __init__(self, most_runs: int = MOST_RUNS) -> None:
        self._most_runs = most_runs
        self._first: list[int] = []
        self._last: list[int] = []
        self._count = 0
        self._previous = 0

    def add(self, line: int) -> None:
        """Note one line."""
        if line == self._previous:
            return
        neighbour = line == self._previous + 1 and bool(self._last) and self._last[-1] == self._previous
        self._previous = line
        self._count += 1
        if neighbour:
            self._last[-1] = line
        elif len(self._first) < self._most_runs:
            self._first.append(line)
            self._last.append(line)

    @property
    def lines(self) -> Lines:
        listed = sum(self._last) - sum(self._first) + len(self._first)
        return Lines(self._count, tuple(zip(self._first, self._last, strict=True)), listed == self._count)


def merged(several: list[Lines]) -> Lines:
    """The lines that are in any of ``several``."""
    runs: list[tuple[int, int]] = []
    for first, last in sorted(run for lines in several for run in lines.runs):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    complete = all(lines.complete for lines in several)
    listed = sum(last - first + 1 for first, last in runs)
    return Lines(listed if complete else max(listed, *(lines.count for lines in several)), tuple(runs), complete)
