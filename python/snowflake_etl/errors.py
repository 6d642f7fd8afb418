"""Every error the tools report, and the one table of exit codes (floor 1: imports nothing of ours).

An error is one sentence that says what happened, to what, and what to do next.  Operations raise
these; only ``cli`` turns them into a line on stderr and an exit code.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of our processes; the same table is in ``lib/core.sh``."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIGURATION = 3
    CONNECTION = 4
    WAREHOUSE = 5
    PROBLEMS_FOUND = 6
    REFUSED = 7
    INTERRUPTED = 130
    TERMINATED = 143


class EtlError(Exception):
    """Base of all expected errors: its text is for the operator, ``exit_code`` for the caller."""

    exit_code: ExitCode = ExitCode.UNEXPECTED


class UsageError(EtlError):
    """The command line asks for something that makes no sense."""

    exit_code = ExitCode.USAGE


class ConfigError(EtlError):
    """A configuration file, environment variable or sign-in setting is wrong."""

    exit_code = ExitCode.CONFIGURATION


class ConfigMistakes(ConfigError):  # noqa: N818 - several of them
    """The errors in a configuration: all in one text, and each of the ``mistakes`` as a sentence."""

    def __init__(self, message: str, mistakes: tuple[str, ...]) -> None:
        super().__init__(message)
        self.mistakes = mistakes


class ConnectError(EtlError):
    """The warehouse cannot be reached or does not let us in."""

    exit_code = ExitCode.CONNECTION


class WarehouseError(EtlError):
    """The warehouse answered a statement with an error.

    ``code`` is Snowflake's error number (0 when unknown), ``sqlstate`` its five-character state and
    ``query_id`` the query that failed, if the warehouse reported it.
    """

    exit_code = ExitCode.WAREHOUSE

    def __init__(self, message: str, *, code: int = 0, sqlstate: str = "", query_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.sqlstate = sqlstate
        self.query_id = query_id

    @property
    def is_conflict(self) -> bool:
        """True when another transaction was in the way, so that the whole transaction may be retried."""
        return self.code in _LOCK_CONFLICTS


# 625: waited for a lock too long or in vain (LOCK_TIMEOUT, too many waiters, aborted by a deadlock).
_LOCK_CONFLICTS = frozenset({625})


class FileError(EtlError):
    """An operator's file cannot be read or is damaged."""

    exit_code = ExitCode.PROBLEMS_FOUND


class NothingFound(FileError):  # noqa: N818 - an outcome, not a malfunction
    """There is no file for a month, or not yet."""


class NoRows(FileError):  # noqa: N818 - an outcome, not a malfunction
    """An operator's file exists but does not contain a single row."""


class ProblemsFound(EtlError):  # noqa: N818 - an outcome, not a malfunction
    """The work ran as it should and found problems: a failed check, duplicates, differences."""

    exit_code = ExitCode.PROBLEMS_FOUND


class Refused(EtlError):  # noqa: N818 - an outcome, not a malfunction
    """Nothing was done, on purpose: already loaded, not confirmed, locked by another run."""

    exit_code = ExitCode.REFUSED


class LeaseLost(Refused):
    """Another run may be working on the files by now: nothing of theirs may be touched any more."""


class Stopped(BaseException):
    """A signal ended the work in an orderly way; ``exit_code`` is 130 (SIGINT) or 143 (SIGTERM).

    Not an Exception, like KeyboardInterrupt: libraries swallow exceptions (such as the driver while it signs
    out), and a load that was told to stop would continue and publish.
    """

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.INTERRUPTED) -> None:
        super().__init__(message)
        self.exit_code = exit_code
