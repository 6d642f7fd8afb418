"""The warehouse's refusals in the operator's terms (floor 5): what is missing, for which role, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError, WarehouseError
from snowflake_etl.sqltext import ObjectName, fold, object_name
from snowflake_etl.warehouse import denials, locks
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session


@dataclass(frozen=True)
class Surroundings:
    """What a statement may have been about: our objects, the ``targets``, the requested ``warehouse``."""

    objects: WorkObjects
    targets: tuple[ObjectName, ...]
    warehouse: str | None


def surroundings(session: Session, configuration: Configuration, *table_names: str) -> Surroundings:
    """Those of a session; ``table_names`` as written in the configuration."""
    wanted = configuration.load.warehouse or configuration.snowflake.warehouse
    return Surroundings(
        WorkObjects.of(session.database, configuration.load),
        tuple(object_name(name, session.database, session.schema) for name in table_names),
        fold(wanted) if wanted else None,
    )


@contextmanager
def explaining(session: Session, configuration: Configuration, *table_names: str) -> Iterator[None]:
    """Give errors of the warehouse a helpful message, if there is one."""
    try:
        yield
    except WarehouseError as error:
        raise explained(error, session, surroundings(session, configuration, *table_names)) from error


def explained(error: EtlError, session: Session, around: Surroundings) -> EtlError:
    """Return the same error with a helpful message, or ``error`` itself if there is none.
    Asks the warehouse who we are and who holds the lock; what it does not answer is left out.
    """
    if type(error) is not WarehouseError:
        return error
    sentence = _sentence(error, session, around)
    if sentence is None:
        return error
    return WarehouseError(sentence, code=error.code, sqlstate=error.sqlstate, query_id=error.query_id)


def _sentence(error: WarehouseError, session: Session, around: Surroundings) -> str | None:
    if error.is_conflict:
        objects = around.objects
        ours = {str(name) for name in (*around.targets, objects.lock, objects.ledger, objects.lease)}
        holder = locks.ask_for_holder(session, str(error), ours)
        return locks.lock_in_words(holder, datetime.now(UTC)) if holder else None
    denial = denials.denial_of(str(error))
    if denial is None:
        return denials.trouble_in_words(error, role_of(session), around.warehouse)
    role = denial.role or role_of(session)
    grants = around.objects.grant_statements(role, around.targets, [around.warehouse] if around.warehouse else [])
    return denials.denial_in_words(denial, role, grants, around.objects.schema)


def role_of(session: Session) -> str:
    """The session's role by its stored name, or a substitute if it is unknown."""
    try:
        return str(session.query("SELECT CURRENT_ROLE()")[0][0] or "PUBLIC")
    except EtlError:
        return "<your role>"
