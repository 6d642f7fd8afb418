"""Values from outside the files (floor 2): ``ETL_LOAD_WORKERS=4`` and ``--set load.workers=4``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from snowflake_etl.config.fields import keys
from snowflake_etl.config.layers import Node, Origin, Place, grown, written
from snowflake_etl.errors import ConfigError, UsageError

SET_FLAG = "--set"
_CHOOSING = ("ETL_CONFIG", "ETL_ENVIRONMENT")


def variable_of(place: Place) -> str:
    """The environment variable that sets the key at ``place``."""
    return "_".join(("ETL", *map(str, place))).upper()


def variables_layers(environment: Mapping[str, str]) -> Iterator[Node]:
    """A layer for every ``ETL_*`` variable that sets a key; an empty one sets nothing.

    Raise ConfigError for a variable that begins like those of a section but names none of its keys.
    """
    known = {variable_of(key.place): key for key in keys()}
    prefixes = tuple({variable_of(key.place[:1]) + "_" for key in known.values() if len(key.place) > 1})
    for name in sorted(environment):
        if name in known:
            if environment[name]:
                key = known[name]
                yield grown(_nested(key.place, key.read(environment[name])), Origin("variable", name))
        elif name.startswith(prefixes):
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {nearest[0]}?" if nearest else "See docs/configuration-reference.md."
            raise ConfigError(f"The environment variable {name} sets no key of a configuration. {hint} Or unset it.")


def misspelt_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """A warning for every variable that is nearly one of ours: it is ignored, and prod may be meant."""
    ours = [*(variable_of(key.place) for key in keys() if len(key.place) == 1), *_CHOOSING]
    for name in sorted(environment):
        if name.startswith("ETL_") and name not in ours:
            nearest = difflib.get_close_matches(name, ours, n=1, cutoff=0.9)
            if nearest:
                yield f"The environment variable {name} means nothing here. Did you mean {nearest[0]}?"


def flag_layers(words: Sequence[str]) -> Iterator[Node]:
    """A layer for every ``KEY=VALUE`` of ``--set``.  Raise UsageError for invalid ones, and for secrets."""
    known = {written(key.place): key for key in keys()}
    for word in words:
        name, separator, text = word.partition("=")
        if not separator:
            raise UsageError(f"{SET_FLAG} takes KEY=VALUE, such as load.workers=4, not '{name}'.")
        key = known.get(name)
        if key is None:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean '{nearest[0]}'?" if nearest else "The list is in docs/configuration-reference.md."
            raise UsageError(f"{SET_FLAG} knows no key '{name}'. {hint}")
        if key.is_secret:
            # The value itself must not be repeated.
            raise UsageError(
                f"{SET_FLAG} {name}=... would show the secret to everybody who lists the processes. "
                f"Set it by the variable {variable_of(key.place)} instead."
            )
        yield grown(_nested(key.place, key.read(text)), Origin("flag", f"{SET_FLAG} {name}"))


def _nested(place: Place, value: Any) -> dict[str, Any]:
    document = value
    for part in reversed(place):
        document = {str(part): document}
    return dict(document)
