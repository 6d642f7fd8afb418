"""Snowflake's own ``connections.toml`` and ``config.toml`` (floor 2): a named connection, as the driver reads it.
The files are searched for as the driver does: in ``SNOWFLAKE_HOME``, else ``~/.snowflake`` if it exists, else
``$XDG_CONFIG_HOME/snowflake``.  ``connections.toml`` wins over the ``connections`` of ``config.toml``.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from snowflake_etl.config.secret import remember_secret
from snowflake_etl.config.sections.base import Text
from snowflake_etl.config.sections.snowflake import SnowflakeSection, account_problem
from snowflake_etl.errors import ConfigError

# Recognised by words in the key, since the driver takes more keys than we know; a secret's location is no secret.
_SECRET_WORDS = re.compile(r"passw|passphrase|passcode|pwd|secret|token|private_key", re.IGNORECASE)
_PLACES = re.compile(r"(?:_file|_path|_url|_uri)$", re.IGNORECASE)
# Names in Snowflake's own command line tool for what the driver calls differently.
_OTHER_NAMES = {"private_key_path": "private_key_file", "private_key_passphrase": "private_key_file_pwd"}

# What is a text in the configuration is one there, too.
_TEXTS = frozenset(
    field.alias or name
    for name, field in SnowflakeSection.model_fields.items()
    if field.annotation in (Text | None, str | None)
)


def connections_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file that connections are read from; None if there is none."""
    return _connections(snowflake_folder(environment))[1]


def named_connection(name: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The keys of connection ``name``.  Raise ConfigError, naming the files and their connections, if there is none."""
    folder = snowflake_folder(environment)
    found, path = _connections(folder)
    if path is None:
        raise ConfigError(
            f"The configuration names the connection '{name}', but there is neither {folder / 'connections.toml'} nor "
            f"config.toml beside it.{_lost_home(environment)} Write the connection there, or give 'account' and 'user' "
            "in the configuration."
        )
    if name not in found:
        nearest = difflib.get_close_matches(name, found, n=1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        known = ", ".join(found) or "none at all"
        raise ConfigError(f"There is no connection '{name}' in {path}; there are: {known}.{hint}")
    _check_mode(path, found)
    _check_kinds(path, name, found[name])
    keys = {_OTHER_NAMES.get(key, key): value for key, value in found[name].items()}
    for key, value in keys.items():
        if is_secret(key, value):
            remember_secret(value)
        elif isinstance(value, str) and "://" in value and (password := urlsplit(value).password):
            remember_secret(password)
    for key in ("private_key_file", "token_file_path"):
        if isinstance(keys.get(key), str):
            keys[key] = str(path.parent / Path(keys[key]).expanduser())
    return keys


def _check_kinds(path: Path, name: str, section: Mapping[str, Any]) -> None:
    """Refuse numbers instead of texts: they fail deep inside the driver, and a numeric secret would be shown."""
    for key, value in section.items():
        is_switch = isinstance(value, bool)
        if not isinstance(value, str) and (key in _TEXTS or (is_secret(key, "") and not is_switch)):
            raise ConfigError(f"{path}: '{key}' of the connection '{name}' takes a text: write it in quotes.")
    if (number := section.get("port")) is not None and not str(number).isdigit():
        raise ConfigError(f"{path}: 'port' of the connection '{name}' takes a whole number.")
    if account := section.get("account"):
        problem = account_problem(account)
        if problem:
            raise ConfigError(f"{path}: 'account' of the connection '{name}' {problem}.")


def _lost_home(environment: Mapping[str, str]) -> str:
    chosen = environment.get("SNOWFLAKE_HOME")
    return (
        f" (SNOWFLAKE_HOME is {chosen}, and there is no such folder.)" if chosen and not _home(chosen).exists() else ""
    )


def _home(chosen: str | None) -> Path:
    return Path(chosen or "~/.snowflake").expanduser()


def is_secret(key: str, value: object) -> bool:
    """Whether a connection's value must not be shown."""
    return isinstance(value, str) and bool(_SECRET_WORDS.search(key)) and not _PLACES.search(key)


def snowflake_folder(environment: Mapping[str, str] = os.environ) -> Path:
    home = _home(environment.get("SNOWFLAKE_HOME"))
    if home.exists():
        return home
    return Path(environment.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "snowflake"


def _connections(folder: Path) -> tuple[dict[str, dict[str, Any]], Path | None]:
    own, general = folder / "connections.toml", folder / "config.toml"
    if own.is_file():
        return _sections(_read(own)), own
    if general.is_file():
        return _sections(_read(general).get("connections") or {}), general
    return {}, None


def _sections(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: section for name, section in document.items() if isinstance(section, dict)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path} cannot be read: {reason}.") from None


def _check_mode(path: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Whoever can write the file decides where we sign in; whoever can read it has its secrets."""
    mode = path.stat().st_mode
    if mode & 0o022:
        raise ConfigError(
            f"{path} may be changed by others (mode {stat.S_IMODE(mode):04o}), who then decide where you sign in. "
            f"Run: chmod 600 {shlex.quote(str(path))}"
        )
    if mode & 0o044 and any(is_secret(*item) for section in found.values() for item in section.items()):
        raise ConfigError(
            f"{path} holds secrets and may be read by others (mode {stat.S_IMODE(mode):04o}). "
            f"Run: chmod 600 {shlex.quote(str(path))}"
        )
