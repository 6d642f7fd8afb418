"""Turns events into messages to targets (floor 3): who wants what, recoveries, throttle, quiet hours, retries."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from snowflake_etl.config.model import NotifySection, TargetSection
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import EtlError
from snowflake_etl.notify import sending
from snowflake_etl.notify.events import BAD, GOOD, Event, Surroundings
from snowflake_etl.notify.message import Message, composed, digest, sameness
from snowflake_etl.notify.store import Memory, NoticeStore, Waiting
from snowflake_etl.sqltext import fold

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivered:
    """What became of the notices of one run: numbers, and why some are waiting."""

    sent: int = 0
    waiting: int = 0
    throttled: int = 0
    reasons: tuple[str, ...] = ()


class Delivery:
    """The notices of one configuration: ``config`` is its path, with the environment if there is one."""

    def __init__(
        self,
        state_directory: Path,
        section: NotifySection,
        config: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = NoticeStore(state_directory)
        self._section = section
        self._config = config
        self._clock = clock
        self._throttled = 0

    def tell(self, events: Sequence[Event], where: Surroundings, whole: Event | None = None) -> Delivered:
        """Tell every target what it wants to know, in one message each; then send what is waiting, also from before.
        ``whole`` means that the run came to its end, which is news only if the same run did not the last time.
        """
        with self._store.remembering(self._clock()) as memory:
            events = [self._with_recovery(memory, event) for event in events]
            if whole is not None and (event := self._with_recovery(memory, whole)).occasion == "recovery":
                events.append(event)
            for name, target in self._section.named:
                wanted = [event for event in events if _is_wanted(event, target)]
                fresh = [event for event in wanted if not self._is_throttled(memory, name, event)]
                if not fresh:
                    continue
                held = sum(memory.held.pop(self._key(name, event), 0) for event in fresh)
                message = composed(fresh, where, data_rows=target.data_rows, held_back=held)
                self._store.keep(self._config, name, message, self._clock())
                for event in fresh:
                    memory.sent[self._key(name, event)] = self._clock().isoformat()
        return self.send_waiting()

    def send_waiting(self) -> Delivered:
        """Send what is waiting for this configuration's targets, in one message each."""
        targets = dict(self._section.named)
        due: dict[str, list[Waiting]] = {}
        sent, left, reasons = 0, 0, []
        for waiting in self._store.waiting():
            if waiting.config != self._config:
                continue
            target = targets.get(waiting.target)
            if target is None or self._is_too_old(waiting):
                why = "its target is gone" if target is None else f"it is older than {self._section.keep_days} days"
                LOGGER.warning("A notice was given up, %s: %s", why, waiting.message.subject)
                self._store.done(waiting)
            elif target.is_quiet(self._clock().astimezone().time()):
                left += 1
            else:
                due.setdefault(waiting.target, []).append(waiting)
        for name, together in due.items():
            why = self._send(name, together, targets[name])
            if why:
                reasons.append(f"{name}: {why}")
                left += len(together)
            else:
                sent += len(together)
        return Delivered(sent, left, self._throttled, tuple(reasons))

    def _send(self, name: str, together: Sequence[Waiting], target: TargetSection) -> str:
        """Send them; return why they could not be sent, "" if they were or another run is doing it."""
        with contextlib.ExitStack() as stack:
            ours = [one for one in together if stack.enter_context(self._store.claimed(one))]
            if not ours:
                return ""
            message = digest([(one.at, one.message) for one in ours])
            why = attempt(target, message)
            if why:
                words = ("A notice", "It is") if len(ours) == 1 else (f"{len(ours)} notices", "They are")
                LOGGER.warning(
                    "%s to %s could not be sent: %s. %s kept and tried again at the next run.",
                    words[0],
                    name,
                    why.rstrip("."),
                    words[1],
                )
                return why
            LOGGER.info("Notice sent to %s: %s", name, message.subject)
            for one in ours:
                self._store.done(one)
            return ""

    def _with_recovery(self, memory: Memory, event: Event) -> Event:
        """Turn a success after a failure into a recovery, once."""
        key = "|".join((self._config, event.verb, event.table, event.month))
        if event.occasion in BAD:
            memory.bad[key] = self._clock().isoformat()
        elif event.occasion in GOOD and memory.bad.pop(key, ""):
            return event.as_recovery()
        return event

    def _is_throttled(self, memory: Memory, name: str, event: Event) -> bool:
        key = self._key(name, event)
        last = memory.sent.get(key)
        # Silence is reported once a day, however often cron looks for it.
        minutes = max(self._section.throttle_minutes, 1440 if event.occasion == "silence" else 0)
        if last is None or self._clock() - datetime.fromisoformat(last) >= timedelta(minutes=minutes):
            return False
        memory.held[key] = memory.held.get(key, 0) + 1
        self._throttled += 1
        return True

    def _key(self, name: str, event: Event) -> str:
        return f"{self._config}|{name}|{sameness(event)}"

    def _is_too_old(self, waiting: Waiting) -> bool:
        return self._clock() - waiting.at > timedelta(days=self._section.keep_days)


def attempt(target: TargetSection, message: Message) -> str:
    """Send one message now; return why it could not be sent, "" if it was."""
    try:
        sending.send(target.url, message)
    except EtlError as error:
        return masked(str(error))
    except Exception as error:
        # Whatever a library raises for an operator's address, a notice must not make a run fail.
        return masked(f"{type(error).__name__}: {error}")
    return ""


def _is_wanted(event: Event, target: TargetSection) -> bool:
    if event.occasion not in target.on:
        return False
    return not target.tables or not event.table or _name(event.table) in {_name(table) for table in target.tables}


def _name(table: str) -> str:
    """A table's own name, without database and schema."""
    last = table.rsplit(".", 1)[-1]
    try:
        return fold(last)
    except EtlError:
        return last
