"""Snowflake's errors, and the translation of DuckDB's into them (floor 3).

An error answered with HTTP 500 would be retried by the connector for minutes; one with a number is
raised at once.  The numbers are Snowflake's own if it has one for the case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNTAX = 1003
DUPLICATE_OBJECT = 2002
MISSING_OBJECT = 2003
MISSING_COLUMN = 904
UNSUPPORTED = 2
LOCK_CONFLICT = 625
CANCELED = 604
TRANSACTION_LOST = 90232
INTERNAL = 603
NULL_IN_NOT_NULL = 100072


class SqlError(Exception):
    """A statement that fails: Snowflake's number, five-character state and wording."""

    def __init__(self, message: str, code: int, sqlstate: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.sqlstate = sqlstate

    @property
    def number(self) -> str:
        """The number as Snowflake sends it: six digits."""
        return f"{self.code:06d}"


def syntax_error(message: str) -> SqlError:
    """The error for a statement that Snowflake would not understand either."""
    return SqlError(f"SQL compilation error:\n{message}", SYNTAX, "42000")


def missing(kind: str, name: str) -> SqlError:
    """The error for a missing object (Snowflake does not distinguish it from a forbidden one)."""
    return SqlError(
        f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", MISSING_OBJECT, "02000"
    )


def exists(kind: str, name: str) -> SqlError:
    """The error for an object that exists already."""
    return SqlError(f"SQL compilation error:\n{kind} '{name}' already exists.", DUPLICATE_OBJECT, "42710")


def unsupported(what: str) -> SqlError:
    """The error for something that Snowflake can do but the embedded warehouse cannot."""
    return SqlError(
        f"Unsupported feature '{what}': the embedded warehouse cannot do this; Snowflake can.", UNSUPPORTED, "0A000"
    )


def canceled() -> SqlError:
    """The error for a cancelled statement."""
    return SqlError("SQL execution canceled", CANCELED, "57014")


def timed_out(seconds: float) -> SqlError:
    """The error for a statement that exceeded STATEMENT_TIMEOUT_IN_SECONDS."""
    return SqlError(
        f"Statement reached its statement or warehouse timeout of {seconds:,.0f} second(s) and was canceled.",
        630,
        "57014",
    )


def transaction_lost(cause: str) -> SqlError:
    """The error for a statement in a transaction that an earlier error has already ended.

    Snowflake would have kept the transaction open; DuckDB cannot.  Nothing of it is kept, and COMMIT
    must not seem to succeed.
    """
    reason = next(iter(cause.splitlines()), "unknown cause")[:200]
    return SqlError(
        f"The transaction was rolled back because a statement in it failed ({reason}). "
        "Send ROLLBACK and start the transaction again.",
        TRANSACTION_LOST,
        "25000",
    )


def lock_conflict(detail: str) -> SqlError:
    """Two transactions changed the same rows: the second one has to start again."""
    return SqlError(
        "Statement was aborted because another transaction holds a lock on the same rows and has not released it "
        f"({detail}). Roll back and try the transaction again.",
        LOCK_CONFLICT,
        "57014",
    )


_ANSI = re.compile(r"\x1b\[\d+m")
_NULL_COLUMN = re.compile(r"NOT NULL constraint failed: (?:.*\.)?(?P<column>[^.\s]+)")
_CONFLICT = re.compile(r"conflict|Failed to commit|has been (altered|dropped)|could not serialize", re.IGNORECASE)
_MISSING_NAME = re.compile(
    r"(Table|View|Schema|Catalog|Column|Sequence)(?: with name)? \"?([^\s\"]+)\"? does not exist"
)
_UNKNOWN_COLUMN = re.compile(
    r'Referenced column "([^"]*)" not found|does not have a column (?:named|with name) "([^"]*)"'
)


def from_engine(error: Exception) -> SqlError:
    """Snowflake's error for one that DuckDB, fakesnow or the SQL parser raised."""
    for cause in chain(error):
        if isinstance(cause, SqlError):
            return cause
    # fakesnow wraps DuckDB's errors, sometimes under the wrong number: the original counts.
    origin = next((cause for cause in chain(error) if "duckdb" in type(cause).__module__), error)
    raised = _Raised(type(origin).__name__, str(origin).strip())
    for rule in _RULES:
        if (found := rule(raised)) is not None:
            return found
    known = _from_connector(error)
    return known or SqlError(f"The embedded warehouse failed: {raised.name}: {raised.first}", INTERNAL, "XX000")


@dataclass(frozen=True)
class _Raised:
    """A DuckDB error: its class and full text."""

    name: str
    text: str

    @property
    def first(self) -> str:
        """The first line, without its decoration."""
        return _ANSI.sub("", self.text.split("\n", maxsplit=1)[0])


def _from_connector(error: Exception) -> SqlError | None:
    """fakesnow raises the connector's own errors, which already have numbers."""
    number = getattr(error, "errno", None)
    if not isinstance(number, int) or number < 0:
        return None
    message = getattr(error, "raw_msg", None) or getattr(error, "msg", None) or str(error)
    return SqlError(str(message), number, str(getattr(error, "sqlstate", "") or "42000"))


def _conflict(raised: _Raised) -> SqlError | None:
    if raised.name != "TransactionException":
        return None
    if "is aborted" in raised.text:
        return transaction_lost("an earlier statement failed")
    return (
        lock_conflict(raised.first)
        if _CONFLICT.search(raised.text)
        else SqlError(raised.first, TRANSACTION_LOST, "25000")
    )


def _constraint(raised: _Raised) -> SqlError | None:
    if raised.name != "ConstraintException":
        return None
    if found := _NULL_COLUMN.search(raised.text):
        return SqlError(f"NULL result in a non-nullable column: {found['column']}", NULL_IN_NOT_NULL, "22000")
    return SqlError(raised.first, 200001, "22000")


def _conversion(raised: _Raised) -> SqlError | None:
    if raised.name not in {"ConversionException", "OutOfRangeException", "InvalidInputException"}:
        return None
    if marked := marked_message(raised.text):
        return marked
    if "Values were not provided" in raised.first or "Wrong number of" in raised.first:
        return SqlError("SQL compilation error:\nBind variable not set.", 2049, "42601")
    if raised.name == "OutOfRangeException":
        return SqlError(raised.first, 100039, "22003")
    if re.search(r"date|time", raised.first, re.IGNORECASE):
        return SqlError(raised.first, 100035, "22007")
    return SqlError(raised.first, 100038, "22018")


def _catalog(raised: _Raised) -> SqlError | None:
    if raised.name not in {"CatalogException", "BinderException"}:
        return None
    if found := _UNKNOWN_COLUMN.search(raised.text):
        column = found[1] or found[2]
        return SqlError(f"SQL compilation error: error line 1\ninvalid identifier '{column}'", MISSING_COLUMN, "42000")
    if "already exists" in raised.text:
        return SqlError(f"SQL compilation error:\n{raised.first}", DUPLICATE_OBJECT, "42710")
    if found := _MISSING_NAME.search(raised.text):
        kind = "Object" if found[1] in {"Table", "View"} else found[1]
        return SqlError(
            f"SQL compilation error:\n{kind} '{found[2]}' does not exist or not authorized.", MISSING_OBJECT, "42S02"
        )
    return SqlError(f"SQL compilation error:\n{raised.first}", 2140, "42601")


def _parser(raised: _Raised) -> SqlError | None:
    if raised.name in {"ParserException", "ParseError", "TokenError", "SyntaxException"}:
        return syntax_error(raised.first)
    return None


def _resources(raised: _Raised) -> SqlError | None:
    if raised.name == "InterruptException":
        return canceled()
    if raised.name in {"OutOfMemoryException", "MemoryError"}:
        return SqlError(f"The embedded warehouse ran out of memory: {raised.first}", 300005, "53200")
    if raised.name in {"PermissionException", "NotImplementedException", "NotImplementedError"}:
        return SqlError(f"Unsupported feature: {raised.first}", UNSUPPORTED, "0A000")
    if raised.name in {"IOException", "OSError"}:
        return SqlError(f"The embedded warehouse cannot read or write its files: {raised.first}", 300002, "58030")
    return None


_RULES = (_conflict, _constraint, _conversion, _catalog, _parser, _resources)

_MARK = re.compile(r"\[\[(?P<code>\d+) (?P<state>\w+)\]\](?P<message>.*?)\[\[end\]\]", re.DOTALL)


def mark(message_sql: str, code: int, sqlstate: str) -> str:
    """DuckDB SQL that raises ``message_sql`` (an SQL text expression) as the numbered error."""
    return f"error('[[{code} {sqlstate}]]' || ({message_sql}) || '[[end]]')"


def marked_message(text: str) -> SqlError | None:
    """The numbered error that :func:`mark` put into DuckDB's, if any."""
    found = _MARK.search(text)
    return SqlError(found["message"], int(found["code"]), found["state"]) if found else None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__
