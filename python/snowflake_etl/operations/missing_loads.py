"""``load --if-missing`` (floor 5): which of the planned loads to run now, and why not the others.
Meant to be called every hour: nothing is written, and the warehouse is only asked when there are files to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import Configuration
from snowflake_etl.operations.batch import preview
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.warehouse.signin import Warehouse

SETTLE_MINUTES = 5


@dataclass(frozen=True)
class MissingLoads:
    """``to_run`` is in the planned order; ``reason`` says in one sentence why the others are left out."""

    to_run: tuple[PlannedLoad, ...]
    reason: str


def missing_loads(
    warehouse: Warehouse, configuration: Configuration, loads: Sequence[PlannedLoad], now: float, settle_minutes: int
) -> MissingLoads:
    """Leave out loads without files, those still being written (changed within ``settle_minutes``) and those loaded
    already.  A load of which the ledger knows only some files, or different ones, is run: it loads what is missing or
    refuses.  What somebody dropped comes back only when somebody asks for it.
    """
    absent = [load for load in loads if load.absent]
    arriving = [load for load in loads if _is_arriving(load, now, settle_minutes * 60)]
    there = [load for load in loads if load not in absent and load not in arriving]
    states = [one.state for one in preview(warehouse, configuration, there)] if there else []
    loaded = [load for load, state in zip(there, states, strict=True) if state == "loaded"]
    dropped = [load for load, state in zip(there, states, strict=True) if state == "dropped"]
    reasons = [
        (absent, "no file yet"),
        (arriving, f"a file changed less than {settle_minutes} minutes ago and is left for the next run"),
        (loaded, "loaded already"),
        (dropped, "dropped on purpose, and loaded again only without --if-missing"),
    ]
    left = [*loaded, *absent, *arriving, *dropped]
    told = [f"{_named(of)}: {why}" for of, why in reasons if of]
    reason = f"{'; '.join(told)}. Nothing to do." if len(left) == len(loads) else "; ".join(told)
    return MissingLoads(tuple(load for load in there if load not in left), reason)


def _named(loads: Sequence[PlannedLoad]) -> str:
    return ", ".join(f"{load.entry.table_name} {load.month}" for load in loads)


def _is_arriving(load: PlannedLoad, now: float, seconds: int) -> bool:
    return any(abs(now - _changed_at(file.path)) < seconds for file in load.files)


def _changed_at(path: Path) -> float:
    """When it was last written to; a file that has vanished is left for the load to report."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
