"""The entries of one folder as a list that grows while it is read (floor 3): names first, sizes and dates after them.

Reading, sorting and searching are done in short pieces, so that a thread that does them keeps nobody waiting: Python
runs one thread at a time, and does not interrupt a sort of a million names.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.errors import FileError
from snowflake_etl.files.naming import shown

NAME, SIZE, DATE = ORDERS = ("name", "size", "date")
UNKNOWN = -1
GONE = -2

_READ_AT_A_TIME = 2_000
_LOOK_AT_A_TIME = 500
_FIND_AT_A_TIME = 20_000
_SORT_AT_A_TIME = 20_000

Stopped = Callable[[], bool]


@dataclass(frozen=True)
class View:
    """What is shown of a folder, and in which order.

    ``text`` holds words that a name must contain, in any case; ``*`` in one stands for anything.  Names are sorted
    alphabetically, sizes and dates with the largest and the newest first.
    """

    text: str = ""
    by: str = NAME
    backwards: bool = False
    hidden: bool = False


class Listing:
    """One folder.  ``names[i]``, ``folders[i]``, ``sizes[i]`` (bytes) and ``times[i]`` (epoch) belong together.

    A size is UNKNOWN until ``look`` has read it, GONE if it could not be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.folders = bytearray()
        self.sizes: list[int] = []
        self.times: list[float] = []
        self._keys: list[str] = []
        self._wanted: Sequence[int] = ()
        self._lock = threading.Lock()

    def read(self, stopped: Stopped = lambda: False) -> Iterator[int]:
        """Read the names; yields how many there are after each piece.  Raise FileError for anything but a folder."""
        try:
            with os.scandir(self.folder) as entries:
                while block := list(islice(entries, _READ_AT_A_TIME)):
                    self.names += [entry.name for entry in block]
                    self.folders += _are_folders(block)
                    self.sizes += [UNKNOWN] * len(block)
                    self.times += [0.0] * len(block)
                    yield len(self.names)
                    if stopped():
                        return
        except NotADirectoryError:
            raise FileError(f"{shown(self.folder)} is not a folder. Give the folder that holds the files.") from None
        except FileNotFoundError:
            raise FileError(
                f"The folder {shown(self.folder)} does not exist. Check its name.{hint_of_braces(self.folder)}"
            ) from None
        except OSError as error:
            raise FileError(
                f"The folder {shown(self.folder)} cannot be read: {error.strerror}. Check its permissions."
            ) from None

    def want(self, indices: Sequence[int]) -> None:
        """Have ``look`` do these next, since they are on the screen."""
        self._wanted = indices

    def look(self, stopped: Stopped = lambda: False) -> Iterator[int]:
        """Read sizes and dates; yields the progress after each piece."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            for start in range(0, len(self.names), _LOOK_AT_A_TIME):
                wanted, self._wanted = self._wanted, ()
                self._look_at(descriptor, wanted)
                self._look_at(descriptor, range(start, min(start + _LOOK_AT_A_TIME, len(self.names))))
                yield min(start + _LOOK_AT_A_TIME, len(self.names))
                if stopped():
                    return
        finally:
            os.close(descriptor)

    def _look_at(self, descriptor: int, indices: Sequence[int]) -> None:
        names, sizes, times = self.names, self.sizes, self.times
        for index in indices:
            if sizes[index] != UNKNOWN:
                continue
            try:
                found = os.stat(names[index], dir_fd=descriptor)
            except OSError:
                sizes[index] = GONE
                continue
            sizes[index] = found.st_size
            times[index] = found.st_mtime

    def ordered(self, view: View, stopped: Stopped = lambda: False) -> list[int]:
        """All entries except hidden ones (unless wanted), in the view's order, folders before files."""
        known = len(self.names)
        keys = self._keys
        with self._lock:
            keys += [name.casefold() for name in islice(self.names, len(keys), known)]
        by_name = _sorted(_visible(self.names, known, view.hidden), keys.__getitem__, stopped)
        if view.by == NAME:
            order = by_name[::-1] if view.backwards else by_name
        else:
            key: Callable[[int], float] = (self.sizes if view.by == SIZE else self.times).__getitem__
            order = _sorted(by_name, key, stopped, largest_first=not view.backwards)
        folders = self.folders
        return [index for index in order if folders[index]] + [index for index in order if not folders[index]]

    def matching(self, order: Sequence[int], text: str, stopped: Stopped = lambda: False) -> list[int]:
        """Those entries of ``order``, in that order, whose names contain all words of ``text``."""
        found = list(order)
        keys = self._keys
        for word in text.casefold().split():
            before, found = found, []
            pattern = re.compile(".*".join(map(re.escape, word.split("*"))), re.DOTALL) if "*" in word else None
            for start in range(0, len(before), _FIND_AT_A_TIME):
                if stopped():
                    return []
                piece = before[start : start + _FIND_AT_A_TIME]
                if pattern is None:
                    found += [index for index in piece if word in keys[index]]
                else:
                    found += [index for index in piece if pattern.search(keys[index])]
        return found


def is_regular(path: Path) -> bool:
    """True for a file, or a link to one: a pipe would keep its reader waiting forever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _are_folders(block: Sequence[os.DirEntry[str]]) -> bytes:
    try:
        return bytes([entry.is_dir() for entry in block])
    except OSError:
        return bytes([_is_folder(entry) for entry in block])


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _visible(names: Sequence[str], known: int, hidden: bool) -> list[int]:
    if hidden:
        return list(range(known))
    return [index for index, name in enumerate(islice(names, known)) if name[0] != "."]


def _sorted(
    indices: Sequence[int],
    key: Callable[[int], str] | Callable[[int], float],
    stopped: Stopped,
    *,
    largest_first: bool = False,
) -> list[int]:
    """Sort in pieces and merge them in pairs; equal entries keep their order."""
    runs = []
    for start in range(0, len(indices), _SORT_AT_A_TIME):
        if stopped():
            return []
        runs.append(sorted(indices[start : start + _SORT_AT_A_TIME], key=key, reverse=largest_first))
    while len(runs) > 1:
        if stopped():
            return []
        # Python's sort merges two runs that are already sorted.
        runs = [sorted([*one, *other], key=key, reverse=largest_first) for one, other in _pairs(runs)]
    return runs[0] if runs else []


def _pairs(runs: Sequence[list[int]]) -> Iterator[tuple[list[int], list[int]]]:
    for place in range(0, len(runs), 2):
        yield runs[place], runs[place + 1] if place + 1 < len(runs) else []
