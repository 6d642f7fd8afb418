"""``diagnose`` (floor 5): what failed, where, why in plain words, and the command to run next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode
from snowflake_etl.operations.diagnosis.cause import Cause
from snowflake_etl.operations.diagnosis.causes import UNKNOWN, cause_of
from snowflake_etl.operations.diagnosis.cures import Means, cures_of, takes
from snowflake_etl.operations.diagnosis.facts import Facts
from snowflake_etl.operations.diagnosis.look import Look, Seen, finding_of
from snowflake_etl.operations.diagnosis.origin import Origin, origin_of
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results_diagnosis import DiagnoseResult, Diagnosis
from snowflake_etl.warehouse.signin import Warehouse

_HEALTHY = ("nothing", "running")
_NOTHING = "Nothing failed here: no job and no load ended badly, unless a later load of the month made up for it."


def diagnose(
    failures: Sequence[Facts], config: Path | None, state_directory: Path, progress: Progress
) -> DiagnoseResult:
    """Explain each failure; ``config`` is read instead of the configuration of the failed run."""
    diagnoses = tuple(_diagnosis(facts, config, state_directory, progress) for facts in failures)
    failed = [one for one in diagnoses if one.cause not in _HEALTHY]
    unknown = [one for one in failed if one.cause == UNKNOWN.code]
    if unknown:
        said = f"{len(unknown)} of {counted(len(failed), 'failure')} could not be explained."
        return DiagnoseResult("unknown", diagnoses, said, int(ExitCode.PROBLEMS_FOUND))
    if not failed:
        said = diagnoses[0].title + "." if diagnoses else _NOTHING
        return DiagnoseResult("nothing", diagnoses, said, int(ExitCode.OK))
    said = "; ".join(f"{one.what}: {one.title[:1].lower()}{one.title[1:]}" for one in failed) + "."
    return DiagnoseResult("explained", diagnoses, said, int(ExitCode.OK))


def _diagnosis(facts: Facts, config: Path | None, state_directory: Path, progress: Progress) -> Diagnosis:
    facts = facts.with_place()
    cause = cause_of(facts)
    origin, seen = Origin(), Seen(facts)
    if cause.code not in _HEALTHY:
        origin = origin_of(facts, config)
    if cause.in_data:
        seen = Look(origin, _warehouse(origin, state_directory), progress).at(facts, cause)
        facts = seen.facts
        cause = cause_of(facts)
    means = Means(
        program=places.program(),
        config=origin.loaded.path if origin.loaded else config,
        table=origin.entry.table_name if origin.entry else facts.table,
        files=origin.files,
        words=facts.words,
    )
    found = finding_of(cause, facts.findings) if facts.rejection is None else None
    cures = () if facts.made_good_by else cures_of(cause, facts, seen.place, means, first_row=seen.first_row)
    return Diagnosis(
        what=facts.what,
        cause=cause.code,
        title=cause.title,
        why=_why(cause, facts, seen),
        said=found.finding.message if found else (facts.said or "nothing"),
        run_id=facts.run_id,
        job_id=facts.job_id,
        place=seen.place,
        lines=seen.lines,
        cures=cures,
        notes=(*seen.notes, *_notes(cause, facts)),
    )


def _warehouse(origin: Origin, state_directory: Path) -> Warehouse | None:
    if origin.loaded is None:
        return None
    configuration = origin.loaded.configuration
    # The warehouse only adds to what is known already, so waiting long for one that does not answer is not worth it.
    section = configuration.snowflake.model_copy(
        update={"login_timeout": min(20, configuration.snowflake.login_timeout)}
    )
    return Warehouse(section, configuration.load, state_directory)


def _why(cause: Cause, facts: Facts, seen: Seen) -> str:
    place = seen.place
    if cause.code == "too_long" and place and place.value is not None and place.type:
        size = f"the value has {len(place.value):,} characters."
        if takes(place):
            return f"{cause.why} {place.column} has been widened since: it is {place.type}, {size}"
        return f"{cause.why} {place.column} is {place.type}, {size}"
    if cause.code == "column_count" and place and place.column:
        if place.value is None:
            return f"{cause.why} The row ends before the column {place.column}."
        return f"{cause.why} What is in the column {place.column} and after it does not fit."
    if cause.code == "lost_job" and facts.rebooted:
        return f"{cause.why} This host was restarted since then."
    if cause.code in ("lost_job", "interrupted") and facts.last_step:
        return f"{cause.why} The last step that was recorded is '{facts.last_step}'."
    return cause.why


def _notes(cause: Cause, facts: Facts) -> list[str]:
    """What was done since, and the check's other errors, so that nobody fixes one only to run into the next."""
    told = finding_of(cause, facts.findings)
    others = [found.finding.message for found in facts.findings if found is not told]
    good = f"{facts.month} was loaded later, by run {facts.made_good_by}: nothing is left to do for it."
    return [good] * bool(facts.made_good_by) + [f"The check also found: {message}" for message in others]
