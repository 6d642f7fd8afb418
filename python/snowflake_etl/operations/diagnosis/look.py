"""Looks at what a failure was about (floor 5): the record in the file and on the stage, the column in the table.
Nothing is changed.  What is unavailable (a missing file, an unreachable warehouse) is reported and left out.
"""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import EtlError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.operations.diagnosis.cause import Cause
from snowflake_etl.operations.diagnosis.facts import Facts, Found, line_of
from snowflake_etl.operations.diagnosis.origin import Origin
from snowflake_etl.operations.diagnosis.record import (
    Neighbourhood,
    fields_of,
    neighbourhood,
    place_of,
    printable,
    shown_lines,
)
from snowflake_etl.operations.diagnosis.suspects import suspect
from snowflake_etl.operations.manifest import Manifest, is_manifest, read_manifest
from snowflake_etl.progress import Progress
from snowflake_etl.quality.file_bytes import chunks
from snowflake_etl.quality.formats import to_snowflake
from snowflake_etl.results import Rejection
from snowflake_etl.results_diagnosis import Place, ShownLine
from snowflake_etl.sqltext import fold, object_name
from snowflake_etl.warehouse import catalog, stage
from snowflake_etl.warehouse.catalog import Table
from snowflake_etl.warehouse.copy import CsvFormat, first_error, validation_statement
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.stage import StagePath, table_folder

_PART_BLOCK_BYTES = 1 << 20
_LONGEST_VALUE = 400


@dataclass
class Seen:
    """What was found; ``facts`` may know more than before, ``first_row`` is true if it is the first row of the file."""

    facts: Facts
    place: Place | None = None
    lines: tuple[ShownLine, ...] = ()
    first_row: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Stood:
    """A part on the stage: its path, its text, and the layout of the file it was cut from."""

    path: StagePath
    name: str
    content: bytes

    def lines(self) -> Iterator[bytes]:
        import zstandard

        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(self.content)) as reader:
            while block := reader.read(_PART_BLOCK_BYTES):
                yield block


