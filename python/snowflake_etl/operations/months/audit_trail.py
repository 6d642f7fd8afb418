"""The audit entries of a run that changes a table (floor 5): in the state folder and in the warehouse."""

from __future__ import annotations

import getpass
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError, Refused, Stopped
from snowflake_etl.history import audit_file
from snowflake_etl.history.database import new_id
from snowflake_etl.operations import refusals
from snowflake_etl.operations.check_history import subject_of
from snowflake_etl.sqltext import ObjectName, object_name
from snowflake_etl.warehouse import audit
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)


class Audited(Protocol):
    """A result whose status and facts are kept in the audit log."""

    @property
    def status(self) -> str: ...

    @property
    def audited(self) -> Mapping[str, object]: ...


Result = TypeVar("Result", bound=Audited)


class Trail:
    """The audit entries of one run on one month: who, where, with which configuration, what, and the outcome."""

    def __init__(self, warehouse: Warehouse, run_id: str, verb: str, table: str, month: str, config: str) -> None:
        self._state = warehouse.state_directory
        self._run_id = run_id
        self._month = month
        self._facts = {
            "run_id": run_id,
            "verb": verb,
            "table": subject_of(warehouse.section, table, None).table,
            "month": month,
            "who": getpass.getuser(),
            "host": socket.gethostname(),
            "target": warehouse.place,
            "config": config,
        }

    def started(self, **facts: Any) -> None:
        """Record that from here on the table may change; if the end is missing here, the warehouse's audit log has the
        answer.  Raise Refused when this cannot be recorded: no change is made without proof of it.
        """
        try:
            audit_file.append(self._state, {**self._facts, "outcome": "started", **facts})
        except OSError as error:
            raise Refused(
                f"The audit log in {self._state} cannot be written ({error.strerror}), so nothing was changed. "
                "Make room or set ETL_STATE_DIR."
            ) from None

    def ended(self, outcome: str, **facts: Any) -> None:
        """Record how it ended; the user is told in any case, so a log that cannot be written is only a warning."""
        try:
            audit_file.append(self._state, {**self._facts, "outcome": outcome, **facts})
        except OSError as error:
            LOGGER.warning("The audit log in %s cannot be written: %s", self._state, error)

    def tell(self, session: Session, objects: WorkObjects, table: ObjectName, outcome: str, **facts: Any) -> None:
        """Record in the warehouse what no transaction of ours recorded (refusals, dry runs, DDL), if the role may."""
        verb, config = self._facts["verb"], self._facts["config"]
        try:
            audit.insert(
                session, objects, self._run_id, f"{verb} {outcome}", table, self._month, {"config": config, **facts}
            )
        except EtlError as error:
            LOGGER.info("The warehouse's audit log was not written: %s", error)


@dataclass(frozen=True)
class AuditedRun:
    """One run that changes one month of a table: its session and id, its configuration, its trail."""

    session: Session
    configuration: Configuration
    warehouse: Warehouse
    run_id: str
    trail: Trail

    @property
    def where(self) -> str:
        """Account and role, to show to the person who confirms."""
        return f"account {self.configuration.snowflake.target}, role {refusals.role_of(self.session)}"


def audited(
    verb: str,
    table_name: str,
    month: str,
    configuration: Configuration,
    warehouse: Warehouse,
    config: str,
    steps: Callable[[AuditedRun], Result],
    ended_by: Callable[[str, str, EtlError | Stopped], Result],
) -> Result:
    """Run the steps on one month of a table (named as in the configuration), with a separate session.
    Expected errors become the result that ``ended_by`` makes from status, run id and error; every outcome is kept in
    the audit log of the state folder, a refusal in the warehouse's as well.
    """
    run_id = new_id()
    trail = Trail(warehouse, run_id, verb, table_name, month, config)
    try:
        with (
            warehouse.open(f"snowflake_etl run={run_id} {verb}={table_name} month={month}") as session,
            refusals.explaining(session, configuration, table_name),
        ):
            try:
                result = steps(AuditedRun(session, configuration, warehouse, run_id, trail))
            except Refused as refused:
                objects = WorkObjects.of(session.database, configuration.load)
                table = object_name(table_name, session.database, session.schema)
                trail.tell(session, objects, table, "refused", message=str(refused))
                raise
    except (EtlError, Stopped) as error:
        result = ended_by("refused" if isinstance(error, Refused) else "failed", run_id, error)
    trail.ended(result.status, **result.audited)
    return result


def refused_beforehand(
    warehouse: Warehouse, config: str, verb: str, targets: Iterable[tuple[str, str]], refused: Refused
) -> Refused:
    """Record a refusal for tables and months that came before anybody signed in; return it."""
    for table, month in targets:
        Trail(warehouse, new_id(), verb, table, month, config).ended("refused", message=str(refused))
    return refused
