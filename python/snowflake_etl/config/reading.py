"""Reads a configuration into the model (floor 2), with errors that name the source of what is wrong.

The order: defaults < extended file < file < environment section < ``ETL_*`` variables < flags.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from snowflake_etl.config.complaints import complaints
from snowflake_etl.config.expansion import expanded
from snowflake_etl.config.fields import key_at
from snowflake_etl.config.layers import Leaf, Node, Place, leaves, plain, said_at, stacked, written
from snowflake_etl.config.model import Configuration
from snowflake_etl.config.overrides import flag_layers, misspelt_variables, variables_layers
from snowflake_etl.config.sections.snowflake import PASSWORD_AND_MFA
from snowflake_etl.config.sources import Sources, read_sources
from snowflake_etl.config.writers import group_warnings

# Paths relative to the folder of the file that names them; those from variables and flags to the current folder.
_PATH_KEYS: tuple[Place, ...] = (
    ("base_path",),
    ("snowflake", "private_key_file"),
    ("snowflake", "token_file_path"),
    ("snowflake", "ca_file"),
)


@dataclass(frozen=True)
class Choice:
    """What was requested besides the file: one of its environments, and ``KEY=VALUE`` words that override
    everything.
    """

    environment: str | None = None
    settings: tuple[str, ...] = ()


NO_CHOICE = Choice()


@dataclass(frozen=True)
class LoadedConfiguration:
    """A configuration, the file it came from, the chosen environment, and warnings.
    ``tree`` is the merged content with origins; ``files`` are all that were read, the lowest first.
    """

    path: Path
    configuration: Configuration
    warnings: tuple[str, ...] = ()
    environment: str | None = None
    environments: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    tree: Node = field(default_factory=dict, repr=False)

    @property
    def base_path(self) -> Path | None:
        """Where the operator's files are."""
        base = self.configuration.base_path
        return Path(base).resolve() if base else None


def read_configuration(
    path: Path, environment: Mapping[str, str] = os.environ, choice: Choice = NO_CHOICE
) -> LoadedConfiguration:
    """Read ``path`` (JSON, or YAML by its ending) and what it extends, and expand ``${VARIABLES}`` in its values.

    Raise ConfigError when a file cannot be read, is not JSON or YAML, or contains something that the model
    does not know; all errors are reported at once, with their sources.
    """
    return configuration_from(read_sources(path), environment, choice)


def configuration_from(sources: Sources, environment: Mapping[str, str], choice: Choice) -> LoadedConfiguration:
    """Build the configuration from the documents with these variables and this choice."""
    chosen = sources.chosen(choice.environment, environment)
    said = stacked([*sources.layers(chosen), *variables_layers(environment), *flag_layers(choice.settings)])
    tree = _with_whole_paths(expanded(said, environment))
    document = plain(tree)
    return LoadedConfiguration(
        sources.path,
        _validated(document if isinstance(document, dict) else {}, tree, sources.path),
        (
            *_warnings(tree),
            *misspelt_variables(environment),
            *group_warnings(path for path, _ in sources.files),
        ),
        chosen,
        sources.environments,
        tuple(path for path, _ in sources.files),
        tree,
    )


def _validated(document: dict[str, Any], tree: Node, path: Path) -> Configuration:
    from pydantic import ValidationError

    try:
        configuration = Configuration.model_validate(document)
    except ValidationError as error:
        found = [dict(item) for item in error.errors(include_url=False, include_input=False)]
        raise complaints(found, tree, str(path)) from None
    # Whether a rule can be checked only shows when it is used, far from the files.
    for number, rule in enumerate(configuration.quality.rules):
        rule.set_said_at(said_at(tree, ("quality", "rules", number), str(path)))
    return configuration


def _with_whole_paths(node: Node, place: Place = ()) -> Node:
    if isinstance(node, dict):
        return {key: _with_whole_paths(item, (*place, key)) for key, item in node.items()}
    if place in _PATH_KEYS and isinstance(node, Leaf) and isinstance(node.value, str) and node.value:
        return replace(node, value=str(node.origin.folder / Path(node.value).expanduser()))
    return node


def _warnings(tree: Node) -> Iterator[str]:
    secrets = [(place, leaf) for place, leaf in leaves(tree) if leaf.value and (key := key_at(place)) and key.is_secret]
    for place, leaf in secrets:
        if place == ("snowflake", "password") and not _asks_for_more(tree):
            yield (
                f"{leaf.origin.words} signs in with a plain password. Snowflake is phasing that out: use "
                f"private_key_file or a connection by name."
            )
    for place, leaf in leaves(tree):
        if place[:2] == ("notify", "targets") and place[3:] == ("on",) and leaf.value == []:
            yield (
                f"{leaf.origin.words}: '{written(place)}' is empty, so this target is never notified. Remove the key "
                f"to get the default, or remove the target."
            )
    for path in dict.fromkeys(leaf.origin.path for _, leaf in secrets if leaf.is_literal):
        if os.name == "posix" and path and path.stat().st_mode & 0o077:
            yield f"{path} holds a password and others may read it. Run: chmod 600 {shlex.quote(str(path))}"


def _asks_for_more(tree: Node) -> bool:
    """True if the password is one of two factors."""
    named = dict(leaves(tree)).get(("snowflake", "authenticator"))
    return named is not None and str(named.value).upper() == PASSWORD_AND_MFA
