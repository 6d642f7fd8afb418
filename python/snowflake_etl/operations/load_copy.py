"""COPY the staged parts into a work table and reconcile (floor 5): rows read = parsed = loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from snowflake_etl.errors import FileError, WarehouseError
from snowflake_etl.files.naming import shown
from snowflake_etl.operations.load_stage import StagedSource
from snowflake_etl.results import Rejection
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog
from snowflake_etl.warehouse.catalog import Table
from snowflake_etl.warehouse.copy import CsvFormat, copied_parts, copy_statement, rejected_record
from snowflake_etl.warehouse.session import QueryUnknownError, Session
from snowflake_etl.warehouse.stage import StagePath

LOGGER = logging.getLogger(__name__)


class RecordRejected(FileError):  # noqa: N818 - as the others of its kind
    """COPY rejected a record; ``rejection`` says which."""

    def __init__(self, message: str, rejection: Rejection) -> None:
        super().__init__(message)
        self.rejection = rejection


_LONGEST_TABLE_PART = 180


def work_table_name(work_schema: ObjectName, table: ObjectName, run_id: str, attempt: int) -> ObjectName:
    """A name that no other run or attempt ever uses, so that a late COPY ends up where nobody reads."""
    suffix = f"__{run_id.replace('-', '_')}_{attempt}".upper()
    return work_schema.sibling(table.name[:_LONGEST_TABLE_PART] + suffix)


def typed_columns(table: Table, columns: Sequence[str]) -> list[tuple[str, str]]:
    """The files' columns in their order, each with the target's type."""
    return [(column, table.column(column).declared) for column in columns]


def make_work_table(session: Session, name: ObjectName, columns: Sequence[tuple[str, str]]) -> None:
    """CREATE TRANSIENT TABLE with the files' columns in the target's types, and none of the target's other
    properties.
    """
    session.ensure(catalog.create_table_statement(name, columns, transient=True))


def submit_copy(
    session: Session,
    work_table: ObjectName,
    columns: Sequence[str],
    stage_path: StagePath,
    sources: Sequence[StagedSource],
    file_format: CsvFormat,
) -> str:
    """Start the one COPY of all parts into the work table; return the query id."""
    statement = copy_statement(work_table, columns, stage_path, [source.folder for source in sources], file_format)
    try:
        query_id = session.submit(statement)
    except WarehouseError as error:
        raise located(error, sources) from error
    LOGGER.info("COPY into %s runs as query %s", work_table, query_id)
    return query_id


def finish_copy(
    session: Session,
    work_table: ObjectName,
    query_id: str,
    sources: Sequence[StagedSource],
    while_waiting: Callable[[], None],
) -> None:
    """Wait for the COPY and check every count.

    Raise FileError naming source file, line and column when a record is rejected, WarehouseError when counts
    differ or the statement fails otherwise.
    """
    try:
        records = session.wait(query_id, while_waiting)
        reconcile(records, sources)
    except QueryUnknownError:
        # The rows show whether it ran at all: one COPY loads all of them or none.
        LOGGER.warning("The warehouse does not know query %s; counting the rows of %s instead", query_id, work_table)
    except WarehouseError as error:
        raise located(error, sources) from error
    rows = catalog.count_rows(session, work_table)
    read = sum(source.rows for source in sources)
    if rows != read:
        raise WarehouseError(
            f"{rows:,} rows are in the work table after the COPY of {read:,} records. "
            "Nothing was published; run the load again."
        )


def reconcile(records: Sequence[dict[str, object]], sources: Sequence[StagedSource]) -> None:
    """Check that every part came exactly once, with as many records parsed and loaded as were read from the file."""
    copied = copied_parts(records)
    expected = sorted((part.name, part.rows) for source in sources for part in source.parts)
    parsed = sorted((part.name, part.rows_parsed) for part in copied)
    loaded = sorted((part.name, part.rows_loaded) for part in copied)
    if not expected == parsed == loaded:
        different = sorted(
            {name for name, _ in {*expected, *parsed, *loaded} if _counts(name, expected, parsed, loaded)}
        )
        raise WarehouseError(
            f"COPY's counts differ from the records read, in {', '.join(different) or 'the number of parts'}: "
            f"{_sum(expected):,} read, {_sum(parsed):,} parsed, {_sum(loaded):,} loaded. "
            "Nothing was published; run the load again."
        )


def _counts(name: str, *lists: Sequence[tuple[str, int]]) -> bool:
    counts = [[rows for part, rows in parts if part == name] for parts in lists]
    return any(count != counts[0] for count in counts)


def _sum(parts: Sequence[tuple[str, int]]) -> int:
    return sum(rows for _, rows in parts)


def located(error: WarehouseError, sources: Sequence[StagedSource]) -> Exception:
    """COPY's error, with the place in the operator's own file instead of in the part."""
    rejected = rejected_record(error)
    if rejected is None:
        return error
    for source in sources:
        for part in source.parts:
            if part.name == rejected.part:
                line = part.first_line + rejected.line - 1
                column = f", column {rejected.column}" if rejected.column else ""
                return RecordRejected(
                    f"{shown(source.path)}, line {line:,}{column}: {rejected.reason}. Correct the file and load it "
                    "again; nothing was published.",
                    Rejection(
                        file=str(source.path),
                        line=line,
                        column=rejected.column,
                        place=rejected.place,
                        reason=rejected.reason,
                        folder=source.folder,
                        part=part.name,
                        part_line=rejected.line,
                    ),
                )
    return error
