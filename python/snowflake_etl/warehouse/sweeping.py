"""Removes expired safety copies automatically (floor 3): once a day, as a session ends.
This happens whatever the run was for and however it ended, so that copies do not stay forever if nothing is ever
dropped again.  Each combination of state folder, target, user and role is counted separately, so that a role that may
not drop copies does not use up another's turn.
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
    """The file that records when this combination last swept."""
    return state_directory / f".swept-{hashlib.sha256(repr(signed_in_as).encode()).hexdigest()[:16]}"


def sweep_once_a_day(session: Session, objects: WorkObjects, stamp: Path) -> None:
    """Sweep unless that was done today.  The real work is over, so a failure here is only logged."""
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
            # It may be a colleague's.
            text = "Safety copy %s is past its time and could not be dropped: %s"
            LOGGER.info(text, copy.name, error, extra=_QUIETLY)
        else:
            LOGGER.info("Dropped safety copy %s, made %s", copy.name, copy.made_at.date(), extra=_QUIETLY)
