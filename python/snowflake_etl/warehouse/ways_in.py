"""How to sign in to an account (floor 3): turns the configuration and Snowflake's own files into driver arguments.
The names are those of driver 4.x; ``driver_arguments`` knows those of 5.x.
"""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.config.connections import connections_file, named_connection
from snowflake_etl.config.secret import Secret, check_private, read_private_file, remember_secret
from snowflake_etl.config.secret_store import revealed
from snowflake_etl.config.sections.snowflake import (
    ACCESS_TOKEN,
    BROWSER,
    CLIENT_CREDENTIALS,
    KEY_PAIR,
    OAUTH_TOKEN,
    PASSWORD,
    PASSWORD_AND_MFA,
    WORKLOAD_IDENTITY,
    SnowflakeSection,
)
from snowflake_etl.errors import ConfigError
from snowflake_etl.warehouse.trust import certificates

# Asks the operator for a secret; None if nobody can be asked.
Ask = Callable[[str], str]

_BROWSER_WAYS = (BROWSER, "OAUTH_AUTHORIZATION_CODE")
_NEEDS_NO_USER = (OAUTH_TOKEN, WORKLOAD_IDENTITY, ACCESS_TOKEN, CLIENT_CREDENTIALS, "OAUTH_AUTHORIZATION_CODE")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_NOT_FOR_THE_DRIVER = ("connection", "login_timeout", "network_timeout", "token_file_path")


