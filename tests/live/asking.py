"""Numbered questions to a warehouse, and their answers: what we take for granted, asked where it can be known.

A question is a small function over a ``Room``.  It returns a ``Finding``: whether the assumption holds and what
was seen.  Whatever keeps it from being asked (a missing privilege, an edition without the feature, a time-out)
makes the answer *unknown*, never *no*.
"""

from __future__ import annotations

import importlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from room import Place, Room
from snowflake_etl.errors import EtlError, WarehouseError

TOPICS = (
    "staging",
    "copying",
    "copy_errors",
    "running",
    "locking",
    "transactions",
    "values",
    "tables",
    "restoring",
    "whole",
)
USUAL_SECONDS = 120

# Unsupported feature, no warehouse, cancelled, timed out, missing or not authorized, not privileged, unknown function.
_CANNOT_BE_ASKED = frozenset({2, 604, 606, 630, 2003, 2140, 3001})
_CONTROL = re.compile(r"[^\x20-\x7e]+")


class Holds(StrEnum):
    """Whether an assumption of ours is right."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class UnanswerableError(Exception):
    """The question cannot be asked here; the text says why."""


@dataclass(frozen=True)
class Finding:
    """What a question found out: ``seen`` is what the warehouse did, in a few words."""

    holds: bool
    seen: str


@dataclass(frozen=True)
class Question:
    """One question.

    ``assumption`` is what the tools rely on, ``source`` where that is written, ``otherwise`` what is to be changed
    where it is wrong.  ``seconds`` bounds it; a ``long`` one takes minutes and is asked on request.  ``differs``
    and ``cannot`` are about the embedded warehouse: why it answers no, or why it cannot be asked.
    """

    number: int
    text: str
    assumption: str
    source: str
    otherwise: str
    function: Callable[[Room], Finding]
    seconds: int
    long: bool
    differs: str
    cannot: str


@dataclass(frozen=True)
class Answer:
    """A question's answer; ``seconds`` is how long it took."""

    question: Question
    holds: Holds
    seen: str
    seconds: float


_REGISTERED: dict[int, Question] = {}


def question(
    number: int,
    text: str,
    *,
    assumption: str,
    source: str,
    otherwise: str,
    seconds: int = USUAL_SECONDS,
    long: bool = False,
    differs: str = "",
    cannot: str = "",
) -> Callable[[Callable[[Room], Finding]], Callable[[Room], Finding]]:
    """Register the decorated function as a question; see Question."""

    def register(function: Callable[[Room], Finding]) -> Callable[[Room], Finding]:
        if number in _REGISTERED:
            raise ValueError(f"There are two questions {number}.")
        _REGISTERED[number] = Question(
            number, text, assumption, source, otherwise, function, seconds, long, differs, cannot
        )
        return function

    return register


def all_questions() -> list[Question]:
    """Every question, by number."""
    for topic in TOPICS:
        importlib.import_module(f"questions.{topic}")
    return [_REGISTERED[number] for number in sorted(_REGISTERED)]


def ask(asked: Question, place: Place) -> Answer:
    """Ask in a room of its own; whatever it opened there is closed afterwards, also after a time-out."""
    if place.account.is_local and asked.cannot:
        return Answer(asked, Holds.UNKNOWN, f"The embedded warehouse cannot be asked: {asked.cannot}.", 0.0)
    began = time.monotonic()
    found: list[tuple[Holds, str]] = []
    room = Room(place, asked.number)

    def work() -> None:
        found.append(_asked(asked, room))

    thread = threading.Thread(target=work, daemon=True)
    in_time: list[tuple[Holds, str]] = []
    try:
        thread.start()
        thread.join(asked.seconds)
        # Closing the room ends the statement of a question that is late: what it says of that is no answer.
        in_time = list(found)
    finally:
        room.close()
    holds, seen = in_time[0] if in_time else (Holds.UNKNOWN, f"No answer within {asked.seconds} seconds.")
    return Answer(asked, holds, place.masked(_CONTROL.sub(" ", seen)), time.monotonic() - began)


def _asked(asked: Question, room: Room) -> tuple[Holds, str]:
    try:
        finding = asked.function(room)
    except UnanswerableError as reason:
        return Holds.UNKNOWN, str(reason)
    except WarehouseError as error:
        holds = Holds.UNKNOWN if error.code in _CANNOT_BE_ASKED else Holds.NO
        return holds, f"A statement failed with {told(error)}"
    except EtlError as error:
        return Holds.UNKNOWN, f"It could not be asked: {error}"
    except Exception as error:
        return Holds.UNKNOWN, f"The question itself failed: {type(error).__name__}: {error}"
    return (Holds.YES if finding.holds else Holds.NO), finding.seen


def told(error: WarehouseError) -> str:
    """An error's number, state and wording in one line."""
    return f"{error.code:06d} ({error.sqlstate or '-'}): {' '.join(str(error).split())}"
