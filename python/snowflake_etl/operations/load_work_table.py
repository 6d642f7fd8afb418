"""The work table of a load (floor 5): filled by one COPY, possibly that of an interrupted run, then checked."""

from __future__ import annotations

from snowflake_etl.errors import LeaseLost
from snowflake_etl.history.run_record import RunRecord
from snowflake_etl.operations import (
    load_checks,
    load_compare,
    load_copy,
    load_history,
    load_outside,
    load_publish,
    load_resume,
    situation,
)
from snowflake_etl.operations.lease_keeper import LeaseKeeper
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.publish import PublishPlan
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog, lease
from snowflake_etl.warehouse.session import Session


def fill(
    session: Session, state: LoadState, prepared: Prepared, record: RunRecord, keeper: LeaseKeeper
) -> tuple[ObjectName, str]:
    """COPY into a new work table, or continue with the COPY of an interrupted run; return table and query id."""
    file_format = prepared.csv_format(state.planned.entry)
    columns = load_copy.typed_columns(prepared.target.table, prepared.columns)
    wanted = load_resume.copy_hash(columns, file_format, state.staged)

    def while_waiting() -> None:
        keeper.check()
        state.check_stop()
        state.progress("copy", 0, state.parts, "parts")

    left = next((row for row in state.previous if row.work_table and row.copy_hash == wanted), None)
    if left is not None:
        # From now on the leases show that it is ours.
        _note(
            session,
            state,
            prepared,
            record,
            work_table=left.work_table,
            copy_hash=wanted,
            copy_query_id=left.copy_query_id,
        )
    earlier = load_resume.earlier_copy(
        session, prepared.objects, state.previous, wanted, state.rows_staged, while_waiting
    )
    if earlier is not None:
        state.work_table, query_id = earlier
    else:
        state.work_table = load_copy.work_table_name(prepared.objects.stage, prepared.target.name, state.run_id, 1)
        # Recorded before it exists, so that it is found after a crash.
        _note(session, state, prepared, record, work_table=state.work_table.name, copy_hash=wanted)
        load_copy.make_work_table(session, state.work_table, columns)
        query_id = load_copy.submit_copy(
            session, state.work_table, prepared.columns, prepared.stage_path, state.staged, file_format
        )
        try:
            _note(session, state, prepared, record, copy_query_id=query_id)
        except BaseException:
            session.cancel(query_id)
            raise
        load_copy.finish_copy(session, state.work_table, query_id, state.staged, while_waiting)
    state.rows_loaded = state.rows_staged
    state.progress("copy", state.parts, state.parts, "parts")
    return state.work_table, query_id


def _note(session: Session, state: LoadState, prepared: Prepared, record: RunRecord, **values: str) -> None:
    """Write a step into the run's record and, for other hosts, into its leases."""
    record.step("copy", **values)
    if lease.note(session, prepared.objects, state.run_id, **values) < len(prepared.sources):
        raise LeaseLost("The lease on the files is lost: another run took this one for dead. Run the load again.")


def check(session: Session, state: LoadState, prepared: Prepared, work_table: ObjectName, query_id: str) -> PublishPlan:
    """Check in the warehouse if requested; always count rows outside the claimed days."""
    wishes = state.request.wishes
    if state.request.quality.in_warehouse:
        state.progress("check", 0, state.rows_loaded, "rows")
        report = load_checks.check_rows(
            session,
            work_table,
            prepared,
            state.planned.entry,
            state.configuration.quality,
            load_history.earlier_days(state),
        )
        # The work table holds only the files' rows.
        report = load_compare.compared(state.checks, report, prepared.situation.claimed, prepared.columns)
        if wishes.keep_outside:
            report = load_checks.accept_outside(report)
        state.checks.append(report)
        load_checks.refuse_problems([report], strict=state.request.strict)
    condition, binds = prepared.claimed or ("", [])
    inside = catalog.count_rows(session, work_table, condition, binds)
    outside = state.rows_loaded - inside
    situation.check_rows_outside(outside, wishes)
    if outside and not wishes.allow_existing:
        situation.check_left_outside(prepared.situation.table, load_outside.met_by(session, prepared, work_table))
    situation.check_shrink(state.rows_loaded, prepared.situation.rows_in_claimed, wishes)
    return load_publish.publish_plan(state, prepared, work_table, query_id, inside)
