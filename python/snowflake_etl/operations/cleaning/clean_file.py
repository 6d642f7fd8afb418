"""``clean-file`` (floor 5): a copy of a file that can be loaded, and the rejected rows with their reasons.
Rows in = rows kept + rows rejected: this is counted again in the written files before they get their final names.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, ExitCode, FileError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import UTF8_MARK, is_utf8
from snowflake_etl.files.packing import packed, packing_of
from snowflake_etl.operations.cleaning import output
from snowflake_etl.operations.cleaning.column_types import Types
from snowflake_etl.operations.cleaning.output import FileSink, Places, StagingSink
from snowflake_etl.operations.cleaning.proof import prove
from snowflake_etl.operations.cleaning.second_pass import drop_duplicates
from snowflake_etl.operations.expectations import expectations_of
from snowflake_etl.operations.stoppable import stoppable
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.quality.clean_duplicates import DuplicateRows
from snowflake_etl.quality.clean_values import ValueRules
from snowflake_etl.quality.cleaner import Tally, clean
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.sqltext import fold


@dataclass(frozen=True)
class CleanRequest:
    """What to clean, and where to write it.  ``key`` is not None if duplicates are rejected as well."""

    source: Path
    copy: Path | None = None
    rejects: Path | None = None
    key: tuple[str, ...] | None = None
    force: bool = False


@dataclass(frozen=True)
class CleanResult:
    """``status`` is clean (nothing was rejected) or rejected; ``reasons`` gives the rows per reason, most first.

    Columns named in a reason are stored names.  ``rows`` is ``kept`` + ``rejected``, the header not counted.
    """

    status: str
    source: str
    copy: str
    rejects_file: str
    rows: int
    kept: int
    rejected: int
    reasons: dict[str, int]
    notes: tuple[str, ...]
    message: str
    exit_code: int


def clean_file(
    request: CleanRequest,
    entry: FileSection,
    types: Types,
    loaded: LoadedConfiguration,
    state_directory: Path,
    progress: Progress,
) -> CleanResult:
    """Clean one file, read as ``entry`` says, against the ``types`` of its target.

    Raise Refused rather than overwrite the source or a file that is not ours, FileError for a file that cannot be read
    to its end, ConfigError for a key or date column that it does not have.
    """
    places = output.places_of(request.source, request.copy, request.rejects)
    return stoppable(lambda stop: _cleaned(places, request, entry, types, loaded, state_directory, progress, stop))


def _cleaned(
    places: Places,
    request: CleanRequest,
    entry: FileSection,
    types: Types,
    loaded: LoadedConfiguration,
    state_directory: Path,
    progress: Progress,
    stop: threading.Event,
) -> CleanResult:
    layout = read_layout(places.source, _wishes(entry), tolerant=True)
    resources = Resources.of(loaded.configuration.quality, state_directory, stop.is_set)
    expected = _expected(entry, types, request.key, loaded)
    work = _Work(places, layout, _written(layout, places, entry), expected, resources)
    with output.claimed(places, force=request.force) as (copy, rejects):
        work.write(copy, rejects, types, progress)
        progress("prove", 0, 0, "bytes")
        prove(places, work.written, work.tally, resources)
        notes = (*layout.notes, *types.notes, *_notes(work, entry))
        output.write_footer(rejects, _about(work))
        output.publish(places, copy, rejects)
    return _result(places, work.tally, notes)


class _Work:
    """The cleaning of one file, in one pass or two."""

    def __init__(
        self, places: Places, layout: Layout, written: Layout, expected: Expectations, resources: Resources
    ) -> None:
        self.places = places
        self.layout = layout
        self.written = written
        self.tally = Tally()
        self._expected = expected
        self._resources = resources
        self._plan = Plan(layout, expected)
        self._date_place = self._plan.place(self._plan.date) if self._plan.date else None

    def write(self, copy: BinaryIO, rejects: BinaryIO, types: Types, progress: Progress) -> None:
        """Fill the partial copy and rejects."""
        if not self._expected.key_columns:
            self._first(copy, rejects, FileSink, types, progress)
            return
        with output.first_pass(self.places) as (copy_path, first_copy, rejects_path, first_rejects):
            self._first(first_copy, first_rejects, StagingSink, types, progress)
            progress("duplicates", 0, 0, "rows")
            self._second(copy_path, rejects_path, copy, rejects)

    def _first(
        self, copy: BinaryIO, rejects: BinaryIO, sink_class: type[FileSink], types: Types, progress: Progress
    ) -> None:
        rules = ValueRules(self.layout, self._plan, self._expected.null_values, self._required(types))
        with packed(copy, self.written.compression) as content:
            if self.written.byte_order_mark:
                content.write(UTF8_MARK)
            sink = sink_class(content, rejects, self.written.line_ending)
            self.tally = clean(
                self.places.source,
                self.layout,
                rules,
                self._date_place,
                self._resources,
                sink,
                lambda done, total: progress("clean", done, total, "bytes"),
            )
        copy.flush()
        rejects.flush()

    def _second(self, copy_path: Path, rejects_path: Path, copy: BinaryIO, rejects: BinaryIO) -> None:
        key = self._expected.key_columns
        duplicates = DuplicateRows(copy_path, self.written, self._plan, self._expected.null_values, self._resources)
        with duplicates, packed(copy, self.written.compression) as content:
            if self.written.byte_order_mark:
                content.write(UTF8_MARK)
            drop_duplicates(
                copy_path,
                self.written,
                self._date_place,
                output.staged_rejects(rejects_path),
                duplicates,
                key,
                self._resources,
                FileSink(content, rejects, self.written.line_ending),
                self.tally,
            )
        copy.flush()
        rejects.flush()

    def _required(self, types: Types) -> dict[str, str]:
        """Columns of the file that must not be NULL, with the reason to give."""
        required = dict.fromkeys(types.not_null, "no value, and the column is NOT NULL")
        required |= dict.fromkeys((column.name for column in self._plan.key), "no value in the key")
        if self._plan.date:
            required[self._plan.date.name] = "no value in the date column"
        return required


def _wishes(entry: FileSection) -> LayoutWishes:
    return LayoutWishes(entry.wished_delimiter, entry.quote_char, entry.header, entry.encoding, entry.columns)


def _expected(
    entry: FileSection, types: Types, key: tuple[str, ...] | None, loaded: LoadedConfiguration
) -> Expectations:
    """What rows must fulfil; the key only if duplicates are to be rejected."""
    keys = tuple(fold(name) for name in key or ())
    expected = expectations_of(entry, loaded.configuration.quality, types.of)
    return replace(expected, key_columns=keys, rules=())


def _written(layout: Layout, places: Places, entry: FileSection) -> Layout:
    """How the copy is written: like the source, but in UTF-8, and compressed as its name says.

    If the configuration names another encoding, a byte order mark stops a load that would still use that encoding.
    """
    mark = bool(entry.encoding and not is_utf8(entry.encoding))
    return replace(layout, encoding="utf-8", byte_order_mark=mark, compression=packing_of(places.copy), notes=())


def _about(work: _Work) -> dict[str, object]:
    """The content of the last line of the rejects."""
    return {
        "copy": work.places.copy.name,
        "fingerprint": fingerprint(work.places.partial_copy),
        "source": work.places.source.name,
        "rows": work.tally.rows,
        "rejected": work.tally.rejected,
    }


def _notes(work: _Work, entry: FileSection) -> list[str]:
    """What the user has to know before loading the copy."""
    notes = []
    if work.written.byte_order_mark:
        notes.append(
            f"The copy is in UTF-8, with a byte order mark; to load it, leave 'encoding' ({entry.encoding}) out of the "
            "configuration."
        )
    elif not is_utf8(work.layout.encoding):
        notes.append(f"The copy is in UTF-8; the source is in {work.layout.encoding}.")
    if not work.tally.kept:
        return [*notes, "No row is left to load."]
    wishes = replace(_wishes(entry), encoding=None)
    try:
        read = read_layout(work.places.partial_copy, wishes)
    except (FileError, ConfigError) as error:
        text = str(error).replace(str(work.places.partial_copy), str(work.places.copy))
        return [*notes, f"A load could not detect the layout of the copy by itself: {text}"]
    for name in ("delimiter", "quote", "header", "columns", "line_ending"):
        if getattr(read, name) != getattr(work.written, name):
            notes.append(
                f"By itself a load would read the copy with {name.replace('_', ' ')} {getattr(read, name)!a}, not "
                f"{getattr(work.written, name)!a} as here: write it into the configuration."
            )
    return notes


def _result(places: Places, tally: Tally, notes: tuple[str, ...]) -> CleanResult:
    what = f"{counted(tally.rows, 'row')} = {tally.kept:,} kept in {shown(places.copy)} + {tally.rejected:,} rejected"
    where = f", with their reasons in {shown(places.rejects)}" if tally.rejected else ""
    return CleanResult(
        "rejected" if tally.rejected else "clean",
        str(places.source),
        str(places.copy),
        str(places.rejects),
        tally.rows,
        tally.kept,
        tally.rejected,
        dict(tally.reasons.most_common()),
        notes,
        f"{shown(places.source)}: {what}{where}. Counted again in the written files.",
        int(ExitCode.PROBLEMS_FOUND if tally.rejected else ExitCode.OK),
    )
