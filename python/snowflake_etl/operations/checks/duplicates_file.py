"""``duplicates --file`` (floor 5): duplicate keys of files, exactly and without any connection."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from snowflake_etl.config.model import FileSection, QualitySection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, EtlError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.checks.duplicates import DuplicatesRequest, chosen_key, judged, keep, result_of
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.progress import Progress
from snowflake_etl.quality.key_counts import keys_of_file
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.results_tables import DuplicateCheck, DuplicatesResult
from snowflake_etl.sqltext import column_type, fold


def duplicates_in_files(
    paths: Sequence[Path],
    entry: FileSection | None,
    request: DuplicatesRequest,
    loaded: LoadedConfiguration,
    state_directory: Path,
    progress: Progress,
) -> DuplicatesResult:
    """Count the duplicate keys of each file; one that cannot be read does not stop the others.

    ``entry`` says how they are to be read; None takes the one whose pattern a name matches, and where there is none
    the layout is detected and keys are compared as text.
    """
    orders = [(path, span) for path in paths for span in request.spans]
    checks: list[DuplicateCheck] = []
    for path, span in orders:
        progress("duplicates", len(checks), len(orders), "checks")
        try:
            chosen = entry or _entry_of(path, loaded)
            check = _check(path, chosen, span, request, loaded.configuration.quality, state_directory)
        except EtlError as error:
            spoken = check_history.subject_of(loaded.configuration.snowflake, "", span).span
            checks.append(DuplicateCheck("error", shown(path.name), spoken, str(error), int(error.exit_code), "file"))
            continue
        table = chosen.table_name if chosen else ""
        keep(state_directory, check_history.subject_of(loaded.configuration.snowflake, table, span), check)
        checks.append(check)
    progress("duplicates", len(orders), len(orders), "checks")
    return result_of(checks)


def _check(
    path: Path,
    entry: FileSection | None,
    span: DayRange | None,
    request: DuplicatesRequest,
    quality: QualitySection,
    state_directory: Path,
) -> DuplicateCheck:
    began = time.monotonic()
    key = chosen_key(entry, request)
    layout = read_layout(path, _wishes(entry))
    profile = keys_of_file(
        path,
        layout,
        replace(_expectations(entry, quality), key_columns=key),
        span,
        temp_directory=state_directory,
        memory_limit=quality.memory_limit,
        temp_limit=quality.temp_limit,
    )
    notes = list(layout.notes)
    if entry is None or not entry.create_table:
        notes.append("No column types are configured (create_table): keys are compared as text, 7 and 07 are two.")
    return judged(profile, span, request.show, time.monotonic() - began, notes)


def _expectations(entry: FileSection | None, quality: QualitySection) -> Expectations:
    if entry is None:
        return Expectations()
    types = {fold(name): column_type(text.removesuffix(" NOT NULL")) for name, text in entry.create_table.items()}
    return replace(expectations_of(entry, quality, types), rules=())


def _wishes(entry: FileSection | None) -> LayoutWishes:
    if entry is None:
        return LayoutWishes()
    return LayoutWishes(entry.wished_delimiter, entry.quote_char, entry.header, entry.encoding, entry.columns)


def _entry_of(path: Path, loaded: LoadedConfiguration) -> FileSection | None:
    fitting = [
        entry
        for entry in loaded.configuration.files
        if FilePattern(entry.file_pattern, entry.table_name).claim(path.name)
    ]
    if len(fitting) > 1:
        raise ConfigError(
            f"Several patterns of {loaded.path} match {shown(path.name)}. Say with --table how it is to be read."
        )
    return fitting[0] if fitting else None
