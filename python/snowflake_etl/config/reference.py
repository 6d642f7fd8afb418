"""The reference of all keys as Markdown (floor 2): generated from the models, so that it says what they accept."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from snowflake_etl.config.fields import keys, section_inside
from snowflake_etl.config.json_schema import ABOUT_META_KEYS
from snowflake_etl.config.layers import Place, written
from snowflake_etl.config.model import Configuration
from snowflake_etl.config.overrides import variable_of
from snowflake_etl.config.secret import Secret

_HEAD = """\
# Configuration reference
Every key that a configuration may have. How files, environments, variables and flags come together, how to sign in and
where secrets are kept is explained in [configuration.md](configuration.md). A key with a variable can also be set for
one run with `--set` (`--set load.workers=4`); secrets only with the variable. This page is what
`config schema --format markdown` prints.
"""
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "ISO date", Secret: "secret"}


def reference() -> str:
    """The whole page."""
    variables = {key.place: variable_of(key.place) for key in keys()}
    lines = [_HEAD, "## The file itself", ""]
    for name, (words, example) in ABOUT_META_KEYS.items():
        lines += _entry(name, [], words, example)
    for place, words, model in _sections(Configuration, (), ""):
        if place:
            lines += [f"## {written(place)}", words, ""]
        for name, field in model.model_fields.items():
            here = (*place, field.alias or name)
            if not section_inside(field.annotation):
                facts = [_type(field), _default(field), *([f"`{variables[here]}`"] if here in variables else [])]
                lines += _entry(written(here), facts, field.description or "", (field.examples or [None])[0])
    return "\n".join(lines).rstrip() + "\n"


def _sections(model: type[BaseModel], place: Place, words: str) -> Iterator[tuple[Place, str, type[BaseModel]]]:
    """A section, then its subsections, each with its place and description."""
    yield place, words, model
    for name, field in model.model_fields.items():
        inner = section_inside(field.annotation)
        if inner:
            here = (*place, field.alias or name)
            about = " ".join((inner.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
            about = about.removeprefix(f"`{written(here)}`: ")
            yield from _sections(inner, here, about[:1].upper() + about[1:])


def _entry(title: str, facts: list[str], words: str, example: object) -> list[str]:
    written_out = json.dumps({title.rsplit(".", 1)[-1]: example})[1:-1]
    lines = [f"- {'; '.join(facts)}"] if facts else []
    return [f"### {title}", words, "", *lines, f"- for example `{written_out}`", ""]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value in (None, (), {}):
        return "no default"
    return f"default `{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _type(field: FieldInfo) -> str:
    """The values that a key takes, in words."""
    bounds = {
        name: getattr(rule, name) for rule in field.metadata for name in ("ge", "le", "gt") if hasattr(rule, name)
    }
    return _kind(field.annotation) + "".join(f" {word}" for word in _bounds(bounds))


def _bounds(bounds: dict[str, Any]) -> Iterator[str]:
    if "ge" in bounds:
        yield f"from {bounds['ge']}"
    if "gt" in bounds:
        yield f"above {bounds['gt']}"
    if "le" in bounds:
        yield f"to {bounds['le']}"


def _kind(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        longest = [rule.max_length for rule in inside[1:] if getattr(rule, "max_length", None)]
        return "one character" if longest == [1] else _kind(inside[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(one) for one in inside if one is not type(None)))
    if origin is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in inside)
    if origin is tuple:
        return f"list of {_plural(_kind(inside[0]))}"
    if origin is dict:
        return f"object: {_kind(inside[0])} to {_kind(inside[1])}"
    return _WORDS[annotation]


def _plural(word: str) -> str:
    return word if word.startswith("one of") else " or ".join(f"{one}s" for one in word.split(" or "))