def account_arguments(
    section: SnowflakeSection, ask: Ask | None = None, environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return the driver's arguments for this section.  Raise ConfigError that says what is missing, and where to put
    it.
    """
    for name in _PROXY_VARIABLES:
        if password := urlsplit(environment.get(name, "")).password:
            remember_secret(password)
    arguments = named_connection(section.connection, environment) if section.connection else {}
    way = _way(section, arguments)
    arguments |= {"authenticator": way, **_said(section)}
    for user, secret in (("proxy_user", "proxy_password"), ("oauth_client_id", "oauth_client_secret")):
        if arguments.get(secret):
            # As it appears in an HTTP header.
            remember_secret(b64encode(f"{arguments.get(user, '')}:{arguments[secret]}".encode()).decode())
    if way == KEY_PAIR:
        _open_key(arguments, section, ask)
    elif way in (ACCESS_TOKEN, OAUTH_TOKEN) or (way == WORKLOAD_IDENTITY and _token_file(section, arguments)):
        _read_token(arguments, section)
    elif way == CLIENT_CREDENTIALS:
        _need(arguments, section, "oauth_client_id", "oauth_client_secret")
    elif way in (PASSWORD, PASSWORD_AND_MFA):
        _password(arguments, section, ask)
    elif way in _BROWSER_WAYS:
        _check_display(section, environment)
    arguments.pop("token_file_path", None)
    if way == WORKLOAD_IDENTITY:
        _need(arguments, section, "workload_identity_provider")
    if way == PASSWORD_AND_MFA:
        arguments["client_request_mfa_token"] = True
    if way in _BROWSER_WAYS:
        arguments["client_store_temporary_credential"] = True
    _need(arguments, section, "account", *(() if way in _NEEDS_NO_USER else ("user",)))
    if section.ca_file:
        certificates(Path(section.ca_file))
    return arguments


def _said(section: SnowflakeSection) -> dict[str, Any]:
    """What the configuration itself says; it wins over Snowflake's own files."""
    said: dict[str, Any] = {}
    for name, field in SnowflakeSection.model_fields.items():
        value = getattr(section, name)
        if name == "authenticator" or name in _NOT_FOR_THE_DRIVER or value in (None, ()):
            continue
        said[field.alias or name] = revealed(value) if isinstance(value, Secret) else value
    return said


def _way(section: SnowflakeSection, named: Mapping[str, Any]) -> str:
    if section.way_in:
        return section.way_in
    if given := str(named.get("authenticator") or ""):
        return given if "://" in given else given.upper()
    if way := SnowflakeSection.model_construct(**{key: named[key] for key in named if key != "schema"}).way_in:
        return way
    where = f"the connection '{section.connection}'" if section.connection else "snowflake"
    raise ConfigError(
        f"It is not said how to sign in to {section.target}: give {where} a private_key_file, a token_file_path, "
        "oauth_client_id and oauth_client_secret, a workload_identity_provider, or an authenticator."
    )


def _need(arguments: Mapping[str, Any], section: SnowflakeSection, *names: str) -> None:
    for name in names:
        if not arguments.get(name):
            raise ConfigError(
                f"To sign in to {section.target} ({arguments['authenticator']}), '{name}' is missing. "
                f"Add {_place_for(name, section)}."
            )


def _place_for(name: str, section: SnowflakeSection) -> str:
    """Where to write a key: next to a named connection the configuration accepts no account."""
    if name == "account" and section.connection:
        return f"it to the connection '{section.connection}' in {connections_file()}"
    return f"snowflake.{name} to the configuration"


def _open_key(arguments: dict[str, Any], section: SnowflakeSection, ask: Ask | None) -> None:
    """Check that the key file is private and can be opened, and find its passphrase."""
    if "private_key" in arguments and "private_key_file" not in arguments:
        return
    _need(arguments, section, "private_key_file")
    path = Path(arguments["private_key_file"])
    if not path.exists():
        hint = hint_of_braces(path)
        raise ConfigError(f"There is no key file {path} (snowflake.private_key_file). Correct the path.{hint}")
    check_private(path, "key")
    passphrase = arguments.get("private_key_file_pwd")
    problem = _key_problem(path, passphrase)
    if problem == "locked" and passphrase is None:
        if ask is None:
            raise ConfigError(
                f"The key file {path} is encrypted, and its passphrase is not known here. Set "
                "snowflake.private_key_file_pwd to ${VARIABLE}, ${file:PATH} or ${secret:NAME} (see config set-secret)."
            )
        arguments["private_key_file_pwd"] = passphrase = ask(f"Passphrase of {path}: ")
        remember_secret(passphrase)
        problem = _key_problem(path, passphrase)
    if problem == "locked":
        raise ConfigError(f"The passphrase does not open the key file {path}. Correct snowflake.private_key_file_pwd.")
    if problem == "open":
        # The driver treats an unneeded passphrase as an error.
        arguments.pop("private_key_file_pwd", None)
    elif problem:
        raise ConfigError(f"The key file {path} cannot be used to sign in ({problem}). Make one with: {_MAKE_KEY}")


_LEAST_RSA_BITS = 2048
# The key types that the driver can sign with.
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MAKE_KEY = "openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -out key.p8"


def _key_problem(path: Path, passphrase: str | None) -> str:
    """Nothing, ``locked`` (no or the wrong passphrase), ``open`` (it needs none), or what else is wrong."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = path.read_bytes()
    try:
        return _unfit(load_pem_private_key(content, passphrase.encode() if passphrase is not None else None))
    except TypeError:
        return "open" if passphrase is not None else "locked"
    except UnsupportedAlgorithm:
        return "its encryption is not known"
    except ValueError:
        if b"PUBLIC KEY" in content:
            return "it is the public half"
        return "locked" if b"ENCRYPTED" in content and passphrase is not None else "it is no private key in PEM form"


def _unfit(key: object) -> str:
    """Why Snowflake does not take this key, "" if it does."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return "" if key.key_size >= _LEAST_RSA_BITS else f"{key.key_size} bits, and {_LEAST_RSA_BITS} are the least"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "" if key.curve.name in _CURVES else f"its curve is {key.curve.name}, not one of {', '.join(_CURVES)}"
    return "it is neither RSA nor ECDSA"


def _token_file(section: SnowflakeSection, arguments: Mapping[str, Any]) -> str | None:
    return section.token_file_path or arguments.get("token_file_path")


def _read_token(arguments: dict[str, Any], section: SnowflakeSection) -> None:
    """Strip the line end, which the driver would treat as part of the token."""
    if path := _token_file(section, arguments):
        arguments["token"] = read_private_file(Path(path), "token")
    elif not arguments.get("token"):
        _need(arguments, section, "token_file_path")


def _password(arguments: dict[str, Any], section: SnowflakeSection, ask: Ask | None) -> None:
    if not arguments.get("password"):
        if ask is None:
            _need(arguments, section, "password")
        else:
            arguments["password"] = ask(f"Password of {arguments.get('user', 'the user')} at {section.target}: ")
            remember_secret(arguments["password"])


def _check_display(section: SnowflakeSection, environment: Mapping[str, str]) -> None:
    if sys.platform == "darwin" or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return
    raise ConfigError(
        f"Signing in to {section.target} with a browser needs a display, and this host has none. Use private_key_file, "
        "token_file_path or another authenticator."
    )
