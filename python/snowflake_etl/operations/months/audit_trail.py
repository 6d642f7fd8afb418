"""What a run that changes a table tells of itself (floor 5): in the state folder and in the warehouse."""

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
    """A result of which the audit log keeps status and facts."""

    @property
    def status(self) -> str: ...

    @property
    def audited(self) -> Mapping[str, object]: ...


Result = TypeVar("Result", bound=Audited)


class Trail:
    """The audit entries of one run on one month: who, where, with which configuration, what, how it ended."""

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
        """From here on the table may be another; whoever finds no end to it asks the audit log in the warehouse.

        Raise Refused when that cannot be written down: nothing is changed that nobody could prove.
        """
        try:
            audit_file.append(self._state, {**self._facts, "outcome": "started", **facts})
        except OSError as error:
            raise Refused(
                f"The audit log in {self._state} cannot be written ({error.strerror}), so nothing was changed. "
                "Make room or set ETL_STATE_DIR."
            ) from None

    def ended(self, outcome: str, **facts: Any) -> None:
        """How it ended; that is said in any case, so that a log that cannot be written is a warning only."""
        try:
            audit_file.append(self._state, {**self._facts, "outcome": outcome, **facts})
        except OSError as error:
            LOGGER.warning("The audit log in %s cannot be written: %s", self._state, error)

    def tell(self, session: Session, objects: WorkObjects, table: ObjectName, outcome: str, **facts: Any) -> None:
        """Tell the warehouse of what no transaction of ours told it (refusals, dry runs, DDL), where the role may."""
        verb, config = self._facts["verb"], self._facts["config"]
        try:
            audit.insert(
                session, objects, self._run_id, f"{verb} {outcome}", table, self._month, {"config": config, **facts}
            )
        except EtlError as error:
            LOGGER.info("The warehouse's audit log was not written: %s", error)


@dataclass(frozen=True)
class AuditedRun:
    """One run that changes one month of a table: its session and id, what it was configured with, its trail."""

    session: Session
    configuration: Configuration
    warehouse: Warehouse
    run_id: str
    trail: Trail

    @property
    def where(self) -> str:
        """Account and role, to be shown to whoever has to confirm."""
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
    """Run the steps of one run on one month of a table (named as in the configuration), with a session of its own.

    Expected errors become the result that ``ended_by`` makes of status, run id and error; every outcome is kept in
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
    """Keep a refusal that came before anybody signed in, of tables and months; return it."""
    for table, month in targets:
        Trail(warehouse, new_id(), verb, table, month, config).ended("refused", message=str(refused))
    return refused
