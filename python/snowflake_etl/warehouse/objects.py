"""Our objects in the work schema (floor 3): the stage, the ledger, the lock, the lease, the audit log.

The same statements create them automatically on the embedded warehouse, and once on Snowflake, where a DBA
runs what ``doctor --setup-sql`` prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snowflake_etl.config.model import LoadSection
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName, fold, quote
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath, UserStage, folder_name


@dataclass(frozen=True)
class WorkObjects:
    """Where our objects are: ``database`` and the work schema, as stored names.

    With ``user_stage`` the parts go to the user's own stage and no named one is needed.
    """

    database: str
    schema: str
    user_stage: bool = False

    @classmethod
    def of(cls, database: str, load: LoadSection) -> WorkObjects:
        """The objects for a configuration; ``database`` is the session's, a stored name."""
        return cls(database, fold(load.work_schema), load.stage == "user")

    def name(self, name: str) -> ObjectName:
        return ObjectName(self.database, self.schema, name)

    @property
    def stage(self) -> ObjectName:
        return self.name("ETL_STAGE")

    @property
    def stage_root(self) -> StagePath:
        """The folder for what is staged under this work schema's leases, and nothing else."""
        if not self.user_stage:
            return StagePath(self.stage, "")
        return StagePath(UserStage(), "snowflake_etl/").below(folder_name(f"{self.database}.{self.schema}"))

    @property
    def ledger(self) -> ObjectName:
        return self.name("ETL_LOAD_LEDGER")

    @property
    def lock(self) -> ObjectName:
        return self.name("ETL_LOAD_LOCK")

    @property
    def lease(self) -> ObjectName:
        return self.name("ETL_LOAD_LEASE")

    @property
    def audit_log(self) -> ObjectName:
        return self.name("ETL_AUDIT_LOG")

    def create_statements(self) -> list[str]:
        """Idempotent statements that create the schema, the stage (unless it is the user's) and the four tables."""
        return [
            f"CREATE SCHEMA IF NOT EXISTS {quote(self.database)}.{quote(self.schema)}",
            *([] if self.user_stage else [f"CREATE STAGE IF NOT EXISTS {self.stage.sql}"]),
            *(
                f"CREATE TABLE IF NOT EXISTS {self.name(table).sql} (\n  {_columns(columns)}\n)"
                for table, columns in _TABLES.items()
            ),
        ]

    def grant_statements(self, role: str, targets: Iterable[ObjectName], warehouses: Iterable[str]) -> list[str]:
        """The grants that ``role`` needs to load into ``targets``, and nothing beyond."""
        to_role = f"TO ROLE {quote(role)}"
        schema = f"{quote(self.database)}.{quote(self.schema)}"
        targets = sorted(set(targets))
        databases = sorted({self.database, *(target.database for target in targets)})
        schemas = sorted({(target.database, target.schema) for target in targets} - {(self.database, self.schema)})
        return [
            *(f"GRANT USAGE ON WAREHOUSE {quote(warehouse)} {to_role}" for warehouse in warehouses),
            *(f"GRANT USAGE ON DATABASE {quote(database)} {to_role}" for database in databases),
            f"GRANT USAGE, CREATE TABLE ON SCHEMA {schema} {to_role}",
            *([] if self.user_stage else [f"GRANT READ, WRITE ON STAGE {self.stage.sql} {to_role}"]),
            *(f"GRANT {rights} ON TABLE {self.name(table).sql} {to_role}" for table, rights in PRIVILEGES.items()),
            *(f"GRANT USAGE ON SCHEMA {quote(database)}.{quote(name)} {to_role}" for database, name in schemas),
            *(f"GRANT SELECT, INSERT, DELETE ON TABLE {target.sql} {to_role}" for target in targets),
        ]


