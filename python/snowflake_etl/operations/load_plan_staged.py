"""Turns the requested months into loads of what is staged already (floor 5): ``load --from-stage``.

Files are staged at night with ``--stage-only`` and loaded in the morning, from any host; the manifests say all
that the files would.  A local file that differs from what is staged stops the load: somebody has corrected it since.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from snowflake_etl.config import places
from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, FileError, Refused
from snowflake_etl.files.find import FoundFile, months_in_order, months_in_words
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.month import ALL_MONTHS, Month, parse_months
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.load_plan import PlannedLoad, patterns_of, plan_months, planned_problem
from snowflake_etl.operations.manifest import Manifest, is_manifest, read_manifest
from snowflake_etl.sqltext import object_name
from snowflake_etl.warehouse import catalog, stage
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagedObject, StagePath

_MONTH_FOLDER = re.compile(r"((?:19|20|21)\d{2})-(0[1-9]|1[0-2])", re.ASCII)

LOGGER = logging.getLogger(__name__)


def plan_staged(
    session: Session,
    loaded: LoadedConfiguration,
    months_text: str,
    today: date,
    base_path: Path | None,
    table: str | None,
    contents: FileContents,
    *,
    go_on: bool = False,
) -> list[PlannedLoad]:
    """Find the staged files of the months asked for (``all`` is every month with some).

    Raise FileError when a month of a table has nothing staged (with ``go_on`` it becomes a load with a problem) or
    the same days staged twice, Refused when a file on this host differs from the staged one.
    """
    objects = WorkObjects.of(session.database, loaded.configuration.load)
    patterns = patterns_of(loaded, table)
    loads: list[PlannedLoad] = []
    if catalog.describe_table(session, objects.ledger) is None:
        # If nothing has been staged yet, even the stage may be missing.
        patterns = []
    for name in dict.fromkeys(pattern.table for pattern in patterns):
        of_table = [(index, pattern) for index, pattern in enumerate(patterns) if pattern.table == name]
        folder = stage.table_folder(objects.stage_root, object_name(name, session.database, session.schema))
        staged = _staged_months(stage.list_objects(session, folder))
        months = months_in_order(staged) if _is_all(months_text) else parse_months(months_text, today)
        for month in months:
            if month not in staged:
                missing = _nothing_staged(name, month, folder, sorted(staged))
                if not go_on:
                    raise FileError(missing)
                loads.append(planned_problem(loaded, name, month, missing))
                continue
            manifests = [read_manifest(session, folder.at(found.folder), found) for found in staged[month]]
            loads.append(planned_of(loaded, of_table, month, manifests))
    if not loads:
        raise FileError(
            f"Nothing is staged at {objects.stage_root}. Stage files with: "
            f"{places.program()} load --month ... --stage-only"
        )
    for planned in loads:
        if planned.manifests:
            _refuse_other_files(loaded, planned, today, base_path, contents)
    return sorted(loads, key=lambda planned: (planned.month, planned.entry.table_name))


def _is_all(months_text: str) -> bool:
    return months_text.strip().lower() == ALL_MONTHS


def _staged_months(objects: Sequence[StagedObject]) -> dict[Month, list[StagedObject]]:
    """The newest manifest of each file and month; a folder without one is not staged completely."""
    newest: dict[tuple[Month, str], StagedObject] = {}
    for found in objects:
        parts = found.folder.rstrip("/").split("/")
        month = _month_of(parts[-2]) if len(parts) > 1 else None
        if month is None or not is_manifest(found.name):
            continue
        # Another version may have staged the same bytes in different cuts.
        key = month, parts[-1].split("-")[0]
        if key not in newest or newest[key].last_modified < found.last_modified:
            newest[key] = found
    months: dict[Month, list[StagedObject]] = {}
    for (month, _), found in sorted(newest.items()):
        months.setdefault(month, []).append(found)
    return months


def _month_of(text: str) -> Month | None:
    found = _MONTH_FOLDER.fullmatch(text)
    return Month(int(found[1]), int(found[2])) if found else None


def _nothing_staged(table: str, month: Month, folder: StagePath, staged: Sequence[Month]) -> str:
    there = f"There is {months_in_words(staged)}." if staged else "There is nothing of any month."
    return (
        f"No file of table {table} for {month} is staged completely at {folder}. {there} "
        f"Stage it with: {places.program()} load --month {month} --table {table} --stage-only"
    )


def planned_of(
    loaded: LoadedConfiguration,
    patterns: Sequence[tuple[int, FilePattern]],
    month: Month,
    manifests: Sequence[Manifest],
) -> PlannedLoad:
    """Return the load of some manifests of one month, by the table's patterns with their positions in the
    configuration.

    Raise FileError where they claim the same days, ConfigError where their names match several patterns or none.
    """
    in_order = sorted(manifests, key=lambda manifest: manifest.days)
    for one, other in pairwise(in_order):
        if one.days.overlaps(other.days):
            raise FileError(
                f"Two files are staged for the same days: {shown(one.file)} ({one.days}) in {one.folder}/ and "
                f"{shown(other.file)} ({other.days}) in {other.folder}/. Load the right one with --file instead."
            )
    indices = {_pattern_of(loaded, patterns, manifest) for manifest in in_order}
    if len(indices) > 1:
        raise ConfigError(
            f"The staged files of {month} for {patterns[0][1].table} match several patterns of {loaded.path}. "
            "Load them one after the other with --file."
        )
    index = indices.pop()
    entry = _entry_of(loaded, dict(patterns)[index])
    files = [
        FoundFile(manifest.path, manifest.file_bytes, month, manifest.days, entry.table_name, index)
        for manifest in in_order
    ]
    return PlannedLoad(entry, month, tuple(files), tuple(in_order))


def _pattern_of(loaded: LoadedConfiguration, patterns: Sequence[tuple[int, FilePattern]], manifest: Manifest) -> int:
    for index, pattern in patterns:
        if pattern.claim(manifest.file):
            return index
    raise ConfigError(
        f"{shown(manifest.file)} is staged for {patterns[0][1].table}, but its name matches no pattern of that table "
        f"in {loaded.path}. Load it with the configuration that it was staged with."
    )


def _entry_of(loaded: LoadedConfiguration, pattern: FilePattern) -> FileSection:
    return next(
        entry
        for entry in loaded.configuration.files
        if (entry.file_pattern, entry.table_name) == (pattern.text, pattern.table)
    )


def _refuse_other_files(
    loaded: LoadedConfiguration, planned: PlannedLoad, today: date, base_path: Path | None, contents: FileContents
) -> None:
    staged = {(manifest.days, manifest.fingerprint): manifest for manifest in planned.manifests}
    for file in _files_here(loaded, planned, today, base_path):
        manifest = staged.get((file.days, fingerprint(file.path)))
        if manifest is None or not contents.which(file.path, manifest.layout, [manifest.content_hash]):
            raise Refused(
                f"{shown(file.path)} is not what is staged for {file.days}: it arrived or changed since. To load the "
                f"file, leave --from-stage out; to load what is staged, move the file away."
            )


def _files_here(
    loaded: LoadedConfiguration, planned: PlannedLoad, today: date, base_path: Path | None
) -> list[FoundFile]:
    """The month's files on this host; possibly none, since they are not needed."""
    try:
        loads = plan_months(loaded, str(planned.month), today, base_path, planned.entry.table_name)
    except (FileError, ConfigError) as error:
        LOGGER.info("The files of %s are not compared with what is staged: %s", planned.month, error)
        return []
    return [file for load in loads for file in load.files]
