"""Reads YAML (floor 2) with PyYAML's safe loader, but refuses endless aliases and duplicate keys."""

from __future__ import annotations

from typing import Any

import yaml

# The limit for expanding aliases: a document of a few lines can expand beyond any memory.
_MOST_COPIES = 100_000


class _Loader(yaml.SafeLoader):
    """The base class would silently use the last of two equal keys, and read some keys as non-texts."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a list or an object", key_node.start_mark)
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key_node.value}' is there twice in one object", key_node.start_mark
                )
            seen.add(str(key_node.value))
            # A key is a text: YAML reads on, no, 1 and null as other types, and so `on:` of a notice as `true:`.
            if key_node.tag != "tag:yaml.org,2002:merge":
                key_node.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_timestamp(self, node: Any) -> Any:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            problem = f"'{node.value}' is no day or time ({error})"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def data_of(text: str) -> Any:
    """The document in a text.  Raise YAMLError, and RecursionError if it is too deep."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        sizes: dict[int, int] = {}
        if _size(node, sizes) > _MOST_COPIES + len(sizes):
            raise _problem("aliases say the same too often", node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: Any, sizes: dict[int, int]) -> int:
    """The number of values of a node with all aliases expanded; ``sizes`` has those already known."""
    if isinstance(node, yaml.ScalarNode):
        sizes[id(node)] = 1
        return 1
    size = sizes.get(id(node))
    if size == 0:
        raise _problem("an alias stands for what it is a part of", node)
    if size is None:
        sizes[id(node)] = 0
        size = 1 + sum(_size(part, sizes) for part in _parts(node))
        sizes[id(node)] = size
    return size


def _parts(node: Any) -> list[Any]:
    return [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value


def _problem(words: str, node: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, words, node.start_mark)
