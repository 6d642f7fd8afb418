"""The driver's side of the model: connections that the genuine ``Session`` works with, and their held-still client.

A ``Replay`` gives a run the answers that it got so far; at the next question the run is given up by an exception
that no handler for errors catches.  What it asked is the run's next statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snowflake.connector.errors import OperationalError, ProgrammingError

from model.server import CLOSE, LOCKED_OUT, Answer, Request
from snowflake_etl.errors import Stopped

_LOST = 250001
# Made once: the driver's exceptions look at the stack when they are made, which takes longer than a run.
_CLOSED = OperationalError("connection is closed", errno=_LOST)
_ERRORS = {
    "error": ProgrammingError("statement aborted, the lock was not to be had", errno=LOCKED_OUT),
    "lost": OperationalError("connection reset", errno=_LOST),
    "unanswered": OperationalError("no answer", errno=_LOST),
}


class Suspended(BaseException):
    """The answers are used up; the run is thrown away."""


class Replay:
    """The answers that a run gets, in their order, and what it asks when there are no more.

    ``clock`` is what time.monotonic tells the run: the time of the latest answer.
    """

    def __init__(self, name: str, answers: Sequence[Answer], asked: Sequence[Request]) -> None:
        self._name = name
        self._answers = answers
        self._asked = asked
        self._count = 0
        self._connections = 0
        self.pending: Request | None = None
        self.clock = answers[0].clock if answers else 0

    def connect(self) -> ModelConnection:
        self._connections += 1
        return ModelConnection(self, f"{self._name}.{self._connections}")

    def ask(self, request: Request) -> Answer:
        if self.pending is None and self._count < len(self._answers):
            if request != self._asked[self._count]:
                raise AssertionError(f"A run is no function of its answers: {request} after {self._asked}")
            answer = self._answers[self._count]
            self._count += 1
            self.clock = answer.clock
            return answer
        self.pending = self.pending or request
        raise Suspended


class ModelConnection:
    """A connection of the driver, as far as ``Session`` uses it."""

    database = "D"
    schema = "PUBLIC"

    def __init__(self, replay: Replay, session: str) -> None:
        self._replay = replay
        self._session = session
        self._gone = False

    def cursor(self) -> ModelCursor:
        return ModelCursor(self)

    def close(self) -> None:
        if not self._gone:
            self._gone = True
            self._replay.ask(Request(self._session, CLOSE, ()))

    def ask(self, sql: str, binds: Sequence[object] | None) -> Answer:
        if self._gone:
            raise _CLOSED.with_traceback(None)
        answer = self._replay.ask(Request(self._session, sql, tuple(binds or ())))
        if answer.kind == "ok":
            return answer
        if answer.kind == "stopped":
            raise Stopped("Stopped by a signal.")
        self._gone = answer.kind == "lost"
        raise _ERRORS[answer.kind].with_traceback(None)


class ModelCursor:
    """A cursor of the driver, as far as ``Session`` uses it."""

    description: Any = None
    sfqid = "query"

    def __init__(self, connection: ModelConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[object, ...]] = []
        self.rowcount = 0

    def execute(self, sql: str, binds: Sequence[object] | None = None, **_: Any) -> ModelCursor:
        answer = self._connection.ask(sql, binds)
        self._rows, self.rowcount = list(answer.rows), answer.rowcount
        return self

    def fetchall(self) -> list[tuple[object, ...]]:
        return self._rows

    def close(self) -> None:
        """Nothing is held."""
