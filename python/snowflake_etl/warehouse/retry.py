"""How long to wait before a retry, and the reason for it in one sentence (floor 3)."""

from __future__ import annotations

import itertools
import logging
import random
import re
import sys
import time
from collections.abc import Iterator

from snowflake_etl.config.secret import masked, remember_secret
from snowflake_etl.errors import ConnectError

LOGGER = logging.getLogger(__name__)

_LONGEST_RETRY_PAUSE_SECONDS = 5.0
_LONGEST_REQUEST_PAUSE_SECONDS = 16
# The part of an address that may grant access: those of cloud storage are signed.
_SIGNED = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\")]*")
# What the driver was given or made for a login, such as an OAuth access token: an answer may repeat it.
_OF_A_LOGIN = re.compile(r'"(?:TOKEN|access_token|refresh_token)"\s*:\s*"([^"\s]{16,})"')
_LINE_END = re.compile(r"[\r\n]+[ \t]*")
_CAUSE = re.compile(r"\(Caused by .*?\[Errno -?\d+\] ([^\"')]+)|Error\(\d+, '([^']+)'\)")


def pause_before_retry(attempt: int) -> None:
    """Sleep longer after each attempt, with jitter, so that two runs do not meet again."""
    time.sleep(min(0.1 * 2**attempt, _LONGEST_RETRY_PAUSE_SECONDS) * random.uniform(0.5, 1))  # noqa: S311 - no secret


def request_pauses(target: str, seconds: float) -> Iterator[int]:
    """Yield the seconds before a temporarily failed request is resent, with jitter; writes one log line each.
    The driver takes the first pause with every request, and a further one whenever it resends that.  Raise
    ConnectError when it has been resending for ``seconds``.
    """
    longest, began = 1, time.monotonic()
    for attempt in itertools.count(1):
        if attempt > 1:
            failure = sys.exc_info()[1]
            cause = failure.args[0] if failure and failure.args else "no answer"
            text = getattr(cause, "raw_msg", None) or cause
            if time.monotonic() - began > seconds:
                raise ConnectError(
                    f"{target} has not answered for {seconds:.0f} s: {reason_of(str(text))} Run the same command again."
                )
            LOGGER.warning("Asking %s again (request, attempt %d): %s", target, attempt, reason_of(str(text)))
        yield random.randint(1, longest)  # noqa: S311 - no secret
        longest = min(2 * longest, _LONGEST_REQUEST_PAUSE_SECONDS)


def without_secrets(text: str) -> str:
    """A text from outside without the secrets used to sign in and the signatures in addresses."""
    for token in _OF_A_LOGIN.findall(text):
        remember_secret(token)
    return _SIGNED.sub(r"\1", masked(text))


def set_in(text: str) -> str:
    """The driver's text with further lines indented, so that nothing from a server can look like a line of ours."""
    return _LINE_END.sub("\n  ", text)


def reason_of(text: str) -> str:
    """The driver's text as one sentence; of a chain of causes only the last one, without addresses and ids."""
    text = without_secrets(text)
    causes = ["".join(groups) for groups in _CAUSE.findall(text)]
    line = " ".join((causes[-1] if causes else text).split())
    return line if line.endswith((".", "!", "?")) else line + "."
