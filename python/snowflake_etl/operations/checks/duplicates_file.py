"""``duplicates --file`` (floor 5): duplicate keys of files, exactly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import EtlError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.month import DayRange
from snowflake_etl.operations import check_history
from snowflake_etl.operations.checked_files import CheckedFile, ColumnTypes, configured_types, types_of_tables
from snowflake_etl.operations.checks.duplicates import VERB, DuplicatesRequest, chosen_key, judged, keep, result_of
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.file_tools.looking import entry_of
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.progress import Progress
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.key_counts import keys_of_file
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.results_tables import DuplicateCheck, DuplicatesResult
from snowflake_etl.warehouse.signin import Warehouse

_AS_TEXT = "No column types are known (create_table, or --table): keys are compared as text, 7 and 07 are two."


def duplicates_in_files(
    paths: Sequence[Path],
    entry: FileSection | None,
    request: DuplicatesRequest,
    loaded: LoadedConfiguration,
    warehouse: Warehouse,
    progress: Progress,
) -> DuplicatesResult:
    """Count the duplicate keys of each file; one that cannot be read does not stop the others.

    With an ``entry``, files are read as it says, with the current column types of its table.  Without one nobody signs
    in: the entry whose pattern a file's name matches says how it is read, and where there is none the layout is
    detected and keys are compared as text.  Raise the warehouse's errors, and Stopped after a signal.
    """
    live = _live_types(paths, entry, loaded, warehouse) if entry else None
    orders = [(path, span) for path in paths for span in request.spans]
    checks: list[DuplicateCheck] = []
    for path, span in orders:
        progress(VERB, len(checks), len(orders), "checks")
        about = check_history.subject_of(loaded.configuration.snowflake, "", span)
        try:
            chosen = entry or entry_of(path, loaded)
            types = live or (configured_types(chosen, loaded.path) if chosen else None)
            check = _check(path, chosen, types, span, request, loaded, warehouse.state_directory)
        except EtlError as error:
            checks.append(
                DuplicateCheck("error", shown(path.name), about.span, str(error), int(error.exit_code), "file")
            )
            continue
        if chosen:
            about = check_history.subject_of(loaded.configuration.snowflake, chosen.table_name, span)
        keep(warehouse.state_directory, about, check)
        checks.append(check)
    progress(VERB, len(orders), len(orders), "checks")
    return result_of(checks)


def _live_types(
    paths: Sequence[Path], entry: FileSection, loaded: LoadedConfiguration, warehouse: Warehouse
) -> ColumnTypes:
    files = [CheckedFile(path, 0, entry, None) for path in paths]
    return types_of_tables(files, loaded, warehouse)[entry.table_name]


def _check(
    path: Path,
    entry: FileSection | None,
    types: ColumnTypes | None,
    span: DayRange | None,
    request: DuplicatesRequest,
    loaded: LoadedConfiguration,
    state_directory: Path,
) -> DuplicateCheck:
    began, quality = time.monotonic(), loaded.configuration.quality
    key = chosen_key(entry, request)
    layout = read_layout(path, layout_wishes(entry, entry.columns) if entry else LayoutWishes())
    expected = Expectations()
    if entry:
        expected = replace(expectations_of(entry, quality, types.types if types else {}), rules=())
    profile = stoppable(
        lambda stop: keys_of_file(
            path,
            layout,
            replace(expected, key_columns=key),
            span,
            Resources.of(quality, state_directory, stop.is_set),
        )
    )
    notes = list(layout.notes)
    if not expected.types:
        notes.append(_AS_TEXT)
    return judged(profile, span, request.show, time.monotonic() - began, notes)
