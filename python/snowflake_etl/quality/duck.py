"""A separate DuckDB for one check: bounded memory, a temporary folder, stoppable (floor 4)."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.errors import ConfigError, EtlError, Stopped
from snowflake_etl.processors import processors

if TYPE_CHECKING:
    from snowflake_etl.config.model import QualitySection

POLL_SECONDS = 0.1
DEFAULT_MEMORY_LIMIT = 200 * 1024 * 1024
DEFAULT_TEMP_LIMIT = 20 * 1024**3
_ROWS_AT_ONCE = 1_000


class OutOfSpace(Exception):  # noqa: N818 - an outcome, not a malfunction
    """The work does not fit into the permitted memory and temporary space."""


class CannotParse(Exception):  # noqa: N818 - an outcome, not a malfunction
    """DuckDB gave up on the file's line structure, for example at a carriage return inside a value."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Resources:
    """What work on a file may use: memory and temporary space in bytes, threads, and for how long.

    Temporary data goes below ``temp_directory`` and is removed afterwards.  ``stopped`` is called several times a
    second; when it returns true, the work ends and Stopped is raised.
    """

    temp_directory: Path
    memory_limit: int = DEFAULT_MEMORY_LIMIT
    temp_limit: int = DEFAULT_TEMP_LIMIT
    threads: int = field(default_factory=processors)
    stopped: Callable[[], bool] = _never

    @classmethod
    def of(cls, quality: QualitySection, temp_directory: Path, stopped: Callable[[], bool] = _never) -> Resources:
        """The resources that the configuration's ``quality`` section allows."""
        return cls(temp_directory, quality.memory_limit, quality.temp_limit, stopped=stopped)


class Duck:
    """A connection to an empty DuckDB in memory, and its folder; close it, or use it in a ``with``."""

    def __init__(self, resources: Resources) -> None:
        import duckdb

        resources.temp_directory.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="check-", dir=resources.temp_directory))
        self.stopped = resources.stopped
        self._connection = duckdb.connect()
        # Set by a statement, since DuckDB 2.0 accepts max_temp_directory_size as a connection option but ignores it.
        for name, value in {
            "temp_directory": str(self.folder / "spill"),
            "memory_limit": f"{resources.memory_limit}B",
            "max_temp_directory_size": f"{resources.temp_limit}B",
            "threads": str(resources.threads),
            "TimeZone": "UTC",  # as in every session of the warehouse, wherever this host is
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
        """Run one statement and yield its rows in batches; raises the same as ``query``."""
        with _in_our_words(), self._interruptible():
            answer = self._connection.execute(sql)
            while rows := answer.fetchmany(_ROWS_AT_ONCE):
                yield from rows

    def rejected(self) -> bool:
        """True if a scan has skipped a row since the last call."""
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
            if self.stopped():
                self._connection.interrupt()


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn DuckDB's errors into ours."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise Stopped("The check was stopped. Nothing was changed; run it again.") from error
    except duckdb.OutOfMemoryException as error:
        raise OutOfSpace(_first_line(error)) from error
    except (duckdb.OutOfRangeException, duckdb.BinderException) as error:
        # All our own SQL uses TRY_CAST: only the arithmetic of a rule can fail here.
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
    """Feeds bytes into a named pipe that DuckDB reads as a file; errors are raised by ``finish``."""

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
            return  # The reader stopped reading: its own error is the one to report.
        except (EtlError, Stopped, OSError) as error:
            self._error = error

    def _open(self) -> int | None:
        """Wait for the reader; None if it never came."""
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
    """Start ``work`` in a thread; the returned function waits for it and raises what it raised."""
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
