"""Session parameters: set at sign-in or by ALTER SESSION, shown by SHOW PARAMETERS (floor 3).

Three have an effect here: AUTOCOMMIT, QUERY_TAG and STATEMENT_TIMEOUT_IN_SECONDS.  The others are kept
and shown; times are always UTC.
"""

from __future__ import annotations

import threading
from typing import Any

from snowflake_etl.warehouse.local.sql_errors import SqlError

_LONGEST_QUERY_TAG = 2000

# Name: (default, description, type).
_KNOWN: dict[str, tuple[str, str, str]] = {
    "ABORT_DETACHED_QUERY": ("false", "whether a query ends when its client is gone", "BOOLEAN"),
    "AUTOCOMMIT": ("true", "whether each statement commits itself", "BOOLEAN"),
    "BINARY_INPUT_FORMAT": ("HEX", "input format for binary", "STRING"),
    "BINARY_OUTPUT_FORMAT": ("HEX", "display format for binary", "STRING"),
    "CLIENT_SESSION_KEEP_ALIVE": ("false", "whether the client keeps the session alive", "BOOLEAN"),
    "DATE_INPUT_FORMAT": ("AUTO", "input format for date", "STRING"),
    "DATE_OUTPUT_FORMAT": ("YYYY-MM-DD", "display format for date", "STRING"),
    "ERROR_ON_NONDETERMINISTIC_UPDATE": ("false", "raise an error when updating a row from many", "BOOLEAN"),
    "LOCK_TIMEOUT": ("43200", "seconds to wait for a lock", "NUMBER"),
    "QUERY_TAG": ("", "text that marks the session's queries", "STRING"),
    "QUOTED_IDENTIFIERS_IGNORE_CASE": ("false", "whether the case of quoted identifiers is ignored", "BOOLEAN"),
    "ROWS_PER_RESULTSET": ("0", "maximum number of rows of a result", "NUMBER"),
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": ("0", "seconds a statement may wait in the queue", "NUMBER"),
    "STATEMENT_TIMEOUT_IN_SECONDS": ("172800", "seconds a statement may run", "NUMBER"),
    "TIMESTAMP_INPUT_FORMAT": ("AUTO", "input format for timestamps", "STRING"),
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": ("", "display format for TIMESTAMP_LTZ", "STRING"),
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": ("YYYY-MM-DD HH24:MI:SS.FF3", "display format for TIMESTAMP_NTZ", "STRING"),
    "TIMESTAMP_OUTPUT_FORMAT": ("YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM", "display format for timestamps", "STRING"),
    "TIMESTAMP_TYPE_MAPPING": ("TIMESTAMP_NTZ", "what TIMESTAMP stands for", "STRING"),
    "TIMESTAMP_TZ_OUTPUT_FORMAT": ("", "display format for TIMESTAMP_TZ", "STRING"),
    "TIMEZONE": ("Etc/UTC", "time zone", "STRING"),
    "TIME_INPUT_FORMAT": ("AUTO", "input format for time", "STRING"),
    "TIME_OUTPUT_FORMAT": ("HH24:MI:SS", "display format for time", "STRING"),
    "TRANSACTION_DEFAULT_ISOLATION_LEVEL": ("READ COMMITTED", "isolation level", "STRING"),
    "TWO_DIGIT_CENTURY_START": ("1970", "first year of two-digit years", "NUMBER"),
    "USE_CACHED_RESULT": ("true", "whether results may come from the cache", "BOOLEAN"),
    "WEEK_START": ("0", "first day of the week", "NUMBER"),
}


class Parameters:
    """The parameters of one session."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, str] = {}
        for name, value in given.items():
            # The connector also sends its own names, which SHOW PARAMETERS does not know.
            self._values[name.upper()] = _as_text(value)
        self._check_tag(self.query_tag)

    def set(self, name: str, value: object) -> None:
        """ALTER SESSION SET.  Raise SqlError for a name that Snowflake does not know."""
        self._require(name)
        text = _as_text(value)
        if name.upper() == "QUERY_TAG":
            self._check_tag(text)
        if _KNOWN[name.upper()][2] == "NUMBER" and not text.isdigit():
            raise SqlError(f"SQL compilation error:\ninvalid value [{text}] for parameter '{name}'", 1008, "22023")
        if _KNOWN[name.upper()][2] == "BOOLEAN" and text.lower() not in ("true", "false"):
            raise SqlError(f"SQL compilation error:\ninvalid value [{text}] for parameter '{name}'", 1008, "22023")
        with self._lock:
            self._values[name.upper()] = text

    def unset(self, name: str) -> None:
        """ALTER SESSION UNSET."""
        self._require(name)
        with self._lock:
            self._values.pop(name.upper(), None)

    def get(self, name: str) -> str:
        """The value as a text; the default if none was set."""
        return self._values.get(name, _KNOWN[name][0])

    @property
    def autocommit(self) -> bool:
        return self.get("AUTOCOMMIT").lower() == "true"

    @property
    def query_tag(self) -> str:
        return self.get("QUERY_TAG")

    @property
    def statement_timeout(self) -> float:
        """Seconds a statement may run; 0 for no limit."""
        text = self.get("STATEMENT_TIMEOUT_IN_SECONDS")
        return float(text) if text.isdigit() else 0.0

    def show(self) -> list[tuple[str, str, str, str, str, str]]:
        """The rows of SHOW PARAMETERS: key, value, default, level, description, type."""
        return [
            (name, self.get(name), default, "SESSION" if name in self._values else "", description, type_)
            for name, (default, description, type_) in sorted(_KNOWN.items())
        ]

    @staticmethod
    def _require(name: str) -> None:
        if name.upper() not in _KNOWN:
            raise SqlError(f"SQL compilation error:\ninvalid parameter '{name}'", 1006, "42601")

    @staticmethod
    def _check_tag(tag: str) -> None:
        if len(tag) > _LONGEST_QUERY_TAG:
            raise SqlError(
                f"SQL compilation error:\ninvalid value for parameter 'QUERY_TAG': longer than {_LONGEST_QUERY_TAG}.",
                1008,
                "22023",
            )


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
