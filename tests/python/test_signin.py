"""Signing in to accounts: key pairs, names in connections.toml; what is sent, and what a mistake is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts import Account
from desk import Desk
from no_secrets import planted_in
from snowflake_etl.warehouse.local.folder import LocalEndpoint


def configure(desk: Desk, snowflake: dict[str, Any]) -> Path:
    document = json.loads(desk.config.read_text())
    document["snowflake"] = snowflake
    path = desk.folder / "account.json"
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return path


def test_a_key_pair_signs_a_token_for_account_and_user(desk: Desk, account: Account) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file = desk.folder / "key.p8"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open-sesame"),
        )
    )
    key_file.chmod(0o600)
    config = configure(
        desk,
        {
            "account": "acme",
            "user": "etl_user",
            "private_key_file": str(key_file),
            "private_key_file_pwd": "${KEY_PASSPHRASE}",
            "host": "127.0.0.1",
            "port": account.port,
            "protocol": "http",
            "login_timeout": 3,
        },
    )
    desk.month("2024-01-01", "2024-01-31")
    process = desk.process("load", "--config", str(config), "--month", "2024-01", KEY_PASSPHRASE="open-sesame")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, (out, err)
    assert "Cannot sign in to acme" in out
    sent = account.logins[0]
    assert sent["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    assert "PASSWORD" not in sent
    public = key.public_key()
    claims = jwt.decode(sent["TOKEN"], public, algorithms=["RS256"])
    assert claims["sub"] == "ACME.ETL_USER"
    everything = out + err + (desk.state / "snowflake_etl.log").read_text()
    assert "open-sesame" not in everything
    assert sent["TOKEN"] not in everything


def test_a_missing_key_file_is_named(desk: Desk) -> None:
    config = configure(desk, {"account": "acme", "user": "u", "private_key_file": "/nowhere/key.p8"})
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.run("load", "--config", str(config), "--month", "2024-01")
    assert answer.code == 3
    assert "/nowhere/key.p8" in answer.out


def test_an_account_needs_a_user(desk: Desk) -> None:
    config = configure(desk, {"account": "acme", "password": "hush-hush"})
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.run("load", "--config", str(config), "--month", "2024-01")
    assert answer.code == 3
    assert "snowflake.user" in answer.out


def toml(desk: Desk, endpoint: LocalEndpoint, mode: int = 0o600) -> Path:
    """A folder with a connections.toml whose connection ``pond`` is the embedded warehouse."""
    home = desk.folder / "snowflake-home"
    home.mkdir()
    path = home / "connections.toml"
    path.write_text(
        f'[pond]\naccount = "local"\nuser = "{endpoint.user}"\npassword = "{endpoint.secret}"\n'
        f'host = "{endpoint.host}"\nport = {endpoint.port}\nprotocol = "http"\n'
        f'database = "{desk.database}"\nschema = "PUBLIC"\n'
    )
    planted_in(path).chmod(mode)
    return home


def test_a_connection_by_name_comes_from_connections_toml(desk: Desk, endpoint: LocalEndpoint) -> None:
    home = toml(desk, endpoint)
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    config = configure(desk, {"connection": "pond"})
    process = desk.process("doctor", "--config", str(config), SNOWFLAKE_HOME=str(home))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert "pond: everything is there." in out
    assert endpoint.secret not in out + err
    target = desk.run("config", "target", "--config", str(config))
    assert target.out == "pond\n"


def test_by_name_nothing_is_created_unasked(desk: Desk, endpoint: LocalEndpoint) -> None:
    home = toml(desk, endpoint)
    desk.month("2024-01-01", "2024-01-31")
    config = configure(desk, {"connection": "pond"})
    words = ("load", "--config", str(config), "--month", "2024-01")
    process = desk.process(*words, SNOWFLAKE_HOME=str(home))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, (out, err)
    assert "doctor --setup-sql" in out
    statements = desk.run("doctor", "--config", str(config), "--setup-sql", "--role", "R")
    assert statements.code == 3
    assert "snowflake.database" in statements.err


def test_a_connection_that_does_not_exist_is_named(desk: Desk, endpoint: LocalEndpoint) -> None:
    home = toml(desk, endpoint)
    desk.month("2024-01-01", "2024-01-31")
    config = configure(desk, {"connection": "lake"})
    process = desk.process("load", "--config", str(config), "--month", "2024-01", SNOWFLAKE_HOME=str(home))
    out, err = process.communicate(timeout=60)
    assert process.returncode in (3, 4), (out, err)
    assert "lake" in out
    assert "Traceback" not in err
