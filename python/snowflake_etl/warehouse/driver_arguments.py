"""The driver's names for connection arguments (floor 3): we use those of 4.x, 5.x has different ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES_IN_5 = {
    "private_key_file_pwd": "private_key_password",
    "client_request_mfa_token": "client_store_temporary_credential",
    "ca_file": "custom_root_store_path",
    "network_timeout": "request_timeout",
}
# 5.x decides itself when to resend a request, within these bounds.
_PAUSES_IN_5 = {"retry_backoff_base_ms": 500, "retry_backoff_cap_ms": 16_000}


def for_driver(arguments: Mapping[str, Any], major: int) -> dict[str, Any]:
    """The arguments as named by the driver's major version; ``ca_file`` is set elsewhere for 4.x."""
    if major < 5:
        given = {name: value for name, value in arguments.items() if name != "ca_file"}
        if "proxy_port" in given:
            given["proxy_port"] = str(given["proxy_port"])
        return _with_joined_hosts(given)
    given = {_NAMES_IN_5.get(name, name): value for name, value in arguments.items() if name != "backoff_policy"}
    # Before closing, the driver checks whether a COPY is still running, as ABORT_DETACHED_QUERY=FALSE intends.
    return _with_joined_hosts({**_PAUSES_IN_5, "enable_server_session_keep_alive_auto_detection": True, **given})


def _with_joined_hosts(given: dict[str, Any]) -> dict[str, Any]:
    if isinstance(given.get("no_proxy"), tuple | list):
        given["no_proxy"] = ",".join(given["no_proxy"])
    return given
