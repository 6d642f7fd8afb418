"""Rejected values and rows as a CSV file, one per line, in order of arrival (floor 3)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from snowflake_etl.reports.cells import begins_like_formula, visible
from snowflake_etl.result_file import result_file

HEADINGS = ("file", "line", "column", "value", "reason")


class RejectsFile:
    """Writes a file that only its owner may read (0600), completely or not at all; use it in a ``with``.
    Nothing is shortened.  Control codes become escapes, and what a spreadsheet would evaluate is written as text.
    """

    def __init__(self, path: Path, headings: Sequence[str] = HEADINGS) -> None:
        self.path = path
        self._headings = headings
        self.rows = 0
        self._open = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> RejectsFile:
        raw = self._open.enter_context(result_file(self.path))
        # Closed first, so that the file is complete before it gets its name.
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="")
        self._open.enter_context(stream)
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(self._headings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """Write one rejected value, or row if ``column`` is ""."""
        self.write(file, line, column, value, reason)

    def write(self, *values: str | int) -> None:
        """Write one line, a value under each heading."""
        self._writer.writerow([value if isinstance(value, int) else _cell(value) for value in values])
        self.rows += 1


def _cell(text: str) -> str:
    shown = visible(text)
    return f"'{shown}" if begins_like_formula(text) or begins_like_formula(shown) else shown
