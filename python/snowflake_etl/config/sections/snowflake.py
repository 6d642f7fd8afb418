"""``snowflake``: where the tables are, how to sign in, and the way there (floor 2)."""

from __future__ import annotations

import difflib
import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from snowflake_etl.config.secret import Secret
from snowflake_etl.config.sections.base import Section, Text, one_name

KEY_PAIR = "SNOWFLAKE_JWT"
ACCESS_TOKEN = "PROGRAMMATIC_ACCESS_TOKEN"  # noqa: S105 - the name of a way to sign in
CLIENT_CREDENTIALS = "OAUTH_CLIENT_CREDENTIALS"
WORKLOAD_IDENTITY = "WORKLOAD_IDENTITY"
PASSWORD = "SNOWFLAKE"  # noqa: S105 - the name of a way to sign in
PASSWORD_AND_MFA = "USERNAME_PASSWORD_MFA"  # noqa: S105 - the name of a way to sign in
BROWSER = "EXTERNALBROWSER"
OAUTH_TOKEN = "OAUTH"  # noqa: S105 - the name of a way to sign in
AUTHENTICATORS = (
    KEY_PAIR,
    ACCESS_TOKEN,
    CLIENT_CREDENTIALS,
    WORKLOAD_IDENTITY,
    OAUTH_TOKEN,
    PASSWORD_AND_MFA,
    PASSWORD,
    BROWSER,
    "OAUTH_AUTHORIZATION_CODE",
)
_DOMAIN = ".snowflakecomputing.com"
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# The key that implies a way to sign in if no authenticator is named.
_DECIDING_KEYS = {
    "workload_identity_provider": WORKLOAD_IDENTITY,
    "private_key_file": KEY_PAIR,
    "oauth_client_id": CLIENT_CREDENTIALS,
    "token_file_path": ACCESS_TOKEN,
    "password": PASSWORD,
}


