"""The leases of a load (floor 5): taken before anything is sent, also from dead runs, whose transactions are ended."""

from __future__ import annotations

import getpass
import logging
import socket

from snowflake_etl.errors import EtlError
from snowflake_etl.history.run_record import RunRecord, RunRecords
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.lock_watch import LockWatch
from snowflake_etl.warehouse import lease, locks
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)


def take_leases(session: Session, state: LoadState, prepared: Prepared, records: RunRecords, record: RunRecord) -> None:
    """Take the leases on the files and note those of dead runs in ``state``; raise Refused if a live run holds one.

    The session is written down first: if this run is killed, a transaction left open
    would hold its locks for minutes, and the next run uses the record to end it.
    """
    own = locks.session_id(session)
    _end_left_behind(session, state, prepared, records)
    record.step("sign-in", session=own)
    holder = lease.Holder(state.run_id, socket.gethostname(), getpass.getuser())
    with lock_watch(state, prepared, own):
        state.previous = lease.take(
            session,
            prepared.objects,
            prepared.target.name,
            [source.fingerprint for source in prepared.sources],
            holder,
            state.configuration.load.lease_seconds,
            lambda row: row.host == holder.host and records.is_dead(row.run_id),
        )
    state.prepared = prepared
    for run_id in sorted({row.run_id for row in state.previous}):
        state.warn(f"Run {run_id} was interrupted; this run takes its leases over and carries on.")
        records.superseded(run_id, state.run_id)
    record.step("leased", fingerprints=[source.fingerprint for source in prepared.sources])


def lock_watch(state: LoadState, prepared: Prepared, own: str) -> LockWatch:
    """Wrap statements that may wait for the locks of the load's target."""
    return LockWatch(state.open_session, _watched(prepared), own)


def _watched(prepared: Prepared) -> list[str]:
    return [str(prepared.target.name), str(prepared.objects.lock)]


def _end_left_behind(session: Session, state: LoadState, prepared: Prepared, records: RunRecords) -> None:
    """Abort transactions that runs of this host left open; if that is not possible, wait for them."""
    sessions = records.sessions_of_dead(state.warehouse.place)
    if not sessions:
        return
    try:
        for transaction, left in locks.held_by(session, sessions, _watched(prepared)).items():
            locks.abort(session, transaction)
            state.warn(f"Transaction {transaction} is aborted: run {sessions[left]} left it open when it was cut off.")
    except EtlError as error:
        LOGGER.info("What cut off runs may have left open cannot be ended: %s", error)
