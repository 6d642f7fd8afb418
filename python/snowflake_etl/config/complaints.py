"""What pydantic says about a configuration, as sentences that name its source, the place and the remedy (floor 2)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from snowflake_etl.config.fields import keys_at
from snowflake_etl.config.layers import Node, Place, origin_at, written
from snowflake_etl.config.sources import META_KEYS
from snowflake_etl.errors import ConfigMistakes

_WANTED = {
    "string_type": "a text, in quotes",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "bool_type": "true or false, without quotes",
    "greater_than_equal": "a number that is {ge} or more",
    "greater_than": "a number above {gt}",
    "less_than_equal": "a number that is {le} or less",
    "literal_error": "{expected}",
    "tuple_type": "a list in square brackets",
    "dict_type": "an object with keys, in braces",
    "model_type": "an object with keys, in braces",
}
_WORDS_FOR_DELIMITERS = ", or one of tab, comma, pipe and semicolon"


def complaints(errors: Sequence[Mapping[str, Any]], tree: Node, otherwise: str) -> ConfigMistakes:
    """All of pydantic's errors about the merged ``tree``: as one text, grouped by source, and each separately."""
    by_origin: dict[str, list[str]] = {}
    for item in errors:
        place: Place = item["loc"]
        # A missing value has no source: it is attributed to the requested file.
        origin = None if item["type"] == "missing" and len(place) == 1 else origin_at(tree, place)
        by_origin.setdefault(origin.words if origin else otherwise, []).append(_complaint(item))
    return ConfigMistakes(
        " ".join(_sentence(f"{words}: {'; '.join(texts)}") for words, texts in by_origin.items()),
        tuple(_sentence(f"{words}: {text}") for words, texts in by_origin.items() for text in texts),
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _complaint(item: Mapping[str, Any]) -> str:
    location: Place = item["loc"]
    where = written(location)
    if item["type"] == "extra_forbidden":
        known = [*keys_at(location[:-1]), *(META_KEYS if len(location) == 1 else ())]
        nearest = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f", did you mean '{nearest[0]}'?" if nearest else f" (known: {', '.join(known)})"
        return f"unknown key '{where}'{hint}"
    if item["type"] == "missing":
        return f"the key '{where}' is missing"
    if wanted := _wanted(str(item["type"]), item.get("ctx", {})):
        words = _WORDS_FOR_DELIMITERS if location[-1] == "delimiter" else ""
        return f"'{where}' takes {wanted}{words}"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"'{where}': {message[:1].lower()}{message[1:]}" if where else message


def _wanted(kind: str, limits: Mapping[str, Any]) -> str:
    """What a value must be, for pydantic's ``kind`` of error and its limits; "" for other errors."""
    if kind in _WANTED:
        return _WANTED[kind].format(**limits)
    if kind == "string_too_long":
        most = limits["max_length"]
        return "one character" if most == 1 else f"at most {most} characters"
    return ""
