"""A round trip (floor 5): a small part is PUT, listed, fetched, copied into a work table and read, then removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from snowflake_etl.config import places
from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import ConnectError, EtlError, WarehouseError
from snowflake_etl.history.database import new_id
from snowflake_etl.operations import refusals
from snowflake_etl.operations.load_copy import make_work_table, work_table_name
from snowflake_etl.results_examination import Health, Point
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.copy import CsvFormat, copied_parts, copy_statement
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StagePath

_FOLDER = "doctor"
_COLUMNS = (("NUMBER", "NUMBER(9,0)"), ("NAME", "VARCHAR(20)"))
_ROWS = [(1, "one"), (2, "two")]
_PART = "part-00001-d0c.tsv.zst"


def round_trip(session: Session, configuration: Configuration, objects: WorkObjects) -> Iterator[Point]:
    """Do what every load does, on a small scale; nothing is left behind, or the last point says what."""
    run_id = new_id()
    above = objects.stage_root.below(_FOLDER)
    folder = above.below(run_id)
    table = work_table_name(objects.stage, objects.name("DOCTOR"), run_id, 1)
    steps = [("PUT and back", lambda: _put_and_get(session, folder))]
    if configuration.load.via == "work_table":
        steps.append(("COPY and back", lambda: _copy_and_read(session, above, run_id, table)))
    for subject, step in steps:
        point = _timed(session, configuration, subject, step)
        yield point
        if point.status is not Health.OK:
            break
    yield from _tidied(session, folder, table, with_table=len(steps) > 1)


def _timed(session: Session, configuration: Configuration, subject: str, step: Callable[[], str]) -> Point:
    began = time.monotonic()
    try:
        with refusals.explaining(session, configuration):
            done = step()
    except ConnectError:
        raise
    except EtlError as error:
        return Point(subject, Health.FAILED, str(error))
    return Point(subject, Health.OK, f"{done} in {time.monotonic() - began:.1f} s")


def _part() -> bytes:
    import zstandard

    text = "".join(f"{number}\t{name}\n" for number, name in _ROWS)
    return zstandard.ZstdCompressor(level=1).compress(text.encode())


def _put_and_get(session: Session, folder: StagePath) -> str:
    part = _part()
    stage.put_bytes(session, part, _PART, folder)
    names = [found.name for found in stage.list_objects(session, folder)]
    if names != [_PART]:
        raise WarehouseError(f"LIST shows {names or 'nothing'} after a PUT of {_PART} to {folder}. Run doctor again.")
    if session.get(folder.sql + _PART) != part:
        raise WarehouseError(f"GET from {folder} does not return what was PUT there. Find out who changes the stage.")
    return "a part was PUT, listed, and the same bytes came back"


def _copy_and_read(session: Session, above: StagePath, run_id: str, table: ObjectName) -> str:
    columns = [name for name, _ in _COLUMNS]
    make_work_table(session, table, _COLUMNS)
    file_format = CsvFormat("\t", None, ("",))
    copied = copied_parts(session.records(copy_statement(table, columns, above, [run_id], file_format)))
    loaded = sum(part.rows_loaded for part in copied)
    rows = sorted(session.query(f"SELECT * FROM {table.sql}"))
    if rows != _ROWS or loaded != len(_ROWS):
        raise WarehouseError(f"COPY of {len(_ROWS)} rows into {table} left {len(rows)} other rows there. Report this.")
    return f"{loaded} rows were copied into a work table and read"


def _tidied(session: Session, folder: StagePath, table: ObjectName, *, with_table: bool) -> Iterator[Point]:
    """Remove what was created; report what could not be removed."""
    left, cures = [], []
    if with_table:
        try:
            session.ensure(f"DROP TABLE IF EXISTS {table.sql}")
        except WarehouseError:
            left.append(str(table))
            cures.append("recover --clean")
    with suppress(WarehouseError):
        stage.remove(session, folder)
    try:
        staged = bool(stage.list_objects(session, folder))
    except WarehouseError:
        staged = True
    if staged:
        left.append(str(folder))
        cures.append("stage clean --foreign --older-than 0d")
    if left:
        cure = f"Remove it: {', '.join(f'{places.program()} {cure}' for cure in cures)}"
        yield Point("tidying up", Health.WARNING, f"left behind: {', '.join(left)}", cure)
