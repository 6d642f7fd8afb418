"""What reading a table needs (floor 5): missing grants are reported as for a reader, not for a loader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError, WarehouseError
from snowflake_etl.operations import refusals
from snowflake_etl.sqltext import ObjectName, fold, object_name, quote
from snowflake_etl.warehouse import denials
from snowflake_etl.warehouse.session import Session


@contextmanager
def reading(session: Session, configuration: Configuration, table_name: str) -> Iterator[None]:
    """Turn the warehouse's errors into those of ``refused_to_read``."""
    try:
        yield
    except WarehouseError as error:
        name = object_name(table_name, session.database, session.schema)
        raise refused_to_read(error, session, configuration, name) from error


def refused_to_read(
    error: WarehouseError, session: Session, configuration: Configuration, name: ObjectName
) -> EtlError:
    """The error as a sentence that names the grant, if a grant is missing; else as loads report it."""
    denial = denials.denial_of(str(error))
    if denial is None or type(error) is not WarehouseError:
        return refusals.explained(error, session, refusals.surroundings(session, configuration, name.sql))
    role = denial.role or refusals.role_of(session)
    work_schema = fold(configuration.load.work_schema)
    sentence = denials.denial_in_words(denial, role, grants_to_read(name, role), work_schema)
    return WarehouseError(sentence, code=error.code, sqlstate=error.sqlstate, query_id=error.query_id)


def not_there(session: Session, name: ObjectName, where: str = "the configuration") -> str:
    """The sentence for a missing or hidden table; Snowflake does not distinguish the two."""
    role = refusals.role_of(session)
    return (
        f"There is no table {name}, or role {role} may not see it. Correct table_name in {where}, or have its owner "
        f"run: {'; '.join(grants_to_read(name, role))};"
    )


def grants_to_read(name: ObjectName, role: str) -> list[str]:
    """The grants that a role needs to read a table, from the outside in."""
    to_role = f"TO ROLE {quote(role)}"
    return [
        f"GRANT USAGE ON DATABASE {quote(name.database)} {to_role}",
        f"GRANT USAGE ON SCHEMA {quote(name.database)}.{quote(name.schema)} {to_role}",
        f"GRANT SELECT ON TABLE {name.sql} {to_role}",
    ]
