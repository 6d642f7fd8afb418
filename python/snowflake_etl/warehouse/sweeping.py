"""Safety copies that are past their time go by themselves (floor 3): swept once a day, as a session ends.

Whatever the run was for, and however it ended: an operator who never drops anything again has no copies for ever.
Each state folder, target, user and role has its own day, so that a role that may not drop them takes nobody's turn.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from snowflake_etl.config.once_a_day import once_a_day
from snowflake_etl.errors import EtlError
from snowflake_etl.warehouse import safety_copy
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)
_QUIETLY = {"file_only": True}


def stamp_of(state_directory: Path, *signed_in_as: str) -> Path:
    """The file that tells when those who sign in so have last swept."""
    return state_directory / f".swept-{hashlib.sha256(repr(signed_in_as).encode()).hexdigest()[:16]}"


def sweep_once_a_day(session: Session, objects: WorkObjects, stamp: Path) -> None:
    """Sweep unless that was done today.  The work is done: what fails here is a line of the log."""
    try:
        with once_a_day(stamp) as due:
            if due:
                _sweep(session, objects)
    except Exception as error:
        LOGGER.info("Safety copies could not be looked through: %s", error, extra=_QUIETLY)


def _sweep(session: Session, objects: WorkObjects) -> None:
    for copy in safety_copy.old_copies(session, objects, safety_copy.KEPT):
        try:
            safety_copy.drop_copies(session, [copy])
        except EtlError as error:
            # A colleague's, perhaps.
            text = "Safety copy %s is past its time and could not be dropped: %s"
            LOGGER.info(text, copy.name, error, extra=_QUIETLY)
        else:
            LOGGER.info("Dropped safety copy %s, made %s", copy.name, copy.made_at.date(), extra=_QUIETLY)
