"""A notice as text (floor 3): the subject has table, month and result, the body has numbers, error, next step, log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from snowflake_etl.notify.events import BAD, RESULT_WORDS, Event, Surroundings
from snowflake_etl.notify.redaction import without_values
from snowflake_etl.plural import counted

_SUBJECT_PREFIX = "[snowflake-etl]"
_LONGEST_SUBJECT = 150
_NAMED_IN_SUBJECT = 3


@dataclass(frozen=True)
class Message:
    """What one target receives about one run; ``kind`` is info, success, warning or failure.

    ``results`` says what became of each table and month, such as ``FAILED: load FLIGHTS 2013-01``, the worst first.
    """

    subject: str
    body: str
    kind: str
    results: tuple[str, ...] = ()


def composed(events: Sequence[Event], where: Surroundings, *, data_rows: bool, held_back: int = 0) -> Message:
    """One message for all events of a run, the worst first; ``held_back`` were throttled since the last one."""
    order = list(RESULT_WORDS)
    events = sorted(events, key=lambda event: order.index(event.occasion))
    lines = list(_head(where))
    for event in events:
        lines += ["", *_section(event, where, data_rows=data_rows)]
    if held_back:
        lines += [
            "",
            f"{counted(held_back, 'notice')} of the same held back since the last one (notify.throttle_minutes).",
        ]
    if where.log_tail:
        lines += [
            "",
            "The end of the log:",
            *(f"  {_cut(line, where, data_rows=data_rows)}" for line in where.log_tail),
        ]
    results = tuple(_result(event) for event in events)
    return Message(_subject(events, where), "\n".join(lines) + "\n", _kind(events), results)


def digest(held: Sequence[tuple[datetime, Message]]) -> Message:
    """One message for several that are due together: their number and the worst, a line for each result, then their
    texts.  A single one is sent unchanged.
    """
    if len(held) == 1:
        return held[0][1]
    held = sorted(held, key=lambda one: (_badness(one[1]), one[0]))
    worst = held[0][1]
    lines = [f"{len(held)} notices that are due together, the worst first:", ""]
    for at, message in held:
        when = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        lines += [f"{when}  {result}" for result in message.results or (_without_prefix(message.subject),)]
    for at, message in held:
        lines += ["", f"-- {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC  {_without_prefix(message.subject)}", ""]
        lines += message.body.rstrip("\n").split("\n")
    subject = _shortened(f"{_SUBJECT_PREFIX} {len(held)} notices, the worst: {_without_prefix(worst.subject)}")
    results = tuple(result for _, message in held for result in message.results)
    return Message(subject, "\n".join(lines) + "\n", worst.kind, results)


def _badness(message: Message) -> int:
    """A sort key: smaller is worse."""
    words = list(RESULT_WORDS.values())
    first = message.results[0].partition(":")[0] if message.results else ""
    return words.index(first) if first in words else len(words)


def _without_prefix(subject: str) -> str:
    return subject.removeprefix(_SUBJECT_PREFIX).strip()


def sameness(event: Event) -> str:
    """What makes two events equal for the throttle: occasion, verb, table, month and the error's wording."""
    parts = (event.occasion, event.verb, event.table, event.month, without_values(event.error))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _subject(events: Sequence[Event], where: Surroundings) -> str:
    environment = f" {where.environment.upper()}" if where.environment else ""
    if len(events) == 1:
        text = _result(events[0])
    else:
        counts = [
            f"{sum(event.occasion == occasion for event in events)} {word}"
            for occasion, word in RESULT_WORDS.items()
            if any(event.occasion == occasion for event in events)
        ]
        named = [f"{event.table} {event.month}".strip() for event in events[:_NAMED_IN_SUBJECT]]
        more = f" and {len(events) - len(named)} more" if len(events) > len(named) else ""
        text = f"{', '.join(counts)}: {events[0].verb} {', '.join(filter(None, named))}{more}"
    return _shortened(f"{_SUBJECT_PREFIX}{environment} {without_values(' '.join(text.split()))}")


def _shortened(subject: str) -> str:
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
    yield _result(event)
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


def _result(event: Event) -> str:
    return f"{RESULT_WORDS[event.occasion]}: {event.about}"


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
