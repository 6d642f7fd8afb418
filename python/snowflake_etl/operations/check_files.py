"""``check-file`` (floor 5): are files complete and sane, and would their table accept them?  Only reads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ExitCode, FileError, NoRows
from snowflake_etl.files.detect import read_layout
from snowflake_etl.history.check_record import CheckScope
from snowflake_etl.operations import check_history
from snowflake_etl.operations.checked_files import CheckedFile, ColumnTypes, configured_types, types_of_tables
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.operations.load_checks import stops_publish
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_rejects import RejectedValue
from snowflake_etl.quality.runner import check_file
from snowflake_etl.results import CheckReport, CheckResult, Finding, Severity
from snowflake_etl.warehouse.signin import Warehouse

VERB = "check-file"

OnReject = Callable[[Path, RejectedValue], None]


@dataclass(frozen=True)
class CheckWishes:
    """How files are checked: ``live_types`` asks the warehouse, ``sample_rows`` checks the first rows only.
    ``on_reject`` is called for every rejected value and row, with its file.
    """

    live_types: bool = False
    sample_rows: int | None = None
    strict: bool = False
    on_reject: OnReject | None = None


def check_files(
    files: Sequence[CheckedFile],
    loaded: LoadedConfiguration,
    warehouse: Warehouse,
    state_directory: Path,
    wishes: CheckWishes,
    progress: Progress,
) -> CheckResult:
    """Check each file; one that cannot be read does not stop the others.

    Without ``live_types`` nobody signs in.  Raise ConfigError for a configured column that a file
    does not have, and with ``live_types`` the warehouse's errors.
    """
    types = _types(files, loaded, warehouse, wishes)
    notes = list(dict.fromkeys(types[file.entry.table_name].note for file in files))
    checks = []
    far = _Far(progress, sum(file.size for file in files))
    for file in files:
        report, said = _check(file, loaded, types[file.entry.table_name], state_directory, wishes, far)
        checks.append(report)
        notes += [f"{file.path.name}: {note}" for note in said]
        far.finished(file.size)
    return _result(checks, notes, wishes)


class _Far:
    """The progress over several files, as one number of bytes."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._before = 0
        self._total = total

    def __call__(self, phase: str, done: int, total: int, unit: str) -> None:
        if phase == "check":
            self._progress(phase, min(self._before + done, self._total), self._total, unit)
        else:
            self._progress(phase, done, total, unit)

    def finished(self, size: int) -> None:
        self._before += size


def _types(
    files: Sequence[CheckedFile], loaded: LoadedConfiguration, warehouse: Warehouse, wishes: CheckWishes
) -> Mapping[str, ColumnTypes]:
    if wishes.live_types:
        return types_of_tables(files, loaded, warehouse)
    return {file.entry.table_name: configured_types(file.entry, loaded.path) for file in files}


def _check(
    file: CheckedFile,
    loaded: LoadedConfiguration,
    columns: ColumnTypes,
    state_directory: Path,
    wishes: CheckWishes,
    progress: Progress,
) -> tuple[CheckReport, Sequence[str]]:
    """Return the file's report and the layout that was decided on."""
    if file.problem:
        return _unreadable(file, file.problem), ()
    notes: list[str] = []
    about = check_history.subject_of(loaded.configuration.snowflake, file.entry.table_name, file.days)
    try:
        report = stoppable(lambda stop: _checked(file, loaded, columns, state_directory, wishes, progress, notes, stop))
    except NoRows as error:
        report = _without_rows(file, str(error), columns)
    except FileError as error:
        return _unreadable(file, str(error)), notes
    scope = CheckScope.SAMPLE if wishes.sample_rows else CheckScope.ALL
    check_history.keep(state_directory, VERB, about, report, scope=scope)
    return report, notes


def _checked(
    file: CheckedFile,
    loaded: LoadedConfiguration,
    columns: ColumnTypes,
    state_directory: Path,
    wishes: CheckWishes,
    progress: Progress,
    notes: list[str],
    stop: threading.Event,
) -> CheckReport:
    quality = loaded.configuration.quality
    about = check_history.subject_of(loaded.configuration.snowflake, file.entry.table_name, file.days)
    layout = read_layout(file.path, layout_wishes(file.entry, columns.columns))
    notes += layout.notes
    days = [file.days] if file.days else []
    on_reject = wishes.on_reject
    expected = replace(
        expectations_of(
            file.entry,
            quality,
            columns.types,
            days=days,
            columns=columns.columns,
            not_null=[name for name in columns.not_null if name in (columns.columns or columns.types)],
        ),
        earlier_days=check_history.earlier_days(state_directory, about),
    )
    report = check_file(
        file.path,
        layout,
        expected,
        Resources.of(quality, state_directory, stop.is_set),
        progress=progress,
        sample_rows=wishes.sample_rows,
        on_reject=(lambda reject: on_reject(file.path, reject)) if on_reject else None,
    )
    return replace(report, findings=(*report.findings, *_not_judged(file, columns)))


def _not_judged(file: CheckedFile, columns: ColumnTypes) -> list[Finding]:
    """What could not be judged, because nothing says what the file should be like."""
    said = []
    if not columns.types:
        why = "add create_table to the configuration, or check against the table (--table)"
        said.append(Finding("not_checked_types", Severity.INFO, f"The types of the values were not checked: {why}."))
    if file.days is None or not file.entry.date_column:
        why = "there is no date_column" if file.days else "the file's name claims none"
        said.append(Finding("not_checked_days", Severity.INFO, f"Whether all days are there was not checked: {why}."))
    return said


def _without_rows(file: CheckedFile, sentence: str, columns: ColumnTypes) -> CheckReport:
    days = len(file.days) if file.days and file.entry.date_column else 0
    finding = Finding("no_rows", Severity.ERROR, sentence, {"rows": 0})
    return CheckReport("file", file.path.name, 0, days, 0, "", "", (finding, *_not_judged(file, columns)), 0.0)


def _unreadable(file: CheckedFile, sentence: str) -> CheckReport:
    finding = Finding("unreadable", Severity.ERROR, sentence)
    return CheckReport("file", file.path.name, 0, 0, 0, "", "", (finding,), 0.0)


def _result(checks: Sequence[CheckReport], notes: Sequence[str], wishes: CheckWishes) -> CheckResult:
    bad = [check for check in checks if stops_publish(check, strict=wishes.strict)]
    errors = sum(len(check.errors) for check in checks)
    warnings = sum(len(check.warnings) for check in checks)
    sample = f"A SAMPLE of the first {wishes.sample_rows:,} rows each: " if wishes.sample_rows else ""
    found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if errors or warnings else "nothing found"
    message = f"{sample}{counted(len(checks), 'file')}, {len(checks) - len(bad)} without problems; {found}."
    code = ExitCode.PROBLEMS_FOUND if bad else ExitCode.OK
    return CheckResult("problems" if bad else "ok", tuple(checks), tuple(notes), message, int(code))
