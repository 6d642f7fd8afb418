"""``snowflake``: where the tables are and how to sign in (floor 2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from snowflake_etl.config.sections.base import Section, Text


class SnowflakeSection(Section):
    """``snowflake``: where the tables are and how to sign in.

    ``connection`` is ``local`` (the embedded warehouse, also when neither it nor ``account`` is given) or
    a name in Snowflake's own ``connections.toml``.
    """

    connection: Text | None = None
    account: Text | None = None
    user: Text | None = None
    password: SecretStr | None = None
    private_key_file: Text | None = None
    private_key_file_pwd: SecretStr | None = None
    authenticator: Text | None = None
    token_file_path: Text | None = None
    role: Text | None = None
    warehouse: Text | None = None
    database: Text | None = None
    schema_: Text | None = Field(None, alias="schema")
    host: Text | None = None
    port: int | None = Field(None, ge=1, le=65535)
    protocol: Literal["http", "https"] | None = None
    login_timeout: int = Field(60, ge=1)
    network_timeout: int = Field(300, ge=1)

    @model_validator(mode="after")
    def _one_way_in(self) -> SnowflakeSection:
        if self.connection and self.account:
            raise ValueError("give either 'connection' (a name in connections.toml) or 'account', not both")
        return self

    @property
    def is_local(self) -> bool:
        """True when the embedded warehouse is meant."""
        return self.connection == "local" or not (self.connection or self.account)

    @property
    def target(self) -> str:
        """What the head line of the menu calls this target."""
        return "local" if self.is_local else (self.connection or self.account or "")
