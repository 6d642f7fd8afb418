"""What can undo a deletion (floor 5): a safety copy made before it, or the table's own Time Travel."""

from __future__ import annotations

import getpass
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from snowflake_etl.errors import EtlError, Refused, WarehouseError
from snowflake_etl.operations.months.month_change import Selected
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog, safety_copy
from snowflake_etl.warehouse.catalog import Table
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Protection:
    """What can undo a deletion: a safety copy (None: the table's Time Travel alone), and until when.

    ``travel_until`` is how far the table's own Time Travel reaches, in case the copy is removed earlier.
    """

    copy: ObjectName | None
    until: datetime
    travel_until: datetime

    @property
    def in_words(self) -> str:
        if self.copy is None:
            return f"by Time Travel until {self.until:%Y-%m-%d %H:%M} UTC"
        return f"from {self.copy} until {self.until:%Y-%m-%d} UTC"


def plan_protection(
    session: Session, objects: WorkObjects, table: ObjectName, run_id: str, wish: bool | None
) -> Protection:
    """Decide how a deletion could be undone: by a copy if requested (True), or if Time Travel is too short (None).
    Raise Refused when no copy is wanted and nothing else could undo it.
    """
    now, days = datetime.now(UTC), safety_copy.retention_days(session, table)
    if wish is False and not days:
        raise Refused(
            f"{table} has no Time Travel (DATA_RETENTION_TIME_IN_DAYS is 0): without a safety copy nothing could bring "
            "the rows back. Leave --no-safety-copy out."
        )
    if wish or (wish is None and days < safety_copy.ENOUGH_TIME_TRAVEL_DAYS):
        copy = safety_copy.copy_name(objects, table, run_id)
        return Protection(copy, now + safety_copy.KEPT, now + timedelta(days=days))
    return Protection(None, now + timedelta(days=days), now + timedelta(days=days))


def _protect(session: Session, protection: Protection, table: ObjectName, selected: Selected, rows: int) -> None:
    """Make the safety copy, if there is to be one; it must hold the ``rows`` that were counted."""
    copy = protection.copy
    if copy is None:
        return
    safety_copy.make_copy(session, copy, table)
    copied = catalog.count_rows(session, copy, selected.condition, selected.binds)
    if copied != rows:
        _give_up(session, protection)
        raise Refused(
            f"{table} changed since it was counted: its safety copy has {copied:,} of the rows instead of {rows:,}. "
            "Nothing was deleted; run it again to see the new counts."
        )


@contextmanager
def protected(
    session: Session, protection: Protection | None, table: ObjectName, selected: Selected, rows: int
) -> Iterator[None]:
    """Make the safety copy before a deletion; drop it if the deletion is refused or fails, when nothing needs undoing.
    ``rows`` of the table are ``selected`` for the deletion.  Without protection none of them is deleted.
    """
    if protection is None:
        yield
        return
    _protect(session, protection, table, selected, rows)
    try:
        yield
    except (Refused, WarehouseError):
        _give_up(session, protection)
        raise


def _give_up(session: Session, protection: Protection) -> None:
    """Drop the safety copy of a deletion that did not take place."""
    if protection.copy is None:
        return
    try:
        session.ensure(f"DROP TABLE IF EXISTS {protection.copy.sql}")
    except EtlError as error:
        LOGGER.warning("Safety copy %s is not needed and could not be dropped: %s", protection.copy, error)


def undo_detail(table: Table, rows: Sequence[LedgerRow], protection: Protection | None) -> dict[str, Any]:
    """What restore-month needs to know about a deletion, for the audit log; no protection if no row is deleted."""
    source: dict[str, Any] = {}
    if protection is not None:
        source = {
            "copy": protection.copy.name if protection.copy else None,
            "until": protection.until.isoformat(timespec="seconds"),
            "travel_until": protection.travel_until.isoformat(timespec="seconds"),
        }
    return {
        **source,
        "columns": [column.name for column in table.columns],
        "ledger": [[row.publish_id, row.file_name] for row in rows],
        "who": getpass.getuser(),
        "host": socket.gethostname(),
    }
