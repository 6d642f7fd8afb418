"""The warehouse of the model: committed tables, sessions with their transactions, and the locks of these.

A ``Server`` is a value: every step makes a new one, and equal ones are interchangeable.  Rows are numbers
(``RowNumbers``), tables sorted tuples of them, since rows of equal values need not be told apart.  The rules are
those of the package's docstring.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from model.expressions import Context, Row
from model.sql import Change, Control, Definition, Insert, Schema, Select, Statements

EPOCH = datetime(2024, 2, 1)
LOCKED_OUT = 625
CLOSE = "close the session"

Numbers = tuple[int, ...]


class RowNumbers:
    """Numbers for rows, equal rows having the same."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._numbers: dict[Row, int] = {}

    def number(self, row: Row) -> int:
        number = self._numbers.setdefault(row, len(self._rows))
        if number == len(self._rows):
            self._rows.append(row)
        return number

    def row(self, number: int) -> Row:
        return self._rows[number]


class Request(NamedTuple):
    """A statement of a session, or CLOSE."""

    session: str
    sql: str
    binds: tuple[object, ...]


class Answer(NamedTuple):
    """What a client gets: ``kind`` is ok, error (000625), lost, unanswered or stopped; ``clock`` in seconds."""

    kind: str
    rowcount: int
    rows: tuple[Row, ...]
    clock: int


class Delta(NamedTuple):
    """What a transaction did to one table."""

    table: str
    removed: Numbers
    added: Numbers


class SessionState(NamedTuple):
    """A session that the server has something to remember of.

    ``open`` says that there is a transaction; ``in_flight`` is a statement that nobody waits for any more.
    """

    name: str
    detached: bool = False
    open: bool = False
    deltas: tuple[Delta, ...] = ()
    locks: frozenset[str] = frozenset()
    in_flight: Request | None = None

    @property
    def idle(self) -> bool:
        """Nothing to remember."""
        return not self.open and self.in_flight is None

    def delta(self, table: str) -> Delta:
        return next((delta for delta in self.deltas if delta.table == table), Delta(table, (), ()))


class Server(NamedTuple):
    """Everything that the warehouse is at one moment; ``clock`` counts seconds."""

    clock: int
    tables: tuple[Numbers, ...]
    sessions: tuple[SessionState, ...]

    def session(self, name: str) -> SessionState:
        return next((session for session in self.sessions if session.name == name), SessionState(name))


@dataclass(frozen=True)
class Rules:
    """What Snowflake's documents leave open, and how long things take, in seconds.

    ``inserts_lock``: INSERT waits and makes wait as UPDATE does.  ``slow_insert``: (table, seconds) of INSERTs.
    """

    inserts_lock: bool = False
    slow_insert: tuple[str, int] = ("", 0)


