"""Ways to sign in, for their tests: private files, keys of the section ``snowflake``, a sign-in that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts import Account
from no_secrets import planted_in
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import ConfigError, ConnectError
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.ways_in import account_arguments

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PASSPHRASE = "open-sesame"


def private(path: Path, content: bytes | str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return planted_in(path)


def key_file(folder: Path, passphrase: str = "") -> Path:
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    return private(folder / "key.p8", pem)


def section(**keys: Any) -> SnowflakeSection:
    return SnowflakeSection.model_validate({"account": "acme", "user": "etl_user", **keys})


def arguments(*, ask: Any = None, env: dict[str, str] | None = None, **keys: Any) -> dict[str, Any]:
    return account_arguments(section(**keys), ask, env or {})


def told(*, env: dict[str, str] | None = None, **keys: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        arguments(env=env, **keys)
    return str(caught.value)


def sent_to(account: Account, folder: Path, **keys: Any) -> tuple[dict[str, Any], str]:
    """Sign in at the stand-in, which refuses: what it got, and what we say."""
    where = {"host": "127.0.0.1", "port": account.port, "protocol": "http", "login_timeout": 5, **keys}
    with pytest.raises(ConnectError) as caught:
        Warehouse(section(**where), LoadSection(), folder).open("test")
    return account.logins[-1], str(caught.value)
