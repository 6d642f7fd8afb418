"""A configuration's values and their origins as text for people (floor 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from snowflake_etl.config.secret import STARS
from snowflake_etl.config.showing import ShownValue

_WIDEST_KEY = 34
_WIDEST_VALUE = 26


def values_text(values: Sequence[ShownValue]) -> str:
    """Three columns; a value that is too long for its column gets a separate line, in full."""
    keys = min(max((len(one.key) for one in values), default=0), _WIDEST_KEY)
    texts = [_text(one.value) for one in values]
    width = min(max((len(text) for text in texts), default=0), _WIDEST_VALUE)
    lines = []
    for one, text in zip(values, texts, strict=True):
        if len(text) > width or len(one.key) > keys:
            lines += [f"  {one.key:<{keys}}  {'':<{width}}  {one.short}", f"    {text}"]
        else:
            lines.append(f"  {one.key:<{keys}}  {text:<{width}}  {one.short}")
    return "\n".join(lines)


def _text(value: Any) -> str:
    return value if value == STARS else json.dumps(value, ensure_ascii=False)
