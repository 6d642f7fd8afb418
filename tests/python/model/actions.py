"""What may happen next in a state: statements, faults, and what the warehouse does by itself.

A fault is one of: the run is killed, its session is lost, an answer is lost, a signal comes - each before the
statement goes off or after, when it arrives at some later moment or at once - and error 000625 at a wait.
A run that was killed or failed is started again at once, so that its next attempt meets what it left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from model.program import Body, Program
from model.server import CLOSE, Answer, Request, Server, SessionState, Warehouse

# Longer than transactions are tried again, shorter than leases last: those of live runs are renewed meanwhile.
LOCK_TIMEOUT_SECONDS = 100
_CHANGING = ("INSERT", "UPDATE", "DELETE", "COMMIT")
_RUN_AGAIN = ("failed", "stopped")


class Ended(NamedTuple):
    """An attempt that is over: how (or killed), and what it said."""

    name: str
    kind: str
    text: str


class Slot(NamedTuple):
    """One of the runs: which attempt, where in its program, and how earlier attempts ended."""

    attempt: int
    node: int
    earlier: tuple[Ended, ...]


class State(NamedTuple):
    """One moment of a schedule; ``server`` is a number of the world's, ``faults`` and ``jumps`` are those left."""

    server: int
    slots: tuple[Slot, ...]
    faults: int
    jumps: int


class Action(NamedTuple):
    """One step of a schedule."""

    who: str
    what: str
    request: Request | None


class Checks(Protocol):
    """What has to hold; each answers what is wrong, or None."""

    def server(self, server: Server) -> str | None: ...

    def step(self, before: Server, after: Server) -> str | None: ...

    def end(self, server: Server, ended: Sequence[Sequence[Ended]]) -> str | None: ...


def shortened(request: Request) -> str:
    """A statement for people: tables without their schemas, no lists of columns, no casts."""
    sql = _NOISE.sub("", _COLUMN_LISTS.sub("..", request.sql)).replace('"', "")
    sql = sql.replace("CAST(CURRENT_TIMESTAMP() AS TIMESTAMP_NTZ)", "now")
    return f"{sql}  {list(request.binds)}" if request.binds else sql


_NOISE = re.compile(r'"D"\."[A-Z_]+"\.')
_COLUMN_LISTS = re.compile(r'"[A-Z_]+"(, "[A-Z_]+")+|(?<=SELECT )\?.*$', re.DOTALL)

Attempts = Sequence[tuple[str, Body]]


