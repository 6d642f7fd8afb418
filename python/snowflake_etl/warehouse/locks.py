"""Who holds a lock that we wait for in vain (floor 3): from the error, completed by SHOW LOCKS if we may ask.
SHOW LOCKS and SHOW TRANSACTIONS show a role only its own user's transactions, unless it is ACCOUNTADMIN: what
they do not show is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from snowflake_etl.errors import EtlError
from snowflake_etl.warehouse.session import Session

_LOCKED = re.compile(
    r"Statement '(?P<query>[^']+)' has locked table '(?P<table>[^']+)' in transaction (?P<transaction>\d+)"
)
# A transaction's number is its start in nanoseconds since 1970; numbers outside these years mean something else.
_YEARS = range(2012, 2100)


@dataclass(frozen=True)
class LockHolder:
    """A transaction that others wait for; unknown values are "" or None.  ``since`` is its start in UTC."""

    table: str
    transaction: str = ""
    user: str = ""
    session: str = ""
    query_id: str = ""
    since: datetime | None = None


def holder_of(text: str) -> LockHolder | None:
    """Read Snowflake's error 000625; None when the text names no transaction."""
    match = _LOCKED.search(" ".join(text.split()))
    if not match:
        return None
    number = match["transaction"]
    return LockHolder(match["table"], number, query_id=match["query"], since=_start_of(number))


def ask_for_holder(session: Session, text: str, tables: Collection[str]) -> LockHolder | None:
    """Who holds the lock that an error's ``text`` is about, else any lock on ``tables`` (full names)."""
    told = holder_of(text)
    try:
        locks = session.records("SHOW LOCKS")
        transactions = session.records("SHOW TRANSACTIONS")
    except EtlError:
        return told
    return completed(told, locks, transactions, tables)


def holder_besides(session: Session, tables: Collection[str], own: str) -> LockHolder | None:
    """Which other session than ``own`` holds a lock on one of ``tables`` (full names)."""
    rows = [row for row in session.records("SHOW LOCKS") if str(row.get("session")) != own]
    return completed(None, rows, session.records("SHOW TRANSACTIONS"), tables) if rows else None


def session_id(session: Session) -> str:
    """The number of a session, as SHOW LOCKS and SHOW TRANSACTIONS call it."""
    return str(session.query("SELECT CURRENT_SESSION()")[0][0])


def held_by(session: Session, sessions: Collection[str], tables: Collection[str]) -> dict[str, str]:
    """Return transaction -> session for the locks of these sessions on ``tables`` (full names), as far as visible.
    A COPY into a work table, which somebody may want to attach to, is not included.
    """
    return {
        str(row.get("transaction")): str(row.get("session"))
        for row in session.records("SHOW LOCKS")
        if str(row.get("session")) in sessions and _holds(row, tables)
    }


def abort(session: Session, transaction: str) -> None:
    """End somebody's transaction and roll it back; raise WarehouseError if the user may not."""
    session.query(f"SELECT SYSTEM$ABORT_TRANSACTION({int(transaction)})")


def completed(
    told: LockHolder | None,
    locks: Sequence[Mapping[str, Any]],
    transactions: Sequence[Mapping[str, Any]],
    tables: Collection[str],
) -> LockHolder | None:
    """Combine what the error says with the rows of SHOW LOCKS and SHOW TRANSACTIONS."""
    holder = told or _first_holder(locks, tables)
    if holder is None:
        return None
    for row in locks:
        if str(row.get("transaction")) == holder.transaction:
            holder = replace(
                holder,
                session=holder.session or str(row.get("session") or ""),
                since=_moment(row.get("transaction_started_on")) or holder.since,
            )
    for row in transactions:
        if str(row.get("id")) == holder.transaction:
            holder = replace(
                holder,
                user=str(row.get("user") or ""),
                session=str(row.get("session") or holder.session),
                since=_moment(row.get("started_on")) or holder.since,
            )
    return holder


def lock_in_words(holder: LockHolder, now: datetime, *, waits: bool = False) -> str:
    """Who, since when, and what to do: while the run still ``waits``, or after it has given up."""
    by = f" of user {holder.user}" if holder.user else ""
    session = f" (session {holder.session})" if holder.session else ""
    since = ""
    if holder.since:
        since = f", open since {holder.since:%Y-%m-%d %H:%M:%S} UTC ({_duration(now - holder.since)})"
    way = "Wait until it ends and run the same command again"
    if waits:
        way = "This run goes on when it ends; one whose client is gone is ended after five minutes without a statement"
    return (
        f"{holder.table} is locked by transaction {holder.transaction}{by}{session}{since}. {way}; "
        "if it was left behind, its user or an ACCOUNTADMIN ends it with: "
        f"SELECT SYSTEM$ABORT_TRANSACTION({holder.transaction});"
    )


def _first_holder(locks: Sequence[Mapping[str, Any]], tables: Collection[str]) -> LockHolder | None:
    for row in locks:
        if _holds(row, tables):
            return LockHolder(_resource(row), str(row.get("transaction")), query_id=str(row.get("query_id") or ""))
    return None


def _holds(lock: Mapping[str, Any], tables: Collection[str]) -> bool:
    wanted = {table.upper() for table in tables}
    return _resource(lock).upper() in wanted and str(lock.get("status", "")).upper() == "HOLDING"


def _resource(lock: Mapping[str, Any]) -> str:
    return str(lock.get("resource", "")).replace('"', "")


def _start_of(transaction: str) -> datetime | None:
    seconds = int(transaction) / 1e9
    if not 0 < seconds < 5e9:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if moment.year in _YEARS else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{max(seconds, 0)} s" if seconds < 120 else f"{seconds // 60} min"
