"""A file as a relation of DuckDB (floor 4): directly if DuckDB can read it, else through a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import is_utf8
from snowflake_etl.quality import file_sql
from snowflake_etl.quality.duck import CannotParse, Duck, Pump
from snowflake_etl.quality.file_bytes import Seen, chunks, first_lines, unseen, without_lines
from snowflake_etl.quality.profile import Lines


class FileRelation:
    """Runs statements over one file.

    ``rejected`` is True once a scan skipped a row that does not fit the layout.  DuckDB gives up at a
    carriage return that does not end a line; the scan is then repeated over bytes in which it is a blank, and
    ``normalized`` is True.  If only the first line has a different line end, DuckDB does not give up, but takes the
    whole file as that line.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        null_values: tuple[str, ...],
        duck: Duck,
        sample_rows: int | None = None,
    ) -> None:
        self.path = path
        self.sample_rows = sample_rows
        self.layout = layout
        self.rejected = False
        self._null_values = null_values
        self._duck = duck
        self.normalized = False
        self._left_out: tuple[tuple[int, int], ...] = ()

    def leave_out(self, lines: Lines) -> None:
        """From now on leave out lines that DuckDB would misread."""
        self._left_out = lines.runs

    def bytes(self, seen: Seen = unseen) -> Iterator[bytes]:
        """The file uncompressed and in UTF-8 (see ``chunks``), or as much of it as the sample needs."""
        whole = chunks(self.path, self.layout, self._duck.stopped, seen)
        if self.sample_rows is None:
            return whole
        return first_lines(whole, self.sample_rows + self.layout.header, self.layout.quote)

    def query(self, statement: Callable[[str], str]) -> list[tuple[Any, ...]]:
        """Run the statement that ``statement`` builds from the relation's SQL.  Raise FileError, Stopped or
        OutOfSpace.
        """
        self.normalized = self.normalized or self._begins_otherwise
        try:
            return self._scan(statement)
        except CannotParse as error:
            if self.normalized:
                raise self._unreadable(error) from error
        self.normalized = True
        try:
            return self._scan(statement)
        except CannotParse as error:
            raise self._unreadable(error) from error

    def _scan(self, statement: Callable[[str], str]) -> list[tuple[Any, ...]]:
        try:
            with self._relation() as source:
                return self._duck.query(statement(source))
        finally:
            self.rejected = self._duck.rejected() or self.rejected

    @contextmanager
    def _relation(self) -> Iterator[str]:
        layout = self.layout
        read_by_duckdb = is_utf8(layout.encoding) and layout.compression is not Compression.BZIP2
        if read_by_duckdb and self.sample_rows is None and not (self.normalized or self._left_out):
            yield file_sql.relation(str(self.path), layout, self._null_values, layout.compression, layout.line_ending)
            return
        source = without_lines(self.bytes(), self._left_out) if self._left_out else self.bytes()
        ending = "\n" if self.normalized else layout.line_ending
        pump = Pump(self._duck.folder / "pipe", _without_returns(source) if self.normalized else source)
        try:
            yield file_sql.relation(str(pump.pipe), layout, self._null_values, Compression.NONE, ending)
        finally:
            pump.finish()

    @cached_property
    def _begins_otherwise(self) -> bool:
        """True if the lines end with CR LF, but the first one does not."""
        if self.layout.line_ending == "\n":
            return False
        before = b""
        for chunk in self.bytes():
            if (end := chunk.find(b"\n")) >= 0:
                return not (before + chunk[:end]).endswith(b"\r")
            before = chunk[-1:] or before
        return False

    def _unreadable(self, error: Exception) -> FileError:
        return FileError(
            f"{shown(self.path)} cannot be read as rows ({error}). "
            "Check delimiter, quote_char and encoding in the configuration, or have the file made again."
        )


def _without_returns(source: Iterator[bytes]) -> Iterator[bytes]:
    """Drop the CR of CR LF and turn every other CR into a blank, so that lines keep their numbers."""
    held = b""
    for chunk in source:
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""
        text = text[: len(text) - len(held)]
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    if held:
        yield b" "