class World:
    """A scenario made ready: its runs (each a row of attempts by name), its warehouse, and how much goes wrong.

    ``faults`` happen in each schedule at most: kills at any statement, the others at COMMIT only or, with
    ``everywhere``, at any statement too; only the first ``hit`` runs meet them.  ``jumps`` times ``jump_seconds``
    pass, at any moment after the faults, with ``everywhere`` before as well.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        start: Server,
        runs: Sequence[Attempts],
        checks: Checks,
        *,
        faults: int,
        everywhere: bool,
        hit: int,
        jumps: int = 0,
        jump_seconds: int = 0,
    ) -> None:
        self._warehouse = warehouse
        self._runs = [[Program(name, body) for name, body in attempts] for attempts in runs]
        self._checks = checks
        self._everywhere = everywhere
        self._hit = hit
        self._jump_seconds = jump_seconds
        self._servers: list[Server] = []
        self._server_numbers: dict[Server, int] = {}
        self._wrong: dict[int, str | None] = {}
        self._answers: dict[tuple[int, Request], tuple[int, Answer] | None] = {}
        self.start = State(self._number(start), tuple(Slot(0, 0, ()) for _ in runs), faults, jumps)

    # -- for the exploration

    def actions(self, state: State) -> list[tuple[Action, State]]:
        server = self._servers[state.server]
        found = [step for place in range(len(state.slots)) for step in self._of_run(state, place)]
        for session in server.sessions:
            if session.in_flight is not None:
                arrived = self._warehouse.arrive(server, session.name)
                if arrived is not None:
                    after = state._replace(server=self._number(arrived))
                    found.append((Action(session.name, "arrives late", session.in_flight), after))
            elif session.detached:
                after = state._replace(server=self._number(self._warehouse.abort(server, session.name)))
                found.append((Action(session.name, "detached transaction is aborted", None), after))
        if state.jumps and (self._everywhere or not state.faults) and self._unfinished(state):
            jumped = server._replace(clock=server.clock + self._jump_seconds)
            after = state._replace(server=self._number(jumped), jumps=state.jumps - 1)
            found.append((Action("clock", f"{self._jump_seconds} s pass", None), after))
        return found

    def wrong_step(self, before: State, after: State) -> str | None:
        if before.server == after.server:
            return None
        if after.server not in self._wrong:
            self._wrong[after.server] = self._checks.server(self._servers[after.server])
        return self._wrong[after.server] or self._checks.step(self._servers[before.server], self._servers[after.server])

    def wrong_state(self, state: State, actions: Sequence[tuple[Action, State]]) -> str | None:
        """Runs that wait for ever, a bug, or an end that is not as it has to be."""
        for place, slot in enumerate(state.slots):
            outcome = self._program(place, slot).node(slot.node).outcome
            if outcome and outcome.kind == "bug":
                return outcome.text
        if self._unfinished(state):
            going_on = any(after.faults == state.faults and after.jumps == state.jumps for _, after in actions)
            return None if going_on else "deadlock: every run waits"
        return None if actions else self._checks.end(self._servers[state.server], self._ended(state))

    def described(self, action: Action) -> str:
        if action.request is None:
            return f"{action.who}: {action.what}"
        return f"{action.who}: {action.what}: {shortened(action.request)}"

    # -- runs

    def _program(self, place: int, slot: Slot) -> Program:
        return self._runs[place][slot.attempt]

    def _unfinished(self, state: State) -> bool:
        return any(not self._program(*item).node(item[1].node).outcome for item in enumerate(state.slots))

    def _ended(self, state: State) -> list[list[Ended]]:
        ended = []
        for place, slot in enumerate(state.slots):
            program = self._program(place, slot)
            outcome = program.node(slot.node).outcome
            ended.append([*slot.earlier, *([Ended(program.name, *outcome)] if outcome else [])])
        return ended

    def _of_run(self, state: State, place: int) -> Iterator[tuple[Action, State]]:
        slot = state.slots[place]
        program = self._program(place, slot)
        request = program.node(slot.node).request
        if request is None:
            return
        result = self._ask(state.server, request)
        if result is not None:
            yield Action(program.name, "runs", request), self._answered(state, place, *result)
        if state.faults and place < self._hit:
            yield from self._faults(state._replace(faults=state.faults - 1), place, program.name, request)

    def _ask(self, number: int, request: Request) -> tuple[int, Answer] | None:
        key = number, request
        if key not in self._answers:
            result = self._warehouse.ask(self._servers[number], request)
            self._answers[key] = (self._number(result[0]), result[1]) if result else None
        return self._answers[key]

    def _faults(self, state: State, place: int, name: str, request: Request) -> Iterator[tuple[Action, State]]:
        """Everything that may go wrong at a statement: not sent at all, or sent and run now, later or never."""
        server = self._servers[state.server]
        moments = [("before", state.server)]
        if self._may_fly(server.session(request.session), request):
            moments.append(("while it runs", self._number(self._warehouse.send(server, request))))
        for when, number in moments:
            yield Action(name, f"is killed {when}", request), self._killed(state, place, number)
            if request.sql == "COMMIT" or (self._everywhere and request.sql != CLOSE):
                gone = self._number(self._warehouse.detach(self._servers[number], request.session))
                yield Action(name, f"loses its session {when}", request), self._hears(state, place, gone, "lost")
                yield Action(name, f"gets no answer {when}", request), self._hears(state, place, number, "unanswered")
                yield Action(name, f"is stopped {when}", request), self._hears(state, place, number, "stopped")
        if self._everywhere and self._warehouse.waits_for_lock(server, request):
            yield Action(name, "gets 000625 at once", request), self._hears(state, place, state.server, "error")
            later = self._number(server._replace(clock=server.clock + LOCK_TIMEOUT_SECONDS))
            yield Action(name, "gets 000625 after LOCK_TIMEOUT", request), self._hears(state, place, later, "error")

    def _may_fly(self, session: SessionState, request: Request) -> bool:
        """Whether a statement is worth leaving in flight.

        One that changes nothing is as good as not sent.  So is one inside a transaction whose client is gone - it
        can only lock for a while what the abort gives back - and ``everywhere`` looks at those too.
        """
        visible = request.sql == "COMMIT" or not session.open or self._everywhere
        return visible and request.sql.startswith(_CHANGING) and session.in_flight is None

    def _hears(self, state: State, place: int, server: int, kind: str) -> State:
        return self._answered(state, place, server, Answer(kind, 0, (), self._servers[server].clock))

    def _answered(self, state: State, place: int, server: int, answer: Answer) -> State:
        slot = state.slots[place]
        program = self._program(place, slot)
        slot = slot._replace(node=program.after(slot.node, answer))
        outcome = program.node(slot.node).outcome
        if outcome:
            server = self._left(server, program.name)
        if outcome and outcome.kind in _RUN_AGAIN:
            slot = self._again(place, slot, Ended(program.name, *outcome))
        return self._with_slot(state, place, server, slot)

    def _killed(self, state: State, place: int, server: int) -> State:
        slot = state.slots[place]
        name = self._program(place, slot).name
        return self._with_slot(
            state, place, self._left(server, name), self._again(place, slot, Ended(name, "killed", ""))
        )

    def _left(self, number: int, name: str) -> int:
        """The process of a run is gone: whatever sessions it has are detached."""
        server = self._servers[number]
        for session in server.sessions:
            if session.name.startswith(f"{name}."):
                server = self._warehouse.detach(server, session.name)
        return self._number(server)

    def _again(self, place: int, slot: Slot, ended: Ended) -> Slot:
        """The next attempt; without one the run stays as it is, and a killed one has to have one."""
        if slot.attempt + 1 < len(self._runs[place]):
            return Slot(slot.attempt + 1, 0, (*slot.earlier, ended))
        if ended.kind == "killed":
            raise AssertionError(f"no attempt after {ended.name}")
        return slot

    def _with_slot(self, state: State, place: int, server: int, slot: Slot) -> State:
        slots = (*state.slots[:place], slot, *state.slots[place + 1 :])
        return State(server, slots, state.faults, state.jumps)

    def _number(self, server: Server) -> int:
        number = self._server_numbers.setdefault(server, len(self._servers))
        if number == len(self._servers):
            self._servers.append(server)
        return number
