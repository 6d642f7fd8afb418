"""Whether a file is what was loaded (floor 5): by its content, which is read only if nothing cheaper proves it.

A fingerprint only samples a large file: equal ones do not rule out a correction between the samples.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.errors import Stopped
from snowflake_etl.files.fingerprint import reads_all
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.parts import FileCutter
from snowflake_etl.files.plan import SMALLEST_CUT_BYTES
from snowflake_etl.files.touch import Touch, touch_of
from snowflake_etl.history.known_contents import KnownContents
from snowflake_etl.progress import Progress, no_progress

LOGGER = logging.getLogger(__name__)


class FileContents:
    """Compares files whose fingerprint is already known; keeps what it has read."""

    def __init__(
        self, state_directory: Path, progress: Progress = no_progress, stop: threading.Event | None = None
    ) -> None:
        self._known = KnownContents(state_directory)
        self._progress = progress
        self._stop = stop or threading.Event()

    def proven(self, path: Path, hashes: Sequence[str]) -> str | None:
        """Which of ``hashes`` is the content of the file, whose fingerprint matches; None if only reading tells."""
        touch = touch_of(path)
        if reads_all(touch.size):
            return hashes[0]
        known = self._known.of(path, touch.mark)
        return known if known in hashes else None

    def which(self, path: Path, layout: Layout, hashes: Sequence[str]) -> str | None:
        """Which of ``hashes`` is the content of the file, whose fingerprint matches; None if it is none of them.

        Raise FileError for a damaged file or one that changes, Stopped when ``stop`` is set meanwhile.
        """
        found = self.proven(path, hashes) or self._read(path, layout)
        return found if found in hashes else None

    def keep(self, path: Path, before: Touch, content_hash: str) -> None:
        """Remember what was read from a file since ``before``."""
        if before.settled and touch_of(path).mark == before.mark:
            self._known.keep(path, before.mark, content_hash)

    def _read(self, path: Path, layout: Layout) -> str:
        before = touch_of(path)
        LOGGER.info("Reading %s: its size and samples are those of a loaded file, its content may differ", shown(path))
        cutter = FileCutter(path, layout, SMALLEST_CUT_BYTES)
        for _ in cutter.cuts():
            self._progress("read", cutter.bytes_read, before.size, "bytes")
            if self._stop.is_set():
                raise Stopped("Stopped with the other loads.")
        self.keep(path, before, cutter.content_hash)
        return cutter.content_hash
