"""The dialect of regular expressions for rules (floor 4, pure).

DuckDB (RE2) and Snowflake understand different dialects, and anchor differently.  Accepted is what both read alike; a
pattern always has to match the whole value.
"""

from __future__ import annotations

import re
import warnings

from snowflake_etl.errors import ConfigError

_ESCAPED_LETTERS = frozenset("dDwWsS")
_NAMED_CLASS = re.compile(r"\[:[a-z]+:\]")
_REPEATED = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_MOST_REPEATS = 1_000


def check_pattern(pattern: str) -> None:
    """Raise ConfigError for a pattern that is malformed or that the engines would not read alike."""
    for why, expression in (
        ("groups that begin with (? are not the same everywhere; write a plain group", r"\(\?"),
        ("a quantifier followed by ? or + is not the same everywhere; leave the second one out", r"[*+?}][?+]"),
    ):
        if re.search(expression, re.sub(r"\\.|\[\^?\]?(?:\[:[a-z]+:\]|\\.|[^]\\])*\]", "x", pattern)):
            raise _refused(pattern, why)
    for letter in re.findall(r"\\(.?)", pattern, re.DOTALL):
        if letter.isalnum() and letter not in _ESCAPED_LETTERS:
            raise _refused(pattern, f"\\{letter} is not the same everywhere; there are \\d \\D \\w \\W \\s \\S")
    for counts in _REPEATED.findall(pattern):
        if any(count and int(count) > _MOST_REPEATS for count in counts):
            raise _refused(pattern, f"nothing can be repeated more than {_MOST_REPEATS} times")
    try:
        with warnings.catch_warnings():
            # Sets within sets: a warning in Python, something different in each engine.
            warnings.simplefilter("error")
            re.compile(_NAMED_CLASS.sub("a-z", pattern))
    except (re.error, FutureWarning) as error:
        raise _refused(pattern, str(error)) from None


def _refused(pattern: str, why: str) -> ConfigError:
    return ConfigError(f"The pattern {pattern!a} cannot be used: {why}. Correct the pattern.")
