"""What reaches a terminal or a log (floor 6): ASCII without control codes, progress bars, tables."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

_TIME_ALONE = "{desc}: {elapsed}"
_SECONDS_BETWEEN_LOOKS = 0.5
_LAST_STANDARD_STREAM = 2


def stand_in_for_closed_streams() -> None:
    """Replace closed standard streams (``<&-``) by /dev/null: nobody is there, which is not an error.
    Their numbers are taken first, so that none of our files is opened under one of them and receives printed text.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD_STREAM:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good


def printable(text: str) -> str:
    """Make text from outside harmless: control codes and everything beyond ASCII become escapes.

    Line ends and tabs stay; names and data values could otherwise clear screens or forge lines.
    """
    return "".join(
        character if character in "\n\t" or " " <= character <= "~" else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    return (
        character.encode("ascii", "backslashreplace").decode() if ord(character) > 126 else f"\\x{ord(character):02x}"
    )


def typed(words: Iterable[str]) -> str:
    """A command line to type into bash, in ASCII, whatever names it contains."""
    return " ".join(shlex.quote(word) if word.isascii() and word.isprintable() else _dollar(word) for word in words)


def _dollar(word: str) -> str:
    """Quoted as bytes, ``$'a\\n'``: a name may hold line ends, escape codes, or bytes of another encoding."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return f"$'{''.join(plain)}'"


def ascii_table(headings: Sequence[str], rows: Iterable[Sequence[object]], below: Sequence[str] = ()) -> str:
    """Align rows in columns under headings; numbers are right-aligned.
    ``below`` has a line to show indented under each row ("": none), for text that would make the table too wide.
    """
    body = [["" if value is None else one_line(value) for value in row] for row in rows]
    kinds = [list(column) for column in zip(*body, strict=True)] or [[] for _ in headings]
    widths = [max([len(heading), *map(len, column)]) for heading, column in zip(headings, kinds, strict=True)]
    to_the_right = [bool(column) and all(_is_number(value) for value in column) for column in kinds]

    def line(values: Sequence[str]) -> str:
        cells = zip(values, widths, to_the_right, strict=True)
        return "  ".join(value.rjust(width) if right else value.ljust(width) for value, width, right in cells).rstrip()

    lines = [line(values) for values in body]
    if below:
        under = [[f"    {one_line(text)}"] if text else [] for text in below]
        lines = [text for row, more in zip(lines, under, strict=True) for text in (row, *more)]
    return "\n".join([line(list(headings)), "  ".join("-" * width for width in widths), *lines])


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Tables without schema and database, as long as that is clear."""
    known = set(names)
    short = {name: name.rsplit(".", 1)[-1] for name in known}
    told = [short[name] for name in known if "." in name]
    return short if len(told) == len(set(told)) else {name: name for name in known}


def one_line(value: object) -> str:
    """Harmless, and on one line."""
    return printable(str(value)).replace("\n", "\\n").replace("\t", "\\t")


def _is_number(text: str) -> bool:
    return text == "" or text.replace(",", "").replace(".", "", 1).removeprefix("-").isdigit()


class TerminalProgress:
    """A progress bar on a terminal: one line, plain ASCII, removed when the work ends.

    A phase that has not advanced yet shows how long it has taken so far, and no percentage.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        # Files and tables are processed in several threads.
        self._lock = threading.RLock()
        self._phase = ""
        self._bar: Any = None
        self._shown = 0.0

    def __call__(self, phase: str, done: int, total: int, unit: str) -> None:
        with self._lock:
            if phase != self._phase:
                self.close()
                self._phase = phase
                self._bar = self._new_bar(phase, total, unit)
            if self._bar is None:
                return
            self._bar.total = total or None
            self._bar.bar_format = None if done else _TIME_ALONE
            self._bar.update(done - self._bar.n)
            if not done and time.monotonic() - self._shown > _SECONDS_BETWEEN_LOOKS:
                self._shown = time.monotonic()
                self._bar.refresh()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Wrap the writing of another line, so that it appears above the bar, not in it."""
        with self._lock:
            if self._bar is not None:
                self._bar.clear()
            try:
                yield
            finally:
                if self._bar is not None:
                    self._bar.refresh()

    def close(self) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _new_bar(self, phase: str, total: int, unit: str) -> Any:
        from tqdm import tqdm

        in_bytes = unit == "bytes"
        return tqdm(
            desc=phase,
            bar_format=_TIME_ALONE,
            total=total or None,
            unit="B" if in_bytes else f" {unit}",
            unit_scale=in_bytes,
            ascii=True,
            dynamic_ncols=True,
            leave=False,
            file=self._stream,
        )