_TABLES: dict[str, dict[str, str]] = {
    "ETL_LOAD_LEDGER": {
        "PUBLISH_ID": "VARCHAR(64) NOT NULL",
        "RUN_ID": "VARCHAR(64) NOT NULL",
        "TABLE_NAME": "VARCHAR(800) NOT NULL",
        "MONTH": "VARCHAR(7)",
        "FIRST_DAY": "DATE",
        "LAST_DAY": "DATE",
        "FILE_NAME": "VARCHAR(1024) NOT NULL",
        "FILE_BYTES": "NUMBER(38,0) NOT NULL",
        "FINGERPRINT": "VARCHAR(32) NOT NULL",
        "CONTENT_HASH": "VARCHAR(32) NOT NULL",
        "ROW_COUNT": "NUMBER(38,0) NOT NULL",
        "MODE": "VARCHAR(16) NOT NULL",
        "LOADED_BY": "VARCHAR(255) NOT NULL",
        "HOST": "VARCHAR(255) NOT NULL",
        "STARTED_AT": "TIMESTAMP_NTZ NOT NULL",
        "PUBLISHED_AT": "TIMESTAMP_NTZ NOT NULL",
        "COPY_QUERY_ID": "VARCHAR(64) NOT NULL",
        "STATE": "VARCHAR(16) NOT NULL",
        "STATE_CHANGED_AT": "TIMESTAMP_NTZ NOT NULL",
    },
    "ETL_LOAD_LOCK": {
        "TABLE_NAME": "VARCHAR(800) NOT NULL",
        "HOLDER": "VARCHAR(64) NOT NULL",
        "UPDATED_AT": "TIMESTAMP_NTZ NOT NULL",
    },
    "ETL_LOAD_LEASE": {
        "TABLE_NAME": "VARCHAR(800) NOT NULL",
        "FINGERPRINT": "VARCHAR(32) NOT NULL",
        "RUN_ID": "VARCHAR(64) NOT NULL",
        "HOST": "VARCHAR(255) NOT NULL",
        "TAKEN_BY": "VARCHAR(255) NOT NULL",
        "EXPIRES_AT": "TIMESTAMP_NTZ NOT NULL",
        "WORK_TABLE": "VARCHAR(800) NOT NULL",
        "COPY_HASH": "VARCHAR(32) NOT NULL",
        "COPY_QUERY_ID": "VARCHAR(64) NOT NULL",
    },
    "ETL_AUDIT_LOG": {
        "AT": "TIMESTAMP_NTZ NOT NULL",
        "RUN_ID": "VARCHAR(64) NOT NULL",
        "EVENT": "VARCHAR(32) NOT NULL",
        "TABLE_NAME": "VARCHAR(800)",
        "MONTH": "VARCHAR(7)",
        "DETAIL": "VARCHAR",
    },
}

# The ledger and the audit log are never deleted from; only leases end.
PRIVILEGES = {
    "ETL_LOAD_LEDGER": "SELECT, INSERT, UPDATE",
    "ETL_LOAD_LOCK": "SELECT, INSERT, UPDATE",
    "ETL_LOAD_LEASE": "SELECT, INSERT, UPDATE, DELETE",
    "ETL_AUDIT_LOG": "SELECT, INSERT",
}


def _columns(columns: dict[str, str]) -> str:
    return ",\n  ".join(f"{quote(name)} {kind}" for name, kind in columns.items())


def ensure_objects(session: Session, objects: WorkObjects) -> None:
    """Create our objects if we may, else check that they exist.  Raise WarehouseError when they do not."""
    present = session.query(
        f"SELECT TABLE_NAME FROM {quote(objects.database)}.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ?",
        [objects.schema],
    )
    # The stage is created before the tables, so if they exist, so does the stage.
    missing = sorted(_TABLES.keys() - {name for (name,) in present})
    if not missing:
        return
    if not session.manages_own_objects:
        raise WarehouseError(
            f"The work schema {objects.database}.{objects.schema} is not set up, or your role may not see "
            f"{', '.join(missing)}. Ask a DBA to run what 'doctor --setup-sql' prints."
        )
    for statement in objects.create_statements():
        session.ensure(statement)