class Look:
    """The examination of one failure; ``warehouse`` is None if the configuration is not known."""

    def __init__(self, origin: Origin, warehouse: Warehouse | None, progress: Progress) -> None:
        self._origin = origin
        self._warehouse = warehouse
        self._progress = progress
        self._session: Session | None = None
        self._table: Table | None = None

    def at(self, facts: Facts, cause: Cause) -> Seen:
        """Find the place in the data that a failure was about."""
        seen = Seen(facts)
        if self._origin.problem:
            seen.notes.append(f"The files of the load cannot be found again: {self._origin.problem}")
        with contextlib.ExitStack() as stack:
            self._sign_in(stack, facts, seen)
            if facts.rejection is None and not facts.findings:
                self._ask_the_parts(seen)
            if seen.facts.rejection is not None:
                self._see_rejection(seen, seen.facts.rejection, cause)
            else:
                self._see_finding(seen, cause)
        return seen

    def _sign_in(self, stack: contextlib.ExitStack, facts: Facts, seen: Seen) -> None:
        entry, warehouse = self._origin.entry, self._warehouse
        if warehouse is None or entry is None:
            return
        try:
            self._session = stack.enter_context(warehouse.open(f"snowflake_etl diagnose run={facts.run_id}"))
            name = object_name(entry.table_name, self._session.database, self._session.schema)
            self._table = catalog.describe_table(self._session, name)
        except EtlError as error:
            self._session = None
            seen.notes.append(f"The warehouse was not asked: {error}")

    # -- the stage

    def _folder(self, folder: str) -> StagePath | None:
        session, planned, loaded = self._session, self._origin.planned, self._origin.loaded
        if session is None or planned is None or loaded is None or self._table is None or not folder:
            return None
        root = WorkObjects.of(session.database, loaded.configuration.load).stage_root
        return table_folder(root, self._table.name).below(str(planned.month)).below(folder)

    def _part(self, rejection: Rejection, seen: Seen) -> Stood | None:
        """Fetch the part that holds the record; None if it is gone."""
        path = self._folder(rejection.folder)
        if path is None or self._session is None or not rejection.part:
            return None
        try:
            if rejection.part not in {found.name for found in stage.list_objects(self._session, path)}:
                seen.notes.append("Its part is not on the stage any more; the record was looked up in the file.")
                return None
            return Stood(path, rejection.part, self._session.get(f"{path.sql}{rejection.part}"))
        except EtlError as error:
            seen.notes.append(f"Its part could not be fetched from the stage: {error}")
            return None

    def _layout_of_parts(self, part: Stood) -> Layout | None:
        """The layout from the manifest beside a part, for when the file itself cannot be read."""
        if self._session is None:
            return None
        found = [one for one in stage.list_objects(self._session, part.path) if is_manifest(one.name)]
        return read_manifest(self._session, part.path, found[0]).layout if found else None

    def _ask_the_parts(self, seen: Seen) -> None:
        """Let the warehouse validate part after part, up to the first with an error."""
        for folder in seen.facts.folders:
            path = self._folder(folder)
            if path is None or self._session is None:
                return
            try:
                found = self._first_rejection(self._session, path)
            except EtlError as error:
                seen.notes.append(f"The parts could not be validated: {error}")
                return
            if found is not None:
                seen.facts = replace(seen.facts, rejection=found)
                seen.notes.append(f"The warehouse validated the parts (VALIDATION_MODE), up to {found.part}.")
                return

    def _first_rejection(self, session: Session, path: StagePath) -> Rejection | None:
        objects = stage.list_objects(session, path)
        manifests = [found for found in objects if is_manifest(found.name)]
        if not manifests or self._table is None or self._origin.entry is None:
            return None
        manifest = read_manifest(session, path, manifests[0])
        table, entry = self._table, self._origin.entry
        columns = _stored_columns(manifest.layout, entry, table)
        for number, part in enumerate(manifest.parts):
            self._progress("validate", number, len(manifest.parts), "parts")
            file_format = _csv_format(manifest, entry)
            found = first_error(
                session.records(validation_statement(table.name, columns, path, part.name, file_format))
            )
            if found is not None:
                file = self._origin.file(manifest.file) or manifest.path
                line = part.first_line + found.line - 1
                where = (found.column, found.place, found.reason, manifest.folder, part.name, found.line)
                return Rejection(str(file), line, *where)
        return None

    # -- the record

    def _see_rejection(self, seen: Seen, rejection: Rejection, cause: Cause) -> None:
        file = self._origin.file(rejection.file)
        layout = self._layout(file, seen)
        part = self._part(rejection, seen)
        layout = layout or (self._layout_of_parts(part) if part else None)
        in_part = neighbourhood(part.lines(), rejection.part_line) if part else None
        in_file = self._in_file(file, layout, rejection.line, seen)
        if in_file is None and in_part is not None:
            offset = rejection.line - rejection.part_line
            in_file = Neighbourhood(rejection.line, in_part.first + offset, in_part.lines)
            seen.notes.append("The file is not there any more: what is shown was staged from it.")
        elif in_file is not None and in_part is not None and in_part.wrong != in_file.wrong:
            seen.notes.append(
                f"The file was changed since it was staged: its line was {printable(in_part.wrong)[:_LONGEST_VALUE]}"
            )
        place = Place(
            file=str(file or rejection.file),
            line=rejection.line,
            column=rejection.column,
            part=f"{part.path}{part.name}" if part else "",
            part_line=rejection.part_line if part else 0,
        )
        self._point(seen, place, in_file, layout, cause, rejection.place)

    def _see_finding(self, seen: Seen, cause: Cause) -> None:
        found = finding_of(cause, seen.facts.findings)
        if found is None:
            return
        line, column = line_of(found.finding), str(found.finding.numbers.get("column") or "")
        if found.engine != "file":
            value = _value_of_example(found)
            seen.place = Place(found.subject, 0, column, value, self._type_of(column))
            return
        file = self._origin.file(found.subject)
        layout = self._layout(file, seen)
        near = self._in_file(file, layout, line, seen) if line else None
        place = Place(str(file or found.subject), line, column, _value_of_example(found))
        self._point(seen, place, near, layout, cause, 0)

    def _point(
        self, seen: Seen, place: Place, near: Neighbourhood | None, layout: Layout | None, cause: Cause, told: int
    ) -> None:
        """Put place, value and lines together."""
        value = None
        if near is not None and layout is not None:
            columns = self._columns(layout)
            fields = fields_of(near, layout)
            at = place_of(fields, columns, place.column, told)
            at, value = suspect(cause.code, fields or near.wrong.split(layout.delimiter.encode()), columns, at, layout)
            if 0 <= at < len(columns) and (not place.column or cause.code in ("column_count", "quotes")):
                place = replace(place, column=columns[at])
            seen.first_row = place.line == (2 if layout.header else 1)
        if near is not None:
            seen.lines = shown_lines(near, value)
        if value is not None:
            place = replace(place, value=printable(value[:_LONGEST_VALUE]))
        seen.place = replace(place, type=self._type_of(place.column))

    def _in_file(self, file: Path | None, layout: Layout | None, line: int, seen: Seen) -> Neighbourhood | None:
        if file is None or layout is None or not line:
            return None
        try:
            near = neighbourhood(chunks(file, layout, lambda: False, self._reading), line)
        except EtlError as error:
            seen.notes.append(f"The file could not be read again: {error}")
            return None
        if near is None:
            seen.notes.append(f"{shown(file)} ends before line {line:,}: it was changed since.")
        return near

    def _reading(self, done: int, total: int) -> None:
        self._progress("find", done, total, "bytes")

    def _layout(self, file: Path | None, seen: Seen) -> Layout | None:
        entry = self._origin.entry
        if file is None or entry is None:
            return None
        columns = entry.columns or tuple(column.name for column in (self._table.columns if self._table else ()))
        wishes = LayoutWishes(entry.wished_delimiter, entry.quote_char, entry.header, entry.encoding, columns)
        try:
            return read_layout(file, wishes, tolerant=True)
        except EtlError as error:
            seen.notes.append(f"The file could not be read again: {error}")
            return None

    def _columns(self, layout: Layout) -> tuple[str, ...]:
        entry = self._origin.entry
        if entry is None:
            return layout.columns
        return _stored_columns(layout, entry, self._table)

    def _type_of(self, column: str) -> str:
        known = {one.name: one for one in self._table.columns} if self._table else {}
        if column not in known:
            return ""
        return known[column].declared + ("" if known[column].nullable else " NOT NULL")


