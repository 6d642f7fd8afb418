"""Which documents make a configuration (floor 2): the file, those that it extends, and the environment chosen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.config.layers import Node, Origin, grown
from snowflake_etl.config.parsing import parsed_file
from snowflake_etl.config.writers import refuse_when_all_may_change
from snowflake_etl.errors import ConfigError

EXTENDS, ENVIRONMENTS, DEFAULT_ENVIRONMENT = "extends", "environments", "default_environment"
# For editors alone.
SCHEMA = "$schema"
# What a file says about files, not about loads: removed once the documents are merged.
META_KEYS = (EXTENDS, ENVIRONMENTS, DEFAULT_ENVIRONMENT, SCHEMA)
ENVIRONMENT_VARIABLE = "ETL_ENVIRONMENT"


@dataclass(frozen=True)
class Sources:
    """The documents of one configuration: ``files`` from the lowest to the one that was asked for."""

    files: tuple[tuple[Path, Mapping[str, Any]], ...]

    @property
    def path(self) -> Path:
        return self.files[-1][0]

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of all environments, in the order in which they appear."""
        return tuple(dict.fromkeys(name for _, document in self.files for name in document.get(ENVIRONMENTS) or ()))

    @property
    def default_environment(self) -> str | None:
        """The one that the files name as the default."""
        named = [document[DEFAULT_ENVIRONMENT] for _, document in self.files if document.get(DEFAULT_ENVIRONMENT)]
        return str(named[-1]) if named else None

    def chosen(self, wanted: str | None, variables: Mapping[str, str]) -> str | None:
        """The environment in use: the one wanted, else ETL_ENVIRONMENT, else ``default_environment``.

        Raise ConfigError when there is none with that name, or there are several and none is chosen.
        """
        known = self.environments
        if name := wanted or variables.get(ENVIRONMENT_VARIABLE) or self.default_environment:
            if name in known:
                return name
            asked_by = "--environment" if wanted else ENVIRONMENT_VARIABLE
            asked_by = asked_by if wanted or variables.get(ENVIRONMENT_VARIABLE) else DEFAULT_ENVIRONMENT
            if not known:
                raise ConfigError(
                    f"{self.path} has no 'environments', but {asked_by} asks for '{name}'. "
                    "Add the section or leave the choice out."
                )
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
            raise ConfigError(
                f"{self.path} has no environment '{name}' ({asked_by}); there are: {', '.join(known)}.{hint}"
            )
        if known:
            raise ConfigError(
                f"{self.path} has the environments {', '.join(known)} and none is chosen. Add --environment NAME, "
                f"or set {ENVIRONMENT_VARIABLE} or the key '{DEFAULT_ENVIRONMENT}'."
            )
        return None

    def layers(self, environment: str | None) -> list[Node]:
        """The documents, and on top of them what they say for ``environment``."""
        found = [
            grown({key: value for key, value in document.items() if key not in META_KEYS}, Origin("file", "", path))
            for path, document in self.files
        ]
        for path, document in self.files:
            section = (document.get(ENVIRONMENTS) or {}).get(environment)
            if section:
                found.append(grown(section, Origin("environment", str(environment), path)))
        return found


def read_sources(path: Path) -> Sources:
    """Read ``path`` and what it extends, however far.  Raise ConfigError for unreadable files and for cycles."""
    return Sources(tuple(_with_extended(path, ())))


def _with_extended(path: Path, trail: Sequence[Path]) -> list[tuple[Path, Mapping[str, Any]]]:
    if path.resolve() in [above.resolve() for above in trail]:
        names = " -> ".join(str(step) for step in (*trail, path))
        raise ConfigError(f"The configuration files extend each other in a circle: {names}. Remove one 'extends'.")
    refuse_when_all_may_change(path)
    try:
        document = parsed_file(path)
    except ConfigError as error:
        if trail and not path.is_file():
            raise ConfigError(
                f"{trail[-1]}: 'extends' names {path}, and there is no such file. Correct the path; it is relative "
                f"to the folder of {trail[-1].name}.{hint_of_braces(path)}"
            ) from None
        raise error from None
    _check_meta(path, document)
    found: list[tuple[Path, Mapping[str, Any]]] = []
    for name in _listed(document.get(EXTENDS)):
        found += _with_extended(_beside(path, name), (*trail, path))
    return [*found, (path, document)]


def _beside(path: Path, name: str) -> Path:
    return path.parent / Path(name).expanduser()


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _check_meta(path: Path, document: Mapping[str, Any]) -> None:
    extends = document.get(EXTENDS)
    if extends is not None and not (
        isinstance(extends, str) or (isinstance(extends, list) and all(isinstance(name, str) for name in extends))
    ):
        raise ConfigError(f"{path}: 'extends' takes the path of a configuration file, or a list of them.")
    default = document.get(DEFAULT_ENVIRONMENT)
    if default is not None and not isinstance(default, str):
        raise ConfigError(f"{path}: '{DEFAULT_ENVIRONMENT}' takes the name of an environment, in quotes.")
    environments = document.get(ENVIRONMENTS)
    if environments is None:
        return
    if not isinstance(environments, dict):
        raise ConfigError(f"{path}: 'environments' takes an object with keys such as dev, staging and prod.")
    for name, section in environments.items():
        place = f"environments.{name}"
        if section is not None and not isinstance(section, dict):
            raise ConfigError(f"{path}: '{place}' takes an object with keys, in braces.")
        for key in META_KEYS:
            if section and key in section:
                raise ConfigError(f"{path}: '{place}.{key}' is not possible; '{key}' belongs at the top of a file.")
