"""Advice on the size of the warehouse before a large load (floor 3), with the statement to run.
A COPY runs on one cluster and loads as many files at once as that has threads: 8 on X-Small, twice as many with
each further size.  Threads in excess of the files are idle but paid for.  Snowflake, "Planning a data load": Small to
Large is enough unless hundreds or thousands of files are loaded at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snowflake_etl.errors import Refused, WarehouseError
from snowflake_etl.sqltext import literal, quote
from snowflake_etl.warehouse.denials import suspended_in_words
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)

LARGE_BYTES = 2 * 10**9
"""Smaller loads end so soon on any warehouse that they need no advice."""

FILES_AT_ONCE_ON_X_SMALL = 8
BYTES_PER_SECOND_OF_A_FILE = 15 * 10**6
"""How much uncompressed text one COPY thread reads: a rule of thumb, for an estimate that is labelled as one."""

LONG_SECONDS = 30 * 60
_SIZES = ("X-SMALL", "SMALL", "MEDIUM", "LARGE", "X-LARGE", "2X-LARGE", "3X-LARGE", "4X-LARGE", "5X-LARGE", "6X-LARGE")
_LARGEST_ADVISED = _SIZES.index("LARGE")
_YES = frozenset({"TRUE", "Y", "YES"})


@dataclass(frozen=True)
class WarehouseState:
    """The current warehouse as SHOW WAREHOUSES reports it: ``size`` in Snowflake's words, for example ``X-Small``."""

    name: str
    size: str
    state: str
    auto_resume: bool

    @property
    def step(self) -> int | None:
        """0 for X-Small, 1 for Small, ...; None for a size that is not known here."""
        size = self.size.upper()
        return _SIZES.index(size) if size in _SIZES else None

    @property
    def sleeps(self) -> bool:
        """True when it is suspended and does not resume for a statement."""
        return self.state.upper() in ("SUSPENDED", "SUSPENDING") and not self.auto_resume


@dataclass(frozen=True)
class Advice:
    """``plan`` is what to expect; ``warning`` is "" if the size fits, else it names the statement to run."""

    plan: str
    warning: str


def current_warehouse(session: Session) -> WarehouseState | None:
    """The session's warehouse; None if there is none or SHOW does not list it (as on the embedded one)."""
    name = session.query("SELECT CURRENT_WAREHOUSE()")[0][0]
    return warehouse_state(session, str(name)) if name else None


def warehouse_state(session: Session, name: str) -> WarehouseState | None:
    """The warehouse with that stored name; None if SHOW does not list it."""
    rows = session.records(f"SHOW WAREHOUSES LIKE {literal(name)}")
    return next((_state_of(row) for row in rows if row["name"] == name), None)


def _state_of(row: Mapping[str, Any]) -> WarehouseState:
    return WarehouseState(
        str(row["name"]), str(row["size"]), str(row["state"]), str(row["auto_resume"]).upper() in _YES
    )


def advise(session: Session, file_bytes: int, text_bytes: int, parts: int) -> Advice | None:
    """Check the warehouse before a load of ``file_bytes`` on disk, about ``text_bytes`` uncompressed, in ``parts``.
    Return None for small loads and if the warehouse is not known.  Raise Refused, with the statement to run, when it is
    suspended and does not resume by itself.
    """
    if file_bytes < LARGE_BYTES:
        return None
    try:
        warehouse = current_warehouse(session)
    except WarehouseError as error:
        LOGGER.info("The warehouse's size cannot be told: %s", error)
        return None
    if warehouse is None:
        return None
    if warehouse.sleeps:
        raise Refused(suspended_in_words(warehouse.name))
    return judge(warehouse, text_bytes, parts)


def judge(warehouse: WarehouseState, text_bytes: int, parts: int) -> Advice | None:
    """Judge the size by the number of parts and the bytes; None for a size that is not known here."""
    step = warehouse.step
    if step is None:
        return None
    seconds = copy_seconds(step, text_bytes, parts)
    plan = (
        f"Warehouse {warehouse.name} ({warehouse.size}) loads {files_at_once(step)} parts at once: COPY of {parts} "
        f"parts takes about {_minutes(seconds)} there."
    )
    better = _better_step(step, text_bytes, parts)
    if better == step:
        return Advice(plan, "")
    statement = f"ALTER WAREHOUSE {quote(warehouse.name)} SET WAREHOUSE_SIZE = '{_SIZES[better]}';"
    if better < step:
        reason = f"more than half of it would idle during the COPY of {parts} parts"
    else:
        reason = f"the COPY would take about {_minutes(seconds)}, on {_SIZES[better]} about "
        reason += _minutes(copy_seconds(better, text_bytes, parts))
    word = "larger" if better < step else "smaller"
    return Advice(
        plan,
        f"Warehouse {warehouse.name} is {word} ({warehouse.size}) than this load needs: {reason}. To change it while "
        f"the files are staged: {statement} or name another one as load.warehouse.",
    )


def files_at_once(step: int) -> int:
    """How many files one COPY reads at once on the size with that number."""
    return FILES_AT_ONCE_ON_X_SMALL << step


def copy_seconds(step: int, text_bytes: int, parts: int) -> float:
    """A rough estimate; parts that do not fit at once wait for their turn, so the last round may be half empty."""
    at_once = files_at_once(step)
    rounds = -(-parts // at_once)
    return rounds * (text_bytes / max(parts, 1)) / BYTES_PER_SECOND_OF_A_FILE


def _better_step(step: int, text_bytes: int, parts: int) -> int:
    """The size to choose: not one that is more than half idle, nor one that takes long if a larger one would help."""
    if parts * 2 < files_at_once(step):
        return max(0, (parts // FILES_AT_ONCE_ON_X_SMALL).bit_length() - 1)
    better = step
    while (
        better < _LARGEST_ADVISED
        and copy_seconds(better, text_bytes, parts) > LONG_SECONDS
        and files_at_once(better + 1) <= parts
    ):
        better += 1
    return better


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
