"""Sends with the apprise library (floor 3): mail, chat, webhooks.  What it says about a failure is put into words."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

from snowflake_etl.config.secret import STARS, Secret, masked, remember_secret
from snowflake_etl.config.secret_store import revealed
from snowflake_etl.errors import EtlError
from snowflake_etl.notify.message import Message

_LEAST_TOKEN = 8
_PLAIN_KEYS = frozenset({"to", "from", "name", "smtp", "mode", "format", "cc", "bcc", "reply", "user"})


class NoticeError(EtlError):
    """A notice could not be sent."""


def send(url: Secret, message: Message) -> None:
    """Send to one address.  Raise NoticeError, which gives the reason but never the address, when it fails."""
    import apprise

    address = revealed(url)
    _remember_parts(address)
    sender = apprise.Apprise()
    kinds = {"success": apprise.NotifyType.SUCCESS, "warning": apprise.NotifyType.WARNING}
    kind = kinds.get(message.kind, apprise.NotifyType.FAILURE if message.kind == "failure" else apprise.NotifyType.INFO)
    with _what_it_says() as said:
        if not sender.add(address):
            raise NoticeError(_reason(said) or "its address is none that can be used; see the schemes of apprise")
        sent = sender.notify(
            title=message.subject, body=message.body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
        )
    if not sent:
        raise NoticeError(_reason(said) or "it was not taken, without a reason given")


def check(url: Secret) -> str:
    """What is wrong with an address, "" if it is usable; sends nothing."""
    import apprise

    address = revealed(url)
    _remember_parts(address)
    with _what_it_says() as said:
        usable = apprise.Apprise().add(address)
    # The library reveals what it considers harmless, such as the first and last letter of a password.
    reason = re.sub(r"\S*://\S*", STARS, _reason(said))
    return "" if usable else reason or "it is no address that can be used"


def _remember_parts(address: str) -> None:
    """Passwords and tokens in an address are separate secrets: libraries may print them alone."""
    parts = urlsplit(address)
    remember_secret(address)
    found = [parts.password or "", *parts.path.split("/")]
    found += [value for key, value in parse_qsl(parts.query) if key.lower() not in _PLAIN_KEYS]
    for text in found:
        for spelling in {text, unquote(text)}:
            if spelling == parts.password or len(spelling) >= _LEAST_TOKEN:
                remember_secret(spelling)


def _reason(said: list[str]) -> str:
    words = [re.sub(r"\s+", " ", line).strip() for line in said]
    return masked("; ".join(dict.fromkeys(filter(None, words))))[:500]


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        # For some services the cause is in separate lines, which are otherwise for developers.
        if record.levelno >= logging.WARNING or "Exception" in text:
            self.said.append(text)


@contextmanager
def _what_it_says() -> Iterator[list[str]]:
    """Capture the library's output instead of letting it write to the log: its lines contain addresses."""
    logger, listener = logging.getLogger("apprise"), _Listener()
    before = (logger.handlers, logger.propagate, logger.level)
    logger.handlers, logger.propagate = [listener], False
    logger.setLevel(logging.DEBUG)
    try:
        yield listener.said
    finally:
        logger.handlers, logger.propagate = before[:2]
        logger.setLevel(before[2])
