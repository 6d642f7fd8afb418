"""Where secrets are kept by name (floor 2): the desktop's or server's keyring, else an encrypted file.

The file is in the user's configuration folder, its key in the data folder (or where ``ETL_SECRETS_KEY_FILE``
says), so that a copy or backup of only one of them reveals nothing.  It is no protection against those who can read
both.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.config.secret import Secret, check_private, read_private_file, remember_secret
from snowflake_etl.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SERVICE = "snowflake_etl"
KEY_VARIABLE = "ETL_SECRETS_KEY_FILE"
KEYRING, FILE = "keyring", "file"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def save_secret(name: str, text: str, where: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Keep a secret under a name and return where, in words; without ``where``, use the keyring if there is one."""
    _check_name(name)
    if where != FILE and _keyring() is not None:
        return _save_in_keyring(name, text)
    if where == KEYRING:
        raise ConfigError("There is no keyring on this host. Leave --where out, and an encrypted file is used.")
    secrets = _read_file(environment)
    secrets[name] = text
    _write_file(secrets, environment)
    return f"the encrypted file {secrets_file(environment)}, whose key is {key_file(environment)}"


def load_secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The secret with that name, from the keyring or the file.  Raise ConfigError when neither has it."""
    _check_name(name)
    text = _from_keyring(name) or _read_file(environment).get(name)
    if not text:
        raise ConfigError(f"There is no secret '{name}' on this host. Set it with: config set-secret {name}")
    remember_secret(text)
    return text


def revealed(secret: Secret, environment: Mapping[str, str] = os.environ) -> str:
    """The text of a secret.  Raise ConfigError when it is stored elsewhere and cannot be read from there."""
    if secret.reference is None:
        remember_secret(secret.as_written)
        return secret.as_written
    kind, name = secret.reference
    if kind == "lacking":
        raise ConfigError(f"{name}.")
    return read_private_file(Path(name), "secret") if kind == "file" else load_secret(name, environment)


def forget_secret(name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Remove a secret from wherever it is; False if it was nowhere."""
    _check_name(name)
    found = False
    if _from_keyring(name):
        import keyring

        keyring.delete_password(SERVICE, name)
        found = True
    secrets = _read_file(environment)
    if name in secrets:
        del secrets[name]
        _write_file(secrets, environment)
        found = True
    return found


def secrets_file(environment: Mapping[str, str] = os.environ) -> Path:
    return _folder("XDG_CONFIG_HOME", "~/.config", environment) / "secrets"


def key_file(environment: Mapping[str, str] = os.environ) -> Path:
    if chosen := environment.get(KEY_VARIABLE):
        return Path(chosen).expanduser().absolute()
    return _folder("XDG_DATA_HOME", "~/.local/share", environment) / "secrets.key"


def _folder(variable: str, default: str, environment: Mapping[str, str]) -> Path:
    return Path(environment.get(variable) or default).expanduser() / "snowflake_etl"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name for a secret. Use letters, digits, '.', '-' and '_', at most 64.")


def _keyring() -> object | None:
    """The keyring that this host has, or None: the library may return one that fails, or that stores plain text."""
    try:
        import keyring

        backend = keyring.get_keyring()
        return backend if backend.priority >= 1 else None
    except Exception:
        return None


def _save_in_keyring(name: str, text: str) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, text)
    except KeyringError as error:
        raise ConfigError(
            f"The keyring does not take the secret '{name}': {error or 'it is locked'}. Unlock it, or add --where file."
        ) from None
    return f"the keyring ({keyring.get_keyring().name})"


def _from_keyring(name: str) -> str | None:
    if _keyring() is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:
        # Locked, as in an SSH session: the file may have it.
        return None


def _read_file(environment: Mapping[str, str]) -> dict[str, str]:
    path = secrets_file(environment)
    if not path.exists():
        return {}
    check_private(path, "secrets")
    from cryptography.fernet import InvalidToken

    key = key_file(environment)
    if not key.exists():
        raise ConfigError(
            f"The secrets in {path} cannot be read without their key {key}. Bring the key back or point {KEY_VARIABLE} "
            f"to it; or remove {path} and set the secrets again."
        )
    try:
        found = json.loads(_cipher(key).decrypt(path.read_bytes()))
    except (InvalidToken, ValueError):
        raise ConfigError(
            f"The key {key} does not open the secrets in {path}. Bring the right key back, or remove {path} "
            "and set the secrets again."
        ) from None
    return {str(name): str(text) for name, text in found.items()}


def _write_file(secrets: Mapping[str, str], environment: Mapping[str, str]) -> None:
    from cryptography.fernet import Fernet

    path, key = secrets_file(environment), key_file(environment)
    try:
        for folder in (path.parent, key.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not key.exists():
            _write_private(key, Fernet.generate_key())
        _write_private(path, _cipher(key).encrypt(json.dumps(dict(secrets)).encode()))
    except OSError as error:
        raise ConfigError(f"The secret cannot be kept in {error.filename}: {error.strerror}.") from None


def _cipher(key: Path) -> Fernet:
    from cryptography.fernet import Fernet

    check_private(key, "key")
    return Fernet(key.read_bytes().strip())


def _write_private(path: Path, content: bytes) -> None:
    """Write completely or not at all, readable only by the owner from the first byte."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
