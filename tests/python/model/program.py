"""A run as a function: from the answers that it got to its next statement, or to its end.

The function is found by running the production code anew with those answers (``driver.Replay``) and remembered in
a tree: a node is a sequence of answers.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

from model.driver import ModelConnection, Replay, Suspended
from model.server import Answer, Request
from snowflake_etl.warehouse import session as session_module
from snowflake_etl.warehouse import transaction


class Outcome(NamedTuple):
    """How a run ended: ``kind`` is published, refused, failed, stopped, done or bug; ``text`` what it said."""

    kind: str
    text: str


@dataclass(frozen=True)
class Node:
    """A run after some answers: at its next statement (``request``) or at its ``outcome``."""

    parent: int
    answer: Answer | None
    request: Request | None
    outcome: Outcome | None
    children: dict[Answer, int] = field(default_factory=dict)


Body = Callable[[Callable[[], ModelConnection]], Outcome]

_current: list[Replay] = []


@contextlib.contextmanager
def model_time() -> Iterator[None]:
    """Pauses take no time, the clock of a run is the model's, and nothing is logged."""
    clock = SimpleNamespace(monotonic=lambda: _current[-1].clock)
    logging.disable(logging.CRITICAL)
    try:
        with (
            mock.patch.object(transaction, "time", clock),
            mock.patch.object(transaction, "pause_before_retry", lambda attempt: None),
            mock.patch.object(session_module, "time", clock),
            mock.patch.object(session_module, "pause_before_retry", lambda attempt: None),
        ):
            yield
    finally:
        logging.disable(logging.NOTSET)


class Program:
    """One run of ``body``, called ``name``, at every point that schedules take it to; node 0 is its beginning."""

    def __init__(self, name: str, body: Body) -> None:
        self.name = name
        self._body = body
        self._nodes: list[Node] = []
        self._add(-1, None)

    def node(self, number: int) -> Node:
        return self._nodes[number]

    def after(self, number: int, answer: Answer) -> int:
        """The node after one more answer."""
        known = self._nodes[number].children.get(answer)
        if known is None:
            known = self._nodes[number].children[answer] = self._add(number, answer)
        return known

    def _add(self, parent: int, answer: Answer | None) -> int:
        answers, asked = self._history(parent, answer)
        replay = Replay(self.name, answers, asked)
        _current.append(replay)
        outcome = None
        try:
            outcome = self._body(replay.connect)
        except Suspended:
            pass
        except Exception as error:
            outcome = Outcome("bug", repr(error))
        finally:
            _current.pop()
        self._nodes.append(Node(parent, answer, replay.pending, outcome))
        return len(self._nodes) - 1

    def _history(self, number: int, answer: Answer | None) -> tuple[list[Answer], list[Request]]:
        answers = [answer] if answer else []
        asked: list[Request] = []
        while number >= 0:
            node = self._nodes[number]
            if node.request:
                asked.append(node.request)
            if node.answer:
                answers.append(node.answer)
            number = node.parent
        return answers[::-1], asked[::-1]
