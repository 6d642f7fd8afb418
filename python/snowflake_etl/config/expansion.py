"""``${NAME}`` in values (floor 2): replaced by the environment variable of that name, in what survived the merging."""

from __future__ import annotations

import re
from collections.abc import Mapping

from snowflake_etl.config.layers import Leaf, Node, Place, written
from snowflake_etl.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expanded(node: Node, environment: Mapping[str, str], place: Place = ()) -> Node:
    """The tree with every variable replaced; an unset one is an error, never an empty text."""
    if isinstance(node, dict):
        return {key: expanded(item, environment, (*place, key)) for key, item in node.items()}
    if isinstance(node, list):
        return [expanded(item, environment, (*place, number)) for number, item in enumerate(node)]
    if not isinstance(node.value, str):
        return node

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigError(
                f"{node.origin.words}: '{written(place)}' uses ${{{match[1]}}}, but that variable is not set. "
                "Export it or write the value."
            )
        return environment[match[1]]

    return Leaf(_VARIABLE.sub(replacement, node.value), node.origin)
