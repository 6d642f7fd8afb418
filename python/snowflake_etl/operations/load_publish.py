"""What a load is going to publish (floor 5): the plan with its ledger rows, made from the counts."""

from __future__ import annotations

import dataclasses
import getpass
import shlex
import socket

from snowflake_etl.errors import Refused, WarehouseError
from snowflake_etl.operations.diagnosis.facts import flag
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.months.audit_trail import Trail
from snowflake_etl.operations.months.month_change import Selected
from snowflake_etl.operations.months.protection import plan_protection, protected, undo_detail
from snowflake_etl.operations.publish import Published, PublishPlan, publish
from snowflake_etl.operations.situation import Mode
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.session import Session


def publish_plan(
    state: LoadState, prepared: Prepared, work_table: ObjectName, query_id: str, inside: int | None
) -> PublishPlan:
    """Plan the publish of ``work_table``; ``inside`` is how many of its rows (None: unknown) lie in the claimed
    days.
    """
    return PublishPlan(
        table=prepared.target.name,
        month=prepared.situation.month,
        work_table=work_table,
        columns=prepared.columns,
        replace=state.request.wishes.mode is Mode.REPLACE,
        claimed=prepared.claimed,
        rows_before=prepared.situation.rows_in_claimed,
        rows_in=state.rows_loaded,
        rows_in_claimed=inside,
        live_before=prepared.situation.live,
        replaced_rows=prepared.permission.replaces,
        new_rows=tuple(_ledger_row(state, prepared, staged, query_id) for staged in state.staged),
    )


def publish_protected(session: Session, state: LoadState, prepared: Prepared, plan: PublishPlan) -> Published:
    """Publish; the rows that a replace removes can be brought back by restore-month, and are in the audit logs."""
    if not (plan.replace and plan.rows_before):
        return publish(session, prepared.objects, plan)
    protection = plan_protection(session, prepared.objects, plan.table, plan.publish_id, None)
    condition, binds = plan.claimed or ("", [])
    words, name = state.request.words, state.planned.entry.table_name
    config = next(reversed(flag(words, "--config")), "")
    trail = Trail(state.warehouse, plan.publish_id, "load-replace", name, str(prepared.month), config)
    trail.started(rows=plan.rows_before, undo=protection.in_words, command=shlex.join(["load", *words]))
    days = [[str(days.first), str(days.last)] for days in prepared.situation.claimed]
    undo = {
        **undo_detail(prepared.target.table, plan.replaced_rows, protection),
        "days": days,
        "month": str(prepared.month),
    }
    try:
        with protected(session, protection, plan.table, Selected(condition, tuple(binds)), plan.rows_before):
            done = publish(session, prepared.objects, dataclasses.replace(plan, undo=undo))
    except (Refused, WarehouseError) as error:
        trail.ended("refused" if isinstance(error, Refused) else "failed", rows=0, message=str(error))
        raise
    trail.ended(
        "replaced",
        rows=done.deleted,
        rows_in=done.inserted,
        safety_copy=str(protection.copy) if protection.copy else None,
    )
    return done


def _ledger_row(state: LoadState, prepared: Prepared, staged: StagedSource, query_id: str) -> LedgerRow:
    days = staged.source.found.days if prepared.target.date_column else None
    return LedgerRow(
        publish_id=state.run_id,
        run_id=state.run_id,
        table_name=str(prepared.target.name),
        month=str(prepared.month) if prepared.target.date_column else None,
        first_day=days.first if days else None,
        last_day=days.last if days else None,
        file_name=staged.path.name,
        file_bytes=staged.source.found.size,
        fingerprint=staged.source.fingerprint,
        content_hash=staged.content_hash,
        row_count=staged.rows,
        mode=state.request.wishes.mode.value,
        loaded_by=getpass.getuser(),
        host=socket.gethostname(),
        started_at=state.started_at,
        published_at=None,
        copy_query_id=query_id,
    )
