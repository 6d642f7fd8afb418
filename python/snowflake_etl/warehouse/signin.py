"""From a configuration to a session (floor 3): which arguments the driver gets for which way of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import ConfigError
from snowflake_etl.sqltext import fold
from snowflake_etl.warehouse.session import Session, connect

LOCAL_DATABASE = "DEMO"
LOCAL_SCHEMA = "PUBLIC"
_LOCAL_NETWORK_SECONDS = 5

_PASSED_ON = ("account", "user", "authenticator", "token_file_path", "role", "warehouse", "host", "port", "protocol")


@dataclass(frozen=True)
class Warehouse:
    """A target that sessions can be opened to, as often as wanted and from any thread."""

    section: SnowflakeSection
    load: LoadSection
    state_directory: Path

    @property
    def target(self) -> str:
        return self.section.target

    @property
    def place(self) -> str:
        """Account (or connection), database and work schema in one text: where a run's things are, for its record."""
        database = self.section.database or (LOCAL_DATABASE if self.section.is_local else None)
        return f"{self.target}/{fold(database) if database else '(its own)'}.{fold(self.load.work_schema)}"

    def open(self, query_tag: str, warehouse: str | None = None) -> Session:
        """Sign in; ``query_tag`` makes the session's queries findable.  Raise ConnectError or ConfigError.

        ``warehouse`` is used instead of ``snowflake.warehouse``, in this session only.
        """
        parameters = {
            "QUERY_TAG": query_tag,
            "LOCK_TIMEOUT": self.load.lock_timeout,
            "STATEMENT_TIMEOUT_IN_SECONDS": self.load.statement_timeout,
        }
        return connect(
            lambda: self._arguments(warehouse),
            target=self.target,
            manages_own_objects=self.section.is_local,
            parameters=parameters,
            retry_seconds=self.section.network_timeout,
            statement_seconds=self.load.statement_timeout,
        )

    def _arguments(self, warehouse: str | None) -> dict[str, object]:
        return {
            "login_timeout": self.section.login_timeout,
            "network_timeout": self.section.network_timeout,
            **(self._local_arguments() if self.section.is_local else self._account_arguments()),
            **({"warehouse": warehouse} if warehouse else {}),
        }

    def _local_arguments(self) -> dict[str, object]:
        from snowflake_etl.warehouse.local.lifecycle import ensure_running

        endpoint = ensure_running(self.state_directory)
        return {
            "account": "local",
            # Nobody but us starts it again, on another port, when a connection is refused: do not wait for long.
            "network_timeout": min(self.section.network_timeout, _LOCAL_NETWORK_SECONDS),
            "host": endpoint.host,
            "port": endpoint.port,
            "protocol": "http",
            "user": endpoint.user,
            "password": endpoint.secret,
            "database": self.section.database or LOCAL_DATABASE,
            "schema": self.section.schema_ or LOCAL_SCHEMA,
        }

    def _account_arguments(self) -> dict[str, object]:
        section = self.section
        arguments: dict[str, object] = {
            name: getattr(section, name) for name in _PASSED_ON if getattr(section, name) is not None
        }
        if section.database:
            arguments["database"] = section.database
        if section.schema_:
            arguments["schema"] = section.schema_
        if section.connection:
            arguments["connection_name"] = section.connection
            return arguments
        if section.private_key_file:
            key_file = Path(section.private_key_file).expanduser()
            if not key_file.is_file():
                raise ConfigError(f"There is no key file {key_file} (snowflake.private_key_file). Correct the path.")
            arguments["private_key_file"] = str(key_file)
            arguments.setdefault("authenticator", "SNOWFLAKE_JWT")
            if section.private_key_file_pwd:
                arguments["private_key_file_pwd"] = section.private_key_file_pwd.get_secret_value()
        elif section.password:
            arguments["password"] = section.password.get_secret_value()
        if not section.user:
            raise ConfigError("The configuration names an account but no user. Add snowflake.user.")
        return arguments