def finding_of(cause: Cause, findings: Sequence[Found]) -> Found | None:
    """The finding behind a cause: the first with one of its codes, else simply the first."""
    return next((found for found in findings if found.finding.code in cause.findings), next(iter(findings), None))


def _stored_columns(layout: Layout, entry: FileSection, table: Table | None) -> tuple[str, ...]:
    wanted = entry.columns or (tuple(column.name for column in table.columns) if table else ())
    names = layout.columns or wanted
    return tuple(name if name in wanted else _folded(name) for name in names)


def _folded(name: str) -> str:
    try:
        return fold(name)
    except EtlError:
        return name


def _csv_format(manifest: Manifest, entry: FileSection) -> CsvFormat:
    layout = manifest.layout
    formats = to_snowflake(entry.date_format), to_snowflake(entry.timestamp_format)
    return CsvFormat(layout.delimiter, layout.quote, entry.null_values, *formats)


def _value_of_example(found: Found) -> str | None:
    """The first value that a finding shows: ``line 7: 'abc'``, or ``'abc': 3 rows``."""
    for example in found.finding.examples:
        text = example.split(": ", 1)[-1] if example.startswith("line ") else example.rsplit(": ", 1)[0]
        with contextlib.suppress(ValueError, SyntaxError):
            return printable(str(ast.literal_eval(text)).encode("utf-8", "surrogateescape")[:_LONGEST_VALUE])
    return None
