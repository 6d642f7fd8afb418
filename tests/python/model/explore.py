"""All schedules: from the beginning, whatever may happen next, until nothing more can.

Breadth first, so that the first violation comes with a shortest schedule.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass

from model.actions import Action, State, World
from model.program import model_time

MOST_STATES = 3_000_000


@dataclass(frozen=True)
class Violation:
    """What was found to be wrong, and the steps that lead there."""

    what: str
    schedule: tuple[str, ...]

    def __str__(self) -> str:
        steps = "\n".join(f"{number:3}. {step}" for number, step in enumerate(self.schedule, 1))
        return f"{self.what}\n{steps}"


@dataclass(frozen=True)
class Explored:
    """How much there was: states, steps between them, end states, and schedules (paths from begin to end)."""

    states: int
    steps: int
    ends: int
    interleavings: int
    violation: Violation | None


def explore(world: World) -> Explored:
    """Visit every state of ``world``; stop at the first violation."""
    # States hold no circles; looking for some among a million takes longer than the rest.
    collecting = gc.isenabled()
    gc.disable()
    try:
        with model_time():
            return _Exploration(world).run()
    finally:
        if collecting:
            gc.enable()


class _Exploration:
    def __init__(self, world: World) -> None:
        self._world = world
        self._states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._reached: list[tuple[int, Action] | None] = []
        self._following: list[list[int]] = []

    def run(self) -> Explored:
        self._number(self._world.start, None)
        violation = None
        for number in self._unvisited():
            violation = self._visit(number)
            if violation or len(self._states) > MOST_STATES:
                break
        if len(self._states) > MOST_STATES:
            raise AssertionError(f"more than {MOST_STATES:,} states: make the scenario smaller")
        steps = sum(map(len, self._following))
        ends = sum(not following for following in self._following)
        return Explored(len(self._states), steps, ends, 0 if violation else self._paths(), violation)

    def _unvisited(self) -> Iterator[int]:
        number = 0
        while number < len(self._states):
            yield number
            number += 1

    def _number(self, state: State, reached: tuple[int, Action] | None) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = len(self._states)
            self._states.append(state)
            self._reached.append(reached)
        return number

    def _visit(self, number: int) -> Violation | None:
        state, following = self._states[number], []
        actions = self._world.actions(state)
        for action, after in actions:
            if what := self._world.wrong_step(state, after):
                return self._violation(what, number, action)
            following.append(self._number(after, (number, action)))
        self._following.append(following)
        what = self._world.wrong_state(state, actions)
        return self._violation(what, number, None) if what else None

    def _violation(self, what: str, number: int, last: Action | None) -> Violation:
        schedule = [last] if last else []
        while (reached := self._reached[number]) is not None:
            number, action = reached
            schedule.append(action)
        return Violation(what, tuple(self._world.described(action) for action in reversed(schedule)))

    def _paths(self) -> int:
        """Count the paths from the beginning to an end: each is one schedule."""
        paths: dict[int, int] = {}
        stack = [0]
        while stack:
            number = stack[-1]
            missing = [child for child in self._following[number] if child not in paths]
            if missing:
                stack.extend(missing)
                continue
            paths[number] = sum(paths[child] for child in self._following[number]) or 1
            stack.pop()
        return paths[0]
