"""``${NAME}`` in values (floor 2): replaced by the environment variable of that name, after merging.
``${file:PATH}`` and ``${secret:NAME}`` stay as they are: they are for secrets, which are read at sign-in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from snowflake_etl.config.fields import Key, key_at
from snowflake_etl.config.layers import Leaf, Node, Place, written
from snowflake_etl.config.secret import REFERENCE, Secret, remember_secret
from snowflake_etl.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# What is meant as a variable, even if it is not a valid one: ${a-b}, ${A:-x}, ${ A }, ${A.
_MEANT = re.compile(r"\$\{[^}]*\}?")


def expanded(node: Node, environment: Mapping[str, str], place: Place = ()) -> Node:
    """The tree with every variable replaced; an unset one is an error, never an empty text."""
    if isinstance(node, dict):
        return {key: expanded(item, environment, (*place, key)) for key, item in node.items()}
    if isinstance(node, list):
        return [expanded(item, environment, (*place, number)) for number, item in enumerate(node)]
    if not isinstance(node.value, str):
        return node
    key = key_at(place)
    if key is not None and key.is_secret and not REFERENCE.search(node.value) and not _VARIABLE.search(node.value):
        remember_secret(node.value)
    if REFERENCE.search(node.value):
        return _reference(node, place, key)
    if wrong := _no_variable(node.value, is_secret=key is not None and key.is_secret):
        raise ConfigError(
            f"{node.origin.words}: '{written(place)}' has {wrong}, which is no ${{VARIABLE}}. Write a name of letters, "
            "digits and _ in the braces and nothing else: there are no defaults."
        )
    if not _VARIABLE.search(node.value):
        return node

    return _with_values(node, environment, place, key)


def _with_values(node: Leaf, environment: Mapping[str, str], place: Place, key: Key | None) -> Leaf:
    names = variables_in(node.value)
    origin = replace(node.origin, variables=names)
    unset = next((name for name in names if name not in environment), None)
    if unset is not None and not _is_address(place):
        raise ConfigError(
            f"{node.origin.words}: '{written(place)}' uses ${{{unset}}}, but that variable is not set. "
            "Export it or write the value."
        )
    text = _VARIABLE.sub(lambda match: environment.get(match[1], ""), node.value)
    if key is not None and key.is_secret:
        remember_secret(text)
    if _is_address(place) and (unset is not None or "://" not in text):
        why = f"the variable {unset} is not set" if unset else f"the variable {names[0]} holds no address"
        return Leaf(Secret.lacking(f"{why}: export it or write the address"), origin, is_literal=False)
    # A number or a switch from a variable gets the key's type, as with ETL_* variables.
    is_whole = _VARIABLE.fullmatch(node.value) is not None
    return Leaf(key.read(text) if key is not None and is_whole else text, origin, is_literal=False)


def _is_address(place: Place) -> bool:
    """The address of a notice: if it is unknown, the load must not fail; the notice is sent later."""
    return place[:2] == ("notify", "targets") and place[3:] == ("url",)


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the environment variables that a document uses."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def _no_variable(text: str, *, is_secret: bool) -> str:
    """The first part that looks like a variable but is not; "" if there is none.
    A secret may contain any characters: it only counts if it is nothing else, and it is not quoted.
    """
    if is_secret:
        return "a value in ${...}" if _MEANT.fullmatch(text) and not _VARIABLE.fullmatch(text) else ""
    return next((f"'{part}'" for part in _MEANT.findall(text) if not _VARIABLE.fullmatch(part)), "")


def _reference(node: Leaf, place: Place, key: Key | None) -> Leaf:
    """A secret stored elsewhere; a file's path is relative to the folder of the file that names it."""
    match = REFERENCE.fullmatch(node.value)
    if match is None:
        raise ConfigError(
            f"{node.origin.words}: '{written(place)}' has to be ${{file:PATH}} or ${{secret:NAME}} alone, with "
            f"nothing before or after it."
        )
    if key is None or not key.is_secret:
        raise ConfigError(
            f"{node.origin.words}: '{written(place)}' is not a secret, and {match[0]} is for secrets only. "
            "Write the value, or use ${VARIABLE}."
        )
    if match[1] == "secret":
        return Leaf(node.value, node.origin, is_literal=False)
    return Leaf(f"${{file:{node.origin.folder / Path(match[2]).expanduser()}}}", node.origin, is_literal=False)