class SnowflakeSection(Section):
    """``snowflake``: where the tables are and how to sign in."""

    connection: Text | None = Field(
        None,
        description="`local`, the embedded warehouse, or a name in Snowflake's own `connections.toml`. The embedded "
        "one is also used if neither `connection` nor `account` stands.",
        examples=["my-account"],
    )
    account: Text | None = Field(
        None,
        description="The account as ORGANIZATION-ACCOUNT, without `.snowflakecomputing.com`; instead of `connection`.",
        examples=["ACME-PROD"],
    )
    user: Text | None = Field(None, description="Who signs in.", examples=["ETL_USER"])
    authenticator: Text | None = Field(
        None,
        description="The way to [sign in](configuration.md#signing-in). Without it, the keys that are given decide.",
        examples=["SNOWFLAKE_JWT"],
    )
    private_key_file: Text | None = Field(
        None, description="Private key (PEM) of a key pair, mode 0600.", examples=["~/.snowflake/etl.p8"]
    )
    private_key_file_pwd: Secret | None = Field(
        None,
        description="Passphrase of an encrypted key. Without it, you are asked on the terminal.",
        examples=["${secret:etl-key}"],
    )
    token_file_path: Text | None = Field(
        None,
        description="File with a programmatic access token, or the token of OAuth or workload identity; mode 0600.",
        examples=["~/.snowflake/token"],
    )
    oauth_client_id: Text | None = Field(
        None, description="OAuth client credentials: the client.", examples=["etl-client"]
    )
    oauth_client_secret: Secret | None = Field(
        None, description="OAuth client credentials: its secret.", examples=["${secret:oauth}"]
    )
    oauth_token_request_url: Text | None = Field(
        None,
        description="Address where another identity provider issues tokens.",
        examples=["https://id.example.com/token"],
    )
    oauth_scope: Text | None = Field(None, description="The scope to ask for.", examples=["session:role:ETL_LOADER"])
    workload_identity_provider: Literal["AWS", "AZURE", "GCP", "OIDC"] | None = Field(
        None, description="Workload identity: who vouches for this host.", examples=["AWS"]
    )
    workload_identity_entra_resource: Text | None = Field(
        None, description="For AZURE: the resource to ask a token for.", examples=["api://1234"]
    )
    password: Secret | None = Field(
        None,
        description="Works, with a warning: Snowflake is phasing out password-only sign-in.",
        examples=["${file:/run/secrets/etl}"],
    )
    role: Text | None = Field(
        None, description="Role of the sessions; without it the user's default.", examples=["ETL_LOADER"]
    )
    warehouse: Text | None = Field(
        None, description="Warehouse of the sessions; without it the user's default.", examples=["ETL_WH"]
    )
    database: Text | None = Field(
        None, description="Database of the sessions, and of table names without one.", examples=["SALES"]
    )
    schema_: Text | None = Field(
        None, alias="schema", description="Schema of the sessions, and of table names without one.", examples=["PUBLIC"]
    )
    host: Text | None = Field(
        None,
        description="Only for PrivateLink hosts or gateways.",
        examples=["acme.eu-west-1.privatelink.snowflakecomputing.com"],
    )
    port: int | None = Field(None, ge=1, le=65535, description="Only for gateways.", examples=[8443])
    protocol: Literal["http", "https"] | None = Field(None, description="Only for gateways.", examples=["http"])
    proxy_host: Text | None = Field(
        None,
        description="A proxy to go through; without it, HTTPS_PROXY and NO_PROXY are used. The embedded warehouse is "
        "never reached through a proxy.",
        examples=["proxy.example.com"],
    )
    proxy_port: int | None = Field(
        None, ge=1, le=65535, description="Port of the proxy; goes with `proxy_host`.", examples=[3128]
    )
    proxy_user: Text | None = Field(None, description="Who signs in to the proxy.", examples=["jump01"])
    proxy_password: Secret | None = Field(None, description="Password for the proxy.", examples=["${secret:proxy}"])
    no_proxy: tuple[Text, ...] = Field(
        (), description="Hosts that are reached without the proxy.", examples=[[".internal.example.com"]]
    )
    ca_file: Text | None = Field(
        None,
        description="PEM file of a certificate authority of your own, trusted beside the usual ones.",
        examples=["/etc/ssl/acme.pem"],
    )
    login_timeout: int = Field(60, ge=1, description="Seconds that signing in may take.", examples=[120])
    network_timeout: int = Field(
        300, ge=1, description="Seconds that a request may take with its retries.", examples=[600]
    )

    @field_validator("no_proxy", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("database", "schema_")
    @classmethod
    def _one_name(cls, value: str | None) -> str | None:
        return one_name(value)

    @field_validator("host", "proxy_host")
    @classmethod
    def _name_alone(cls, value: str | None) -> str | None:
        # An address may contain a password, so it is not repeated.
        if value is not None and (re.search(r"[/@\s]", value) or re.fullmatch(r"[^:]*:\d+", value)):
            raise ValueError("this takes the name of a host alone, without http://, user and port")
        return value

    @field_validator("authenticator")
    @classmethod
    def _known_authenticator(cls, value: str | None) -> str | None:
        if value is None or value.lower().startswith("https://"):
            return value
        if value.upper() in AUTHENTICATORS:
            return value.upper()
        nearest = difflib.get_close_matches(value.upper(), AUTHENTICATORS, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(AUTHENTICATORS)}, https://..."
        raise ValueError(f"there is no authenticator '{value}', {hint}")

    @model_validator(mode="after")
    def _one_way_in(self) -> SnowflakeSection:
        if self.connection and self.account:
            raise ValueError("give either 'connection' (a name in connections.toml) or 'account', not both")
        if self.connection == "local":
            return self
        given = [key for key in _DECIDING_KEYS if getattr(self, key)]
        if self.workload_identity_provider and self.token_file_path:
            given.remove("token_file_path")
        if len(given) > 1 and not self.authenticator:
            raise ValueError(
                f"{' and '.join(map(repr, given))} are several ways to sign in; leave one, or name the 'authenticator'"
            )
        if bool(self.proxy_host) != bool(self.proxy_port):
            raise ValueError("'proxy_host' and 'proxy_port' go together")
        if (self.proxy_user or self.proxy_password) and not self.proxy_host:
            raise ValueError("'proxy_user' and 'proxy_password' go with 'proxy_host'")
        if self.account and (problem := account_problem(self.account)):
            raise ValueError(f"'account' {problem}")
        return self

    @property
    def is_local(self) -> bool:
        """True when the embedded warehouse is meant."""
        return self.connection == "local" or not (self.connection or self.account)

    @property
    def target(self) -> str:
        """The target's name in the menu's header line."""
        return "local" if self.is_local else (self.connection or self.account or "")

    @property
    def way_in(self) -> str | None:
        """The authenticator, named or implied by a key; None if neither."""
        return self.authenticator or next((way for key, way in _DECIDING_KEYS.items() if getattr(self, key)), None)


def account_problem(account: str) -> str:
    """Why this is not an account identifier, and what one is; "" if it may be one."""
    if _ACCOUNT.fullmatch(account) and not account.lower().endswith(_DOMAIN):
        return ""
    identifier = account_identifier(account)
    such = identifier if _ACCOUNT.fullmatch(identifier) else "ORGANIZATION-ACCOUNT"
    return (
        f"takes the identifier alone ({such}), not '{account}'. Snowsight shows it under Account, "
        "View account details; in SQL it is CURRENT_ORGANIZATION_NAME() || '-' || CURRENT_ACCOUNT_NAME()"
    )


def account_identifier(address: str) -> str:
    """The identifier in an address: from its host, or organization and account after that of Snowsight."""
    host, *folders = address.split("://")[-1].split("/")
    if host.lower() == "app.snowflake.com" and len(folders) > 1:
        return "-".join(folders[:2])
    if "://" not in address and "." not in host:
        return "-".join(filter(None, (host, *folders)))
    return host[: -len(_DOMAIN)] if host.lower().endswith(_DOMAIN) else host
