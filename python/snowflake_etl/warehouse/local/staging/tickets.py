"""Tickets for uploads and downloads: each permits moving exactly one object (floor 3)."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from snowflake_etl.warehouse.local.staging.stages import Stage

VALID_SECONDS = 3600.0
_MOST_TICKETS = 100_000


@dataclass(frozen=True)
class Ticket:
    """Permission to move the object ``path`` of ``stage``; ``session`` must still be signed in."""

    session: int
    stage: Stage
    path: str
    upload: bool
    overwrite: bool
    expires: float


class Tickets:
    """The issued tickets, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()

    def issue(self, session: int, stage: Stage, path: str, *, upload: bool, overwrite: bool = False) -> str:
        """Issue a new ticket; return its token for a URL."""
        word = secrets.token_urlsafe(32)
        now = time.monotonic()
        with self._lock:
            self._tickets[word] = Ticket(session, stage, path, upload, overwrite, now + VALID_SECONDS)
            while self._tickets and (
                len(self._tickets) > _MOST_TICKETS or next(iter(self._tickets.values())).expires < now
            ):
                self._tickets.popitem(last=False)
        return word

    def find(self, word: str, *, upload: bool) -> Ticket | None:
        """The ticket, if it is one of this kind and not yet expired.

        It stays valid after use: the connector sends an upload again when the answer was lost.
        """
        ticket = self._tickets.get(word)
        if ticket is None or ticket.upload is not upload or ticket.expires < time.monotonic():
            return None
        return ticket
