"""Widens VARCHAR columns to what the files of a load need (floor 5): measured, proposed, and run when confirmed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.config import places
from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import EtlError, FileError, Refused, Stopped, UsageError, WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.history.run_record import PastRun
from snowflake_etl.operations import load_target, refusals
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Source, read_source
from snowflake_etl.operations.load_target import Target
from snowflake_etl.operations.lock_watch import watching
from snowflake_etl.operations.months.audit_trail import AuditedRun, audited
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.progress import Progress
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.runner import check_file
from snowflake_etl.results import CheckReport
from snowflake_etl.sqltext import ObjectName, column_type, fold
from snowflake_etl.warehouse import catalog, denials
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)
LEFT_TO_OWNER = "left to the owner"
LONGEST_TEXT = 16_777_216
_LADDER = (1, 2, 5, 10, 20, 50, 100, 200, 255, 500, 1000, 2000, 4000, 8000, 16_000, 65_000, 1_000_000, LONGEST_TEXT)
_SUSPICIOUS = 20


@dataclass(frozen=True)
class WiderColumn:
    """A column of ``length`` characters, the longest value in the files, and the proposed length."""

    column: str
    length: int
    longest: int
    proposed: int


@dataclass(frozen=True)
class Widening:
    """``statements`` make all columns wide enough; ``notes`` are what to consider before."""

    table: ObjectName
    columns: tuple[WiderColumn, ...]
    statements: tuple[str, ...]
    notes: tuple[str, ...]


class NotOwnerError(WarehouseError):
    """The role may not alter the table; the message has the statements for somebody who may."""


@dataclass(frozen=True)
class WidenRequest:
    """``confirm`` is given the plan and returns whether to go on; ``config`` is the configuration, for the audit
    log.
    """

    confirm: Callable[[Widening], bool]
    dry_run: bool
    config: str


@dataclass(frozen=True)
class Widened:
    """How it ended: planned, widened, refused, failed or left to the owner, the last three with the error."""

    status: str
    plan: Widening | None = None
    error: EtlError | Stopped | None = None

    @property
    def audited(self) -> Mapping[str, object]:
        """What the audit log keeps about it."""
        statements = {"statements": self.plan.statements} if self.plan else {}
        return {**statements, **({"message": str(self.error)} if self.error else {})}


def plan_widening(
    session: Session,
    loads: Sequence[PlannedLoad],
    configuration: Configuration,
    temp: Path,
    progress: Progress,
    run_id: str,
) -> Widening:
    """Compare the files' longest values with the table.

    Raise Refused when they already fit, FileError when no VARCHAR can hold them or a file cannot be read.
    """
    planned = loads[0]
    target = load_target.resolve_target(session, planned.entry, may_create=False)
    lengths = {column.name: column.type.length for column in target.table.columns if column.type.is_text}
    sources = [read_source(file, load.entry, target) for load in loads for file in load.files]
    measured = [_longest(source, planned.entry, target, configuration, temp, progress) for source in sources]
    longest = {name: max(one.get(name, 0) for one in measured) for name in lengths}
    wider = [
        WiderColumn(name, length, longest[name], _rung(name, longest[name]))
        for name, length in lengths.items()
        if longest.get(name, 0) > length
    ]
    if not wider:
        raise Refused(
            f"Every value of {', '.join(shown(file.path.name) for load in loads for file in load.files)} fits the "
            f"columns of {target.name} by now: nothing to widen. Load with: {retry_command(run_id)}"
        )
    statements = tuple(catalog.widen_statement(target.name, one.column, one.proposed) for one in wider)
    return Widening(target.name, tuple(wider), statements, tuple(_notes(wider, planned, run_id)))


def _longest(
    source: Source, entry: FileSection, target: Target, configuration: Configuration, temp: Path, progress: Progress
) -> dict[str, int]:
    """The length in characters of the longest value of each column of a file, by stored name."""
    types = {column: target.table.column(column).type for column in source.columns}
    expected = Expectations(types=types, null_values=entry.null_values)

    def measure(stop: threading.Event) -> CheckReport:
        return check_file(
            source.path,
            source.layout,
            expected,
            Resources.of(configuration.quality, temp, stop.is_set),
            progress=progress,
        )

    columns = stoppable(measure).columns
    return {name: column.longest or 0 for name, column in zip(source.columns, columns, strict=True)}


def widen(
    run: PastRun,
    loads: Sequence[PlannedLoad],
    configuration: Configuration,
    warehouse: Warehouse,
    progress: Progress,
    request: WidenRequest,
) -> Widened:
    """Measure, show, ask and widen for the ``loads`` of a failed run.  Every outcome is kept in the audit logs."""
    return audited(
        "widen",
        loads[0].entry.table_name,
        run.month,
        configuration,
        replace(warehouse, sweeps=not request.dry_run),
        request.config,
        lambda audited_run: _widened(
            audited_run,
            plan_widening(audited_run.session, loads, configuration, warehouse.state_directory, progress, run.run_id),
            run.run_id,
            request,
        ),
        lambda status, _, error: Widened(status, None, error),
    )


def _widened(run: AuditedRun, plan: Widening, failed_run: str, request: WidenRequest) -> Widened:
    session, trail = run.session, run.trail
    objects = WorkObjects.of(session.database, run.configuration.load)
    facts = {"of": failed_run, "statements": plan.statements}
    if request.dry_run:
        trail.tell(session, objects, plan.table, "planned", **facts)
        return Widened("planned", plan)
    if not request.confirm(plan):
        raise Refused(f"Not confirmed: {plan.table} is unchanged. Without a terminal add --yes.")
    trail.started(**facts)
    try:
        with watching(run.warehouse, session, plan.table, objects):
            _alter(session, plan, run.configuration, failed_run)
    except NotOwnerError as error:
        # The next step is up to somebody else, who must be able to find out why nothing happened.
        trail.tell(session, objects, plan.table, LEFT_TO_OWNER, **facts)
        return Widened(LEFT_TO_OWNER, plan, error)
    trail.tell(session, objects, plan.table, "widened", **facts)
    return Widened("widened", plan)


def _alter(session: Session, plan: Widening, configuration: Configuration, run_id: str) -> None:
    """Run the statements.  Raise NotOwnerError, with the statements for the owner, when the role may not."""
    for statement in plan.statements:
        try:
            session.ensure(statement)
        except WarehouseError as error:
            if denials.denial_of(str(error)) is None:
                raise refusals.explained(
                    error, session, refusals.surroundings(session, configuration, plan.table.sql)
                ) from error
            owner = "\n".join(f"{each};" for each in plan.statements)
            raise NotOwnerError(
                f"Role {refusals.role_of(session)} does not own {plan.table}, and only its owner may widen a column. "
                f"Have the owner run:\n{owner}\nThen load again with: {retry_command(run_id)}",
                code=error.code,
                sqlstate=error.sqlstate,
                query_id=error.query_id,
            ) from error
        LOGGER.info("Ran: %s", statement)


def _rung(column: str, longest: int) -> int:
    """The next round length, so that a slightly longer value next month does not fail again."""
    for rung in _LADDER:
        if rung >= longest:
            return rung
    raise FileError(
        f"Column {column} has a value of {longest:,} characters, more than any VARCHAR holds ({LONGEST_TEXT:,}). "
        "Most often a quote or a line end is missing there: correct the file and load again."
    )


def retry_command(run_id: str) -> str:
    return f"{places.program()} recover --retry {run_id}"


def _notes(wider: Sequence[WiderColumn], planned: PlannedLoad, run_id: str) -> list[str]:
    look = f"{places.program()} diagnose {run_id}"
    notes = [
        f"The longest value of {one.column} has {one.longest:,} characters, the column {one.length:,}: look at it "
        f"before, with: {look}; a missing quote or delimiter looks like this, too."
        for one in wider
        if one.longest > _SUSPICIOUS * one.length
    ]
    declared = {_folded(name): text for name, text in planned.entry.create_table.items()}
    stale = [one for one in wider if one.column in declared and _length(declared[one.column]) < one.proposed]
    if stale:
        said = ", ".join(f"{one.column} VARCHAR({one.proposed})" for one in stale)
        notes.append(f"create_table in the configuration still has the old length: write {said} there.")
    return notes


def _folded(name: str) -> str:
    try:
        return fold(name)
    except UsageError:
        return name


def _length(declared: str) -> int:
    return column_type(declared.removesuffix(catalog.NOT_NULL)).length
