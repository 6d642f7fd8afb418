"""JSON as people write it in configurations (floor 3): short values without nesting go on one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

WIDTH = 110


def json_text(value: Any, indent: str = "  ", margin: str = "") -> str:
    """The document, each level indented by ``indent``."""
    inner = margin + indent
    if isinstance(value, Mapping) and value:
        body = [f"{inner}{_plain(key)}: {json_text(item, indent, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(body) + f"\n{margin}}}"
    if isinstance(value, list) and value:
        flat = "[" + ", ".join(_plain(item) for item in value) + "]"
        if len(flat) + len(margin) <= WIDTH and not any(isinstance(item, Mapping | list) for item in value):
            return flat
        return "[\n" + ",\n".join(inner + json_text(item, indent, inner) for item in value) + f"\n{margin}]"
    return _plain(value)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
