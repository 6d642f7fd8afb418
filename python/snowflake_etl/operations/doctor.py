"""Is everything there that a load needs (floor 5): sign-in, work schema, tables; and the script that makes it."""

from __future__ import annotations

from dataclasses import dataclass

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import ConfigError, EtlError
from snowflake_etl.operations import refusals
from snowflake_etl.operations.load_target import resolve_target
from snowflake_etl.sqltext import ObjectName, fold, object_name
from snowflake_etl.warehouse.catalog import count_rows
from snowflake_etl.warehouse.objects import WorkObjects, ensure_objects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import LOCAL_DATABASE, LOCAL_SCHEMA, Warehouse


@dataclass(frozen=True)
class Point:
    """One thing that was looked at."""

    subject: str
    ok: bool
    message: str


@dataclass(frozen=True)
class Examination:
    """Everything that was looked at, in order."""

    target: str
    points: tuple[Point, ...]

    @property
    def ok(self) -> bool:
        return all(point.ok for point in self.points)

    @property
    def message(self) -> str:
        failed = sum(not point.ok for point in self.points)
        return (
            f"{self.target}: everything is there."
            if self.ok
            else f"{self.target}: {failed} thing(s) to mend, see above."
        )


def examine(configuration: Configuration, warehouse: Warehouse) -> Examination:
    """Sign in and look at everything that the configuration names.  Raise ConnectError when signing in fails."""
    with warehouse.open("snowflake_etl doctor") as session:
        objects = WorkObjects.of(session.database, configuration.load)
        points = [_sign_in(session), _work_schema(session, configuration, objects)]
        points += [_table(session, configuration, index) for index in range(len(configuration.files))]
    return Examination(warehouse.target, tuple(points))


def _sign_in(session: Session) -> Point:
    user, role = session.query("SELECT CURRENT_USER(), CURRENT_ROLE()")[0]
    return Point("sign-in", True, f"user {user}, role {role}, database {session.database}, schema {session.schema}")


def _work_schema(session: Session, configuration: Configuration, objects: WorkObjects) -> Point:
    subject = f"work schema {objects.database}.{objects.schema}"
    try:
        with refusals.explaining(session, configuration):
            ensure_objects(session, objects)
    except EtlError as error:
        return Point(subject, False, str(error))
    return Point(subject, True, "stage, ledger, lock, lease and audit log are there")


def _table(session: Session, configuration: Configuration, index: int) -> Point:
    entry = configuration.files[index]
    try:
        with refusals.explaining(session, configuration, entry.table_name):
            target = resolve_target(session, entry, may_create=False)
            if not target.exists:
                return Point(f"table {target.name}", True, "the first load will make it")
            rows = count_rows(session, target.name)
    except EtlError as error:
        return Point(f"table {entry.table_name}", False, str(error))
    return Point(f"table {target.name}", True, f"{len(target.table.columns)} columns, {rows:,} rows")


def setup_sql(configuration: Configuration, role: str | None) -> str:
    """The script that a DBA runs once: our objects and the grants that ``role`` needs.  It may be run again.

    Raise ConfigError when the configuration does not say which database, schema or role is meant.
    """
    section = configuration.snowflake
    database = section.database or (LOCAL_DATABASE if section.is_local else None)
    schema = section.schema_ or (LOCAL_SCHEMA if section.is_local else None)
    loader = role or section.role
    if not (database and schema):
        raise ConfigError("The script needs names: set snowflake.database and snowflake.schema in the configuration.")
    if not loader:
        raise ConfigError("The script needs the role that loads: give --role ROLE or set snowflake.role.")
    objects = WorkObjects.of(fold(database), configuration.load)
    targets = [_target_name(entry.table_name, database, schema) for entry in configuration.files]
    warehouses = dict.fromkeys(fold(name) for name in (section.warehouse, configuration.load.warehouse) if name)
    statements = [
        *objects.create_statements(),
        *objects.grant_statements(fold(loader), targets, warehouses),
    ]
    return "\n".join(["-- Run by the owner of the database; running it again changes nothing.", *_ended(statements)])


def _target_name(text: str, database: str, schema: str) -> ObjectName:
    return object_name(text, fold(database), fold(schema))


def _ended(statements: list[str]) -> list[str]:
    return [f"{statement};" for statement in statements]
