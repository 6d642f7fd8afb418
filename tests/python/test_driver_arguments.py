"""What the driver is given is what it knows, in either of its major versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from signing_in import arguments, private
from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.warehouse.driver_arguments import for_driver


def test_each_major_gets_the_names_that_it_knows() -> None:
    ours = {
        "account": "acme",
        "private_key_file": "k",
        "private_key_file_pwd": "p",
        "client_request_mfa_token": True,
        "proxy_port": 3128,
        "no_proxy": ("a", "b"),
        "ca_file": "ca.pem",
        "network_timeout": 300,
        "backoff_policy": print,
    }
    in_4 = for_driver(ours, 4)
    assert in_4 == {
        "account": "acme",
        "private_key_file": "k",
        "private_key_file_pwd": "p",
        "client_request_mfa_token": True,
        "proxy_port": "3128",
        "no_proxy": "a,b",
        "network_timeout": 300,
        "backoff_policy": print,
    }
    in_5 = for_driver(ours, 5)
    assert {name: value for name, value in in_5.items() if not name.startswith("retry_backoff")} == {
        "account": "acme",
        "private_key_file": "k",
        "private_key_password": "p",
        "client_store_temporary_credential": True,
        "proxy_port": 3128,
        "no_proxy": "a,b",
        "custom_root_store_path": "ca.pem",
        "request_timeout": 300,
        "enable_server_session_keep_alive_auto_detection": True,
    }


def test_the_driver_that_is_installed_knows_every_name_that_we_send(tmp_path: Path) -> None:
    from snowflake.connector.connection import DEFAULT_CONFIGURATION

    special = {"port": 1, "proxy_port": 1, "protocol": "http", "no_proxy": ["h"], "authenticator": "OAUTH"}
    keys: dict[str, Any] = {
        field.alias or name: special.get(name, "x")
        for name, field in SnowflakeSection.model_fields.items()
        if name not in ("connection", "login_timeout", "network_timeout")
    }
    keys["workload_identity_provider"] = "AWS"
    ca = private(tmp_path / "ca", "-----BEGIN CERTIFICATE-----")
    token = private(tmp_path / "token", "token-text")
    given = arguments(**{**keys, "ca_file": str(ca), "token_file_path": str(token)})
    unknown = set(for_driver(given, 4)) - set(DEFAULT_CONFIGURATION)
    assert unknown == set()
