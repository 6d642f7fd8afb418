"""A file's records in a table too, and what both engines have to agree on."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import zstandard

from desk import Desk
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.quality.formats import to_snowflake
from snowflake_etl.quality.profile import Expectations, type_text
from snowflake_etl.results import CheckReport
from snowflake_etl.sqltext import ObjectName, column_type, literal, quote
from snowflake_etl.warehouse.copy import CsvFormat
from snowflake_etl.warehouse.signin import Warehouse

Lines = list[str]


class Recorder:
    """Hands statements on and keeps them."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.statements: list[str] = []

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        self.statements.append(sql)
        return list(self._session.query(sql, binds))

    def put(self, stream: BinaryIO, name: str, stage_path: str) -> None:
        assert self._session.put(stream, name, stage_path) == "UPLOADED"


@contextmanager
def session_of(desk: Desk) -> Iterator[Recorder]:
    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC", network_timeout=20)
    with Warehouse(section, LoadSection(), desk.state).open("test") as session:
        yield Recorder(session)


def table_of(desk: Desk) -> ObjectName:
    return ObjectName(desk.database, "PUBLIC", "T")


def fill(session: Recorder, table: ObjectName, lines: Lines, expected: Expectations) -> None:
    """Make the table and COPY the records into it, as a load does."""
    types = dict(expected.types)
    columns = ", ".join(f"{quote(name)} {type_text(kind)}" for name, kind in types.items())
    session.query(f"CREATE TABLE {table.sql} ({columns})")
    if lines:
        stage = table.sibling(f"{table.name}_STAGE").sql
        content = "".join(f"{line}\n" for line in lines).encode()
        session.query(f"CREATE STAGE {stage}")
        session.put(io.BytesIO(zstandard.compress(content)), "part.tsv.zst", f"@{stage}/in/")
        form = CsvFormat("\t", None, expected.null_values, to_snowflake(expected.date_format))
        session.query(f"COPY INTO {table.sql} FROM {literal(f'@{stage}/in/')} FILE_FORMAT={form.sql}")
    session.statements.clear()


class Cases:
    """Records of many cases put into one table by one COPY, and a table of each case's own when it is asked for."""

    def __init__(self, session: Recorder, desk: Desk, cases: Mapping[str, Lines], expected: Expectations) -> None:
        self.session = session
        self._all = table_of(desk)
        self._numbers = {name: str(number) for number, name in enumerate(cases)}
        self._columns = ", ".join(quote(name) for name in expected.types)
        lines = [f"{self._numbers[name]}\t{line}" for name, case in cases.items() for line in case]
        types = {"ETL_CASE": column_type("VARCHAR(9)"), **expected.types}
        fill(session, self._all, lines, replace(expected, types=types))

    def table(self, name: str) -> ObjectName:
        """The table of that case; what was sent so far is forgotten."""
        number = self._numbers[name]
        table = self._all.sibling(f"CASE_{number}")
        self.session.query(
            f"CREATE TABLE {table.sql} AS SELECT {self._columns} FROM {self._all.sql} WHERE ETL_CASE = '{number}'"
        )
        self.session.statements.clear()
        return table


def comparable(report: CheckReport) -> list[tuple[object, ...]]:
    """What both engines have to agree on: everything but lines, which a table does not have."""
    return [
        (each.code, each.severity, dict(each.numbers), each.message.replace(report.subject, "RELATION"))
        for each in report.findings
    ]
