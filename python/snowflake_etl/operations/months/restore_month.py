"""``restore-month`` (floor 5): put back what drop-month or a replace took away, into the same table.

The rows come from the safety copy, else by Time Travel from right before the DELETE.  The table is never replaced: it
keeps its grants, its clustering and its own history.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from snowflake_etl.config import places
from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import EtlError, ExitCode, Refused
from snowflake_etl.files.naming import shown, shown_all
from snowflake_etl.history.database import new_id
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import refusals
from snowflake_etl.operations.load_target import Target
from snowflake_etl.operations.lock_watch import watching
from snowflake_etl.operations.months.audit_trail import AuditedRun, Trail, audited
from snowflake_etl.operations.months.drop_plan import existing_target, selected_days
from snowflake_etl.operations.months.month_change import Changed, MonthChange, Selected, StateChange, change_month
from snowflake_etl.operations.months.protection import Protection, plan_protection, protected, undo_detail
from snowflake_etl.operations.months.restorable import Restorable, deletions
from snowflake_etl.operations.situation import Mode
from snowflake_etl.plural import counted
from snowflake_etl.results import RestoreResult
from snowflake_etl.sqltext import column_list
from snowflake_etl.warehouse import audit, catalog, ledger, safety_copy
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects, ensure_objects
from snowflake_etl.warehouse.safety_copy import SafetyCopy
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestoreRequest:
    """The request for a restore.
    ``confirm`` is given what will be done, and whether rows are removed, and returns whether to go on.  ``run_id``
    chooses the deletion ("" the last), ``mode`` decides about rows that the days have now: replace removes them, append
    is refused unless ``allow_existing``.  ``expect_rows`` is the number of rows that a replace may take out, ``any``,
    or None.  ``config`` is the configuration's file, for the audit log.
    """

    confirm: Callable[[str, bool], bool]
    run_id: str = ""
    mode: Mode = Mode.APPEND
    allow_existing: bool = False
    policies_checked: bool = False
    dry_run: bool = False
    expect_rows: int | str | None = None
    config: str = ""


@dataclass(frozen=True)
class RestorePlan:
    """The undoing of one deletion; counts in rows."""

    objects: WorkObjects
    target: Target
    month: Month
    deletion: Restorable
    selected: Selected
    rows_now: int
    live: tuple[LedgerRow, ...]
    revived: tuple[LedgerRow, ...]
    policies: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.target.name} {self.month}"

    @property
    def leaving(self) -> tuple[LedgerRow, ...]:
        """The live files whose days a replace removes."""
        days = self.deletion.days
        return tuple(row for row in self.live if not days or (row.days and any(map(row.days.overlaps, days))))

    def in_words(self, change: MonthChange, where: str) -> str:
        """What is shown before anything is done: ``where``, rows in, rows out, where from, the statements."""
        lines = [
            f"Restore {self.place}, deleted {self.deletion.at:%Y-%m-%d %H:%M} UTC by {self.deletion.who}:",
            f"  {where}",
            f"  rows in: {self.deletion.rows:,}    rows out: {change.rows_out or 0:,}    from: {self.deletion.source}",
            f"  files that are live in the ledger again: {len(self.revived)}",
            *(f"  warning: {warning}" for warning in self.warnings),
            *(f"  {line}" for line in change.statements()),
        ]
        return "\n".join(lines)


def restore_month(
    entry: FileSection, month: Month, configuration: Configuration, warehouse: Warehouse, request: RestoreRequest
) -> RestoreResult:
    """Restore one month of one table.  Expected errors become part of the result; every outcome is kept in the audit
    log.
    """
    return audited(
        "restore-month",
        entry.table_name,
        str(month),
        configuration,
        warehouse,
        request.config,
        lambda run: _Restore(run).restore(entry, month, request),
        lambda status, run_id, error: RestoreResult(
            status, run_id, entry.table_name, str(month), str(error), int(error.exit_code)
        ),
    )


class _Restore:
    """The steps of one restore, over one session."""

    def __init__(self, run: AuditedRun) -> None:
        self._run = run
        self._session = run.session

    def restore(self, entry: FileSection, month: Month, request: RestoreRequest) -> RestoreResult:
        session = self._session
        plan = plan_restore(session, self._run.configuration, entry, month, request)
        protection = self._protection(plan, request)
        change = _change_of(plan, self._run.run_id, request, protection)
        shown = plan.in_words(change, self._run.where)
        if request.dry_run:
            self._run.trail.tell(session, plan.objects, plan.target.name, "planned", rows=change.rows_in)
            return self._result("planned", plan, change, f"{shown}\nNothing was touched.")
        _refuse_other_count(plan, change, request)
        if not request.confirm(shown, bool(change.rows_out)):
            raise Refused(f"Not confirmed: {plan.target.name} is unchanged.")
        self._run.trail.started(rows_in=change.rows_in, rows_out=change.rows_out or 0)
        with (
            protected(session, protection, plan.target.name, plan.selected, plan.rows_now),
            watching(self._run.warehouse, session, plan.target.name, plan.objects),
        ):
            done = change_month(session, plan.objects, change)
        return self._done(plan, change, done, protection)

    def _protection(self, plan: RestorePlan, request: RestoreRequest) -> Protection | None:
        if request.mode is not Mode.REPLACE or not plan.rows_now:
            return None
        return plan_protection(self._session, plan.objects, plan.target.name, self._run.run_id, None)

    def _done(
        self, plan: RestorePlan, change: MonthChange, done: Changed, protection: Protection | None
    ) -> RestoreResult:
        rows_now: int | None = None
        try:
            rows_now = catalog.count_rows(self._session, plan.target.name)
        except EtlError as error:
            LOGGER.warning("The rows are restored, but the table could not be counted afterwards: %s", error)
        instead = f" in place of {change.rows_out:,}" if change.rows_out else ""
        now = "" if rows_now is None else f" {plan.target.name} has {counted(rows_now, 'row')} now."
        message = f"{counted(change.rows_in, 'row')} of {plan.place} restored{instead}.{now}"
        ids = tuple(filter(None, (done.delete_query_id, done.insert_query_id)))
        copy = str(protection.copy) if protection and protection.copy else None
        result = self._result("restored", plan, change, message, rows_now)
        return replace(result, query_ids=ids, safety_copy=copy)

    def _result(
        self, status: str, plan: RestorePlan, change: MonthChange, message: str, rows_now: int | None = None
    ) -> RestoreResult:
        done = status == "restored"
        return RestoreResult(
            status=status,
            run_id=self._run.run_id,
            table=str(plan.target.name),
            month=str(plan.month),
            message=message,
            exit_code=int(ExitCode.OK),
            source=plan.deletion.source,
            rows_restored=change.rows_in if done else 0,
            rows_deleted=(change.rows_out or 0) if done else 0,
            rows_in_table=rows_now,
            statements=tuple(change.statements()),
            warnings=plan.warnings,
        )


def plan_restore(
    session: Session, configuration: Configuration, entry: FileSection, month: Month, request: RestoreRequest
) -> RestorePlan:
    """Find the deletion and count what undoing it would change.  Raise Refused when it cannot or must not be undone."""
    objects = WorkObjects.of(session.database, configuration.load)
    ensure_objects(session, objects)
    target = existing_target(session, entry)
    deletion = _chosen(deletions(session, objects, target.name), target, month, request.run_id)
    if set(deletion.columns) != {column.name for column in target.table.columns}:
        raise Refused(
            f"{target.name} has different columns now than when the rows were deleted ({', '.join(deletion.columns)}). "
            f"Read them from {deletion.source} by hand, column by column."
        )
    selected = selected_days(target, deletion.days)
    _check_source(session, deletion, selected)
    every = ledger.all_rows(session, objects, target.name)
    of_month = ledger.rows_of_month(every, month if target.date_column else None)
    live = [row for row in of_month if row.state == ledger.LIVE]
    gone = ledger.DROPPED if deletion.event == audit.DROPPED else ledger.REPLACED
    plan = RestorePlan(
        objects=objects,
        target=target,
        month=month,
        deletion=deletion,
        selected=selected,
        rows_now=catalog.count_rows(session, target.name, selected.condition, selected.binds),
        live=tuple(live),
        revived=tuple(
            row for row in every if (row.publish_id, row.file_name) in deletion.ledger_keys and row.state == gone
        ),
        policies=tuple(catalog.policies_on(session, target.name)),
        warnings=tuple(f"{name} will see the rows." for name in catalog.dependents_of(session, target.name)),
    )
    _refuse(plan, request)
    return plan


def _chosen(found: list[Restorable], target: Target, month: Month, run_id: str) -> Restorable:
    of_month = [one for one in found if one.month == str(month) and run_id in ("", one.run_id)]
    waiting = [one for one in of_month if not one.restored_by]
    if not waiting:
        known = "was restored already" if of_month else "was never deleted by this tool"
        which = f" (run {run_id})" if run_id else ""
        raise Refused(f"{target.name} {month} {known}{which}. See: {places.program()} restore-month --list")
    chosen = waiting[-1]
    if not chosen.source:
        raise Refused(
            f"The rows of {target.name} {month} are gone: {_where(chosen)} they could be read until "
            f"{chosen.until:%Y-%m-%d %H:%M} UTC. Load the month from its files."
        )
    return chosen


def _where(deletion: Restorable) -> str:
    return "the safety copy is not there any more, by Time Travel" if deletion.lost_copy else "by Time Travel"


def _check_source(session: Session, deletion: Restorable, selected: Selected) -> None:
    sql = f"SELECT COUNT(*) FROM {deletion.source}{selected.where}"
    rows = int(session.query(sql, selected.binds)[0][0])
    if rows != deletion.rows:
        raise Refused(
            f"{deletion.source} has {counted(rows, 'row')} of those days, but {deletion.rows:,} were deleted. "
            "Nothing was restored; check it by hand."
        )


def _refuse(plan: RestorePlan, request: RestoreRequest) -> None:
    if plan.policies and not request.policies_checked:
        raise Refused(
            f"{plan.target.name} has {', '.join(plan.policies)}: a role that sees masked or filtered rows would write "
            "the wrong ones back. Check the policies, then add --policies-checked."
        )
    if request.mode is Mode.REPLACE:
        _refuse_cutting(plan)
        return
    _refuse_doubling(plan)
    if request.allow_existing:
        return
    if plan.rows_now:
        raise Refused(
            f"{plan.place} has {counted(plan.rows_now, 'row')} again. To take them out and put the "
            f"{plan.deletion.rows:,} back: --mode replace; to add these to them: --allow-existing."
        )
    if plan.live:
        raise Refused(
            f"The ledger says that {plan.place} is loaded again, but its days have no rows: somebody deleted them "
            "elsewhere. To restore all the same: --mode replace."
        )


def _refuse_doubling(plan: RestorePlan) -> None:
    """A file that was loaded again since has its rows in the table: never add the same rows a second time."""
    again = {row.content_hash for row in plan.live if row.content_hash}
    twice = [row.file_name for row in plan.revived if row.content_hash in again]
    if twice and plan.rows_now:
        raise Refused(
            f"{shown_all(twice)}: loaded again since, so the rows that would come back are in {plan.place} already. "
            f"To take its {counted(plan.rows_now, 'row')} out and put the {plan.deletion.rows:,} back: --mode replace."
        )


def _refuse_cutting(plan: RestorePlan) -> None:
    """Files are removed whole: the ledger would know nothing about leftover rows of one."""
    for row in plan.leaving:
        if plan.deletion.days and row.days and not _within(row.days, plan.deletion.days):
            days = ", ".join(map(str, plan.deletion.days))
            raise Refused(
                f"The restore would take away only a part of {shown(row.file_name)}, which is loaded for {row.days}: "
                f"what was deleted is {days}. Drop the month first (drop-month), then restore with --run "
                f"{plan.deletion.run_id}, and load the files of the other days."
            )


def _within(days: DayRange, ranges: Sequence[DayRange]) -> bool:
    return all(any(day in one for one in ranges) for day in days)


def _refuse_other_count(plan: RestorePlan, change: MonthChange, request: RestoreRequest) -> None:
    out = change.rows_out or 0
    if isinstance(request.expect_rows, int) and request.expect_rows != out:
        raise Refused(
            f"{counted(out, 'row')} of {plan.place} would be taken out, not the {request.expect_rows:,} given with "
            "--expect-rows. Nothing was changed; look first: --dry-run."
        )


def _change_of(plan: RestorePlan, run_id: str, request: RestoreRequest, protection: Protection | None) -> MonthChange:
    replaces = request.mode is Mode.REPLACE
    columns = column_list(plan.deletion.columns)
    days = [[str(days.first), str(days.last)] for days in plan.deletion.days]
    leaving = plan.leaving if replaces else ()
    was = ledger.DROPPED if plan.deletion.event == audit.DROPPED else ledger.REPLACED
    detail: dict[str, Any] = {
        "of": plan.deletion.run_id,
        "source": plan.deletion.source,
        "days": days,
        "config": request.config,
    }
    if protection is not None:
        detail |= undo_detail(plan.target.table, leaving, protection)
    return MonthChange(
        run_id=run_id,
        event=audit.RESTORED,
        table=plan.target.name,
        month=plan.month,
        by_month=plan.target.date_column is not None,
        selected=plan.selected,
        rows_out=plan.rows_now if replaces else None,
        insert=(
            f"INSERT INTO {plan.target.name.sql} ({columns}) "
            f"SELECT {columns} FROM {plan.deletion.source}{plan.selected.where}"
        ),
        rows_in=plan.deletion.rows,
        rows_after=plan.deletion.rows + (0 if replaces else plan.rows_now),
        live_before=plan.live,
        states=(
            StateChange(leaving, ledger.LIVE, ledger.REPLACED),
            StateChange(plan.revived, was, ledger.LIVE),
        ),
        detail=detail,
    )


def list_deletions(configuration: Configuration, warehouse: Warehouse) -> list[Restorable]:
    """Every deletion in the warehouse's audit log, oldest first, with what can be restored of it."""
    with warehouse.open("snowflake_etl restore list") as session, refusals.explaining(session, configuration):
        return deletions(session, WorkObjects.of(session.database, configuration.load))


def list_copies(configuration: Configuration, warehouse: Warehouse, older_than: timedelta) -> list[SafetyCopy]:
    """The safety copies made longer ago than that; listing them removes none."""
    with (
        replace(warehouse, sweeps=False).open("snowflake_etl safety copies") as session,
        refusals.explaining(session, configuration),
    ):
        return safety_copy.old_copies(session, WorkObjects.of(session.database, configuration.load), older_than)


def drop_copies(configuration: Configuration, warehouse: Warehouse, copies: Sequence[SafetyCopy], config: str) -> None:
    """Drop those safety copies: their content can then not be restored.  Each drop is kept in the audit logs."""
    if not copies:
        return
    run_id = new_id()
    with (
        replace(warehouse, sweeps=False).open("snowflake_etl safety copies") as session,
        refusals.explaining(session, configuration),
    ):
        objects = WorkObjects.of(session.database, configuration.load)
        for copy in copies:
            trail = Trail(warehouse, run_id, "drop-copies", str(copy.name), "", config)
            trail.started()
            safety_copy.drop_copies(session, [copy])
            trail.tell(session, objects, copy.name, "dropped", made_at=copy.made_at)
            trail.ended("dropped")
