"""Documents layered on top of each other (floor 2): later ones win, and the origin of every value is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Place = tuple[str | int, ...]

# Lists that are added to those of the layer below; every other list replaces the one below as a whole.
_ADDED_LISTS: tuple[Place, ...] = (("quality", "rules"),)
_FILES: Place = ("files",)
# Two ways to name the account: using one overrides the other in a layer below.
_EITHER_OR: Mapping[Place, Mapping[str, str]] = {
    ("snowflake",): {"connection": "account", "account": "connection"},
}


@dataclass(frozen=True)
class Origin:
    """Where a value comes from: a file, its section for an environment, an environment variable, or a flag.
    ``variables`` are those that the value names as ``${VARIABLE}``.
    """

    kind: Literal["file", "environment", "variable", "flag"]
    name: str
    path: Path | None = None
    variables: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent if self.path else Path()

    @property
    def words(self) -> str:
        """Its name in messages: the file, ``file (environment prod)``, ``ETL_LOAD_WORKERS``, ``--set``.

        A value from a variable is shown with it: ``file, ${ROLE}``.
        """
        said = str(self.path or self.name)
        said = f"{said} (environment {self.name})" if self.kind == "environment" else said
        return self.with_variables(said)

    def with_variables(self, said: str) -> str:
        return ", ".join((said, *(f"${{{name}}}" for name in self.variables)))


@dataclass(frozen=True)
class Leaf:
    """A value that is neither object nor list, or an empty one of these, with its origin.
    ``is_literal`` is False if it came from an environment variable or is stored elsewhere.
    """

    value: Any
    origin: Origin
    is_literal: bool = True


Node = Leaf | dict[str, Any] | list[Any]


def grown(value: Any, origin: Origin) -> Node:
    """A document as a tree whose leaves know their origin."""
    if isinstance(value, dict) and value:
        return {str(key): grown(item, origin) for key, item in value.items()}
    if isinstance(value, list) and value:
        return [grown(item, origin) for item in value]
    return Leaf(value, origin)


def overlaid(lower: Node, upper: Node, place: Place = ()) -> Node:
    """Lay ``upper`` over ``lower``: objects key by key, ``null`` removes a key, anything else replaces.
    Entries of ``files`` are laid over the one with the same pattern (and table, if there are several), others are
    added to the list; ``quality.rules`` are added.
    """
    if isinstance(lower, dict) and isinstance(upper, dict):
        return _objects(lower, upper, place)
    if isinstance(lower, list) and isinstance(upper, list):
        if place == _FILES:
            return _entries(lower, upper)
        if place in _ADDED_LISTS:
            return [*lower, *upper]
    # An empty object, or an empty list of the kind that is only added to, has no effect.
    empty: object = {} if isinstance(lower, dict) else [] if place == _FILES or place in _ADDED_LISTS else None
    return lower if isinstance(upper, Leaf) and empty is not None and upper.value == empty else upper


def _objects(lower: dict[str, Node], upper: dict[str, Node], place: Place) -> Node:
    merged = dict(lower)
    for key, node in upper.items():
        merged.pop(_EITHER_OR.get(place, {}).get(key, ""), None)
        if isinstance(node, Leaf) and node.value is None:
            # Also for an empty value: that is what remains of a YAML section without its last key.
            merged.pop(key, None)
        else:
            merged[key] = overlaid(merged[key], node, (*place, key)) if key in merged else node
    return merged


def _entries(lower: list[Node], upper: list[Node]) -> Node:
    merged = list(lower)
    for number, entry in enumerate(upper):
        same = [at for at, below in enumerate(merged[: len(lower)]) if _said(below, "file_pattern", entry)]
        if len(same) > 1:
            same = [at for at in same if _said(merged[at], "table_name", entry)]
        if len(same) == 1:
            merged[same[0]] = overlaid(merged[same[0]], entry, (*_FILES, number))
        else:
            merged.append(entry)
    return merged


def _said(one: Node, key: str, other: Node) -> bool:
    """True when both entries have the same value for ``key``."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    mine, theirs = one.get(key), other.get(key)
    return isinstance(mine, Leaf) and isinstance(theirs, Leaf) and mine.value == theirs.value


def stacked(nodes: Iterable[Node]) -> Node:
    """The layers laid over each other, the lowest first."""
    result: Node = {}
    for node in nodes:
        result = overlaid(result, node)
    return result


def leaves(node: Node, place: Place = ()) -> Iterator[tuple[Place, Leaf]]:
    """Every leaf with its place, in the order of the document."""
    if isinstance(node, Leaf):
        yield place, node
        return
    for key, item in node.items() if isinstance(node, dict) else enumerate(node):
        yield from leaves(item, (*place, key))


def plain(node: Node) -> Any:
    """The document without origins."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, dict):
        return {key: plain(item) for key, item in node.items()}
    return [plain(item) for item in node]


def origin_at(node: Node, place: Place) -> Origin | None:
    """The origin of the value at ``place``, or at the last part of it that exists; of several the last one."""
    for part in place:
        inner = _child(node, part)
        if inner is None:
            break
        node = inner
    found = [leaf.origin for _, leaf in leaves(node)]
    return found[-1] if found else None


def said_at(node: Node, place: Place, otherwise: str) -> str:
    """``c.json: 'files[0].encoding'``: the origin of the value at ``place``, and the place."""
    origin = origin_at(node, place)
    return f"{origin.words if origin else otherwise}: '{written(place)}'"


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node, dict):
        return node.get(part) if isinstance(part, str) else None
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        inner: Node = node[part]
        return inner
    return None


def written(place: Place) -> str:
    """A place as people write it: ``files[0].date_column``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
