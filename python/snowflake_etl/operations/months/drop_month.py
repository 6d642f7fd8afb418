"""``drop-month`` (floor 5): count, show, ask, copy, delete in one transaction, verify, record.

Nothing is deleted that was not counted before, and what is deleted can be brought back by ``restore-month``.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from snowflake_etl.config import places
from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import EtlError, ExitCode, Refused
from snowflake_etl.month import Month
from snowflake_etl.operations.lock_watch import watching
from snowflake_etl.operations.months.audit_trail import AuditedRun, audited
from snowflake_etl.operations.months.drop_plan import DropPlan, plan_drop
from snowflake_etl.operations.months.month_change import Changed, MonthChange, StateChange, change_month
from snowflake_etl.operations.months.protection import Protection, plan_protection, protected, undo_detail
from snowflake_etl.plural import counted
from snowflake_etl.results import DropResult
from snowflake_etl.warehouse import audit, catalog, ledger
from snowflake_etl.warehouse.signin import Warehouse

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class DropRequest:
    """The request for a drop.
    ``confirm`` is given what will be done and the phrase to type, and returns whether to go on.
    ``expect_rows`` is the number of rows that may be deleted, ``any``, or None.  ``copy`` True or False asks for a
    safety copy or none; None decides by how far the table's Time Travel reaches.  ``config`` is the configuration's
    file, for the audit log; ``same_configuration`` are the flags that choose it, for commands to be typed.
    """

    confirm: Callable[[str, str], bool]
    expect_rows: int | str | None = None
    copy: bool | None = None
    preview: int = 0
    policies_checked: bool = False
    dry_run: bool = False
    config: str = ""
    same_configuration: tuple[str, ...] = ()


def drop_month(
    entry: FileSection, month: Month, configuration: Configuration, warehouse: Warehouse, request: DropRequest
) -> DropResult:
    """Drop one month of one table.  Expected errors become part of the result; every outcome is kept in the audit
    log.
    """
    return audited(
        "drop-month",
        entry.table_name,
        str(month),
        configuration,
        warehouse,
        request.config,
        lambda run: _Drop(run).drop(entry, month, request),
        lambda status, run_id, error: DropResult(
            status, run_id, entry.table_name, str(month), str(error), int(error.exit_code)
        ),
    )


class _Drop:
    """The steps of one drop, over one session."""

    def __init__(self, run: AuditedRun) -> None:
        self._run = run
        self._session = run.session

    def drop(self, entry: FileSection, month: Month, request: DropRequest) -> DropResult:
        session = self._session
        plan = plan_drop(session, self._run.configuration, entry, month, preview=request.preview)
        if not plan.rows and not plan.live:
            return self._result("nothing", plan, f"{plan.place} has no rows and no ledger entry: nothing to drop.")
        protection = self._protection(plan, request)
        change = _change_of(plan, self._run.run_id, protection, request.config)
        _refuse(plan, request)
        shown = _in_words(plan, change, protection, self._run.where)
        if request.dry_run:
            self._run.trail.tell(session, plan.objects, plan.target.name, "planned", rows=plan.rows)
            return self._result("planned", plan, f"{shown}\nNothing was touched.", change)
        if not request.confirm(shown, f"DELETE {plan.target.name.name} {plan.month}"):
            raise Refused(f"Not confirmed: {plan.target.name} is unchanged.")
        for warning in plan.warnings:
            LOGGER.warning(warning)
        self._run.trail.started(rows=plan.rows, undo=protection.in_words if protection else "")
        with (
            protected(session, protection, plan.target.name, plan.selected, plan.rows),
            watching(self._run.warehouse, session, plan.target.name, plan.objects),
        ):
            done = change_month(session, plan.objects, change)
        way_back = [places.program(), "restore-month", *request.same_configuration]
        way_back += ["--table", entry.table_name, "--month", str(month)]
        return self._verified(plan, change, done, protection, shlex.join(way_back))

    def _protection(self, plan: DropPlan, request: DropRequest) -> Protection | None:
        """What can undo the drop; None if only the ledger changes, since no row is deleted."""
        if not plan.rows:
            return None
        return plan_protection(self._session, plan.objects, plan.target.name, self._run.run_id, request.copy)

    def _verified(
        self, plan: DropPlan, change: MonthChange, done: Changed, protection: Protection | None, way_back: str
    ) -> DropResult:
        """The rows are gone: a count that fails now is only a warning."""
        left: int | None = None
        try:
            left = catalog.count_rows(self._session, plan.target.name)
            again = catalog.count_rows(self._session, plan.target.name, plan.selected.condition, plan.selected.binds)
            if again:
                LOGGER.warning("%s has %s rows again, which came after the drop.", plan.place, f"{again:,}")
        except EtlError as error:
            LOGGER.warning("The rows are deleted, but the table could not be counted afterwards: %s", error)
        now = "" if left is None else f" {plan.target.name} has {counted(left, 'row')} now."
        message = f"{counted(done.deleted, 'row')} of {plan.place} deleted.{now} "
        message += (
            f"To undo it ({protection.in_words}): {way_back}"
            if protection
            else "The month had none; the ledger no longer says that it is loaded."
        )
        return self._result("dropped", plan, message, change, done, left, protection)

    def _result(
        self,
        status: str,
        plan: DropPlan,
        message: str,
        change: MonthChange | None = None,
        done: Changed | None = None,
        rows_now: int | None = None,
        protection: Protection | None = None,
    ) -> DropResult:
        return DropResult(
            status=status,
            run_id=self._run.run_id,
            table=str(plan.target.name),
            month=str(plan.month),
            message=message,
            exit_code=int(ExitCode.OK),
            rows_counted=plan.rows,
            rows_deleted=done.deleted if done else 0,
            rows_in_table=plan.rows_in_table if status != "dropped" else rows_now,
            days=plan.days,
            first_day=plan.first_day,
            last_day=plan.last_day,
            safety_copy=str(protection.copy) if protection and protection.copy else None,
            restorable_until=protection.until.isoformat(timespec="seconds") if protection else None,
            statements=tuple(change.statements()) if change else (),
            warnings=plan.warnings,
            columns=plan.sample.columns,
            sample=plan.sample.rows,
            query_id=done.delete_query_id if done else "",
        )


def _in_words(plan: DropPlan, change: MonthChange, protection: Protection | None, where: str) -> str:
    """What is shown before anything is done; ``where`` names account and role."""
    days = f", {plan.first_day} to {plan.last_day}" if plan.first_day else ""
    sample = [" | ".join(values) for values in (plan.sample.columns, *plan.sample.rows)] if plan.sample.rows else []
    in_ledger = counted(sum(row.row_count for row in plan.live), "row")
    lines = [
        f"Delete {plan.rows:,} of {counted(plan.rows_in_table, 'row')} ({plan.share:.1%}) from {plan.place}",
        f"  {where}",
        f"  on {counted(plan.days, 'day')}{days}",
        f"  in the ledger: {counted(len(plan.live), 'file')} with {in_ledger}",
        *([f"  micro-partitions: {plan.partitions}"] if plan.partitions else []),
        *(f"  warning: {warning}" for warning in plan.warnings),
        *(f"  row: {line}" for line in sample),
        *(f"  {statement}" for statement in change.statements()),
        f"  to be undone {protection.in_words}" if protection else "  no row goes; only the ledger changes",
    ]
    return "\n".join(lines)


def _refuse(plan: DropPlan, request: DropRequest) -> None:
    if plan.policies and not (request.policies_checked or request.dry_run):
        raise Refused(
            f"{plan.target.name} has {', '.join(plan.policies)}: a role that does not see all rows would count and "
            "keep the wrong ones. Check the policies, then add --policies-checked."
        )
    if isinstance(request.expect_rows, int) and request.expect_rows != plan.rows:
        raise Refused(
            f"{plan.place} has {counted(plan.rows, 'row')}, not the {request.expect_rows:,} given with --expect-rows. "
            "Nothing was deleted; look at the month first: --dry-run --preview 10."
        )


def _change_of(plan: DropPlan, run_id: str, protection: Protection | None, config: str) -> MonthChange:
    days = [[str(plan.month.first_day), str(plan.month.last_day)]]
    return MonthChange(
        run_id=run_id,
        event=audit.DROPPED,
        table=plan.target.name,
        month=plan.month,
        by_month=True,
        selected=plan.selected,
        rows_out=plan.rows,
        insert=None,
        rows_in=0,
        rows_after=0,
        live_before=plan.live,
        states=(StateChange(plan.live, ledger.LIVE, ledger.DROPPED),),
        detail={**undo_detail(plan.target.table, plan.live, protection), "days": days, "config": config},
    )
