"""A DuckDB of its own for one check: bounded memory, a temporary folder, stoppable (floor 4)."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from snowflake_etl.errors import ConfigError, EtlError, Stopped

POLL_SECONDS = 0.1
_ROWS_AT_ONCE = 1_000


class OutOfSpace(Exception):  # noqa: N818 - an outcome, not a malfunction
    """The work does not fit into the memory and temporary space that it may use."""


class CannotParse(Exception):  # noqa: N818 - an outcome, not a malfunction
    """DuckDB gave up on the file's line structure, for example at a carriage return inside a value."""


class Duck:
    """A connection to an empty DuckDB in memory, and its folder; close it, or use it in a ``with``.

    ``memory_limit`` and ``temp_limit`` are bytes.  ``stopped`` is asked ten times a second while a statement
    runs; when it says yes the statement ends and Stopped is raised.
    """

    def __init__(
        self, memory_limit: int, temp_directory: Path, temp_limit: int, threads: int, stopped: Callable[[], bool]
    ) -> None:
        import duckdb

        temp_directory.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="check-", dir=temp_directory))
        self._stopped = stopped
        self._connection = duckdb.connect()
        # By statement, since DuckDB 2.0 takes max_temp_directory_size as a connection option and ignores it.
        for name, value in {
            "temp_directory": str(self.folder / "spill"),
            "memory_limit": f"{memory_limit}B",
            "max_temp_directory_size": f"{temp_limit}B",
            "threads": str(threads),
            "TimeZone": "UTC",  # as every session of the warehouse has it, wherever this host stands
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_progress_bar": "false",  # else it draws on stdout, which belongs to the result
        }.items():
            self._connection.execute(f"SET {name} = '{value.replace(chr(39), chr(39) * 2)}'")

    def __enter__(self) -> Duck:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Raise Stopped, OutOfSpace, CannotParse, ConfigError for a rule that overflows, or DuckDB's error.
        """
        with _in_our_words(), self._interruptible():
            return self._connection.execute(sql).fetchall()

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one statement and yield its rows some at a time; raises what ``query`` does."""
        with _in_our_words(), self._interruptible():
            answer = self._connection.execute(sql)
            while rows := answer.fetchmany(_ROWS_AT_ONCE):
                yield from rows

    def rejected(self) -> bool:
        """True where a scan has passed over a row since the last call."""
        import duckdb

        try:
            found = bool(self._connection.execute("SELECT 1 FROM reject_errors LIMIT 1").fetchall())
            self._connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        except duckdb.CatalogException:
            return False
        return found

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        finished = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(finished,), name="check-watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            finished.set()
            watcher.join()

    def _watch(self, finished: threading.Event) -> None:
        while not finished.wait(POLL_SECONDS):
            if self._stopped():
                self._connection.interrupt()


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """DuckDB's errors as outcomes."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise Stopped("The check was stopped. Nothing was changed; run it again.") from error
    except duckdb.OutOfMemoryException as error:
        raise OutOfSpace(_first_line(error)) from error
    except (duckdb.OutOfRangeException, duckdb.BinderException) as error:
        # Everything of ours reads with TRY_CAST: only the arithmetic of a rule can come here.
        raise ConfigError(
            f"A condition in quality.rules cannot be computed over these values ({_first_line(error)}). "
            "Write it with smaller numbers: a table would end its check with an error, too."
        ) from error
    except duckdb.InvalidInputException as error:
        raise CannotParse(_first_line(error)) from error
    except duckdb.IOException as error:
        if "max_temp_directory_size" in str(error) or "No space left" in str(error):
            raise OutOfSpace(_first_line(error)) from error
        raise CannotParse(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


class Pump:
    """Feeds bytes into a named pipe that DuckDB reads as a file; what goes wrong is raised by ``finish``."""

    def __init__(self, pipe: Path, source: Iterator[bytes]) -> None:
        os.mkfifo(pipe, 0o600)
        self.pipe = pipe
        self._source = source
        self._over = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="check-pump", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """End the pump, remove the pipe, and raise the error that ended the source early, if one did."""
        self._over.set()
        self._thread.join()
        self.pipe.unlink(missing_ok=True)
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            descriptor = self._open()
            if descriptor is None:
                return
            try:
                for chunk in self._source:
                    if not self._write(descriptor, memoryview(chunk)):
                        return
            finally:
                os.close(descriptor)
        except BrokenPipeError:
            return  # The reader had enough: its own error is the one to tell.
        except (EtlError, Stopped, OSError) as error:
            self._error = error

    def _open(self) -> int | None:
        """Wait for the reader; None when it never came."""
        while not self._over.wait(0.01):
            with contextlib.suppress(OSError):
                return os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        return None

    def _write(self, descriptor: int, data: memoryview) -> bool:
        while data:
            if select.select([], [descriptor], [], POLL_SECONDS)[1]:
                data = data[os.write(descriptor, data) :]
            elif self._over.is_set():
                return False
        return True


def in_parallel(work: Callable[[], None]) -> Callable[[], None]:
    """Start ``work`` in a thread; the answer waits for it and raises what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="check-bytes", daemon=True)
    thread.start()

    def wait() -> None:
        thread.join()
        if errors:
            raise errors[0]

    return wait


def default_threads() -> int:
    """As many as there are cores for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