class Warehouse:
    """Runs statements: from a server to the next one."""

    def __init__(self, schema: Schema, rules: Rules) -> None:
        self._statements = Statements(schema)
        self._places = {table: place for place, table in enumerate(schema)}
        self._rules = rules
        self._numbers = RowNumbers()

    def empty(self, contents: Mapping[str, Iterable[Row]]) -> Server:
        """A server without sessions whose tables hold ``contents``."""
        tables = (sorted(map(self._numbers.number, contents.get(table, ()))) for table in self._places)
        return Server(0, tuple(map(tuple, tables)), ())

    def rows(self, server: Server, table: str) -> list[Row]:
        """The committed rows of a table: what any reader sees."""
        return [self._numbers.row(number) for number in server.tables[self._places[table]]]

    def numbers(self, server: Server, table: str) -> Numbers:
        return server.tables[self._places[table]]

    # -- what a client asks for

    def ask(self, server: Server, request: Request) -> tuple[Server, Answer] | None:
        """Run a client's statement; None while it has to wait."""
        session = server.session(request.session)
        if session.in_flight is not None:
            return None
        return self._run(server, session, request)

    def waits_for_lock(self, server: Server, request: Request) -> bool:
        return server.session(request.session).in_flight is None and self.ask(server, request) is None

    def send(self, server: Server, request: Request) -> Server:
        """A statement goes off whose answer nobody will hear."""
        session = server.session(request.session)
        if session.in_flight is not None:
            raise AssertionError("a client waits for one statement at a time")
        return _with(server, session._replace(in_flight=request))

    def detach(self, server: Server, name: str) -> Server:
        """The client of a session is gone."""
        return _with(server, server.session(name)._replace(detached=True))

    # -- what the warehouse does by itself

    def arrive(self, server: Server, name: str) -> Server | None:
        """Run the statement in flight; None while it has to wait."""
        session = server.session(name)
        if session.in_flight is None:
            raise AssertionError("nothing is in flight")
        result = self._run(server, session._replace(in_flight=None), session.in_flight)
        return result[0] if result else None

    def abort(self, server: Server, name: str) -> Server:
        """Give up the transaction of a detached session."""
        return _with(server, SessionState(name))

    # -- statements

    def _run(self, server: Server, session: SessionState, request: Request) -> tuple[Server, Answer] | None:
        if request.sql == CLOSE:
            return _answered(_with(server, SessionState(session.name)), 0)
        statement = self._statements.read(request.sql)
        match statement:
            case Control():
                return self._control(server, session, statement.word)
            case Definition():
                server = _with(self._committed(server, session), SessionState(session.name, session.detached))
                return _answered(self._defined(server, statement), 0)
            case Select():
                rows = statement.run(self._context(server, session, request))
                return _answered(_with(server, session), len(rows), tuple(rows))
            case Insert():
                return self._insert(server, session, statement, request)
            case Change():
                return self._change(server, session, statement, request)

    def _control(self, server: Server, session: SessionState, word: str) -> tuple[Server, Answer]:
        closed = SessionState(session.name, session.detached)
        match word:
            case "BEGIN":
                return _answered(_with(server, session._replace(open=True)), 0)
            case "COMMIT":
                return _answered(_with(self._committed(server, session), closed), 0)
            case _:
                return _answered(_with(server, closed), 0)

    def _insert(
        self, server: Server, session: SessionState, statement: Insert, request: Request
    ) -> tuple[Server, Answer] | None:
        table = statement.table
        if self._rules.inserts_lock and _locked_by_other(server, session, table):
            return None
        slow_table, seconds = self._rules.slow_insert
        if table == slow_table:
            server = server._replace(clock=server.clock + seconds)
        new = [self._numbers.number(row) for row in statement.run(self._context(server, session, request))]
        before = session.delta(table)
        delta = Delta(table, before.removed, tuple(sorted([*before.added, *new])))
        return self._changed(server, session, delta, len(new), locks=self._rules.inserts_lock)

    def _change(
        self, server: Server, session: SessionState, statement: Change, request: Request
    ) -> tuple[Server, Answer] | None:
        table, context = statement.table, self._context(server, session, request)
        found = [
            number for number in self._view(server, session, table) if statement.matches(context, self._row(number))
        ]
        if not found:
            return self._changed(server, session, session.delta(table), 0, locks=False)
        if _locked_by_other(server, session, table):
            return None
        before = session.delta(table)
        removed, added = list(before.removed), list(before.added)
        for number in found:
            if number in added:
                added.remove(number)
            else:
                insort(removed, number)
        if statement.changed is not None:
            added += [self._numbers.number(statement.changed(context, self._row(number))) for number in found]
        delta = Delta(table, tuple(removed), tuple(sorted(added)))
        return self._changed(server, session, delta, len(found), locks=True)

    def _changed(
        self, server: Server, session: SessionState, delta: Delta, rowcount: int, *, locks: bool
    ) -> tuple[Server, Answer]:
        others = [other for other in session.deltas if other.table != delta.table]
        deltas = tuple(sorted([*others, *([delta] if delta.removed or delta.added else [])]))
        session = session._replace(deltas=deltas, locks=session.locks | {delta.table} if locks else session.locks)
        if session.open:
            return _answered(_with(server, session), rowcount)
        return _answered(
            _with(self._committed(server, session), SessionState(session.name, session.detached)), rowcount
        )

    # -- tables

    def _row(self, number: int) -> Row:
        return self._numbers.row(number)

    def _context(self, server: Server, session: SessionState, request: Request) -> Context:
        def view(table: str) -> list[Row]:
            return [self._row(number) for number in self._view(server, session, table)]

        return Context(request.binds, EPOCH + timedelta(seconds=server.clock), view)

    def _view(self, server: Server, session: SessionState, table: str) -> list[int]:
        """A table as a statement of the session sees it: what is committed, with the session's own changes."""
        return _applied(server.tables[self._places[table]], session.delta(table))

    def _committed(self, server: Server, session: SessionState) -> Server:
        tables = list(server.tables)
        for delta in session.deltas:
            place = self._places[delta.table]
            tables[place] = tuple(_applied(tables[place], delta))
        return server._replace(tables=tuple(tables))

    def _defined(self, server: Server, statement: Definition) -> Server:
        """CREATE IF NOT EXISTS finds the table; DROP leaves none of its rows."""
        if statement.word == "CREATE":
            return server
        place = self._places[statement.table]
        return server._replace(tables=(*server.tables[:place], (), *server.tables[place + 1 :]))


def _applied(numbers: Numbers, delta: Delta) -> list[int]:
    rows = list(numbers)
    for number in delta.removed:
        rows.remove(number)
    rows.extend(delta.added)
    rows.sort()
    return rows


def _locked_by_other(server: Server, session: SessionState, table: str) -> bool:
    return any(table in other.locks for other in server.sessions if other.name != session.name)


def _with(server: Server, session: SessionState) -> Server:
    """The server with that state of one session, forgotten when there is nothing to remember."""
    others = [other for other in server.sessions if other.name != session.name]
    if not session.idle:
        insort(others, session, key=_name)
    return server._replace(sessions=tuple(others))


_name: Callable[[SessionState], str] = lambda session: session.name  # noqa: E731


def _answered(server: Server, rowcount: int, rows: tuple[Row, ...] = ()) -> tuple[Server, Answer]:
    return server, Answer("ok", rowcount, rows, server.clock)
