"""``load.via: direct`` (floor 5): COPY straight into the target, inside the publishing transaction.

For roles that may not create tables, and for small files.  Rows are loaded exactly once here, too, since COPY, counts
and ledger commit together; but the COPY cannot be continued after an interruption, and locks are held while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import WarehouseError
from snowflake_etl.operations import (
    load_checks,
    load_compare,
    load_copy,
    load_history,
    load_outside,
    load_publish,
    situation,
)
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.publish import PublishPlan
from snowflake_etl.operations.situation import Mode
from snowflake_etl.warehouse.copy import copied_parts, copy_statement
from snowflake_etl.warehouse.session import Session


def direct_plan(state: LoadState, prepared: Prepared) -> PublishPlan:
    """The publish whose rows come from COPY.

    All rows must lie in the claimed days, which the count before COMMIT proves; with ``--outside keep``, rows outside
    cannot be told from rows that were there before, so only the number loaded is checked.
    """
    statement = direct_statement(prepared, state.planned.entry, [staged.folder for staged in state.staged])

    def fill(session: Session) -> int:
        if not state.request.wishes.keep_outside or state.request.wishes.allow_existing:
            return _copy(session, state, prepared, statement)
        left = load_outside.unclaimed(session, prepared)
        rows = _copy(session, state, prepared, statement)
        if left and load_outside.unclaimed(session, prepared) > left:
            situation.check_left_outside(prepared.situation.table, left)
        return rows

    inside = None if state.request.wishes.keep_outside else state.rows_staged
    plan = load_publish.publish_plan(state, prepared, prepared.target.name, "in the transaction", inside)
    return replace(plan, rows_in=state.rows_staged, fill=fill, fill_statement=statement)


def direct_statement(prepared: Prepared, entry: FileSection, folders: Sequence[str]) -> str:
    """The COPY into the target."""
    file_format = prepared.csv_format(entry)
    # The ledger prevents loading twice; the table's own load metadata would skip parts after a replace.
    return copy_statement(prepared.target.name, prepared.columns, prepared.stage_path, folders, file_format, force=True)


def _copy(session: Session, state: LoadState, prepared: Prepared, statement: str) -> int:
    try:
        records = session.records(statement)
        load_copy.reconcile(records, state.staged)
    except WarehouseError as error:
        raise load_copy.located(error, state.staged) from error
    state.rows_loaded = sum(part.rows_loaded for part in copied_parts(records))
    if state.request.quality.in_warehouse:
        report = load_checks.check_rows(
            session,
            prepared.target.name,
            prepared,
            state.planned.entry,
            state.configuration.quality,
            load_history.earlier_days(state),
            prepared.days,
        )
        if state.request.wishes.mode is Mode.REPLACE or not prepared.situation.rows_in_claimed:
            # These days hold nothing but the files' rows.
            report = load_compare.compared(state.checks, report, prepared.situation.claimed, prepared.columns)
        state.checks.append(report)
        load_checks.refuse_problems([report], strict=state.request.strict)
    return state.rows_loaded
