"""Turns the driver's errors into ours (floor 3): what went wrong, where, and what to do."""

from __future__ import annotations

from snowflake_etl.errors import ConnectError, EtlError, WarehouseError
from snowflake_etl.warehouse.refused_sign_ins import cure
from snowflake_etl.warehouse.retry import reason_of, set_in, without_secrets

_SIGN_IN_ERRORS = range(390100, 390500)
_NO_CONNECTION = frozenset({250001, 250002, 250003, 250004, 250005, 251005})
# The last HTTP status of a request that the driver kept resending: 290000 + status, in some places added twice.
_HTTP_THOUSANDS = frozenset({290, 580})
_STORAGE_FULL = "507 Server Error"


def our_error(error: Exception, target: str, signing_in: bool) -> EtlError:
    """Return our error for one of the driver's, in a session with ``target``."""
    code = int(getattr(error, "errno", None) or 0)
    said = str(getattr(error, "raw_msg", None) or getattr(error, "msg", None) or error)
    text = set_in(without_secrets(said).strip())
    if signing_in:
        return ConnectError(f"Cannot sign in to {target}: {reason_of(text)} {cure(code, text)}")
    if (
        code in _SIGN_IN_ERRORS
        or code in _NO_CONNECTION
        or code // 1000 in _HTTP_THOUSANDS
        or isinstance(error, OSError)
    ):
        return ConnectError(f"The connection to {target} was lost: {reason_of(text)} Run the same command again.")
    if _STORAGE_FULL in text:
        text = f"The storage of {target} is full. Make room there and run the same command again."
    return WarehouseError(
        text,
        code=max(code, 0),
        sqlstate=str(getattr(error, "sqlstate", None) or ""),
        query_id=str(getattr(error, "sfqid", None) or ""),
    )
