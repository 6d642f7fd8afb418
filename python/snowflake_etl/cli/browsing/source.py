"""The browser's data source (floor 6): the configuration, previews, the ledger.  Slow; used in threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ConnectError
from snowflake_etl.operations.browsing.owners import Owners
from snowflake_etl.operations.browsing.preview import Preview, preview

if TYPE_CHECKING:
    from snowflake_etl.operations.browsing.known import Known


@dataclass
class Source:
    """``base_path`` is the folder given by a flag; None means the configuration's."""

    context: Context
    base_path: Path | None
    owners: Owners = field(default_factory=Owners)
    warning: str = ""
    target: str = "the warehouse"

    @property
    def name(self) -> str:
        """The configuration's name on the screen."""
        return self.context.configuration_path.name

    def read(self) -> Path | None:
        """Read the configuration; return its folder of files.  Raise ConfigError."""
        loaded = self.context.configuration
        self.owners = Owners(loaded.configuration.files)
        self.warning = loaded.warnings[0] if loaded.warnings else ""
        self.target = loaded.configuration.snowflake.target
        return loaded.base_path

    def preview(self, path: Path, known: Known | None, rows: int) -> tuple[Preview, str]:
        """The first rows of a file, and what the ledger knows about its content, if it was asked."""
        owner = self.owners.of(path.name)
        return preview(path, owner.entry if owner else None, rows), known.proof(path) if known else ""

    def ask_ledger(self) -> Known:
        """Ask the ledger once.  Raise EtlError; no passphrase is asked for, since the screen is in use."""
        from snowflake_etl.operations.browsing.known import ask_ledger
        from snowflake_etl.warehouse.signin import Warehouse

        configuration = self.context.configuration.configuration
        warehouse = Warehouse(configuration.snowflake, configuration.load, self.context.state_directory)
        try:
            return ask_ledger(configuration, warehouse)
        except OSError as error:
            raise ConnectError(f"{self.target} cannot be reached: {error}. Run doctor.") from error
