"""The existing keys (floor 2): the fields of the models, by their places, for variables, help and error messages."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from snowflake_etl.config.layers import Place
from snowflake_etl.config.model import Configuration
from snowflake_etl.config.secret import Secret


@dataclass(frozen=True)
class Key:
    """One key that an operator may write: its place and the types that its value may have."""

    place: Place
    types: tuple[Any, ...]
    default: Any

    @property
    def is_secret(self) -> bool:
        return Secret in self.types

    @property
    def takes_list(self) -> bool:
        return any(get_origin(kind) is tuple for kind in self.types)

    def read(self, text: str) -> Any:
        """The value of a text from outside a document: a number, true or false, a list, or the text itself.

        What cannot be parsed stays a text, which the model then rejects.
        """
        if any(_takes_text(kind) for kind in self.types):
            return text
        if self.takes_list and not text.lstrip().startswith("["):
            return [item.strip() for item in text.split(",") if item.strip()]
        try:
            return json.loads(text)
        except ValueError:
            return text


def keys(model: type[BaseModel] = Configuration, place: Place = ()) -> Iterator[Key]:
    """Every key that holds no further keys, outside of lists of objects."""
    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        kinds = _alternatives(field.annotation)
        if inner := section_among(kinds):
            yield from keys(inner, here)
        elif not any(_holds_objects(kind) for kind in kinds):
            default = field.get_default(call_default_factory=True)
            yield Key(here, kinds, default)


def key_at(place: Place) -> Key | None:
    """The key at a place of a document, also inside lists of objects; None if we do not know the place."""
    model: type[BaseModel] | None = Configuration
    for depth, part in enumerate(place):
        if not isinstance(part, str):
            continue
        field = field_of(model, part) if model else None
        if field is None:
            return None
        model = section_inside(field.annotation)
        if model is None:
            inside = place[depth + 1 :]
            return None if inside else Key(place, _alternatives(field.annotation), field.default)
    return None


def keys_at(location: Place) -> list[str]:
    """The keys that the models know at ``location``, as an operator writes them; [] if we do not know the place."""
    model: Any = Configuration
    for part in location:
        if not isinstance(part, str):
            continue
        field = field_of(model, part)
        if field is None:
            return []
        model = section_inside(field.annotation)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def field_of(model: type[BaseModel], key: str) -> Any:
    """The field that an operator calls ``key``."""
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def section_inside(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, directly, optionally or in a list."""
    for kind in _alternatives(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        for argument in get_args(kind):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                return argument
    return None


def section_among(kinds: tuple[Any, ...]) -> type[BaseModel] | None:
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(kind for kind in get_args(annotation) if kind is not type(None))
    return (annotation,)


def _holds_objects(kind: Any) -> bool:
    return any(isinstance(argument, type) and issubclass(argument, BaseModel) for argument in get_args(kind))


def _takes_text(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind in (str, Secret) or (
        get_origin(kind) is Literal and all(isinstance(choice, str) for choice in get_args(kind))
    )
