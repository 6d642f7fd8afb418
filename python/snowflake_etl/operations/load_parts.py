"""Loads without the file (floor 5): from what is staged already, or from parts that ``compress`` made on another
host.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, FileError, UsageError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern, patterns_in_words
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.month import Month
from snowflake_etl.operations import load_stage
from snowflake_etl.operations.file_tools.parts_manifest import PackedParts, read_parts, strangers
from snowflake_etl.operations.load_plan import PlannedLoad, patterns_of
from snowflake_etl.operations.load_plan_staged import planned_of
from snowflake_etl.operations.load_prepare import Prepared, Source
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.manifest import Manifest
from snowflake_etl.operations.memory import give_back_freed_blocks, plan_memory
from snowflake_etl.warehouse.session import Session

LOGGER = logging.getLogger(__name__)


def plan_parts(loaded: LoadedConfiguration, paths: Sequence[Path], table: str | None) -> list[PlannedLoad]:
    """Plan loads of the parts that manifests name; those of one month and table become one load.
    Raise FileError for an unusable manifest or missing parts, UsageError for a file whose name matches no pattern here,
    ConfigError if it matches those of several tables.
    """
    patterns = list(enumerate(patterns_of(loaded, table)))
    groups: dict[tuple[Month, str], list[PackedParts]] = {}
    for path in dict.fromkeys(path.absolute() for path in paths):
        parts = read_parts(path)
        for name in strangers(parts):
            LOGGER.warning("%s is no part that %s names; it is left alone", shown(name), shown(parts.path))
        groups.setdefault((_month_of(parts), _table_of(loaded, patterns, parts)), []).append(parts)
    loads = []
    for (month, name), members in sorted(groups.items(), key=lambda item: item[0]):
        members.sort(key=lambda parts: parts.manifest.days)
        of_table = [(index, pattern) for index, pattern in patterns if pattern.table == name]
        planned = planned_of(loaded, of_table, month, [parts.manifest for parts in members])
        loads.append(PlannedLoad(planned.entry, month, planned.files, planned.manifests, packed=tuple(members)))
    return loads


def take(
    source: Source, manifest: Manifest, prepared: Prepared, session: Session, state: LoadState, stop: threading.Event
) -> StagedSource:
    """Use what is staged, by its manifest; parts that are still local files are staged first."""
    if source.packed is None:
        return load_stage.staged_before(source, manifest, prepared.stage_path, session)
    give_back_freed_blocks()
    largest = max(file.bytes for file in source.packed.files)
    memory = plan_memory(
        state.configuration.load.memory_limit,
        # Its parts are read from their files when needed, like ranges of a plain file.
        [(CutPlan(largest, "", largest), Layout("\t", None, False, ()))],
        workers=state.request.workers or state.configuration.load.workers,
        check_bytes=0,
    )
    return load_stage.stage_packed(
        source,
        source.packed,
        prepared.stage_path,
        session,
        state.open_session,
        concurrency=memory.staging,
        progress=state.progress,
        stop=stop,
    )


def _month_of(parts: PackedParts) -> Month:
    month = parts.manifest.days.month
    if month is None:
        raise FileError(f"{shown(parts.path)} claims days of more than one month. Compress the file again.")
    return month


def _table_of(loaded: LoadedConfiguration, patterns: Sequence[tuple[int, FilePattern]], parts: PackedParts) -> str:
    name = parts.manifest.file
    claims = [(pattern, claim) for _, pattern in patterns if (claim := pattern.claim(name))]
    tables = list(dict.fromkeys(pattern.table for pattern, _ in claims))
    if not tables:
        raise UsageError(
            f"{shown(parts.path)} holds {shown(name)}, whose name matches no file pattern here. Patterns are "
            f"{patterns_in_words([pattern for _, pattern in patterns])}; add one to 'files' in {loaded.path}."
        )
    if len(tables) > 1:
        raise ConfigError(
            f"{shown(name)} matches file patterns of several tables of {loaded.path}: {', '.join(tables)}. Say which "
            "with --table."
        )
    if claims[0][1].days != parts.manifest.days:
        raise FileError(
            f"{shown(name)} claims {claims[0][1].days} by the patterns of {loaded.path}, and "
            f"{parts.manifest.days} where it was compressed. Use the same configuration on both hosts."
        )
    return tables[0]
