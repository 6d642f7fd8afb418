"""Every value of a configuration with its origin (floor 2); secrets are stars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from snowflake_etl.config.connections import connections_file, is_secret, named_connection
from snowflake_etl.config.layers import Origin, Place, leaves, written
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.config.secret import STARS, Secret

DEFAULT = "default"


@dataclass(frozen=True)
class ShownValue:
    """One key: how it is written, its value as JSON has it, and its ``origin`` (``short`` for screens)."""

    key: str
    value: Any
    origin: str
    short: str


def shown_values(loaded: LoadedConfiguration) -> list[ShownValue]:
    """All keys in the order of the model; those that nobody set and that have no default are left out."""
    said = {place: leaf.origin for place, leaf in leaves(loaded.tree)}
    names = [path.name for path in loaded.files]
    alike = {name for name in names if names.count(name) > 1}
    return [
        ShownValue(
            written(place), value, origin.words if origin else DEFAULT, _short(origin, alike) if origin else DEFAULT
        )
        for place, value in _values(loaded.configuration, ())
        for origin in [_origin(said, place)]
    ]


def values_of_connection(loaded: LoadedConfiguration) -> list[ShownValue]:
    """What the named connection of Snowflake's own file adds to the configuration.
    Raise ConfigError if there is no such connection.
    """
    section = loaded.configuration.snowflake
    if section.is_local or not section.connection:
        return []
    path = connections_file()
    said = {name for name in type(section).model_fields if getattr(section, name) not in (None, ())}
    return [
        ShownValue(f"snowflake.{key}", STARS if is_secret(key, value) else _as_json(value), str(path), path.name)
        for key, value in named_connection(section.connection).items()
        if path is not None and key not in said and (key != "schema" or "schema_" not in said)
    ]


def _values(section: BaseModel, place: Place) -> Iterator[tuple[Place, Any]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        here = (*place, field.alias or name)
        if isinstance(value, BaseModel):
            yield from _values(value, here)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, item in enumerate(value):
                yield from _values(item, (*here, number))
        elif value is not None and value not in ((), {}):
            yield here, STARS if isinstance(value, Secret) else _as_json(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    return value if isinstance(value, bool | int | float | str | dict) else str(value)


def _origin(said: dict[Place, Origin], place: Place) -> Origin | None:
    """The origin of the value; for a list or object that of its last part, with the variables of all."""
    found = [origin for where, origin in said.items() if where[: len(place)] == place]
    names = dict.fromkeys(name for origin in found for name in origin.variables)
    return replace(found[-1], variables=tuple(names)) if found else None


def _short(origin: Origin, alike: set[str]) -> str:
    """The origin on a screen: just the file's name if that is enough."""
    if origin.path is None:
        return origin.words
    name = str(origin.path) if origin.path.name in alike else origin.path.name
    return origin.with_variables(f"{name} [{origin.name}]" if origin.kind == "environment" else name)
