"""Logging of one run (floor 6): to the screen for people, to the application log of the state folder, and its tail.

A line has the time in UTC with offset, the level, the run and what happened; JSON lines also have the figures.  The
run is the id of a load's record, else the job's or this process's own id.  If the configuration asks for JSON, a job
also has such a log (``log.jsonl`` beside ``output.log``, which is for people).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import resource
import shlex
import sys
import textwrap
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from snowflake_etl.cli.log_file import LogFile, Rotation
from snowflake_etl.cli.terminal import TerminalProgress, printable
from snowflake_etl.config.secret import masked
from snowflake_etl.config.state import open_private
from snowflake_etl.run_context import current_run

if TYPE_CHECKING:
    from snowflake_etl.config.model import LogsSection

LOGGER = logging.getLogger("snowflake_etl")
LOG_FILE = "snowflake_etl.log"
JOB_LOG = "log.jsonl"
_STATEMENTS = "snowflake_etl.warehouse.statement_log"
_REMEMBERED = "cache/logs.json"
_TAIL_LINES = 200
_MOST_HELD = 20


class Logs:
    """The logging of this process; ``tail`` holds its last lines as in the log."""

    def __init__(
        self, arguments: argparse.Namespace, state: Path, job: Path | None, progress: Callable[[], Any]
    ) -> None:
        from snowflake_etl.history.database import new_id

        self.invocation = job.name if job is not None else new_id()
        self._state = state
        self._job = job
        self._began: float | None = None
        self._kept: list[_Kept] = []
        self._memory = _Tail(self.invocation)
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.propagate = False
        for handler in LOGGER.handlers:
            handler.close()
        LOGGER.handlers = [_screen(arguments, progress, self.invocation), self._memory]
        # Statements are only logged on request.
        logging.getLogger(_STATEMENTS).setLevel(logging.DEBUG if arguments.verbose else logging.INFO)
        remembered = _remembered(state)
        rotation = Rotation(**{key: value for key, value in remembered.items() if key != "format"})
        as_json = remembered.get("format") == "json"
        self._keep(LogFile(state / LOG_FILE, rotation), as_json=as_json, waits=not remembered)
        if job is not None and as_json:
            self._keep(LogFile(job / JOB_LOG, None), as_json=True)
        # Messages of libraries and their threads are for investigating problems, not for the screen.
        threading.excepthook = _log_thread_error
        logging.getLogger().handlers = list(self._kept)
        logging.getLogger().setLevel(logging.WARNING)

    @property
    def tail(self) -> list[str]:
        return list(self._memory.lines)

    def begin(self, verb: str, argv: Sequence[str]) -> None:
        """Log what was asked for."""
        self._began = time.monotonic()
        words = list(_without_settings(argv))
        facts = {"verb": verb, "arguments": words}
        LOGGER.info("Begins: %s", shlex.join([verb, *words]), extra={"file_only": True, "facts": facts})

    def end(self, verb: str, code: int) -> None:
        """Log the outcome; nothing if it had not begun."""
        if self._began is None:
            return
        seconds = round(time.monotonic() - self._began, 3)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        facts = {"verb": verb, "exit_code": int(code), "seconds": seconds, "peak_memory": peak}
        text = "Ended: %s with exit code %d after %.2f s, peak memory %.1f MB"
        LOGGER.info(text, verb, code, seconds, peak / 1e6, extra={"file_only": True, "facts": facts})
        for kept in self._kept:
            kept.flush()

    def follow(self, section: LogsSection) -> None:
        """Follow the configuration from here on; the next process begins with it."""
        said = {
            "format": section.format,
            "rotate_bytes": section.rotate_bytes,
            "rotate_days": section.rotate_days,
            "compress": section.compress,
        }
        as_json = section.format == "json"
        for kept in self._kept:
            if kept.file.rotation is not None:
                kept.file.rotation = Rotation(section.rotate_bytes, section.rotate_days, section.compress)
            kept.go_on(as_json=as_json)
        if as_json and self._job is not None and len(self._kept) == 1:
            self._keep(LogFile(self._job / JOB_LOG, None), as_json=True)
            logging.getLogger().handlers = list(self._kept)
        if said != _remembered(self._state):
            with contextlib.suppress(OSError):
                _remember(self._state, said)

    def _keep(self, file: LogFile, *, as_json: bool, waits: bool = False) -> None:
        try:
            file.open()
        except OSError:
            LOGGER.warning("The log %s cannot be written; continuing without it.", file.path)
            return
        kept = _Kept(file, self.invocation, as_json=as_json, waits=waits)
        self._kept.append(kept)
        LOGGER.addHandler(kept)


def _without_settings(argv: Sequence[str]) -> Iterator[str]:
    """The words of a command; values of ``--set`` may be anything, including secrets."""
    before = ""
    for word in argv:
        is_setting = before == "--set" or word.startswith("--set=")
        yield f"{word.removeprefix('--set=').partition('=')[0]}=***" if is_setting else word
        before = word


def _screen(arguments: argparse.Namespace, progress: Callable[[], Any], invocation: str) -> logging.Handler:
    screen = _Screen(progress)
    screen.setLevel(logging.WARNING if arguments.quiet else logging.DEBUG if arguments.verbose else logging.INFO)
    screen.addFilter(lambda record: not getattr(record, "file_only", False))
    screen.setFormatter(_Text(invocation, bare=sys.stderr.isatty()))
    return screen


def _remembered(state: Path) -> dict[str, Any]:
    """The settings of the configuration that was read last: this process may fail before it has read one."""
    try:
        found = json.loads((state / _REMEMBERED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    kinds = {"format": str, "rotate_bytes": int, "rotate_days": int, "compress": bool}
    return {key: found[key] for key, kind in kinds.items() if isinstance(found, dict) and type(found.get(key)) is kind}


def _remember(state: Path, said: dict[str, Any]) -> None:
    path = state / _REMEMBERED
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open_private(temporary) as stream:
        json.dump(said, stream)
    temporary.replace(path)


def _log_thread_error(error: threading.ExceptHookArgs) -> None:
    """Log that a library's thread (such as the driver's heartbeat) ended; whatever needs it will notice by itself."""
    if error.exc_value is not None:
        LOGGER.debug("A thread ended", exc_info=error.exc_value, extra={"file_only": True})


class _Text(logging.Formatter):
    """``2024-01-31 06:28:11+00:00 INFO 20240131-062811-0a1b2c3d what happened``, without control codes and secrets."""

    def __init__(self, invocation: str, *, bare: bool = False, process: bool = False) -> None:
        super().__init__()
        self._invocation = invocation
        self._bare = bare
        self._process = f" {os.getpid()}" if process else ""

    def format(self, record: logging.LogRecord) -> str:
        message = super().format(record)
        if not self._bare:
            at = datetime.fromtimestamp(record.created, UTC).isoformat(" ", timespec="seconds")
            run = current_run() or self._invocation
            message = f"{at} {record.levelname} {run}{self._process} {message}"
        return printable(masked(message))

    def formatException(self, ei: Any) -> str:  # noqa: N802 # logging's name
        # Indented, so that text in an exception cannot look like a line of ours.
        return textwrap.indent(super().formatException(ei), "  ")


class _Json(logging.Formatter):
    """One object per line; the ``facts`` of a record become its fields."""

    def __init__(self, invocation: str) -> None:
        super().__init__()
        self._invocation = invocation

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "run": current_run() or self._invocation,
            "invocation": self._invocation,
            "process": os.getpid(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return masked(json.dumps(line, ensure_ascii=True, default=str))


class _Screen(logging.StreamHandler[TextIO]):
    """Writes lines above the progress bar, if there is one."""

    def __init__(self, progress: Callable[[], Any]) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        progress = self._progress()
        with progress.aside() if isinstance(progress, TerminalProgress) else contextlib.nullcontext():
            super().emit(record)


class _Tail(logging.Handler):
    """Keeps the last lines, for notices about the run's end."""

    def __init__(self, invocation: str) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=_TAIL_LINES)
        self.addFilter(lambda record: not getattr(record, "file_only", False))
        self.setFormatter(_Text(invocation))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.extend(self.format(record).split("\n"))


