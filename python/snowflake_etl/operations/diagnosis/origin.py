"""Traces a failure back to its files (floor 5): its configuration, its plan, the file that a message names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from snowflake_etl.config.model import FileSection, same_table
from snowflake_etl.config.places import today
from snowflake_etl.config.reading import Choice, LoadedConfiguration, read_configuration
from snowflake_etl.errors import EtlError
from snowflake_etl.month import parse_month
from snowflake_etl.operations.diagnosis.facts import Facts, flag
from snowflake_etl.operations.load_plan import PlannedLoad, plan_files, plan_months


@dataclass(frozen=True)
class Origin:
    """``loaded`` and ``planned`` are None if no longer available; ``problem`` says why."""

    loaded: LoadedConfiguration | None = None
    planned: PlannedLoad | None = None
    problem: str = ""

    @property
    def entry(self) -> FileSection | None:
        return self.planned.entry if self.planned else None

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(file.path for file in self.planned.files) if self.planned else ()

    def file(self, told: str) -> Path | None:
        """The file that a message or finding refers to, by its path, its escaped path or its bare name."""
        for path in self.files:
            if told in (str(path), ascii(str(path))[1:-1], path.name, ascii(path.name)[1:-1]):
                return path
        return Path(told) if Path(told).is_file() else None


def origin_of(facts: Facts, config: Path | None) -> Origin:
    """Read the configuration (``config``, else that of the failed run) and find the files again."""
    below = Path(facts.directory or ".")
    named = [below / path for path in flag(facts.words, "--config")]
    path = config or (named[-1] if named else None)
    if path is None:
        return Origin(problem="It is not recorded which configuration it ran with: give it with --config.")
    environment = next(reversed(flag(facts.words, "--environment")), None)
    try:
        loaded = read_configuration(path, choice=Choice(environment, tuple(flag(facts.words, "--set"))))
    except EtlError as error:
        return Origin(problem=str(error))
    try:
        planned = _planned(facts, loaded, below)
    except EtlError as error:
        return Origin(loaded, _without_files(facts, loaded), str(error))
    return Origin(
        loaded, planned or _without_files(facts, loaded), "" if planned else "no file of it is there any more."
    )


def _without_files(facts: Facts, loaded: LoadedConfiguration) -> PlannedLoad | None:
    """The load's table and month where its files are gone: enough to find its parts."""
    entries = [entry for entry in loaded.configuration.files if entry.table_name == facts.table]
    return PlannedLoad(entries[0], parse_month(facts.month, today()), ()) if entries and facts.month else None


def _planned(facts: Facts, loaded: LoadedConfiguration, below: Path) -> PlannedLoad | None:
    words = facts.words
    table = next(iter(flag(words, "--table")), None) or facts.table or None
    if files := flag(words, "--file"):
        plans = plan_files(loaded, [below / file for file in files], table)
    elif months := flag(words, "--month") or ([facts.month] if facts.month else []):
        base = [below / folder for folder in flag(words, "--base-path")]
        began = date.fromisoformat(facts.started_on[:10]) if facts.started_on else today()
        plans = plan_months(loaded, facts.month or months[-1], began, base[-1] if base else None, table, go_on=True)
    else:
        return None
    wanted = [
        plan
        for plan in plans
        if not plan.problem
        and facts.month in ("", str(plan.month))
        and (not facts.table or same_table(plan.entry.table_name) == same_table(facts.table))
    ]
    return wanted[0] if wanted else None
