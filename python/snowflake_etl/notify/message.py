"""A notice as text (floor 3): the subject says table, month and result, the body numbers, error, next step, log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snowflake_etl.notify.events import BAD, RESULT_WORDS, Event, Surroundings
from snowflake_etl.notify.redaction import without_values

_SUBJECT_PREFIX = "[snowflake-etl]"
_LONGEST_SUBJECT = 150
_NAMED_IN_SUBJECT = 3


@dataclass(frozen=True)
class Message:
    """What one target gets of one run; ``kind`` is info, success, warning or failure."""

    subject: str
    body: str
    kind: str


def composed(events: Sequence[Event], where: Surroundings, *, data_rows: bool, held_back: int = 0) -> Message:
    """One message for all events of a run, the worst first; ``held_back`` were throttled since the last one."""
    order = list(RESULT_WORDS)
    events = sorted(events, key=lambda event: order.index(event.occasion))
    lines = list(_head(where))
    for event in events:
        lines += ["", *_section(event, where, data_rows=data_rows)]
    if held_back:
        lines += ["", f"{held_back} notice(s) of the same were held back since the last one (notify.throttle_minutes)."]
    if where.log_tail:
        lines += [
            "",
            "The end of the log:",
            *(f"  {_cut(line, where, data_rows=data_rows)}" for line in where.log_tail),
        ]
    return Message(_subject(events, where), "\n".join(lines) + "\n", _kind(events))


def sameness(event: Event) -> str:
    """What makes two events the same for the throttle: occasion, verb, table, month and the error's words."""
    parts = (event.occasion, event.verb, event.table, event.month, without_values(event.error))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _subject(events: Sequence[Event], where: Surroundings) -> str:
    environment = f" {where.environment.upper()}" if where.environment else ""
    if len(events) == 1:
        text = f"{RESULT_WORDS[events[0].occasion]}: {events[0].about}"
    else:
        counts = [
            f"{sum(event.occasion == occasion for event in events)} {word}"
            for occasion, word in RESULT_WORDS.items()
            if any(event.occasion == occasion for event in events)
        ]
        named = [f"{event.table} {event.month}".strip() for event in events[:_NAMED_IN_SUBJECT]]
        more = f" and {len(events) - len(named)} more" if len(events) > len(named) else ""
        text = f"{', '.join(counts)}: {events[0].verb} {', '.join(filter(None, named))}{more}"
    subject = f"{_SUBJECT_PREFIX}{environment} {without_values(' '.join(text.split()))}"
    return subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[: _LONGEST_SUBJECT - 3]}..."


def _head(where: Surroundings) -> Iterator[str]:
    facts = (
        ("Host", where.host),
        ("Configuration", where.config),
        ("Environment", where.environment.upper()),
        ("Target", where.target),
        ("Run", where.run),
    )
    for name, value in facts:
        if value:
            yield f"{name + ':':<15}{value}"


def _section(event: Event, where: Surroundings, *, data_rows: bool) -> Iterator[str]:
    yield f"{RESULT_WORDS[event.occasion]}: {event.about}"
    for name, value in event.numbers.items():
        yield f"  {name}: {value}"
    if event.error:
        word = "First error" if event.occasion in BAD else "Message"
        yield f"  {word}: {_cut(event.error, where, data_rows=data_rows)}"
    if data_rows:
        for example in event.examples:
            yield f"    {example}"
    if event.next_step:
        yield f"  Next: {event.next_step}"


def _cut(text: str, where: Surroundings, *, data_rows: bool) -> str:
    return text if data_rows else without_values(text, where.names)


def _kind(events: Sequence[Event]) -> str:
    occasions = {event.occasion for event in events}
    if "failure" in occasions:
        return "failure"
    if occasions & {"problems", "silence", "refused"}:
        return "warning"
    return "success"


def trial_message(where: Surroundings) -> Message:
    """What ``notify test`` sends."""
    lines = [*_head(where), "", "This is a test: notices of this configuration arrive here."]
    return Message(f"{_SUBJECT_PREFIX} Test of notices from {where.host}", "\n".join(lines) + "\n", "info")