class _Kept(logging.Handler):
    """A log file; if the disk is full, the work continues without it, which is reported once.
    ``waits``: it is not yet known whether it is text or JSON, so its first lines are held until then.
    """

    def __init__(self, file: LogFile, invocation: str, *, as_json: bool, waits: bool) -> None:
        super().__init__()
        self.file = file
        self._invocation = invocation
        self._held: list[logging.LogRecord] | None = [] if waits else None
        self._set_json(as_json)

    def _set_json(self, as_json: bool) -> None:
        self.setFormatter(_Json(self._invocation) if as_json else _Text(self._invocation, process=True))

    def go_on(self, *, as_json: bool) -> None:
        """Use this format from here on: lines of the other one are rotated away, since programs read only one
        format.
        """
        self.file.put_aside_unless(lambda first: not first or (first == b"{") is as_json)
        self._set_json(as_json)
        self.flush()

    def flush(self) -> None:
        held, self._held = self._held or [], None
        for record in held:
            self._write(record)

    def emit(self, record: logging.LogRecord) -> None:
        if self._held is not None and record.levelno < logging.WARNING and len(self._held) < _MOST_HELD:
            self._held.append(record)
            return
        self.flush()
        self._write(record)

    def _write(self, record: logging.LogRecord) -> None:
        try:
            self.file.write(self.format(record) + "\n")
        except OSError as error:
            LOGGER.removeHandler(self)
            others = [handler for handler in logging.getLogger().handlers if handler is not self]
            logging.getLogger().handlers = others or [logging.NullHandler()]
            LOGGER.warning("The log %s cannot be written (%s); continuing without it.", self.file.path, error.strerror)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        self.flush()
        self.file.close()
        super().close()
